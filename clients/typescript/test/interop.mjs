// Run by tests/e2e/test_client_typescript.py. From standard input: {theirs, theirStatement, theirReceipt, sealingPair}; verifies
// and opens what another client signed and sealed, then signs, seals and appends. Prints {opened, index,
// sdJwt, receipt, sealed, body}.
import { readFileSync } from "node:fs";
import { open, verify } from "relais-client";
import { CASE, DETECTED, client, ledger, newCase } from "./support.mjs";

const work = JSON.parse(readFileSync(0, "utf8"));
const opened = await open(work.theirs, work.sealingPair);
const { index } = await verify(ledger.vkey, work.theirReceipt, work.theirStatement);
const relais = await client("amicale-du-nid-69");
const statement = await relais.statement(CASE, newCase(), { ...DETECTED, note: "exemple : confié" });
const { receipt } = await relais.append(statement);
const application = { dossier_hash: "A".repeat(43), identity: "exemple : identité" };
const sealed = await relais.statement("relais.psp.applied.v1", newCase(), application);
process.stdout.write(JSON.stringify({ opened, index, sdJwt: statement.sdJwt, receipt, sealed: sealed.sealed, body: sealed.body }));

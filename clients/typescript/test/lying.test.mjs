// A host that lies: other receipts, other roots, other keys, a tree that shrank. `logKey` is the log's own, which such a host has.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { Fork, Invalid, Problem } from "relais-client";
import { CASE, DETECTED, Notary, answering, client, ledger, lying, newCase, sha256 } from "./support.mjs";

const ML1 = "mission-locale-1";
const notary = new Notary(ledger.origin, ledger.logKey);
const stranger = new Notary(ledger.origin, generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }));
const refused = (code) => (e) => e instanceof Invalid && e.code === code && e.answer !== undefined;

function remembered() {
  const memory = { note: undefined, load: () => memory.note, save: (note) => { memory.note = note; } };
  return memory;
}

/** A statement, sent to a host whose answers are changed. */
async function sent(change, more = {}) {
  const honest = await client(ML1);
  const statement = await honest.statement(CASE, newCase(), DETECTED);
  const relais = await client(ML1, { ...more, fetch: answering((answer) => change(answer, statement)) });
  return relais.append(statement);
}

test("the log's key is the log's", () => assert.equal(notary.vkey, ledger.vkey));

test("a receipt that does not hold", async () => {
  const relais = await client(ML1);
  const { receipt } = await relais.append(await relais.statement(CASE, newCase(), DETECTED));
  await assert.rejects(sent(() => ({ receipt })), refused("proof"), "of another statement");
  await assert.rejects(sent(() => ({ receipt: "exemple" })), refused("receipt-form"));
  await assert.rejects(sent((answer) => ({ index: answer.index + 1 })), refused("answer-differs"));
  await assert.rejects(sent(() => ({ id: "exemple" })), refused("answer-differs"));
  await assert.rejects(sent((_, { jwt }) => ({ index: 0, receipt: stranger.receipt(jwt) })), refused("signature"), "another key");
  await assert.rejects(sent(() => ({}), { vkey: stranger.vkey }), refused("signature"));
  await assert.rejects(sent((_, { jwt }) => ({ index: 0, receipt: notary.receipt(jwt, Date.now() - 3_600_000) })),
                       refused("receipt-backdated"));
});

test("a host that gives no receipt is asked for it", async () => {
  assert.equal((await sent(() => ({ receipt: undefined }))).receipt, undefined);
  const relais = await client(ML1, { fetch: lying(async (url, init, answer) => {
    if (url.pathname.endsWith("/receipt")) return Response.json({ status: 404, rule: "not-found" }, { status: 404 });
    if (init.method !== "POST") return undefined;
    const { receipt, ...rest } = await answer.json();
    return Response.json(rest);
  }) });
  await assert.rejects(relais.append(await relais.statement(CASE, newCase(), DETECTED)),
                       (e) => e instanceof Problem && e.status === 404);
});

test("one bad receipt among those of a list", async () => {
  const relais = await client(ML1, { fetch: answering((answer) => (answer.version === 1 ? { receipt: "exemple" } : {})) });
  const statements = [await relais.statement(CASE, newCase(), DETECTED), await relais.statement(CASE, newCase(), DETECTED)];
  await assert.rejects(relais.appendAll(statements), (e) => refused("receipt-form")(e) && e.answer.length === 2);
});

test("another history, signed by the log's own key, convicts it", async () => {
  const memory = remembered();
  const relais = await client(ML1, { memory });
  await relais.append(await relais.statement(CASE, newCase(), DETECTED));
  const before = memory.note;
  await assert.rejects(sent((_, { jwt }) => ({ index: 0, receipt: notary.receipt(jwt) }), { memory }), (error) => {
    writeFileSync(`${process.env.RELAIS_EVIDENCE}`, error.evidence);
    return error instanceof Fork && error.answer !== undefined;
  });
  assert.equal(memory.note, before, "what it showed is not remembered");
});

test("checkpoints: shrunk, another root, one that no tiles prove", async () => {
  const memory = remembered();
  const relais = await client(ML1, { memory });
  await relais.checkpoint();
  const old = memory.note;
  await relais.append(await relais.statement(CASE, newCase(), DETECTED));
  const size = Number(memory.note.split("\n")[1]);
  const showing = (note) => client(ML1, { memory, fetch: lying((url) =>
    (url.pathname === "/log/checkpoint" ? new Response(note, { headers: { "Content-Type": "text/plain" } }) : undefined)) });
  const code = (name) => (e) => e instanceof Invalid && e.code === name;
  await assert.rejects((await showing(old)).checkpoint(), code("history-shrunk"));
  await assert.rejects((await showing(notary.checkpoint(size, sha256("other")))).checkpoint(), (e) => e instanceof Fork);
  await assert.rejects((await showing(notary.checkpoint(size + 1, sha256("other")))).checkpoint(), code("history-unproven"));
  await assert.rejects((await showing(stranger.checkpoint(size + 1, sha256("other")))).checkpoint(), code("signature"));
  await assert.rejects((await showing("")).checkpoint(), code("checkpoint-form"));
  assert.equal(Number(memory.note.split("\n")[1]), size);
  await relais.checkpoint();  // the true one is taken as before
});

test("a host cannot have left open what must be sealed", async () => {
  const hiding = lying(async (url, _, answer) => {
    if (url.pathname !== "/v1/keys") return undefined;
    const body = await answer.json();
    return Response.json({ ...body, keys: body.keys.map(({ sealingKid, sealingX, ...key }) => key) });
  });
  const data = { dossier_hash: "A".repeat(43), identity: "exemple : identité" };
  const careful = await client("amicale-du-nid-69", { fetch: hiding, unsealed: "refused" });
  await assert.rejects(careful.statement("relais.psp.applied.v1", newCase(), data), /identity is to be sealed/);
  const pinned = await careful.statement("relais.psp.applied.v1", newCase(), data, { sealTo: { identity: [ledger.sealingKey] } });
  assert.deepEqual([pinned.sealed.length, pinned.sdJwt.split("~").length], [1, 2]);
});

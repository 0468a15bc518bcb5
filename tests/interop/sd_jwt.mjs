// Run by test_interop.py. Reads {ours, key, kid, event, hidden} from standard input; verifies our SD-JWT with
// @sd-jwt/core and jose, and makes one of `event` whose members `hidden` of `data` are only disclosed. Prints
// {payload, statement}.
import { createHash, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { SDJwtInstance } from "@sd-jwt/core";
import * as jose from "jose";

const work = JSON.parse(readFileSync(0, "utf8"));
const privateKey = await jose.importJWK(work.key, "EdDSA");
const { d, ...publicJwk } = work.key;
const publicKey = await jose.importJWK(publicJwk, "EdDSA");

const sdjwt = new SDJwtInstance({
  signer: async (data) => sign(null, Buffer.from(data), privateKey).toString("base64url"),
  signAlg: "EdDSA",
  verifier: async (data, signature) => verify(null, Buffer.from(data), publicKey, Buffer.from(signature, "base64url")),
  hasher: async (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
  hashAlg: "sha-256",
  saltGenerator: async () => randomBytes(16).toString("base64url"),
});

// Twice, by two libraries: the whole SD-JWT, and the JWT in it alone.
const { payload } = await sdjwt.verify(work.ours);
await jose.compactVerify(work.ours.split("~")[0], publicKey, { algorithms: ["EdDSA"] });

const statement = await sdjwt.issue(work.event, { data: { _sd: work.hidden } },
                                    { header: { typ: "cloudevents+sd-jwt", kid: work.kid } });
process.stdout.write(JSON.stringify({ payload, statement }));

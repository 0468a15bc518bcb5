// What several tests need: the ledger of RELAIS_TEST (tests/e2e/test_client_typescript.py), and a log of one's own.
import { createHash, createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { Client, Signer } from "relais-client";

/** {url, origin, vkey, logKey, root, keys: {slug: JWK}}; undefined where a test is run without a ledger. */
export const ledger = process.env.RELAIS_TEST && JSON.parse(readFileSync(process.env.RELAIS_TEST, "utf8"));
export const root = ledger?.root ?? new URL("../../..", import.meta.url).pathname;
export const source = (slug) => `urn:relais:rhone-2023:${slug}`;
export const DETECTED = { channel: "interview", age_band: "16_17", territory: "69387", risk: "high" };
export const CASE = "relais.case.detected.v1";
export const newCase = () => `case/${crypto.randomUUID()}`;

export async function client(slug, more = {}) {
  const { d, crv, kty, x } = ledger.keys[slug];
  return new Client(ledger.url, { signer: await Signer.of({ d, crv, kty, x }, source(slug)), origin: ledger.origin, purpose: "test",
                                  vkey: ledger.vkey, ...more });
}

export const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();

/** MTH of RFC 9162, section 2.1.1, by its definition. */
export function treeHash(leaves) {
  if (leaves.length === 1) return leaves[0];
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return sha256([1], treeHash(leaves.slice(0, middle)), treeHash(leaves.slice(middle)));
}

/** Signs checkpoints under a log's name with a private Ed25519 JWK. */
export class Notary {
  constructor(name, jwk) {
    this.name = name;
    this.key = createPrivateKey({ key: jwk, format: "jwk" });
    const raw = Buffer.concat([Buffer.from([1]), Buffer.from(jwk.x, "base64url")]);
    this.id = sha256(`${name}\n`, raw).subarray(0, 4);
    this.vkey = `${name}+${this.id.toString("hex")}+${raw.toString("base64")}`;
  }

  line(body) {
    return `\u2014 ${this.name} ${Buffer.concat([this.id, sign(null, Buffer.from(body), this.key)]).toString("base64")}\n`;
  }

  checkpoint(size, hash) {
    const body = `${this.name}\n${size}\n${Buffer.from(hash).toString("base64")}\n`;
    return `${body}\n${this.line(body)}`;
  }

  /** A receipt of a tree of this statement alone. */
  receipt(jwt, receivedAt = Date.now()) {
    const extra = Buffer.alloc(8);
    extra.writeBigUInt64BE(BigInt(receivedAt));
    const note = this.checkpoint(1, sha256([0], extra, jwt));
    return `c2sp.org/tlog-proof@v1\nextra ${extra.toString("base64")}\nindex 0\n\n${note}`;
  }
}

/** A fetch that hands on what the server answers, but for what `lie(url, init, answer)` makes of it: a Response, or undefined. */
export function lying(lie) {
  return async (url, init) => {
    const answer = await fetch(url, init);
    return await lie(new URL(url), init, answer) ?? answer;
  };
}

/** A lie about each accepted statement: members of its answer, changed. */
export function answering(change) {
  return lying(async (url, init, answer) => {
    if (init.method !== "POST" || answer.status >= 300) return undefined;
    const body = await answer.json();
    for (const one of body.results ?? [body]) Object.assign(one, change(one));
    return Response.json(body, { status: answer.status });
  });
}

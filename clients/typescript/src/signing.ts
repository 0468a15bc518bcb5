// What a signatory signs: statements (RFC 9901), access tokens, proofs of possession.
import { CompactSign, type JWK, type KeyLike, calculateJwkThumbprint, importJWK } from "jose";
import { type Bytes, b64u, compact, digest, needing, random, text, unb64u, utf8, uuid } from "./bytes.js";
import { type Sealed, type SealingKey, type Submission, publicJwk, seal } from "./sealing.js";

const TOKEN_SECONDS = 240;  // 300 at most
const SALT_BYTES = 16;      // 128 bits at least: RFC 9901, section 9.3
const PADDED_BYTES = 256;   // what is sealed tells of its length so much (docs/decisions/0025-sealed-disclosures.md)

/** What a statement's event says, without what is disclosed or sealed. */
export interface SignedEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly _sd_alg?: "sha-256";
}

/** A signed statement with what it discloses; `sealed` are the disclosures that the host cannot read. */
export class Statement {
  constructor(readonly sdJwt: string, readonly sealed: readonly Sealed[] = []) {}

  /** Of what `submission` gave, and a caller kept: sent again, it is the same statement, which the ledger takes once. */
  static of(submission: string | Submission): Statement {
    return typeof submission === "string" ? new Statement(submission)
      : new Statement(submission.statement, submission.sealed as readonly Sealed[]);
  }

  /** What stands in the log. */
  get jwt(): string {
    return this.sdJwt.split("~")[0] ?? "";
  }

  get event(): SignedEvent {
    return JSON.parse(text(unb64u(this.jwt.split(".")[1] ?? "")));
  }

  get mediaType(): string {
    return this.sealed.length > 0 ? "application/json" : "application/sd-jwt";
  }

  /** As an element of a list, and as it is kept. */
  get submission(): string | Submission {
    return this.sealed.length > 0 ? { statement: this.sdJwt, sealed: this.sealed } : this.sdJwt;
  }

  /** As the body of a request. */
  get body(): string {
    return this.sealed.length > 0 ? compact(this.submission) : this.sdJwt;
  }
}

/** Whose event, and when; `sensitive` members are disclosed, those that `sealTo` names are sealed to these keys instead. */
export interface Signing {
  /** Of the event; a new UUID otherwise. */
  readonly id?: string | undefined;
  /** When it happened, RFC 3339; now otherwise. */
  readonly time?: string | undefined;
  readonly sensitive?: readonly string[] | undefined;
  readonly sealTo?: Readonly<Record<string, readonly SealingKey[]>> | undefined;
}

/** A JWK with its private part, or a CryptoKey (not extractable, usage sign) with its public part. Ed25519. */
export type SigningPair = JWK | { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey | JWK };

/** A signatory's Ed25519 key, and the source that it signs as. */
export class Signer {
  readonly #key: KeyLike | Uint8Array;
  private constructor(key: KeyLike | Uint8Array, readonly source: string, readonly kid: string, readonly x: string) {
    this.#key = key;
  }

  static async of(pair: SigningPair, source: string): Promise<Signer> {
    const jwk = await publicJwk(pair, "Ed25519");
    const { d } = pair as JWK;
    if (!("privateKey" in pair) && typeof d !== "string") throw new TypeError("the JWK has no private part");
    const key = "privateKey" in pair ? pair.privateKey as CryptoKey
      : await needing("Ed25519", () => importJWK({ ...jwk, d: d as string }, "EdDSA"));
    return new Signer(key, source, await calculateJwkThumbprint(jwk), jwk.x);
  }

  /** A compact JWS. */
  jwt(payload: object, typ: string): Promise<string> {
    return needing("Ed25519", () => new CompactSign(utf8(compact(payload)))
      .setProtectedHeader({ alg: "EdDSA", typ, kid: this.kid }).sign(this.#key));
  }

  /** A token for reading the log `origin`, for some minutes. */
  token(origin: string, purpose: string): Promise<string> {
    const issued = Math.floor(Date.now() / 1000);
    return this.jwt({ iss: this.source, aud: origin, iat: issued, exp: issued + TOKEN_SECONDS, jti: uuid(), purpose },
                    "relais-access+jwt");
  }

  /** The proof of possession by which another key of the signatory enrols this one (docs/FORMATS.md says the audiences). */
  proof(audience: string): Promise<string> {
    return this.jwt({ aud: audience, iss: this.source }, "relais-key-proof+jwt");
  }

  async statement(type: string, subject: string, data: object, signing: Signing = {}): Promise<Statement> {
    const { sensitive = [], sealTo = {} } = signing;
    for (const name of Object.keys(sealTo))
      if (!sensitive.includes(name)) throw new TypeError(`${name} is signed in clear: it cannot be sealed`);
    const members = Object.entries(data).filter(([, value]) => value !== undefined);
    const open: string[] = [];
    const sealed: Sealed[] = [];
    const digests: string[] = [];
    for (const [name, value] of members.filter(([member]) => sensitive.includes(member))) {
      const keys = sealTo[name];
      const json = utf8(compact([b64u(random(SALT_BYTES)), name, value]));
      const disclosure = b64u(keys === undefined ? json : padded(json));
      digests.push(await digest(disclosure));
      if (keys !== undefined && keys.length > 0) sealed.push(await seal(disclosure, name, keys));
      else open.push(disclosure);
    }
    const clear = Object.fromEntries(members.filter(([member]) => !sensitive.includes(member)));
    const event = {
      specversion: "1.0", id: signing.id ?? uuid(), source: this.source, type, subject,
      time: signing.time ?? new Date().toISOString(),
      // In the order of the digests, which tells nothing of the members.
      data: digests.length > 0 ? { ...clear, _sd: digests.sort() } : clear,
      ...(digests.length > 0 ? { _sd_alg: "sha-256" } : {}),
    };
    return new Statement([await this.jwt(event, "cloudevents+sd-jwt"), ...open, ""].join("~"), sealed);
  }
}

/** By white space behind it, which is no part of JSON. */
function padded(json: Bytes): Bytes {
  const all = new Uint8Array(Math.ceil(json.length / PADDED_BYTES) * PADDED_BYTES).fill(0x20);
  all.set(json);
  return all;
}

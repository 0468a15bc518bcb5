// What even the host cannot read (RFC 7516, section 7.2.1; docs/FORMATS.md, Sealed disclosure).
import { GeneralEncrypt, type JWK, calculateJwkThumbprint, flattenedDecrypt, importJWK } from "jose";
import { Invalid, digest, needing, text, unb64u, utf8, webcrypto } from "./bytes.js";

const ALG = "ECDH-ES+A256KW";
const ENC = "A256GCM";

/** An X25519 key as `/v1/keys` tells it: `sealingKid` and `sealingX`. */
export interface SealingKey {
  readonly kid: string;
  readonly x: string;
}

/** The JWE of a disclosure, in the general JSON serialization. */
export interface Sealed {
  protected: string;
  recipients: Array<{ header: { alg: string; kid: string; epk?: JWK }; encrypted_key: string }>;
  iv: string;
  ciphertext: string;
  tag: string;
}

/** A statement with what is sealed of it, as it is submitted and as `format: "submission"` gives it. */
export interface Submission {
  readonly statement: string;
  readonly sealed: readonly unknown[];
}

export interface Opened {
  readonly member: string;
  readonly value: unknown;
}

/** Seals a disclosure's text to these keys, of which there is one at least. */
export async function seal(disclosure: string, member: string, keys: readonly SealingKey[]): Promise<Sealed> {
  const jwe = new GeneralEncrypt(utf8(disclosure)).setProtectedHeader({
    enc: ENC, relais_digest: await digest(disclosure), relais_member: member });
  for (const { kid, x } of keys) {
    const key = await needing("X25519", () => importJWK({ kty: "OKP", crv: "X25519", x }, ALG));
    jwe.addRecipient(key).setUnprotectedHeader({ alg: ALG, kid });
  }
  const sealed = await needing("X25519", () => jwe.encrypt());
  return sealed as unknown as Sealed;
}

/** Whose private half opens what is sealed: a JWK, or a CryptoKey (not extractable, usage deriveBits) with its public part. */
export type SealingPair = JWK | { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey | JWK };

/** The public half of a pair, as a JWK of exactly `kty`, `crv`, `x`. */
export async function publicJwk(pair: SealingPair, curve: "Ed25519" | "X25519"): Promise<{ kty: "OKP"; crv: string; x: string }> {
  const half = "privateKey" in pair ? pair.publicKey as CryptoKey | JWK : pair as JWK;
  const jwk = "kty" in half ? half as JWK : await webcrypto.subtle.exportKey("jwk", half as CryptoKey) as JWK;
  if (jwk.kty !== "OKP" || jwk.crv !== curve || typeof jwk.x !== "string")
    throw new TypeError(`this is no ${curve} key, or has a passphrase: accepted are a JWK and a pair of CryptoKeys`);
  return { kty: "OKP", crv: curve, x: jwk.x };
}

/**
 * What of a statement is sealed to this key, opened. Each disclosure is one that the statement signs; who signed the statement is
 * the ledger's to check, and its receipt's to prove.
 */
export async function open(submission: Submission, pair: SealingPair): Promise<Opened[]> {
  const kid = await calculateJwkThumbprint(await publicJwk(pair, "X25519"));
  const { x, d } = pair as JWK;
  const key = "privateKey" in pair ? pair.privateKey as CryptoKey
    : await needing("X25519", () => importJWK({ kty: "OKP", crv: "X25519", x: x as string, d: d as string }, ALG));
  const [, payload = ""] = (submission.statement.split("~")[0] ?? "").split(".");
  const signed: unknown[] = JSON.parse(text(unb64u(payload))).data?._sd ?? [];
  const opened: Opened[] = [];
  for (const one of submission.sealed) {
    const sealed = (typeof one === "string" ? JSON.parse(one) : one) as Sealed;
    if (!sealed.recipients.some(({ header }) => header.kid === kid)) continue;
    const { member, value, of } = await openOne(sealed, kid, key as CryptoKey);
    if (!signed.includes(of)) throw new Invalid("sealed-digest", "the statement does not sign what was sealed");
    opened.push({ member, value });
  }
  return opened;
}

function exactly(value: object, what: string, ...accepted: string[][]): void {
  const names = Object.keys(value).sort().join();
  if (!accepted.some((members) => members.sort().join() === names))
    throw new Invalid("sealed-form", `${what} has other members than docs/FORMATS.md says: ${names}`);
}

async function openOne(sealed: Sealed, kid: string, key: CryptoKey): Promise<Opened & { of: string }> {
  exactly(sealed, "a JWE", ["protected", "recipients", "iv", "ciphertext", "tag"]);
  const header = JSON.parse(text(unb64u(sealed.protected)));
  const own = ["enc", "relais_digest", "relais_member"];
  exactly(header, "the protected header", own, [...own, "epk"]);
  const mine = sealed.recipients.filter((recipient) => recipient.header.kid === kid);
  const [recipient] = mine;
  if (recipient === undefined || mine.length > 1) throw new Invalid("sealed-form", "a key is a recipient twice");
  exactly(recipient, "a recipient", ["header", "encrypted_key"]);
  exactly(recipient.header, "a recipient's header", ["alg", "kid"], ["alg", "epk", "kid"]);
  const { plaintext } = await needing("X25519", () => flattenedDecrypt(
    { ...sealed, header: recipient.header, encrypted_key: recipient.encrypted_key } as Parameters<typeof flattenedDecrypt>[0], key,
    { keyManagementAlgorithms: [ALG], contentEncryptionAlgorithms: [ENC] }));
  const disclosure = text(plaintext);
  const of = await digest(disclosure);
  const parts: unknown = JSON.parse(text(unb64u(disclosure)));
  if (!Array.isArray(parts) || parts.length !== 3 || of !== header.relais_digest || parts[1] !== header.relais_member)
    throw new Invalid("sealed-digest", "what was sealed is not what its header says");
  return { member: parts[1], value: parts[2], of };
}

// Bytes and texts: base64 in both alphabets, hashes, JSON.
import { webcrypto } from "#webcrypto";

/** Bytes as WebCrypto takes them: not shared with another thread. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Something that a log or its host has said does not hold. `code` is a stable name. */
export class Invalid extends Error {
  override name = "Invalid";
  /** What the server had answered, where it was an answer: to be kept. */
  answer: unknown;

  constructor(readonly code: string, words: string) {
    super(words);
  }
}

/** This browser's WebCrypto lacks an algorithm, or there is none: pages that did not come over https or from localhost. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

/** Runs what needs an algorithm of WebCrypto; says in words that it is not there. */
export async function needing<T>(algorithm: string, work: () => Promise<T>): Promise<T> {
  if (webcrypto?.subtle === undefined)
    throw new Unsupported("there is no WebCrypto: in a browser, the page must come over https or from localhost");
  try {
    return await work();
  } catch (error) {
    // Browsers say NotSupportedError (Web Cryptography, section 14.3.9); jose has an error of its own.
    const { name, code } = error as { name?: string; code?: string };
    if (name === "NotSupportedError" || code === "ERR_JOSE_NOT_SUPPORTED")
      throw new Unsupported(`WebCrypto has no ${algorithm} here: a browser of 2025 or later has it`, { cause: error });
    throw error;
  }
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
export const compact = (value: unknown): string => JSON.stringify(value);

export function concat(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

export async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await needing("SHA-256", () => webcrypto.subtle.digest("SHA-256", concat(...parts))));
}

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Strict: the one encoding of its bytes. Throws Invalid. */
export function unbase64(encoded: string): Bytes {
  let bytes: Bytes | undefined;
  try {
    bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Invalid("base64", "a part of it is not base64");
  }
  if (base64(bytes) !== encoded) throw new Invalid("base64", "a part of it is not canonical base64");
  return bytes;
}

/** Base64url without padding, of bytes or of a text's UTF-8. */
export function b64u(data: Uint8Array | string): string {
  return base64(typeof data === "string" ? utf8(data) : data).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function unb64u(encoded: string): Bytes {
  if (/[^A-Za-z0-9_-]/.test(encoded)) throw new Invalid("base64", "a part of it is not base64url");
  const standard = encoded.replaceAll("-", "+").replaceAll("_", "/");
  return unbase64(standard + "=".repeat((4 - (standard.length % 4)) % 4));
}

/** SHA-256 of a disclosure's text, as it stands in `_sd`. */
export const digest = async (disclosure: string): Promise<string> => b64u(await sha256(utf8(disclosure)));

export const random = (count: number): Bytes => webcrypto.getRandomValues(new Uint8Array(count));
export const uuid = (): string => webcrypto.randomUUID();
export { webcrypto };

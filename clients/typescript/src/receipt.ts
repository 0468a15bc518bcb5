// Receipts: that a log has a statement, checked offline (c2sp.org/tlog-proof, c2sp.org/signed-note, RFC 9162).
import { type Bytes, Invalid, concat, needing, same, sha256, unbase64, utf8, webcrypto } from "./bytes.js";

/** A log's key, and the largest tree that it signs: none for the one that signs now. */
interface Key {
  readonly name: string;
  readonly id: Bytes;
  readonly key: Bytes;
  readonly upTo: number;
}

/** A tree that the log has signed. */
export interface Head {
  readonly size: number;
  readonly root: Bytes;
}

function decimal(digits: string): number {
  const value = Number(digits);
  if (!/^(0|[1-9][0-9]*)$/.test(digits) || !Number.isSafeInteger(value))
    throw new Invalid("receipt-form", "a number of it is no decimal number of up to 2^53 - 1");
  return value;
}

async function readKey(vkey: string, upTo: number): Promise<Key> {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey) ?? [];
  if (name === undefined || id === undefined || encoded === undefined)
    throw new Invalid("vkey", "the vkey is not <name>+<8 hexadecimal digits>+<base64>");
  const raw = unbase64(encoded);
  const hash = (await sha256(utf8(`${name}\n`), raw)).subarray(0, 4);
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (raw.length !== 33 || raw[0] !== 1 || hex !== id) throw new Invalid("vkey", "the vkey is not one of a log's Ed25519 key");
  return { name, id: hash, key: raw.slice(1), upTo };
}

/** The key of a tree of this size, of what log.vkey says: the newest first, each later line with the largest tree it signs. */
async function keyOf(size: number, vkeys: string): Promise<Key> {
  const [newest = "", ...before] = vkeys.trim().split("\n");
  let chosen = await readKey(newest.trim(), Infinity);
  for (const line of before) {
    const [vkey = "", last = ""] = line.trim().split(" ");
    const key = await readKey(vkey, decimal(last));
    if (key.name !== chosen.name || key.upTo >= chosen.upTo)
      throw new Invalid("vkey", "the keys are not those of one log, newest first");
    if (size <= key.upTo) chosen = key;
  }
  return chosen;
}

/** The tree whose head is this signed note. Throws Invalid unless the log's key for trees of its size has signed it. */
export async function openCheckpoint(note: string, vkeys: string): Promise<Head> {
  const end = note.lastIndexOf("\n\n");
  const body = note.slice(0, end + 1);
  const [origin = "", size = "", root = "", ...rest] = body.split("\n");
  if (end < 0 || rest.length !== 1) throw new Invalid("checkpoint-form", "the checkpoint is not three lines and signatures");
  const head = { size: decimal(size), root: unbase64(root) };
  const { name, id, key } = await keyOf(head.size, vkeys);
  if (origin !== name || head.root.length !== 32) throw new Invalid("checkpoint-form", "the checkpoint is not this log's");
  for (const line of note.slice(end + 2).split("\n")) {
    const [dash, signer, encoded, ...more] = line.split(" ");
    if (dash !== "\u2014" || signer !== name || encoded === undefined || more.length > 0) continue;
    const signature = unbase64(encoded);
    if (!same(signature.subarray(0, 4), id)) continue;
    if (await verifies(key, signature.slice(4), utf8(body))) return head;
    throw new Invalid("signature", "the log's signature does not hold");
  }
  throw new Invalid("signature", "the log's key has not signed the checkpoint");
}

function verifies(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  return needing("Ed25519", async () => webcrypto.subtle.verify(
    "Ed25519", await webcrypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]), signature, message));
}

export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(Uint8Array.of(0), entry);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(Uint8Array.of(1), left, right);

const odd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);

/** The root that a proof leads to (RFC 9162, section 2.1.3.2). */
export async function rootOf(index: number, size: number, leaf: Bytes, proof: readonly Bytes[]): Promise<Bytes> {
  if (index >= size) throw new Invalid("proof", "the index is not in the tree");
  let [place, last, node] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) throw new Invalid("proof", "the proof is too long");
    if (odd(place) || place === last) {
      node = await nodeHash(sibling, node);
      while (!odd(place) && place > 0) [place, last] = [half(place), half(last)];
    } else {
      node = await nodeHash(node, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  if (last > 0) throw new Invalid("proof", "the proof is too short");
  return node;
}

/** Whether a larger tree begins with a smaller one (RFC 9162, section 2.1.4.2). */
export async function isConsistent(older: Head, newer: Head, proof: readonly Bytes[]): Promise<boolean> {
  let [place, last] = [older.size - 1, newer.size - 1];
  while (odd(place)) [place, last] = [half(place), half(last)];
  // A tree of a power of two is itself the first node of the proof.
  const [first, ...rest] = place === 0 ? [older.root, ...proof] : proof;
  if (older.size < 1 || older.size >= newer.size || first === undefined) return false;
  let [before, after] = [first, first];
  for (const node of rest) {
    if (last === 0) return false;
    if (odd(place) || place === last) {
      [before, after] = [await nodeHash(node, before), await nodeHash(node, after)];
      while (!odd(place) && place > 0) [place, last] = [half(place), half(last)];
    } else {
      after = await nodeHash(after, node);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && same(before, older.root) && same(after, newer.root);
}

/** What a receipt proves. `checkpoint`: the signed note in it. */
export interface Receipt extends Head {
  readonly index: number;
  /** When the log received the entry: milliseconds since 1970. */
  readonly receivedAt: number;
  readonly checkpoint: string;
}

/**
 * Throws Invalid unless the log's key has signed a tree that holds this statement.
 *
 * `vkeys`: what log.vkey says. `statement`: an SD-JWT, of which the JWT alone counts, or a Statement; for the log of reads a
 * record.
 */
export async function verify(vkeys: string, receipt: string, statement: string | { readonly jwt: string }): Promise<Receipt> {
  const entry = typeof statement === "string" ? (statement.startsWith("{") ? statement : (statement.split("~")[0] ?? "").trim())
    : statement.jwt;
  const end = receipt.indexOf("\n\n");
  const [format, extra = "", place = "", ...lines] = receipt.slice(0, Math.max(end, 0)).split("\n");
  if (format !== "c2sp.org/tlog-proof@v1" || !extra.startsWith("extra ") || !place.startsWith("index "))
    throw new Invalid("receipt-form", "it is no receipt that says when and where");
  const received = unbase64(extra.slice("extra ".length));
  const index = decimal(place.slice("index ".length));
  const proof = lines.map(unbase64);
  if (received.length !== 8 || proof.some((node) => node.length !== 32))
    throw new Invalid("receipt-form", "a part of it has another length");
  const checkpoint = receipt.slice(end + 2);
  const head = await openCheckpoint(checkpoint, vkeys);
  const root = await rootOf(index, head.size, await leafHash(concat(received, utf8(entry))), proof);
  if (!same(root, head.root)) throw new Invalid("proof", "the proof does not lead from the statement to the signed root");
  return { ...head, index, checkpoint, receivedAt: Number(new DataView(received.buffer).getBigUint64(0)) };
}

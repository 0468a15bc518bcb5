// That what a log signs goes on from what it has signed before: the last checkpoint is remembered, and consistency demanded
// (RFC 9162, section 2.1.4; c2sp.org/tlog-tiles).
import { type Bytes, Invalid, base64, compact, same } from "./bytes.js";
import { type Head, isConsistent, nodeHash, openCheckpoint } from "./receipt.js";

/** Where the last checkpoint is remembered between two runs: the caller's. One note, which is replaced. */
export interface Memory {
  load(): Promise<string | null | undefined> | string | null | undefined;
  save(checkpoint: string): Promise<void> | void;
}

/** The log has signed two histories. `evidence` convicts it: docs/FORMATS.md, and `relais verify --fork`. */
export class Fork extends Invalid {
  override name = "Fork";
  constructor(readonly evidence: string) {
    super("fork", "the log has signed two histories: keep the evidence, and show it to the other signatories");
  }
}

const WIDTH = 256;
const HEIGHT = 8;
const KEPT_TILES = 64;

/** Hashes of a tree of `size` entries, from the log's tiles. They are not believed: a proof that is made of them is checked. */
export class Tiles {
  readonly #full = new Map<string, Bytes>();  // they never change
  constructor(readonly fetchTile: (path: string) => Promise<Bytes>) {}

  forget(): void {
    this.#full.clear();
  }

  async #tile(level: number, index: number, size: number): Promise<Bytes> {
    const width = Math.min(Math.floor(size / WIDTH ** level) - index * WIDTH, WIDTH);
    const groups = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.{3}/g) ?? [];
    const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
    const path = `${level}/${number}${width < WIDTH ? `.p/${width}` : ""}`;
    const tile = this.#full.get(path) ?? await this.fetchTile(path);
    if (tile.length !== width * 32) throw new Invalid("history-unproven", `the server's tile ${path} has another length`);
    if (width === WIDTH) {
      const oldest = this.#full.keys().next().value;
      if (this.#full.size >= KEPT_TILES && oldest !== undefined) this.#full.delete(oldest);
      this.#full.set(path, tile);
    }
    return tile;
  }

  /** The node over the leaves from `begin` on, up to `end`: MTH of RFC 9162, section 2.1.1. */
  async node(begin: number, end: number, size: number): Promise<Bytes> {
    const count = end - begin;
    const level = Math.log2(count);
    if (!Number.isInteger(level)) {
      const middle = begin + largestPower(count);
      return nodeHash(await this.node(begin, middle, size), await this.node(middle, end, size));
    }
    // 2^level leaves are 2^(level mod 8) hashes side by side in one tile.
    const row = Math.floor(level / HEIGHT);
    const [first, hashes] = [begin / WIDTH ** row, 2 ** (level % HEIGHT)];
    const tile = await this.#tile(row, Math.floor(first / WIDTH), size);
    let nodes = Array.from({ length: hashes }, (_, i) => tile.slice((first % WIDTH + i) * 32, (first % WIDTH + i + 1) * 32));
    while (nodes.length > 1)
      nodes = await Promise.all(nodes.filter((_, i) => i % 2 === 0).map((left, i) => nodeHash(left, nodes[2 * i + 1] as Bytes)));
    return nodes[0] as Bytes;
  }

  /** PROOF of RFC 9162, section 2.1.4.1. */
  async consistency(older: number, newer: number): Promise<Bytes[]> {
    const proof: Bytes[] = [];
    let [begin, end, whole] = [0, newer, true];
    const above: Array<[number, number]> = [];
    while (older !== end) {  // down to the smaller tree's last node, whose siblings are the proof
      const middle = begin + largestPower(end - begin);
      if (older <= middle) {
        above.push([middle, end]);
        end = middle;
      } else {
        above.push([begin, middle]);
        [begin, whole] = [middle, false];
      }
    }
    if (!whole) proof.push(await this.node(begin, end, newer));
    for (const [from, to] of above.reverse()) proof.push(await this.node(from, to, newer));
    return proof;
  }
}

/** The largest power of two under `count`. */
function largestPower(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** Remembers the newest checkpoint, and lets none pass that does not go on from it, or lead to it. */
export class History {
  #turn: Promise<unknown> = Promise.resolve();
  constructor(readonly memory: Memory, readonly tiles: Tiles) {}

  /** One after the other. `newest`: the log says that it has no more, so that a smaller tree than before is refused. */
  seen(note: string, vkeys: string, newest = false): Promise<Head> {
    const turn = this.#turn.then(() => this.#seen(note, vkeys, newest));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #seen(note: string, vkeys: string, newest: boolean): Promise<Head> {
    const head = await openCheckpoint(note, vkeys);
    const before = await this.memory.load();
    if (before === null || before === undefined) {
      await this.memory.save(note);
      return head;
    }
    const known = await openCheckpoint(before, vkeys);
    if (newest && head.size < known.size)
      throw new Invalid("history-shrunk", `the log had ${known.size} entries, and says now that it has ${head.size}`);
    if (head.size > known.size) await this.#demand(known, before, head, note);
    else await this.#demand(head, note, known, before);
    if (head.size > known.size) await this.memory.save(note);
    return head;
  }

  async #demand(older: Head, olderNote: string, newer: Head, newerNote: string): Promise<void> {
    const convict = (begins: Bytes, proof: Bytes[]): Fork => new Fork(compact({
      older: olderNote, newer: newerNote, newer_begins_with: base64(begins), proof: proof.map(base64) }));
    if (older.size === newer.size) {
      if (!same(older.root, newer.root)) throw convict(newer.root, []);
      return;
    }
    if (older.size === 0) return;
    const [begins, proof] = await this.#begins(older.size, newer);
    if (!same(begins, older.root)) throw convict(begins, proof);
  }

  /** With which root the larger tree begins, and the proof of it. */
  async #begins(size: number, newer: Head): Promise<[Bytes, Bytes[]]> {
    let reason: unknown;
    try {
      const begins = await this.tiles.node(0, size, newer.size);
      const proof = await this.tiles.consistency(size, newer.size);
      if (await isConsistent({ size, root: begins }, newer, proof)) return [begins, proof];
    } catch (error) {
      reason = error;
    }
    this.tiles.forget();
    const words = "the server's tiles do not prove that its tree goes on from the one before";
    throw Object.assign(new Invalid("history-unproven", words), { cause: reason });
  }
}

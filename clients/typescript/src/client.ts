// One ledger: reads, appends, receipts, the live stream.
import {
  type Accepted, type Answer, type CloudEvent, type Event, type EventData, type Given, type Lists, type Operations,
  type Results, type Role, type SealedStatement, Reading, events, operations,
} from "./api.js";
import { type Bytes, Invalid, compact, text } from "./bytes.js";
import { History, type Memory, Tiles } from "./history.js";
import { Disconnected, Http, type HttpOptions, Problem, type ProblemDocument, type Request, sleep } from "./http.js";
import { type Head, type Receipt, verify } from "./receipt.js";
import { type SealingKey } from "./sealing.js";
import { type Signer, type Statement } from "./signing.js";
import { linesOf, messagesOf } from "./stream.js";

const TOKEN_USED_MS = 180_000;       // of the 240 s that it holds
const IDLE_MS = 60_000;              // the ledger's heartbeat comes every 15 s
const LONGEST_PAUSE_MS = 30_000;     // between two attempts to follow
const BACKDATED_MS = 5 * 60_000;     // a receipt from so long before its statement: what `relais submit` refuses too
const PROBLEM_TYPE = "https://relais.example/problems/";

export interface ClientOptions extends HttpOptions {
  /** Who signs statements and access tokens; without one, what is for everybody can be read. */
  readonly signer?: Signer | undefined;
  /** The log's name. */
  readonly origin: string;
  /** What is read for: it stands in every access token, and in the log of reads. */
  readonly purpose: string;
  /** The text of log.vkey, against which receipts and checkpoints are checked. Without it none is. */
  readonly vkey?: string | undefined;
  /** Where the newest checkpoint is remembered; without one, as long as the client lives. */
  readonly memory?: Memory | undefined;
  /** Whether a member that must be sealed may go to the host in the open while nobody who may open it has a sealing key. */
  readonly unsealed?: "allowed" | "refused" | undefined;
}

export interface StatementOptions {
  /** Of the event; a new UUID otherwise. */
  readonly id?: string | undefined;
  /** When it happened, RFC 3339; now otherwise. */
  readonly time?: string | undefined;
  /**
   * The keys to seal members to, by somebody who knows them. Sensitive members may be sealed; those that must be are sealed to the
   * keys that the ledger's `/v1/keys` names, where they are not among these.
   */
  readonly sealTo?: Readonly<Record<string, readonly SealingKey[]>> | undefined;
}

export interface AppendOptions {
  /** The stream must be at this version (Problem 412). */
  readonly ifMatch?: number | undefined;
  /** The stream must have no event yet (Problem 412). */
  readonly ifNew?: boolean | undefined;
  /** Sends an access token along: what is sealed comes to a statement of before. */
  readonly authorized?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type AcceptedResult = Extract<Results["results"][number], { id: string }>;
export type Filters = Omit<Given<"followEvents">, "lastEventId"> & { last?: number | undefined; signal?: AbortSignal | undefined };
export type Item<L extends Lists> = Operations[L]["item"];

export class Client extends Reading {
  readonly #http: Http;
  readonly #history: History | undefined;
  #token: { text: Promise<string>; until: number } | undefined;

  constructor(url: string | URL, readonly options: ClientOptions) {
    super();
    this.#http = new Http(new URL(url), options, (fresh) => this.#authorization(fresh));
    if (options.vkey !== undefined) {
      let kept: string | undefined;
      const memory = options.memory ?? { load: () => kept, save: (note) => { kept = note; } };
      this.#history = new History(memory, new Tiles(async (tile) => await this.getTile({ tile }) as Bytes));
    }
  }

  async #authorization(fresh: boolean): Promise<string> {
    const { signer, origin, purpose } = this.options;
    if (signer === undefined) throw new TypeError("this operation takes an access token: the client has no signer");
    if (fresh || this.#token === undefined || Date.now() >= this.#token.until)
      this.#token = { text: signer.token(origin, purpose), until: Date.now() + TOKEN_USED_MS };
    return `Bearer ${await this.#token.text}`;
  }

  // --- reading

  /** -> the target of a request, and its headers. */
  #requestOf(id: keyof Operations, parameters: object): { target: string; request: Request } {
    const { path, parameters: known, authorized } = operations[id];
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    let target = path;
    for (const [name, value] of Object.entries(parameters)) {
      if (value === undefined) continue;
      const [place, wire] = Object.hasOwn(known, name) ? known[name] ?? [] : [];
      if (place === undefined || wire === undefined)
        throw new TypeError(`${id} has no parameter ${name}; it has: ${Object.keys(known).join(", ") || "none"}`);
      if (place === "path") target = target.replace(`{${wire}}`, encodeURIComponent(String(value)));
      else if (place === "query") query.set(wire, String(value));
      else headers[wire] = String(value);
    }
    if (target.includes("{")) throw new TypeError(`${id} needs ${target.match(/\{\w+\}/g)?.join(", ")}`);
    return { target: `${target}?${query}`.replace(/\?$/, ""), request: { headers, authorized } };
  }

  /** An operation: JSON, a text, or bytes; null for what has not changed (304). Throws Problem. */
  async call<O extends keyof Operations>(operation: O, parameters: Given<O>): Promise<Answer<O> | null> {
    const { target, request } = this.#requestOf(operation, parameters);
    const answer = await this.#http.send(target, request);
    if (answer.status === 304) return null;
    const kind = (answer.headers.get("Content-Type") ?? "").split(";")[0] ?? "";
    if (kind === "application/octet-stream") return answer.body as Answer<O>;
    return (kind.endsWith("json") ? JSON.parse(text(answer.body)) : text(answer.body)) as Answer<O>;
  }

  override getEvent(parameters: Given<"getEvent"> & { format?: "json" | undefined }): Promise<CloudEvent>;
  override getEvent(parameters: Given<"getEvent"> & { format: "sd-jwt" }): Promise<string>;
  override getEvent(parameters: Given<"getEvent"> & { format: "submission" }): Promise<SealedStatement>;
  override getEvent(parameters: Given<"getEvent">): Promise<Answer<"getEvent">> {
    return super.getEvent(parameters);
  }

  /** The items of a list, over all its pages. */
  async *every<L extends Lists>(list: L, parameters: Given<L>): AsyncGenerator<Item<L>> {
    const given: { cursor?: string | undefined } = { ...parameters };
    do {
      const page = await this.call(list, given as Given<L>) as Record<string, unknown>;
      yield* page[operations[list].items ?? ""] as Array<Item<L>>;
      given.cursor = page["next"] as string | undefined;
    } while (given.cursor !== undefined);
  }

  /**
   * The same as lines (application/x-ndjson), where the ledger sends them: one request for all pages. What is refused on the way,
   * as when the token ends, is gone on with; what is cut off without a word throws.
   */
  async *lines<L extends Lists>(list: L, parameters: Given<L>, signal?: AbortSignal): AsyncGenerator<Item<L>> {
    const given: { cursor?: string | undefined } = { ...parameters };
    for (let fruitless = 0; ;) {
      const { target, request } = this.#requestOf(list, given);
      const ended = new AbortController();
      const abort = (): void => ended.abort(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      try {
        const response = await this.#http.open(target, { ...request, headers: { Accept: "application/x-ndjson" } }, ended);
        if (!response.headers.get("Content-Type")?.startsWith("application/x-ndjson")) {
          ended.abort();
          yield* this.every(list, given as Given<L>);
          return;
        }
        let refused: ProblemDocument | undefined;
        for await (const line of linesOf(response, IDLE_MS, ended)) {
          if (line === "") continue;  // a heartbeat
          const item = JSON.parse(line) as Item<L>;
          refused = refusalIn(item);
          if (refused !== undefined) break;
          fruitless = 0;
          yield item;
        }
        if (refused === undefined) return;
        if (typeof refused["next"] !== "string" || ++fruitless > 2) throw new Problem(refused.status ?? 0, refused);
        given.cursor = refused["next"];
        await sleep(1000, signal);
      } finally {
        signal?.removeEventListener("abort", abort);
        ended.abort();
      }
    }
  }

  /**
   * Events as they come, from now on, from `from`, or behind the index `last`; without an end but that of `signal`. A stream ends
   * with its token, and then goes on where it was; so does one whose connection ended.
   */
  async *follow(filters: Filters = {}): AsyncGenerator<Event> {
    const { last: behind, signal, ...parameters } = filters;
    let last = behind;
    let retryMs = 1000;
    for (let failures = 0; ;) {
      signal?.throwIfAborted();
      const ended = new AbortController();
      const abort = (): void => ended.abort(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      try {
        const { target, request } = this.#requestOf("followEvents", { ...parameters, lastEventId: last });
        const response = await this.#http.open(target, request, ended);
        const lines = linesOf(response, IDLE_MS, ended);
        for await (const { id, data } of messagesOf(lines, (ms) => { retryMs = Math.min(ms, LONGEST_PAUSE_MS); })) {
          failures = 0;
          if (id !== undefined) last = Number(id);
          if (data !== "") yield JSON.parse(data) as Event;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Disconnected)) throw error;
        failures++;
      } finally {
        signal?.removeEventListener("abort", abort);
        ended.abort();
      }
      await sleep(Math.min(retryMs * 2 ** Math.min(failures, 8), LONGEST_PAUSE_MS), signal);
    }
  }

  // --- statements

  /**
   * Signs an event of this type. What is sensitive is disclosed, and sealed where it must be: which members these are stands in
   * this package, so that no host can have them left open.
   */
  async statement<T extends keyof EventData>(
    type: T, subject: string, data: EventData[T], options: StatementOptions = {},
  ): Promise<Statement> {
    const { signer, unsealed } = this.options;
    if (signer === undefined) throw new TypeError("the client has no signer");
    if (!Object.hasOwn(events, type)) throw new TypeError(`this client knows no event type ${type}`);
    const { sensitive, sealedTo } = events[type];
    const sealTo = { ...options.sealTo };
    for (const [member, roles] of Object.entries(sealedTo)) {
      if (!(member in data)) continue;
      const keys = sealTo[member] ?? await this.sealingKeys(roles);
      if (keys.length === 0 && unsealed === "refused")
        throw new TypeError(`${member} is to be sealed, and none of ${roles.join(", ")} has a sealing key`);
      sealTo[member] = keys;
    }
    return signer.statement(type, subject, data, { id: options.id, time: options.time, sensitive, sealTo });
  }

  /** Of active signatories of these roles, and our own: none where the roles have none yet. By the word of the host. */
  async sealingKeys(roles: readonly Role[]): Promise<SealingKey[]> {
    const [{ signatories }, { keys }] = await Promise.all([this.listSignatories(), this.listKeys()]);
    const wanted = new Set(signatories.filter((s) => s.active && s.roles.some((role) => roles.includes(role))).map((s) => s.id));
    const own = signatories.find((s) => s.source === this.options.signer?.source)?.id;
    const found = new Map<string, SealingKey & { of: string }>();
    for (const { sealingKid: kid, sealingX: x, endedAt, signatory } of keys)
      if (kid !== undefined && x !== undefined && endedAt === undefined) found.set(kid, { kid, x, of: signatory });
    const those = [...found.values()];
    if (!those.some(({ of }) => wanted.has(of))) return [];
    return those.filter(({ of }) => wanted.has(of) || of === own).map(({ kid, x }) => ({ kid, x }));
  }

  /** What the ledger answered: index, stream, version, receipt, … The receipt was checked, where there is a `vkey`. */
  append(statement: Statement, options: AppendOptions = {}): Promise<Accepted> {
    return this.#append("/v1/events", statement, options);
  }

  /** The same for the opening of an emergency access, `relais.case.emergency_access_opened.v1`. */
  openEmergencyAccess(statement: Statement, options: Pick<AppendOptions, "signal"> = {}): Promise<Accepted> {
    return this.#append("/v1/break-glass", statement, options);
  }

  async #append(target: string, statement: Statement, options: AppendOptions): Promise<Accepted> {
    const headers: Record<string, string> = { "Content-Type": statement.mediaType };
    if (options.ifMatch !== undefined) headers["If-Match"] = `"${options.ifMatch}"`;
    if (options.ifNew) headers["If-None-Match"] = "*";
    const { authorized = false, signal } = options;
    const answer = await this.#http.send(target, { method: "POST", body: statement.body, headers, authorized, signal });
    const accepted = JSON.parse(text(answer.body)) as Accepted;
    await this.#check(accepted, statement);
    return accepted;
  }

  /**
   * A list at once: a result for each, what `append` gives or a Problem. `atomic`: all or nothing (then one Problem is thrown).
   * Throws Invalid, with the whole answer, where one of the receipts does not hold.
   */
  async appendAll(statements: readonly Statement[], options: { atomic?: boolean; signal?: AbortSignal } = {}):
      Promise<Array<AcceptedResult | Problem>> {
    const answer = await this.#http.send(`/v1/events${options.atomic ? "?atomic=true" : ""}`, {
      method: "POST", body: compact({ statements: statements.map((one) => one.submission) }),
      headers: { "Content-Type": "application/json" }, signal: options.signal });
    const { results } = JSON.parse(text(answer.body)) as Results;
    if (results.length !== statements.length) throw keep(new Invalid("answer-differs", "it answers to another number"), results);
    const given: Array<AcceptedResult | Problem> = [];
    for (const [i, statement] of statements.entries()) {
      const result = results[i] as Results["results"][number];
      if ("rule" in result) {
        given.push(new Problem(result.status, result as ProblemDocument));
        continue;
      }
      await this.#check(result as AcceptedResult, statement, results);
      given.push(result as AcceptedResult);
    }
    return given;
  }

  async #check(accepted: Accepted | AcceptedResult, statement: Statement, answer: unknown = accepted): Promise<void> {
    try {
      const { id, source, time } = statement.event;
      if (accepted.id !== id || accepted.source !== source) throw new Invalid("answer-differs", "it answers to another statement");
      if (this.options.vkey === undefined) return;
      // Where the ledger does not give it in its answer, those who may read the event ask for it.
      const receipt = "receipt" in accepted && accepted.receipt !== undefined ? accepted.receipt
        : await this.getReceipt({ id, source });
      const { index, receivedAt } = await this.verify(receipt, statement);
      if ("index" in accepted && accepted.index !== undefined && index !== accepted.index)
        throw new Invalid("answer-differs", "the receipt is of another entry");
      if (receivedAt < Date.parse(time) - BACKDATED_MS)
        throw new Invalid("receipt-backdated", "the receipt says an earlier time than the statement");
    } catch (error) {
      throw error instanceof Invalid ? keep(error, answer) : error;
    }
  }

  // --- the log

  /** Checks a receipt, and that its tree goes on from the newest checkpoint that was seen, or leads to it. Throws Invalid, Fork. */
  async verify(receipt: string, statement: string | { readonly jwt: string }): Promise<Receipt> {
    const [history, vkey] = this.#checked();
    const proven = await verify(vkey, receipt, statement);
    await history.seen(proven.checkpoint, vkey);
    return proven;
  }

  /** The log's newest head, checked as `verify` does. */
  async checkpoint(): Promise<Head> {
    const [history, vkey] = this.#checked();
    return history.seen(await this.getCheckpoint(), vkey, true);
  }

  #checked(): [History, string] {
    if (this.#history === undefined || this.options.vkey === undefined) throw new TypeError("the client has no vkey");
    return [this.#history, this.options.vkey];
  }
}

/** Where a list of lines is refused on its way, the problem is its last line. */
function refusalIn(item: unknown): ProblemDocument | undefined {
  const { type, rule } = item as ProblemDocument;
  const is = typeof type === "string" && type.startsWith(PROBLEM_TYPE) && typeof rule === "string";
  return is ? item as ProblemDocument : undefined;
}

function keep(error: Invalid, answer: unknown): Invalid {
  error.answer = answer;
  return error;
}

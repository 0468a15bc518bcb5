// Requests to one server: what is asked again, how long is waited, how much is read.
import { type Bytes, concat, text } from "./bytes.js";

const ATTEMPTS = 5;                  // of one request, where the ledger asks for patience or a connection ends
const MAX_ANSWER = 64 * 1024 * 1024;

/** A refusal as the ledger says it (RFC 9457). */
export interface ProblemDocument {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly rule?: string;
  readonly field?: string;
  readonly accepted?: string;
  readonly [member: string]: unknown;
}

/** A refusal: `rule` is a stable name, `accepted` says what would be taken. */
export class Problem extends Error {
  override name = "Problem";
  readonly rule: string;
  readonly field: string;
  readonly accepted: string;

  constructor(readonly status: number, readonly document: ProblemDocument) {
    const { rule = "", field = "", accepted = "", detail = "" } = document;
    super(`${status} ${rule}: ${detail}${field && ` (${field})`}${accepted && `; accepted: ${accepted}`}`);
    [this.rule, this.field, this.accepted] = [rule, field, accepted];
  }
}

/** The server cannot be reached, its answer was cut off, or did not come in time. */
export class Disconnected extends Error {
  override name = "Disconnected";
}

export interface Request {
  readonly method?: "GET" | "POST";
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorized?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpOptions {
  /** A WHATWG fetch; the global one otherwise. */
  readonly fetch?: typeof fetch | undefined;
  /** For one answer. */
  readonly timeoutMs?: number | undefined;
  /** That one call waits at most where the ledger asks for it. */
  readonly patienceMs?: number | undefined;
}

export interface Whole {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Bytes;
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended);
      resolve();
    }, ms);
    if (signal?.aborted) ended();
    else signal?.addEventListener("abort", ended, { once: true });
  });
}

/** How long a refusal asks to wait (RFC 9110, section 10.2.3); undefined where it does not ask for patience. */
function pause(status: number, headers: Headers): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const said = headers.get("Retry-After") ?? "1";
  const ms = /^[0-9]+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isNaN(ms) ? 1000 : Math.max(ms, 0);
}

export function problemOf(status: number, body: Uint8Array): Problem {
  let document: ProblemDocument | undefined;
  try {
    document = JSON.parse(text(body));
  } catch {
    // Of a proxy before the ledger.
  }
  return new Problem(status, document !== null && typeof document === "object" ? document : { detail: "no problem document" });
}

export class Http {
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #patienceMs: number;

  constructor(readonly url: URL, options: HttpOptions, readonly authorization: (fresh: boolean) => Promise<string>) {
    // A browser's fetch asks to be called as a function of its window.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#patienceMs = options.patienceMs ?? 30_000;
  }

  /** One request, once. Neither cookies nor other origins: the token is for this one. */
  async once(target: string, request: Request, signal: AbortSignal, authorization?: string): Promise<Response> {
    const headers = new Headers(request.headers);
    if (authorization !== undefined) headers.set("Authorization", authorization);
    try {
      return await this.#fetch(new URL(target, this.url), {
        method: request.method ?? "GET", headers, signal, redirect: "error", credentials: "omit", cache: "no-store",
        ...(request.body === undefined ? {} : { body: request.body }),
      });
    } catch (error) {
      throw new Disconnected(`${this.url.origin} gave no answer`, { cause: error });
    }
  }

  /**
   * The whole answer. Throws Problem. What is asked again is safe to ask again: reads, and appends, which the ledger takes once.
   */
  async send(target: string, request: Request = {}): Promise<Whole> {
    for (let attempt = 1, waited = 0; ; attempt++) {
      request.signal?.throwIfAborted();
      const authorization = request.authorized ? await this.authorization(false) : undefined;
      let answer: Whole;
      try {
        answer = await this.#whole(target, request, authorization);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (attempt === ATTEMPTS || !(error instanceof Disconnected)) throw error;
        await sleep(100 * attempt, request.signal);
        continue;
      }
      if (answer.status < 400) return answer;
      const ms = pause(answer.status, answer.headers);
      if (ms === undefined || attempt === ATTEMPTS || waited + ms > this.#patienceMs)
        throw problemOf(answer.status, answer.body);
      waited += ms;
      await sleep(ms, request.signal);
    }
  }

  async #whole(target: string, request: Request, authorization?: string): Promise<Whole> {
    const ended = new AbortController();
    const end = (): void => ended.abort(request.signal?.reason);
    request.signal?.addEventListener("abort", end, { once: true });
    const timer = setTimeout(() => ended.abort(), this.#timeoutMs);
    try {
      const response = await this.once(target, request, ended.signal, authorization);
      return { status: response.status, headers: response.headers, body: await bodyOf(response) };
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", end);
      ended.abort();
    }
  }

  /**
   * An answer that comes bit by bit, begun; with a token of its own, which so holds as long as it can. `ended` ends it. Throws
   * Problem.
   */
  async open(target: string, request: Request, ended: AbortController): Promise<Response> {
    for (let attempt = 1, waited = 0; ; attempt++) {
      const authorization = request.authorized ? await this.authorization(true) : undefined;
      const timer = setTimeout(() => ended.abort(), this.#timeoutMs);
      try {
        const response = await this.once(target, request, ended.signal, authorization);
        if (response.ok) return response;
        const ms = pause(response.status, response.headers);
        const body = await bodyOf(response);
        if (ms === undefined || attempt === ATTEMPTS || waited + ms > this.#patienceMs)
          throw problemOf(response.status, body);
        waited += ms;
        clearTimeout(timer);
        await sleep(ms, ended.signal);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}

async function bodyOf(response: Response): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of partsOf(response)) {
    if ((size += part.length) > MAX_ANSWER) throw new RangeError(`the answer is of more than ${MAX_ANSWER} bytes`);
    parts.push(part);
  }
  return concat(...parts);
}

/** A body, part by part; not every browser can iterate over a stream. */
export async function* partsOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const part = await reader.read().catch((error: unknown) => {
        throw new Disconnected("the answer was cut off", { cause: error });
      });
      if (part.done) return;
      yield part.value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

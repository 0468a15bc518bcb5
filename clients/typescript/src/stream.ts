// Answers that come line by line: event streams (WHATWG HTML, section 9.2.6), and lists as lines.
import { partsOf } from "./http.js";

const MAX_LINE = 4 * 1024 * 1024;  // a case's largest disclosures, and much room

/**
 * Lines without their ends (CRLF, LF or CR). Where nothing came for `idleMs`, `ended` ends the answer, and this throws
 * Disconnected.
 */
export async function* linesOf(response: Response, idleMs: number, ended: AbortController): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wind = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => ended.abort(), idleMs);
  };
  try {
    wind();
    for await (const part of partsOf(response)) {
      wind();
      const lines = (rest + decoder.decode(part, { stream: true })).split(/\r\n|\n|\r(?!\n|$)/);
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE) throw new RangeError(`a line is of more than ${MAX_LINE} characters`);
      for (const line of lines) {
        clearTimeout(timer);  // how long the caller takes is not the server's
        yield line;
      }
      wind();
    }
    if (rest !== "") yield rest;
  } finally {
    clearTimeout(timer);
  }
}

/** One event of a stream; `data` is empty where it only says how far was looked. */
export interface Message {
  readonly id: string | undefined;
  readonly data: string;
}

export async function* messagesOf(lines: AsyncIterable<string>, retry: (ms: number) => void): AsyncGenerator<Message> {
  let data: string[] = [];
  let id: string | undefined;
  for await (const line of lines) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (line === "") {
      yield { id, data: data.join("\n") };
      data = [];
    } else if (name === "id") {
      id = value;
    } else if (name === "data") {
      data.push(value);
    } else if (name === "retry" && /^[0-9]+$/.test(value)) {
      retry(Number(value));
    }
  }
}

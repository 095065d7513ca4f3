import type { RawHeaders } from "../../transport.ts";
import { ChunkedBody } from "./chunked-body.ts";
import type { HttpClientLimits } from "./client-limits.ts";
import { GrowingBody } from "./growing-body.ts";

/**
 * Reads one response to one request, from bytes in whatever pieces they come. Two readings must never be possible, so
 * anything ambiguous (bare CR or LF, folded lines, two lengths, a length beside a transfer coding) is malformed.
 * Line by line on purpose: what is decided never depends on where the pieces were cut.
 */
export class ResponseParser {
  status = 0;
  reason = "";
  headers: RawHeaders = [];
  body: Buffer = empty;
  /** Set when `push` or `end` returns "failed". */
  failure: ParseFailure | undefined;
  /** Whether the connection may carry another exchange. Only right once the response is complete. */
  keepsAlive = false;
  /** From the backend's `Keep-Alive: timeout=N`, in milliseconds. */
  idleHintMs: number | undefined;

  #state: "head" | "length" | "chunked" | "until_close" | "done" = "head";
  readonly #isHead: boolean;
  readonly #limits: HttpClientLimits;
  #headBytes = 0;
  #pending: Buffer = empty;
  #fields: string[] = [];
  #isStatusLineRead = false;
  #isVersion10 = false;
  #bodyLength = 0;
  #collected: GrowingBody | undefined;
  #chunked: ChunkedBody | undefined;

  constructor(method: string, limits: HttpClientLimits) {
    this.#isHead = method === "HEAD";
    this.#limits = limits;
  }

  get isHeadComplete(): boolean {
    return this.#state !== "head";
  }

  /** Takes the next bytes. After "complete" or "failed" nothing more may be pushed. */
  push(bytes: Buffer): "more" | "complete" | "failed" {
    if (this.#state === "head") {
      const rest = this.#readHead(bytes);
      if (this.failure !== undefined) return "failed";
      return rest === undefined ? "more" : this.#readBody(rest);
    }
    return this.#readBody(bytes);
  }

  /** The backend ended the connection in an orderly way. */
  end(): "complete" | "failed" {
    if (this.#state === "until_close") {
      this.body = this.#collected?.take() ?? empty;
      this.#state = "done";
      return "complete";
    }
    this.#fail(
      "lost",
      this.#state === "head"
        ? "closed before the response's head was complete"
        : "closed in the middle of the response's body",
    );
    return "failed";
  }

  /** Answers the bytes after a complete final head, or undefined when there is none yet or it is no good. */
  #readHead(bytes: Buffer): Buffer | undefined {
    let all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    // Most heads fit into one window; a body behind the head is not turned into text for nothing.
    let window = HEAD_WINDOW_BYTES;
    while (all.length > 0) {
      const consumed = this.#readLines(all.toString("latin1", 0, window));
      if (this.failure !== undefined) return undefined;
      all = all.subarray(consumed);
      if (this.#state !== "head") return all;
      if (consumed > 0) continue;
      if (window >= all.length) break;
      window = all.length;
    }
    this.#pending = all;
    if (this.#headBytes + all.length > this.#limits.responseHeadBytes) this.#tooLargeHead();
    return undefined;
  }

  /** Reads whole lines up to the end of a head. Answers how much of the text it used. */
  #readLines(text: string): number {
    let from = 0;
    while (from < text.length) {
      const lineEnd = text.indexOf("\n", from);
      if (lineEnd < 0) break;
      this.#headBytes += lineEnd + 1 - from;
      if (this.#headBytes > this.#limits.responseHeadBytes) this.#tooLargeHead();
      else if (lineEnd === from || text.charCodeAt(lineEnd - 1) !== 13) this.#malformed("a line ends in a bare LF");
      else if (lineEnd - 1 > from) this.#readLine(text.slice(from, lineEnd - 1));
      else {
        this.#finishHead();
        return lineEnd + 1;
      }
      if (this.failure !== undefined) return from;
      from = lineEnd + 1;
    }
    return from;
  }

  #readLine(line: string): void {
    if (!this.#isStatusLineRead) {
      const match = statusLine.exec(line);
      if (match === null) {
        this.#malformed("the first line is not an HTTP/1.x status line");
        return;
      }
      this.#isVersion10 = match[1] === "0";
      this.status = Number(match[2]);
      this.reason = match[3] ?? "";
      this.#isStatusLineRead = true;
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? "" : line.slice(0, colon);
    const value = trimBlanks(line, colon + 1);
    if (!token.test(name) || !fieldValue.test(value)) {
      const isFolded = isBlank(line.charCodeAt(0));
      this.#malformed(isFolded ? "a header line is folded" : "a header line is not a name, a colon and a value");
      return;
    }
    this.#fields.push(name, value);
    if (this.#fields.length > this.#limits.responseHeaderCount * 2) {
      this.#fail("too_large", `the response has more than ${this.#limits.responseHeaderCount} headers`);
    }
  }

  /** At the empty line: an interim head is forgotten, a final one decides what comes next. */
  #finishHead(): void {
    if (!this.#isStatusLineRead) {
      this.#malformed("the first line is empty");
    } else if (this.status === 101) {
      this.#malformed("it switches protocols (101), which nobody asked for");
    } else if (this.status < 200) {
      this.#isStatusLineRead = false;
      this.#fields = [];
    } else {
      this.headers = this.#fields;
      const problem = this.#readFraming();
      if (problem !== undefined) this.#malformed(problem);
    }
  }

  /** Decides how the body ends (RFC 9112 §6.3) and whether the connection lives on. Answers what is wrong, if anything. */
  #readFraming(): string | undefined {
    let length: string | undefined;
    let coding: string | undefined;
    let connection = "";
    const fields = this.#fields;
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] as string; // even index below the length
      if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue; // hot path
      const value = fields[at + 1] as string;
      switch (name.toLowerCase()) {
        case "content-length":
          if (length !== undefined) return "it has more than one Content-Length";
          length = value;
          break;
        case "transfer-encoding":
          if (coding !== undefined) return "it has more than one Transfer-Encoding";
          coding = value;
          break;
        case "connection":
          connection = connection === "" ? value.toLowerCase() : `${connection},${value.toLowerCase()}`;
          break;
        case "keep-alive": {
          const hint = keepAliveTimeout.exec(value);
          if (hint !== null) this.idleHintMs = Number(hint[1]) * 1000;
          break;
        }
      }
    }
    if (length !== undefined && !decimal.test(length)) return "its Content-Length is not a decimal number";
    if (coding !== undefined) {
      if (length !== undefined) return "it has both Content-Length and Transfer-Encoding";
      if (this.#isVersion10) return "it is HTTP/1.0 with a Transfer-Encoding";
      if (coding.toLowerCase() !== "chunked") return "its Transfer-Encoding is not chunked";
    }
    this.keepsAlive = keepsConnection(connection, this.#isVersion10);

    if (this.#isHead || this.status === 204 || this.status === 304) {
      this.#state = "done";
    } else if (coding !== undefined) {
      this.#chunked = new ChunkedBody(
        this.#limits.responseBodyBytes,
        Math.max(2, this.#limits.responseHeadBytes - this.#headBytes),
      );
      this.#state = "chunked";
    } else if (length !== undefined) {
      this.#bodyLength = Number(length);
      if (this.#bodyLength > this.#limits.responseBodyBytes) this.#tooLargeBody();
      this.#state = "length";
    } else {
      this.keepsAlive = false;
      this.#state = "until_close";
    }
    return undefined;
  }

  #readBody(bytes: Buffer): "more" | "complete" | "failed" {
    switch (this.#state) {
      case "length": {
        const have = this.#collected?.length ?? 0;
        const missing = this.#bodyLength - have;
        if (bytes.length > missing) this.keepsAlive = false; // what follows was never asked for
        if (bytes.length === 0 && missing > 0) return "more";
        if (have === 0 && bytes.length >= missing) return this.#complete(bytes.subarray(0, missing));
        this.#collected ??= new GrowingBody();
        this.#collected.append(bytes.subarray(0, missing));
        return bytes.length >= missing ? this.#complete(this.#collected.take()) : "more";
      }
      case "chunked": {
        const chunked = this.#chunked as ChunkedBody; // made together with this state
        const progress = chunked.push(bytes);
        if (progress === "more") return "more";
        if (progress === "complete") {
          if (chunked.hasTrailingBytes) this.keepsAlive = false;
          return this.#complete(chunked.take());
        }
        if (progress === "too_large") this.#tooLargeBody();
        else this.#malformed(chunked.problem);
        return "failed";
      }
      case "until_close":
        this.#collected ??= new GrowingBody();
        if (this.#collected.length + bytes.length > this.#limits.responseBodyBytes) {
          this.#tooLargeBody();
          return "failed";
        }
        this.#collected.append(bytes);
        return "more";
      default:
        if (bytes.length > 0) this.keepsAlive = false;
        return "complete";
    }
  }

  #complete(body: Buffer): "complete" {
    this.body = body;
    this.#state = "done";
    return "complete";
  }

  #tooLargeHead(): void {
    this.#fail("too_large", `the response's head is larger than ${this.#limits.responseHeadBytes} bytes`);
  }

  #tooLargeBody(): void {
    this.#fail("too_large", `the response's body is larger than ${this.#limits.responseBodyBytes} bytes`);
  }

  #malformed(what: string): void {
    this.#fail("malformed", `the response is not well-formed: ${what}`);
  }

  #fail(kind: ParseFailure["kind"], detail: string): void {
    this.failure = { kind, detail };
  }
}

export interface ParseFailure {
  readonly kind: "malformed" | "too_large" | "lost";
  readonly detail: string;
}

const HEAD_WINDOW_BYTES = 4_096;
const empty: Buffer = Buffer.alloc(0);
/** The blank before an absent reason is left out by servers enough to be let pass; nothing hangs on it. */
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const decimal = /^\d{1,15}$/;
const keepAliveTimeout = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i;

function keepsConnection(connection: string, isVersion10: boolean): boolean {
  if (connection === "") return !isVersion10;
  if (connection === "keep-alive") return true;
  const options = connection.split(",").map((option) => option.trim());
  return !options.includes("close") && (!isVersion10 || options.includes("keep-alive"));
}

function trimBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

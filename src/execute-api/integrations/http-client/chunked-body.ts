import { CHUNK_EXTENSION_LIMIT_BYTES, CHUNK_LINE_LIMIT_BYTES } from "./client-limits.ts";
import { GrowingBody } from "./growing-body.ts";

/** `size[;extension]` without blanks around the size: peers disagree about those, and nobody needs them. */
const sizeLine = /^([0-9A-Fa-f]{1,8})(?:;([\t\x20-\x7e\x80-\xff]*))?$/;
const trailerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/** Decodes a chunked body (RFC 9112 §7.1) from bytes in whatever pieces they come. Trailers are checked and dropped. */
export class ChunkedBody {
  /** What is malformed, once `push` has returned "malformed". */
  problem = "";
  /** Whether bytes followed the end of the body. */
  hasTrailingBytes = false;

  readonly #limitBytes: number;
  #trailerBytesLeft: number;
  #extensionBytes = 0;
  #state: "size" | "data" | "data_end" | "trailer" = "size";
  #missing = 0;
  #line = "";
  readonly #data = new GrowingBody();

  /** `trailerLimitBytes` covers the empty line at the end, so it is at least 2. */
  constructor(limitBytes: number, trailerLimitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#trailerBytesLeft = trailerLimitBytes;
  }

  take(): Buffer {
    return this.#data.take();
  }

  push(bytes: Buffer): "more" | "complete" | "malformed" | "too_large" {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const taken = Math.min(this.#missing, bytes.length - at);
        this.#data.append(bytes.subarray(at, at + taken));
        this.#missing -= taken;
        at += taken;
        if (this.#missing === 0) this.#state = "data_end";
        continue;
      }
      const lineEnd = bytes.indexOf(10, at);
      const until = lineEnd < 0 ? bytes.length : lineEnd + 1;
      const limit =
        this.#state === "data_end" ? 2 : this.#state === "size" ? CHUNK_LINE_LIMIT_BYTES : this.#trailerBytesLeft;
      // Measured before the line is read, and the same wherever the pieces were cut.
      if (this.#line.length + until - at > limit) return this.#malformed(this.#overLimit());
      this.#line += bytes.toString("latin1", at, until);
      at = until;
      if (lineEnd < 0) return "more";
      if (this.#line.length < 2 || this.#line.charCodeAt(this.#line.length - 2) !== 13) {
        return this.#malformed("a line of its chunked body ends in a bare LF");
      }
      const line = this.#line.slice(0, -2);
      this.#line = "";
      const next = this.#readLine(line);
      if (next === "complete") this.hasTrailingBytes = at < bytes.length;
      if (next !== "more") return next;
    }
    return "more";
  }

  #readLine(line: string): "more" | "complete" | "malformed" | "too_large" {
    switch (this.#state) {
      case "data_end":
        if (line !== "") return this.#malformed("a chunk is longer than its size");
        this.#state = "size";
        return "more";
      case "size": {
        const match = sizeLine.exec(line);
        if (match === null) return this.#malformed("a chunk size is not a hexadecimal number");
        this.#extensionBytes += match[2]?.length ?? 0;
        if (this.#extensionBytes > CHUNK_EXTENSION_LIMIT_BYTES)
          return this.#malformed("it has too many chunk extensions");
        this.#missing = Number.parseInt(match[1] as string, 16); // the first group always takes part
        if (this.#data.length + this.#missing > this.#limitBytes) return "too_large";
        this.#state = this.#missing === 0 ? "trailer" : "data";
        return "more";
      }
      default:
        if (line === "") return "complete";
        this.#trailerBytesLeft -= line.length + 2;
        return trailerLine.test(line) ? "more" : this.#malformed("a trailer is not a name, a colon and a value");
    }
  }

  #overLimit(): string {
    if (this.#state === "data_end") return "a chunk is longer than its size";
    return this.#state === "size" ? "a chunk size line is too long" : "its trailers are too long";
  }

  #malformed(problem: string): "malformed" {
    this.problem = problem;
    return "malformed";
  }
}

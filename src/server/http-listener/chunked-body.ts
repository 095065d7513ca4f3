import { GrowingBody } from "../../execute-api/integrations/http-client/growing-body.ts";
import { fieldName, fieldValue } from "./field-syntax.ts";
import { CHUNK_EXTENSION_LIMIT_BYTES, CHUNK_LINE_LIMIT_BYTES } from "./listener-limits.ts";
import { badRequest, bodyTooLarge, headersTooLarge, type TransportRefusal } from "./transport-refusal.ts";

/** `size[;extension]` without blanks: peers disagree about those, and nobody needs them. */
const sizeLine =
  /^([0-9A-Fa-f]{1,8})((?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*)$/;
/** Whoever reads trailers as headers would read another request. */
const framingTrailer = /^(?:content-length|transfer-encoding|host|connection|trailer|upgrade)$/i;

/**
 * Decodes a request's chunked body (RFC 9112 §7.1) from bytes in whatever pieces they come. Extensions and trailers are
 * checked and dropped. What is decided never depends on where the pieces were cut.
 */
export class ChunkedBody {
  refusal: TransportRefusal | undefined;
  /** After "complete": where the bytes behind the body begin in the last piece. */
  end = 0;

  readonly #limitBytes: number;
  readonly #headLimitBytes: number;
  #trailerBytes = 0;
  #extensionBytes = 0;
  #state: "size" | "data" | "data_end" | "trailer" = "size";
  #missing = 0;
  #line = "";
  readonly #data = new GrowingBody();

  /** The trailers may be as large as a head. */
  constructor(limitBytes: number, headLimitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#headLimitBytes = headLimitBytes;
  }

  take(): Buffer {
    return this.#data.take();
  }

  push(bytes: Buffer): "more" | "complete" | "refused" {
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
      // Measured before the line is read, and the same wherever the pieces were cut.
      if (this.#line.length + until - at > this.#lineLimit()) return this.#refuse(this.#overLimit());
      this.#line += bytes.toString("latin1", at, until);
      at = until;
      if (lineEnd < 0) return "more";
      if (this.#line.length < 2 || this.#line.charCodeAt(this.#line.length - 2) !== 13) {
        return this.#refuse(badRequest("A line of the chunked body ends in a bare LF."));
      }
      const line = this.#line.slice(0, -2);
      this.#line = "";
      const next = this.#readLine(line);
      if (next !== "more") {
        this.end = at;
        return next;
      }
    }
    return "more";
  }

  #readLine(line: string): "more" | "complete" | "refused" {
    switch (this.#state) {
      case "data_end":
        this.#state = "size";
        return "more";
      case "size": {
        const match = sizeLine.exec(line);
        if (match === null) return this.#refuse(badRequest("A chunk size is not a hexadecimal number."));
        this.#extensionBytes += match[2]?.length ?? 0;
        if (this.#extensionBytes > CHUNK_EXTENSION_LIMIT_BYTES) {
          return this.#refuse(badRequest("The chunked body has too many extensions."));
        }
        this.#missing = Number.parseInt(match[1] as string, 16); // the first group always takes part
        if (this.#data.length + this.#missing > this.#limitBytes) return this.#refuse(bodyTooLarge(this.#limitBytes));
        this.#state = this.#missing === 0 ? "trailer" : "data";
        return "more";
      }
      default: {
        if (line === "") return "complete";
        this.#trailerBytes += line.length + 2;
        const colon = line.indexOf(":");
        const name = colon < 0 ? "" : line.slice(0, colon);
        if (!fieldName.test(name) || !fieldValue.test(line.slice(colon + 1))) {
          return this.#refuse(badRequest("A trailer is not a name, a colon and a value."));
        }
        if (framingTrailer.test(name)) return this.#refuse(badRequest("A trailer is about framing or the connection."));
        return "more";
      }
    }
  }

  #lineLimit(): number {
    if (this.#state === "data_end") return 2; // nothing but its end
    return this.#state === "size" ? CHUNK_LINE_LIMIT_BYTES : this.#headLimitBytes - this.#trailerBytes;
  }

  #overLimit(): TransportRefusal {
    if (this.#state === "data_end") return badRequest("A chunk is longer than its size.");
    if (this.#state === "size") return badRequest("A chunk size line is too long.");
    return headersTooLarge(this.#headLimitBytes);
  }

  #refuse(refusal: TransportRefusal): "refused" {
    this.refusal = refusal;
    return "refused";
  }
}

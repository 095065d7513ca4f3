import { GrowingBody } from "../../execute-api/integrations/http-client/growing-body.ts";
import type { RawHeaders } from "../../execute-api/transport.ts";
import { ChunkedBody } from "./chunked-body.ts";
import { fieldName, fieldValue, isBlank, trimBlanks } from "./field-syntax.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import { CHUNKED, readHead } from "./read-head.ts";
import { requestMethods } from "./request-methods.ts";
import { badRequest, bodyTooLarge, headersTooLarge, type TransportRefusal } from "./transport-refusal.ts";

/**
 * What the bytes so far came to. `continue`: the head is complete and its client waits for `100 Continue` before it
 * sends the body.
 */
export type Progress = "more" | "continue" | "complete" | "refused";

export interface RequestBounds {
  readonly limits: ListenerLimits;
  readonly bodyLimitFor?: ((method: string, target: string, headers: RawHeaders) => number | undefined) | undefined;
}

/**
 * Reads the requests of one connection, one after the other, from bytes in whatever pieces they come. Two readings must
 * never be possible, so anything ambiguous is refused. Line by line on purpose: what is decided never depends on where
 * the pieces were cut.
 */
export class RequestParser {
  method = "";
  target = "";
  httpVersion = "1.1";
  /** As on the wire. */
  rawHeaders: string[] = [];
  /** Without those of the connection. */
  headers: RawHeaders = this.rawHeaders;
  body: Buffer = empty;
  /** Whether the client wants to send another request on this connection. */
  keepsAlive = true;
  /** Set with "refused". Nothing may be pushed after that. */
  refusal: TransportRefusal | undefined;

  readonly #bounds: RequestBounds;
  #state: "line" | "fields" | "length" | "chunked" | "complete" = "line";
  #headBytes = 0;
  /** The beginning of a line whose end has not come. */
  #partial = "";
  /** Bytes behind what is complete. */
  #rest: Buffer = empty;
  #bodyLength = 0;
  /** Lines of the text at hand that end before this are known to be well-formed. */
  #checkedUntil = 0;
  #collected: GrowingBody | undefined;
  #chunked: ChunkedBody | undefined;

  constructor(bounds: RequestBounds) {
    this.#bounds = bounds;
  }

  /** Whether some of a request has come, and not all of it. */
  get isWithinRequest(): boolean {
    return this.#state === "line" ? this.#partial !== "" : this.#state !== "complete";
  }

  /** Whether a request's head was accepted and its body is on its way. */
  get isWithinBody(): boolean {
    return this.#state === "length" || this.#state === "chunked";
  }

  /** Takes the next bytes. After "complete" and "continue" comes `next` first. */
  push(bytes: Buffer): Progress {
    if (this.#state === "line" || this.#state === "fields") return this.#readHead(bytes);
    return this.#readBody(bytes);
  }

  /** Leaves a complete request behind, or goes on to the body after "continue", with the bytes that have come already. */
  next(): Progress {
    if (this.#state === "complete") this.#reset();
    const rest = this.#rest;
    if (rest.length === 0) return "more";
    this.#rest = empty;
    return this.push(rest);
  }

  /** Copies the bytes that wait for `next`: those pushed are only good until whoever pushed them returns. */
  keepRest(): void {
    if (this.#rest.length > 0) this.#rest = Buffer.from(this.#rest);
  }

  #reset(): void {
    this.method = "";
    this.target = "";
    this.rawHeaders = [];
    this.headers = this.rawHeaders;
    this.body = empty;
    this.#state = "line";
    this.#headBytes = 0;
    this.#collected = undefined;
    this.#chunked = undefined;
  }

  #readHead(bytes: Buffer): Progress {
    let at = 0;
    while (at < bytes.length) {
      // Most heads fit into one window; a body behind the head is not turned into text for nothing.
      const until = Math.min(bytes.length, at + HEAD_WINDOW_BYTES);
      const headEnd = this.#readLines(bytes.toString("latin1", at, until));
      if (this.refusal !== undefined) return "refused";
      if (headEnd >= 0) {
        const next = at + headEnd;
        return this.#finishHead(next === bytes.length ? empty : bytes.subarray(next));
      }
      at = until;
    }
    return "more";
  }

  /** Reads lines up to the end of the head, and answers where that is, or -1: not in this text. */
  #readLines(text: string): number {
    let from = 0;
    this.#checkedUntil = 0;
    for (;;) {
      const lineEnd = text.indexOf("\n", from);
      if (lineEnd < 0) {
        if (from < text.length) this.#keepPartial(text, from);
        return -1;
      }
      let isHeadEnd: boolean;
      if (this.#partial === "") {
        isHeadEnd = this.#readLine(text, from, lineEnd);
      } else {
        const line = this.#partial + text.slice(from, lineEnd + 1);
        this.#partial = "";
        isHeadEnd = this.#readLine(line, 0, line.length - 1);
      }
      if (isHeadEnd) return lineEnd + 1;
      if (this.refusal !== undefined) return -1;
      from = lineEnd + 1;
      if (this.#checkedUntil === 0 && this.#state === "fields") this.#checkFields(text, from);
    }
  }

  /** Looks over whole field lines at once, which takes half the time of looking at each name and value. */
  #checkFields(text: string, from: number): void {
    wellFormedFields.lastIndex = from;
    wellFormedFields.test(text);
    this.#checkedUntil = wellFormedFields.lastIndex;
  }

  #keepPartial(text: string, from: number): void {
    const isBegin = this.#state === "line" && this.#partial === "";
    this.#partial += from === 0 ? text : text.slice(from);
    // Without a whole line already: TLS or another protocol would wait for the end of it.
    if (isBegin && !beginsLikeRequest(text, from)) this.#refuse(notRequestLine());
    else if (this.#headBytes + this.#partial.length > this.#bounds.limits.headBytes) this.#refuseLargeHead();
  }

  /** Reads the line that ends with the line feed at `lineEnd`. Answers whether it ends the head. */
  #readLine(text: string, from: number, lineEnd: number): boolean {
    this.#headBytes += lineEnd + 1 - from;
    const end = lineEnd - 1;
    if (this.#state === "line" && !beginsLikeRequest(text, from)) this.#refuse(notRequestLine());
    else if (this.#headBytes > this.#bounds.limits.headBytes) this.#refuseLargeHead();
    else if (end < from || text.charCodeAt(end) !== CR)
      this.#refuse(badRequest("A line of the head ends in a bare LF."));
    else if (this.#state === "fields") {
      if (end === from) return true;
      this.#readField(text, from, end);
    } else if (end > from) this.#readRequestLine(text, from, end);
    // RFC 9112 §2.2: one empty line before a request is let pass, which old clients send behind a body.
    else if (this.#headBytes > 2) this.#refuse(notRequestLine());
    return false;
  }

  #readRequestLine(text: string, from: number, end: number): void {
    const methodEnd = text.indexOf(" ", from);
    const targetEnd = end - VERSION_CHARS;
    if (methodEnd < 0 || methodEnd >= targetEnd || !text.startsWith(" HTTP/", targetEnd)) {
      this.#refuse(notRequestLine());
      return;
    }
    const method = requestMethods.get(text.slice(from, methodEnd));
    if (method === undefined) {
      this.#refuse(badRequest("The method is not one that is known here."));
    } else if (method === "CONNECT") {
      this.#refuse(badRequest("CONNECT is refused: this is not a proxy."));
    } else {
      this.method = method;
      this.target = text.slice(methodEnd + 1, targetEnd);
      this.httpVersion = text.slice(end - 3, end); // readHead judges both
      this.#state = "fields";
    }
  }

  #readField(text: string, from: number, end: number): void {
    const colon = text.indexOf(":", from);
    const name = colon < 0 || colon > end ? "" : text.slice(from, colon);
    const value = trimBlanks(text, colon + 1, end);
    if (end >= this.#checkedUntil && (!fieldName.test(name) || !fieldValue.test(value))) {
      const isFolded = isBlank(text.charCodeAt(from));
      const problem = isFolded ? "A header line is folded." : "A header line is not a name, a colon and a value.";
      this.#refuse(badRequest(problem));
      return;
    }
    if (isBlank(text.charCodeAt(end - 1)) && framingField.test(name)) {
      // Peers disagree about those: a tab behind "chunked" makes it another coding to node:http.
      this.#refuse(badRequest("A header about framing ends in a blank."));
      return;
    }
    this.rawHeaders.push(name, value); // how many there may be is judged with the whole head, which is bounded
  }

  #finishHead(rest: Buffer): Progress {
    const { limits, bodyLimitFor } = this.#bounds;
    const verdict = readHead(this.target, this.httpVersion, this.rawHeaders, limits);
    if (!verdict.ok) return this.#refuse(verdict.refusal);
    const { headers, bodyLength } = verdict;
    this.headers = headers;
    this.keepsAlive = verdict.keepsAlive;
    if (bodyLength === 0) {
      this.#rest = rest;
      this.#state = "complete";
      return "complete";
    }
    const limitBytes = bodyLimitFor?.(this.method, this.target, headers) ?? limits.bodyBytes;
    if (bodyLength > limitBytes) return this.#refuse(bodyTooLarge(limitBytes));
    if (bodyLength === CHUNKED) {
      this.#chunked = new ChunkedBody(limitBytes, limits.headBytes);
      this.#state = "chunked";
    } else {
      this.#bodyLength = bodyLength;
      this.#state = "length";
    }
    if (verdict.expectsContinue) {
      this.#rest = rest;
      return "continue";
    }
    return this.#readBody(rest);
  }

  #readBody(bytes: Buffer): Progress {
    if (this.#chunked !== undefined) {
      const progress = this.#chunked.push(bytes);
      if (progress === "complete") return this.#complete(this.#chunked.take(), bytes, this.#chunked.end);
      return progress === "more" ? progress : this.#refuse(this.#chunked.refusal as TransportRefusal); // set with it
    }
    const have = this.#collected?.length ?? 0;
    const missing = this.#bodyLength - have;
    if (bytes.length >= missing && have === 0) {
      return this.#complete(Buffer.from(bytes.subarray(0, missing)), bytes, missing);
    }
    this.#collected ??= new GrowingBody();
    this.#collected.append(bytes.subarray(0, missing));
    return bytes.length >= missing ? this.#complete(this.#collected.take(), bytes, missing) : "more";
  }

  #complete(body: Buffer, bytes: Buffer, end: number): "complete" {
    this.body = body;
    this.#rest = end === bytes.length ? empty : bytes.subarray(end);
    this.#state = "complete";
    return "complete";
  }

  #refuseLargeHead(): void {
    this.#refuse(headersTooLarge(this.#bounds.limits.headBytes));
  }

  #refuse(refusal: TransportRefusal): "refused" {
    this.refusal = refusal;
    return "refused";
  }
}

const HEAD_WINDOW_BYTES = 4_096;
const VERSION_CHARS = " HTTP/1.1".length;
const CR = 13;
const empty: Buffer = Buffer.alloc(0);
/** Always matches, be it nothing; where it ends, everything before is well-formed. */
const wellFormedFields = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*/y;
const framingField = /^(?:content-length|transfer-encoding)$/i;

function beginsLikeRequest(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  return (first >= 65 && first <= 90) || first === CR;
}

function notRequestLine(): TransportRefusal {
  return badRequest("The first line is not a method, a target and HTTP/1.1.");
}

import type { RawHeaders } from "../../execute-api/transport.ts";
import { fieldName, trimBlanks } from "./field-syntax.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import {
  badRequest,
  expectationFailed,
  headersTooLarge,
  type TransportRefusal,
  targetTooLong,
  tooManyHeaders,
} from "./transport-refusal.ts";

export type HeadVerdict =
  | {
      readonly ok: true;
      readonly headers: RawHeaders;
      /** The declared number of bytes, or -1 for a chunked body. */
      readonly bodyLength: number;
      /** Whether the client wants to send another request on this connection. */
      readonly keepsAlive: boolean;
      /** Whether the client waits for `100 Continue` before it sends the body. */
      readonly expectsContinue: boolean;
    }
  | { readonly ok: false; readonly refusal: TransportRefusal };

export const CHUNKED = -1;

/** RFC 9112 §3.2.1 origin form in printable ASCII. A fragment never belongs on the wire, and peers disagree about it. */
const originForm = /^\/[\x21\x22\x24-\x7e]*$/;
const hostValue = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::\d{1,5})?$/;
const decimal = /^\d{1,15}$/;
/** A client that names one of these in `Connection` tries to make us forget it (RFC 9110 §7.6.1 forbids it). */
const neverHopByHop = new Set(["host", "content-length", "authorization", "cookie", "x-api-key"]);

/**
 * Judges a request head by the rules that make one reading of it possible, and removes the headers that belong to the
 * connection and not to the request. `Content-Length`, `Content-MD5`, `Expect` and the rest that API Gateway drops
 * when it parses a request (R: header remapping recordings) stay: a signature may cover them.
 */
export function readHead(
  target: string,
  httpVersion: string,
  rawHeaders: RawHeaders,
  limits: ListenerLimits,
): HeadVerdict {
  if (target.length > limits.targetChars) return refuse(targetTooLong(limits.targetChars));
  if (!originForm.test(target)) return refuse(badRequest("The request target is not in origin form (/path?query)."));
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return refuse(badRequest("The HTTP version is not 1.1 or 1.0."));
  if (rawHeaders.length > limits.headerCount * 2) return refuse(tooManyHeaders(limits.headerCount));

  let valueBytes = 0;
  let host: string | undefined;
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  /** The headers so far without those of the connection, once there is one of those. */
  let kept: string[] | undefined;
  let named: Set<string> | undefined;
  let saysClose = false;
  let saysKeepAlive = false;
  let expectsContinue = false;

  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string; // `at` runs over even indexes below the length, and names come with values
    const value = rawHeaders[at + 1] as string;
    valueBytes += value.length;
    switch (connectionHeader(name)) {
      case "":
        break;
      case "host":
        if (host !== undefined) return refuse(badRequest("There is more than one Host header."));
        host = value;
        break;
      case "content-length":
        if (contentLength !== undefined) return refuse(badRequest("There is more than one Content-Length header."));
        contentLength = value;
        break;
      case "transfer-encoding":
        if (transferEncoding !== undefined)
          return refuse(badRequest("There is more than one Transfer-Encoding header."));
        transferEncoding = value;
        kept ??= rawHeaders.slice(0, at);
        continue;
      case "connection":
        kept ??= rawHeaders.slice(0, at);
        if (value === "keep-alive") {
          saysKeepAlive = true;
          continue;
        }
        for (const option of value.split(",")) {
          const optionName = trimBlanks(option, 0, option.length).toLowerCase();
          if (optionName === "") continue;
          if (!fieldName.test(optionName)) return refuse(badRequest("The Connection header is not a list of names."));
          if (neverHopByHop.has(optionName)) return refuse(badRequest(`The Connection header names ${optionName}.`));
          if (optionName === "close") saysClose = true;
          else if (optionName === "keep-alive") saysKeepAlive = true;
          else (named ??= new Set()).add(optionName);
        }
        continue;
      case "expect":
        if (httpVersion === "1.0") break; // RFC 9110 §10.1.1: to be ignored
        if (value.toLowerCase() !== "100-continue") return refuse(expectationFailed());
        expectsContinue = true;
        break;
      default:
        kept ??= rawHeaders.slice(0, at);
        continue;
    }
    kept?.push(name, value);
  }

  if (valueBytes > limits.headerValueBytes) return refuse(headersTooLarge(limits.headerValueBytes));
  if (host === undefined) {
    if (httpVersion === "1.1") return refuse(badRequest("There is no Host header."));
  } else if (!hostValue.test(host)) {
    return refuse(badRequest("The Host header is not a host and port."));
  }

  let bodyLength = 0;
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined)
      return refuse(badRequest("Content-Length and Transfer-Encoding exclude each other."));
    if (httpVersion === "1.0") return refuse(badRequest("HTTP/1.0 has no Transfer-Encoding."));
    if (transferEncoding.toLowerCase() !== "chunked") {
      return refuse(badRequest("The only Transfer-Encoding understood is chunked."));
    }
    bodyLength = CHUNKED;
  } else if (contentLength !== undefined) {
    if (!decimal.test(contentLength)) return refuse(badRequest("The Content-Length is not a decimal number."));
    bodyLength = Number(contentLength);
  }
  const endToEnd = kept ?? rawHeaders;
  const headers = named === undefined ? endToEnd : without(endToEnd, named);
  const keepsAlive = !saysClose && (saysKeepAlive || httpVersion === "1.1");
  return { ok: true, headers, bodyLength, keepsAlive, expectsContinue };
}

function refuse(refusal: TransportRefusal): HeadVerdict {
  return { ok: false, refusal };
}

/** The lower-case name when the header concerns framing or the connection, else "". Decided by length first: hot path. */
function connectionHeader(name: string): string {
  switch (name.length) {
    case 2:
      return among(name, "te", "te");
    case 4:
      return among(name, "host", "host");
    case 6:
      return among(name, "expect", "expect");
    case 7:
      return among(name, "upgrade", "trailer");
    case 10:
      return among(name, "connection", "keep-alive");
    case 14:
      return among(name, "content-length", "content-length");
    case 16:
      return among(name, "proxy-connection", "proxy-connection");
    case 17:
      return among(name, "transfer-encoding", "transfer-encoding");
    default:
      return "";
  }
}

function among(name: string, one: string, other: string): string {
  const lower = name.toLowerCase();
  return lower === one || lower === other ? lower : "";
}

function without(headers: RawHeaders, named: ReadonlySet<string>): RawHeaders {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string; // as above
    if (!named.has(name.toLowerCase())) kept.push(name, headers[at + 1] as string);
  }
  return kept;
}

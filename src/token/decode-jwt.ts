import { isJsonObject, isString, parseJson } from "./json.ts";
import { type Claims, type DecodeFailure, mismatch, refuse, type TokenSegment } from "./token-verdict.ts";

/*
 * Takes a compact JWS apart and trusts nothing. Strictness has to be cheap, since the signature check itself is only
 * some 25 µs; each line here was measured in its company.
 * - Node's base64url decoder skips foreign characters, stops at `=`, takes `+` and `/` and drops left-over bits. Each
 *   skipped character costs at least one byte of the result, so a segment is exact (RFC 7515 §2, RFC 4648 §3.5) if it is
 *   ASCII without `+` and `/`, the result has full length and the last character leaves no bits over.
 * - Node's UTF-8 decoder puts U+FFFD for what is invalid. Text without U+FFFD was valid; text with it is encoded again.
 * - JSON.parse keeps the last of two members with one name where another reader may keep the first. The colons outside
 *   strings count the members that are written, the value those that survived: no escape can fool the comparison.
 */

/** Longest token looked at. API Gateway itself ends at 10,240 bytes of request line and headers (D, quotas page). */
export const MAX_TOKEN_CHARS = 16_384;

/** Deepest nesting of a header or payload. */
export const MAX_JSON_DEPTH = 32;

export interface DecodedJwt {
  readonly ok: true;
  readonly header: Claims;
  readonly claims: Claims;
  /** What the signature is over: header, dot, payload. All of it is ASCII. */
  readonly signed: string;
  readonly signature: Buffer;
}

export type DecodedObject = { readonly ok: true; readonly value: Claims };

/**
 * Decodes a token without verifying anything: for verifyJwt, and for looking at a token that was refused.
 * remember-headers.ts has a faster `readHeader` for processes that see many tokens.
 */
export function decodeJwt(token: string, readHeader = decodeHeader): DecodedJwt | DecodeFailure {
  if (!isString(token)) return wrongSegments(0);
  const { length } = token;
  if (length > MAX_TOKEN_CHARS) return mismatch("token_too_large", MAX_TOKEN_CHARS, length);
  const headerEnd = token.indexOf(".");
  const signedEnd = token.indexOf(".", headerEnd + 1);
  // Two dots, no more and no fewer.
  if (headerEnd === signedEnd || token.includes(".", signedEnd + 1)) return wrongSegments(token.split(".").length);
  const header = readHeader(token.slice(0, headerEnd));
  const payload = decodeObject(token.slice(headerEnd + 1, signedEnd), "payload");
  const signature = decodeBase64url(token.slice(signedEnd + 1));
  if (!header.ok) return header;
  if (!payload.ok) return payload;
  if (!signature) return malformedEncoding("signature");
  return { ok: true, header: header.value, claims: payload.value, signed: token.slice(0, signedEnd), signature };
}

const wrongSegments = (count: number): DecodeFailure => mismatch(count === 5 ? "jwe_token" : "not_a_jwt", 3, count);

export const decodeHeader = (segment: string): DecodedObject | DecodeFailure => decodeObject(segment, "header");

function decodeObject(encoded: string, segment: TokenSegment): DecodedObject | DecodeFailure {
  const bytes = decodeBase64url(encoded);
  if (!bytes) return malformedEncoding(segment);
  const text = bytes.toString();
  const value = parseJson(text);
  const isObject = isJsonObject(value);
  const actual = isObject ? countWrittenMembers(bytes) : TOO_DEEP;
  if (text.includes("\ufffd") && !Buffer.from(text).equals(bytes)) return malformedEncoding(segment, "utf-8");
  if (!isObject || actual === TOO_DEEP) {
    const expected = isObject ? "depth" : value === undefined ? "json" : "object";
    return refuse("malformed_json", { segment, expected });
  }
  // Looking into the value costs more than counting its names, and most payloads hold no other object.
  const isNested = text.includes("{", text.indexOf("{") + 1);
  const expected = isNested ? countMembers(value) : Object.keys(value).length;
  return actual === expected ? { ok: true, value } : mismatch("duplicate_member", expected, actual, { segment });
}

const malformedEncoding = (segment: TokenSegment, expected: "base64url" | "utf-8" = "base64url"): DecodeFailure =>
  refuse("malformed_encoding", { segment, expected });

/** Which characters may be the last, by the length modulo 4: any; none; those whose left-over 4 or 2 bits are zero. */
const LAST_CHARACTERS = [null, "", "AQgw", "AEIMQUYcgkosw048"];

/** The bytes of a segment, or undefined if it is not their one base64url form. */
function decodeBase64url(segment: string): Buffer | undefined {
  const { length } = segment;
  const bytes = Buffer.from(segment, "base64url");
  const isInexact =
    segment.includes("+") ||
    segment.includes("/") ||
    Buffer.byteLength(segment) !== length ||
    bytes.length !== Math.floor((length * 3) / 4) ||
    LAST_CHARACTERS[length % 4]?.includes(segment.charAt(length - 1)) === false;
  return isInexact ? undefined : bytes;
}

const TOO_DEEP = -1;

/** Colons outside strings, in JSON that JSON.parse has accepted; TOO_DEEP beyond MAX_JSON_DEPTH. */
function countWrittenMembers(json: Buffer): number {
  const QUOTE = 0x22;
  const COLON = 0x3a;
  const BACKSLASH = 0x5c;
  // A bracket is a brace without this bit.
  const BRACE_BIT = 0x20;
  const OPEN_BRACE = 0x7b;
  const CLOSE_BRACE = 0x7d;
  const { length } = json;
  let count = 0;
  let depth = 0;
  for (let at = 0; at < length; at++) {
    const byte = json[at]!;
    if (byte === QUOTE) {
      while (++at < length && json[at] !== QUOTE) if (json[at] === BACKSLASH) at++;
    } else if (byte === COLON) count++;
    else if ((byte | BRACE_BIT) === CLOSE_BRACE) depth--;
    else if ((byte | BRACE_BIT) === OPEN_BRACE && ++depth > MAX_JSON_DEPTH) return TOO_DEEP;
  }
  return count;
}

/** Members of a parsed object and of every object in it. */
function countMembers(value: object): number {
  const items: unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : items.length;
  for (const item of items) if (item instanceof Object) count += countMembers(item);
  return count;
}

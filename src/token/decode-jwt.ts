import { type Claims, type DecodeFailure, refuse, type TokenSegment } from "./token-verdict.ts";

/*
 * Takes a compact JWS apart and trusts nothing. Strictness has to be cheap, since the signature check itself is only
 * some 25 µs; each line here was measured in its company.
 * - Node's base64url decoder skips foreign characters, stops at `=`, takes `+` and `/` and drops left-over bits. Each
 *   skipped character costs at least one byte of the result, so a segment is exact (RFC 7515 §2, RFC 4648 §3.5) if the
 *   token is ASCII without `+` and `/`, the result has full length and the last character leaves no bits over.
 * - Node's UTF-8 decoder puts U+FFFD for what is invalid. Text without U+FFFD was valid; text with it is encoded again.
 * - JSON.parse keeps the last of two members with one name where another reader may keep the first. The colons outside
 *   strings count the members that are written, the value those that survived: no escape can fool the comparison.
 * - Tokens signed with one key share their header segment, so a few headers are remembered by it.
 */

/** Longest token looked at. API Gateway itself ends at 10,240 bytes of request line and headers (D, quotas page). */
export const MAX_TOKEN_CHARS = 16_384;

/** Deepest nesting of a header or payload. */
export const MAX_JSON_DEPTH = 32;

/** How many header segments are remembered, and how long one may be. */
export const MAX_REMEMBERED_HEADERS = 16;
export const MAX_REMEMBERED_HEADER_CHARS = 512;

export interface DecodedJwt {
  readonly ok: true;
  readonly header: Claims;
  readonly claims: Claims;
  /** How many characters of the token are signed: header, dot, payload. All of them are ASCII. */
  readonly signedChars: number;
  readonly signature: Buffer;
}

type DecodedObject = { readonly ok: true; readonly value: Claims };

const headers = new Map<string, DecodedObject>();

/** Decodes a token without verifying anything: for verifyJwt, and for looking at a token that was refused. */
export function decodeJwt(token: string): DecodedJwt | DecodeFailure {
  if (typeof token !== "string") return wrongSegments(0);
  if (token.length > MAX_TOKEN_CHARS) {
    return refuse("token_too_large", { expected: MAX_TOKEN_CHARS, actual: token.length });
  }
  const headerEnd = token.indexOf(".");
  const signedChars = token.indexOf(".", headerEnd + 1);
  if (signedChars === headerEnd || token.includes(".", signedChars + 1)) return wrongSegments(token.split(".").length);
  if (token.includes("+") || token.includes("/") || Buffer.byteLength(token) !== token.length) {
    const at = token.search(/[^\w.-]/);
    const segment = at < headerEnd ? "header" : at < signedChars ? "payload" : "signature";
    return refuse("malformed_encoding", { segment, expected: "base64url" });
  }
  const headerSegment = token.slice(0, headerEnd);
  const header = headers.get(headerSegment) ?? readHeader(headerSegment);
  if (!header.ok) return header;
  const payload = readObject(decodeBase64url(token.slice(headerEnd + 1, signedChars)), "payload");
  if (!payload.ok) return payload;
  const signature = decodeBase64url(token.slice(signedChars + 1));
  if (!signature) return refuse("malformed_encoding", { segment: "signature", expected: "base64url" });
  return { ok: true, header: header.value, claims: payload.value, signedChars, signature };
}

function wrongSegments(actual: number): DecodeFailure {
  return refuse(actual === 5 ? "jwe_token" : "not_a_jwt", { expected: 3, actual });
}

function readHeader(segment: string): DecodedObject | DecodeFailure {
  const bytes = decodeBase64url(segment);
  const header = readObject(bytes, "header");
  // Remembered headers are shared, hence frozen and flat.
  const isFlat = header.ok && Object.values(header.value).every((value) => typeof value !== "object");
  if (bytes && isFlat && segment.length <= MAX_REMEMBERED_HEADER_CHARS) {
    if (headers.size >= MAX_REMEMBERED_HEADERS) headers.clear();
    Object.freeze(header.value);
    // A new string: a slice would keep the whole token alive.
    headers.set(bytes.toString("base64url"), header);
  }
  return header;
}

/** The bytes of a segment without foreign characters but perhaps `=`, or undefined if it is not their one base64url form. */
function decodeBase64url(segment: string): Buffer | undefined {
  const { length } = segment;
  const leftOver = length % 4;
  // Four bits are left over after two characters, two bits after three; they must be zero.
  const last = segment.charAt(length - 1);
  if (leftOver === 1) return;
  if (leftOver !== 0 && !(leftOver === 2 ? "AQgw" : "AEIMQUYcgkosw048").includes(last)) return;
  const bytes = Buffer.from(segment, "base64url");
  return bytes.length === Math.floor((length * 3) / 4) ? bytes : undefined;
}

function readObject(bytes: Buffer | undefined, segment: TokenSegment): DecodedObject | DecodeFailure {
  if (!bytes) return refuse("malformed_encoding", { segment, expected: "base64url" });
  const text = bytes.toString();
  if (text.includes("\ufffd") && !Buffer.from(text).equals(bytes)) {
    return refuse("malformed_encoding", { segment, expected: "utf-8" });
  }
  const malformed = (expected: "json" | "object" | "depth") => refuse("malformed_json", { segment, expected });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed("json");
  }
  if (!isJsonObject(value)) return malformed("object");
  const actual = countWrittenMembers(bytes);
  if (actual < 0) return malformed("depth");
  // Looking into the value costs more than counting its names, and most payloads hold no other object.
  const isNested = text.includes("{", text.indexOf("{") + 1);
  const expected = isNested ? countMembers(value) : Object.keys(value).length;
  return actual === expected ? { ok: true, value } : refuse("duplicate_member", { segment, expected, actual });
}

/** Colons outside strings, in JSON that JSON.parse has accepted; -1 if it is nested deeper than MAX_JSON_DEPTH. */
function countWrittenMembers(json: Buffer): number {
  const { length } = json;
  let count = 0;
  let depth = 0;
  for (let at = 0; at < length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      while (++at < length && json[at] !== QUOTE) if (json[at] === BACKSLASH) at++;
    } else if (byte === COLON) count++;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MAX_JSON_DEPTH) return -1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return count;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Members of a parsed object and of every object in it. */
function countMembers(value: object): number {
  const items: unknown[] = Object.values(value);
  let count = Array.isArray(value) ? 0 : items.length;
  for (const item of items) if (typeof item === "object" && item !== null) count += countMembers(item);
  return count;
}

export function isJsonObject(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

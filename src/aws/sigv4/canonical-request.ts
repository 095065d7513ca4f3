import { hash } from "node:crypto";

/*
 * The canonical request as API Gateway computes it: the rules of every service but S3 (D)
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * The texts are what was on the wire, one character per byte; a character that cannot come from there counts as UTF-8.
 */

/** Lower-case hex SHA-256 of nothing (D). */
export const EMPTY_BODY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The lines of a canonical request. */
export interface CanonicalParts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** One line per header, each with its line feed. */
  readonly headers: string;
  readonly signedHeaders: string;
  readonly payloadHash: string;
}

export function canonicalRequest(parts: CanonicalParts): string {
  const { method, path, query, headers, signedHeaders, payloadHash } = parts;
  return `${method}\n${path}\n${query}\n${headers}\n${signedHeaders}\n${payloadHash}`;
}

/** Scope: `{date}/{region}/{service}/aws4_request`. */
export function stringToSign(dateTime: string, scope: string, canonical: string): string {
  return `AWS4-HMAC-SHA256\n${dateTime}\n${scope}\n${sha256Hex(canonical)}`;
}

const NOT_ASCII = /[^\0-\x7f]/;

/** Of the bytes that the text was on the wire. */
export function sha256Hex(text: string): string {
  return hash("sha256", wireBytes(text), "hex");
}

/** Of the bytes that the text was on the wire. */
export function sha256Base64(text: string): string {
  return hash("sha256", wireBytes(text), "base64");
}

function wireBytes(text: string): string | Buffer {
  if (!NOT_ASCII.test(text)) return text;
  return Buffer.from(text, /[^\0-\xff]/.test(text) ? "utf8" : "latin1");
}

/** Nothing to encode, nothing to normalise. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)+\/?$/;

/**
 * The path AS SENT, normalised, every segment encoded once more: `/a%20b` becomes `/a%2520b` (C: execute-api printed
 * `/dev/mypath%252Fnext` for `/dev/mypath%2Fnext`). Climbing above the root ends at the root.
 */
export function canonicalPath(path: string): string {
  return PLAIN_PATH.test(path) ? path : encodePath(normalizePath(path));
}

/** `//` and `/./` collapse, `..` goes up, a final slash stays (D). */
export function normalizePath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  if (segments.length === 0) return "/";
  return `/${segments.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

/** As it is, except that slashes stay. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeText).join("/");
}

/** One `name=value` of a query, decoded and encoded again. */
export interface QueryPiece {
  readonly name: string;
  readonly value: string;
  /** As sent. */
  readonly raw: string;
}

/**
 * The pieces in wire order, as the data plane reads them: `&` and `;` separate (D), `+` is a space (C), a `%` that
 * begins no escape stands for itself.
 */
export function readQuery(rawQuery: string): readonly QueryPiece[] {
  if (rawQuery === "") return [];
  const pieces: QueryPiece[] = [];
  for (const raw of rawQuery.includes(";") ? rawQuery.split(/[&;]/) : rawQuery.split("&")) {
    if (raw === "") continue;
    const equals = raw.indexOf("=");
    pieces.push(
      equals < 0
        ? { name: recodeText(raw), value: "", raw }
        : { name: recodeText(raw.slice(0, equals)), value: recodeText(raw.slice(equals + 1)), raw },
    );
  }
  return pieces;
}

/** Sorted by encoded name, then by encoded value, both by code unit (D). */
export function canonicalQuery(pieces: readonly QueryPiece[]): string {
  if (pieces.length === 0) return "";
  if (pieces.length === 1) return joinPieces(pieces);
  return joinPieces(
    pieces.toSorted((one, other) => compareTexts(one.name, other.name) || compareTexts(one.value, other.value)),
  );
}

export function joinPieces(pieces: readonly QueryPiece[]): string {
  let joined = "";
  for (const { name, value } of pieces) joined += joined === "" ? `${name}=${value}` : `&${name}=${value}`;
  return joined;
}

/** The decoded value of the first piece of this name, which must need no encoding: later ones are not read (C). */
export function firstQueryValue(pieces: readonly QueryPiece[], name: string): string | undefined {
  let value: string | undefined;
  for (const piece of pieces) {
    if (piece.name !== name) continue;
    value = piece.value;
    break;
  }
  if (value === undefined || !value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Canonical values by lower-case name. */
export interface HeaderValues {
  get(name: string): string | undefined;
}

/**
 * A request's headers as signed: values trimmed, runs of blanks made one, repeated ones joined in arrival order (D). Few
 * of many headers are signed: nothing is made of the others.
 */
export class CanonicalHeaders implements HeaderValues {
  readonly #raw: readonly string[];

  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  get(name: string): string | undefined {
    let value: string | undefined;
    for (let at = 0; at < this.#raw.length; at += 2) {
      if (!this.#isNamed(at, name)) continue;
      const one = collapseBlanks(this.#raw[at + 1] ?? "");
      value = value === undefined ? one : `${value},${one}`;
    }
    return value;
  }

  /** As sent, of the last header of this name. */
  last(name: string): string | undefined {
    let value: string | undefined;
    for (let at = 0; at < this.#raw.length; at += 2) if (this.#isNamed(at, name)) value = this.#raw[at + 1] ?? "";
    return value;
  }

  /** Lower case, each once. */
  names(): readonly string[] {
    return [...new Set(this.#raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))];
  }

  #isNamed(at: number, name: string): boolean {
    const raw = this.#raw[at] as string;
    return raw.length === name.length && (raw === name || raw.toLowerCase() === name);
  }
}

/** Not `\s`: a byte of UTF-8 may look like a blank of another script. */
const NEEDS_COLLAPSING = /[\t-\r]|^ | $| {2}/;
const BLANKS = /[\t-\r ]+/g;

function collapseBlanks(value: string): string {
  if (!NEEDS_COLLAPSING.test(value)) return value;
  const collapsed = value.replace(BLANKS, " ");
  return collapsed.slice(collapsed.startsWith(" ") ? 1 : 0, collapsed.endsWith(" ") ? -1 : undefined);
}

/** A line for each header that is there. */
export function canonicalHeaders(names: readonly string[], values: HeaderValues): string {
  let lines = "";
  for (const name of names) {
    const value = values.get(wireName(name));
    if (value !== undefined) lines += `${name}:${value}\n`;
  }
  return lines;
}

/** Signed, and not there: whatever the signature says, something was taken away. */
export function absentHeaders(names: readonly string[], values: HeaderValues): readonly string[] {
  return names.filter((name) => values.get(wireName(name)) === undefined);
}

/** HTTP/1 has `:authority` in Host. */
function wireName(name: string): string {
  return name === ":authority" ? "host" : name;
}

export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
/** By byte: unreserved characters as they are, the rest `%XX` (D). */
const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** Every byte but the unreserved encoded, `%` too. */
export function encodeText(text: string): string {
  if (UNRESERVED.test(text)) return text;
  let encoded = "";
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 256) encoded += ENCODED[code];
    else {
      const character = String.fromCodePoint(text.codePointAt(at) as number);
      encoded += encodeWide(character);
      at += character.length - 1;
    }
  }
  return encoded;
}

function encodeWide(character: string): string {
  let encoded = "";
  for (const byte of Buffer.from(character)) encoded += ENCODED[byte];
  return encoded;
}

const ESCAPE_OR_PLUS = /%[0-9A-Fa-f]{2}|\+|[^%+]+|%/g;

/** Decoded as a form value, then encoded. */
function recodeText(text: string): string {
  if (UNRESERVED.test(text)) return text;
  let encoded = "";
  for (const part of text.match(ESCAPE_OR_PLUS) ?? []) {
    if (part === "+") encoded += "%20";
    else if (part.length === 3 && part.startsWith("%")) encoded += ENCODED[Number.parseInt(part.slice(1), 16)];
    else encoded += encodeText(part);
  }
  return encoded;
}

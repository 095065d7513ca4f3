import { UsageError } from "../arguments.ts";

/** A value that the code reads from its environment, so that the secret is not in the code. */
export interface Variable {
  readonly variable: string;
}

/** Text in pieces: what stands in the code, and what is read when it runs. */
export type CodeText = readonly (string | Variable)[];

/** One HTTP request that code is to be written for. */
export interface CodeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly CodeHeader[];
  readonly body?: CodeText;
}

export interface CodeHeader {
  readonly name: string;
  readonly value: CodeText;
}

/** The methods that every one of the clients can send as it is. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** What all of the clients send as the same bytes: beyond ASCII each has an encoding of its own. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const HOST_NAME = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i;
/** Written by the client itself from the body and the connection; given by hand they break the request. */
const FRAMING = [
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** @throws UsageError for a request that some client would send otherwise than `gatewarden call` does */
export function checkCodeRequest({ method, url, headers, body }: CodeRequest): void {
  const refuse = (what: string, next: string): never => {
    throw new UsageError(`--as-code cannot write ${what}. ${next}`);
  };
  if (!METHODS.includes(method)) {
    refuse(`the method ${JSON.stringify(method)}`, `Methods that every language sends: ${METHODS.join(", ")}.`);
  }
  if (!HOST_NAME.test(url.hostname)) refuse(`the host ${JSON.stringify(url.hostname)}`, "Name a host as DNS has it.");
  const seen = new Set<string>();
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) refuse(`the header name ${JSON.stringify(name)}`, "It is no HTTP token.");
    if (FRAMING.includes(lower)) refuse(`the header ${name}`, "Leave it out: the client sets it.");
    if (seen.has(lower))
      refuse(`the header ${name} twice`, "Most clients send one line: join the values with a comma.");
    if (!HEADER_VALUE.test(plain(value))) {
      refuse(`the value of header ${name}`, "Only printable ASCII is sent alike by every client.");
    }
    seen.add(lower);
  }
  if (body === undefined) return;
  if (method === "GET" || method === "HEAD") {
    refuse(`a body with ${method}`, "Several clients drop it; send it with POST, or leave --data out.");
  }
  if (plain(body).includes("\0")) refuse("a body with a NUL character", "A shell cannot pass one on.");
}

/**
 * Path and query in the characters of RFC 3986 alone. Browsers' URL parsing leaves `|`, `{`, `^` and stray `%` as they are,
 * which Java refuses and curl expands; encoded they mean the same to the server.
 */
export function requestTarget({ pathname, search }: URL): string {
  return `${pathname}${search}`
    .replace(/%(?![0-9a-f]{2})/gi, "%25")
    .replace(/["<>[\\\]^`{|}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What is certain of a text before it runs. */
export function plain(text: CodeText): string {
  return text.map((piece) => (typeof piece === "string" ? piece : "")).join("");
}

/** With pieces joined, so that a literal is one literal. */
export function joined(text: CodeText): CodeText {
  const pieces: (string | Variable)[] = [];
  for (const piece of text) {
    const last = pieces.at(-1);
    if (typeof piece === "string" && typeof last === "string") pieces[pieces.length - 1] = last + piece;
    else if (piece !== "") pieces.push(piece);
  }
  return pieces.length === 0 ? [""] : pieces;
}

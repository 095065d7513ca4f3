import { type CanonicalParts, canonicalRequest } from "./canonical-request.ts";

export const MASKED = "[masked]";

/** Headers whose values say nothing that a record may not keep; every other value is replaced. */
const SHOWN_HEADERS: ReadonlySet<string> = new Set([
  ":authority",
  "accept",
  "accept-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
  "origin",
  "user-agent",
  "x-amz-content-sha256",
  "x-amz-date",
]);
const SHOWN_PARAMETERS: ReadonlySet<string> = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
]);

/** The canonical request as a record may keep it: names whole, values by allow-list. */
export function maskCanonicalRequest(parts: CanonicalParts): string {
  return canonicalRequest({
    ...parts,
    query: parts.query.split("&").map(maskPiece).join("&"),
    headers: parts.headers.split("\n").map(maskLine).join("\n"),
  });
}

function maskPiece(piece: string): string {
  const equals = piece.indexOf("=");
  const name = piece.slice(0, equals);
  return equals < 0 || equals === piece.length - 1 || SHOWN_PARAMETERS.has(name) ? piece : `${name}=${MASKED}`;
}

function maskLine(line: string): string {
  const colon = line.indexOf(":", 1);
  const name = line.slice(0, colon);
  return colon < 0 || colon === line.length - 1 || SHOWN_HEADERS.has(name) ? line : `${name}:${MASKED}`;
}

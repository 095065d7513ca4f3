import type { HeaderValues } from "./canonical-request.ts";
import { countSignedHeaders, MAX_SIGNED_HEADERS, nameOfAlgorithm, type ParsedClaim } from "./signature-claim.ts";
import { type AuthorizationParameter, incompleteAuthorization, notKeyValue } from "./signature-error.ts";
import type { SignatureFailure, SignatureWording } from "./signature-verdict.ts";

/** A signature over a hundred headers fits; a longer value is not read. */
export const MAX_AUTHORIZATION_CHARS = 8_192;
/** Three are read. */
export const MAX_AUTHORIZATION_PARAMETERS = 16;

/**
 * Reads an Authorization header as AWS does: the first word is cut off whatever it is, the rest is split on commas, and
 * each piece must contain `=` (C). A blank inside a piece splits it too (C: `Credential=not valid/…` was refused naming
 * `valid/…`). Of a parameter given twice the last counts (C).
 */
export function parseAuthorization(
  authorization: string,
  headers: HeaderValues,
  wording: SignatureWording,
): ParsedClaim {
  if (authorization.length > MAX_AUTHORIZATION_CHARS) {
    return notReadable(
      `Authorization header has ${authorization.length} characters, at most ${MAX_AUTHORIZATION_CHARS} are read`,
      notKeyValue("", authorization, wording),
    );
  }
  const text = authorization.trim();
  const space = text.indexOf(" ");
  const scheme = space < 0 ? text : text.slice(0, space);
  const rest = space < 0 ? "" : text.slice(space + 1).trim();
  const pieces = rest === "" ? [] : piecesOf(rest);
  if (pieces.length > MAX_AUTHORIZATION_PARAMETERS) {
    return notReadable(
      `Authorization header has ${pieces.length} parameters, at most ${MAX_AUTHORIZATION_PARAMETERS} are read`,
      notKeyValue(pieces.find((piece) => !piece.includes("=")) ?? "", authorization, wording),
    );
  }
  let credential: string | undefined;
  let signature: string | undefined;
  let signedHeaders: string | undefined;
  for (const piece of pieces) {
    const equals = piece.indexOf("=");
    if (equals < 0) {
      const name = nameOfAlgorithm(scheme);
      return {
        ...notReadable(
          `Authorization header is ${name}, where a SigV4 signature is wanted: a part of it has no "="`,
          notKeyValue(piece, authorization, wording),
        ),
        actual: name,
        expected: "AWS4-HMAC-SHA256",
      };
    }
    if (piece.startsWith("Credential=")) credential = piece.slice(equals + 1);
    else if (piece.startsWith("SignedHeaders=")) signedHeaders = piece.slice(equals + 1);
    else if (piece.startsWith("Signature=")) signature = piece.slice(equals + 1);
  }
  const date = headers.get("x-amz-date") ?? headers.get("date");
  if (credential === undefined || signature === undefined || signedHeaders === undefined || date === undefined) {
    const missing: AuthorizationParameter[] = [];
    if (credential === undefined) missing.push("Credential");
    if (signature === undefined) missing.push("Signature");
    if (signedHeaders === undefined) missing.push("SignedHeaders");
    const absent = [...missing, ...(date === undefined ? ["X-Amz-Date header"] : [])];
    return {
      ok: false,
      reason: "authorization_incomplete",
      message: `the signature in the Authorization header (${nameOfAlgorithm(scheme)}) lacks ${absent.join(", ")}`,
      expected: ["Credential", "Signature", "SignedHeaders", "X-Amz-Date header"],
      error: incompleteAuthorization(missing, date !== undefined, authorization, wording),
    };
  }
  const count = countSignedHeaders(signedHeaders);
  if (count > MAX_SIGNED_HEADERS) {
    return {
      ok: false,
      reason: "authorization_incomplete",
      message: `SignedHeaders lists ${count} headers, at most ${MAX_SIGNED_HEADERS} are read`,
      expected: MAX_SIGNED_HEADERS,
      actual: count,
      error: incompleteAuthorization(["SignedHeaders"], true, authorization, wording),
    };
  }
  const sessionToken = headers.get("x-amz-security-token");
  return {
    ok: true,
    claim: { form: "header", algorithm: scheme, credential, signature, signedHeaders, date, sessionToken },
  };
}

function piecesOf(text: string): readonly string[] {
  const pieces = text.split(",");
  let hasBlanks = false;
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]!.trim();
    pieces[at] = piece;
    hasBlanks ||= piece.includes(" ") || piece.includes("\t");
  }
  return hasBlanks ? pieces.flatMap((piece) => piece.split(/[ \t]+/)) : pieces;
}

function notReadable(message: string, error: SignatureFailure["error"]): SignatureFailure {
  return { ok: false, reason: "authorization_not_key_value", message, error };
}

import { parseIdentitySources } from "./identity-source.ts";
import type { RestRequest } from "./request.ts";

/** The one header in which an authorizer looks for a token. */
export interface TokenHeader {
  /** As configured, e.g. `method.request.header.Authorization`. */
  readonly expression: string;
  readonly lowerCaseHeader: string;
}

/** A token, or what was sent in its place. */
export type HeaderToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly actual: "absent" | "empty" | "the scheme alone" };

/** The scheme may be there or not, in any casing: Cognito authorizers (C), JWT authorizers (?). */
const SCHEME = /^bearer(?: +|$)/i;

/** Undefined unless the identity source is exactly one header. */
export function compileTokenHeader(identitySource: string | undefined): TokenHeader | undefined {
  const parsed = parseIdentitySources(identitySource);
  const [source, ...more] = parsed.ok ? parsed.sources : [];
  if (source?.kind !== "header" || more.length > 0) return undefined;
  return { expression: source.expression, lowerCaseHeader: source.name.toLowerCase() };
}

export function readHeaderToken({ lowerCaseHeader }: TokenHeader, { headers }: RestRequest): HeaderToken {
  // A repeated header is one value with commas, and so no token.
  const values = headers.all(lowerCaseHeader);
  if (values.length === 0) return { ok: false, actual: "absent" };
  const sent = values.join(",");
  const token = sent.replace(SCHEME, "");
  return token === "" ? { ok: false, actual: sent === "" ? "empty" : "the scheme alone" } : { ok: true, token };
}

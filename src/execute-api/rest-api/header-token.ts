import type { Finding } from "../../model/finding.ts";
import type { Authorizer } from "../../model/rest-api.ts";
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

/** Says what is wrong with an authorizer: the methods behind it are not served. */
export type SayInvalid = (message: string, fix: string) => Finding;

export function sayInvalid(kind: "Cognito" | "JWT", { name, at }: Authorizer): SayInvalid {
  return (message, fix) => ({
    rule: "authorizer-invalid",
    severity: "error",
    effect: "route",
    message: `${kind} authorizer "${name}": ${message}`,
    fix,
    at,
    logicalId: name,
  });
}

/** A finding unless the identity source is exactly one header. */
export function compileTokenHeader({ identitySource }: Authorizer, invalid: SayInvalid): TokenHeader | Finding {
  const parsed = parseIdentitySources(identitySource);
  const [source, ...more] = parsed.ok ? parsed.sources : [];
  if (source?.kind === "header" && more.length === 0) {
    return { expression: source.expression, lowerCaseHeader: source.name.toLowerCase() };
  }
  return invalid(
    `it reads exactly one header, identitySource is ${JSON.stringify(identitySource)}.`,
    "Write method.request.header.NAME.",
  );
}

export function readHeaderToken({ lowerCaseHeader }: TokenHeader, { headers }: RestRequest): HeaderToken {
  // A repeated header is one value with commas, and so no token.
  const values = headers.all(lowerCaseHeader);
  if (values.length === 0) return { ok: false, actual: "absent" };
  const sent = values.join(",");
  const token = sent.replace(SCHEME, "");
  return token === "" ? { ok: false, actual: sent === "" ? "empty" : "the scheme alone" } : { ok: true, token };
}

import { headerValues, type IssuerRequest } from "../issuer-request.ts";

/** Holds the secret of the session; the name is Auth0's (C). */
export const SESSION_COOKIE = "auth0";
/** Ties a login under way to the browser that began it. */
export const TRANSACTION_COOKIE = "gatewarden_login";

/** 32 random bytes in base64url: all that either cookie ever holds. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const MAX_COOKIES = 200;

export type CookieVerdict =
  | { readonly ok: true; readonly value: string }
  /** `ambiguous`: two different ones, of which one may have been planted by a neighbour on another port or path. */
  | { readonly ok: false; readonly reason: "absent" | "malformed" | "ambiguous" };

export function readCookie(request: IssuerRequest, name: string): CookieVerdict {
  const pairs = headerValues(request, "cookie").flatMap((header) => header.split(";", MAX_COOKIES + 1));
  if (pairs.length > MAX_COOKIES) return { ok: false, reason: "malformed" };
  const values = new Set<string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (pair.slice(0, equals).trim() === name) values.add(pair.slice(equals + 1).trim());
  }
  const [value, other] = values;
  if (value === undefined) return { ok: false, reason: "absent" };
  if (other !== undefined) return { ok: false, reason: "ambiguous" };
  return SECRET.test(value) ? { ok: true, value } : { ok: false, reason: "malformed" };
}

/** The session's cookie goes along in the iframe of a silent renewal; over https also from another site, as Auth0's does (C). */
export function sessionCookie(secret: string, maxAgeSeconds: number, issuerUrl: string): readonly string[] {
  const attributes = issuerUrl.startsWith("https:") ? "SameSite=None; Secure" : "SameSite=Lax";
  return ["set-cookie", `${SESSION_COOKIE}=${secret}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; ${attributes}`];
}

export function endedSessionCookie(issuerUrl: string): readonly string[] {
  return sessionCookie("", 0, issuerUrl);
}

export function transactionCookie(secret: string, maxAgeSeconds: number, issuerUrl: string): readonly string[] {
  const secure = issuerUrl.startsWith("https:") ? "; Secure" : "";
  return [
    "set-cookie",
    `${TRANSACTION_COOKIE}=${secret}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${secure}`,
  ];
}

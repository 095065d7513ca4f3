import type { Api } from "../tenant/tenant.ts";

/** A JSON object of claims, in the order in which it is written into the token. */
export type TokenClaims = Readonly<Record<string, unknown>>;

export interface UnsignedToken {
  /** The header's `typ`, when the provider writes one. */
  readonly typ?: string;
  readonly claims: TokenClaims;
}

/** For whom a token speaks: a client for itself, or a user by way of a client. */
export type Subject =
  | { readonly kind: "client" }
  | { readonly kind: "user"; readonly userId: string; readonly name: string; readonly email?: string };

/** Everything that decides what is in an access token, whatever its provider's spelling. */
export interface TokenGrant {
  readonly issuer: string;
  readonly api: Api;
  readonly clientId: string;
  readonly subject: Subject;
  readonly scopes: readonly string[];
  /** All that the subject may do with this API: a user's permissions, or the scopes of the client's grant. */
  readonly entitlements: readonly string[];
  /** Written in place of the entitlements, and whatever the API's dialect says. */
  readonly permissions?: readonly string[];
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** Makes `jti` and its like; called for each. */
  readonly newId: () => string;
}

/**
 * An access token as Auth0 writes it, in the API's dialect (D; the plain dialect also C, from real tokens). There is no
 * `jti` in the plain one, so two tokens of one second are equal; an empty scope is left out.
 */
export function auth0AccessToken(grant: TokenGrant): UnsignedToken {
  const { api, clientId, scopes, subject } = grant;
  const isRfc9068 = api.tokenDialect.startsWith("rfc9068");
  const permissions = grant.permissions ?? (api.tokenDialect.endsWith("_authz") ? grant.entitlements : undefined);
  const claims = {
    iss: grant.issuer,
    sub: subject.kind === "client" ? `${clientId}@clients` : subject.userId,
    // With `openid` the token is also for /userinfo (D).
    aud: scopes.includes("openid") ? [api.identifier, `${grant.issuer}userinfo`] : api.identifier,
    iat: grant.issuedAtSeconds,
    exp: grant.expiresAtSeconds,
    ...(isRfc9068 && { jti: grant.newId(), client_id: clientId }),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    // Absent for users: their tokens come from the authorization code flow (D).
    ...(!isRfc9068 && subject.kind === "client" && { gty: "client-credentials" }),
    ...(!isRfc9068 && { azp: clientId }),
    ...(permissions && { permissions }),
  };
  return { typ: isRfc9068 ? "at+jwt" : "JWT", claims };
}

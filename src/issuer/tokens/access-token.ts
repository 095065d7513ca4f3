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
  /** Groups, where the provider's tokens have them. Default: the permissions. */
  readonly groups?: readonly string[];
  /** Auth0's `gty`. Default: that of a client's own token, and none for a user's, as after a login (D). */
  readonly grantType?: "password" | "refresh_token";
  /** Set by an Action; they never replace a claim that the issuer writes, or may write. */
  readonly customClaims?: TokenClaims;
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
  const grantType = grant.grantType ?? (subject.kind === "client" ? "client-credentials" : undefined);
  const claims = {
    ...(grant.customClaims && withoutRegistered(grant.customClaims)),
    iss: grant.issuer,
    sub: subject.kind === "client" ? `${clientId}@clients` : subject.userId,
    // With `openid` the token is also for /userinfo, unless the API signs with a secret (D).
    aud:
      scopes.includes("openid") && api.signingAlg !== "HS256"
        ? [api.identifier, `${grant.issuer}userinfo`]
        : api.identifier,
    iat: grant.issuedAtSeconds,
    exp: grant.expiresAtSeconds,
    ...(isRfc9068 && { jti: grant.newId(), client_id: clientId }),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    ...(!isRfc9068 && grantType !== undefined && { gty: grantType }),
    ...(!isRfc9068 && { azp: clientId }),
    ...(permissions && { permissions }),
  };
  return { typ: isRfc9068 ? "at+jwt" : "JWT", claims };
}

/** What an access token's own claims are called in any dialect, whether this one has them or not. */
const REGISTERED_CLAIMS: ReadonlySet<string> = new Set([
  "iss",
  "sub",
  "aud",
  "exp",
  "nbf",
  "iat",
  "jti",
  "scope",
  "scp",
  "gty",
  "azp",
  "client_id",
  "permissions",
]);

function withoutRegistered(claims: TokenClaims): TokenClaims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !REGISTERED_CLAIMS.has(name)));
}

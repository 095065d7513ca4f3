import { signJwt } from "../../token/sign-jwt.ts";
import { type KeyRing, kidFor } from "../keys/keys.ts";
import type { Client, User } from "../tenant/tenant.ts";
import type { TokenClaims } from "./access-token.ts";
import { userClaims } from "./user-claims.ts";

export interface IdTokenGrant {
  readonly issuer: string;
  readonly client: Client;
  readonly user: User;
  readonly scopes: readonly string[];
  readonly nonce?: string;
  readonly sessionId?: string;
  /** Epoch seconds of the login; given when `max_age` was asked for (D). */
  readonly authTimeSeconds?: number;
  /** Set by an Action. They may replace a claim of the profile (?), never one of the token's own. */
  readonly customClaims: TokenClaims;
  readonly issuedAtSeconds: number;
}

/** The token's own claims, which nothing replaces even where this token has not got them. */
const OWN_CLAIMS: ReadonlySet<string> = new Set(
  "iss aud iat exp nbf sub sid nonce auth_time azp acr amr at_hash c_hash s_hash jti".split(" "),
);

/** An ID token as Auth0 writes it (D), RS256: what its SDK for browsers accepts. `at_hash` is left out, as on Auth0 (?). */
export function signIdToken(grant: IdTokenGrant, keys: KeyRing): string {
  const { authTimeSeconds, client, issuedAtSeconds, nonce, sessionId, user } = grant;
  const custom = Object.entries(grant.customClaims).filter(([name]) => !OWN_CLAIMS.has(name));
  const claims = {
    ...userClaims(user, grant.scopes),
    ...Object.fromEntries(custom),
    iss: grant.issuer,
    aud: client.clientId,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + client.idTokenLifetimeSeconds,
    sub: user.userId,
    ...(authTimeSeconds !== undefined && { auth_time: authTimeSeconds }),
    ...(sessionId !== undefined && { sid: sessionId }),
    ...(nonce !== undefined && { nonce }),
  };
  const { privateKey } = keys.current;
  return signJwt(claims, { algorithm: "RS256", privateKey, kid: kidFor(keys.current, "RS256") });
}

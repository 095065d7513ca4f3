import { randomUUID } from "node:crypto";
import type { IssuerContext } from "../issuer-context.ts";
import type { AuthorizationGrant } from "../login/authorization-grant.ts";
import { type Api, type Client, findApi, permissionsOf, type User } from "../tenant/tenant.ts";
import { auth0AccessToken } from "../tokens/access-token.ts";
import { signIdToken } from "../tokens/id-token.ts";
import { OPAQUE_TOKEN_LIFETIME_SECONDS } from "../tokens/opaque-token.ts";
import { signToken } from "../tokens/sign-token.ts";
import type { Granted } from "./token-answer.ts";

export interface UserTokens {
  readonly grant: AuthorizationGrant;
  readonly client: Client;
  readonly user: User;
  /** Undefined: the access token is opaque. */
  readonly api: Api | undefined;
  /** Auth0's `gty`; absent after a login (D). That of a refresh is (?). */
  readonly grantType?: "password" | "refresh_token";
  readonly refreshToken?: string | undefined;
  readonly nonce?: string | undefined;
  /** `auth_time` is in the ID token when `max_age` was asked for (D). */
  readonly hasMaxAge?: boolean;
}

/** The tokens of a grant that has been judged in every respect. */
export async function issueUserTokens(
  { api, client, grant, grantType, hasMaxAge, nonce, refreshToken, user }: UserTokens,
  context: IssuerContext,
): Promise<Granted> {
  const { issuerUrl, state, tenant } = context;
  const { clientId } = client;
  const { userId } = user;
  const { scopes } = grant;
  const issuedAtSeconds = Math.floor(state.clock() / 1000);
  const lifetimeSeconds = api?.tokenLifetimeSeconds ?? OPAQUE_TOKEN_LIFETIME_SECONDS;

  const accessToken = api
    ? signToken(
        auth0AccessToken({
          issuer: api.issuer ?? issuerUrl,
          api,
          clientId,
          subject: { kind: "user", userId, name: user.name, ...(user.email !== undefined && { email: user.email }) },
          scopes,
          entitlements: permissionsOf(tenant, user, api.identifier),
          ...(grantType && { grantType }),
          customClaims: grant.accessTokenClaims,
          issuedAtSeconds,
          expiresAtSeconds: issuedAtSeconds + lifetimeSeconds,
          newId: randomUUID,
        }),
        api,
        state.keys,
      )
    : await state.opaqueTokens.issue(issuerUrl, { clientId, userId, scopes, customClaims: grant.idTokenClaims });
  // An opaque token holds them itself; one signed with a secret is not good at /userinfo.
  if (api && api.signingAlg !== "HS256" && scopes.includes("openid")) {
    await state.userinfoClaims.keep(accessToken, grant.idTokenClaims, issuedAtSeconds + lifetimeSeconds);
  }

  const idToken = scopes.includes("openid")
    ? signIdToken(
        {
          issuer: issuerUrl,
          client,
          user,
          scopes,
          ...(nonce !== undefined && { nonce }),
          ...(grant.sessionId !== undefined && { sessionId: grant.sessionId }),
          ...(hasMaxAge && { authTimeSeconds: grant.authTimeSeconds }),
          customClaims: grant.idTokenClaims,
          issuedAtSeconds,
        },
        state.keys,
      )
    : undefined;

  const answer = {
    access_token: accessToken,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(idToken !== undefined && { id_token: idToken }),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    expires_in: lifetimeSeconds,
    token_type: "Bearer" as const,
  };
  return { answer, userId, ...(api && { audience: api.identifier }) };
}

/** The API of a grant; `missing` when there is none of that name (any more). /userinfo alone needs no API (C). */
export function apiOfAudience(
  audience: string | undefined,
  { issuerUrl, tenant }: IssuerContext,
): Api | undefined | "missing" {
  if (audience === undefined || audience === "" || audience === `${issuerUrl}userinfo`) return undefined;
  return findApi(tenant, audience) ?? "missing";
}

/** A refresh token, if the grant is for offline access and the client may refresh. */
export async function issueRefreshToken(
  grant: AuthorizationGrant,
  client: Client,
  api: Api | undefined,
  { state }: IssuerContext,
): Promise<{ readonly token: string; readonly familyId: string } | undefined> {
  const isAllowed =
    grant.scopes.includes("offline_access") &&
    client.grantTypes.includes("refresh_token") &&
    api?.allowOfflineAccess !== false;
  return isAllowed ? state.refreshTokens.issue(grant, client.refreshToken) : undefined;
}

import type { User } from "../tenant/tenant.ts";
import type { TokenGrant, UnsignedToken } from "./access-token.ts";
import { type Profile, stableUuid } from "./provider-profiles.ts";
import { userClaims } from "./user-claims.ts";

/** Everything that decides what is in an ID token. */
export interface IdTokenOrder {
  readonly grant: TokenGrant;
  readonly user: User;
}

/** Whose ID tokens can be imitated. */
export const ID_TOKEN_PROFILES: Partial<Readonly<Record<Profile, (order: IdTokenOrder) => UnsignedToken>>> = {
  auth0: auth0IdToken,
  cognito: cognitoIdToken,
};

/** Auth0 (D): for the application, so that an API which wants its own audience refuses it. No scope. */
function auth0IdToken({ grant, user }: IdTokenOrder): UnsignedToken {
  return {
    typ: "JWT",
    claims: {
      ...userClaims(user, grant.scopes),
      iss: grant.issuer,
      aud: grant.clientId,
      iat: grant.issuedAtSeconds,
      exp: grant.expiresAtSeconds,
      sub: user.userId,
      sid: grant.newId(),
    },
  };
}

/** Amazon Cognito (D). `aud` is the app client, in whose place the API's identifier stands as in the access token. */
function cognitoIdToken({ grant, user }: IdTokenOrder): UnsignedToken {
  const groups = grant.groups ?? grant.permissions;
  return {
    claims: {
      sub: stableUuid(user.userId),
      ...(groups && { "cognito:groups": groups }),
      ...(user.email !== undefined && { email_verified: user.emailVerified }),
      iss: grant.issuer,
      "cognito:username": user.name,
      origin_jti: grant.newId(),
      aud: grant.api.identifier,
      event_id: grant.newId(),
      token_use: "id",
      auth_time: grant.issuedAtSeconds,
      exp: grant.expiresAtSeconds,
      iat: grant.issuedAtSeconds,
      jti: grant.newId(),
      ...(user.email !== undefined && { email: user.email }),
    },
  };
}

import { createHash } from "node:crypto";
import { DEFAULT_ENTRA_TENANT_ID } from "../profiles/profile-issuers.ts";
import { auth0AccessToken, type Subject, type TokenGrant, type UnsignedToken } from "./access-token.ts";

/** Whose tokens to imitate. The claims' shape is the provider's, the key ours, `iss` a path of the provider's form here. */
export type Profile = "auth0" | "cognito" | "okta" | "entra" | "keycloak";

/** How each provider writes an access token. What is (?) here has been seen nowhere but in memory. */
export const PROFILES: Readonly<Record<Profile, (grant: TokenGrant) => UnsignedToken>> = {
  auth0: auth0AccessToken,
  cognito: cognitoAccessToken,
  okta: oktaAccessToken,
  entra: entraAccessToken,
  keycloak: keycloakAccessToken,
};

/** Entra's `azpacr`: 1 is a client that proved itself by secret, 0 a public one (D). */
const AZPACR = { client: "1", user: "0" } as const;
const KEYCLOAK_DEFAULT_AUDIENCE = "account";
/** Realm roles that every Keycloak user has by default (?). */
const KEYCLOAK_DEFAULT_ROLES = ["offline_access", "uma_authorization"];

/**
 * Amazon Cognito (D): no `aud`. What API Gateway compares with its audiences is `client_id`, so the API's identifier
 * stands there: an authorizer for Cognito lists app client ids as audiences.
 */
function cognitoAccessToken(grant: TokenGrant): UnsignedToken {
  const { api, issuer, subject, scopes, groups = grant.permissions } = grant;
  const clientId = api.identifier;
  const isUser = subject.kind === "user";
  return {
    claims: {
      sub: isUser ? stableUuid(subject.userId) : clientId,
      ...(groups && { "cognito:groups": groups }),
      iss: issuer,
      version: 2,
      client_id: clientId,
      ...(isUser && { origin_jti: grant.newId(), event_id: grant.newId() }),
      token_use: "access",
      ...(scopes.length > 0 && { scope: scopes.join(" ") }),
      auth_time: grant.issuedAtSeconds,
      exp: grant.expiresAtSeconds,
      iat: grant.issuedAtSeconds,
      jti: grant.newId(),
      ...(isUser && { username: subject.name }),
    },
  };
}

/** Okta custom authorization server (?): `scp` is an array, `ver` a number, and the header has no `typ`. */
function oktaAccessToken(grant: TokenGrant): UnsignedToken {
  const { api, clientId, issuer, subject, scopes, groups = grant.permissions } = grant;
  return {
    claims: {
      ver: 1,
      jti: `AT.${grant.newId()}`,
      iss: issuer,
      aud: api.identifier,
      iat: grant.issuedAtSeconds,
      exp: grant.expiresAtSeconds,
      cid: clientId,
      ...(subject.kind === "user" && { uid: subject.userId }),
      ...(scopes.length > 0 && { scp: scopes }),
      sub: subject.kind === "user" ? (subject.email ?? subject.name) : clientId,
      ...(groups && { groups }),
    },
  };
}

/** Microsoft Entra ID v2.0 (D, ?): a user's scopes are the string `scp`; an application's are the array `roles`. */
function entraAccessToken(grant: TokenGrant): UnsignedToken {
  const { api, clientId, issuer, subject, scopes, groups } = grant;
  const isUser = subject.kind === "user";
  const roles = grant.permissions ?? (isUser ? [] : scopes);
  return {
    typ: "JWT",
    claims: {
      aud: api.identifier,
      iss: issuer,
      iat: grant.issuedAtSeconds,
      nbf: grant.issuedAtSeconds,
      exp: grant.expiresAtSeconds,
      azp: clientId,
      azpacr: AZPACR[subject.kind],
      ...(groups && { groups }),
      ...(!isUser && { idtyp: "app" }),
      ...(isUser && subject.email !== undefined && { preferred_username: subject.email }),
      oid: stableUuid(`oid ${subjectName(subject, clientId)}`),
      rh: `0.${grant.newId()}`,
      ...(roles.length > 0 && { roles }),
      ...(isUser && scopes.length > 0 && { scp: scopes.join(" ") }),
      // Pairwise: another one for every application.
      sub: stableUuid(`sub ${api.identifier} ${subjectName(subject, clientId)}`),
      tid: entraTenantId(issuer),
      uti: grant.newId(),
      ver: "2.0",
    },
  };
}

/** Keycloak (C), with an audience mapper for the API: without one its `aud` would be `account` alone. */
function keycloakAccessToken(grant: TokenGrant): UnsignedToken {
  const { api, clientId, issuer, subject, scopes, groups = [], permissions = [] } = grant;
  const isUser = subject.kind === "user";
  return {
    typ: "JWT",
    claims: {
      exp: grant.expiresAtSeconds,
      iat: grant.issuedAtSeconds,
      jti: grant.newId(),
      iss: issuer,
      aud: [api.identifier, KEYCLOAK_DEFAULT_AUDIENCE],
      sub: stableUuid(subjectName(subject, clientId)),
      typ: "Bearer",
      azp: clientId,
      ...(isUser && { sid: grant.newId() }),
      acr: "1",
      "allowed-origins": [],
      // Groups are in no token until somebody maps them; the realm's roles are what people check (C).
      realm_access: { roles: [...KEYCLOAK_DEFAULT_ROLES, ...groups] },
      ...(permissions.length > 0 && { resource_access: { [clientId]: { roles: permissions } } }),
      scope: scopes.join(" "),
      preferred_username: isUser ? subject.name : `service-account-${clientId}`,
      ...(isUser && subject.email !== undefined && { email: subject.email }),
    },
  };
}

function subjectName(subject: Subject, clientId: string): string {
  return subject.kind === "user" ? subject.userId : clientId;
}

/** The tenant is in the issuer: `…/TENANT/v2.0` (D). */
function entraTenantId(issuer: string): string {
  return /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//i.exec(issuer)?.[1] ?? DEFAULT_ENTRA_TENANT_ID;
}

/** A UUID that is the same for the same name, in the form of version 8 (RFC 9562 §5.8). */
export function stableUuid(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

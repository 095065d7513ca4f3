import { deriveApiId, deriveClientId, REFRESH_TOKEN_DEFAULTS } from "./derived-tenant.ts";
import {
  type Api,
  type AppType,
  type Client,
  DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
  DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  type RefreshTokenSettings,
  type TokenEndpointAuthMethod,
} from "./tenant.ts";
import type { DeclaredApi, DeclaredApplication } from "./tenant-content.ts";
import type { ApiDeclaration } from "./tenant-store.ts";

/** An API with Auth0's defaults (R, D), without its secret. */
export function apiFrom(
  identifier: string,
  entry: DeclaredApi | undefined,
  declaration: ApiDeclaration | undefined,
): Api {
  const policies = entry?.subject_type_authorization;
  const tokenLifetimeSeconds = entry?.token_lifetime ?? DEFAULT_TOKEN_LIFETIME_SECONDS;
  const described = entry?.scopes?.flatMap(({ value, description }) =>
    description === undefined ? [] : [[value, description] as const],
  );
  return {
    id: deriveApiId(identifier),
    identifier,
    name: entry?.name ?? declaration?.name ?? identifier,
    scopes: entry?.scopes?.map(({ value }) => value) ?? declaration?.scopes ?? [],
    scopeDescriptions: Object.fromEntries(described ?? []),
    signingAlg: entry?.signing_alg ?? "RS256",
    tokenLifetimeSeconds,
    tokenLifetimeForWebSeconds:
      entry?.token_lifetime_for_web ?? Math.min(DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS, tokenLifetimeSeconds),
    tokenDialect: entry?.token_dialect ?? "access_token",
    enforcePolicies: entry?.enforce_policies ?? false,
    allowOfflineAccess: entry?.allow_offline_access ?? false,
    skipConsentForFirstParty: entry?.skip_consent_for_verifiable_first_party_clients ?? true,
    userPolicy: policies?.user?.policy ?? "allow_all",
    clientPolicy: policies?.client?.policy ?? "require_client_grant",
    ...(declaration?.issuer !== undefined && { issuer: declaration.issuer }),
    // One of the project's files is as the dashboard makes it, which sets them all.
    ...(declaration === undefined && { unset: SET_BY_HAND.filter((member) => entry?.[member] === undefined) }),
    isSystem: false,
  };
}

const SET_BY_HAND = ["name", "scopes", "enforce_policies", "token_dialect"] as const;

/** What Auth0's dashboard gives a new application of the type (D). */
const BY_TYPE: Readonly<Record<AppType, { authMethod: TokenEndpointAuthMethod; grantTypes: readonly string[] }>> = {
  // Auth0 adds `implicit` to these two, which nothing here answers.
  spa: { authMethod: "none", grantTypes: ["authorization_code", "refresh_token"] },
  native: { authMethod: "none", grantTypes: ["authorization_code", "refresh_token"] },
  regular_web: {
    authMethod: "client_secret_post",
    grantTypes: ["authorization_code", "refresh_token", "client_credentials"],
  },
  non_interactive: { authMethod: "client_secret_post", grantTypes: ["client_credentials"] },
};

/** An application with Auth0's defaults for its type (D), without its secret. */
export function clientFrom(entry: DeclaredApplication, project: string): Client {
  const appType = entry.app_type ?? "non_interactive";
  return {
    clientId: entry.client_id ?? deriveClientId(project, `application ${entry.name}`),
    clientSecret: "",
    name: entry.name,
    ...(entry.description !== undefined && { description: entry.description }),
    ...(entry.logo_uri !== undefined && { logoUri: entry.logo_uri }),
    ...(entry.client_metadata !== undefined && { metadata: entry.client_metadata }),
    appType,
    tokenEndpointAuthMethod: entry.token_endpoint_auth_method ?? BY_TYPE[appType].authMethod,
    grantTypes: entry.grant_types ?? BY_TYPE[appType].grantTypes,
    callbacks: entry.callbacks ?? [],
    webOrigins: entry.web_origins ?? [],
    allowedOrigins: entry.allowed_origins ?? [],
    allowedLogoutUrls: entry.allowed_logout_urls ?? [],
    isFirstParty: entry.is_first_party ?? true,
    refreshToken: refreshTokenFrom(entry.refresh_token, appType),
    idTokenLifetimeSeconds: entry.id_token_lifetime ?? DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
    publicKeys: entry.public_keys ?? [],
  };
}

/** Auth0's "NAME (Test Application)" (D). */
export function testClientFrom({ identifier, name }: Api, project: string): Client {
  return {
    clientId: deriveClientId(project, identifier),
    clientSecret: "",
    name: `${name} (Test Application)`,
    appType: "non_interactive",
    tokenEndpointAuthMethod: "client_secret_post",
    grantTypes: BY_TYPE.non_interactive.grantTypes,
    callbacks: [],
    webOrigins: [],
    allowedOrigins: [],
    allowedLogoutUrls: [],
    isFirstParty: true,
    refreshToken: REFRESH_TOKEN_DEFAULTS,
    idTokenLifetimeSeconds: DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
    publicKeys: [],
  };
}

/** A rotating token expires unless told otherwise (?). */
function refreshTokenFrom(entry: DeclaredApplication["refresh_token"], appType: AppType): RefreshTokenSettings {
  const rotation = entry?.rotation_type ?? (appType === "spa" ? "rotating" : REFRESH_TOKEN_DEFAULTS.rotation);
  const byRotation = rotation === "rotating" ? "expiring" : REFRESH_TOKEN_DEFAULTS.expiration;
  const lifetimeSeconds = entry?.token_lifetime ?? REFRESH_TOKEN_DEFAULTS.lifetimeSeconds;
  return {
    rotation,
    expiration: entry?.expiration_type ?? byRotation,
    leewaySeconds: entry?.leeway ?? REFRESH_TOKEN_DEFAULTS.leewaySeconds,
    lifetimeSeconds,
    idleLifetimeSeconds:
      entry?.idle_token_lifetime ?? Math.min(REFRESH_TOKEN_DEFAULTS.idleLifetimeSeconds, lifetimeSeconds),
  };
}

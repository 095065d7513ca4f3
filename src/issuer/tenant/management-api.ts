import { deriveApiId, deriveClientId, deriveGrantId, REFRESH_TOKEN_DEFAULTS } from "./derived-tenant.ts";
import {
  type Api,
  type Client,
  type ClientGrant,
  DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
  DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
} from "./tenant.ts";

/** Those of Auth0's Management API (D) that concern what this issuer has. */
export const MANAGEMENT_SCOPES: readonly string[] = [
  ...crud("resource_servers"),
  ...crud("clients"),
  ...crud("client_keys"),
  ...crud("client_grants"),
  ...crud("users"),
  ...crud("users_app_metadata"),
  ...crud("roles"),
  ...crud("role_members"),
  "read:signing_keys",
  "create:signing_keys",
  "update:signing_keys",
  "read:tenant_settings",
  "update:tenant_settings",
  "read:actions",
  "read:logs",
  "read:logs_users",
  "read:connections",
];

const MANAGEMENT_CLIENT_NAME = "Gatewarden Management";

/** The Management API's audience: never a custom domain's (D). */
export function managementAudience(issuerUrl: string): string {
  return `${issuerUrl}api/v2/`;
}

export function managementApi(issuerUrl: string): Api {
  const identifier = managementAudience(issuerUrl);
  return {
    id: deriveApiId(identifier),
    identifier,
    name: "Auth0 Management API",
    scopes: MANAGEMENT_SCOPES,
    scopeDescriptions: {},
    signingAlg: "RS256",
    tokenLifetimeSeconds: DEFAULT_TOKEN_LIFETIME_SECONDS,
    tokenLifetimeForWebSeconds: DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS,
    tokenDialect: "access_token",
    enforcePolicies: false,
    allowOfflineAccess: false,
    skipConsentForFirstParty: false,
    // No page administers a tenant on a user's behalf.
    userPolicy: "deny_all",
    clientPolicy: "require_client_grant",
    isSystem: true,
  };
}

/** The application that may do everything: `gatewarden issuer secrets show` has its secret. */
export function managementClient(project: string): Omit<Client, "clientSecret"> {
  return {
    clientId: managementClientId(project),
    name: MANAGEMENT_CLIENT_NAME,
    appType: "non_interactive",
    tokenEndpointAuthMethod: "client_secret_post",
    grantTypes: ["client_credentials"],
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

export function managementClientId(project: string): string {
  return deriveClientId(project, "management api");
}

export function managementGrant(project: string, issuerUrl: string): ClientGrant {
  const clientId = managementClientId(project);
  const audience = managementAudience(issuerUrl);
  const id = deriveGrantId(clientId, audience, "client");
  return { id, clientId, audience, scopes: MANAGEMENT_SCOPES, subjectType: "client" };
}

function crud(thing: string): string[] {
  return ["read", "create", "update", "delete"].map((verb) => `${verb}:${thing}`);
}

/**
 * What the issuer knows of one tenant, complete: every default filled in, every secret at hand. Immutable; a change makes
 * a new one. The words are Auth0's.
 */
export interface Tenant {
  readonly apis: readonly Api[];
  readonly clients: readonly Client[];
  readonly clientGrants: readonly ClientGrant[];
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  /** Auth0's tenant setting "Default Audience": what a request without `audience` means. */
  readonly defaultAudience?: string;
  /** The tenant's own list, for logouts that name no client (D). */
  readonly allowedLogoutUrls: readonly string[];
  /** `auth0` asks where Auth0 asks: of first-party apps on localhost always (D). `skip` never does. */
  readonly consent: "skip" | "auth0";
  /** A button for each user, or a form for email and password. */
  readonly login: "buttons" | "password";
  /** Host names, each an issuer of its own with the same keys: tokens carry the `iss` of the host that was asked (D). */
  readonly customDomains: readonly string[];
  /** `flags.allow_api1_non_global_clients` of old tenants: a client that names no audience gets an opaque token (D). */
  readonly opaqueTokensForClients: boolean;
}

/** Auth0's "API" (its Management API says resource server). */
export interface Api {
  /** 24 hex digits, as Auth0's. */
  readonly id: string;
  /** The audience, compared character for character: `https://x` and `https://x/` are two APIs (D). */
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** By scope. */
  readonly scopeDescriptions: Readonly<Record<string, string>>;
  readonly signingAlg: SigningAlgorithm;
  /** The key of HS256 tokens; every holder can also sign with it. */
  readonly signingSecret?: string;
  readonly tokenLifetimeSeconds: number;
  /** Counts for tokens of the implicit flow only (D), which this issuer has not; kept for the Management API. */
  readonly tokenLifetimeForWebSeconds: number;
  readonly tokenDialect: TokenDialect;
  /** RBAC (`enforce_policies`): a user gets the requested scopes that are among the user's permissions (D). */
  readonly enforcePolicies: boolean;
  readonly allowOfflineAccess: boolean;
  readonly skipConsentForFirstParty: boolean;
  /** Which applications may ask for this API's tokens on a user's behalf, and for themselves (D). */
  readonly userPolicy: "allow_all" | "require_client_grant" | "deny_all";
  readonly clientPolicy: "require_client_grant" | "deny_all";
  /** Another `iss` for its tokens: that of the real tenant, which this issuer speaks for. */
  readonly issuer?: string;
  /** Members of its Management API form that nobody has set: those are not answered (R). Default: none. */
  readonly unset?: readonly ("name" | "scopes" | "enforce_policies" | "token_dialect")[];
  /** The Management API itself (identifier: the issuer's URL and `api/v2/`), which nobody can change. */
  readonly isSystem: boolean;
}

export type SigningAlgorithm = "RS256" | "PS256" | "HS256";

/** The `_authz` dialects add the `permissions` claim (D). */
export type TokenDialect = "access_token" | "access_token_authz" | "rfc9068_profile" | "rfc9068_profile_authz";

/** Auth0's "application". */
export interface Client {
  readonly clientId: string;
  /** Every client has one, as on Auth0; public clients never use it. */
  readonly clientSecret: string;
  readonly name: string;
  readonly description?: string;
  readonly logoUri?: string;
  /** `client_metadata`, which Actions see as `event.client.metadata`. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly appType: AppType;
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod;
  readonly grantTypes: readonly string[];
  readonly callbacks: readonly string[];
  /** May renew silently in an iframe, and call the token endpoint from a page. */
  readonly webOrigins: readonly string[];
  /** May call the token endpoint from a page (CORS). */
  readonly allowedOrigins: readonly string[];
  readonly allowedLogoutUrls: readonly string[];
  readonly isFirstParty: boolean;
  readonly refreshToken: RefreshTokenSettings;
  readonly idTokenLifetimeSeconds: number;
  /** JWKs whose private halves sign `private_key_jwt` assertions. */
  readonly publicKeys: readonly Readonly<Record<string, unknown>>[];
}

/** `spa` and `native` are public: they can keep no secret. */
export type AppType = "spa" | "native" | "regular_web" | "non_interactive";
/** Auth0 takes `client_secret_basic` where `_post` is set, and the other way round (D). */
export type TokenEndpointAuthMethod = "none" | "client_secret_post" | "client_secret_basic" | "private_key_jwt";

export interface RefreshTokenSettings {
  readonly rotation: "rotating" | "non-rotating";
  /** `non-expiring` ignores both lifetimes. */
  readonly expiration: "expiring" | "non-expiring";
  /** How long a rotated token may still be used once more, e.g. by a second tab. */
  readonly leewaySeconds: number;
  readonly lifetimeSeconds: number;
  readonly idleLifetimeSeconds: number;
}

/** What one client may have of one API. The scopes are the ceiling. */
export interface ClientGrant {
  /** `cgr_` and 16 characters, as Auth0's. */
  readonly id: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  /** For whom: the client itself, or users by way of it. One client may have both for one API (D). */
  readonly subjectType: "client" | "user";
}

export interface User {
  /** The token's `sub`, e.g. `auth0|alice`. */
  readonly userId: string;
  readonly name: string;
  readonly nickname: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly username?: string;
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly picture?: string;
  /** E.164. */
  readonly phoneNumber?: string;
  readonly phoneVerified?: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Ids of roles. */
  readonly roles: readonly string[];
  /** Those given directly, by API identifier. */
  readonly permissions: PermissionsByApi;
  /** For the `password` grant and the login form; kept outside the tenant's file. */
  readonly password: string;
  readonly userMetadata: Readonly<Record<string, unknown>>;
  readonly appMetadata: Readonly<Record<string, unknown>>;
  readonly isBlocked: boolean;
  /** Enrolled in a second factor. There is none here to ask for, so such a user gets no tokens (C: `mfa_required`). */
  readonly hasMultifactor: boolean;
}

export interface Role {
  /** `rol_` and 16 characters, as Auth0's. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: PermissionsByApi;
}

/** Permission names by API identifier. */
export type PermissionsByApi = Readonly<Record<string, readonly string[]>>;

/** Auth0's defaults for a new API (R). */
export const DEFAULT_TOKEN_LIFETIME_SECONDS = 86_400;
export const DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS = 7_200;
/** Auth0's largest token lifetime (D). */
export const MAX_TOKEN_LIFETIME_SECONDS = 2_592_000;
/** Auth0's default for ID tokens (D). */
export const DEFAULT_ID_TOKEN_LIFETIME_SECONDS = 36_000;
/** Lengths of Auth0's own. */
export const CLIENT_ID_CHARS = 32;
export const CLIENT_SECRET_CHARS = 64;

export function findApi(tenant: Tenant, identifier: string): Api | undefined {
  return tenant.apis.find((api) => api.identifier === identifier);
}

export function findClient(tenant: Tenant, clientId: string): Client | undefined {
  return tenant.clients.find((client) => client.clientId === clientId);
}

export function findUser(tenant: Tenant, userId: string): User | undefined {
  return tenant.users.find((user) => user.userId === userId);
}

/** By email address or username, whose case does not count on Auth0 (?). The one is never the other. */
export function findUserByLogin(tenant: Tenant, login: string): User | undefined {
  const lower = login.toLowerCase();
  return tenant.users.find(({ email, username }) => [email, username].some((name) => name?.toLowerCase() === lower));
}

export function findClientGrant(
  tenant: Tenant,
  clientId: string,
  audience: string,
  subjectType: ClientGrant["subjectType"] = "client",
): ClientGrant | undefined {
  return tenant.clientGrants.find(
    (grant) => grant.clientId === clientId && grant.audience === audience && grant.subjectType === subjectType,
  );
}

/** The first client that has a grant for the API: in a derived tenant, its test application. */
export function findTestClient(tenant: Tenant, api: Api): Client | undefined {
  return tenant.clients.find(({ clientId }) => findClientGrant(tenant, clientId, api.identifier) !== undefined);
}

/** Whether it can keep a secret. */
export function isPublicClient(client: Client): boolean {
  return client.tokenEndpointAuthMethod === "none";
}

/** All of a user's permissions on an API, given directly and by roles, in that order. */
export function permissionsOf(tenant: Tenant, user: User, audience: string): readonly string[] {
  const roles = tenant.roles.filter((role) => user.roles.includes(role.id));
  return [...new Set([user, ...roles].flatMap((each) => own(each.permissions, audience)))];
}

function own(permissions: PermissionsByApi, audience: string): readonly string[] {
  return Object.hasOwn(permissions, audience) ? (permissions[audience] ?? []) : [];
}

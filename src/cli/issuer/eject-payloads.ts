import { createPublicKey, type webcrypto } from "node:crypto";
import { managementClientId } from "../../issuer/tenant/management-api.ts";
import { DEFAULT_PROJECT } from "../../issuer/tenant/open-tenant-store.ts";
import type { Api, Client, Tenant } from "../../issuer/tenant/tenant.ts";
import { isLoopback } from "../../token/loopback.ts";

/** What of a tenant a real one is rebuilt from: all but the Management API, which it has, and the users. */
export function ejectable(tenant: Tenant): Pick<Tenant, "apis" | "clients" | "clientGrants" | "roles"> {
  const apis = tenant.apis.filter(({ isSystem }) => !isSystem);
  const clients = tenant.clients.filter(({ clientId }) => clientId !== managementClientId(DEFAULT_PROJECT));
  const clientGrants = tenant.clientGrants.filter(
    (grant) =>
      apis.some(({ identifier }) => identifier === grant.audience) &&
      clients.some(({ clientId }) => clientId === grant.clientId),
  );
  return { apis, clients, clientGrants, roles: tenant.roles };
}

/** As `POST /api/v2/resource-servers` takes it (D). Auth0 makes the secret of an HS256 API itself. */
export function resourceServerPayload(api: Api) {
  return {
    name: api.name,
    identifier: api.identifier,
    scopes: api.scopes.map((value) => ({ value, description: api.scopeDescriptions[value] ?? value })),
    signing_alg: api.signingAlg,
    token_dialect: api.tokenDialect,
    enforce_policies: api.enforcePolicies,
    allow_offline_access: api.allowOfflineAccess,
    token_lifetime: api.tokenLifetimeSeconds,
    token_lifetime_for_web: api.tokenLifetimeForWebSeconds,
    skip_consent_for_verifiable_first_party_clients: api.skipConsentForFirstParty,
    subject_type_authorization: { user: { policy: api.userPolicy }, client: { policy: api.clientPolicy } },
  };
}

/** As `POST /api/v2/clients` takes it (D). The id and the secret will be others. */
export function clientPayload(client: Client) {
  const { refreshToken } = client;
  const credentials = publicKeysOf(client).map((pem, index) => ({
    name: `key ${index + 1}`,
    credential_type: "public_key",
    pem,
  }));
  return {
    name: client.name,
    ...(client.description !== undefined && { description: client.description }),
    ...(client.logoUri !== undefined && { logo_uri: client.logoUri }),
    ...(client.metadata !== undefined && { client_metadata: client.metadata }),
    app_type: client.appType,
    oidc_conformant: true,
    is_first_party: client.isFirstParty,
    ...(client.tokenEndpointAuthMethod === "private_key_jwt"
      ? { client_authentication_methods: { private_key_jwt: { credentials } } }
      : { token_endpoint_auth_method: client.tokenEndpointAuthMethod }),
    grant_types: client.grantTypes,
    callbacks: client.callbacks,
    web_origins: client.webOrigins,
    allowed_origins: client.allowedOrigins,
    allowed_logout_urls: client.allowedLogoutUrls,
    jwt_configuration: { alg: "RS256", lifetime_in_seconds: client.idTokenLifetimeSeconds },
    refresh_token: {
      rotation_type: refreshToken.rotation,
      expiration_type: refreshToken.expiration,
      leeway: refreshToken.leewaySeconds,
      token_lifetime: refreshToken.lifetimeSeconds,
      idle_token_lifetime: refreshToken.idleLifetimeSeconds,
      infinite_token_lifetime: refreshToken.expiration === "non-expiring",
      infinite_idle_token_lifetime: refreshToken.expiration === "non-expiring",
    },
  };
}

/** PEM. */
export function publicKeysOf({ publicKeys }: Client): readonly string[] {
  return publicKeys.map((jwk) =>
    createPublicKey({ key: jwk as webcrypto.JsonWebKey, format: "jwk" })
      .export({ type: "spki", format: "pem" })
      .toString(),
  );
}

/** URLs of a client that only work on the developer's machine, with the settings they are in. */
export function localUrls(client: Client): readonly { readonly setting: string; readonly url: string }[] {
  const settings = {
    callbacks: client.callbacks,
    web_origins: client.webOrigins,
    allowed_origins: client.allowedOrigins,
    allowed_logout_urls: client.allowedLogoutUrls,
  };
  return Object.entries(settings).flatMap(([setting, urls]) => urls.filter(isLocal).map((url) => ({ setting, url })));
}

export function isLocal(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}

/** One Action for each trigger that a file exports a handler of (D: the versions). */
export interface EjectedAction {
  readonly name: string;
  readonly trigger: string;
  readonly version: string;
  /** As the command's working folder names it. */
  readonly file: string;
}

export function actionsIn(code: string, file: string): readonly EjectedAction[] {
  return [
    { handler: "onExecutePostLogin", trigger: "post-login", version: "v3" },
    { handler: "onExecuteCredentialsExchange", trigger: "credentials-exchange", version: "v2" },
  ]
    .filter(({ handler }) => new RegExp(`\\b${handler}\\b`).test(code))
    .map(({ trigger, version }) => ({ name: `gatewarden ${trigger}`, trigger, version, file }));
}

import type { Api, Client, ClientGrant, Role, Tenant } from "../../issuer/tenant/tenant.ts";
import { type EjectedAction, ejectable, isLocal, publicKeysOf } from "./eject-payloads.ts";

/** Terraform that rebuilds the tenant on Auth0 (D: the registry's pages of auth0/auth0). */
export function ejectTerraform(tenant: Tenant, actions: readonly EjectedAction[]): string {
  const { apis, clients, clientGrants, roles } = ejectable(tenant);
  const names = new Names();
  const apiNames = new Map(apis.map((api) => [api.identifier, names.of("api", api.name)]));
  const clientNames = new Map(clients.map((client) => [client.clientId, names.of("client", client.name)]));
  const grantName = ({ clientId, audience, subjectType }: ClientGrant): string =>
    names.of("grant", `${clientNames.get(clientId)}_${apiNames.get(audience)}_${subjectType}`);
  return [
    "# Rebuilds the development tenant on Auth0. Ids and secrets will be others. Users stay behind.",
    PROVIDER,
    ...apis.flatMap((api) => apiResources(api, apiNames.get(api.identifier)!)),
    ...clients.flatMap((client) => clientResources(client, clientNames.get(client.clientId)!)),
    ...clientGrants.map((grant) =>
      grantResource(grant, grantName(grant), clientNames.get(grant.clientId)!, apiNames.get(grant.audience)!),
    ),
    ...roles.flatMap((role) => roleResources(role, names.of("role", role.name), apiNames)),
    ...actions.flatMap((action) => actionResources(action, names.of("action", action.trigger))),
    ...tenantResource(tenant, apiNames),
  ]
    .join("\n\n")
    .concat("\n");
}

const PROVIDER = `terraform {
  required_providers {
    auth0 = {
      source  = "auth0/auth0"
      version = "~> 1.0"
    }
  }
}

# Reads AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET.
provider "auth0" {}`;

function apiResources(api: Api, name: string): string[] {
  const server = block(`resource "auth0_resource_server" "${name}"`, [
    set("name", api.name),
    set("identifier", api.identifier),
    set("signing_alg", api.signingAlg),
    set("token_dialect", api.tokenDialect),
    set("enforce_policies", api.enforcePolicies),
    set("allow_offline_access", api.allowOfflineAccess),
    set("token_lifetime", api.tokenLifetimeSeconds),
    set("token_lifetime_for_web", api.tokenLifetimeForWebSeconds),
    set("skip_consent_for_verifiable_first_party_clients", api.skipConsentForFirstParty),
    block("subject_type_authorization", [
      block("user", [set("policy", api.userPolicy)]),
      block("client", [set("policy", api.clientPolicy)]),
    ]),
  ]);
  if (api.scopes.length === 0) return [server];
  const scopes = api.scopes.map((scope) =>
    block("scopes", [set("name", scope), set("description", api.scopeDescriptions[scope] ?? scope)]),
  );
  const identifier = refer("resource_server_identifier", `auth0_resource_server.${name}.identifier`);
  return [server, block(`resource "auth0_resource_server_scopes" "${name}"`, [identifier, ...scopes])];
}

function clientResources(client: Client, name: string): string[] {
  const { refreshToken } = client;
  const method = client.tokenEndpointAuthMethod;
  const keys = publicKeysOf(client).map((pem, index) =>
    block("credentials", [set("name", `key ${index + 1}`), set("credential_type", "public_key"), set("pem", pem)]),
  );
  return [
    block(`resource "auth0_client" "${name}"`, [
      set("name", client.name),
      ...(client.description !== undefined ? [set("description", client.description)] : []),
      ...(client.logoUri !== undefined ? [set("logo_uri", client.logoUri)] : []),
      ...(client.metadata !== undefined ? [setMap("client_metadata", client.metadata)] : []),
      set("app_type", client.appType),
      set("oidc_conformant", true),
      set("is_first_party", client.isFirstParty),
      set("grant_types", client.grantTypes),
      set("callbacks", client.callbacks),
      set("web_origins", client.webOrigins),
      set("allowed_origins", client.allowedOrigins),
      set("allowed_logout_urls", client.allowedLogoutUrls),
      block("jwt_configuration", [set("alg", "RS256"), set("lifetime_in_seconds", client.idTokenLifetimeSeconds)]),
      block("refresh_token", [
        set("rotation_type", refreshToken.rotation),
        set("expiration_type", refreshToken.expiration),
        set("leeway", refreshToken.leewaySeconds),
        set("token_lifetime", refreshToken.lifetimeSeconds),
        set("idle_token_lifetime", refreshToken.idleLifetimeSeconds),
        set("infinite_token_lifetime", refreshToken.expiration === "non-expiring"),
        set("infinite_idle_token_lifetime", refreshToken.expiration === "non-expiring"),
      ]),
    ]),
    block(`resource "auth0_client_credentials" "${name}"`, [
      refer("client_id", `auth0_client.${name}.id`),
      set("authentication_method", method),
      ...(method === "private_key_jwt" ? [block("private_key_jwt", keys)] : []),
    ]),
  ];
}

function grantResource(grant: ClientGrant, name: string, client: string, api: string): string {
  return block(`resource "auth0_client_grant" "${name}"`, [
    // The scopes must be there first.
    ...(grant.scopes.length > 0 ? [refer("depends_on", `[auth0_resource_server_scopes.${api}]`)] : []),
    refer("client_id", `auth0_client.${client}.id`),
    refer("audience", `auth0_resource_server.${api}.identifier`),
    set("scopes", grant.scopes),
    set("subject_type", grant.subjectType),
  ]);
}

function roleResources(role: Role, name: string, apiNames: ReadonlyMap<string, string>): string[] {
  const resource = block(`resource "auth0_role" "${name}"`, [
    set("name", role.name),
    set("description", role.description || role.name),
  ]);
  const used = Object.entries(role.permissions).filter(
    ([identifier, scopes]) => scopes.length > 0 && apiNames.has(identifier),
  );
  if (used.length === 0) return [resource];
  const permissions = used.flatMap(([identifier, scopes]) =>
    scopes.map((scope) =>
      block("permissions", [
        set("name", scope),
        refer("resource_server_identifier", `auth0_resource_server.${apiNames.get(identifier)}.identifier`),
      ]),
    ),
  );
  const depends = used.map(([identifier]) => `auth0_resource_server_scopes.${apiNames.get(identifier)}`).join(", ");
  return [
    resource,
    block(`resource "auth0_role_permissions" "${name}"`, [
      refer("depends_on", `[${depends}]`),
      refer("role_id", `auth0_role.${name}.id`),
      ...permissions,
    ]),
  ];
}

function actionResources({ name: title, trigger, version, file }: EjectedAction, name: string): string[] {
  return [
    block(`resource "auth0_action" "${name}"`, [
      set("name", title),
      set("runtime", "node22"),
      set("deploy", true),
      refer("code", `file(${text(file)})`),
      block("supported_triggers", [set("id", trigger), set("version", version)]),
    ]),
    block(`resource "auth0_trigger_actions" "${name}"`, [
      set("trigger", trigger),
      block("actions", [refer("id", `auth0_action.${name}.id`), refer("display_name", `auth0_action.${name}.name`)]),
    ]),
  ];
}

function tenantResource(
  { defaultAudience, allowedLogoutUrls }: Tenant,
  apiNames: ReadonlyMap<string, string>,
): string[] {
  const settings = [
    ...(defaultAudience !== undefined && apiNames.has(defaultAudience)
      ? [refer("default_audience", `auth0_resource_server.${apiNames.get(defaultAudience)}.identifier`)]
      : []),
    ...(allowedLogoutUrls.length > 0 ? [set("allowed_logout_urls", allowedLogoutUrls)] : []),
  ];
  return settings.length === 0 ? [] : [block('resource "auth0_tenant" "tenant"', settings)];
}

/** Names that Terraform takes, each once in its kind. */
class Names {
  readonly #taken = new Set<string>();

  of(kind: string, given: string): string {
    const plain = given
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "");
    const name = /^[a-z]/.test(plain) ? plain : `${kind}_${plain}`;
    for (let number = 1; ; number++) {
      const unique = number === 1 ? name : `${name}_${number}`;
      if (this.#taken.has(`${kind} ${unique}`)) continue;
      this.#taken.add(`${kind} ${unique}`);
      return unique;
    }
  }
}

function block(head: string, body: readonly string[]): string {
  return `${head} {\n${body.join("\n").replace(/^(?=.)/gm, "  ")}\n}`;
}

function set(name: string, value: string | number | boolean | readonly string[]): string {
  if (typeof value === "string") return `${name} = ${text(value)}`;
  if (typeof value !== "object") return `${name} = ${value}`;
  if (!value.some(isLocal)) return `${name} = [${value.map(text).join(", ")}]`;
  const items = value.map((each) => `  ${text(each)},${isLocal(each) ? " # this machine" : ""}`);
  return `${name} = [\n${items.join("\n")}\n]`;
}

function setMap(name: string, values: Readonly<Record<string, string>>): string {
  const items = Object.entries(values).map(([key, value]) => `  ${text(key)} = ${text(value)}`);
  return items.length === 0 ? `${name} = {}` : `${name} = {\n${items.join("\n")}\n}`;
}

function refer(name: string, expression: string): string {
  return `${name} = ${expression}`;
}

/** A literal: no part of it is a template. JSON's escapes are those of Terraform, but for two that no name holds. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
}

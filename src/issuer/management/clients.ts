import { randomUUID } from "node:crypto";
import { deriveClientId } from "../tenant/derived-tenant.ts";
import { type Client, findClient } from "../tenant/tenant.ts";
import { CHANGED_CLIENT_PAYLOAD, clientEntry, NEW_CLIENT_PAYLOAD, newClientEntry } from "./client-payload.ts";
import { inexistent, invalidBody } from "./management-error.ts";
import { checkScopes } from "./management-token.ts";
import { created, type ManagementCall, NO_CONTENT, type Operation, ok } from "./operation.ts";
import { FIELDS_QUERY, OFFSET_QUERY, pageOf, readFlag, withFields } from "./page.ts";
import { readPayload } from "./payload.ts";

/** Who may see secrets (D: "client_secret" needs one of these). */
const SECRET_SCOPES: readonly string[] = ["read:client_keys", "read:client_credentials"];
const READ_SCOPES: readonly string[] = ["read:clients", "read:client_keys"];
const FLAGS_QUERY: readonly string[] = ["is_global", "is_first_party", "app_type"];

export const CLIENT_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "clients",
    scopes: READ_SCOPES,
    query: [...OFFSET_QUERY, ...FIELDS_QUERY, ...FLAGS_QUERY],
    answer(call) {
      const isFirstParty = readFlag(call.query, "is_first_party");
      const isGlobal = readFlag(call.query, "is_global");
      const appTypes = call.query.get("app_type")?.split(",");
      const clients = call.tenant.clients.filter(
        (client) =>
          isGlobal !== true &&
          (isFirstParty === undefined || client.isFirstParty === isFirstParty) &&
          (appTypes === undefined || appTypes.includes(client.appType)),
      );
      return pageOf(
        call,
        "clients",
        clients.map((client) => clientJson(client, call)),
      );
    },
  },
  {
    method: "POST",
    path: "clients",
    scopes: ["create:clients"],
    async answer(call) {
      const { context, tenant } = call;
      const read = readPayload(call.body, NEW_CLIENT_PAYLOAD);
      // An id follows from the name in a tenant's file; another one of that name, as Auth0 allows it, needs its own.
      const isSecond = tenant.clients.some(({ name }) => name === read.name);
      const entry = { ...newClientEntry(read), ...(isSecond && { client_id: newClientId() }) };
      const id = await context.state.tenants.create("applications", entry);
      const client = findClient(context.state.tenants.current(), id);
      if (client === undefined) throw inexistent("client");
      // The answer to the creation has the secret, as on Auth0 (R), whoever asked.
      return created(clientJson(client, call, true));
    },
  },
  {
    method: "GET",
    path: "clients/{}",
    scopes: READ_SCOPES,
    query: FIELDS_QUERY,
    answer: (call) => ok(withFields(call.query, clientJson(clientOf(call), call))),
  },
  {
    method: "PATCH",
    path: "clients/{}",
    scopes: ["update:clients", "update:client_keys"],
    async answer(call) {
      const client = clientOf(call);
      const { clientId } = client;
      const read = readPayload(call.body, CHANGED_CLIENT_PAYLOAD);
      // (D) Update a client: "client_secret ... can only be updated with the update:client_keys scope".
      if (read.client_secret !== undefined) checkScopes(call, ["update:client_keys"]);
      await call.context.state.tenants.patch("applications", clientId, clientEntry(read, client));
      return ok(clientJson(changed(call, clientId), call));
    },
  },
  {
    method: "DELETE",
    path: "clients/{}",
    scopes: ["delete:clients"],
    async answer({ context, ids, tenant }) {
      const client = findClient(tenant, ids[0]!);
      if (client) await context.state.tenants.remove("applications", client.clientId);
      return NO_CONTENT; // (D) no 404
    },
  },
  {
    method: "POST",
    path: "clients/{}/rotate-secret",
    scopes: ["update:client_keys", "update:client_credentials"],
    async answer(call) {
      const { clientId } = clientOf(call);
      if (call.body !== undefined) throw invalidBody("Additional properties not allowed: the body must be empty");
      await call.context.state.tenants.rotateClientSecret(clientId);
      return ok(clientJson(changed(call, clientId), call, true));
    },
  },
];

/** As Auth0 writes it (R), with the fields that mean something here and those whose value is always the same here. */
function clientJson(
  client: Client,
  { scopes }: ManagementCall,
  isSecretShown = false,
): Readonly<Record<string, unknown>> {
  const { refreshToken } = client;
  const isEndless = refreshToken.expiration === "non-expiring";
  const showsSecret = isSecretShown || SECRET_SCOPES.some((scope) => scopes.includes(scope));
  return {
    name: client.name,
    ...(client.description !== undefined && { description: client.description }),
    ...(client.logoUri !== undefined && { logo_uri: client.logoUri }),
    ...(client.metadata !== undefined && { client_metadata: client.metadata }),
    client_id: client.clientId,
    ...(showsSecret && { client_secret: client.clientSecret }),
    app_type: client.appType,
    global: false,
    is_first_party: client.isFirstParty,
    is_token_endpoint_ip_header_trusted: false,
    oidc_conformant: true,
    callbacks: client.callbacks,
    allowed_origins: client.allowedOrigins,
    web_origins: client.webOrigins,
    allowed_logout_urls: client.allowedLogoutUrls,
    jwt_configuration: { secret_encoded: false, alg: "RS256", lifetime_in_seconds: client.idTokenLifetimeSeconds },
    sso_disabled: false,
    cross_origin_authentication: false,
    grant_types: client.grantTypes,
    ...(client.tokenEndpointAuthMethod === "private_key_jwt"
      ? { client_authentication_methods: { private_key_jwt: { credentials: client.publicKeys.map(credential) } } }
      : { token_endpoint_auth_method: client.tokenEndpointAuthMethod }),
    refresh_token: {
      rotation_type: refreshToken.rotation,
      expiration_type: refreshToken.expiration,
      leeway: refreshToken.leewaySeconds,
      token_lifetime: refreshToken.lifetimeSeconds,
      infinite_token_lifetime: isEndless,
      idle_token_lifetime: refreshToken.idleLifetimeSeconds,
      infinite_idle_token_lifetime: isEndless,
    },
  };
}

function newClientId(): string {
  return deriveClientId(randomUUID(), "client");
}

function credential({ kid, alg }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    credential_type: "public_key",
    ...(kid !== undefined && { id: kid, kid }),
    ...(alg !== undefined && { alg }),
  };
}

function clientOf({ ids, tenant }: Pick<ManagementCall, "ids" | "tenant">): Client {
  const client = findClient(tenant, ids[0]!);
  if (client === undefined) throw inexistent("client");
  return client;
}

function changed({ context }: ManagementCall, clientId: string): Client {
  return clientOf({ ids: [clientId], tenant: context.state.tenants.current() });
}

import { type Api, MAX_TOKEN_LIFETIME_SECONDS, type Tenant } from "../tenant/tenant.ts";
import { conflict, inexistent, ManagementError } from "./management-error.ts";
import { created, type ManagementCall, NO_CONTENT, type Operation, ok } from "./operation.ts";
import { FIELDS_QUERY, OFFSET_QUERY, pageOf, withFields } from "./page.ts";
import { type Check, type Fields, flag, integer, list, object, readPayload, text } from "./payload.ts";

const CHANGEABLE: Readonly<Record<string, Check>> = {
  name: text({ minChars: 1, maxChars: 200 }),
  scopes: list(
    object({ fields: { value: text({ minChars: 1, maxChars: 280 }), description: text() }, required: ["value"] }),
  ),
  signing_alg: text({ oneOf: ["HS256", "RS256", "PS256"] }),
  signing_secret: text({ minChars: 16, maxChars: 1024 }), // (D) at least 16; kept outside the tenant's file
  token_lifetime: integer({ min: 1, max: MAX_TOKEN_LIFETIME_SECONDS }),
  token_lifetime_for_web: integer({ min: 1, max: MAX_TOKEN_LIFETIME_SECONDS }),
  token_dialect: text({
    oneOf: ["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"],
  }),
  enforce_policies: flag,
  allow_offline_access: flag,
  skip_consent_for_verifiable_first_party_clients: flag,
  subject_type_authorization: object({
    fields: {
      user: object({ fields: { policy: text({ oneOf: ["allow_all", "deny_all", "require_client_grant"] }) } }),
      client: object({ fields: { policy: text({ oneOf: ["deny_all", "require_client_grant"] }) } }),
    },
  }),
};

const UNSUPPORTED = [
  "consent_policy",
  "allow_online_access",
  "allow_online_access_with_ephemeral_sessions",
  "token_lifetime_for_anonymous_access_tokens",
  "token_encryption",
  "authorization_details",
  "proof_of_possession",
  "authorization_policy",
];

/** What this call makes of an API where the dashboard, and a tenant's file, have another default (R). */
const NEW_API: Fields = { skip_consent_for_verifiable_first_party_clients: false };

export const RESOURCE_SERVER_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "resource-servers",
    scopes: ["read:resource_servers"],
    query: [...OFFSET_QUERY, ...FIELDS_QUERY, "identifiers"],
    answer(call) {
      const identifiers = call.query.getAll("identifiers");
      const apis = call.tenant.apis.filter(
        ({ identifier }) => identifiers.length === 0 || identifiers.includes(identifier),
      );
      return pageOf(call, "resource_servers", apis.map(resourceServer));
    },
  },
  {
    method: "POST",
    path: "resource-servers",
    scopes: ["create:resource_servers"],
    async answer({ body, context, tenant }) {
      const fields = { ...CHANGEABLE, identifier: text({ minChars: 1, maxChars: 600 }) };
      const read = readPayload(body, { fields, required: ["identifier"], unsupported: UNSUPPORTED });
      const identifier = String(read.identifier);
      if (tenant.apis.some((api) => api.identifier === identifier)) {
        // (?) the status is known, the text is not.
        throw conflict(
          `A resource server with the identifier "${identifier}" exists already.`,
          "resource_server_conflict",
        );
      }
      // The dashboard makes a test application with each API, this call does not (D).
      const entry = { ...NEW_API, ...apiEntry(read), test_application: false };
      const id = await context.state.tenants.create("apis", entry);
      return created(resourceServer(findById(context.state.tenants.current(), id)));
    },
  },
  {
    method: "GET",
    path: "resource-servers/{}",
    scopes: ["read:resource_servers"],
    query: FIELDS_QUERY,
    answer: (call) => ok(withFields(call.query, resourceServer(findApi(call)))),
  },
  {
    method: "PATCH",
    path: "resource-servers/{}",
    scopes: ["update:resource_servers"],
    async answer(call) {
      const { body, context } = call;
      const api = findApi(call);
      refuseSystem(api);
      const read = readPayload(body, { fields: CHANGEABLE, unsupported: UNSUPPORTED });
      await context.state.tenants.patch("apis", api.id, apiEntry(read, api));
      return ok(resourceServer(findById(context.state.tenants.current(), api.id)));
    },
  },
  {
    method: "DELETE",
    path: "resource-servers/{}",
    scopes: ["delete:resource_servers"],
    // Deleting what is not there is no error (D: the operation lists no 404).
    async answer({ context, ids, tenant }) {
      const api = findIn(tenant, ids[0]!);
      if (api === undefined) return NO_CONTENT;
      refuseSystem(api);
      await context.state.tenants.remove("apis", api.id);
      return NO_CONTENT;
    },
  },
];

/** As Auth0 writes it (R). */
function resourceServer(api: Api): Readonly<Record<string, unknown>> {
  const { scopeDescriptions } = api;
  const scopes = api.scopes.map((value) => {
    const description = Object.hasOwn(scopeDescriptions, value) ? scopeDescriptions[value] : undefined;
    return { value, ...(description !== undefined && { description }) };
  });
  const isSet = (member: NonNullable<Api["unset"]>[number]): boolean => !api.unset?.includes(member);
  return {
    id: api.id,
    ...(isSet("name") && { name: api.name }),
    identifier: api.identifier,
    ...(api.isSystem && { is_system: true }),
    allow_offline_access: api.allowOfflineAccess,
    skip_consent_for_verifiable_first_party_clients: api.skipConsentForFirstParty,
    subject_type_authorization: { user: { policy: api.userPolicy }, client: { policy: api.clientPolicy } },
    token_lifetime: api.tokenLifetimeSeconds,
    token_lifetime_for_web: api.tokenLifetimeForWebSeconds,
    signing_alg: api.signingAlg,
    ...(api.signingSecret !== undefined && { signing_secret: api.signingSecret }),
    ...(isSet("scopes") && { scopes }),
    ...(isSet("enforce_policies") && { enforce_policies: api.enforcePolicies }),
    ...(isSet("token_dialect") && { token_dialect: api.tokenDialect }),
  };
}

function apiEntry(
  { consent_policy: _, scopes, subject_type_authorization: policies, ...rest }: Fields,
  api?: Api,
): Fields {
  const { user, client } = (policies ?? {}) as { readonly user?: object; readonly client?: object };
  return {
    ...rest,
    ...(scopes !== undefined && { scopes: (scopes as readonly Fields[]).map(scopeEntry) }),
    // A policy that is not named stays.
    ...(policies !== undefined && {
      subject_type_authorization: {
        user: { ...(api && { policy: api.userPolicy }), ...user },
        client: { ...(api && { policy: api.clientPolicy }), ...client },
      },
    }),
  };
}

function scopeEntry({ value, description }: Fields): unknown {
  return description === undefined ? value : { value, description };
}

/** By id or identifier (R). */
function findApi({ ids, tenant }: ManagementCall): Api {
  const api = findIn(tenant, ids[0]!);
  if (api === undefined) throw inexistent("resourceServer");
  return api;
}

function findIn(tenant: Tenant, idOrIdentifier: string): Api | undefined {
  return tenant.apis.find(({ id, identifier }) => id === idOrIdentifier || identifier === idOrIdentifier);
}

function findById(tenant: Tenant, apiId: string): Api {
  const api = tenant.apis.find(({ id }) => id === apiId);
  if (api === undefined) throw inexistent("resourceServer"); // Removed by somebody else in between.
  return api;
}

function refuseSystem(api: Api): void {
  if (!api.isSystem) return;
  const message = "The Management API is a system API and cannot be changed or deleted.";
  throw new ManagementError("management_system_api", 403, message, "operation_not_supported");
}

import { type ClientGrant, findApi, findClient, findClientGrant } from "../tenant/tenant.ts";
import { conflict, inexistent, invalid, ManagementError } from "./management-error.ts";
import { created, type ManagementCall, NO_CONTENT, type Operation, ok } from "./operation.ts";
import { CHECKPOINT_QUERY, pageOf } from "./page.ts";
import { always, list, orNull, readPayload, text } from "./payload.ts";

const SCOPE = list(text({ minChars: 1, maxChars: 280 }));
const NO_ORGANIZATIONS = orNull(always("deny"));
const UNSUPPORTED = ["default_for", "allow_any_organization", "authorization_details_types", "allow_all_scopes"];

export const CLIENT_GRANT_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "client-grants",
    scopes: ["read:client_grants"],
    query: [...CHECKPOINT_QUERY, "audience", "client_id", "subject_type"],
    answer(call) {
      const [audience, clientId, subjectType] = ["audience", "client_id", "subject_type"].map((name) =>
        call.query.get(name),
      );
      const grants = call.tenant.clientGrants.filter(
        (grant) =>
          (audience === null || grant.audience === audience) &&
          (clientId === null || grant.clientId === clientId) &&
          (subjectType === null || grant.subjectType === subjectType),
      );
      return pageOf(call, "client_grants", grants.map(grantJson), ["total", "start", "limit", "client_grants"]); // (R)
    },
  },
  {
    method: "POST",
    path: "client-grants",
    scopes: ["create:client_grants"],
    async answer({ body, context, tenant }) {
      const read = readPayload(body, {
        fields: {
          client_id: text({ minChars: 1 }),
          audience: text({ minChars: 1, maxChars: 600 }),
          scope: SCOPE,
          subject_type: text({ oneOf: ["client", "user"] }),
          organization_usage: NO_ORGANIZATIONS,
        },
        required: ["client_id", "audience", "scope"],
        unsupported: UNSUPPORTED,
      });
      const {
        client_id: clientId,
        audience,
        scope,
        subject_type: subjectType = "client",
      } = read as {
        readonly client_id: string;
        readonly audience: string;
        readonly scope: readonly string[];
        readonly subject_type?: ClientGrant["subjectType"];
      };
      if (!findClient(tenant, clientId)) throw inexistent("client");
      checkScope(tenant, audience, scope);
      if (findClientGrant(tenant, clientId, audience, subjectType)) {
        // (?) the status is known, the text is not.
        throw conflict(`The client "${clientId}" has a grant for "${audience}" already.`, "client_grant_conflict");
      }
      const entry = { client_id: clientId, audience, scope, subject_type: subjectType };
      const id = await context.state.tenants.create("client_grants", entry);
      return created(grantJson(findGrant({ ids: [id], tenant: context.state.tenants.current() })));
    },
  },
  {
    method: "GET",
    path: "client-grants/{}",
    scopes: ["read:client_grants"],
    answer: (call) => ok(grantJson(findGrant(call))),
  },
  {
    method: "PATCH",
    path: "client-grants/{}",
    scopes: ["update:client_grants"],
    async answer(call) {
      const { context } = call;
      const grant = findGrant(call);
      const read = readPayload(call.body, {
        fields: { scope: SCOPE, organization_usage: NO_ORGANIZATIONS },
        unsupported: UNSUPPORTED,
      });
      if (read.scope !== undefined) {
        checkScope(call.tenant, grant.audience, read.scope as readonly string[]);
        await context.state.tenants.patch("client_grants", grant.id, { scope: read.scope });
      }
      return ok(grantJson(findGrant({ ids: call.ids, tenant: context.state.tenants.current() })));
    },
  },
  {
    method: "DELETE",
    path: "client-grants/{}",
    scopes: ["delete:client_grants"],
    async answer({ context, ids, tenant }) {
      const grant = tenant.clientGrants.find(({ id }) => id === ids[0]);
      if (grant) await context.state.tenants.remove("client_grants", grant.id);
      return NO_CONTENT; // (D) no 404
    },
  },
];

/** As Auth0 writes it (R). */
function grantJson({ audience, clientId, id, scopes, subjectType }: ClientGrant): Readonly<Record<string, unknown>> {
  return { id, client_id: clientId, audience, scope: scopes, subject_type: subjectType };
}

function checkScope(tenant: ManagementCall["tenant"], audience: string, scope: readonly string[]): void {
  const api = findApi(tenant, audience);
  if (api === undefined) {
    // (C) auth0-deploy-cli issue 29
    const message = `No resource with identifier ${audience}`;
    throw new ManagementError("management_not_found", 404, message, "inexistent_resource_server", {
      expected: tenant.apis.map(({ identifier }) => identifier),
      actual: audience.slice(0, 256),
    });
  }
  const unknown = scope.filter((each) => !api.scopes.includes(each));
  if (unknown.length === 0) return;
  // Ours: what Auth0 says is not known.
  const message = `The API "${audience}" does not define ${unknown.map((each) => `"${each}"`).join(", ")}. Add them to its scopes first.`;
  throw invalid(message, "invalid_body");
}

function findGrant({ ids, tenant }: Pick<ManagementCall, "ids" | "tenant">): ClientGrant {
  const grant = tenant.clientGrants.find(({ id }) => id === ids[0]);
  if (grant === undefined) throw inexistent("clientGrant");
  return grant;
}

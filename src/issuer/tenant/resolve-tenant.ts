import { deriveGrantId, mergeDeclarations } from "./derived-tenant.ts";
import { managementApi, managementClient, managementGrant } from "./management-api.ts";
import { apiFrom, clientFrom, testClientFrom } from "./resolve-entries.ts";
import { defaultUsers, roleFrom, userFrom } from "./resolve-people.ts";
import { type Api, type Client, type ClientGrant, isPublicClient, type Tenant, type User } from "./tenant.ts";
import type { TenantContent } from "./tenant-content.ts";
import type { TenantFinding } from "./tenant-finding.ts";
import { Lookup } from "./tenant-lookup.ts";
import type { ApiDeclaration, TenantSection } from "./tenant-store.ts";

export interface TenantSources {
  readonly content: TenantContent;
  /** What the project's files imply. */
  readonly declared: readonly ApiDeclaration[];
  /** Client ids follow from it. */
  readonly project: string;
  /** Of every listener, each with its Management API. */
  readonly issuerUrls: readonly string[];
  /** ISO 8601: when the tenant was made, and when its file was written last. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ResolvedTenant {
  /** Complete but for its secrets, which are empty. */
  readonly tenant: Tenant;
  /** Of each entry, by id: its place in the file's list, or why it is in none. */
  readonly origins: Readonly<Record<TenantSection, ReadonlyMap<string, Origin>>>;
  /** What was left out, since it names something that does not exist. */
  readonly findings: readonly TenantFinding[];
}

/** `project`: implied by the project's files or by an API. `default`: there until the file says otherwise. */
export type Origin = number | "project" | "default" | "system";

/**
 * The tenant that the file and the project's files make together. Where both name an API, what the file says of it counts.
 * A grant or permission for something that does not exist gives nobody anything: it is left out and told.
 */
export function resolveTenant(sources: TenantSources): ResolvedTenant {
  const { content, project, issuerUrls } = sources;
  const findings: TenantFinding[] = [];
  const origins = {
    apis: new Map<string, Origin>(),
    applications: new Map<string, Origin>(),
    client_grants: new Map<string, Origin>(),
    users: new Map<string, Origin>(),
    roles: new Map<string, Origin>(),
  };

  const apis = resolveApis(sources, origins.apis, findings);
  const clients: Client[] = [];
  for (const [index, declared] of (content.applications ?? []).entries()) {
    const client = clientFrom(declared, project);
    const isReserved = client.clientId === managementClient(project).clientId;
    if (isReserved || clients.some(({ clientId }) => clientId === client.clientId)) {
      findings.push(leftOut("tenant-duplicate", declared.at, `The client_id ${client.clientId} is there already.`));
      continue;
    }
    clients.push(client);
    origins.applications.set(client.clientId, index);
    if (isPublicClient(client) && client.grantTypes.includes("client_credentials")) {
      const message = `The application ${JSON.stringify(client.name)} is public (it has no secret to prove itself with), so its grant type client_credentials is refused.`;
      const fix = "Remove it, or set token_endpoint_auth_method: client_secret_post.";
      const [rule, at] = ["tenant-grant-type-unusable", declared.at] as const;
      findings.push({ rule, severity: "warning", effect: "none", message, fix, at });
    }
  }
  const grants: ClientGrant[] = [];
  const withTest = apis.filter(({ identifier, isSystem }) => !isSystem && hasTestApplication(content, identifier));
  const testClients = withTest.map((api) => testClientFrom(api, project));
  for (const client of testClients) {
    if (origins.applications.has(client.clientId)) continue;
    clients.push(client);
    origins.applications.set(client.clientId, "project");
  }
  const managing: Client = { ...managementClient(project), clientSecret: "" };
  clients.push(managing);
  origins.applications.set(managing.clientId, "system");

  const lookup = new Lookup({ apis, clients, findings, sharedNames: sharedNames(content) });
  for (const [index, declared] of (content.client_grants ?? []).entries()) {
    const grant = lookup.grant(declared);
    if (grant === undefined) continue;
    if (origins.client_grants.has(grant.id)) {
      const message = `The application has a grant for ${JSON.stringify(grant.audience)} of this subject_type already.`;
      findings.push(leftOut("tenant-duplicate", declared.at, message));
      continue;
    }
    grants.push(grant);
    origins.client_grants.set(grant.id, index);
  }
  for (const [index, { identifier: audience, scopes }] of withTest.entries()) {
    const { clientId } = testClients[index]!;
    const id = deriveGrantId(clientId, audience, "client");
    if (origins.client_grants.has(id)) continue;
    grants.push({ id, clientId, audience, scopes, subjectType: "client" });
    origins.client_grants.set(id, "project");
  }
  for (const issuerUrl of issuerUrls) {
    const grant = managementGrant(project, issuerUrl);
    if (origins.client_grants.has(grant.id)) continue;
    grants.push(grant);
    origins.client_grants.set(grant.id, "system");
  }

  const roles = (content.roles ?? []).map((declared, index) => {
    const role = roleFrom(declared, lookup);
    origins.roles.set(role.id, index);
    return role;
  });
  const users: User[] = [];
  for (const [index, declared] of (content.users ?? []).entries()) {
    const user = userFrom(declared, { lookup, roles, times: sources });
    if (origins.users.has(user.userId)) {
      findings.push(leftOut("tenant-duplicate", declared.at, `The user_id ${user.userId} is there already.`));
      continue;
    }
    users.push(user);
    origins.users.set(user.userId, index);
  }
  if (content.users === undefined) {
    for (const user of defaultUsers(sources)) {
      users.push(user);
      origins.users.set(user.userId, "default");
    }
  }

  const defaultAudience = content.default_audience && lookup.api(content.default_audience, "default_audience");
  const tenant: Tenant = {
    apis,
    clients,
    clientGrants: grants,
    users,
    roles,
    ...(defaultAudience && { defaultAudience: defaultAudience.identifier }),
    allowedLogoutUrls: content.allowed_logout_urls ?? [],
    consent: content.consent ?? "skip",
    login: content.login ?? "buttons",
    customDomains: content.custom_domains ?? [],
    opaqueTokensForClients: content.flags?.allow_api1_non_global_clients ?? false,
  };
  return { tenant, origins, findings };
}

function resolveApis(
  { content, declared, issuerUrls }: TenantSources,
  origins: Map<string, Origin>,
  findings: TenantFinding[],
): Api[] {
  const implied = new Map(mergeDeclarations(declared).map((each) => [each.identifier, each]));
  const system = issuerUrls.map(managementApi);
  const apis: Api[] = [];
  for (const [index, entry] of (content.apis ?? []).entries()) {
    if (system.some(({ identifier }) => identifier === entry.identifier)) {
      const message = `${JSON.stringify(entry.identifier)} is the Management API's own identifier.`;
      findings.push(leftOut("tenant-duplicate", entry.at, message));
      continue;
    }
    const declaration = implied.get(entry.identifier);
    const api = apiFrom(entry.identifier, entry, declaration);
    const lacking = declaration?.scopes.filter((scope) => !api.scopes.includes(scope)) ?? [];
    if (lacking.length > 0) {
      const message = `${JSON.stringify(api.identifier)} lacks ${lacking.join(", ")}, which the project's authorizers ask for.`;
      const fix = "Add to its scopes, or nobody gets a token for those routes.";
      findings.push({ rule: "tenant-scope-missing", severity: "warning", effect: "none", message, fix, at: entry.at });
    }
    apis.push(api);
    origins.set(api.id, index);
    implied.delete(entry.identifier);
  }
  for (const declaration of implied.values()) {
    if (system.some(({ identifier }) => identifier === declaration.identifier)) continue;
    const api = apiFrom(declaration.identifier, undefined, declaration);
    apis.push(api);
    origins.set(api.id, "project");
  }
  for (const api of system) origins.set(api.id, "system");
  // The project's first: `gatewarden token` without --api means what the project serves.
  const served = declared.map(({ identifier }) => identifier);
  const rank = ({ identifier }: Api): number =>
    served.includes(identifier) ? served.indexOf(identifier) : served.length;
  return [...apis.sort((one, other) => rank(one) - rank(other)), ...system];
}

function sharedNames({ applications = [] }: TenantContent): ReadonlySet<string> {
  const names = applications.map(({ name }) => name);
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

function hasTestApplication(content: TenantContent, identifier: string): boolean {
  return content.apis?.find((each) => each.identifier === identifier)?.test_application !== false;
}

function leftOut(rule: TenantFinding["rule"], at: TenantFinding["at"], message: string): TenantFinding {
  const fix = "It is left out until one of them is removed or renamed.";
  return { rule, severity: "error", effect: "none", message, fix, at };
}

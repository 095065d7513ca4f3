import { ACTION_OPERATIONS } from "./action-files.ts";
import { CLIENT_GRANT_OPERATIONS } from "./client-grants.ts";
import { CLIENT_OPERATIONS } from "./clients.ts";
import { LOG_OPERATIONS } from "./logs.ts";
import { invalid, ManagementError, notSupported } from "./management-error.ts";
import type { Operation } from "./operation.ts";
import { RESOURCE_SERVER_OPERATIONS } from "./resource-servers.ts";
import { ROLE_OPERATIONS } from "./roles.ts";
import { SIGNING_KEY_OPERATIONS } from "./signing-keys.ts";
import { TENANT_SETTINGS_OPERATIONS } from "./tenant-settings.ts";
import { USER_ROLE_OPERATIONS } from "./user-roles.ts";
import { USER_OPERATIONS } from "./users.ts";

/** Every operation there is here. */
export const OPERATIONS: readonly Operation[] = [
  ...RESOURCE_SERVER_OPERATIONS,
  ...CLIENT_OPERATIONS,
  ...CLIENT_GRANT_OPERATIONS,
  ...USER_OPERATIONS,
  ...USER_ROLE_OPERATIONS,
  ...ROLE_OPERATIONS,
  ...SIGNING_KEY_OPERATIONS,
  ...TENANT_SETTINGS_OPERATIONS,
  ...ACTION_OPERATIONS,
  ...LOG_OPERATIONS,
];

export interface FoundOperation {
  readonly operation: Operation;
  readonly ids: readonly string[];
}

/**
 * The operation that a method and a path below /api/v2/ mean.
 *
 * @param path as on the wire, still encoded: an identifier may hold slashes
 * @throws ManagementError 404, and 501 for what Auth0 has and this issuer has not
 */
export function findOperation(method: string, path: string): FoundOperation {
  const segments = path.split("/").map(decoded);
  const fitting = OPERATIONS.filter((operation) => fits(operation.path, segments));
  const operation = fitting.find((each) => each.method === (method === "HEAD" ? "GET" : method));
  if (operation !== undefined) {
    const ids = segments.filter((_, index) => operation.path.split("/")[index] === "{}");
    return { operation, ids };
  }
  if (isOfAuth0(segments, fitting.length > 0)) {
    const message = `Gatewarden's development issuer does not answer ${method} /api/v2/${segments[0]}/… of this kind. Use a real Auth0 tenant for it.`;
    throw notSupported(message.replace("/…", segments.length > 1 ? "/…" : ""), 501);
  }
  // (?) What Auth0 says of a path that it does not have: the habit of the framework that its API is built with.
  throw new ManagementError("management_not_found", 404, "Not Found");
}

function fits(pattern: string, segments: readonly string[]): boolean {
  const wanted = pattern.split("/");
  return (
    wanted.length === segments.length &&
    wanted.every((each, index) => (each === "{}" ? segments[index] !== "" : each === segments[index]))
  );
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid("The path is not well encoded.", "invalid_uri");
  }
}

/** Whether Auth0's Management API has paths that begin so (D). A known path with a method it has not is none of them. */
function isOfAuth0(segments: readonly string[], isKnownPath: boolean): boolean {
  const [first = "", second = "", third = ""] = segments;
  if (OTHER_RESOURCES.includes(first)) return true;
  if (isKnownPath) return first === "actions";
  return (SUBRESOURCES[first] ?? []).includes(segments.length > 2 ? third : second);
}

const OTHER_RESOURCES: readonly string[] = [
  "anomaly",
  "attack-protection",
  "blacklists",
  "branding",
  "client-initiated-account-linking",
  "connection-profiles",
  "connections",
  "connections-directory-provisionings",
  "custom-domains",
  "device-credentials",
  "email-templates",
  "emails",
  "event-streams",
  "events",
  "flows",
  "forms",
  "grants",
  "groups",
  "guardian",
  "hooks",
  "jobs",
  "log-streams",
  "network-acls",
  "organizations",
  "prompts",
  "rate-limit-policies",
  "refresh-tokens",
  "risk-assessments",
  "rules",
  "rules-configs",
  "self-service-profiles",
  "sessions",
  "stats",
  "supplemental-signals",
  "tickets",
  "token-exchange-profiles",
  "user-attribute-profiles",
  "user-blocks",
  "verifiable-credentials",
];

/** By what stands after the id, or in its place. */
const SUBRESOURCES: Readonly<Record<string, readonly string[]>> = {
  actions: ["actions", "executions", "modules", "triggers", "deploy", "test", "versions", "bindings"],
  "client-grants": ["organizations"],
  clients: ["cimd", "connections", "credentials"],
  keys: ["custom-signing", "encryption", "rekey", "wrapping-key"],
  "resource-servers": ["search"],
  roles: ["groups"],
  tenants: ["settings"],
  users: [
    "authentication-methods",
    "authenticators",
    "connected-accounts",
    "enrollments",
    "federated-connections-tokensets",
    "groups",
    "identities",
    "logs",
    "multifactor",
    "organizations",
    "recovery-code-regeneration",
    "refresh-tokens",
    "revoke-access",
    "risk-assessments",
    "sessions",
  ],
};

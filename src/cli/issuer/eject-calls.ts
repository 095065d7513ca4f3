import type { Tenant } from "../../issuer/tenant/tenant.ts";
import { clientPayload, type EjectedAction, ejectable, localUrls, resourceServerPayload } from "./eject-payloads.ts";
import { shellQuoted } from "./token-curl.ts";

/** The two ways to call Auth0's Management API from a shell. */
const PROLOGUES = {
  curl: `# Needs curl, jq, and a Management API token with the create: and update: scopes.
: "\${AUTH0_DOMAIN:?your tenant, e.g. example.eu.auth0.com}" "\${MGMT_TOKEN:?a Management API token}"
call() {
  curl --fail-with-body --silent --show-error --request "$1" --url "https://$AUTH0_DOMAIN/api/v2/$2" \\
    --header "authorization: Bearer $MGMT_TOKEN" --header "content-type: application/json" \${3:+--data "$3"}
}`,
  cli: `# Needs jq and the Auth0 CLI, logged in: auth0 login
call() {
  auth0 api "$1" "$2" \${3:+--data "$3"}
}`,
} as const;

/** A shell script that rebuilds the tenant on Auth0 by calls of its Management API. */
export function ejectCalls(tenant: Tenant, actions: readonly EjectedAction[], format: keyof typeof PROLOGUES): string {
  const { apis, clients, clientGrants, roles } = ejectable(tenant);
  const variables = new Map(clients.map(({ clientId }, index) => [clientId, `CLIENT_${index + 1}`]));
  const lines = [
    "#!/bin/sh",
    "# Rebuilds the development tenant on Auth0. Ids and secrets will be others. Users stay behind.",
    PROLOGUES[format],
    "set -eu",
  ];
  for (const api of apis) {
    lines.push(
      "",
      `# ${comment(api.name)}`,
      `call POST resource-servers ${quoted(resourceServerPayload(api))} > /dev/null`,
    );
  }
  for (const client of clients) {
    lines.push("", `# ${comment(client.name)}`);
    for (const { setting, url } of localUrls(client)) lines.push(`# ${setting}: ${comment(url)} is this machine`);
    const name = variables.get(client.clientId);
    lines.push(`${name}=$(call POST clients ${quoted(clientPayload(client))} | jq -r .client_id)`);
    lines.push(`echo ${shellQuoted(client.name)} "client_id $${name}"`);
  }
  if (clientGrants.length > 0) lines.push("", "# Client grants");
  for (const { clientId, audience, scopes, subjectType } of clientGrants) {
    const grant = shellQuoted(JSON.stringify({ audience, scope: scopes, subject_type: subjectType }));
    const body = `$(jq -n --arg id "$${variables.get(clientId)}" --argjson grant ${grant} '$grant + {client_id: $id}')`;
    lines.push(`call POST client-grants "${body}" > /dev/null`);
  }
  for (const [index, { name, description, permissions }] of roles.entries()) {
    const variable = `ROLE_${index + 1}`;
    const all = Object.entries(permissions).flatMap(([identifier, names]) =>
      names.map((each) => ({ resource_server_identifier: identifier, permission_name: each })),
    );
    lines.push("", `# Role ${comment(name)}`);
    lines.push(`${variable}=$(call POST roles ${quoted({ name, description: description || name })} | jq -r .id)`);
    if (all.length > 0) {
      lines.push(`call POST "roles/$${variable}/permissions" ${quoted({ permissions: all })} > /dev/null`);
    }
  }
  for (const [index, action] of actions.entries()) lines.push("", ...actionLines(action, `ACTION_${index + 1}`));
  const { defaultAudience, allowedLogoutUrls } = tenant;
  if (defaultAudience !== undefined || allowedLogoutUrls.length > 0) {
    const settings = { default_audience: defaultAudience, allowed_logout_urls: allowedLogoutUrls };
    lines.push("", "# Tenant settings", `call PATCH tenants/settings ${quoted(settings)} > /dev/null`);
  }
  return `${lines.join("\n")}\n`;
}

/** Auth0 builds an Action before it can be deployed (D). */
function actionLines({ name, trigger, version, file }: EjectedAction, variable: string): string[] {
  const action = { name, supported_triggers: [{ id: trigger, version }], runtime: "node22" };
  const body = `$(jq -n --rawfile code ${shellQuoted(file)} --argjson action ${quoted(action)} '$action + {code: $code}')`;
  const binding = `{bindings: [{ref: {type: "action_id", value: $id}, display_name: ${JSON.stringify(name)}}]}`;
  return [
    `# Action ${name}; an Action that the trigger has already is unbound`,
    `${variable}=$(call POST actions/actions "${body}" | jq -r .id)`,
    `until [ "$(call GET "actions/actions/$${variable}" | jq -r .status)" = built ]; do sleep 1; done`,
    `call POST "actions/actions/$${variable}/deploy" > /dev/null`,
    `call PATCH actions/triggers/${trigger}/bindings "$(jq -n --arg id "$${variable}" ${shellQuoted(binding)})" > /dev/null`,
  ];
}

function quoted(value: unknown): string {
  return shellQuoted(JSON.stringify(value));
}

/** On one line, whatever a name holds. */
function comment(text: string): string {
  return text.replace(/\s+/g, " ");
}

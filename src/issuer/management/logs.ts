import type { IssuerEvent } from "../issuer-event.ts";
import { findClient, findUser, type Tenant } from "../tenant/tenant.ts";
import type { EventLog, LoggedEvent } from "./event-log.ts";
import { inexistent, notSupported } from "./management-error.ts";
import { type ManagementCall, type Operation, ok } from "./operation.ts";
import { FIELDS_QUERY, OFFSET_QUERY, pageOf, withFields } from "./page.ts";

export const LOG_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "logs",
    scopes: ["read:logs", "read:logs_users"],
    query: [...OFFSET_QUERY, ...FIELDS_QUERY],
    answer(call) {
      const logs = eventLogOf(call).events();
      return pageOf(
        call,
        "logs",
        logs.map((each) => logJson(call.tenant, each)),
      );
    },
  },
  {
    method: "GET",
    path: "logs/{}",
    scopes: ["read:logs", "read:logs_users"],
    answer(call) {
      const logged = eventLogOf(call)
        .events()
        .find(({ id }) => id === call.ids[0]);
      if (logged === undefined) throw inexistent("log");
      return ok(withFields(call.query, logJson(call.tenant, logged)));
    },
  },
];

/** The fields of Auth0's log events that this issuer knows; what is its own stands under `details`. */
function logJson(tenant: Tenant, { atMs, event, id }: LoggedEvent): Readonly<Record<string, unknown>> {
  const { kind, ...details } = event;
  const clientId = "clientId" in event ? event.clientId : undefined;
  const userId = "userId" in event ? event.userId : undefined;
  const client = clientId === undefined ? undefined : findClient(tenant, clientId);
  const user = userId === undefined ? undefined : findUser(tenant, userId);
  return {
    date: new Date(atMs).toISOString(),
    type: logType(event),
    description: "description" in event ? event.description : "message" in event ? event.message : null,
    ...(clientId !== undefined && { client_id: clientId }),
    ...(client && { client_name: client.name }),
    ...(userId !== undefined && { user_id: userId }),
    ...(user && { user_name: user.email ?? user.name }),
    ...("audience" in event && { audience: event.audience }),
    ...("scope" in event && { scope: event.scope }),
    log_id: id,
    _id: id,
    isMobile: false,
    details: { kind, ...details },
  };
}

/** Auth0's codes for kinds of events (D); a refusal does not say of which grant it was. */
function logType(event: IssuerEvent): string {
  switch (event.kind) {
    case "token_granted":
      return GRANTED[event.grantType] ?? "s";
    case "logged_in":
      return "s";
    case "logged_out":
      return "slo";
    case "refused":
      return event.endpoint.includes("/api/v2/") ? "fapi" : "f";
    case "warned":
      return "w";
    case "keys_changed":
    case "tenant_changed":
      return "sapi";
  }
}

const GRANTED: Readonly<Record<string, string>> = {
  client_credentials: "seccft",
  authorization_code: "seacft",
  refresh_token: "sertft",
  password: "sepft",
  "http://auth0.com/oauth/grant-type/password-realm": "sepft",
};

function eventLogOf({ context }: ManagementCall): EventLog {
  const { eventLog } = context.state;
  if (eventLog === undefined) throw notSupported("This issuer keeps no log of its events.", 501);
  return eventLog;
}

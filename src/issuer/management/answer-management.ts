import { parseJson } from "../../token/json.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { eventText } from "../issuer-event.ts";
import {
  headerValues,
  type IssuerAnswer,
  type IssuerRequest,
  methodAndPath,
  NO_STORE,
  utf8JsonAnswer,
} from "../issuer-request.ts";
import { shownClientId } from "../redact-event.ts";
import { managementAudience } from "../tenant/management-api.ts";
import type { TenantStore } from "../tenant/tenant-store.ts";
import { findOperation } from "./find-operation.ts";
import {
  asManagementError,
  invalid,
  invalidBody,
  invalidQuery,
  ManagementError,
  notSupported,
} from "./management-error.ts";
import { checkScopes, readManagementToken } from "./management-token.ts";
import type { ManagementAnswer, ManagementCall, Operation } from "./operation.ts";
import { isUnfit, MAX_PAYLOAD_DEPTH } from "./payload.ts";

/** Auth0's own limit is not known (?); its largest bodies here are lists of scopes. */
export const MAX_MANAGEMENT_BODY_BYTES = 1024 * 1024;
const PREFIX = "/api/v2/";

/** The Management API under /api/v2/; undefined for any other path. */
export async function answerManagement(
  request: IssuerRequest,
  context: IssuerContext,
): Promise<IssuerAnswer | undefined> {
  const [path = "", query = ""] = splitOnce(request.target, "?");
  if (!path.startsWith(PREFIX)) return undefined;
  let clientId: string | undefined;
  try {
    const { ids, operation } = findOperation(request.method, path.slice(PREFIX.length));
    const caller = readManagementToken(request, context);
    clientId = caller.clientId;
    checkScopes(caller, operation.scopes);
    const parameters = readQuery(query, operation);
    const body = readBody(request);
    const { status, body: answer } = await inTurn(context.state.tenants, operation, (tenant) =>
      operation.answer({ ids, query: parameters, body, scopes: caller.scopes, tenant, context }),
    );
    return answer === undefined ? { status, headers: NO_STORE, body: "" } : utf8JsonAnswer(status, answer, NO_STORE);
  } catch (error) {
    const refusal = asManagementError(error);
    emitRefusal(refusal, request, context, clientId);
    const challenge = refusal.statusCode === 401 ? ["www-authenticate", "Bearer"] : [];
    return utf8JsonAnswer(refusal.statusCode, refusal.body(), [...NO_STORE, ...challenge]);
  }
}

function emitRefusal(
  { evidence, message, reason }: ManagementError,
  request: IssuerRequest,
  { issuerUrl, state, tenant }: IssuerContext,
  clientId: string | undefined,
): void {
  const endpoint = methodAndPath(request).replace(/(?<=\/clients\/)[^/]+/, (id) => shownClientId(id, tenant));
  state.emit({
    kind: "refused",
    endpoint: eventText(endpoint),
    reason,
    description: eventText(message),
    ...(clientId !== undefined && { clientId: shownClientId(clientId, tenant) }),
    audience: managementAudience(issuerUrl),
    ...evidence,
  });
}

/** Names that Auth0 knows for one list or another (D). */
const QUERY_OF_AUTH0: readonly string[] = [
  "allow_any_organization",
  "default_for",
  "external_client_id",
  "from",
  "owner_id",
  "q",
  "search",
  "sort",
  "take",
  "type",
];

function readQuery(query: string, { path, query: allowed = [] }: Operation): URLSearchParams {
  const parameters = new URLSearchParams(query);
  const unknown = [...new Set(parameters.keys())].filter((name) => !allowed.includes(name));
  const homeless = unknown.filter((name) => QUERY_OF_AUTH0.includes(name));
  if (homeless.length > 0) {
    throw notSupported(
      `Gatewarden's development issuer does not support ${homeless.join(", ")} in the query of ${path}.`,
    );
  }
  if (unknown.length > 0) throw invalidQuery(`Additional properties not allowed: ${unknown.join(",").slice(0, 256)}`);
  return parameters;
}

function readBody(request: IssuerRequest): unknown {
  const { length } = request.body;
  if (length === 0) return undefined;
  if (length > MAX_MANAGEMENT_BODY_BYTES) {
    const message = `Payload content length greater than maximum allowed: ${MAX_MANAGEMENT_BODY_BYTES}`;
    throw new ManagementError("management_request_invalid", 413, message);
  }
  // Also what keeps forms of foreign pages out.
  if (!/^application\/json\s*(?:;|$)/i.test(headerValues(request, "content-type")[0] ?? "")) {
    throw new ManagementError("management_request_invalid", 415, "Unsupported Media Type", undefined, {
      expected: "application/json",
    });
  }
  const body = parseJson(request.body.toString("utf8"));
  if (body === undefined) throw invalid("Invalid request payload JSON format", "invalid_body"); // the framework's text (?)
  if (isUnfit(body)) {
    throw invalidBody(`A member "__proto__", or more than ${MAX_PAYLOAD_DEPTH} levels, are not allowed`);
  }
  return body;
}

const turns = new WeakMap<TenantStore, Promise<unknown>>();

/**
 * Writes one after the other: what assigns a role reads the user's others first. They wait for each other here only; a
 * change from elsewhere in between is the store's to refuse.
 */
async function inTurn(
  tenants: TenantStore,
  operation: Operation,
  answer: (tenant: ManagementCall["tenant"]) => ManagementAnswer | Promise<ManagementAnswer>,
): Promise<ManagementAnswer> {
  if (operation.method === "GET") return answer(tenants.current());
  const before = turns.get(tenants) ?? Promise.resolve();
  const turn = before.then(
    () => answer(tenants.current()),
    () => answer(tenants.current()),
  );
  turns.set(tenants, turn);
  return turn;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

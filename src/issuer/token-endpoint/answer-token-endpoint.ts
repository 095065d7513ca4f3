import type { IssuerContext } from "../issuer-context.ts";
import { eventText } from "../issuer-event.ts";
import { type IssuerAnswer, type IssuerRequest, jsonAnswer, methodAndPath, NO_STORE } from "../issuer-request.ts";
import { shownClientId } from "../redact-event.ts";
import { findClient } from "../tenant/tenant.ts";
import { answerTokenRequest } from "./answer-token-request.ts";
import { answerUserinfo } from "./answer-userinfo.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { answerPreflight, corsHeaders } from "./cross-origin.ts";
import { readTokenRequest, type TokenRequest } from "./read-token-request.ts";
import { parameterMissing, type TokenRefusal } from "./token-refusals.ts";

/** /oauth/token, /oauth/revoke and /userinfo with their preflights; undefined for any other path. */
export async function answerTokenEndpoint(
  request: IssuerRequest,
  context: IssuerContext,
): Promise<IssuerAnswer | undefined> {
  switch (methodAndPath(request)) {
    case "POST /oauth/token":
      return answerClient(request, context, answerToken);
    case "POST /oauth/revoke":
      return answerClient(request, context, answerRevocation);
    case "GET /userinfo":
    case "POST /userinfo": {
      const answer = await answerUserinfo(request, context);
      return { ...answer, headers: [...answer.headers, ...corsHeaders(request, context.tenant.clients, context)] };
    }
    case "OPTIONS /oauth/token":
    case "OPTIONS /oauth/revoke":
      return answerPreflight(request, "POST", context);
    case "OPTIONS /userinfo":
      return answerPreflight(request, "GET, POST", context);
    default:
      return undefined;
  }
}

type ClientEndpoint = (
  read: TokenRequest,
  request: IssuerRequest,
  context: IssuerContext,
) => Promise<IssuerAnswer | TokenRefusal>;

/** What the endpoints that clients call have in common: one way to read, to refuse, and to let a client's pages in. */
async function answerClient(
  request: IssuerRequest,
  context: IssuerContext,
  endpoint: ClientEndpoint,
): Promise<IssuerAnswer> {
  const read = readTokenRequest(request);
  const isRead = !("reason" in read);
  const outcome = isRead ? await endpoint(read, request, context) : read;
  const client = isRead ? findClient(context.tenant, clientIdOf(read) ?? "") : undefined;
  const cors = corsHeaders(request, client ? [client] : [], context);
  if ("reason" in outcome) {
    emitRefusal(outcome, isRead ? read : undefined, request, context);
    return jsonAnswer(outcome.status, outcome.body, [...NO_STORE, ...cors]);
  }
  return { ...outcome, headers: [...outcome.headers, ...cors] };
}

/** As claimed by the request. */
function clientIdOf({ credentials, parameters }: TokenRequest): string | undefined {
  return credentials?.clientId ?? parameters.get("client_id");
}

async function answerToken(
  read: TokenRequest,
  request: IssuerRequest,
  context: IssuerContext,
): Promise<IssuerAnswer | TokenRefusal> {
  const outcome = await answerTokenRequest(read, request, context);
  if ("reason" in outcome) return outcome;
  const { answer, audience, userId } = outcome;
  const { scope = "", expires_in: lifetimeSeconds } = answer;
  context.state.emit({
    kind: "token_granted",
    grantType: read.parameters.get("grant_type")!, // granted, so it was there
    clientId: clientIdOf(read)!,
    ...(audience !== undefined && { audience }),
    ...(userId !== undefined && { userId }),
    scope,
    lifetimeSeconds,
  });
  return jsonAnswer(200, answer, NO_STORE);
}

/** RFC 7009: 200 also for a token that is unknown. An access token cannot be revoked, as on Auth0 (D). */
async function answerRevocation(
  read: TokenRequest,
  _request: IssuerRequest,
  context: IssuerContext,
): Promise<IssuerAnswer | TokenRefusal> {
  const client = authenticateClient(read, context);
  if ("reason" in client) return client;
  const token = read.parameters.get("token") ?? "";
  if (token === "") return parameterMissing("token");
  await context.state.refreshTokens.revoke(token, client.clientId);
  return { status: 200, headers: NO_STORE, body: "" }; // (R) recorded answer, Auth0 Go SDK
}

function emitRefusal(
  refusal: TokenRefusal,
  read: TokenRequest | undefined,
  request: IssuerRequest,
  { state, tenant }: IssuerContext,
): void {
  const { actual, body, expected, reason } = refusal;
  const clientId = read && clientIdOf(read);
  const audience = read?.parameters.get("audience");
  state.emit({
    kind: "refused",
    endpoint: methodAndPath(request),
    reason,
    description: eventText(body.error_description),
    ...(clientId !== undefined && { clientId: shownClientId(clientId, tenant) }),
    ...(audience !== undefined && { audience: eventText(audience) }),
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  });
}

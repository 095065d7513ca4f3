import type { IssuerContext } from "../issuer-context.ts";
import { eventText } from "../issuer-event.ts";
import { type IssuerAnswer, type IssuerRequest, jsonAnswer, methodAndPath, NO_STORE } from "../issuer-request.ts";
import { answerTokenRequest } from "./answer-token-request.ts";

/** /oauth/token, /oauth/revoke and /userinfo with their preflights; undefined for any other path. */
export async function answerTokenEndpoint(
  request: IssuerRequest,
  context: IssuerContext,
): Promise<IssuerAnswer | undefined> {
  if (methodAndPath(request) !== "POST /oauth/token") return undefined;
  const { state, tenant, issuerUrl } = context;
  const minter = { issuerUrl, tenant, keys: state.keys, clock: state.clock };
  const { audience, clientId, outcome } = answerTokenRequest(request, minter);
  if (outcome.ok) {
    const { scope = "", expires_in: lifetimeSeconds } = outcome.answer;
    state.emit({
      kind: "token_granted",
      grantType: "client_credentials",
      clientId: clientId!,
      audience: audience!,
      scope,
      lifetimeSeconds,
    });
    return jsonAnswer(200, outcome.answer, NO_STORE);
  }
  const { body, reason, status } = outcome.refusal;
  state.emit({
    kind: "refused",
    endpoint: "POST /oauth/token",
    reason,
    description: eventText(body.error_description),
    ...(clientId !== undefined && { clientId: eventText(clientId) }),
    ...(audience !== undefined && { audience: eventText(audience) }),
  });
  return jsonAnswer(status, body, NO_STORE);
}

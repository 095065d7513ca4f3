import { randomUUID } from "node:crypto";
import type { ActionRequest } from "../actions/actions.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { type Client, findApi, findClientGrant } from "../tenant/tenant.ts";
import { auth0AccessToken } from "../tokens/access-token.ts";
import { OPAQUE_TOKEN_LIFETIME_SECONDS } from "../tokens/opaque-token.ts";
import { signToken } from "../tokens/sign-token.ts";
import { emitWarnings } from "./emit-warnings.ts";
import { type Granted, scopesOf } from "./token-answer.ts";
import {
  audienceMissing,
  audienceUnknown,
  clientAccessDenied,
  clientGrantMissing,
  refusedByAction,
  scopeNotGranted,
  type TokenRefusal,
} from "./token-refusals.ts";

/** A client's token for itself (RFC 6749 §4.4): what its grant for the API allows. */
export async function grantClientCredentials(
  client: Client,
  parameters: ReadonlyMap<string, string>,
  request: ActionRequest,
  { issuerUrl, state, tenant }: IssuerContext,
): Promise<Granted | TokenRefusal> {
  const { clientId } = client;
  // The flag of old tenants comes before their Default Audience, which counts once it is off (D).
  if (tenant.opaqueTokensForClients && !parameters.get("audience")) {
    const grant = { clientId, userId: `${clientId}@clients`, scopes: [], customClaims: {} };
    const access_token = await state.opaqueTokens.issue(issuerUrl, grant);
    return { answer: { access_token, expires_in: OPAQUE_TOKEN_LIFETIME_SECONDS, token_type: "Bearer" } };
  }
  const audience = parameters.get("audience") ?? tenant.defaultAudience;
  if (audience === undefined) return audienceMissing();
  const api = findApi(tenant, audience);
  if (!api) return audienceUnknown(audience);
  if (api.clientPolicy === "deny_all") return clientAccessDenied(clientId, audience);
  const clientGrant = findClientGrant(tenant, clientId, audience);
  if (!clientGrant) return clientGrantMissing(clientId, audience);
  const requested = scopesOf(parameters.get("scope"));
  const missing = requested.filter((scope) => !clientGrant.scopes.includes(scope));
  if (missing.length > 0) return scopeNotGranted(missing);

  // The grant is the ceiling, and what a request without scope gets (D).
  const granted = requested.length === 0 ? clientGrant.scopes : requested;
  const verdict = await state.actions.credentialsExchange({ tenant, client, api, scopes: granted, request });
  if (!verdict.ok) return refusedByAction(verdict);
  emitWarnings(verdict.warnings, state);
  const { accessTokenClaims: customClaims, scopes } = verdict;
  const issuedAtSeconds = Math.floor(state.clock() / 1000);
  const unsigned = auth0AccessToken({
    issuer: api.issuer ?? issuerUrl,
    api,
    clientId,
    subject: { kind: "client" },
    scopes,
    entitlements: clientGrant.scopes,
    customClaims,
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + api.tokenLifetimeSeconds,
    newId: randomUUID,
  });
  const answer = {
    access_token: signToken(unsigned, api, state.keys),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    expires_in: api.tokenLifetimeSeconds,
    token_type: "Bearer" as const,
  };
  return { answer, audience };
}

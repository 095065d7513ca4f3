import { hash, timingSafeEqual } from "node:crypto";
import type { IssuerContext } from "../issuer-context.ts";
import { type Client, findClient } from "../tenant/tenant.ts";
import { judgeClientAssertion } from "./client-assertion.ts";
import type { TokenRequest } from "./read-token-request.ts";
import { clientAssertionRefused, clientUnauthorized, type TokenRefusal } from "./token-refusals.ts";

/**
 * Who asks, proven by the one method that is set for the client (`token_endpoint_auth_method`): any other is refused,
 * with the same answer for everything that can be wrong. The two ways to send a secret count as one (D).
 */
export function authenticateClient(
  { credentials, parameters }: TokenRequest,
  { issuerUrl, state, tenant }: IssuerContext,
): Client | TokenRefusal {
  const client = findClient(tenant, credentials?.clientId ?? parameters.get("client_id") ?? "");
  const method = client?.tokenEndpointAuthMethod;

  if (credentials?.method === "assertion") {
    if (method !== "private_key_jwt" || !client) return clientUnauthorized();
    const nowSeconds = state.clock() / 1000;
    const verdict = judgeClientAssertion(credentials.assertion, {
      client,
      issuerUrl,
      nowSeconds,
      used: state.usedAssertions,
    });
    return verdict.ok ? client : clientAssertionRefused(verdict);
  }
  if (method === "none") return client && credentials === undefined ? client : clientUnauthorized();
  if (method === "private_key_jwt") return clientUnauthorized();
  return isSecretOf(client, credentials?.clientSecret ?? "") ? client : clientUnauthorized();
}

/** Takes as long for an unknown client as for a wrong secret. */
function isSecretOf(client: Client | undefined, secret: string): client is Client {
  const isEqual = isSameSecret(client?.clientSecret ?? "", secret);
  return isEqual && client !== undefined && client.clientSecret !== "";
}

/** In the same time whatever the texts. */
export function isSameSecret(expected: string, actual: string): boolean {
  return timingSafeEqual(hash("sha256", expected, "buffer"), hash("sha256", actual, "buffer"));
}

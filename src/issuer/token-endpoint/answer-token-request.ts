import { SUPPORTED_GRANT_TYPES } from "../discovery.ts";
import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerRequest } from "../issuer-request.ts";
import { type Client, isPublicClient } from "../tenant/tenant.ts";
import { actionRequest } from "./action-request.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { grantAuthorizationCode } from "./grant-authorization-code.ts";
import { grantClientCredentials } from "./grant-client-credentials.ts";
import { grantPassword } from "./grant-password.ts";
import { grantRefreshToken } from "./grant-refresh-token.ts";
import type { TokenRequest } from "./read-token-request.ts";
import type { Granted } from "./token-answer.ts";
import { grantTypeMissing, grantTypeOff, grantTypeUnsupported, type TokenRefusal } from "./token-refusals.ts";

/** Auth0's extension of `password`: it names the connection. */
const PASSWORD_REALM = "http://auth0.com/oauth/grant-type/password-realm";

/**
 * POST /oauth/token, read. The order of the checks is ours (?): Auth0 documents none, and each refusal says one thing
 * only.
 */
export async function answerTokenRequest(
  read: TokenRequest,
  request: IssuerRequest,
  context: IssuerContext,
): Promise<Granted | TokenRefusal> {
  const { parameters } = read;
  const grantType = parameters.get("grant_type") ?? "";
  if (grantType === "") return grantTypeMissing();
  if (!SUPPORTED_GRANT_TYPES.includes(grantType)) return grantTypeUnsupported(grantType, SUPPORTED_GRANT_TYPES);
  const client = authenticateClient(read, context);
  if ("reason" in client) return client;
  if (!mayUse(client, grantType)) return grantTypeOff(grantType);

  const seenByActions = actionRequest(request, parameters);
  switch (grantType) {
    case "client_credentials":
      return grantClientCredentials(client, parameters, seenByActions, context);
    case "authorization_code":
      return grantAuthorizationCode(client, parameters, context);
    case "refresh_token":
      return grantRefreshToken(client, parameters, seenByActions, context);
    default: {
      const hasRealm = grantType === PASSWORD_REALM;
      return grantPassword(client, parameters, seenByActions, context, { hasRealm });
    }
  }
}

/**
 * (D) Confidential and Public Applications: a public one can only use grant types that need no secret. Whoever reads its
 * client_id in a page would else get the token of its client grant. conformance/issuer/token/public-client-credentials
 */
function mayUse(client: Client, grantType: string): boolean {
  const isUnproven = grantType === "client_credentials" && isPublicClient(client);
  return client.grantTypes.includes(grantType) && !isUnproven;
}

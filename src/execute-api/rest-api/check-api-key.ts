import { Refusal } from "../refusal.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/**
 * A method that requires an API key is refused after the authorizer (C: a request that lacks both gets 401) unless a
 * usage plan links the key to the stage. No keys exist in a deployment yet, so every key is an unknown one: 403.
 * conformance/rest-api/order/authorizer-before-api-key
 */
export function checkApiKey(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  caller: Caller,
  deployment: RestDeployment,
): void {
  if (!matched.method.apiKeyRequired) return;
  const key = deployment.apiKeySource === "HEADER" ? request.headers.last("x-api-key") : caller.usageIdentifierKey;
  throw new Refusal("INVALID_API_KEY", {
    reason: "api_key_required",
    message:
      key === undefined || key === ""
        ? "no API key was sent and the method requires one"
        : "the API key sent is not linked to this stage by any usage plan",
    expected: deployment.apiKeySource === "HEADER" ? "x-api-key" : "usageIdentifierKey from the authorizer",
    actual: key === undefined ? "absent" : "unknown key",
  });
}

import { type ApiKeyGrant, type IdentifiedApiKey, maskApiKey } from "../limits/limits.ts";
import type { Ports } from "../ports.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/**
 * A method that requires an API key is refused after the authorizer (C: a request that lacks both gets 401) unless a
 * usage plan has both the key and the stage: 403 (D). What is not required is not looked at and does not count (C).
 * conformance/rest-api/order/authorizer-before-api-key
 */
export function checkApiKey(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  caller: Caller,
  deployment: RestDeployment,
  { limits }: Pick<Ports, "limits">,
): ApiKeyGrant | undefined {
  if (!matched.method.apiKeyRequired) return undefined;
  const isHeader = deployment.apiKeySource === "HEADER";
  const value = isHeader ? request.headers.last("x-api-key") : caller.usageIdentifierKey;
  const expected = isHeader ? "x-api-key" : "usageIdentifierKey from the authorizer";
  if (value === undefined || value === "") {
    throw new RestApiRefusal("INVALID_API_KEY", {
      reason: "api_key_missing",
      message: isHeader
        ? `${route(matched)} requires an API key and the request has no x-api-key header`
        : `${route(matched)} requires an API key and the authorizer named none`,
      expected,
      actual: value === undefined ? "absent" : "empty",
    });
  }
  const { apiId, stageName } = deployment;
  const verdict = limits.findKey(value, apiId, stageName);
  if (verdict.ok) return verdict.grant;
  const stage = `${apiId}/${stageName}`;
  switch (verdict.reason) {
    case "api_key_unknown":
      // Not even its end: a value that is no key may be another secret.
      throw new RestApiRefusal("INVALID_API_KEY", {
        reason: "api_key_unknown",
        message: `no API key has the value that came as ${expected}`,
        expected: "the value of a known API key",
        actual: "unknown key",
      });
    case "api_key_disabled":
      throw new RestApiRefusal("INVALID_API_KEY", {
        reason: "api_key_disabled",
        message: `API key ${verdict.keyId} (${maskApiKey(value)}) is disabled`,
        expected: "enabled",
        actual: "disabled",
      });
    case "api_key_not_on_stage":
      throw new RestApiRefusal("INVALID_API_KEY", {
        reason: "api_key_not_on_stage",
        message:
          verdict.conflict === undefined
            ? `no usage plan has both API key ${verdict.keyId} (${maskApiKey(value)}) and API stage ${stage}`
            : `API key ${verdict.keyId} (${maskApiKey(value)}) is on ${verdict.conflict.length} usage plans of API stage ${stage}, AWS allows one, and here none of them counts`,
        expected: `one usage plan with key ${verdict.keyId} and stage ${stage}`,
        actual: verdict.conflict ?? "none",
      });
  }
}

/**
 * The key of a request that an authorizer is told of, before it is checked (C: the execution log looks at the usage plan
 * before the authorizer, too): one that came in the header and is good for the stage. Others are not told (?).
 */
export function identifiedApiKey(
  request: RestRequest,
  { method }: MatchedMethod<CompiledMethod>,
  { apiKeySource, apiId, stageName }: RestDeployment,
  { limits }: Pick<Ports, "limits">,
): IdentifiedApiKey | undefined {
  if (!method.apiKeyRequired || apiKeySource !== "HEADER") return undefined;
  const verdict = limits.findKey(request.headers.last("x-api-key") ?? "", apiId, stageName);
  return verdict.ok ? verdict.grant.apiKey : undefined;
}

function route({ method }: MatchedMethod<CompiledMethod>): string {
  return `${method.httpMethod} ${method.resourcePath}`;
}

import type { HttpApiDeployment } from "./deployment.ts";
import { base1, parameters1, requestContext1 } from "./event-1.ts";
import { addParameters2, base2, requestContext2 } from "./event-2.ts";
import type { HttpApiRequest, MatchedRoute } from "./request.ts";

/**
 * What a Lambda authorizer of format 2.0 gets: the proxy event without body, with the route's ARN and the values of the
 * identity sources in their order (D); null without sources (?). conformance/http-api/authorizer-event
 */
export function authorizerEvent2(
  request: HttpApiRequest,
  matched: MatchedRoute,
  deployment: HttpApiDeployment,
  identity: readonly string[],
): Record<string, unknown> {
  const { version, ...base } = base2("2.0", request, matched);
  const event = {
    version,
    type: "REQUEST",
    routeArn: matched.routeArn,
    identitySource: identity.length > 0 ? identity : null,
    ...base,
    requestContext: requestContext2(request, matched, deployment),
  };
  addParameters2(event, matched, deployment);
  return event;
}

/** The same of format 1.0; the identity values joined by commas, twice (D). */
export function authorizerEvent1(
  request: HttpApiRequest,
  matched: MatchedRoute,
  deployment: HttpApiDeployment,
  identity: readonly string[],
): Record<string, unknown> {
  const identitySource = identity.join(",");
  return {
    version: "1.0",
    type: "REQUEST",
    methodArn: matched.routeArn,
    identitySource,
    authorizationToken: identitySource,
    ...base1(request, matched),
    ...parameters1(matched, deployment),
    requestContext: requestContext1(request, matched, deployment),
  };
}

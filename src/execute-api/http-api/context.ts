import type { Identity } from "../../aws/iam/identity.ts";
import { identityFields } from "../authorizers/identity-fields.ts";
import { basePathMatched } from "../custom-domains.ts";
import { formatRequestTime } from "../request-time.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";

/**
 * `$context` as identity sources, parameter mappings and access logs read it (D); what is not known is absent.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
export function contextVariables(
  request: HttpApiRequest,
  deployment: HttpApiDeployment,
  matched?: MatchedRoute,
  caller?: Caller,
): Readonly<Record<string, unknown>> {
  return {
    accountId: deployment.accountId,
    apiId: deployment.apiId,
    ...(caller && { authorizer: authorizerVariables(caller) }),
    ...(request.mapping && { customDomain: { basePathMatched: basePathMatched(request.mapping) } }),
    domainName: request.domainName,
    domainPrefix: request.domainName.split(".", 1)[0] ?? "",
    extendedRequestId: request.requestId,
    httpMethod: request.method,
    identity: {
      ...(caller?.iam && identityVariables(caller.iam)),
      sourceIp: request.sourceIp,
      userAgent: request.userAgent,
    },
    path: request.rawPath,
    protocol: "HTTP/1.1",
    requestId: request.requestId,
    requestTime: formatRequestTime(request.requestTimeEpoch),
    requestTimeEpoch: request.requestTimeEpoch,
    ...(matched && { routeKey: matched.route.routeKey }),
    stage: deployment.stageName,
  };
}

/** What is null in an event is absent here; the access key is no variable of HTTP APIs (D). */
function identityVariables(signer: Identity): Readonly<Record<string, unknown>> {
  const { accessKey: _, cognitoAmr: __, ...fields } = identityFields(signer);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

export function authorizerVariables({ jwt, lambda, principalId }: Caller): Readonly<Record<string, unknown>> {
  return {
    ...lambda,
    ...(jwt && { claims: jwt.claims }),
    ...(principalId !== undefined && { principalId }),
  };
}

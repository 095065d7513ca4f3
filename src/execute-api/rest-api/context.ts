import type { Refusal } from "../refusal.ts";
import { formatRequestTime } from "../request-time.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/** `$context` of mapping templates, gateway responses and access logs (D): nested plain values, missing ones absent. */
export type ContextVariables = Readonly<Record<string, unknown>>;

/** What is known of a request when its `$context` is asked for; later steps know more. */
export interface ContextSources {
  readonly request: RestRequest;
  readonly deployment: RestDeployment;
  readonly matched?: MatchedMethod<CompiledMethod> | undefined;
  readonly caller?: Caller | undefined;
}

export function contextVariables({ request, deployment, matched, caller }: ContextSources): ContextVariables {
  return {
    accountId: deployment.accountId,
    apiId: deployment.apiId,
    deploymentId: deployment.deploymentId,
    domainName: request.domainName,
    domainPrefix: request.domainName.split(".", 1)[0] ?? "",
    extendedRequestId: request.extendedRequestId,
    httpMethod: request.method,
    identity: identityOf(request),
    path: request.requestPath,
    // `HTTP/1.1` whatever the client spoke (D).
    protocol: "HTTP/1.1",
    requestId: request.requestId,
    requestTime: formatRequestTime(request.requestTimeEpoch),
    requestTimeEpoch: request.requestTimeEpoch,
    stage: deployment.stageName,
    ...(matched && { resourceId: matched.method.resourceId, resourcePath: matched.method.resourcePath }),
    ...(caller?.authorizer && { authorizer: caller.authorizer }),
  };
}

/** `$context.error.*`, for gateway responses and access logs only (D). */
export function errorVariables(refusal: Refusal, message: string | null): ContextVariables {
  return {
    message: message ?? "",
    messageString: JSON.stringify(message),
    responseType: refusal.responseType,
    ...(refusal.wire.validationErrorString !== undefined && {
      validationErrorString: refusal.wire.validationErrorString,
    }),
  };
}

/** `requestContext.identity` and `$context.identity` of a caller without IAM: nulls but for address and agent (R). */
export function identityOf(request: RestRequest): Readonly<Record<string, string | null>> {
  return {
    accessKey: null,
    accountId: null,
    caller: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    sourceIp: request.sourceIp,
    user: null,
    userAgent: request.userAgent,
    userArn: null,
  };
}

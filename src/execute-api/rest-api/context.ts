import { identityFields } from "../authorizers/identity-fields.ts";
import { formatRequestTime } from "../request-time.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { RestApiRefusal } from "./refusal.ts";
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
    identity: identityOf(request, caller),
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
export function errorVariables(refusal: RestApiRefusal, message: string | null): ContextVariables {
  return {
    message: message ?? "",
    messageString: JSON.stringify(message),
    responseType: refusal.responseType,
    ...(refusal.wire.validationErrorString !== undefined && {
      validationErrorString: refusal.wire.validationErrorString,
    }),
  };
}

/** `$context.identity`: nulls but for address and agent unless somebody signed (R). */
function identityOf(request: RestRequest, caller: Caller | undefined): Readonly<Record<string, string | null>> {
  const signer = identityFields(caller?.iam);
  return {
    accessKey: signer.accessKey,
    accountId: signer.accountId,
    caller: signer.caller,
    // Absent, so null, on methods that require no key (D).
    ...(caller?.apiKey && { apiKey: caller.apiKey.value, apiKeyId: caller.apiKey.id }),
    cognitoAuthenticationProvider: signer.cognitoAuthenticationProvider,
    cognitoAuthenticationType: signer.cognitoAuthenticationType,
    cognitoIdentityId: signer.cognitoIdentityId,
    cognitoIdentityPoolId: signer.cognitoIdentityPoolId,
    principalOrgId: signer.principalOrgId,
    sourceIp: request.sourceIp,
    user: signer.user,
    userAgent: request.userAgent,
    userArn: signer.userArn,
  };
}

import { basePathMatched } from "../custom-domains.ts";
import type { AuthorizationRecord } from "../decision-record.ts";
import { maskApiKey } from "../limits/limits.ts";
import { logText } from "../log-text.ts";
import type { Decided } from "./answer.ts";
import type { ContextVariables } from "./context.ts";
import { contextVariables, errorVariables } from "./context.ts";
import { hasTraceHeader, traceId } from "./header-rules.ts";
import type { RestApiRefusal } from "./refusal.ts";

/** Endpoints here are reached directly, as Regional ones are. */
const ENDPOINT_TYPE = "REGIONAL";

/**
 * `$context` of an access log: that of the request, and what only access logs know (D): outcome, sizes, and the status
 * and latency of each step. What did not happen is absent and prints `-`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
 */
export function accessLogContext({
  request,
  deployment,
  matched,
  caller,
  answer,
  refusal,
  trace,
}: Decided): ContextVariables {
  const base = contextVariables({ request, deployment, matched, caller });
  const apiKey = caller?.apiKey;
  const { authorization, integration } = trace;
  return {
    ...base,
    // As execution logs show it (C); whoever reads a log is not to call with it.
    ...(apiKey && { identity: { ...(base.identity as object), apiKey: maskApiKey(apiKey.value) } }),
    endpointType: ENDPOINT_TYPE,
    ...(request.mapping && { customDomain: { basePathMatched: basePathMatched(request.mapping) } }),
    status: answer.status,
    responseLength: typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length,
    responseLatency: Math.round(trace.elapsedMs()),
    ...(refusal && {
      error: errorVariables(refusal, loggedMessage(refusal, answer.body)),
    }),
    ...(authorization?.type === "CUSTOM" && {
      authorizer: {
        ...caller?.authorizer,
        ...authorizerOutcome(refusal?.responseType, authorization.latencyMs),
        ...(authorization.principalId !== undefined && { principalId: authorization.principalId }),
        ...(refusal && isAuthorizerFailure(refusal.responseType) && { error: loggedError(refusal) }),
      },
      authorize: {
        status: authorization.decision === undefined ? 500 : authorization.decision === "allow" ? 200 : 403,
      },
    }),
    ...(authorization?.type === "AWS_IAM" && iamOutcome(authorization, refusal)),
    // The variable is (D), its text ours: what AWS logs of a refused token is not known (?).
    ...((authorization?.type === "JWT" || authorization?.type === "COGNITO_USER_POOLS") &&
      caller === undefined &&
      refusal &&
      refusal.responseType !== "DEFAULT_5XX" && { authorizer: { error: logText(refusal.evidence.message) } }),
    ...(integration && {
      integration: {
        ...(integration.status !== undefined && {
          status: integration.status,
          integrationStatus: serviceStatus(integration.type, integration.status),
        }),
        ...(integration.latencyMs !== undefined && { latency: integration.latencyMs }),
        ...(refusal && { error: loggedError(refusal) }),
      },
      ...(integration.status !== undefined && {
        integrationStatus: serviceStatus(integration.type, integration.status),
      }),
      ...(integration.latencyMs !== undefined && { integrationLatency: integration.latencyMs }),
      ...(refusal && { integrationErrorMessage: loggedError(refusal) }),
      ...(matched && hasTraceHeader(matched.method.integration.type) && { xrayTraceId: traceId(request) }),
    }),
  };
}

/** AWS's text where it is known, else ours. */
function loggedError({ wire, evidence }: RestApiRefusal): string {
  return wire.loggedError ?? logText(evidence.message);
}

/** What the client was told, unless that is for the client only. */
function loggedMessage({ wire }: RestApiRefusal, body: Buffer | string): string | null {
  return wire.loggedMessage ?? (wire.message === undefined ? messageOf(body) : wire.message);
}

/** Variables (D), values (?): the signature is authentication, the policies are authorization. */
function iamOutcome(
  { decision }: AuthorizationRecord,
  refusal: RestApiRefusal | undefined,
): Readonly<Record<string, unknown>> {
  if (decision === undefined) return refusal?.responseType === "DEFAULT_5XX" ? {} : { authenticate: { status: 403 } };
  return { authenticate: { status: 200 }, authorize: { status: decision === "allow" ? 200 : 403 } };
}

/** Of a proxy function, `integrationStatus` is Lambda's own answer and `status` the function's (D). */
function serviceStatus(type: string, status: number): number {
  return type === "AWS_PROXY" ? 200 : status;
}

function isAuthorizerFailure(responseType: string): boolean {
  return responseType === "AUTHORIZER_FAILURE" || responseType === "AUTHORIZER_CONFIGURATION_ERROR";
}

function authorizerOutcome(
  responseType: string | undefined,
  latencyMs: number | undefined,
): Readonly<Record<string, unknown>> {
  const status =
    responseType !== undefined && isAuthorizerFailure(responseType) ? 500 : responseType === "UNAUTHORIZED" ? 401 : 200;
  return {
    status,
    integrationStatus: status === 500 ? 500 : 200,
    ...(latencyMs !== undefined && { latency: latencyMs, integrationLatency: latencyMs }),
  };
}

/** `$context.error.message` is what the client was told; a customised body tells it in its own way. */
function messageOf(body: Buffer | string): string | null {
  try {
    const told: unknown = JSON.parse(body.toString());
    if (typeof told !== "object" || told === null) return null;
    const message = "message" in told ? told.message : "Message" in told ? told.Message : null;
    return typeof message === "string" ? message : null;
  } catch {
    return null;
  }
}

import type { Decided } from "./answer.ts";
import { authorizerVariables, contextVariables } from "./context.ts";
import type { HttpApiRefusal } from "./refusal.ts";

/**
 * `$context` of an HTTP API's access log (D); what did not happen is absent and prints `-` (R).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 * conformance/http-api/access-log
 */
export function accessLogContext(decided: Decided): Readonly<Record<string, unknown>> {
  const { request, deployment, matched, caller, answer, refusal, trace } = decided;
  const { integration } = trace;
  const length = typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length;
  const integrationError = refusal?.wire.integrationError;
  // Lambda's own status is 200 even of a function that answers 500 (D).
  const integrationStatus =
    integration?.type === "AWS_PROXY" && integration.status !== undefined ? 200 : integration?.status;
  return {
    ...contextVariables(request, deployment, matched, caller),
    authorizer: {
      ...(caller && authorizerVariables(caller)),
      ...(refusal?.wire.authorizerError !== undefined && { error: refusal.wire.authorizerError }),
    },
    dataProcessed: request.body.length + length,
    ...(refusal && { error: errorVariables(refusal) }),
    integration: {
      error: integrationError,
      integrationStatus,
      latency: integration?.latencyMs,
      status: integration?.status,
    },
    integrationErrorMessage: integrationError,
    integrationLatency: integration?.latencyMs,
    integrationStatus,
    responseLatency: Math.round(trace.elapsedMs()),
    responseLength: length,
    status: answer.status,
  };
}

/** Of the response types only that of a denial has been seen (C). */
function errorVariables({ text, status, wire }: HttpApiRefusal): Readonly<Record<string, unknown>> {
  return {
    message: text,
    messageString: JSON.stringify(text),
    ...(status === 403 && wire.isUnauthenticated === undefined && { responseType: "ACCESS_DENIED" }),
  };
}

import type { Decided } from "./answer.ts";
import { authorizerVariables, contextVariables } from "./context.ts";

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
    ...contextVariables(request, deployment, matched),
    authorizer: {
      ...(caller && authorizerVariables(caller)),
      ...(refusal?.wire.authorizerError !== undefined && { error: refusal.wire.authorizerError }),
    },
    dataProcessed: request.body.length + length,
    ...(refusal && { error: { message: refusal.text, messageString: JSON.stringify(refusal.text) } }),
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

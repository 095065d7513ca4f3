import { type DecisionRecord, RECORDED_HEADER_VALUES } from "../decision-record.ts";
import { GATEWAY_REASONS } from "../reasons.ts";
import type { Decided } from "./answer.ts";

/** The decision record of an answered request: names kept, values by allow-list, nothing secret. */
export function recordDecision({
  request,
  deployment,
  matched,
  answer,
  refusal,
  errorType,
  trace,
}: Decided): DecisionRecord {
  const headerNames = request.headers.names();
  const headers: Record<string, string> = {};
  for (const name of headerNames) {
    if (!RECORDED_HEADER_VALUES.has(name) || deployment.identityHeaders.has(name)) continue;
    headers[name] = request.headers.all(name).join(", ");
  }
  return {
    requestId: request.requestId,
    extendedRequestId: request.extendedRequestId,
    time: new Date(request.requestTimeEpoch).toISOString(),
    api: { apiId: deployment.apiId, name: deployment.apiName, type: "REST" },
    stage: deployment.stageName,
    deploymentId: deployment.deploymentId,
    request: {
      method: request.method,
      path: request.requestPath,
      queryNames: request.query.size === 0 ? [] : [...request.query.keys()],
      headerNames,
      headers,
      sourceIp: request.sourceIp,
    },
    ...(matched && {
      route: {
        resourcePath: matched.method.resourcePath,
        httpMethod: matched.method.httpMethod,
        methodArn: matched.methodArn,
      },
    }),
    ...(trace.authorization && { authorization: trace.authorization }),
    ...(trace.integration && { integration: trace.integration }),
    answer: {
      status: answer.status,
      ...(refusal && { responseType: refusal.responseType }),
      ...(errorType !== undefined && { errorType }),
      bodyBytes: typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length,
    },
    ...(refusal && {
      refusal: {
        reason: refusal.evidence.reason,
        message: refusal.evidence.message,
        check: refusal.evidence.check ?? GATEWAY_REASONS[refusal.evidence.reason],
        ...(refusal.evidence.expected !== undefined && { expected: refusal.evidence.expected }),
        ...(refusal.evidence.actual !== undefined && { actual: refusal.evidence.actual }),
      },
    }),
    steps: trace.steps,
  };
}

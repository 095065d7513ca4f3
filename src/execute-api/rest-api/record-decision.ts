import { type Finding, formatFinding } from "../../model/finding.ts";
import { type DecisionRecord, RECORDED_HEADER_VALUES, type RefusalRecord } from "../decision-record.ts";
import { isoTime } from "../iso-time.ts";
import { GATEWAY_REASONS } from "../reasons.ts";
import type { RefusalEvidence } from "../refusal.ts";
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
  const evidence = refusal?.evidence ?? notServed(matched?.method.notServed);
  const headerNames = request.headers.names();
  const headers: Record<string, string> = {};
  for (const name of headerNames) {
    if (!RECORDED_HEADER_VALUES.has(name) || deployment.identityHeaders.has(name)) continue;
    const values = request.headers.all(name);
    headers[name] = values.length === 1 ? (values[0] as string) : values.join(", ");
  }
  const bodyBytes = typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length;
  // Members are added in place, in the order they are read: spreading costs more than all the rest, on every request.
  const record: { -readonly [Name in keyof DecisionRecord]?: DecisionRecord[Name] } = {
    requestId: request.requestId,
    extendedRequestId: request.extendedRequestId,
    time: isoTime(request.requestTimeEpoch),
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
  };
  if (matched !== undefined) {
    const { resourcePath, httpMethod } = matched.method;
    record.route = { resourcePath, httpMethod, methodArn: matched.methodArn };
  }
  if (trace.authorization !== undefined) record.authorization = trace.authorization;
  if (trace.integration !== undefined) record.integration = trace.integration;
  record.answer =
    refusal === undefined && errorType === undefined
      ? { status: answer.status, bodyBytes }
      : {
          status: answer.status,
          ...(refusal && { responseType: refusal.responseType }),
          ...(errorType !== undefined && { errorType }),
          bodyBytes,
        };
  if (evidence !== undefined) record.refusal = refusalRecord(evidence);
  record.steps = trace.steps;
  return record as DecisionRecord; // what is not optional in it is set above
}

function refusalRecord(evidence: RefusalEvidence): RefusalRecord {
  return {
    reason: evidence.reason,
    message: evidence.message,
    check: evidence.check ?? GATEWAY_REASONS[evidence.reason],
    ...(evidence.expected !== undefined && { expected: evidence.expected }),
    ...(evidence.actual !== undefined && { actual: evidence.actual }),
  };
}

/** A route's 501 is no gateway response of AWS's, and its record says why all the same. */
function notServed(finding: Finding | undefined): RefusalEvidence | undefined {
  return finding && { reason: "not_served", message: formatFinding(finding), actual: finding.rule };
}

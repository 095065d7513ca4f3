import { formatFinding } from "../../model/finding.ts";
import type { DecisionRecord } from "../decision-record.ts";
import { isoTime } from "../iso-time.ts";
import { checkFor } from "../reasons.ts";
import { recordedHeaders } from "../recorded-headers.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import type { Decided } from "./answer.ts";

/** The decision record of an answered request: names kept, values by allow-list, nothing secret. */
export function recordDecision({ request, deployment, matched, answer, refusal, trace }: Decided): DecisionRecord {
  const { headerNames, headers } = recordedHeaders(request.headers, deployment.identityHeaders);
  const unserved = matched?.route.notServed;
  const evidence: RefusalEvidence | undefined =
    refusal?.evidence ??
    (unserved && { reason: "not_served", message: formatFinding(unserved), actual: unserved.rule });
  return {
    requestId: request.requestId,
    extendedRequestId: request.requestId,
    time: isoTime(request.requestTimeEpoch),
    api: { apiId: deployment.apiId, name: deployment.apiName, type: "HTTP" },
    stage: deployment.stageName,
    deploymentId: deployment.deploymentId,
    request: {
      method: request.method,
      path: request.rawPath,
      queryNames: [...request.query.keys()],
      headerNames,
      headers,
      sourceIp: request.sourceIp,
    },
    ...(request.mapping && {
      customDomain: { domainName: request.mapping.domainName, key: request.mapping.key },
    }),
    ...(matched && {
      route: {
        resourcePath: matched.route.path,
        httpMethod: matched.route.method ?? "$default",
        methodArn: matched.routeArn,
      },
    }),
    ...(trace.authorization && { authorization: trace.authorization }),
    ...(trace.integration && { integration: trace.integration }),
    answer: {
      status: answer.status,
      bodyBytes: typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length,
    },
    ...(evidence && {
      refusal: {
        reason: evidence.reason,
        message: evidence.message,
        check: evidence.check ?? checkFor(evidence.reason),
        ...(evidence.expected !== undefined && { expected: evidence.expected }),
        ...(evidence.actual !== undefined && { actual: evidence.actual }),
      },
    }),
    steps: trace.steps,
  };
}

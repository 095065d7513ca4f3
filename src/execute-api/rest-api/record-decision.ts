import { type Finding, formatFinding } from "../../model/finding.ts";
import type { DecisionRecord, RefusalRecord } from "../decision-record.ts";
import { isoTime } from "../iso-time.ts";
import { checkFor } from "../reasons.ts";
import { recordedHeaders } from "../recorded-headers.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import type { Decided } from "./answer.ts";
import type { RestDeployment } from "./deployment.ts";

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
  const { headerNames, headers } = recordedHeaders(request.headers, deployment.identityHeaders);
  const bodyBytes = typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length;
  // Members are added in place, in the order they are read: spreading costs more than all the rest, on every request.
  const record: { -readonly [Name in keyof DecisionRecord]?: DecisionRecord[Name] } = {
    requestId: request.requestId,
    extendedRequestId: request.extendedRequestId,
    time: isoTime(request.requestTimeEpoch),
    api: recordedApi(deployment),
    stage: deployment.stageName,
    deploymentId: deployment.deploymentId,
    request: {
      method: request.method,
      path: request.requestPath,
      queryNames: request.query.size === 0 ? NO_NAMES : [...request.query.keys()],
      headerNames,
      headers,
      sourceIp: request.sourceIp,
    },
  };
  const { mapping } = request;
  if (mapping !== undefined) record.customDomain = { domainName: mapping.domainName, key: mapping.key };
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

const NO_NAMES: readonly string[] = [];

const recordedApis = new WeakMap<RestDeployment, DecisionRecord["api"]>();

/** One for all records of a deployment. */
function recordedApi(deployment: RestDeployment): DecisionRecord["api"] {
  let api = recordedApis.get(deployment);
  if (api === undefined) {
    api = { apiId: deployment.apiId, name: deployment.apiName, type: "REST" };
    recordedApis.set(deployment, api);
  }
  return api;
}

function refusalRecord(evidence: RefusalEvidence): RefusalRecord {
  return {
    reason: evidence.reason,
    message: evidence.message,
    check: evidence.check ?? checkFor(evidence.reason),
    ...(evidence.expected !== undefined && { expected: evidence.expected }),
    ...(evidence.actual !== undefined && { actual: evidence.actual }),
  };
}

/** A route's 501 is no gateway response of AWS's, and its record says why all the same. */
function notServed(finding: Finding | undefined): RefusalEvidence | undefined {
  return finding && { reason: "not_served", message: formatFinding(finding), actual: finding.rule };
}

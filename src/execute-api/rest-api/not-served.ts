import { type Finding, formatFinding } from "../../model/finding.ts";
import type { Answer } from "../transport.ts";
import type { RestRequest } from "./request.ts";

/**
 * The answer of a route that holds something not understood: 501, ours and not AWS's, naming file, line and remedy.
 * What decides access and is not understood is never served.
 */
export function notServedAnswer(finding: Finding, request: RestRequest): Answer {
  return {
    status: 501,
    headers: [
      "Content-Type",
      "application/json",
      "x-amzn-RequestId",
      request.requestId,
      "x-amz-apigw-id",
      request.extendedRequestId,
      "x-gatewarden-rule",
      finding.rule,
    ],
    body: JSON.stringify({ message: `Not served here: ${formatFinding(finding)}` }),
  };
}

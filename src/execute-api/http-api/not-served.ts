import { type Finding, formatFinding } from "../../model/finding.ts";
import type { Answer } from "../transport.ts";

/**
 * The answer of a route that holds something not understood: 501, ours and not AWS's, naming file, line and remedy.
 * What decides access and is not understood is never served.
 */
export function notServedAnswer(finding: Finding): Answer {
  return {
    status: 501,
    headers: ["content-type", "application/json", "x-gatewarden-rule", finding.rule],
    body: JSON.stringify({ message: `Not served here: ${formatFinding(finding)}` }),
  };
}

import type { Finding } from "../../../model/finding.ts";
import { Report } from "../../report.ts";
import type { StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";
import type { LoadedRestApi } from "../stack-readers.ts";

/** REST APIs of CloudFormation templates are not read yet: a template with one is not loaded. */
export function readRestApis(
  resources: readonly StackResource[],
  _context: StackContext,
): { readonly restApis: readonly LoadedRestApi[]; readonly findings: readonly Finding[] } {
  const report = new Report();
  for (const { type, logicalId, at } of resources) {
    if (type !== "AWS::ApiGateway::RestApi") continue;
    const message = `${logicalId} is a REST API, which is not read from CloudFormation templates yet.`;
    report.stopLoad({ rule: "rest-api-unsupported", at, message, fix: "Load its OpenAPI document instead." });
  }
  return { restApis: [], findings: report.findings };
}

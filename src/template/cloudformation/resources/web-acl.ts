import type { Finding } from "../../../model/finding.ts";
import { show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import type { StackContext } from "./stack-context.ts";

const ASSOCIATION_TYPES = new Set(["AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation"]);

/**
 * Web ACLs in front of REST APIs decide access and are not evaluated: each is a refusal of its API. By API id; an
 * association whose resource cannot be read refuses every REST API of the stack. (HTTP APIs have no WAF (D).)
 */
export function findWebAclAssociations(
  resources: readonly StackResource[],
  { report, refOf }: StackContext,
): Map<string, Finding[]> {
  const refusals = new Map<string, Finding[]>();
  const apis = new Map(
    resources.filter(({ type }) => type === "AWS::ApiGateway::RestApi").map((api) => [refOf(api), api.logicalId]),
  );
  for (const { type, logicalId, properties, at } of resources) {
    if (!ASSOCIATION_TYPES.has(type)) continue;
    const node = properties.get("ResourceArn");
    const guarded = guardedApi(node?.value);
    if (guarded !== undefined && !apis.has(guarded)) continue;
    for (const apiId of guarded === undefined ? apis.keys() : [guarded]) {
      const message = `${logicalId} puts a web ACL before ${show(node?.value)}; WAF is not supported, and without it the API would let more through.`;
      const problem = { rule: "waf-unsupported", at: node?.at() ?? at, message, fix: "Serve it without, by accept." };
      const finding = report.refuseApi(problem, apis.get(apiId) ?? logicalId);
      refusals.set(apiId, [...(refusals.get(apiId) ?? []), finding]);
    }
  }
  return refusals;
}

/** The API of a stage's ARN; "" for the ARN of something else, undefined for what cannot be read. */
function guardedApi(resourceArn: unknown): string | undefined {
  if (typeof resourceArn !== "string" || !resourceArn.startsWith("arn:")) return undefined;
  return (
    /:\/restapis\/([^/]+)\/stages\//.exec(resourceArn)?.[1] ?? (resourceArn.includes("/restapis/") ? undefined : "")
  );
}

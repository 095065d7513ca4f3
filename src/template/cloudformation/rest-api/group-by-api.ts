import type { Finding } from "../../../model/finding.ts";
import { show } from "../../source-node.ts";
import { belongsToDomain } from "../resources/custom-domains.ts";
import type { StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";

const PREFIX = "AWS::ApiGateway::";
export const REST_API_TYPE = `${PREFIX}RestApi`;

/** The types that make up a REST API, beside the API itself; each names it by `RestApiId`. */
const PART_KINDS = new Set([
  "Authorizer",
  "Deployment",
  "DocumentationPart",
  "DocumentationVersion",
  "GatewayResponse",
  "Method",
  "Model",
  "RequestValidator",
  "Resource",
  "Stage",
]);
/** Nothing here depends on these: the first two only document, the others serve logs, backends and VPC links. */
const INERT_KINDS = new Set(["DocumentationPart", "DocumentationVersion", "Account", "ClientCertificate", "VpcLink"]);
/** Not a part of one API: resources/api-keys.ts and usage-plans.ts read them. */
const KEY_KINDS = new Set(["ApiKey", "UsagePlan", "UsagePlanKey"]);

export interface PartsOfApis {
  /** By the id of the API they belong to. */
  readonly partsOf: ReadonlyMap<string, readonly StackResource[]>;
  /** What may belong to any REST API of the stack and cannot be read. */
  readonly refusals: readonly Finding[];
}

/** Sorts the AWS::ApiGateway::* resources of a stack by their API; what belongs to no API of it is reported. */
export function groupByApi(resources: readonly StackResource[], context: StackContext): PartsOfApis {
  const { report, refOf } = context;
  const apis = resources.filter(({ type }) => type === REST_API_TYPE);
  const partsOf = new Map<string, StackResource[]>(apis.map((api) => [refOf(api), []]));
  const ownResources: ReadonlySet<unknown> = new Set(
    resources.filter((each) => each.type === `${PREFIX}Resource`).map(refOf),
  );
  const refusals: Finding[] = [];
  for (const resource of resources) {
    const { type, logicalId, properties, at } = resource;
    if (!type.startsWith(PREFIX) || type === REST_API_TYPE || belongsToDomain(type)) continue;
    const kind = type.slice(PREFIX.length);
    if (!KEY_KINDS.has(kind) && !INERT_KINDS.has(kind)) {
      const node = properties.get("RestApiId");
      const own = typeof node?.value === "string" ? partsOf.get(node.value) : undefined;
      const refuse = (rule: string, message: string, fix: string): void => {
        const problem = { rule, at: node?.at() ?? at, message, fix };
        // Without a REST API there is nothing that it could open.
        if (apis.length === 0) report.note("warning", problem, logicalId);
        else refusals.push(report.refuseApi(problem, logicalId));
      };
      if (!PART_KINDS.has(kind)) {
        refuse(
          "api-part-unknown",
          `${logicalId} has the type ${type}, which is not known and may decide who gets in.`,
          "Remove it.",
        );
      } else if (own !== undefined) own.push(resource);
      else if (isOfAnotherStack(resource, ownResources)) {
        const message = `RestApiId of ${logicalId} is ${show(node?.value)}, which is no REST API of this template.`;
        const problem = {
          rule: "api-not-in-stack",
          at: node?.at() ?? at,
          message,
          fix: "Load the API's own template.",
        };
        report.note("warning", problem, logicalId);
      } else {
        // A part that went missing might leave its requests to a wider neighbour.
        const message = `RestApiId of ${logicalId} is ${show(node?.value)}, wanted the id of a REST API of this template.`;
        refuse("api-part-misplaced", message, "Write Ref: API.");
      }
    }
  }
  return { partsOf, refusals };
}

/** The parts of one kind, e.g. `Method`. */
export function ofType(parts: readonly StackResource[], kind: string): StackResource[] {
  return parts.filter(({ type }) => type === PREFIX + kind);
}

/** It names some other API, and nothing in it points into this stack's. */
function isOfAnotherStack({ properties }: StackResource, ownResources: ReadonlySet<unknown>): boolean {
  const apiId = properties.get("RestApiId")?.value;
  if (typeof apiId !== "string" || apiId === "") return false;
  return ["ResourceId", "ParentId"].every((name) => !ownResources.has(properties.get(name)?.value));
}

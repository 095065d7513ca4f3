import type { QuotaSettings, ThrottleSettings, UsagePlan, UsagePlanStage } from "../../../model/usage-plan.ts";
import { readInteger, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { QUOTA_OFFSETS, QUOTA_PERIODS, throttleKeyOf, WANTED_THROTTLE_KEY } from "../../usage-plan-settings.ts";
import { generatedName } from "../physical-ids.ts";
import type { StackResource } from "../stack.ts";
import { ResourceProblems, readScalarText, refuseUnknownKeys, type StackContext } from "./stack-context.ts";
import { readThrottle } from "./throttle-settings.ts";

const PLAN_KEYS = ["ApiStages", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"];
const STAGE_KEYS = ["ApiId", "Stage", "Throttle"];
const QUOTA_KEYS = ["Limit", "Offset", "Period"];
const TIE_KEYS = ["KeyId", "KeyType", "UsagePlanId"];

/**
 * Reads AWS::ApiGateway::UsagePlan and UsagePlanKey
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplan.html). A plan
 * that is not understood lets no key in: it is left out. Whether its stages exist is not known before all files are read.
 */
export function readUsagePlans(resources: readonly StackResource[], context: StackContext): UsagePlan[] {
  const keysOf = new Map<string, string[]>();
  const planResources = resources.filter(({ type }) => type === "AWS::ApiGateway::UsagePlan");
  const planIds = new Set(planResources.map(context.refOf));
  for (const resource of resources) {
    if (resource.type !== "AWS::ApiGateway::UsagePlanKey") continue;
    const tie = readPlanKey(resource, planIds, context);
    if (tie) keysOf.set(tie.planId, [...(keysOf.get(tie.planId) ?? []), tie.keyId]);
  }
  return planResources.flatMap((each) => readPlan(each, keysOf.get(context.refOf(each)) ?? [], context) ?? []);
}

function readPlanKey(
  resource: StackResource,
  planIds: ReadonlySet<string>,
  { report }: StackContext,
): { readonly planId: string; readonly keyId: string } | undefined {
  const { properties, logicalId } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, TIE_KEYS, problems);
  const required = (property: string): string | undefined => {
    if (!properties.get(property)) problems.missing(property, "text");
    return readText(properties.get(property), problems.invalid);
  };
  const keyId = required("KeyId");
  const planId = required("UsagePlanId");
  const type = required("KeyType");
  const typeNode = properties.get("KeyType");
  if (typeNode && type !== undefined && type !== "API_KEY") problems.invalid(typeNode, show(type), "API_KEY");
  if (planId !== undefined && !planIds.has(planId)) {
    const message = `UsagePlanId of ${logicalId} is ${show(planId)}, which is no usage plan of this template: the key is not on it.`;
    problems.add("usage-plan-unknown", properties.get("UsagePlanId"), message, "Write Ref: PLAN.");
  }
  for (const problem of problems.all) report.note("error", problem, logicalId);
  return problems.all.length > 0 || keyId === undefined || planId === undefined ? undefined : { planId, keyId };
}

function readPlan(
  resource: StackResource,
  keyIds: readonly string[],
  { place, report, refOf }: StackContext,
): UsagePlan | undefined {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  refuseUnknownKeys(properties, PLAN_KEYS, problems);
  const name = readScalarText(properties.get("UsagePlanName"), problems.invalid) ?? generatedName(place, logicalId);
  const stagesNode = properties.get("ApiStages");
  if (stagesNode && !stagesNode.isList) problems.invalid(stagesNode, show(stagesNode.value), "a list");
  const apiStages = (stagesNode?.items() ?? []).flatMap((item) => readStage(item, problems) ?? []);
  const throttle = readThrottle(properties.get("Throttle"), problems);
  const quota = readQuota(properties.get("Quota"), problems);
  for (const problem of problems.all) report.note("error", problem, logicalId);
  if (problems.all.length > 0) {
    const message = `The usage plan ${logicalId} is not understood: its keys open nothing.`;
    const fix = "Correct what is reported beside this.";
    report.note("error", { rule: "usage-plan-unreadable", at, message, fix }, logicalId);
    return undefined;
  }
  return {
    id: refOf(resource),
    name,
    apiStages,
    ...(throttle && { throttle }),
    ...(quota && { quota }),
    keyIds: [...new Set(keyIds)],
    at,
  };
}

function readStage(item: SourceNode, problems: ResourceProblems): UsagePlanStage | undefined {
  if (!item.isMapping) problems.invalid(item, show(item.value), "a mapping of ApiId and Stage");
  refuseUnknownKeys(item, STAGE_KEYS, problems);
  const required = (property: string): string | undefined => {
    if (!item.get(property)) problems.missing(`${property} in ApiStages`, "text");
    return readText(item.get(property), problems.invalid);
  };
  const apiId = required("ApiId");
  const stageName = required("Stage");
  const node = item.get("Throttle");
  if (node && !node.isMapping) problems.invalid(node, show(node.value), "a mapping");
  const throttle: [string, ThrottleSettings][] = [];
  for (const child of node?.entries() ?? []) {
    const key = throttleKeyOf(child.name);
    if (key === undefined) problems.invalid(child, show(child.name), WANTED_THROTTLE_KEY);
    const settings = readThrottle(child, problems);
    if (key !== undefined && settings) throttle.push([key, settings]);
  }
  if (apiId === undefined || stageName === undefined) return undefined;
  return { apiId, stageName, throttle: Object.fromEntries(throttle) };
}

function readQuota(node: SourceNode | undefined, problems: ResourceProblems): QuotaSettings | undefined {
  if (node === undefined) return undefined;
  const { invalid } = problems;
  if (!node.isMapping) invalid(node, show(node.value), "a mapping of Limit and Period");
  refuseUnknownKeys(node, QUOTA_KEYS, problems);
  const limit = readInteger(node.get("Limit"), 0, Number.MAX_SAFE_INTEGER, invalid);
  const period = readWord(node.get("Period"), QUOTA_PERIODS, invalid);
  if (!node.get("Limit")) problems.missing("Limit in Quota", "a number of requests");
  if (!node.get("Period")) problems.missing("Period in Quota", QUOTA_PERIODS.join(" or "));
  if (limit === undefined || period === undefined) return undefined;
  const offset = readInteger(node.get("Offset"), 0, QUOTA_OFFSETS[period], invalid) ?? 0;
  return { limit, offset, period };
}

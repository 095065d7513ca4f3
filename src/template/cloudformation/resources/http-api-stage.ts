import type { HttpApiStage, RouteSettings } from "../../../model/http-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readInteger, readText } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import { readAccessLog } from "./access-log.ts";
import { ResourceProblems, type StackContext } from "./stack-context.ts";
import { readStageVariables } from "./stage-variables.ts";
import { readRate } from "./throttle-settings.ts";

/** (D: API Gateway V2 reference, CreateStage) */
const STAGE_NAME = /^(?:\$default|[A-Za-z0-9_-]{1,128})$/;

const KEYS = new Set([
  "AccessLogSettings",
  "ApiId",
  "AutoDeploy",
  "DefaultRouteSettings",
  "DeploymentId",
  "Description",
  "RouteSettings",
  "StageName",
  "StageVariables",
  "Tags",
]);
/** The first three concern metrics and WebSocket APIs: they decide nothing here. */
const SETTINGS_KEYS = new Set([
  "DataTraceEnabled",
  "DetailedMetricsEnabled",
  "LoggingLevel",
  "ThrottlingBurstLimit",
  "ThrottlingRateLimit",
]);

/** Reads an AWS::ApiGatewayV2::Stage; undefined, after a finding, without a usable name. */
export function readStage(
  resource: StackResource,
  apiId: string,
  apiLogicalId: string,
  deployedStages: ReadonlySet<string>,
  context: StackContext,
): HttpApiStage | undefined {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The stage ${logicalId} has the property ${show(child.name)}, which has no meaning for an HTTP API.`;
    problems.add("stage-property-unknown", child, message, fix);
  });
  const nameNode = properties.get("StageName");
  const stageName = nameNode?.value;
  const isNamed = typeof stageName === "string" && STAGE_NAME.test(stageName);
  if (!isNamed) {
    if (nameNode) invalid(nameNode, show(stageName), "$default or up to 128 letters, digits, hyphens and underscores");
    else problems.missing("StageName", "$default or a name");
  }
  const variables = readStageVariables(properties.get("StageVariables"), problems);
  const defaultSettings = properties.get("DefaultRouteSettings");
  const defaultRouteSettings = defaultSettings && readRouteSettings(defaultSettings, problems);
  const routeSettings: Record<string, RouteSettings> = Object.create(null);
  const settingsNode = properties.get("RouteSettings");
  if (settingsNode && !settingsNode.isMapping) invalid(settingsNode, show(settingsNode.value), "a mapping");
  for (const node of settingsNode?.entries() ?? []) routeSettings[node.name] = readRouteSettings(node, problems);
  const isAutoDeployed = readBoolean(properties.get("AutoDeploy"), invalid) ?? false;
  const deploymentId = readText(properties.get("DeploymentId"), invalid);
  const accessLog = isNamed
    ? readAccessLog(properties.get("AccessLogSettings"), apiId, stageName, problems, context)
    : undefined;
  for (const problem of problems.all) context.report.refuseApi(problem, apiLogicalId);
  if (!isNamed) return undefined;
  const isDeployed = isAutoDeployed || deploymentId !== undefined || deployedStages.has(stageName);
  if (!isDeployed) {
    const message = `The stage ${stageName} neither deploys by itself nor names a deployment: it serves nothing.`;
    const problem = { rule: "stage-not-deployed", at, message, fix: "Set AutoDeploy: true, or add a Deployment." };
    context.report.note("warning", problem, logicalId);
  }
  return {
    stageName,
    variables,
    isDeployed,
    ...(accessLog && { accessLog }),
    ...(defaultRouteSettings && { defaultRouteSettings }),
    routeSettings,
    at,
  };
}

/** Absent limits leave the account's in force; present ones count even when 0 (R: every call then is 429). */
function readRouteSettings(node: SourceNode, problems: ResourceProblems): RouteSettings {
  const { invalid } = problems;
  if (!node.isMapping) invalid(node, show(node.value), "a mapping");
  eachUnknownKey(node, SETTINGS_KEYS, (child, fix) => {
    const message = `The route settings ${show(node.name)} have the unknown property ${show(child.name)}.`;
    problems.add("stage-property-unknown", child, message, fix);
  });
  const throttlingBurstLimit = readInteger(node.get("ThrottlingBurstLimit"), 0, Number.MAX_SAFE_INTEGER, invalid);
  const throttlingRateLimit = readRate(node.get("ThrottlingRateLimit"), problems);
  return {
    ...(throttlingBurstLimit === undefined ? {} : { throttlingBurstLimit }),
    ...(throttlingRateLimit === undefined ? {} : { throttlingRateLimit }),
  };
}

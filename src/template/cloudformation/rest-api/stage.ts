import type { Resource, Stage } from "../../../model/rest-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readText } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { readAccessLog } from "../resources/access-log.ts";
import { ResourceProblems, type StackContext } from "../resources/stack-context.ts";
import { readStageVariables } from "../resources/stage-variables.ts";
import type { StackResource } from "../stack.ts";
import { readMethodSettings, SETTING_KEYS } from "./method-settings.ts";

/** (D: API Gateway reference, CreateStage) */
const STAGE_NAME = /^[A-Za-z0-9_-]{1,128}$/;

const COMMON_KEYS = [
  "AccessLogSetting",
  "CacheClusterEnabled",
  "CacheClusterSize",
  "CanarySetting",
  "ClientCertificateId",
  "Description",
  "DocumentationVersion",
  "MethodSettings",
  "Tags",
  "TracingEnabled",
  "Variables",
];
const STAGE_KEYS = new Set([...COMMON_KEYS, "DeploymentId", "RestApiId", "StageName"]);
const DESCRIPTION_KEYS = new Set([...COMMON_KEYS, ...SETTING_KEYS]);
const DEPLOYMENT_KEYS = new Set([
  "DeploymentCanarySettings",
  "Description",
  "RestApiId",
  "StageDescription",
  "StageName",
]);

/** Reads the stages of an API: its AWS::ApiGateway::Stage resources, and the ones its deployments name. */
export function readStages(
  api: StackResource,
  stageResources: readonly StackResource[],
  deployments: readonly StackResource[],
  resources: readonly Resource[],
  context: StackContext,
): Stage[] {
  const stages: Stage[] = [];
  const add = (stage: Stage | undefined, at: StackResource["at"]): void => {
    if (stage === undefined) return;
    if (stages.some(({ stageName }) => stageName === stage.stageName)) {
      const message = `The API ${api.logicalId} has two stages named ${stage.stageName}.`;
      const problem = { rule: "stage-name-conflict", at, message, fix: "Rename one, or remove StageName." };
      context.report.refuseApi(problem, api.logicalId);
    }
    stages.push(stage);
  };
  for (const each of deployments) add(readDeployment(each, api, resources, context), each.at);
  for (const each of stageResources) add(readStage(each, api, resources, context), each.at);
  return stages;
}

/** The stage that an AWS::ApiGateway::Deployment makes, if it names one. */
function readDeployment(
  resource: StackResource,
  api: StackResource,
  resources: readonly Resource[],
  context: StackContext,
): Stage | undefined {
  const { properties, logicalId } = resource;
  const problems = new ResourceProblems(resource);
  eachUnknownKey(properties, DEPLOYMENT_KEYS, (child, fix) => {
    const message = `The deployment ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("deployment-property-unknown", child, message, fix);
  });
  refuseCanary(properties.get("DeploymentCanarySettings"), logicalId, problems);
  const nameNode = properties.get("StageName");
  const description = properties.get("StageDescription");
  if (description && !description.isMapping) problems.invalid(description, show(description.value), "a mapping");
  if (description) eachUnknownKey(description, DESCRIPTION_KEYS, unknownKey(logicalId, problems));
  if (description && !nameNode) problems.missing("StageName", "the name of the stage that StageDescription describes");
  const stage = nameNode && readSettings(nameNode, description, resource, api, resources, problems, context);
  for (const problem of problems.all) context.report.refuseApi(problem, api.logicalId);
  return stage;
}

function readStage(
  resource: StackResource,
  api: StackResource,
  resources: readonly Resource[],
  context: StackContext,
): Stage | undefined {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  eachUnknownKey(properties, STAGE_KEYS, unknownKey(logicalId, problems));
  const nameNode = properties.get("StageName");
  if (!nameNode) problems.missing("StageName", "letters, digits, hyphens and underscores");
  const deploymentId = readText(properties.get("DeploymentId"), problems.invalid);
  const stage = nameNode && readSettings(nameNode, properties, resource, api, resources, problems, context);
  for (const problem of problems.all) context.report.refuseApi(problem, api.logicalId);
  if (stage === undefined || deploymentId !== undefined) return stage;
  const message = `The stage ${stage.stageName} names no deployment: it serves nothing.`;
  const problem = { rule: "stage-not-deployed", at, message, fix: "Add DeploymentId: {Ref: DEPLOYMENT}." };
  context.report.note("warning", problem, logicalId);
  return undefined;
}

function unknownKey(logicalId: string, problems: ResourceProblems): (child: SourceNode, fix: string) => void {
  return (child, fix) => {
    const message = `The stage of ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("stage-property-unknown", child, message, fix);
  };
}

/** What a Stage and a StageDescription have in common; undefined without a usable name. */
function readSettings(
  nameNode: SourceNode,
  settings: SourceNode | undefined,
  resource: StackResource,
  api: StackResource,
  resources: readonly Resource[],
  problems: ResourceProblems,
  context: StackContext,
): Stage | undefined {
  const stageName = nameNode.value;
  const isNamed = typeof stageName === "string" && STAGE_NAME.test(stageName);
  if (!isNamed) {
    problems.invalid(nameNode, show(stageName), "up to 128 letters, digits, hyphens and underscores");
    return undefined;
  }
  refuseCanary(settings?.get("CanarySetting"), resource.logicalId, problems);
  const methodSettings = readMethodSettings(settings, resources, problems, context);
  noteInert(settings, resource, problems, context);
  const variables = readStageVariables(settings?.get("Variables"), problems);
  const accessLog = readAccessLog(settings?.get("AccessLogSetting"), context.refOf(api), stageName, problems, context);
  return { stageName, variables, ...(accessLog && { accessLog }), ...(methodSettings && { methodSettings }) };
}

/** A part of the requests would be answered by another deployment with other variables. */
function refuseCanary(node: SourceNode | undefined, logicalId: string, problems: ResourceProblems): void {
  if (node === undefined) return;
  const message = `${logicalId} has canary settings, which are not supported.`;
  problems.add("stage-canary-unsupported", node, message, "Remove them for use outside AWS.");
}

function noteInert(
  settings: SourceNode | undefined,
  { logicalId }: StackResource,
  problems: ResourceProblems,
  { report }: StackContext,
): void {
  const cluster = settings?.get("CacheClusterEnabled");
  if (cluster && readBoolean(cluster, problems.invalid)) {
    const message = `CacheClusterEnabled of ${logicalId} does nothing here: no answer comes from a cache.`;
    const problem = { rule: "stage-cache-inert", at: cluster.at(), message, fix: "Test caching on AWS." };
    report.note("warning", problem, logicalId);
  }
  const tracing = settings?.get("TracingEnabled");
  if (tracing && readBoolean(tracing, problems.invalid)) {
    const message = `TracingEnabled of ${logicalId} does nothing here: no traces are sent.`;
    const problem = { rule: "stage-tracing-inert", at: tracing.at(), message, fix: "Nothing to do here." };
    report.note("info", problem, logicalId);
  }
}

import { createHash } from "node:crypto";
import { isMapping } from "../../../source-node.ts";
import { isTruthy, member, ref } from "../../intrinsic.ts";
import { hashedLogicalId, suffixedLogicalId } from "../../logical-id.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { tagList } from "../../tag-list.ts";
import { keysInOrder } from "../expansion-order.ts";
import { putResource } from "../put-resource.ts";
import type { Subject } from "../subject.ts";

const STAGE_PROPERTIES = [
  "StageName",
  "CacheClusterEnabled",
  "CacheClusterSize",
  "Variables",
  "MethodSettings",
  "AccessLogSetting",
  "CanarySetting",
  "TracingEnabled",
];

/** Puts AWS::ApiGateway::Deployment and Stage; returns the stage's logical id. */
export function putDeploymentAndStage(subject: Subject, properties: Made, restApi: Made, carried: Made): string {
  const { logicalId } = subject;
  const restApiId = ref(logicalId);
  const deployment = mapping({ RestApiId: restApiId });
  // Without OpenApiVersion the deployment makes a second stage called Stage: a bug of old that SAM keeps (C).
  if (!isTruthy(properties.OpenApiVersion)) deployment.StageName = "Stage";
  let deploymentId = `${logicalId}Deployment`;
  const document = restApi.Body ?? restApi.BodyS3Location;
  if (isTruthy(document)) {
    // A new id for every new definition, so that CloudFormation deploys it. SAM hashes what Python prints of the
    // definition: its ids have this form and another hash.
    const hash = createHash("sha1")
      .update(JSON.stringify([document, properties.Domain ?? null]))
      .digest("hex");
    deploymentId = suffixedLogicalId(deploymentId, hash);
    deployment.Description = `RestApi deployment id: ${hash}`;
  }
  putResource(subject, deploymentId, "AWS::ApiGateway::Deployment", carried, deployment);

  const stageName = properties.StageName;
  const stage = mapping({ RestApiId: restApiId, DeploymentId: ref(deploymentId) });
  for (const name of STAGE_PROPERTIES) {
    if (member(properties, name) === undefined) continue;
    stage[name] = properties[name];
    subject.sam.origins.set(stage, name, subject.place([properties, name]));
  }
  if (member(properties, "Tags") !== undefined) stage.Tags = restTags(properties.Tags);
  const stageId = restStageId(logicalId, stageName);
  putResource(subject, stageId, "AWS::ApiGateway::Stage", carried, stage, subject.place([properties, "StageName"]));
  return stageId;
}

/** Tags as a list, in SAM's order. */
export function restTags(tags: unknown): Made[] {
  if (!isMapping(tags)) return [];
  return tagList(mapping(Object.fromEntries(keysInOrder(tags).map((key) => [key, tags[key]]))));
}

/** A stage whose name is an intrinsic function is the API's only one, so it needs no name in its id. */
function restStageId(logicalId: string, name: unknown): string {
  if (typeof name !== "string") return `${logicalId}Stage`;
  return /^[\p{L}\p{N}]+$/u.test(name) ? `${logicalId}${name}Stage` : hashedLogicalId(`${logicalId}Stage`, name);
}

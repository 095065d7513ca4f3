import { isMapping } from "../../source-node.ts";
import { asText, isTruthy, member } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveParameters } from "../parameters.ts";
import { codeLocation } from "../s3-location.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { resourceTags } from "../tag-list.ts";
import { PASSED_ON } from "./function-properties.ts";

/** The AWS::Lambda::Function that a serverless function comes to, of the same logical id. */
export function lambdaFunction(resource: SamResource): MadeResource {
  const properties = mapping({ Code: codeOf(resource), Tags: resourceTags(resource) });
  if (isTruthy(resource.get("FunctionName"))) properties.FunctionName = resource.get("FunctionName");
  for (const name of PASSED_ON) properties[name] = resource.get(name);
  const made = resource.make(resource.logicalId, "AWS::Lambda::Function", properties, resource.attributes());
  if (isTracing(resource)) properties.TracingConfig = mapping({ Mode: resource.get("Tracing") });
  const queue = resource.get("DeadLetterQueue");
  if (isTruthy(queue)) properties.DeadLetterConfig = mapping({ TargetArn: member(queue, "TargetArn") });
  if (isTruthy(resource.get("CapacityProviderConfig"))) {
    properties.CapacityProviderConfig = capacityProviderConfig(resource);
  }
  if (isTruthy(resource.get("FunctionScalingConfig"))) {
    properties.FunctionScalingConfig = resource.get("FunctionScalingConfig");
  }
  for (const name of ["FunctionName", "Tags", "FunctionScalingConfig", "CapacityProviderConfig", ...PASSED_ON]) {
    resource.cameFrom(made, name, name);
  }
  resource.cameFrom(made, "TracingConfig", "Tracing");
  resource.cameFrom(made, "DeadLetterConfig", "DeadLetterQueue");
  for (const name of ["ImageUri", "CodeUri", "InlineCode"]) resource.cameFrom(made, "Code", name);
  checkPackageType(resource, properties);
  return made;
}

/** Whether X-Ray is on: `Disabled` is the same as not saying so. */
export function isTracing(resource: SamResource): boolean {
  const tracing = resource.get("Tracing");
  return isTruthy(tracing) && resolveParameters(tracing, resource.sam) !== "Disabled";
}

function codeOf(resource: SamResource): Made | string {
  const packageType = isTruthy(resource.get("PackageType")) ? resource.get("PackageType") : "Zip";
  if (packageType === "Image") {
    const image = resource.get("ImageUri");
    if (image === undefined) throw resource.refusal("'ImageUri' must be set.", "Name the image.");
    if (!isTruthy(image)) {
      const message = "'ImageUri' requires that a image hosted at a registry be specified.";
      throw resource.refusal(message, "Name the image.", "ImageUri");
    }
    return mapping({ ImageUri: image });
  }
  if (packageType !== "Zip") {
    const message = `invalid 'PackageType' : ${asText(packageType)}`;
    throw resource.refusal(message, "Write Zip or Image.", "PackageType");
  }
  const inline = resource.get("InlineCode");
  if (inline === undefined && resource.get("CodeUri") === undefined) {
    const fix = "Name the code's folder as CodeUri, or write the code as InlineCode.";
    throw resource.refusal("Only one of 'InlineCode' or 'CodeUri' can be set.", fix);
  }
  const code = inline === undefined ? codeLocation(resource, "CodeUri") : mapping({ ZipFile: inline });
  const key = resource.get("SourceKMSKeyArn");
  if (isTruthy(key) && typeof code !== "string") code.SourceKMSKeyArn = key;
  return code;
}

function checkPackageType(resource: SamResource, { Code: code, ImageConfig: imageConfig }: Made): void {
  const has = (name: string) => isTruthy(resource.get(name));
  if (isMapping(code) && Object.hasOwn(code, "ImageUri")) {
    const wrong = ["Handler", "Runtime", "Layers"].find(has);
    if (wrong === undefined) return;
    const message = "Runtime, Handler, Layers cannot be present when PackageType is of type `Image`";
    throw resource.refusal(message, `Remove ${wrong}.`, wrong);
  }
  if (!has("Runtime") || !has("Handler")) {
    const message = "Runtime and Handler needs to be present when PackageType is of type `Zip`";
    throw resource.refusal(message, `Add ${has("Runtime") ? "Handler" : "Runtime"}.`);
  }
  if (isTruthy(imageConfig)) {
    const message = "ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`";
    throw resource.refusal(message, "Remove ImageConfig, or write PackageType: Image.", "ImageConfig");
  }
}

const CAPACITY_MEMBERS: Readonly<Record<string, string>> = {
  Arn: "CapacityProviderArn",
  PerExecutionEnvironmentMaxConcurrency: "PerExecutionEnvironmentMaxConcurrency",
  ExecutionEnvironmentMemoryGiBPerVCpu: "ExecutionEnvironmentMemoryGiBPerVCpu",
};

function capacityProviderConfig(resource: SamResource): Made {
  const config = resource.get("CapacityProviderConfig") as Made;
  const made = mapping({});
  for (const key of Object.keys(config)) {
    const name = Object.hasOwn(CAPACITY_MEMBERS, key) ? CAPACITY_MEMBERS[key] : undefined;
    if (name === undefined) {
      const message = `Invalid CapacityProviderConfig: ${key} is not permitted.`;
      throw resource.refusal(message, `Use ${Object.keys(CAPACITY_MEMBERS).join(", ")}.`, [config, key]);
    }
    if (config[key] !== null) made[name] = config[key];
  }
  if (!Object.hasOwn(made, "CapacityProviderArn")) {
    const message = "Invalid CapacityProviderConfig: Arn is required.";
    throw resource.refusal(message, "Give the capacity provider's Arn.", "CapacityProviderConfig");
  }
  return mapping({ LambdaManagedInstancesCapacityProviderConfig: made });
}

import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import { isIntrinsic, isTruthy } from "../intrinsic.ts";
import { hashedLogicalId } from "../logical-id.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveParameters } from "../parameters.ts";
import { BOOLEAN, type PropertyTypes, required, TEXT, TEXT_OR_MAPPING, TEXTS_OR_MAPPINGS } from "../property-types.ts";
import { codeLocation } from "../s3-location.ts";
import { resourceRefusal, SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

const LAYER_PROPERTIES: PropertyTypes = {
  LayerName: TEXT_OR_MAPPING,
  Description: TEXT,
  PublishLambdaVersion: BOOLEAN,
  ContentUri: required(TEXT_OR_MAPPING),
  CompatibleArchitectures: TEXTS_OR_MAPPINGS,
  CompatibleRuntimes: TEXTS_OR_MAPPINGS,
  LicenseInfo: TEXT,
  RetentionPolicy: TEXT,
};

/** Expands an AWS::Serverless::LayerVersion: its logical id changes with everything in it, and old ones are kept. */
export function expandLayerVersion({ sam }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  resource.check(LAYER_PROPERTIES);
  for (const name of ["LayerName", "LicenseInfo", "Description", "RetentionPolicy"]) resolveText(resource, name);
  const retention = retentionPolicy(resource);
  const attributes = resource.passthrough();
  attributes.DeletionPolicy = retention ?? attributes.DeletionPolicy ?? "Retain";
  const newId = hashedLogicalId(logicalId, hashedData(resource));
  checkArchitectures(resource, newId);
  if (Object.hasOwn(body, "DependsOn")) attributes.DependsOn = body.DependsOn;
  const name = resource.get("LayerName");
  const properties = mapping({
    LayerName: isTruthy(name) ? name : logicalId,
    Description: resource.get("Description"),
    Content: codeLocation(resource, "ContentUri"),
    CompatibleArchitectures: resource.get("CompatibleArchitectures"),
    CompatibleRuntimes: resource.get("CompatibleRuntimes"),
    LicenseInfo: resource.get("LicenseInfo"),
  });
  const made = resource.make(newId, "AWS::Lambda::LayerVersion", properties, attributes);
  for (const property of Object.keys(properties)) resource.cameFrom(made, property, property);
  resource.cameFrom(made, "Content", "ContentUri");
  return [made];
}

function resolveText(resource: SamResource, name: string): void {
  const given = resource.get(name);
  if (!isTruthy(given)) return;
  const resolved = resolveParameters(given, resource.sam);
  if (typeof resolved !== "string" && !isMapping(resolved)) {
    const message = `Could not resolve parameter for '${name}' or parameter is not a String.`;
    throw resource.refusal(message, "Give a text.", name);
  }
  resource.properties[name] = resolved;
}

function retentionPolicy(resource: SamResource): string | undefined {
  const given = resource.get("RetentionPolicy");
  if (given === undefined) return undefined;
  const options = ["Retain", "Delete"];
  const found = options.find((option) => typeof given === "string" && option.toLowerCase() === given.toLowerCase());
  if (found !== undefined) return found;
  const message = isIntrinsic(given)
    ? "'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ['Retain', 'Delete']"
    : "'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].";
  throw resource.refusal(message, "Write Retain or Delete.", "RetentionPolicy");
}

/** The resource as SAM hashes it: whatever keeps or removes old layers makes no new one. */
function hashedData(resource: SamResource): Made {
  const {
    DeletionPolicy: _,
    UpdateReplacePolicy: __,
    Metadata: ___,
    DependsOn: dependsOn,
    ...others
  } = resource.attributes();
  const properties = mapping({});
  for (const name of Object.keys(LAYER_PROPERTIES)) {
    if (resource.get(name) !== undefined) properties[name] = resource.get(name);
  }
  const body = mapping({ Type: resource.type, ...others, Properties: properties });
  if (isTruthy(dependsOn)) body.DependsOn = dependsOn;
  return mapping({ [resource.logicalId]: body });
}

function checkArchitectures(resource: SamResource, newId: string): void {
  const list = resource.get("CompatibleArchitectures");
  if (!Array.isArray(list)) return;
  list.forEach((each, index) => {
    if (isIntrinsic(each) || each === "arm64" || each === "x86_64") return;
    const message = "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'";
    throw resourceRefusal(newId, resource.sam.at(list, index, resource.at), message, "Write arm64 or x86_64.");
  });
}

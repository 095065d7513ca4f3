import { isMapping } from "../../source-node.ts";
import { getAtt, isTruthy, member, ref, referencedId } from "../intrinsic.ts";
import { hashedLogicalId, suffixedLogicalId } from "../logical-id.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveParameters } from "../parameters.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

export interface VersionAndAlias {
  readonly version: MadeResource;
  readonly alias: MadeResource;
  readonly aliasName: string;
}

/**
 * AutoPublishAlias: a version whose logical id changes with the code, so that every change of it publishes, and an
 * alias that points at it. Old versions are kept unless the user says otherwise.
 */
export function versionAndAlias(resource: SamResource, lambda: MadeResource): VersionAndAlias {
  const aliasName = aliasNameOf(resource);
  const codeHash = codeHashOf(resource);
  // Lambda publishes nothing new when only CodeSha256 differs; a description that differs makes CloudFormation update.
  if (codeHash !== undefined) lambda.properties.Description = describedBy(resource, codeHash);
  const version = versionOf(resource, lambda, codeHash);
  return { version, alias: aliasOf(resource, aliasName, version), aliasName };
}

function aliasNameOf(resource: SamResource): string {
  const name = resolveParameters(resource.get("AutoPublishAlias"), resource.sam);
  if (typeof name !== "string") {
    const message = "'AutoPublishAlias' must be a string or a Ref to a template parameter";
    throw resource.refusal(message, "Write the alias's name.", "AutoPublishAlias");
  }
  if (name === "") {
    throw resource.refusal("Alias name is required to create an alias", "Write the alias's name.", "AutoPublishAlias");
  }
  if (/^[0-9]+$/.test(name) || !/^[a-zA-Z0-9\-_]+$/.test(name)) {
    const message = `AutoPublishAlias name ('${name}') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.`;
    throw resource.refusal(message, "Use letters, digits, hyphens and underscores.", "AutoPublishAlias");
  }
  return name;
}

function codeHashOf(resource: SamResource): string | undefined {
  const given = resource.get("AutoPublishCodeSha256");
  if (!isTruthy(given)) return undefined;
  const hash = resolveParameters(given, resource.sam);
  if (typeof hash === "string") return hash;
  throw resource.refusal("AutoPublishCodeSha256 must be a string", "Write the hash as text.", "AutoPublishCodeSha256");
}

function describedBy(resource: SamResource, codeHash: string): unknown {
  const description = resolveParameters(resource.get("Description"), resource.sam);
  if (!isTruthy(description)) return codeHash;
  if (typeof description === "string") return `${description} ${codeHash}`;
  return mapping({ "Fn::Join": [" ", [description, codeHash]] });
}

function versionOf(resource: SamResource, lambda: MadeResource, codeHash: string | undefined): MadeResource {
  const { properties } = lambda;
  properties.Code = resolveParameters(properties.Code, resource.sam);
  const data = isTruthy(resource.get("AutoPublishAliasAllProperties"))
    ? everyProperty(resource, properties)
    : codeAndSettings(properties);
  const prefix = `${resource.logicalId}Version`;
  const logicalId = codeHash ? suffixedLogicalId(prefix, codeHash) : hashedLogicalId(prefix, data);
  const attributes = resource.passthrough();
  if (!Object.hasOwn(attributes, "DeletionPolicy")) {
    const ofManagedInstances = resource.get("CapacityProviderConfig") !== undefined;
    attributes.DeletionPolicy = resource.get("VersionDeletionPolicy") ?? (ofManagedInstances ? "Delete" : "Retain");
  }
  const scaling = resource.get("CapacityProviderConfig") && resource.get("FunctionScalingConfig");
  const made = mapping({
    FunctionName: ref(resource.logicalId),
    Description: resource.get("VersionDescription"),
    FunctionScalingConfig: scaling,
  });
  return resource.make(logicalId, "AWS::Lambda::Version", made, attributes);
}

/** What a new version is published for: the code, the environment, the memory and SnapStart. */
function codeAndSettings(properties: Made): Made {
  const code = properties.Code;
  const data = mapping(isMapping(code) ? { ...code } : { CodeUri: code });
  if (isMapping(properties.Environment)) Object.assign(data, properties.Environment);
  if (isTruthy(properties.MemorySize)) data.MemorySize = properties.MemorySize;
  const snapStart = properties.SnapStart;
  if (isMapping(snapStart) && (Object.hasOwn(snapStart, "ApplyOn") ? snapStart.ApplyOn : "None") !== "None") {
    data.SnapStart = snapStart;
  }
  return data;
}

/** AutoPublishAliasAllProperties: any property, and layers of the template that say PublishLambdaVersion. */
function everyProperty(resource: SamResource, properties: Made): Made {
  const data = mapping({});
  for (const name of Object.keys(properties)) {
    if (properties[name] !== undefined && properties[name] !== null) data[name] = properties[name];
  }
  const layers = resource.get("Layers");
  for (const layer of Array.isArray(layers) ? layers : []) {
    const layerId = referencedId(layer);
    const layerProperties = layerId === undefined ? undefined : member(resource.sam.resource(layerId), "Properties");
    if (layerId !== undefined && isTruthy(member(layerProperties, "PublishLambdaVersion"))) {
      data[layerId] = layerProperties;
    }
  }
  return data;
}

function aliasOf(resource: SamResource, name: string, version: MadeResource): MadeResource {
  const logicalId = `${resource.logicalId}Alias${name.replaceAll("-", "D").replaceAll("_", "U")}`;
  const provisioned = resource.get("ProvisionedConcurrencyConfig");
  const properties = mapping({
    Name: name,
    FunctionName: ref(resource.logicalId),
    FunctionVersion: getAtt(version.logicalId, "Version"),
    ...(isTruthy(provisioned) && { ProvisionedConcurrencyConfig: provisioned }),
  });
  const made = resource.make(logicalId, "AWS::Lambda::Alias", properties);
  resource.cameFrom(made, "Name", "AutoPublishAlias");
  resource.cameFrom(made, "ProvisionedConcurrencyConfig", "ProvisionedConcurrencyConfig");
  return made;
}

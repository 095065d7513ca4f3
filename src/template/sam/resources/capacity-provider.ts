import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import { assumableBy } from "../function/execution-role.ts";
import { awsPolicyArn } from "../function/managed-policy-arn.ts";
import { getAtt, isTruthy, member } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { BOOLEAN, MAPPING, type PropertyTypes, required, strict, TEXT_OR_MAPPING } from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { tagList } from "../tag-list.ts";

const PROVIDER_PROPERTIES: PropertyTypes = {
  CapacityProviderName: strict(TEXT_OR_MAPPING),
  VpcConfig: required(strict(MAPPING)),
  OperatorRole: strict(TEXT_OR_MAPPING),
  Tags: strict(MAPPING),
  PropagateTags: strict(BOOLEAN),
  InstanceRequirements: strict(MAPPING),
  ScalingConfig: strict(MAPPING),
  KmsKeyArn: strict(TEXT_OR_MAPPING),
};

type Kind = "list" | "integer" | "number";

/** Members of the properties that are mappings, in the order in which SAM complains of them. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  VpcConfig: { SecurityGroupIds: "list", SubnetIds: "list" },
  InstanceRequirements: { Architectures: "list", AllowedTypes: "list", ExcludedTypes: "list" },
  ScalingConfig: { MaxVCpuCount: "integer", AverageCPUUtilization: "number" },
};

/** Expands an AWS::Serverless::CapacityProvider: the provider, and the role that runs its instances. */
export function expandCapacityProvider({ sam }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  resource.check(PROVIDER_PROPERTIES);
  checkMembers(resource);
  const requirements = resource.get("InstanceRequirements");
  if (member(requirements, "AllowedTypes") !== undefined && member(requirements, "ExcludedTypes") !== undefined) {
    const message =
      "Cannot specify 'InstanceRequirements.AllowedTypes' and 'InstanceRequirements.ExcludedTypes' together.";
    throw resource.refusal(message, "Keep one of them.", [requirements as Made, "ExcludedTypes"]);
  }
  const given = resource.get("OperatorRole");
  const role = isTruthy(given) ? undefined : operatorRole(resource);
  const properties = mapping({
    VpcConfig: renamed(resource.get("VpcConfig"), { SubnetIds: "SubnetIds", SecurityGroupIds: "SecurityGroupIds" }),
    PermissionsConfig: mapping({
      CapacityProviderOperatorRoleArn: role === undefined ? given : getAtt(role.logicalId, "Arn"),
    }),
    Tags: [...tagList(resource.get("Tags")), createdBySam()],
    CapacityProviderScalingConfig: scalingConfig(resource.get("ScalingConfig")),
  });
  for (const name of ["CapacityProviderName", "KmsKeyArn"]) {
    if (isTruthy(resource.get(name))) properties[name] = resource.get(name);
  }
  if (isTruthy(requirements)) {
    properties.InstanceRequirements = renamed(requirements, {
      Architectures: "Architectures",
      AllowedTypes: "AllowedInstanceTypes",
      ExcludedTypes: "ExcludedInstanceTypes",
    });
  }
  const provider = resource.make(logicalId, "AWS::Lambda::CapacityProvider", properties, resource.attributes());
  for (const name of Object.keys(properties)) resource.cameFrom(provider, name, name);
  const made = role === undefined ? [provider] : [role, provider];
  if (isTruthy(resource.get("PropagateTags")) && isTruthy(resource.get("Tags"))) {
    for (const each of made) each.properties.Tags = combined(each.properties.Tags, resource.get("Tags"));
  }
  return made;
}

function createdBySam(): Made {
  return mapping({ Key: "lambda:createdBy", Value: "SAM" });
}

function checkMembers(resource: SamResource): void {
  const wrong: { readonly message: string; readonly where: readonly [object, string] }[] = [];
  for (const [property, members] of Object.entries(MEMBERS)) {
    const value = resource.get(property);
    if (!isMapping(value)) continue;
    const complain = (key: string, message: string) =>
      wrong.push({ message: `Property '${property}.${key}' ${message}`, where: [value, key] });
    if (property === "VpcConfig" && member(value, "SubnetIds") === undefined) complain("SubnetIds", "is required.");
    for (const [key, kind] of Object.entries(members)) {
      const given = member(value, key);
      if (given === undefined || isMapping(given) || isOfKind(given, kind)) continue;
      complain(key, `value must be dictionary or ${kind}.`);
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(members, key)) complain(key, "is an invalid property.");
    }
  }
  const [first] = wrong;
  if (first === undefined) return;
  const message = wrong.map((each) => each.message).join(" ");
  throw resource.refusal(message, "See AWS::Serverless::CapacityProvider in the SAM specification.", first.where);
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === "list") return Array.isArray(value);
  return kind === "integer" ? Number.isInteger(value) : typeof value === "number";
}

function renamed(value: unknown, names: Readonly<Record<string, string>>): Made {
  const made = mapping({});
  for (const [from, to] of Object.entries(names)) {
    if (member(value, from) !== undefined) made[to] = member(value, from);
  }
  return made;
}

function scalingConfig(given: unknown): Made | undefined {
  if (!isTruthy(given)) return undefined;
  const made = renamed(given, { MaxVCpuCount: "MaxVCpuCount" });
  const utilization = member(given, "AverageCPUUtilization");
  if (utilization === undefined) return Object.assign(made, { ScalingMode: "Auto" });
  const policy = mapping({
    PredefinedMetricType: "LambdaCapacityProviderAverageCPUUtilization",
    TargetValue: utilization,
  });
  return Object.assign(made, { ScalingMode: "Manual", ScalingPolicies: [policy] });
}

function operatorRole(resource: SamResource): MadeResource {
  const properties = mapping({
    AssumeRolePolicyDocument: assumableBy("lambda.amazonaws.com"),
    ManagedPolicyArns: [awsPolicyArn("AWSLambdaManagedEC2ResourceOperator", resource.sam.place.partition)],
    Tags: [createdBySam()],
  });
  return resource.make(`${resource.logicalId}OperatorRole`, "AWS::IAM::Role", properties);
}

/** Tags with others put over them. */
function combined(own: unknown, tags: unknown): Made[] {
  const values = new Map<unknown, unknown>();
  for (const { Key: key, Value: value } of [...(own as Made[]), ...tagList(tags)]) values.set(key, value);
  return [...values].map(([key, value]) => mapping({ Key: key, Value: value }));
}

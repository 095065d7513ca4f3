import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import { addManagedPolicy, assumableBy, executionRole, roleArn } from "../function/execution-role.ts";
import { awsPolicyArn } from "../function/managed-policy-arn.ts";
import { expandPolicyTemplates } from "../function/policy-templates.ts";
import { asText, getAtt, isTruthy, member, ref } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import {
  ANYTHING,
  BOOLEAN,
  MAPPING,
  MAPPING_OF_MAPPINGS,
  type PropertyTypes,
  strict,
  TEXT,
  TEXT_OR_LIST,
  TEXT_OR_MAPPING,
} from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { propagateTags, tagList } from "../tag-list.ts";
import { stateMachineDefinition } from "./definition.ts";
import { expandStateMachineEvents } from "./events.ts";

const STATE_MACHINE_PROPERTIES: PropertyTypes = {
  Definition: MAPPING,
  DefinitionUri: TEXT_OR_MAPPING,
  Logging: MAPPING,
  Role: TEXT,
  RolePath: ANYTHING,
  DefinitionSubstitutions: MAPPING,
  Events: MAPPING_OF_MAPPINGS,
  Name: TEXT,
  Type: TEXT,
  Tags: MAPPING,
  PropagateTags: BOOLEAN,
  Policies: TEXT_OR_LIST,
  Tracing: MAPPING,
  PermissionsBoundary: TEXT,
  AutoPublishAlias: ANYTHING,
  DeploymentPreference: ANYTHING,
  UseAliasAsEventTarget: strict(BOOLEAN),
};

/** Expands an AWS::Serverless::StateMachine: the state machine, its role, version, alias, and what its events need. */
export function expandStateMachine({ sam }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  expandPolicyTemplates(resource);
  resource.check(STATE_MACHINE_PROPERTIES);
  const tags = [mapping({ Key: "stateMachine:createdBy", Value: "SAM" }), ...tagList(resource.get("Tags"))];
  const properties = mapping({
    ...stateMachineDefinition(resource),
    StateMachineName: resource.get("Name"),
    StateMachineType: resource.get("Type"),
    LoggingConfiguration: resource.get("Logging"),
    TracingConfiguration: resource.get("Tracing"),
    Tags: tags,
  });
  const machine = resource.make(logicalId, "AWS::StepFunctions::StateMachine", properties, resource.attributes());
  const made = [machine];
  const role = resource.get("Role");
  if (isTruthy(role) && isTruthy(resource.get("Policies"))) {
    const message = "Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them";
    throw resource.refusal(message, "Remove one of them.", "Policies");
  }
  if (isTruthy(role)) properties.RoleArn = role;
  else {
    const own = ownRole(resource, tags);
    properties.RoleArn = roleArn(own);
    made.push(own);
  }
  made.push(...versionAndAlias(resource));
  const usesAlias = isTruthy(resource.get("UseAliasAsEventTarget"));
  const target = usesAlias ? (made.at(-1)?.logicalId ?? logicalId) : logicalId;
  made.push(...expandStateMachineEvents(resource, target));
  propagateTags(resource, made);
  return made;
}

function ownRole(resource: SamResource, tags: readonly Made[]): MadeResource {
  const { policies, ...role } = executionRole(resource, {
    assumedBy: assumableBy("states.amazonaws.com"),
    managedPolicyArns: [],
    policies: [],
    tags,
  });
  if (member(resource.get("Tracing"), "Enabled") === true) {
    const { partition } = resource.sam.place;
    const name = partition === "aws" ? "AWSXrayWriteOnlyAccess" : "AWSXRayDaemonWriteAccess";
    addManagedPolicy({ policies, ...role }, awsPolicyArn(name, partition));
  }
  if (policies.length === 0) delete role.properties.Policies;
  return role;
}

function versionAndAlias(resource: SamResource): MadeResource[] {
  const { logicalId } = resource;
  const alias = resource.get("AutoPublishAlias");
  const preference = resource.get("DeploymentPreference");
  if (!isTruthy(alias)) {
    const needing = ["UseAliasAsEventTarget", "DeploymentPreference"].find((name) => isTruthy(resource.get(name)));
    if (needing === undefined) return [];
    const message = `'${needing}' requires 'AutoPublishAlias' property to be specified.`;
    throw resource.refusal(message, "Add AutoPublishAlias.", needing);
  }
  if (preference !== undefined && !isMapping(preference)) {
    const message = "Property 'DeploymentPreference' should be a map.";
    throw resource.refusal(message, "Write a mapping.", "DeploymentPreference");
  }
  const kept = mapping({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain", ...resource.passthrough() });
  const versionId = `${logicalId}Version`;
  const version = resource.make(
    versionId,
    "AWS::StepFunctions::StateMachineVersion",
    mapping({ StateMachineArn: ref(logicalId), StateMachineRevisionId: getAtt(logicalId, "StateMachineRevisionId") }),
    kept,
  );
  const shifting = isTruthy(preference) ? (preference as Made) : { Type: "ALL_AT_ONCE" };
  const properties = mapping({
    Name: alias,
    DeploymentPreference: mapping({ ...shifting, StateMachineVersionArn: ref(versionId) }),
  });
  return [
    version,
    resource.make(`${logicalId}Alias${asText(alias)}`, "AWS::StepFunctions::StateMachineAlias", properties),
  ];
}

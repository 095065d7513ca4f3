import type { SourcePosition } from "../../../model/finding.ts";
import { isMapping } from "../../source-node.ts";
import type { Expansion } from "../expansion.ts";
import {
  branchesOf,
  functionName,
  getAtt,
  isIntrinsic,
  isIntrinsicIf,
  isNoValue,
  isTruthy,
  member,
  ref,
  sub,
} from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveMappings, resolveParameters } from "../parameters.ts";
import { resourceRefusal, type SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { tagList } from "../tag-list.ts";
import { assumableBy } from "./execution-role.ts";
import { awsPolicyArn } from "./managed-policy-arn.ts";

const APPLICATION = "ServerlessDeploymentApplication";
const SERVICE_ROLE = "CodeDeployServiceRole";
const CONDITION = "ServerlessCodeDeployCondition";
/** How many conditions one Fn::Or takes (D: Condition functions). */
const MAX_OR_CONDITIONS = 10;

/** Deployment configurations that CodeDeploy brings, without their prefix (D: CodeDeploy, predefined configurations). */
const PREDEFINED = new Set([
  "Canary10Percent5Minutes",
  "Canary10Percent10Minutes",
  "Canary10Percent15Minutes",
  "Canary10Percent30Minutes",
  "Linear10PercentEvery1Minute",
  "Linear10PercentEvery2Minutes",
  "Linear10PercentEvery3Minutes",
  "Linear10PercentEvery10Minutes",
  "AllAtOnce",
]);

interface Preference {
  readonly functionId: string;
  readonly at: SourcePosition;
  readonly config: Made;
  readonly condition: string | undefined;
  readonly tags: Made | undefined;
}

/** The DeploymentPreference of every function: one CodeDeploy application for all, one group for each. */
export class DeploymentPreferences {
  readonly #enabled: Preference[] = [];

  /** Takes a function's preference; gives the update policy of its alias, or undefined when it is switched off. */
  add(resource: SamResource): Made | undefined {
    const config = resource.get("DeploymentPreference") as Made;
    const { sam } = resource;
    for (const name of ["Enabled", "Type"]) {
      if (Object.hasOwn(config, name)) config[name] = resolveMappings(resolveParameters(config[name], sam), sam);
    }
    const passesCondition = isConditionPassed(resource, config);
    const enabled = Object.hasOwn(config, "Enabled") ? config.Enabled : true;
    if (!isTruthy(enabled) || enabled === "false" || enabled === "False") {
      return undefined;
    }
    if (!Object.hasOwn(config, "Type")) {
      const message = "'DeploymentPreference' is missing required Property 'Type'";
      throw resource.refusal(message, "Add Type, e.g. AllAtOnce.", "DeploymentPreference");
    }
    const hooks = Object.hasOwn(config, "Hooks") ? config.Hooks : mapping({});
    if (!isMapping(hooks)) {
      const message = "'Hooks' property of 'DeploymentPreference' must be a dictionary";
      throw resource.refusal(message, "Write PreTraffic and PostTraffic below it.", [config, "Hooks"]);
    }
    if (!isTruthy(resource.get("AutoPublishAlias"))) {
      const message = "'DeploymentPreference' requires AutoPublishAlias property to be specified.";
      throw resource.refusal(message, "Add AutoPublishAlias.", "DeploymentPreference");
    }
    const condition = resource.body.Condition;
    const tags = resource.get("Tags");
    this.#enabled.push({
      functionId: resource.logicalId,
      at: resource.placeOf("DeploymentPreference"),
      config,
      condition: passesCondition && typeof condition === "string" ? condition : undefined,
      tags: isTruthy(resource.get("PropagateTags")) && isMapping(tags) && isTruthy(tags) ? tags : undefined,
    });
    const policy = mapping({
      ApplicationName: ref(APPLICATION),
      DeploymentGroupName: ref(groupId(resource.logicalId)),
    });
    const before = member(hooks, "PreTraffic");
    const after = member(hooks, "PostTraffic");
    if (before !== undefined && !isNullRef(before)) policy.BeforeAllowTrafficHook = before;
    if (after !== undefined && !isNullRef(after)) policy.AfterAllowTrafficHook = after;
    return mapping({ CodeDeployLambdaAliasUpdate: policy });
  }

  /** The application, its role and the groups, once every function is known. */
  resources(expansion: Expansion): MadeResource[] {
    const [first] = this.#enabled;
    if (first === undefined) return [];
    const { partition } = expansion.sam.place;
    const shared = mapping({});
    const condition = this.#sharedCondition(expansion);
    if (condition !== undefined) shared.Condition = condition;
    const allTags = Object.assign(mapping({}), ...this.#enabled.map(({ tags }) => tags ?? {}));
    const tags = isTruthy(allTags) ? { Tags: tagList(allTags) } : {};
    const make = (logicalId: string, type: string, properties: Made): MadeResource => {
      return { logicalId, type, properties, attributes: mapping({ ...shared }), at: first.at };
    };
    const made = [make(APPLICATION, "AWS::CodeDeploy::Application", mapping({ ComputePlatform: "Lambda", ...tags }))];
    if (this.#enabled.some(({ config }) => !isTruthy(config.Role))) {
      const isIsolated = partition === "aws-iso" || partition === "aws-iso-b";
      const policy = `service-role/AWSCodeDeployRoleForLambda${isIsolated ? "Limited" : ""}`;
      const role = mapping({
        AssumeRolePolicyDocument: assumableBy("codedeploy.amazonaws.com"),
        ManagedPolicyArns: [awsPolicyArn(policy, partition)],
        ...tags,
      });
      made.push(make(SERVICE_ROLE, "AWS::IAM::Role", role));
    }
    return [...made, ...this.#enabled.map(deploymentGroup)];
  }

  /** When everything that is deployed stands under conditions: the one that holds if any of them does. */
  #sharedCondition(expansion: Expansion): string | undefined {
    if (this.#enabled.some(({ condition }) => condition === undefined)) return undefined;
    let names = [...new Set(this.#enabled.map(({ condition }) => condition as string))];
    if (names.length === 1) return names[0];
    let number = Math.ceil((names.length - 1) / (MAX_OR_CONDITIONS - 1)) - 1;
    while (names.length > 1) {
      const name = number > 0 ? `${CONDITION}${number--}` : CONDITION;
      const some = names.slice(0, MAX_OR_CONDITIONS).map((each) => mapping({ Condition: each }));
      expansion.addCondition(name, mapping({ "Fn::Or": some }));
      names = [...names.slice(MAX_OR_CONDITIONS), name];
    }
    return CONDITION;
  }
}

function isConditionPassed(resource: SamResource, config: Made): boolean {
  if (!Object.hasOwn(config, "PassthroughCondition")) return false;
  const { sam } = resource;
  const value = resolveMappings(resolveParameters(config.PassthroughCondition, sam), sam);
  if (value === true || value === "true" || value === "True" || value === 1) return true;
  if (value === false || value === "false" || value === "False" || value === 0) return false;
  const message = isIntrinsic(value)
    ? "Unsupported intrinsic: the only intrinsic functions supported for property PassthroughCondition are FindInMap and parameter Refs."
    : "Invalid value for property PassthroughCondition.";
  throw resource.refusal(message, "Write true or false.", [config, "PassthroughCondition"]);
}

function isNullRef(value: unknown): boolean {
  return functionName(value) === "Ref" && (value as Made).Ref === null;
}

function groupId(functionId: string): string {
  return `${functionId}DeploymentGroup`;
}

function deploymentGroup({ functionId, at, config, condition, tags }: Preference): MadeResource {
  const role = config.Role;
  const triggers = config.TriggerConfigurations;
  const properties = mapping({
    AlarmConfiguration: alarmConfiguration(functionId, at, member(config, "Alarms")),
    ApplicationName: ref(APPLICATION),
    AutoRollbackConfiguration: mapping({
      Enabled: true,
      Events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
    }),
    DeploymentConfigName: withPrefix(config.Type),
    DeploymentStyle: mapping({ DeploymentType: "BLUE_GREEN", DeploymentOption: "WITH_TRAFFIC_CONTROL" }),
    ServiceRoleArn: isTruthy(role) ? role : getAtt(SERVICE_ROLE, "Arn"),
    ...(isTruthy(triggers) && { TriggerConfigurations: triggers }),
    ...(tags && { Tags: tagList(tags) }),
  });
  const attributes = mapping(condition === undefined ? {} : { Condition: condition });
  return { logicalId: groupId(functionId), type: "AWS::CodeDeploy::DeploymentGroup", properties, attributes, at };
}

function alarmConfiguration(functionId: string, at: SourcePosition, alarms: unknown): unknown {
  if (!isTruthy(alarms) || isNoValue(alarms)) return undefined;
  const refusal = (message: string) => resourceRefusal(functionId, at, message, "Write Alarms as a list of names.");
  const configuration = (list: unknown): Made => {
    if (!Array.isArray(list)) throw refusal("Alarms must be a list");
    if (list.length === 0 || isNoValue(list[0])) return mapping({});
    return mapping({ Enabled: true, Alarms: list.map((alarm) => mapping({ Name: alarm })) });
  };
  if (!isIntrinsicIf(alarms)) return configuration(alarms);
  const branches = branchesOf(alarms);
  if (branches === undefined) throw refusal("Fn::If requires 3 arguments");
  return mapping({ "Fn::If": [branches[0], configuration(branches[1]), configuration(branches[2])] });
}

/** `CodeDeployDefault.Lambda…` for the predefined configurations, wherever inside functions they are named. */
function withPrefix(type: unknown, key?: string): unknown {
  if (Array.isArray(type)) return type.map((item) => withPrefix(item));
  const name = functionName(type);
  if (name !== undefined) return mapping({ [name]: withPrefix((type as Made)[name], name) });
  if (typeof type !== "string" || !PREDEFINED.has(type)) return type;
  const made = sub("CodeDeployDefault.Lambda${ConfigName}", mapping({ ConfigName: type }));
  return key === "Fn::Sub" ? made["Fn::Sub"] : made;
}

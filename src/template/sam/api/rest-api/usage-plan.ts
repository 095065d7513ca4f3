import { isMapping } from "../../../source-node.ts";
import { isTruthy, member, ref } from "../../intrinsic.ts";
import { type Made, mapping, type SamTemplate } from "../../sam-template.ts";
import { anyOf } from "../combined-condition.ts";
import { putResource } from "../put-resource.ts";
import type { Subject } from "../subject.ts";

const PROPERTIES = ["CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"];
const SHARED_CONDITION = "SharedUsagePlanCondition";

/** What an API brings to the usage plan it shares with others. */
interface Share {
  readonly apiId: string;
  readonly stageId: string;
  readonly plan: Made;
  readonly carried: Made;
}

const shares = new WeakMap<SamTemplate, Share[]>();

/** Puts the usage plan, API key and their tie that `Auth.UsagePlan` wants; returns the resources. */
export function putUsagePlan(subject: Subject, auth: Made, stageId: string, carried: Made): Made[] {
  const plan = member(auth, "UsagePlan");
  if (plan === undefined) return [];
  const where = [auth, "UsagePlan"] as const;
  if (!isMapping(plan)) throw subject.refusal("'UsagePlan' must be a dictionary", where);
  const unknown = Object.keys(plan).find((key) => !PROPERTIES.includes(key));
  if (unknown !== undefined) {
    throw subject.refusal("Invalid property for 'UsagePlan'", [plan, unknown], `Remove ${unknown}.`);
  }
  const create = member(plan, "CreateUsagePlan");
  if (create === undefined) throw subject.refusal("'CreateUsagePlan' is a required field for UsagePlan.", where);
  if (create === "NONE") return [];
  const { sam, logicalId } = subject;
  const share = { apiId: logicalId, stageId, plan, carried };
  if (create === "PER_API") return put(subject, logicalId, [share], carried);
  if (create !== "SHARED") {
    throw subject.refusal("'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].", [plan, "CreateUsagePlan"]);
  }
  const all = [...(shares.get(sam) ?? []), share];
  shares.set(sam, all);
  return put(subject, "Serverless", all, sharedAttributes(subject, all));
}

/** Puts the three resources; of several plans the last one's properties count (C). */
function put(subject: Subject, prefix: string, apis: readonly Share[], attributes: Made): Made[] {
  const planId = `${prefix}UsagePlan`;
  const keyId = `${prefix}ApiKey`;
  const plan = apis.at(-1)?.plan ?? mapping({});
  const planProperties = mapping({
    ApiStages: apis.map(({ apiId, stageId }) => mapping({ ApiId: ref(apiId), Stage: ref(stageId) })),
  });
  for (const name of PROPERTIES.slice(1)) {
    if (!isTruthy(plan[name])) continue;
    planProperties[name] = plan[name];
    subject.sam.origins.set(planProperties, name, subject.place([plan, name]));
  }
  const keyProperties = mapping({
    Enabled: true,
    StageKeys: apis.map(({ apiId, stageId }) => mapping({ RestApiId: ref(apiId), StageName: ref(stageId) })),
  });
  const tie = mapping({ KeyId: ref(keyId), KeyType: "API_KEY", UsagePlanId: ref(planId) });
  const at = subject.place([plan, "CreateUsagePlan"]);
  const putWith = (logicalId: string, type: string, dependsOn: string[], properties: Made): Made =>
    putResource(subject, logicalId, type, mapping({ DependsOn: dependsOn, ...attributes }), properties, at);
  const apiIds = apis.map(({ apiId }) => apiId);
  return [
    putWith(planId, "AWS::ApiGateway::UsagePlan", apiIds, planProperties),
    putWith(keyId, "AWS::ApiGateway::ApiKey", [planId], keyProperties),
    putWith(`${prefix}UsagePlanKey`, "AWS::ApiGateway::UsagePlanKey", [keyId], tie),
  ];
}

/** The shared plan exists where any of its APIs does, and is kept where one of them is kept. */
function sharedAttributes(subject: Subject, all: readonly Share[]): Made {
  let deletion: unknown;
  let update: unknown;
  for (const { carried } of all) {
    const { DeletionPolicy: nextDeletion, UpdateReplacePolicy: nextUpdate } = carried;
    if (isTruthy(nextDeletion) && (!isTruthy(deletion) || nextDeletion === "Retain")) deletion = nextDeletion;
    const outranks = nextUpdate === "Retain" || (nextUpdate === "Snapshot" && update === "Delete");
    if (isTruthy(nextUpdate) && (!isTruthy(update) || outranks)) update = nextUpdate;
  }
  return mapping({
    ...(isTruthy(deletion) && { DeletionPolicy: deletion }),
    ...(isTruthy(update) && { UpdateReplacePolicy: update }),
    ...(setSharedCondition(subject, all) && { Condition: SHARED_CONDITION }),
  });
}

/** Writes the condition that joins those of all the APIs; false when one of them has none. */
function setSharedCondition(subject: Subject, all: readonly Share[]): boolean {
  const template = subject.sam.body.Conditions;
  const conditions = all.map(({ carried }) => carried.Condition).filter((each) => typeof each === "string");
  if (conditions.length > 0 && !isMapping(template)) {
    throw subject.structureRefusal("Can't have condition without having 'Conditions' section in the template");
  }
  if (!isMapping(template)) return false;
  const [first, ...more] = new Set(conditions);
  if (first === undefined || conditions.length < all.length) {
    delete template[SHARED_CONDITION];
    return false;
  }
  // One condition alone stands there as its bare name (C).
  template[SHARED_CONDITION] = more.length === 0 ? first : anyOf([first, ...more]);
  return true;
}

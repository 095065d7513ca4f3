import type { Finding } from "../../model/finding.ts";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import { API_KEY_VALUE_CHARACTERS, isApiKeyValue } from "../../template/api-key-value.ts";
import type { LoadedProject } from "../project/load-project.ts";

type Planned = Pick<LoadedProject, "apis" | "apiKeys" | "usagePlans">;

/** What AWS would refuse of a project's keys and plans, or let through to refuse every request. None of it opens anything. */
export function checkUsagePlans({ apis, apiKeys, usagePlans }: Planned): readonly Finding[] {
  const stages = new Set(
    apis.flatMap(({ api, stages: each }) => each.map((stage) => `${api.apiId}/${stage.stageName}`)),
  );
  return [
    ...apiKeys.flatMap(checkValue),
    ...usagePlans.flatMap((plan) => checkPlan(plan, apiKeys, stages)),
    ...checkConflicts(apiKeys, usagePlans),
    ...checkMethods(apis, usagePlans),
  ];
}

/** A key that AWS would not have is none. */
export function hasUsableValue({ value }: ApiKey): boolean {
  return value === undefined || isApiKeyValue(value);
}

function checkValue(key: ApiKey): readonly Finding[] {
  if (hasUsableValue(key)) return [];
  const length = key.value?.length ?? 0;
  const { min, max } = API_KEY_VALUE_CHARACTERS;
  // The texts are (R).
  const message =
    length < min
      ? `API Key value should be at least ${min} characters`
      : `API Key value exceeds maximum size of ${max} characters`;
  return [
    finding(
      "api-key-value-invalid",
      "error",
      `${message}: that of ${key.name} has ${length}, so the key is not known.`,
      "Write another value, or leave it out: one is generated.",
      key,
    ),
  ];
}

function checkPlan(plan: UsagePlan, keys: readonly ApiKey[], stages: ReadonlySet<string>): readonly Finding[] {
  const findings: Finding[] = [];
  for (const keyId of plan.keyIds) {
    if (keys.some(({ id }) => id === keyId)) continue;
    findings.push(
      finding(
        "usage-plan-key-unknown",
        "error",
        `Usage plan ${plan.name} has the API key ${keyId}, which does not exist here.`,
        "Define the key, or remove it from the plan.",
        plan,
      ),
    );
  }
  for (const { apiId, stageName } of plan.apiStages) {
    if (stages.has(`${apiId}/${stageName}`)) continue;
    findings.push(
      finding(
        "usage-plan-stage-unknown",
        "error",
        `Usage plan ${plan.name} has API stage ${apiId}/${stageName}, which does not exist here (${[...stages].join(", ") || "there is none"}).`,
        "Correct the API's id or the stage's name.",
        plan,
      ),
    );
  }
  const { rateLimit, burstLimit } = plan.throttle ?? {};
  if (rateLimit === 0 || burstLimit === 0) {
    findings.push(
      finding(
        "throttle-refuses-all",
        "warning",
        `Usage plan ${plan.name} has rate ${rateLimit} and burst ${burstLimit}: every request with its keys is answered 429.`,
        "Set both limits, or neither.",
        plan,
      ),
    );
  }
  return findings;
}

/** A key may be on one plan of an API stage only (D). AWS refuses the second; here neither counts, so the key is refused there. */
function checkConflicts(keys: readonly ApiKey[], plans: readonly UsagePlan[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const key of keys) {
    const seen = new Map<string, UsagePlan>();
    for (const plan of plans) {
      if (!plan.keyIds.includes(key.id)) continue;
      for (const { apiId, stageName } of plan.apiStages) {
        const stage = `${apiId}/${stageName}`;
        const other = seen.get(stage);
        if (other === undefined) seen.set(stage, plan);
        else if (other !== plan) {
          findings.push(
            finding(
              "usage-plan-conflict",
              "error",
              `API key ${key.name} is on usage plans ${other.name} and ${plan.name}, and both have API stage ${stage}: AWS allows one, so there the key is answered 403.`,
              "Take the key off one of the plans, or the stage.",
              plan,
            ),
          );
        }
      }
    }
  }
  return findings;
}

function checkMethods(apis: LoadedProject["apis"], plans: readonly UsagePlan[]): readonly Finding[] {
  return apis.flatMap((loaded) => {
    if (loaded.type !== "REST") return [];
    const { apiId, resources } = loaded.api;
    const method = resources
      .flatMap(({ resourceMethods }) => resourceMethods)
      .find(({ apiKeyRequired }) => apiKeyRequired);
    if (method === undefined) return [];
    return loaded.stages.flatMap(({ stageName }) => {
      const isPlanned = plans.some(
        ({ apiStages, keyIds }) =>
          keyIds.length > 0 && apiStages.some((each) => each.apiId === apiId && each.stageName === stageName),
      );
      if (isPlanned) return [];
      return finding(
        "api-key-without-plan",
        "warning",
        `Methods of ${apiId} require an API key, and no usage plan has a key for stage ${stageName}: they answer 403 to everybody.`,
        "Give the stage a usage plan with a key: in the template, or under usagePlans in gatewarden.yaml.",
        { at: method.at, id: apiId },
      );
    });
  });
}

function finding(
  rule: string,
  severity: Finding["severity"],
  message: string,
  fix: string,
  { at, id }: Pick<ApiKey, "at" | "id">,
): Finding {
  return { rule, severity, effect: "none", message, fix, at, logicalId: id };
}

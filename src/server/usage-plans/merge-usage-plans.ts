import { createHash } from "node:crypto";
import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import type { ProjectFile } from "../../template/project-file.ts";
import type { LoadedApi } from "../project/load-project.ts";

/** API keys and usage plans of one template. */
export interface FilePlans {
  readonly apiKeys?: readonly ApiKey[];
  readonly usagePlans?: readonly UsagePlan[];
}

/**
 * API keys and usage plans of all templates and the project file. What the project file names wrongly stops the load; of
 * what templates name wrongly, usage-plans/check-usage-plans.ts tells.
 */
export function mergeUsagePlans(
  files: readonly FilePlans[],
  project: ProjectFile,
  apis: readonly LoadedApi[],
  findings: Finding[],
): { readonly apiKeys: readonly ApiKey[]; readonly usagePlans: readonly UsagePlan[] } {
  const templates = withIdsOfTheirOwn(files);
  const ofTemplates = templates.flatMap((each) => each.apiKeys);
  const own = Object.entries(project.apiKeys).map(([name, { id, ...key }]) => ({
    ...key,
    id: id ?? stableId("apiKey", name),
    name,
  }));
  const apiKeys = withoutTwins([...own, ...ofTemplates], findings);
  const ownPlans = Object.entries(project.usagePlans).map(([name, plan]): UsagePlan => {
    const { stages, keys, ...rest } = plan;
    const keyIds = keys.flatMap((key) => keyNamed(key.name, key.at, own, ofTemplates, findings) ?? []);
    for (const { apiId, stageName, at } of stages) checkStage(apiId, stageName, name, at, apis, findings);
    const apiStages = stages.map(({ at, ...stage }) => stage);
    return { ...rest, id: stableId("usagePlan", name), name, apiStages, keyIds };
  });
  const plans = [...ownPlans, ...templates.flatMap((each) => each.usagePlans)];
  for (const plan of plans) checkMethods(plan, apis, findings);
  return { apiKeys, usagePlans: plans };
}

/** Ids are made of logical ids, which two templates may share: on AWS they would be two stacks'. */
function withIdsOfTheirOwn(files: readonly FilePlans[]): readonly Required<FilePlans>[] {
  const taken = new Set<string>();
  return files.map(({ apiKeys = [], usagePlans = [] }) => {
    const own = new Map<string, string>();
    for (const { id, at } of [...apiKeys, ...usagePlans]) {
      own.set(id, taken.has(id) ? stableId(at.file, id) : id);
      taken.add(id);
    }
    const idOf = (id: string): string => own.get(id) ?? id;
    return {
      apiKeys: apiKeys.map((key) => ({ ...key, id: idOf(key.id) })),
      usagePlans: usagePlans.map((plan) => ({ ...plan, id: idOf(plan.id), keyIds: plan.keyIds.map(idOf) })),
    };
  });
}

/** 10 characters like AWS's, the same at every load. */
function stableId(kind: string, name: string): string {
  const digest = createHash("sha256").update(`${kind}\n${name}`).digest();
  return [...digest.subarray(0, 10)].map((byte) => (byte % 36).toString(36)).join("");
}

/** Two keys of one id would be counted as one, and each would open what the other opens. */
function withoutTwins(keys: readonly ApiKey[], findings: Finding[]): readonly ApiKey[] {
  const seen = new Map<string, ApiKey>();
  for (const key of keys) {
    const other = seen.get(key.id);
    if (other !== undefined) {
      const message = `The API keys ${other.name} and ${key.name} have the same id ${key.id}.`;
      findings.push(stop("api-key-collision", message, "Rename one, or give it another id.", key.at));
    }
    seen.set(key.id, key);
  }
  return [...seen.values()];
}

function keyNamed(
  name: string,
  at: SourcePosition,
  own: readonly ApiKey[],
  ofTemplates: readonly ApiKey[],
  findings: Finding[],
): string | undefined {
  const mine = own.find((each) => each.name === name);
  const [found, another] = mine ? [mine] : ofTemplates.filter((each) => each.name === name);
  if (found !== undefined && another === undefined) return found.id;
  const known = [...own, ...ofTemplates].map((each) => each.name);
  const message =
    found === undefined
      ? `There is no API key ${JSON.stringify(name)}, known are ${known.length === 0 ? "none" : known.slice(0, 10).join(", ")}.`
      : `There are two API keys ${JSON.stringify(name)}.`;
  findings.push(stop("usage-plan-key-unknown", message, "Name a key of apiKeys or of a template.", at));
  return undefined;
}

/** AWS refuses a plan with a stage that does not exist (R). */
function checkStage(
  apiId: string,
  stageName: string,
  plan: string,
  at: SourcePosition,
  apis: readonly LoadedApi[],
  findings: Finding[],
): void {
  const loaded = apis.find(({ api }) => api.apiId === apiId);
  const names = loaded?.stages.map((stage) => stage.stageName) ?? [];
  if (loaded?.type === "REST" && names.includes(stageName)) return;
  const problem =
    loaded === undefined
      ? `the API ${apiId}, which no file declares`
      : loaded.type === "HTTP"
        ? `the HTTP API ${apiId}; only REST APIs have usage plans`
        : `the stage ${stageName} of ${apiId}, which has ${names.join(", ") || "none"}`;
  const message = `The usage plan ${plan} names ${problem}.`;
  const fix = "Name an API and a stage as they are served.";
  findings.push(stop("usage-plan-stage-unknown", message, fix, at));
}

/** A throttle of a method that does not exist limits nothing. */
function checkMethods({ apiStages, name, at }: UsagePlan, apis: readonly LoadedApi[], findings: Finding[]): void {
  for (const { apiId, throttle } of apiStages) {
    const loaded = apis.find((each) => each.api.apiId === apiId);
    if (loaded?.type !== "REST") continue;
    const methods = new Set(
      loaded.api.resources.flatMap(({ path, resourceMethods }) =>
        resourceMethods.map(({ httpMethod }) => `${path}/${httpMethod}`),
      ),
    );
    for (const key of Object.keys(throttle).filter((each) => !methods.has(each))) {
      const message = `The usage plan ${name} throttles ${key} of ${apiId}, which has no such method.`;
      const fix = "Name a method as /PATH/METHOD.";
      findings.push({ rule: "usage-plan-method-unknown", severity: "warning", effect: "none", message, fix, at });
    }
  }
}

function stop(rule: string, message: string, fix: string, at: SourcePosition): Finding {
  return { rule, severity: "error", effect: "load", message, fix, at };
}

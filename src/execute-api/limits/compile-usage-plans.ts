import { hash } from "node:crypto";
import type { ApiKey, UsagePlan } from "../../model/usage-plan.ts";
import { bucketOf } from "./bucket-of.ts";
import type { ApiKeyGrant, ApiKeyVerdict, Bucket } from "./limits.ts";

/** An API key whose value is known. */
export type ValuedApiKey = ApiKey & { readonly value: string };

/** A usage plan, and when it was first served here (epoch milliseconds). */
export type ServedUsagePlan = UsagePlan & { readonly firstServedMs: number };

/** Usage plans made ready to be asked. */
export interface CompiledUsagePlans {
  findKey(value: string, apiId: string, stageName: string): ApiKeyVerdict;
  /** What is counted, each once. */
  readonly grants: readonly ApiKeyGrant[];
}

interface KnownKey {
  readonly keyId: string;
  readonly isEnabled: boolean;
  /** `{apiId}/{stageName}` → what it opens there, or the plans that contradict each other. */
  readonly stages: ReadonlyMap<string, ApiKeyGrant | readonly string[]>;
}

const UNKNOWN: ApiKeyVerdict = { ok: false, reason: "api_key_unknown" };

/**
 * Keys of one value are one key (D): it is on the plans of each of them, and one that is disabled disables it (?). Values
 * are found by their SHA-256, so how long the search takes says nothing of them.
 */
export function compileUsagePlans(
  keys: readonly ValuedApiKey[],
  plans: readonly ServedUsagePlan[],
): CompiledUsagePlans {
  const byValue = Map.groupBy(keys, ({ value }) => value);
  const known = new Map<string, KnownKey>();
  const grants: ApiKeyGrant[] = [];
  for (const [value, same] of byValue) {
    const ids = new Set(same.map(({ id }) => id));
    const keyId = (same[0] as ApiKey).id; // of a group, which has one at least
    const stages = new Map<string, ApiKeyGrant | readonly string[]>();
    for (const plan of plans) {
      if (!plan.keyIds.some((each) => ids.has(each))) continue;
      const allowance = {
        type: "allowance" as const,
        planId: plan.id,
        keyId,
        firstServedMs: plan.firstServedMs,
        ...(plan.quota && { quota: plan.quota }),
      };
      const shared = bucketOf(plan.throttle ?? {}, {
        scope: "plan",
        key: `plan/${plan.id}/${keyId}`,
        origin: `usage plan ${plan.name}`,
      });
      for (const stage of plan.apiStages) {
        const at = `${stage.apiId}/${stage.stageName}`;
        const other = stages.get(at);
        if (other !== undefined && (!("planId" in other) || other.planId !== plan.id)) {
          stages.set(at, [...("planId" in other ? [other.planId] : other), plan.id]);
          continue;
        }
        const methods = methodBuckets(plan, stage, keyId);
        const grant = {
          apiKey: { id: keyId, value },
          planId: plan.id,
          allowance,
          ...(shared && { plan: shared }),
          methods,
        };
        if (!grants.some((each) => each.allowance === allowance)) grants.push(grant);
        stages.set(at, grant);
      }
    }
    known.set(digestOf(value), { keyId, isEnabled: same.every(({ enabled }) => enabled), stages });
  }
  return {
    grants,
    findKey(value, apiId, stageName) {
      const key = known.get(digestOf(value));
      if (key === undefined) return UNKNOWN;
      const { keyId } = key;
      if (!key.isEnabled) return { ok: false, reason: "api_key_disabled", keyId };
      const grant = key.stages.get(`${apiId}/${stageName}`);
      if (grant === undefined) return { ok: false, reason: "api_key_not_on_stage", keyId };
      // Which of two plans would count is not known, so none does.
      return "planId" in grant
        ? { ok: true, grant }
        : { ok: false, reason: "api_key_not_on_stage", keyId, conflict: grant };
    },
  };
}

function methodBuckets(
  plan: UsagePlan,
  { apiId, stageName, throttle }: UsagePlan["apiStages"][number],
  keyId: string,
): ReadonlyMap<string, Bucket> {
  const buckets = new Map<string, Bucket>();
  for (const [method, settings] of Object.entries(throttle)) {
    const bucket = bucketOf(settings, {
      scope: "plan_method",
      key: `plan/${plan.id}/${keyId}/${apiId}/${stageName}${method}`,
      origin: `usage plan ${plan.name} on ${method}`,
    });
    if (bucket !== undefined) buckets.set(method, bucket);
  }
  return buckets;
}

function digestOf(value: string): string {
  return hash("sha256", value, "latin1"); // the cheapest text of 32 bytes
}

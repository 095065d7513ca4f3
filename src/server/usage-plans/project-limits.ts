import type { Limits } from "../../execute-api/limits/limits.ts";
import { utcDay } from "../../execute-api/limits/quota-period.ts";
import { RequestLimits, type Usage } from "../../execute-api/limits/request-limits.ts";
import { USAGE_DAYS } from "../../execute-api/limits/usage-counter.ts";
import type { Finding } from "../../model/finding.ts";
import type { ApiKey, QuotaSettings, ThrottleSettings, UsagePlan } from "../../model/usage-plan.ts";
import { StoreError } from "../../store/documents.ts";
import type { Ephemeral } from "../../store/ephemeral.ts";
import { createMemoryEphemeral } from "../../store/memory-ephemeral.ts";
import type { AccountPlace, LoadedProject } from "../project/load-project.ts";
import { StartError } from "../start-error.ts";
import { completeUsagePlans } from "./api-key-file.ts";
import { checkUsagePlans, hasUsableValue } from "./check-usage-plans.ts";

export interface ProjectLimitsOptions {
  readonly dataDir: string;
  readonly place: AccountPlace;
  /** URL of the Redis that several gateways share; without it everything counts in this process alone. */
  readonly redis?: string | undefined;
  /** Of the account, by default AWS's; null does not limit. */
  readonly accountThrottle?: ThrottleSettings | null | undefined;
  readonly onTrouble: (message: string) => void;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** The API keys and usage plans of a project as it is served, with what is used of them. */
export interface ProjectLimits {
  readonly limits: Limits;
  /** Takes what a project says in place of what was; answers what is wrong with it. @throws StartError */
  replace(project: Pick<LoadedProject, "apis" | "apiKeys" | "usagePlans">): readonly Finding[];
  /** @throws StoreError when the store cannot be asked */
  report(question: UsageQuestion): Promise<UsageReport>;
  close(): Promise<void>;
}

export interface UsageQuestion {
  /** Id or name; undefined asks for all. */
  readonly plan: string | undefined;
  readonly startDate: string;
  readonly endDate: string;
  /** With the keys' values. */
  readonly includeValues: boolean;
}

export interface UsageReport {
  readonly plans: readonly PlanUsage[];
  readonly apiKeys: readonly ReportedApiKey[];
}

export interface PlanUsage extends Usage {
  readonly name: string;
  readonly keyIds: readonly string[];
  readonly throttle?: ThrottleSettings;
  readonly quota?: QuotaSettings;
}

export interface ReportedApiKey {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Another key of the same value: they are one key, counted under that id. */
  readonly sameAs?: string;
  readonly value?: string;
}

/** A lost store is told of no more often. */
const TELL_AGAIN_MS = 10_000;

/** @throws StartError when Redis is named and cannot be used */
export async function openProjectLimits(options: ProjectLimitsOptions): Promise<ProjectLimits> {
  const { dataDir, place, accountThrottle, redis, now = Date.now } = options;
  const prefix = `gatewarden:${place.accountId}:${place.region}`;
  const store = await openStore(redis, prefix, options);
  const usageStore = await openStore(redis, `${prefix}:usage`, options).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const limits = new RequestLimits({
    store,
    usageStore,
    now,
    ...(accountThrottle !== undefined && { accountThrottle }),
  });
  let keys: readonly (ApiKey & { readonly value: string })[] = [];
  let plans: readonly UsagePlan[] = [];
  return {
    limits,
    replace(project) {
      const { usagePlans } = project;
      const completed = completeUsagePlans(
        { apiKeys: project.apiKeys.filter(hasUsableValue), usagePlans },
        dataDir,
        now(),
      );
      ({ keys } = completed);
      plans = usagePlans;
      limits.replacePlans(completed.keys, completed.plans);
      return checkUsagePlans(project);
    },
    async report({ plan: wanted, startDate, endDate, includeValues }) {
      const asked = plans.filter(({ id, name }) => wanted === undefined || id === wanted || name === wanted);
      const reported: PlanUsage[] = [];
      for (const { id, name, keyIds, throttle, quota } of asked) {
        const usage = await limits.usage(id, startDate, endDate);
        reported.push({ ...usage, name, keyIds, ...(throttle && { throttle }), ...(quota && { quota }) });
      }
      const isAsked = (id: string): boolean => wanted === undefined || asked.some(({ keyIds }) => keyIds.includes(id));
      return {
        plans: reported,
        apiKeys: keys
          .filter(({ id }) => isAsked(id))
          .map(({ id, name, enabled, value }) => {
            const first = keys.find((each) => each.value === value)?.id ?? id;
            return { id, name, enabled, ...(first !== id && { sameAs: first }), ...(includeValues && { value }) };
          }),
      };
    },
    async close() {
      await limits.close();
      await store.close();
      await usageStore.close();
    },
  };
}

/** The first and the last day of a question, `YYYY-MM-DD` in UTC; by default the last seven. */
export function readUsageDates(
  startDate: string | undefined,
  endDate: string | undefined,
  nowMs: number,
): { readonly startDate: string; readonly endDate: string } | { readonly problem: string } {
  const end = endDate ?? utcDay(nowMs);
  if (!isDay(end)) return { problem: `endDate is ${JSON.stringify(end)}, wanted YYYY-MM-DD.` };
  const start = startDate ?? utcDay(Date.parse(end) - 6 * DAY_MS);
  if (!isDay(start)) return { problem: `startDate is ${JSON.stringify(start)}, wanted YYYY-MM-DD.` };
  const days = (Date.parse(end) - Date.parse(start)) / DAY_MS + 1;
  if (days < 1) return { problem: `startDate ${start} is after endDate ${end}.` };
  if (days > USAGE_DAYS) return { problem: `${days} days are asked for; usage is kept for ${USAGE_DAYS}.` };
  return { startDate: start, endDate: end };
}

const DAY_MS = 86_400_000;

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && utcDay(Date.parse(text)) === text;
}

async function openStore(
  redis: string | undefined,
  prefix: string,
  { onTrouble, now = Date.now }: ProjectLimitsOptions,
): Promise<Ephemeral> {
  if (redis === undefined) return createMemoryEphemeral({ clock: now });
  try {
    const { openRedisEphemeral } = await import("../../store/redis-ephemeral.ts");
    return telling(await openRedisEphemeral(redis, { prefix }), onTrouble);
  } catch (error) {
    if (error instanceof StoreError) throw new StartError(`--redis: ${error.message}.`);
    throw error;
  }
}

/** A store that says when it is lost: requests then go on or are refused, and whoever runs the gateway should know. */
function telling(store: Ephemeral, onTrouble: (message: string) => void): Ephemeral {
  let toldMs = Number.NEGATIVE_INFINITY;
  const told = (error: unknown): never => {
    if (performance.now() - toldMs > TELL_AGAIN_MS) {
      toldMs = performance.now();
      onTrouble(
        `${error instanceof Error ? error.message : String(error)}; quotas are closed and throttles count in this process alone until it is back`,
      );
    }
    throw error;
  };
  return {
    ...store,
    increment: async (key, options) => Promise.resolve(store.increment(key, options)).catch(told),
    takeTokens: async (key, options) => Promise.resolve(store.takeTokens(key, options)).catch(told),
  };
}

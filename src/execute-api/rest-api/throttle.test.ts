import { expect, test, vi } from "vitest";
import {
  compiled,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import { limitsOf, sharedStore, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import type { MethodSettings } from "../../model/rest-api.ts";
import type { UsagePlan } from "../../model/usage-plan.ts";
import { createMemoryEphemeral } from "../../store/memory-ephemeral.ts";
import { quotaPeriodAt } from "../limits/quota-period.ts";
import type { RequestLimitsOptions } from "../limits/request-limits.ts";
import { answer } from "./answer.ts";
import { checkApiKey } from "./check-api-key.ts";
import type { CompiledMethod } from "./deployment.ts";
import { identityValues } from "./identity-values.ts";
import { compileMethodThrottles } from "./method-throttle.ts";
import { ResourceTree } from "./resource-tree.ts";
import { throttle } from "./throttle.ts";

const MOCK = compiled({ type: "MOCK" });
const MANY = { rateLimit: 1000, burstLimit: 1000 };

/** Asks for `GET /pets/{petId}` with the sample key again and again, at a time of the test's own. */
function asking(
  plan: Partial<UsagePlan>,
  method: Partial<CompiledMethod> = {},
  options: Partial<RequestLimitsOptions> = {},
) {
  const { limits, clock } = limitsOf([USAGE_KEY], [plan], { accountThrottle: null, ...options });
  const request = sampleRequest({ headers: ["x-api-key", USAGE_KEY.value] });
  const matched = sampleMatched(MOCK, { apiKeyRequired: true, ...method });
  const deployment = sampleDeployment();
  const ask = () =>
    throttle(request, matched, checkApiKey(request, matched, {}, deployment, { limits }), deployment, { limits });
  return { clock, ask, limits };
}

const stageThrottle = (settings: Readonly<Record<string, MethodSettings>>) =>
  compileMethodThrottles({ apiId: "petstore" }, { stageName: "test", methodSettings: settings });

test("a plan's throttle refuses with AWS's words, the key masked, and names plan, rate and burst", async () => {
  const { ask, clock } = asking({ throttle: { rateLimit: 5, burstLimit: 2 } });
  ask();
  ask();
  const refused = await refusalOf(ask);
  expect(refused).toMatchObject({
    responseType: "THROTTLED",
    evidence: {
      reason: "throttled_by_plan",
      message:
        "API Key ****456789 exceeded throttle limit for API Stage petstore/test: Key throttle limit exceeded for Usage Plan ID gold, RestApi petstore, Stage test, Resource res123, HttpMethod GET. Limit: 5.00 Burst: 2",
      expected: { rateLimit: 5, burstLimit: 2, usagePlanId: "gold", apiKeyId: USAGE_KEY.id },
    },
  });
  expect(JSON.stringify(refused)).not.toContain(USAGE_KEY.value);
  clock.nowMs += 200;
  ask();
});

test("a quota refuses with AWS's words until its period ends", async () => {
  const { ask, clock } = asking({ quota: { limit: 2, offset: 0, period: "DAY" } });
  ask();
  ask();
  expect(await refusalOf(ask)).toMatchObject({
    responseType: "QUOTA_EXCEEDED",
    evidence: {
      reason: "quota_exceeded",
      message:
        "API Key ****456789 exceeded quota limit for API Stage petstore/test: Key quota exhausted for Usage Plan ID gold. Limit: 2 Period: DAY",
      expected: { usagePlanId: "gold", limit: 2, period: "DAY" },
    },
  });
  clock.nowMs = Date.UTC(2026, 10, 21, 23, 59, 59, 999);
  await refusalOf(ask);
  clock.nowMs += 1;
  ask();
});

test.each([
  [
    "quota",
    { quota: { limit: 1, offset: 0, period: "DAY" } as const, throttle: { rateLimit: 1, burstLimit: 1 } },
    {},
    "quota_exceeded",
  ],
  [
    "the plan's method",
    {
      throttle: { rateLimit: 1, burstLimit: 1 },
      apiStages: [
        { apiId: "petstore", stageName: "test", throttle: { "/pets/{petId}/GET": { rateLimit: 1, burstLimit: 1 } } },
      ],
    },
    {},
    "throttled_by_plan_method",
  ],
  [
    "the plan",
    { throttle: { rateLimit: 1, burstLimit: 1 } },
    {
      throttle: stageThrottle({ "pets~1{petId}/GET": { throttlingBurstLimit: 1, throttlingRateLimit: 1 } })(
        "/pets/{petId}",
        "GET",
      ),
    },
    "throttled_by_plan",
  ],
  [
    "the method",
    { throttle: MANY },
    {
      throttle: stageThrottle({ "pets~1{petId}/GET": { throttlingBurstLimit: 1, throttlingRateLimit: 1 } })(
        "/pets/{petId}",
        "GET",
      ),
    },
    "throttled_by_method",
  ],
  [
    "the stage",
    { throttle: MANY },
    { throttle: stageThrottle({ "*/*": { throttlingBurstLimit: 1, throttlingRateLimit: 1 } })("/pets/{petId}", "GET") },
    "throttled_by_stage",
  ],
  ["the account", { throttle: MANY }, {}, "throttled_by_account"],
])("of several that are used up, %s is named", async (_name, plan, method, reason) => {
  const { ask } = asking(plan, method as Partial<CompiledMethod>, { accountThrottle: { rateLimit: 1, burstLimit: 1 } });
  ask();
  expect((await refusalOf(ask)).evidence.reason).toBe(reason);
});

test("a limit of 0 refuses everything", async () => {
  for (const throttleSettings of [
    { rateLimit: 0, burstLimit: 10 },
    { rateLimit: 10, burstLimit: 0 },
  ]) {
    expect((await refusalOf(asking({ throttle: throttleSettings }).ask)).evidence.reason).toBe("throttled_by_plan");
  }
  const quota = { limit: 0, offset: 0, period: "MONTH" } as const;
  expect((await refusalOf(asking({ quota }).ask)).responseType).toBe("QUOTA_EXCEEDED");
});

test("a request without a key takes of the method and the account only", async () => {
  const { limits } = limitsOf([USAGE_KEY], [{ quota: { limit: 1, offset: 0, period: "DAY" } }], {
    accountThrottle: { rateLimit: 1, burstLimit: 2 },
  });
  const ask = () => throttle(sampleRequest(), sampleMatched(MOCK), undefined, sampleDeployment(), { limits });
  ask();
  ask();
  expect((await refusalOf(ask)).evidence.reason).toBe("throttled_by_account");
});

test("a method's settings override the stage's, the others share the stage's, an absent limit is the account's", () => {
  const of = stageThrottle({
    "*/*": { throttlingRateLimit: 5, throttlingBurstLimit: 7 },
    "/GET": { throttlingBurstLimit: 3 },
    "pets~1{petId}/GET": {},
  });
  expect(of("/", "GET")).toMatchObject({ scope: "method", rate: 10_000, burst: 3 });
  expect(of("/pets/{petId}", "GET")).toMatchObject({ scope: "stage", rate: 5, burst: 7 });
  expect(of("/toys", "POST")).toBe(of("/pets/{petId}", "GET"));
  expect(stageThrottle({})("/", "GET")).toBeUndefined();
});

test("a lost store closes quotas, and throttles go on in this process", async () => {
  const clock = { nowMs: 0 };
  const now = () => clock.nowMs;
  const store = sharedStore(createMemoryEphemeral({ clock: now }));
  const withQuota = asking({ quota: { limit: 10, offset: 0, period: "DAY" } }, {}, { store, usageStore: store, now });
  await withQuota.ask();
  store.isLost = true;
  const refused = await refusalOf(withQuota.ask);
  expect(refused).toMatchObject({ responseType: "DEFAULT_5XX", evidence: { reason: "quota_not_countable" } });
  expect(refused.evidence.message).toContain("the store does not answer");
  const { ask } = asking({ throttle: { rateLimit: 1, burstLimit: 2 } }, {}, { store, usageStore: store, now });
  await ask();
  await ask();
  expect((await refusalOf(ask)).evidence.reason).toBe("throttled_by_plan");
  store.isLost = false;
  clock.nowMs += 1000;
  await withQuota.ask();
});

test("a limit that is shared with other processes is waited for before the request goes on", async () => {
  const store = sharedStore(createMemoryEphemeral());
  const quota = { limit: 1, offset: 0, period: "MONTH" } as const;
  const { limits } = limitsOf([USAGE_KEY], [{ quota }], { store, usageStore: store, now: Date.now });
  const tree = new ResourceTree<CompiledMethod>();
  tree.add("/pets/{petId}", "GET", sampleMatched(MOCK, { apiKeyRequired: true }).method);
  const deployment = sampleDeployment({ tree });
  const { incoming } = sampleRequest({ headers: ["x-api-key", USAGE_KEY.value] });
  const target = { requestPath: "/test/pets/42", path: "/pets/42", rawQuery: "" };
  const ask = async () => (await answer(incoming, target, deployment, samplePorts({ limits }))).status;
  const first = await ask();
  expect(first).not.toBe(429);
  expect(await ask()).toBe(429);
});

test("the key that was sent is hidden from whatever a function logs", () => {
  const request = sampleRequest({ headers: ["X-Api-Key", USAGE_KEY.value] });
  const values = identityValues(request, sampleMatched(MOCK, { apiKeyRequired: true }), sampleDeployment());
  expect(values).toContain(USAGE_KEY.value);
});

test.each(["Pacific/Kiritimati", "America/Los_Angeles"])(
  "a quota's week begins on Monday, and its days at midnight in UTC, wherever the machine is: %s (?)",
  (zone) => {
    vi.stubEnv("TZ", zone);
    try {
      // There both sides of the midnight between Sunday and Monday are of one day.
      const days = ["2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00.000Z"].map((at) => new Date(at).getDay());
      expect(days[0]).toBe(days[1]);
      const firstDay = (at: string, period: "DAY" | "WEEK" | "MONTH") => quotaPeriodAt(Date.parse(at), period).firstDay;
      expect(firstDay("2026-11-22T23:59:59.999Z", "DAY")).toBe("2026-11-22");
      expect(firstDay("2026-11-22T23:59:59.999Z", "WEEK")).toBe("2026-11-16");
      expect(firstDay("2026-11-23T00:00:00.000Z", "DAY")).toBe("2026-11-23");
      expect(firstDay("2026-11-23T00:00:00.000Z", "WEEK")).toBe("2026-11-23");
      expect(firstDay("2026-11-30T23:59:59.999Z", "MONTH")).toBe("2026-11-01");
      expect(firstDay("2026-12-01T00:00:00.000Z", "MONTH")).toBe("2026-12-01");
    } finally {
      vi.unstubAllEnvs();
    }
  },
);

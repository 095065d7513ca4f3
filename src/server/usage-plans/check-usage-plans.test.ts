import { expect, test } from "vitest";
import { sampleApi, sampleIntegration } from "../../../test/rest-api-samples.ts";
import { samplePlan, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import type { LoadedApi } from "../project/load-project.ts";
import { checkUsagePlans } from "./check-usage-plans.ts";

const AT = { file: "api.yaml", line: 7, column: 1 };

function api(apiKeyRequired: boolean): LoadedApi {
  const method = {
    httpMethod: "GET" as const,
    authorizationType: "NONE" as const,
    authorizationScopes: [],
    apiKeyRequired,
    requestParameters: {},
    requestModels: {},
    methodResponses: [],
    methodIntegration: sampleIntegration({ type: "MOCK" }),
    at: AT,
  };
  return {
    type: "REST",
    file: "api.yaml",
    api: sampleApi({ resources: [{ id: "r", path: "/", resourceMethods: [method] }] }),
    stages: [{ stageName: "test", variables: {} }],
    refusals: [],
  };
}

const check = (given: Partial<Parameters<typeof checkUsagePlans>[0]>) =>
  checkUsagePlans({ apis: [api(false)], apiKeys: [USAGE_KEY], usagePlans: [samplePlan()], ...given });

test("a plan whose keys and stages exist has nothing to be said of it", () => {
  expect(check({})).toEqual([]);
  expect(check({ apis: [api(true)] })).toEqual([]);
});

test.each([
  ["api-key-value-invalid", "at least 20 characters", { apiKeys: [{ ...USAGE_KEY, value: "too-short" }] }],
  ["api-key-value-invalid", "maximum size of 128", { apiKeys: [{ ...USAGE_KEY, value: "x".repeat(129) }] }],
  ["usage-plan-key-unknown", "nobodyskey", { usagePlans: [samplePlan({ keyIds: ["nobodyskey"] })] }],
  [
    "usage-plan-stage-unknown",
    "petstore/prod",
    { usagePlans: [samplePlan({ apiStages: [{ apiId: "petstore", stageName: "prod", throttle: {} }] })] },
  ],
  ["throttle-refuses-all", "429", { usagePlans: [samplePlan({ throttle: { rateLimit: 0, burstLimit: 5 } })] }],
  [
    "usage-plan-conflict",
    "gold and silver",
    { usagePlans: [samplePlan(), samplePlan({ id: "silver", name: "silver" })] },
  ],
  ["api-key-without-plan", "petstore require an API key", { apis: [api(true)], usagePlans: [] }],
  ["api-key-without-plan", "stage test", { apis: [api(true)], usagePlans: [samplePlan({ keyIds: [] })] }],
])("%s: %s", (rule, text, given) => {
  expect(check(given)).toMatchObject([{ rule, effect: "none", message: expect.stringContaining(text) }]);
});

test("a value that is wrong is not told", () => {
  const [finding] = check({ apiKeys: [{ ...USAGE_KEY, value: "hidden-but-short" }] });
  expect(JSON.stringify(finding)).not.toContain("hidden");
});

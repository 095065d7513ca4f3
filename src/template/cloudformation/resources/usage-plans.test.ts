import { describe, expect, test } from "vitest";
import { plainStack } from "../../fixtures/plain-stack.ts";
import { createReferenceValues } from "../reference-values.ts";
import { readUsagePlans } from "./usage-plans.ts";

/** A stack with the plan `Plan` and more resources. */
function load(plan: string, more = "") {
  const text = `Resources:\n  Plan: { Type: AWS::ApiGateway::UsagePlan, Properties: { ${plan} } }\n${more}`;
  const { resources, context, report } = plainStack(text);
  return {
    plans: readUsagePlans(resources, context),
    findings: report.findings,
    rules: report.findings.map(({ rule }) => rule),
    idOf: (logicalId: string, type: string) =>
      createReferenceValues(context.place)({ logicalId, type, property: () => undefined }).ref,
  };
}
const TIE = (properties: string): string =>
  `  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Enabled: true } }
  Tie: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { ${properties} } }
`;
const WHOLE_TIE = "KeyId: { Ref: Key }, KeyType: API_KEY, UsagePlanId: { Ref: Plan }";

test("a plan has its stages with the throttles of their methods, its own throttle, its quota and its keys", () => {
  const { plans, findings, idOf } = load(
    `UsagePlanName: gold, Description: x, Tags: [],
      ApiStages: [{ ApiId: shop, Stage: prod, Throttle: { "/pets/{petId}/GET": { RateLimit: 0.5, BurstLimit: 2 }, "/GET": { RateLimit: 1 } } }, { ApiId: shop, Stage: dev }],
      Throttle: { RateLimit: "10", BurstLimit: 20 }, Quota: { Limit: 1000, Offset: 2, Period: month }`,
    TIE(WHOLE_TIE),
  );
  expect(findings).toEqual([]);
  expect(plans).toEqual([
    {
      id: idOf("Plan", "AWS::ApiGateway::UsagePlan"),
      name: "gold",
      apiStages: [
        {
          apiId: "shop",
          stageName: "prod",
          throttle: { "/pets/{petId}/GET": { rateLimit: 0.5, burstLimit: 2 }, "//GET": { rateLimit: 1 } },
        },
        { apiId: "shop", stageName: "dev", throttle: {} },
      ],
      throttle: { rateLimit: 10, burstLimit: 20 },
      quota: { limit: 1000, offset: 2, period: "MONTH" },
      keyIds: [idOf("Key", "AWS::ApiGateway::ApiKey")],
      at: { file: "/project/template.yaml", line: 2, column: 3 },
    },
  ]);
});

test("a plan may be empty, and a key is on it once", () => {
  const twice = TIE(WHOLE_TIE) + TIE(WHOLE_TIE).split("\n")[1]?.replace("Tie", "Again");
  const { plans, findings } = load("", twice);
  expect(findings).toEqual([]);
  expect(plans).toMatchObject([{ name: "shop-Plan", apiStages: [], keyIds: [expect.any(String)] }]);
  expect(plans[0]).not.toHaveProperty("throttle");
  expect(plans[0]).not.toHaveProperty("quota");
});

describe("a plan that is not understood is left out", () => {
  test.each([
    ["ApiStages: x", "resource-property-invalid"],
    ["ApiStages: [x]", "resource-property-invalid"],
    ["ApiStages: [{ ApiId: a }]", "resource-property-missing"],
    ["ApiStages: [{ Stage: a }]", "resource-property-missing"],
    ["ApiStages: [{ ApiId: [a], Stage: b }]", "resource-property-invalid"],
    ["ApiStages: [{ ApiId: a, Stage: b, Throtle: {} }]", "resource-property-unknown"],
    ["ApiStages: [{ ApiId: a, Stage: b, Throttle: x }]", "resource-property-invalid"],
    ["ApiStages: [{ ApiId: a, Stage: b, Throttle: { RateLimit: 5 } }]", "resource-property-invalid"],
    ["ApiStages: [{ ApiId: a, Stage: b, Throttle: { /pets/get: { RateLimit: 5 } } }]", "resource-property-invalid"],
    ["ApiStages: [{ ApiId: a, Stage: b, Throttle: { /pets/GET: 5 } }]", "resource-property-invalid"],
    ["Throttle: 5", "resource-property-invalid"],
    ["Throttle: { RateLimit: -1 }", "resource-property-invalid"],
    ["Throttle: { RateLimit: fast }", "resource-property-invalid"],
    ["Throttle: { BurstLimit: 1.5 }", "resource-property-invalid"],
    ["Throttle: { Rate: 5 }", "resource-property-unknown"],
    ["Quota: 5", "resource-property-invalid"],
    ["Quota: { Limit: 5 }", "resource-property-missing"],
    ["Quota: { Period: DAY }", "resource-property-missing"],
    ["Quota: { Limit: 5, Period: YEAR }", "resource-property-invalid"],
    ["Quota: { Limit: -5, Period: DAY }", "resource-property-invalid"],
    ["Quota: { Limit: 5, Period: DAY, Offset: 1 }", "resource-property-invalid"],
    ["Quota: { Limit: 5, Period: WEEK, Offset: 7 }", "resource-property-invalid"],
    ["Quota: { Limit: 5, Period: MONTH, Offset: 28 }", "resource-property-invalid"],
    ["Quota: { Limit: 5, Period: DAY, From: 1 }", "resource-property-unknown"],
    ["UsagePlanName: [x]", "resource-property-invalid"],
    ["Name: x", "resource-property-unknown"],
  ])("%s", (properties, rule) => {
    const { plans, findings, rules } = load(properties);
    expect(plans).toEqual([]);
    expect(rules).toContain(rule);
    expect(rules.at(-1)).toBe("usage-plan-unreadable");
    expect(findings.every(({ effect, severity }) => effect === "none" && severity === "error")).toBe(true);
  });
});

describe("a key that is not tied to the plan is not on it", () => {
  test.each([
    ["KeyId: { Ref: Key }, UsagePlanId: { Ref: Plan }", "resource-property-missing"],
    ["KeyId: { Ref: Key }, KeyType: OTHER, UsagePlanId: { Ref: Plan }", "resource-property-invalid"],
    ["KeyType: API_KEY, UsagePlanId: { Ref: Plan }", "resource-property-missing"],
    ["KeyId: { Ref: Key }, KeyType: API_KEY", "resource-property-missing"],
    ["KeyId: { Ref: Key }, KeyType: API_KEY, UsagePlanId: elsewhere", "usage-plan-unknown"],
    [`${WHOLE_TIE}, Plan: x`, "resource-property-unknown"],
  ])("%s", (tie, rule) => {
    const { plans, rules } = load("", TIE(tie));
    expect(plans).toMatchObject([{ keyIds: [] }]);
    expect(rules).toEqual([rule]);
  });
});

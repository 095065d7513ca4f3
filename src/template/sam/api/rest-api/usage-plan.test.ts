import { expect, test } from "vitest";
import { loadRealStack } from "../../../fixtures/real-stack.ts";

const FUNCTION = (id: string, api: string) => `  ${id}:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      InlineCode: "exports.handler = async () => ({ statusCode: 200 });"
      Events: { Get: { Type: Api, Properties: { Path: /pets, Method: get, RestApiId: !Ref ${api} } } }
`;
const API = (id: string, auth: string) => `  ${id}:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: { ApiKeyRequired: true, UsagePlan: { ${auth} } }
`;
const load = (resources: string) => {
  const stack = loadRealStack(`Transform: AWS::Serverless-2016-10-31\nResources:\n${resources}`);
  return { ...stack, errors: stack.findings.filter(({ rule }) => /^(?:api-key|usage-plan|resource)-/.test(rule)) };
};

test("an API with a usage plan of its own comes with the plan, and an enabled key on it", () => {
  const { apiKeys, usagePlans, restApis, errors } = load(
    API(
      "Shop",
      "CreateUsagePlan: PER_API, UsagePlanName: gold, Throttle: { RateLimit: 5, BurstLimit: 2 }, Quota: { Limit: 10, Period: DAY }",
    ) + FUNCTION("Pets", "Shop"),
  );
  expect(errors).toEqual([]);
  expect(apiKeys).toMatchObject([{ name: "shop-ShopApiKey", enabled: true }]);
  expect(usagePlans).toMatchObject([
    {
      name: "gold",
      apiStages: [{ apiId: "shop", stageName: "prod", throttle: {} }],
      throttle: { rateLimit: 5, burstLimit: 2 },
      quota: { limit: 10, offset: 0, period: "DAY" },
      keyIds: [apiKeys[0]?.id],
    },
  ]);
  const [method] = restApis[0]?.api.resources.find(({ path }) => path === "/pets")?.resourceMethods ?? [];
  expect(method?.apiKeyRequired).toBe(true);
});

test("APIs that share a usage plan share its key", () => {
  const shared = "CreateUsagePlan: SHARED";
  const { apiKeys, usagePlans, errors } = load(
    API("Shop", shared) + API("Bank", shared) + FUNCTION("Pets", "Shop") + FUNCTION("Money", "Bank"),
  );
  expect(errors).toEqual([]);
  expect(apiKeys).toHaveLength(1);
  expect(usagePlans).toMatchObject([{ keyIds: [apiKeys[0]?.id] }]);
  expect(usagePlans[0]?.apiStages.map(({ apiId }) => apiId).sort()).toEqual(["bank", "shop"]);
});

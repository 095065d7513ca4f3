import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, mockMethod, openApi, type Project } from "../../../test/support/project.ts";
import { loadProject } from "../project/load-project.ts";

const PLACE = { region: "eu-west-1", accountId: "111122223333", partition: "aws" };
let project: Project;
beforeEach(() => {
  project = makeProject({
    "shop.json": openApi({ "/pets/{petId}": { get: mockMethod("pets") } }),
    "data/.gitignore": "*",
  });
});
afterEach(() => project.remove());

function loadWith(projectFile: Readonly<Record<string, unknown>>, files: readonly string[] = ["shop.json"]) {
  project.write("gatewarden.yaml", { files, ...projectFile });
  const location = { files: [], cwd: project.folder };
  const loaded = loadProject(location, PLACE, { issuerUrl: undefined, dataDir: project.path("data") });
  const found = loaded.findings.map(({ rule, effect }) => `${effect} ${rule}`);
  return { ...loaded, found };
}

const VALUE = "a-key-of-more-than-20-characters";
const STAGES = [{ api: "shop", stage: "dev" }];

/** A template with an API key, a plan and what ties them. */
const template = (value: string, stage = "prod") => ({
  Resources: {
    Key: { Type: "AWS::ApiGateway::ApiKey", Properties: { Name: `key ${value}`, Value: value, Enabled: true } },
    Plan: { Type: "AWS::ApiGateway::UsagePlan", Properties: { ApiStages: [{ ApiId: "shop", Stage: stage }] } },
    Tie: {
      Type: "AWS::ApiGateway::UsagePlanKey",
      Properties: { KeyId: { Ref: "Key" }, KeyType: "API_KEY", UsagePlanId: { Ref: "Plan" } },
    },
  },
});

test("keys and plans of the project file have ids that stay the same, and keys are on plans by their names", () => {
  const settings = {
    apiKeys: { web: { value: VALUE, id: "abcdefghij" }, made: null },
    usagePlans: {
      gold: {
        stages: [{ ...STAGES[0], throttle: { "/pets/{petId}/GET": { rateLimit: 1 } } }],
        throttle: { burstLimit: 5 },
        quota: { limit: 10, period: "DAY" },
        keys: ["web", "made"],
      },
    },
  };
  const { apiKeys, usagePlans, found } = loadWith(settings);
  expect(found).toEqual([]);
  const [web, made] = apiKeys;
  expect(web).toMatchObject({ id: "abcdefghij", name: "web", value: VALUE, enabled: true });
  expect(made).toMatchObject({ id: expect.stringMatching(/^[a-z0-9]{10}$/), name: "made", enabled: true });
  expect(usagePlans).toEqual([
    {
      id: expect.stringMatching(/^[a-z0-9]{10}$/),
      name: "gold",
      apiStages: [{ apiId: "shop", stageName: "dev", throttle: { "/pets/{petId}/GET": { rateLimit: 1 } } }],
      throttle: { burstLimit: 5 },
      quota: { limit: 10, offset: 0, period: "DAY" },
      keyIds: ["abcdefghij", made?.id],
      at: expect.objectContaining({ file: project.path("gatewarden.yaml") }),
    },
  ]);
  expect(loadWith(settings).usagePlans).toEqual(usagePlans);
});

test("a plan of the project file may have a template's key, by its name", () => {
  project.write("keys.json", template(VALUE));
  const { apiKeys, usagePlans } = loadWith({ usagePlans: { gold: { stages: STAGES, keys: [`key ${VALUE}`] } } }, [
    "shop.json",
    "keys.json",
  ]);
  expect(apiKeys).toHaveLength(1);
  expect(usagePlans.map(({ keyIds }) => keyIds)).toEqual([[apiKeys[0]?.id], [apiKeys[0]?.id]]);
});

test("two templates that use one logical id have keys and plans of their own", () => {
  project.write("a.json", template(VALUE));
  project.write("b.json", template(`${VALUE}-2`));
  const { apiKeys, usagePlans } = loadWith({}, ["shop.json", "a.json", "b.json"]);
  expect(new Set(apiKeys.map(({ id }) => id)).size).toBe(2);
  expect(new Set(usagePlans.map(({ id }) => id)).size).toBe(2);
  expect(usagePlans.map(({ keyIds }) => keyIds)).toEqual(apiKeys.map(({ id }) => [id]));
});

describe("what the project file names wrongly stops the load, with its place", () => {
  const http = {
    ...openApi({ "/pets": { get: {} } }),
    "x-amazon-apigateway-cors": { allowOrigins: ["*"] },
  };
  test.each([
    [{ gold: { keys: ["nobody"] } }, "usage-plan-key-unknown", 'There is no API key "nobody", known are web.'],
    [
      { gold: { stages: [{ api: "bank", stage: "dev" }] } },
      "usage-plan-stage-unknown",
      "The usage plan gold names the API bank, which no file declares.",
    ],
    [
      { gold: { stages: [{ api: "shop", stage: "prod" }] } },
      "usage-plan-stage-unknown",
      "The usage plan gold names the stage prod of shop, which has dev.",
    ],
    [
      { gold: { stages: [{ api: "http", stage: "$default" }] } },
      "usage-plan-stage-unknown",
      "The usage plan gold names the HTTP API http; only REST APIs have usage plans.",
    ],
  ])("%j", (usagePlans, rule, message) => {
    project.write("http.json", http);
    const { findings } = loadWith({ apiKeys: { web: {} }, usagePlans }, ["shop.json", "http.json"]);
    const found = findings.filter(({ effect }) => effect === "load");
    expect(found).toMatchObject([{ rule, message, at: { file: project.path("gatewarden.yaml") } }]);
  });

  test("two API keys of one name in the templates", () => {
    project.write("a.json", template(VALUE));
    project.write("b.json", template(VALUE));
    const { found } = loadWith({ usagePlans: { gold: { stages: STAGES, keys: [`key ${VALUE}`] } } }, [
      "shop.json",
      "a.json",
      "b.json",
    ]);
    expect(found).toContain("load usage-plan-key-unknown");
  });

  test("two API keys of one id", () => {
    const { found } = loadWith({ apiKeys: { a: { id: "abcdefghij" }, b: { id: "abcdefghij" } } });
    expect(found).toEqual(["load api-key-collision"]);
  });
});

test("a throttle of a method that the API does not have is told", () => {
  const stages = [{ ...STAGES[0], throttle: { "/pets/GET": { rateLimit: 1 } } }];
  const { findings } = loadWith({ usagePlans: { gold: { stages } } });
  expect(findings).toMatchObject([
    {
      rule: "usage-plan-method-unknown",
      effect: "none",
      message: "The usage plan gold throttles /pets/GET of shop, which has no such method.",
    },
  ]);
});

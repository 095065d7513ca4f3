import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, mockMethod, openApi, type Project } from "../../../test/support/project.ts";
import { loadProject } from "./load-project.ts";

const PLACE = { region: "eu-west-1", accountId: "111122223333", partition: "aws" };
let project: Project;
beforeEach(() => {
  project = makeProject({
    "rest.json": openApi({ "/": { get: mockMethod("root") }, "/pets/{petId}": { get: mockMethod("pets") } }),
    "http.json": {
      ...openApi({ "/pets/{petId}": { get: {} } }),
      "x-amazon-apigateway-cors": { allowOrigins: ["*"] },
    },
    "stack.json": {
      Resources: {
        Api: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: "api", ProtocolType: "HTTP" } },
        Stage: {
          Type: "AWS::ApiGatewayV2::Stage",
          Properties: {
            ApiId: { Ref: "Api" },
            StageName: "prod",
            AutoDeploy: true,
            DefaultRouteSettings: { ThrottlingRateLimit: 9 },
          },
        },
      },
    },
    "data/.gitignore": "*",
  });
});
afterEach(() => project.remove());

function loadWith(stages: Readonly<Record<string, unknown>>) {
  project.write("gatewarden.yaml", { files: ["rest.json", "http.json", "stack.json"], stages });
  const location = { files: [], cwd: project.folder };
  const { apis, findings } = loadProject(location, PLACE, { issuerUrl: undefined, dataDir: project.path("data") });
  const stageOf = (apiId: string) => apis.find(({ api }) => api.apiId === apiId)?.stages[0];
  return { stageOf, findings: findings.filter(({ effect }) => effect === "load") };
}

test("a REST API's stage has the throttles of all its methods and of single ones", () => {
  const { stageOf, findings } = loadWith({
    rest: {
      throttle: {
        "*/*": { rateLimit: 5 },
        "GET /": { rateLimit: 0 },
        "GET /pets/{petId}": { rateLimit: 0.5, burstLimit: 1 },
      },
    },
  });
  expect(findings).toEqual([]);
  expect(stageOf("rest")).toMatchObject({
    methodSettings: {
      "*/*": { throttlingRateLimit: 5 },
      "/GET": { throttlingRateLimit: 0 },
      "pets~1{petId}/GET": { throttlingRateLimit: 0.5, throttlingBurstLimit: 1 },
    },
  });
  expect(loadWith({}).stageOf("rest")).not.toHaveProperty("methodSettings");
});

test("an HTTP API's stage has the throttles of all its routes and of single ones", () => {
  const { stageOf, findings } = loadWith({
    http: { throttle: { "*/*": { rateLimit: 5 }, "GET /pets/{petId}": { burstLimit: 1 } } },
  });
  expect(findings).toEqual([]);
  expect(stageOf("http")).toMatchObject({
    defaultRouteSettings: { throttlingRateLimit: 5 },
    routeSettings: { "GET /pets/{petId}": { throttlingBurstLimit: 1 } },
  });
});

test("a template's stage has those of the project file over its own", () => {
  expect(loadWith({}).stageOf("api")).toMatchObject({ defaultRouteSettings: { throttlingRateLimit: 9 } });
  expect(loadWith({ api: { throttle: { "*/*": { burstLimit: 2 } } } }).stageOf("api")).toMatchObject({
    defaultRouteSettings: { throttlingBurstLimit: 2 },
  });
});

describe("a throttle that matches nothing stops the load: what was to be limited would not be", () => {
  test.each([
    [
      "rest",
      "POST /",
      "The stage of rest throttles POST /, which is no method of it; there are GET /, GET /pets/{petId}.",
    ],
    [
      "rest",
      "GET /dogs",
      "The stage of rest throttles GET /dogs, which is no method of it; there are GET /, GET /pets/{petId}.",
    ],
    [
      "http",
      "ANY /pets/{petId}",
      "The stage of http throttles ANY /pets/{petId}, which is no route of it; there are GET /pets/{petId}.",
    ],
    ["api", "$default", "The stage of api throttles $default, which is no route of it; there are none."],
  ])("%s, %s", (apiId, routeKey, message) => {
    const { findings } = loadWith({ [apiId]: { throttle: { [routeKey]: { rateLimit: 1 } } } });
    expect(findings).toMatchObject([
      { rule: "stage-throttle-unmatched", message, at: { file: project.path("gatewarden.yaml") } },
    ]);
  });
});

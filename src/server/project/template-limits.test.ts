import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { ask } from "../../../test/support/http.ts";
import { makeProject, mockMethod, openApi, type Project } from "../../../test/support/project.ts";
import { startTestServer, type TestServer } from "../../../test/support/server.ts";

/* What templates and the project file say of API keys, usage plans and throttles, as it is served. */

let project: Project;
let running: TestServer | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
  project.remove();
});

async function serve(files: Readonly<Record<string, unknown>>): Promise<TestServer> {
  project = makeProject(files);
  running = await startTestServer(project);
  return running;
}

const SAM = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: PER_API, Quota: { Limit: 2, Period: MONTH } } }
  Pets:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      InlineCode: "exports.handler = async () => ({ statusCode: 200, body: 'pets' });"
      Events: { Get: { Type: Api, Properties: { Path: /pets, Method: get, RestApiId: !Ref Shop } } }
`;

test("a SAM template's usage plan is served: its key opens what needs one, until the quota is used", async () => {
  const { url, told } = await serve({ "gatewarden.yaml": { files: ["sam.yaml"] }, "sam.yaml": SAM });
  const base = url("shop").replace(/[^/]+$/, "prod");
  const get = (headers: readonly string[]) => ask(`${base}/pets`, { headers });
  const { keys } = JSON.parse(readFileSync(project.path(".gatewarden/api-keys.json"), "utf8"));
  const [value] = Object.values(keys) as string[];
  const statuses: number[] = [];
  for (const headers of [[], ["x-api-key", "x".repeat(40)], ...Array(3).fill(["x-api-key", value])]) {
    statuses.push((await get(headers)).status);
  }
  expect(statuses).toEqual([403, 403, 200, 200, 429]);
  expect(told.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("a key and a plan of the project file open an OpenAPI file's methods", async () => {
  const api = {
    ...openApi(
      { "/pets": { get: mockMethod("pets", { security: [{ key: [] }] }) } },
      {
        key: { type: "apiKey", name: "x-api-key", in: "header" },
      },
    ),
  };
  const value = "a-key-of-more-than-20-characters";
  const { url } = await serve({
    "api.json": api,
    "gatewarden.yaml": {
      files: ["api.json"],
      apiKeys: { web: { value } },
      usagePlans: { gold: { stages: [{ api: "api", stage: "dev" }], keys: ["web"] } },
    },
  });
  const get = async (...headers: string[]) => (await ask(`${url("api")}/pets`, { headers })).status;
  expect([await get(), await get("x-api-key", value)]).toEqual([403, 200]);
});

describe("a limit of 0 closes", () => {
  const METHOD =
    "AuthorizationType: NONE, Integration: { Type: MOCK, RequestTemplates: { application/json: '{\"statusCode\": 200}' }, IntegrationResponses: [{ StatusCode: 200 }] }, MethodResponses: [{ StatusCode: 200 }]";

  test("the one method of a stage that a template names", async () => {
    const { url } = await serve({
      "gatewarden.yaml": { files: ["stack.yaml"] },
      "stack.yaml": `Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Pets: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets } }
  Get: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !Ref Pets, HttpMethod: GET, ${METHOD} } }
  Put: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !Ref Pets, HttpMethod: PUT, ${METHOD} } }
  Deployment: { Type: AWS::ApiGateway::Deployment, Properties: { RestApiId: !Ref Api } }
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: test
      MethodSettings: [{ ResourcePath: /~1pets, HttpMethod: PUT, ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 }]
`,
    });
    const send = async (method: string) => (await ask(`${url("api")}/pets`, { method })).status;
    expect([await send("GET"), await send("PUT")]).toEqual([200, 429]);
  });

  test("the one method of an OpenAPI file's stage that the project file names", async () => {
    const { url } = await serve({
      "api.json": openApi({ "/": { get: mockMethod("root") }, "/pets": { get: mockMethod("pets") } }),
      "gatewarden.yaml": {
        files: ["api.json"],
        stages: { api: { throttle: { "GET /": { rateLimit: 0, burstLimit: 0 } } } },
      },
    });
    const get = async (path: string) => (await ask(`${url("api")}${path}`)).status;
    expect([await get("/"), await get("/pets")]).toEqual([429, 200]);
  });
});

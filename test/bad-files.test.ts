import { afterEach, describe, expect, test } from "vitest";
import { StartError } from "../src/server/start-error.ts";
import { cpuMs } from "./support/cpu-time.ts";
import { ask, until } from "./support/http.ts";
import { customAuthorizer, functionMethod, makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * Files with something wrong in them. One route's fault is that route's 501, what decides access API-wide keeps the API
 * from being served, a file that cannot be read at all stops the start; each names the place.
 */

let project: Project;
let running: TestServer | undefined;
afterEach(async () => {
  const defects = running?.told.defects ?? [];
  await running?.stop();
  running = undefined;
  project.remove();
  expect(defects).toEqual([]);
});

const ALLOW = `exports.handler = async () => ({ principalId: "user", policyDocument: { Version: "2012-10-17", Statement: [{ Action: "*", Effect: "Allow", Resource: "*" }] } });`;

async function start(files: Readonly<Record<string, unknown>>): Promise<TestServer> {
  project = makeProject({ "gatewarden.yaml": { files: ["api.json"] }, ...files });
  running = await startTestServer(project);
  return running;
}
const get = (path: string, headers: readonly string[] = []) => ask(`${running?.url("api")}${path}`, { headers });
const rules = (): string[] => running?.told.findings.map(({ rule }) => rule) ?? [];

/** A mock whose integration is changed in one property. */
function mockWith(change: Readonly<Record<string, unknown>>) {
  const method = mockMethod("never");
  return { ...method, "x-amazon-apigateway-integration": { ...method["x-amazon-apigateway-integration"], ...change } };
}
const template = (text: string) => mockWith({ requestTemplates: { "application/json": text } });

describe("a fault of one route is that route's 501, with its place, and the others are served", () => {
  test.each<[string, Record<string, unknown>]>([
    ["a template that does not end", template('#if($input.path("$.a"))')],
    ["a template with an unknown directive argument", template("#set($a = )")],
    ["a template 20,000 blocks deep", template(`${"#if(true)".repeat(20_000)}${"#end".repeat(20_000)}`)],
    ["an integration of a kind that does not exist", mockWith({ type: "magic" })],
    [
      "an integration with a service of AWS",
      mockWith({ type: "aws", httpMethod: "POST", uri: "arn:aws:apigateway:us-east-1:sqs:path/1/q" }),
    ],
    [
      "a VPC link",
      mockWith({
        type: "http",
        httpMethod: "GET",
        uri: "http://a.example/",
        connectionType: "VPC_LINK",
        connectionId: "x",
      }),
    ],
    ["a function without code", functionMethod("nobody")],
    ["a handler file that is missing", functionMethod("missing")],
    ["a selection pattern that is no expression", mockWith({ responses: { "(": { statusCode: "200" } } })],
    ["no integration", { responses: { "200": { description: "ok" } } }],
  ])("%s", async (_name, method) => {
    await start({
      "api.json": openApi({ "/bad": { get: method }, "/good": { get: mockMethod("good") } }),
      "gatewarden.yaml": { files: ["api.json"], functions: { missing: { handler: "nowhere/missing.handler" } } },
    });
    expect(await get("/bad")).toMatchObject({ status: 501 });
    expect(await get("/good")).toMatchObject({ status: 200, body: "good" });
    const found = running?.told.findings.find(({ effect }) => effect === "route");
    expect(found).toMatchObject({ severity: "error", at: { line: 1, column: expect.any(Number) } });
    expect(found?.fix).not.toBe("");
  });
});

describe("a guard that cannot be used opens nothing", () => {
  const guarded = (settings: Record<string, unknown>) =>
    openApi(
      { "/in": { get: mockMethod("in", { security: [{ guard: [] }] }) } },
      { guard: customAuthorizer("guard", settings) },
    );

  test.each<[string, Record<string, unknown>]>([
    ["an unknown property", { allowEverybody: true }],
    [
      "a type nobody serves",
      { type: "cognito_user_pools", providerARNs: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/x"] },
    ],
    ["a type that is no word", { type: 7 }],
    ["no type", { type: undefined }],
    ["a time to live beyond the limit", { authorizerResultTtlInSeconds: 3_601 }],
    ["a time to live that is a word", { authorizerResultTtlInSeconds: "long" }],
    ["an expression that is none", { identityValidationExpression: "^Bearer (" }],
    ["an identity source of another kind of API", { identitySource: "$request.header.Authorization" }],
    ["an identity source in the path", { type: "request", identitySource: "method.request.path.id" }],
    ["a function that is no function", { authorizerUri: "arn:aws:s3:::bucket" }],
    ["no function", { authorizerUri: undefined }],
  ])("%s", async (_name, settings) => {
    await start({
      "api.json": guarded(settings),
      "guard.cjs": ALLOW,
      "gatewarden.yaml": { files: ["api.json"], functions: { guard: { handler: "guard.handler" } } },
    });
    const stage = `${running?.server.ready.gateway}/_aws/execute-api/api/dev`;
    const reply = await ask(`${stage}/in`, { headers: ["Authorization", "Bearer a.b.c"] });
    expect([404, 501]).toContain(reply.status);
    expect(running?.told.findings.some(({ severity }) => severity === "error")).toBe(true);
  });

  test.each([
    ["are missing", "nowhere/rules.json", undefined],
    ["are not JSON", "rules.json", "{"],
    ["are of another shape", "rules.json", { routes: [{ allow: "everybody" }] }],
  ])("the shipped authorizer whose rules %s", async (_how, path, content) => {
    await start({
      "api.json": guarded({}),
      ...(content !== undefined && { [path]: content }),
      "gatewarden.yaml": {
        files: ["api.json"],
        functions: {
          guard: {
            handler: "gatewarden:authorizer",
            env: { TOKEN_ISSUER: "https://a.example/", AUDIENCE: "a", RULES_FILE: path },
          },
        },
      },
    });
    expect(await get("/in", ["Authorization", "Bearer a.b.c"])).toMatchObject({ status: 501 });
    expect(rules()).toContain("authorizer-rules-invalid");
  });

  test("a resource policy that is not understood keeps the API from being served", async () => {
    const api = {
      ...openApi({ "/in": { get: mockMethod("in") } }),
      "x-amazon-apigateway-policy": {
        Version: "2012-10-17",
        Statement: [{ Effect: "Perhaps", Principal: "*", Action: "*", Resource: "*" }],
      },
    };
    await start({ "api.json": api });
    expect(await ask(`${running?.server.ready.gateway}/_aws/execute-api/api/dev/in`)).toMatchObject({ status: 404 });
  });
});

describe("a file that cannot be read at all stops the start, quickly and with its place", () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ..."bcdefghij".split("").map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[at]}`).join()}]`),
  ].join("\n");
  test.each<[string, string, unknown]>([
    ["nothing in it", "api.yaml", ""],
    ["broken YAML", "api.yaml", "openapi: 3.0.1\n  paths: [\n"],
    ["broken JSON", "api.json", '{"openapi": "3.0.1",}'],
    ["a bomb of aliases", "api.yaml", `openapi: 3.0.1\n${bomb}\n`],
    ["an alias to itself", "api.yaml", "openapi: 3.0.1\npaths: &p\n  /a: *p\n"],
    ["100,000 levels", "api.json", `{"openapi":"3.0.1","paths":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["bytes that are no text", "api.yaml", "\u0000\u0001\u0002\uffff"],
    ["two keys alike", "api.yaml", "openapi: 3.0.1\nopenapi: 3.0.1\npaths: {}\n"],
    ["another kind of document", "api.json", { Resources: {} }],
    ["a version from the future", "api.json", { openapi: "4.0.0", paths: {} }],
    ["a list", "api.json", []],
  ])("%s", async (_name, file, content) => {
    const began = cpuMs();
    const started = start({ [file]: content, "gatewarden.yaml": { files: [file] } });
    await expect(started).rejects.toThrow(StartError);
    await expect(started).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(new RegExp(`${file.replace(".", "\\.")}:\\d+:\\d+: `)),
    });
    expect(cpuMs() - began).toBeLessThan(5_000);
  });

  test("an environment file that is missing", async () => {
    const functions = { guard: { handler: "guard.handler", envFile: "missing.env" } };
    await expect(
      start({ "api.json": openApi({}), "guard.cjs": ALLOW, "gatewarden.yaml": { files: ["api.json"], functions } }),
    ).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining("missing.env (ENOENT)") });
  });
});

test("a reference that leads back to itself does not hold the start up", async () => {
  const api = {
    ...openApi({
      "/a": {
        post: {
          ...mockMethod("a"),
          requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/A" } } } },
        },
      },
    }),
    "x-amazon-apigateway-request-validators": { body: { validateRequestBody: true } },
    "x-amazon-apigateway-request-validator": "body",
  };
  const schemas = { A: { $ref: "#/components/schemas/B" }, B: { $ref: "#/components/schemas/A" } };
  await start({ "api.json": { ...api, components: { schemas } } });
  const reply = await ask(`${running?.url("api")}/a`, {
    method: "POST",
    headers: ["Content-Type", "application/json"],
    body: "{}",
  });
  expect([400, 500, 501]).toContain(reply.status);
});

test("an access log that cannot be written is said once, and requests are answered", async () => {
  await start({
    "api.json": openApi({ "/": { get: mockMethod("root") } }),
    "gatewarden.yaml": {
      files: ["api.json"],
      stages: { api: { accessLog: { format: "$context.requestId", destination: "nowhere/access.log" } } },
    },
  });
  const ask = async () => expect(await get("/")).toMatchObject({ status: 200, body: "root" });
  await ask();
  await until("the trouble to be told", () => running?.told.troubles[0]);
  for (let round = 0; round < 5; round++) await ask();
  expect(running?.told.troubles).toEqual([
    expect.stringMatching(/cannot write the access log .*nowhere\/access\.log \(ENOENT\)/),
  ]);
});

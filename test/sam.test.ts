import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { commandLine } from "./support/command-line.ts";

const ISSUER = "https://sam-tenant.example/";
const AUDIENCE = "https://books.example";

const TEMPLATE = `
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Issuer: { Type: String }
Globals:
  Function: { Runtime: nodejs22.x, CodeUri: functions, MemorySize: 256 }
  HttpApi:
    CorsConfiguration: { AllowOrigins: ["https://app.example"], AllowHeaders: [authorization] }
Resources:
  Books:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Tenant
        Authorizers:
          Tenant:
            AuthorizationScopes: [read]
            IdentitySource: $request.header.Authorization
            JwtConfiguration: { issuer: !Ref Issuer, audience: [${AUDIENCE}] }
          Door:
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            EnableFunctionDefaultPermissions: true
            FunctionArn: !GetAtt SimpleJudge.Arn
            Identity: { Headers: [X-Door] }
  Shelves:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      Cors: { AllowOrigin: "'https://app.example'", AllowHeaders: "'authorization'" }
      Auth:
        DefaultAuthorizer: Token
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Token: { FunctionArn: !GetAtt TokenJudge.Arn, Identity: { ReauthorizeEvery: 0 } }
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Handler: reader.handler
      Events:
        List: { Type: HttpApi, Properties: { ApiId: !Ref Books, Path: /books, Method: get } }
        Add: { Type: HttpApi, Properties: { ApiId: !Ref Books, Path: /books, Method: post, Auth: { Authorizer: Tenant, AuthorizationScopes: [write] } } }
        Open: { Type: HttpApi, Properties: { ApiId: !Ref Books, Path: /open, Method: get, Auth: { Authorizer: NONE } } }
        Door: { Type: HttpApi, Properties: { ApiId: !Ref Books, Path: /door, Method: get, Auth: { Authorizer: Door } } }
        Shelf: { Type: Api, Properties: { RestApiId: !Ref Shelves, Path: "/shelves/{id}", Method: get } }
        Free: { Type: Api, Properties: { RestApiId: !Ref Shelves, Path: /free, Method: get, Auth: { Authorizer: NONE } } }
        Signed: { Type: Api, Properties: { RestApiId: !Ref Shelves, Path: /signed, Method: get, Auth: { Authorizer: AWS_IAM } } }
        Implicit: { Type: Api, Properties: { Path: /implicit, Method: any } }
  TokenJudge: { Type: AWS::Serverless::Function, Properties: { Handler: token-judge.handler } }
  SimpleJudge: { Type: AWS::Serverless::Function, Properties: { Handler: simple-judge.handler } }
`;
const FUNCTIONS = {
  "reader.js": `exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer ?? null) });`,
  "token-judge.js": `exports.handler = async ({ authorizationToken, methodArn }) => ({
    principalId: "ana",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: authorizationToken === "let me in" ? "Allow" : "Deny", Resource: methodArn }],
    },
  });`,
  "simple-judge.js": `exports.handler = async ({ headers }) => ({ isAuthorized: headers["x-door"] === "open" });`,
};

let folder: string;
let gateway: Gatewarden;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-sam-"));
  mkdirSync(join(folder, "functions"));
  for (const [name, source] of Object.entries(FUNCTIONS)) writeFileSync(join(folder, "functions", name), source);
  writeFileSync(join(folder, "template.yaml"), TEMPLATE);
  writeFileSync(
    join(folder, "gatewarden.yaml"),
    `parameters: { Issuer: "${ISSUER}" }\nissuers: { "${ISSUER}": local }\n`,
  );
  gateway = await startGatewarden({
    files: [join(folder, "template.yaml")],
    config: join(folder, "gatewarden.yaml"),
    dataDir: join(folder, ".gatewarden"),
  });
});
afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(api: string, path: string, init: RequestInit = {}) {
  const response = await fetch(gateway.url(api) + path, init);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

const header = (authorization: string): RequestInit => ({ headers: { authorization } });
const bearer = (scope: string): RequestInit =>
  header(`Bearer ${gateway.token({ api: AUDIENCE, scopes: ["read", "write"], claims: { scope } })}`);

describe("a SAM application is served as it is", () => {
  test("without a finding that keeps anything from being served", () => {
    expect(gateway.findings.filter(({ effect }) => effect !== "none")).toEqual([]);
    expect(gateway.apis.map(({ apiId, type, stages }) => [apiId, type, stages.map(({ name }) => name)])).toEqual([
      // Besides the stage that is asked for, SAM has always made one named Stage (C), unless OpenApiVersion is set.
      ["shelves", "REST", ["Stage", "live"]],
      ["serverlessrestapi", "REST", ["Stage", "Prod"]],
      ["books", "HTTP", ["$default"]],
    ]);
  });

  test("DefaultAuthorizer, scopes of the authorizer and of an event, and NONE on an HttpApi", async () => {
    const answer = await ask("books", "/books", bearer("read"));
    expect([answer.status, JSON.parse(answer.body).jwt.claims.iss]).toEqual([200, ISSUER]);
    expect((await ask("books", "/books", { method: "POST", ...bearer("read") })).status).toBe(403);
    expect((await ask("books", "/books", { method: "POST", ...bearer("write") })).status).toBe(200);
    expect((await ask("books", "/books", bearer("other"))).status).toBe(403);
    expect((await ask("books", "/books")).status).toBe(401);
    expect(await ask("books", "/open")).toMatchObject({ status: 200, body: "null" });
  });

  test("a Lambda authorizer of an HttpApi with simple responses", async () => {
    expect((await ask("books", "/door", { headers: { "x-door": "open" } })).status).toBe(200);
    expect((await ask("books", "/door", { headers: { "x-door": "shut" } })).status).toBe(403);
    expect((await ask("books", "/door")).status).toBe(401);
  });

  test("CorsConfiguration of the globals, and Cors of an Api beside its authorizer", async () => {
    const preflight = { origin: "https://app.example", "access-control-request-method": "GET" };
    for (const [api, path, status] of [
      ["books", "/books", 204],
      ["shelves", "/shelves/1", 200],
    ] as const) {
      const answer = await ask(api, path, { method: "OPTIONS", headers: preflight });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
        status,
        "https://app.example",
      ]);
    }
  });

  test("a token authorizer by default, NONE and AWS_IAM on an Api, and the implicit Api", async () => {
    const allowed = await ask("shelves", "/shelves/1", header("let me in"));
    expect([allowed.status, JSON.parse(allowed.body).principalId]).toEqual([200, "ana"]);
    expect((await ask("shelves", "/shelves/1", header("please"))).status).toBe(403);
    expect((await ask("shelves", "/shelves/1")).status).toBe(401);
    expect((await ask("shelves", "/free")).status).toBe(200);
    const signed = await ask("shelves", "/signed", header("Bearer x"));
    expect([signed.status, signed.headers.get("x-amzn-errortype")]).toEqual([403, "IncompleteSignatureException"]);
    expect((await ask("serverlessrestapi", "/implicit", { method: "PUT" })).status).toBe(200);
  });
});

test("template expand prints the CloudFormation that SAM makes, and template check its findings with places", async () => {
  const copy = join(folder, "copy");
  mkdirSync(copy);
  cpSync(join(folder, "functions"), join(copy, "functions"), { recursive: true });
  writeFileSync(join(copy, "template.yaml"), TEMPLATE);
  const expanded = await commandLine(["template", "expand", "template.yaml", "--parameter", `Issuer=${ISSUER}`], {
    cwd: copy,
  });
  expect(expanded.code).toBe(0);
  const { Resources, Transform } = JSON.parse(expanded.stdout);
  expect(Transform).toBeUndefined();
  expect(Resources.ReaderListPermission.Type).toBe("AWS::Lambda::Permission");
  expect(Resources.Books.Type).toBe("AWS::ApiGatewayV2::Api");

  writeFileSync(
    join(copy, "template.yaml"),
    TEMPLATE.replace("DefaultAuthorizer: Tenant", "DefaultAuthorizer: Tenants"),
  );
  const refused = await commandLine(["template", "expand", "template.yaml"], { cwd: copy });
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toMatch(/template\.yaml:15:28: error sam-[a-z-]+: /);
  const checked = await commandLine(["template", "check", "template.yaml"], { cwd: copy });
  expect(checked.code).toBe(1);
  expect(checked.stdout).toMatch(/template\.yaml:15:28: error sam-[a-z-]+: /);
});

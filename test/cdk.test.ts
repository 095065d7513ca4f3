import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Duration, Stack } from "aws-cdk-lib";
import {
  AuthorizationType,
  Cors,
  IdentitySource,
  LambdaIntegration,
  MockIntegration,
  RequestAuthorizer,
  RestApi,
  TokenAuthorizer,
} from "aws-cdk-lib/aws-apigateway";
import { CorsHttpMethod, HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import {
  HttpJwtAuthorizer,
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
} from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";

const ISSUER = "https://cdk-tenant.example/";
const AUDIENCE = "https://orders.example";

const ORDERS = `
exports.handler = async (event) => ({
  statusCode: 200,
  body: JSON.stringify({ claims: event.requestContext.authorizer, path: event.path ?? event.rawPath }),
});`;
const TOKEN_JUDGE = `
exports.handler = async (event) => {
  if (event.authorizationToken === "fail") throw new Error("Unauthorized");
  const Effect = event.authorizationToken === "allow" ? "Allow" : "Deny";
  return {
    principalId: "ana",
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect, Resource: event.methodArn }] },
    context: { plan: "gold" },
  };
};`;
const REQUEST_JUDGE = `
exports.handler = async (event) => ({
  principalId: "ben",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Action: "execute-api:Invoke", Effect: event.headers["X-Door"] === "open" ? "Allow" : "Deny", Resource: event.methodArn }],
  },
});`;
const SIMPLE_JUDGE = `
exports.handler = async (event) => ({ isAuthorized: event.headers["x-door"] === "open", context: { door: "front" } });`;

/** Writes the app's functions to a folder and synthesises its stack; gives the template's path. */
function synthesise(folder: string): string {
  const code = (name: string, source: string): Code => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "index.js"), source);
    return Code.fromAsset(join(folder, name));
  };
  const app = new App({ outdir: join(folder, "cdk.out"), analyticsReporting: false });
  const stack = new Stack(app, "Orders");
  const lambda = (id: string, source: string): LambdaFunction =>
    new LambdaFunction(stack, id, { runtime: Runtime.NODEJS_22_X, handler: "index.handler", code: code(id, source) });
  const orders = lambda("OrdersFunction", ORDERS);

  const httpApi = new HttpApi(stack, "HttpOrders", {
    corsPreflight: {
      allowOrigins: ["https://app.example"],
      allowMethods: [CorsHttpMethod.ANY],
      allowHeaders: ["authorization"],
    },
  });
  const jwt = new HttpJwtAuthorizer("Jwt", ISSUER, { jwtAudience: [AUDIENCE] });
  const integration = new HttpLambdaIntegration("OrdersIntegration", orders);
  httpApi.addRoutes({
    path: "/orders",
    methods: [HttpMethod.GET],
    integration,
    authorizer: jwt,
    authorizationScopes: ["read:orders"],
  });
  httpApi.addRoutes({
    path: "/orders",
    methods: [HttpMethod.POST],
    integration,
    authorizer: jwt,
    authorizationScopes: ["write:orders"],
  });
  httpApi.addRoutes({ path: "/health", methods: [HttpMethod.GET], integration });
  const simple = new HttpLambdaAuthorizer("Door", lambda("SimpleJudge", SIMPLE_JUDGE), {
    responseTypes: [HttpLambdaResponseType.SIMPLE],
    identitySource: ["$request.header.X-Door"],
    resultsCacheTtl: Duration.seconds(0),
  });
  httpApi.addRoutes({ path: "/door", methods: [HttpMethod.ANY], integration, authorizer: simple });

  const restApi = new RestApi(stack, "RestOrders", {
    deployOptions: { stageName: "live", variables: { color: "blue" } },
    defaultCorsPreflightOptions: { allowOrigins: Cors.ALL_ORIGINS },
  });
  const token = new TokenAuthorizer(stack, "Token", {
    handler: lambda("TokenJudge", TOKEN_JUDGE),
    resultsCacheTtl: Duration.minutes(5),
  });
  const request = new RequestAuthorizer(stack, "Request", {
    handler: lambda("RequestJudge", REQUEST_JUDGE),
    identitySources: [IdentitySource.header("X-Door")],
  });
  const items = restApi.root.addResource("orders");
  items.addMethod("GET", new LambdaIntegration(orders), {
    authorizer: token,
    authorizationType: AuthorizationType.CUSTOM,
  });
  items.addResource("{id}").addMethod("GET", new LambdaIntegration(orders), { authorizer: request });
  items.addMethod("DELETE", new LambdaIntegration(orders), { authorizationType: AuthorizationType.IAM });
  restApi.root.addMethod(
    "GET",
    new MockIntegration({
      requestTemplates: { "application/json": '{"statusCode": 200}' },
      integrationResponses: [{ statusCode: "200", responseTemplates: { "application/json": '{"ok":true}' } }],
    }),
    { methodResponses: [{ statusCode: "200" }] },
  );
  return app.synth().getStackByName("Orders").templateFullPath;
}

let folder: string;
let gateway: Gatewarden;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-cdk-"));
  const template = synthesise(folder);
  const config = join(folder, "gatewarden.yaml");
  writeFileSync(config, `issuers: { "${ISSUER}": local }\n`);
  gateway = await startGatewarden({ files: [template], config, dataDir: join(folder, ".gatewarden") });
});
afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(api: string, path: string, init: RequestInit = {}) {
  const response = await fetch(gateway.url(api) + path, init);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

const bearer = (scope: string): RequestInit => ({
  headers: { authorization: `Bearer ${gateway.token({ api: AUDIENCE, scopes: [scope] })}` },
});

test("the synthesised stack loads as it is, without a finding that keeps anything from being served", () => {
  expect(gateway.findings.filter(({ effect }) => effect !== "none")).toEqual([]);
  expect(gateway.apis.map(({ name, type, stages }) => [name, type, stages.map((each) => each.name)])).toEqual([
    ["RestOrders", "REST", ["live"]],
    ["HttpOrders", "HTTP", ["$default"]],
  ]);
});

describe("its HTTP API", () => {
  test("HttpJwtAuthorizer lets in whom its scopes name, for the real tenant's issuer", async () => {
    const answer = await ask("HttpOrders", "/orders", bearer("read:orders"));
    expect(answer.status).toBe(200);
    const { claims } = JSON.parse(answer.body);
    expect(claims.jwt.claims).toMatchObject({ iss: ISSUER, aud: AUDIENCE, scope: "read:orders" });
    expect(claims.jwt.scopes).toEqual(["read:orders"]);
    expect((await ask("HttpOrders", "/orders", { method: "POST", ...bearer("read:orders") })).status).toBe(403);
    expect((await ask("HttpOrders", "/orders", { method: "POST", ...bearer("write:orders") })).status).toBe(200);
  });

  test("no token is 401, a route without authorizer is open, an unknown path is 404", async () => {
    const answer = await ask("HttpOrders", "/orders");
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await ask("HttpOrders", "/health")).status).toBe(200);
    expect((await ask("HttpOrders", "/nowhere")).status).toBe(404);
  });

  test("HttpLambdaAuthorizer answers simply: open, shut, and 401 without its header", async () => {
    const open = await ask("HttpOrders", "/door", { headers: { "x-door": "open" } });
    expect([open.status, JSON.parse(open.body).claims]).toEqual([200, { lambda: { door: "front" } }]);
    expect((await ask("HttpOrders", "/door", { headers: { "x-door": "shut" } })).status).toBe(403);
    expect((await ask("HttpOrders", "/door")).status).toBe(401);
  });

  test("corsPreflight answers preflights", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "GET" };
    const answer = await ask("HttpOrders", "/orders", { method: "OPTIONS", headers });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "https://app.example"]);
  });
});

describe("its REST API", () => {
  test("TokenAuthorizer allows, denies and refuses", async () => {
    const answer = await ask("RestOrders", "/orders", { headers: { authorization: "allow" } });
    expect([answer.status, JSON.parse(answer.body).claims]).toMatchObject([200, { principalId: "ana", plan: "gold" }]);
    expect((await ask("RestOrders", "/orders", { headers: { authorization: "deny" } })).status).toBe(403);
    expect((await ask("RestOrders", "/orders", { headers: { authorization: "fail" } })).status).toBe(401);
    expect((await ask("RestOrders", "/orders")).status).toBe(401);
  });

  test("RequestAuthorizer allows and denies by a header", async () => {
    expect((await ask("RestOrders", "/orders/7", { headers: { "X-Door": "open" } })).status).toBe(200);
    expect((await ask("RestOrders", "/orders/7", { headers: { "X-Door": "shut" } })).status).toBe(403);
    expect((await ask("RestOrders", "/orders/7")).status).toBe(401);
  });

  test("an IAM method refuses a Bearer token as AWS does, a mock answers, defaultCorsPreflightOptions too", async () => {
    const iam = await ask("RestOrders", "/orders", { method: "DELETE", ...bearer("read:orders") });
    expect([iam.status, iam.headers.get("x-amzn-errortype")]).toEqual([403, "IncompleteSignatureException"]);
    expect(await ask("RestOrders", "")).toMatchObject({ status: 200, body: '{"ok":true}' });
    const preflight = await ask("RestOrders", "/orders", { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });
});

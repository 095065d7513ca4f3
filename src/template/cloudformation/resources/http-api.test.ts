import { describe, expect, test } from "vitest";
import { plainStack } from "../../fixtures/plain-stack.ts";
import { MAX_STAGE_VARIABLE_NAME, MAX_STAGE_VARIABLES } from "../../project-file/project-stage.ts";
import { readHttpApis } from "./http-api.ts";
import { MAX_AUDIENCES, MAX_RESULT_TTL_SECONDS } from "./http-api-authorizer.ts";
import { MAX_CORS_AGE_SECONDS } from "./http-api-cors.ts";
import type { ImportHttpApi } from "./http-api-definition.ts";
import { INTEGRATION_TIMEOUT_MS } from "./http-api-integration.ts";
import { MAX_ROUTE_SCOPES } from "./http-api-route.ts";
import type { StackContext } from "./stack-context.ts";

const noImport: ImportHttpApi = () => ({ findings: [] });

function load(text: string, over: Partial<StackContext> = {}, importHttpApi = noImport) {
  const { resources, context, report } = plainStack(text, over);
  const apis = readHttpApis(resources, importHttpApi, context);
  return { apis, api: apis[0]?.api, stages: apis[0]?.stages, findings: report.findings, context };
}

const rules = (findings: readonly { rule: string }[]) => findings.map(({ rule }) => rule);

const API = `
Resources:
  Web:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: web, ProtocolType: HTTP }
  Backend:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: { Ref: Web }
      IntegrationType: HTTP_PROXY
      IntegrationUri: http://127.0.0.1:3000/{proxy}
      IntegrationMethod: ANY
      PayloadFormatVersion: "1.0"
  Users:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: { Ref: Web }
      Name: users
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: { Issuer: "https://issuer/", Audience: [web] }
`;
const ROUTE = `
  Get:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: { Ref: Web }
      RouteKey: GET /pets
      Target: { "Fn::Sub": "integrations/\${Backend}" }
`;
const jwtRoute = `${ROUTE}      AuthorizationType: JWT\n      AuthorizerId: { Ref: Users }\n`;

test("routes, integrations and authorizers find each other by their ids", () => {
  const { api, findings } = load(`${API}${jwtRoute}      AuthorizationScopes: [read]\n`);
  expect(findings).toEqual([]);
  const [route] = api?.routes ?? [];
  expect(route).toMatchObject({ routeKey: "GET /pets", authorizationType: "JWT", authorizationScopes: ["read"] });
  expect(route?.integrationId).toBe(api?.integrations[0]?.integrationId);
  expect(route?.authorizerId).toBe(api?.authorizers[0]?.authorizerId);
  expect(route?.at).toMatchObject({ file: "/project/template.yaml", line: 23 });
  expect(api).toMatchObject({ apiId: "web", name: "web", disableExecuteApiEndpoint: false });
  expect(api?.integrations[0]).toMatchObject({ integrationType: "HTTP_PROXY", timeoutInMillis: 30_000 });
  expect(api?.authorizers[0]?.jwtConfiguration).toEqual({ issuer: "https://issuer/", audience: ["web"] });
});

describe("a route answers 501", () => {
  test.each([
    ["an unknown property", `${ROUTE}      AuthorisationType: JWT\n`, "route-property-unknown"],
    ["an API key", `${ROUTE}      ApiKeyRequired: true\n`, "route-api-key-unsupported"],
    ["an authorizer without a type", `${ROUTE}      AuthorizerId: { Ref: Users }\n`, "route-authorizer-without-type"],
    ["a type without authorizer", `${ROUTE}      AuthorizationType: JWT\n`, "route-authorizer-invalid"],
    [
      "an authorizer of another type",
      `${ROUTE}      AuthorizationType: CUSTOM\n      AuthorizerId: { Ref: Users }\n`,
      "route-authorizer-invalid",
    ],
    ["an unknown type", `${ROUTE}      AuthorizationType: OIDC\n`, "resource-property-invalid"],
    ["scopes without JWT", `${ROUTE}      AuthorizationScopes: [read]\n`, "route-scopes-without-jwt"],
    ["a target that is not there", ROUTE.replace("${Backend}", "other"), "route-target-invalid"],
    ["a target elsewhere", ROUTE.replace("integrations/", "functions/"), "route-target-invalid"],
  ])("with %s", (_, route, rule) => {
    const { api, findings } = load(API + route);
    expect(api?.routes[0]?.notServed?.rule).toBe(rule);
    expect(findings).toMatchObject([{ rule, effect: "route", route: "GET /pets" }]);
  });
});

describe("an API is not served", () => {
  const api = (line: string) => API.replace("ProtocolType: HTTP }", `ProtocolType: HTTP, ${line} }`);
  test.each([
    ["an unknown property", api("MutualTls: true"), "api-property-unknown"],
    ["another route selection", api("RouteSelectionExpression: $request.body.x"), "resource-property-invalid"],
    [
      "credentials for any origin",
      api('CorsConfiguration: { AllowOrigins: ["*"], AllowCredentials: true }'),
      "cors-credentials-with-any-origin",
    ],
    ["an unknown CORS property", api("CorsConfiguration: { AllowOrigin: x }"), "cors-property-unknown"],
    ["an invalid id", api("Tags: { _custom_id_: A-1 }"), "api-id-invalid"],
    ["a route key with a slash at its end", API + ROUTE.replace("/pets", "/pets/"), "route-key-invalid"],
    ["a route key without path", API + ROUTE.replace("GET /pets", "GET"), "route-key-invalid"],
    ["the same route twice", API + ROUTE + ROUTE.replace("Get:", "Again:"), "route-key-conflict"],
    [
      "two names for one variable",
      API + ROUTE.replace("/pets", "/{a}") + ROUTE.replace("Get:", "B:").replace("/pets", "/{b}"),
      "route-key-conflict",
    ],
    [
      "overrides of nothing",
      `${API}  O: { Type: "AWS::ApiGatewayV2::ApiGatewayManagedOverrides", Properties: { ApiId: web } }`,
      "managed-overrides-misplaced",
    ],
    [
      "a part of unknown type",
      `${API}  O: { Type: "AWS::ApiGatewayV2::Firewall", Properties: { ApiId: web } }`,
      "api-part-unknown",
    ],
    ["a route key without target", api("RouteKey: GET /x"), "quick-create-incomplete"],
  ])("with %s", (_, text, rule) => {
    const { apis } = load(text);
    expect(apis[0]?.refusals).toMatchObject([{ rule, effect: "api", logicalId: "Web" }]);
  });

  test("when it is a WebSocket API", () => {
    const { apis, findings } = load(API.replace("ProtocolType: HTTP", "ProtocolType: WEBSOCKET"));
    expect(apis).toEqual([]);
    expect(findings[0]).toMatchObject({ rule: "websocket-unsupported", effect: "api", at: { line: 5 } });
  });

  test("and another API of the same file is", () => {
    const { apis } = load(
      `${api("MutualTls: true")}  Two: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: b, ProtocolType: HTTP } }`,
    );
    expect(apis.map(({ logicalId, refusals }) => [logicalId, refusals.length])).toEqual([
      ["Web", 1],
      ["Two", 0],
    ]);
  });
});

describe("an integration is not served", () => {
  const edit = (from: string, to: string) => API.replace(from, to);
  test.each([
    ["a VPC link", edit("IntegrationMethod: ANY", "ConnectionType: VPC_LINK"), "integration-vpc-link"],
    [
      "an AWS service",
      edit("IntegrationMethod: ANY", "IntegrationSubtype: SQS-SendMessage"),
      "integration-type-unsupported",
    ],
    ["a type of REST APIs", edit("HTTP_PROXY", "MOCK"), "integration-type-unsupported"],
    ["an unknown property", edit("IntegrationMethod: ANY", "RequestTemplates: {}"), "integration-property-unknown"],
    ["no function", edit("HTTP_PROXY", "AWS_PROXY"), "integration-uri-invalid"],
    ["too long a timeout", edit("IntegrationMethod: ANY", "TimeoutInMillis: 30001"), "resource-property-invalid"],
    ["format 2.0 for a URL", edit('"1.0"', '"2.0"'), "resource-property-invalid"],
    [
      "the API's form of response parameters",
      edit("IntegrationMethod: ANY", 'ResponseParameters: { "200": { "overwrite:statuscode": "201" } }'),
      "resource-property-invalid",
    ],
  ])("with %s", (_, text, rule) => {
    const { api, findings } = load(text);
    expect(api?.integrations[0]?.notServed?.rule).toBe(rule);
    expect(findings).toMatchObject([{ rule, effect: "route", logicalId: "Backend" }]);
  });
});

test("CloudFormation's response parameters become the API's", () => {
  const parameters = `ResponseParameters: { "200": { ResponseParameters: [{ Destination: "overwrite:statuscode", Source: "201" }] } }`;
  const { api, findings } = load(API.replace("IntegrationMethod: ANY", parameters));
  expect(findings).toEqual([]);
  expect(api?.integrations[0]?.responseParameters).toEqual({ "200": { "overwrite:statuscode": "201" } });
});

describe("an authorizer is not served", () => {
  const edit = (from: string, to: string) => API.replace(from, to);
  const lambda = `
      AuthorizerType: REQUEST
      AuthorizerUri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations
      AuthorizerPayloadFormatVersion: "2.0"
`;
  const asLambda = (more: string) => edit("AuthorizerType: JWT", lambda + more).replace(/ {6}JwtConfiguration.*\n/, "");
  test.each([
    [
      "an unknown property",
      edit("AuthorizerType: JWT", "AuthorizerType: JWT\n      Leeway: 5"),
      "authorizer-property-unknown",
    ],
    ["no audience", edit("[web]", "[]"), "resource-property-missing"],
    [
      "two identity sources",
      edit("[$request.header.Authorization]", "[$request.header.a, $request.header.b]"),
      "identity-source-syntax",
    ],
    ["REST's identity source", edit("$request.header", "method.request.header"), "identity-source-syntax"],
    [
      "a TTL on JWT",
      edit("AuthorizerType: JWT", "AuthorizerType: JWT\n      AuthorizerResultTtlInSeconds: 5"),
      "authorizer-property-unknown",
    ],
    [
      "a TTL without identity",
      asLambda("      AuthorizerResultTtlInSeconds: 5").replace(/ {6}IdentitySource.*\n/, ""),
      "authorizer-ttl-without-identity",
    ],
    ["a validation expression", asLambda("      IdentityValidationExpression: x"), "authorizer-property-unknown"],
  ])("with %s", (_, text, rule) => {
    const { api, findings } = load(text + jwtRoute.replaceAll("JWT", text.includes("REQUEST") ? "CUSTOM" : "JWT"));
    expect(api?.authorizers[0]?.notServed?.rule).toBe(rule);
    expect(findings).toMatchObject([{ rule, effect: "route", logicalId: "Users" }]);
  });

  test("and a Lambda authorizer has its settings", () => {
    const { api, findings } = load(
      asLambda("      EnableSimpleResponses: true\n      AuthorizerResultTtlInSeconds: 60"),
    );
    expect(findings).toEqual([]);
    expect(api?.authorizers[0]).toMatchObject({
      authorizerType: "REQUEST",
      authorizerPayloadFormatVersion: "2.0",
      enableSimpleResponses: true,
      authorizerResultTtlInSeconds: 60,
      identitySource: ["$request.header.Authorization"],
    });
  });
});

describe("a stage", () => {
  const stage = (lines: string) =>
    `${API}  Prod:\n    Type: AWS::ApiGatewayV2::Stage\n    Properties: { ApiId: { Ref: Web }, ${lines} }\n`;

  test("is deployed by itself, by a deployment it names, or by one that names it", () => {
    expect(load(stage("StageName: $default, AutoDeploy: true")).stages?.[0]?.isDeployed).toBe(true);
    expect(load(stage("StageName: prod, DeploymentId: abc")).stages?.[0]?.isDeployed).toBe(true);
    const deployment = `  D: { Type: "AWS::ApiGatewayV2::Deployment", Properties: { ApiId: { Ref: Web }, StageName: prod } }\n`;
    expect(load(stage("StageName: prod") + deployment).stages?.[0]?.isDeployed).toBe(true);
  });

  test("that nothing deploys serves nothing and says so", () => {
    const { stages, findings } = load(stage("StageName: prod"));
    expect(stages?.[0]?.isDeployed).toBe(false);
    expect(findings).toMatchObject([{ rule: "stage-not-deployed", effect: "none" }]);
  });

  test("has variables, throttling and an access log in the data folder", () => {
    const { stages, findings } = load(
      stage(
        "StageName: $default, AutoDeploy: true, StageVariables: { port: 80 }, DefaultRouteSettings: { ThrottlingRateLimit: 0.5, ThrottlingBurstLimit: 0 }, " +
          "RouteSettings: { GET /pets: { ThrottlingRateLimit: 2 } }, AccessLogSettings: { DestinationArn: 'arn:x', Format: $context.requestId }",
      ),
    );
    expect(findings).toEqual([]);
    expect(stages?.[0]).toMatchObject({
      variables: { port: "80" },
      defaultRouteSettings: { throttlingRateLimit: 0.5, throttlingBurstLimit: 0 },
      routeSettings: { "GET /pets": { throttlingRateLimit: 2 } },
      accessLog: { format: "$context.requestId", destination: "/project/.gatewarden/access-logs/web-$default.log" },
    });
  });

  test.each(["../../etc", "a/b", "", "x".repeat(129)])("may not be named %j", (name) => {
    const { apis } = load(stage(`StageName: ${JSON.stringify(name)}, AutoDeploy: true`));
    expect(apis[0]?.stages).toEqual([]);
    expect(rules(apis[0]?.refusals ?? [])).toEqual(["resource-property-invalid"]);
  });
});

describe("a quick-created API", () => {
  const quick = `
Resources:
  Web:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: web, ProtocolType: HTTP, Target: "arn:aws:lambda:eu-west-1:123456789012:function:f" }
`;

  test("has an integration, the $default route and the $default stage", () => {
    const { api, stages, findings } = load(quick);
    expect(findings).toEqual([]);
    expect(api?.routes).toMatchObject([
      { routeKey: "$default", authorizationType: "NONE", integrationId: "quickcreate" },
    ]);
    expect(api?.integrations).toMatchObject([{ integrationType: "AWS_PROXY", payloadFormatVersion: "2.0" }]);
    expect(stages).toMatchObject([{ stageName: "$default", isDeployed: true }]);
  });

  test("has its route guarded by managed overrides", () => {
    const { api, findings } = load(`${quick}
  Users:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: { Ref: Web }
      Name: users
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: { Issuer: "https://issuer/", Audience: [web] }
  O:
    Type: AWS::ApiGatewayV2::ApiGatewayManagedOverrides
    Properties:
      ApiId: { Ref: Web }
      Integration: { PayloadFormatVersion: "1.0" }
      Route: { AuthorizationType: JWT, AuthorizerId: { Ref: Users } }
`);
    expect(findings).toEqual([]);
    expect(api?.routes[0]?.authorizationType).toBe("JWT");
    expect(api?.integrations[0]?.payloadFormatVersion).toBe("1.0");
  });
});

describe("an API with a definition", () => {
  const at = { file: "/project/template.yaml", line: 1, column: 1 };
  const imported: ImportHttpApi = (document, { apiId }) => ({
    findings: [],
    api: {
      apiId,
      name: String((document.value as { info: { title: string } }).info.title),
      disableExecuteApiEndpoint: true,
      routes: [{ routeId: "r", routeKey: "GET /a", authorizationType: "NONE", authorizationScopes: [], at }],
      integrations: [],
      authorizers: [],
      tags: { made: "by-body" },
      at,
    },
  });
  const body = `
Resources:
  Web:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Tags: { a: b }
      Body: { openapi: 3.0.1, info: { title: pets } }
`;

  test("is imported under the stack's id and keeps what the resource adds", () => {
    const { api, findings } = load(body, {}, imported);
    expect(findings).toEqual([]);
    expect(api).toMatchObject({ apiId: "web", name: "pets", disableExecuteApiEndpoint: true });
    expect(api?.tags).toEqual({ made: "by-body", a: "b" });
    expect(api?.routes.map(({ routeKey }) => routeKey)).toEqual(["GET /a"]);
  });

  test("refuses routes that stand beside it", () => {
    const route = `  R: { Type: "AWS::ApiGatewayV2::Route", Properties: { ApiId: { Ref: Web }, RouteKey: "GET /b" } }\n`;
    const { api } = load(body + route, {}, imported);
    expect(api?.routes[1]?.notServed?.rule).toBe("route-beside-body");
  });

  test("is read from the file of that name beside the template, which is watched", () => {
    const location = body.replace(/Body:.*/, "BodyS3Location: { Bucket: b, Key: x/y/openapi.yaml }");
    const readFile = (file: string) => (file === "/project/openapi.yaml" ? "info: {title: from-file}" : undefined);
    const { api, context } = load(location, { readFile }, imported);
    expect(api?.name).toBe("from-file");
    expect([...context.files]).toEqual(["/project/openapi.yaml"]);
    expect(rules(load(location, {}, imported).findings)).toEqual(["api-definition-missing"]);
  });
});

describe("the bounds of AWS hold", () => {
  const list = (length: number) => JSON.stringify(Array.from({ length }, (_, index) => `s${index}`));
  const scopes = (length: number) => `${API}${jwtRoute}      AuthorizationScopes: ${list(length)}\n`;
  const cors = (age: number) => API.replace("HTTP }", `HTTP, CorsConfiguration: { MaxAge: ${age} } }`);
  const timeout = (ms: number) => API.replace("IntegrationMethod: ANY", `TimeoutInMillis: ${ms}`);
  const ttl = (seconds: number) =>
    API.replace(/AuthorizerType: JWT/, `AuthorizerType: REQUEST\n      AuthorizerResultTtlInSeconds: ${seconds}`);
  const variables = (length: number, name = 64) =>
    `${API}  S:\n    Type: AWS::ApiGatewayV2::Stage\n    Properties: { ApiId: { Ref: Web }, StageName: a, AutoDeploy: true, StageVariables: ${JSON.stringify(Object.fromEntries(Array.from({ length }, (_, index) => [String(index).padStart(name, "v"), "x"])))} }\n`;

  const isAbout = (text: string, property: string) =>
    load(text).findings.some(({ message }) => message.startsWith(property));

  test.each([
    ["AuthorizationScopes", scopes(MAX_ROUTE_SCOPES), scopes(MAX_ROUTE_SCOPES + 1)],
    ["Audience", API.replace("[web]", list(MAX_AUDIENCES)), API.replace("[web]", list(MAX_AUDIENCES + 1))],
    ["MaxAge", cors(MAX_CORS_AGE_SECONDS), cors(MAX_CORS_AGE_SECONDS + 1)],
    ["MaxAge", cors(-1), cors(-2)],
    ["TimeoutInMillis", timeout(INTEGRATION_TIMEOUT_MS.max), timeout(INTEGRATION_TIMEOUT_MS.max + 1)],
    ["TimeoutInMillis", timeout(INTEGRATION_TIMEOUT_MS.min), timeout(INTEGRATION_TIMEOUT_MS.min - 1)],
    ["AuthorizerResultTtlInSeconds", ttl(MAX_RESULT_TTL_SECONDS), ttl(MAX_RESULT_TTL_SECONDS + 1)],
    ["StageVariables", variables(MAX_STAGE_VARIABLES), variables(MAX_STAGE_VARIABLES + 1)],
    ["v", variables(1, MAX_STAGE_VARIABLE_NAME), variables(1, MAX_STAGE_VARIABLE_NAME + 1)],
  ])("for %s", (property, within, beyond) => {
    expect(isAbout(within, property)).toBe(false);
    expect(isAbout(beyond, property)).toBe(true);
  });
});

test("a route of an API elsewhere is reported and served nowhere", () => {
  const { apis, findings } = load(API + ROUTE.replace("{ Ref: Web }", "other").replace(/ +Target.*\n/, ""));
  expect(apis[0]).toMatchObject({ api: { routes: [] }, refusals: [] });
  expect(findings).toMatchObject([{ rule: "api-not-in-stack", effect: "none", logicalId: "Get" }]);
});

test("custom domains are no part of an API", () => {
  const { findings } = load(
    `${API}  D: { Type: "AWS::ApiGatewayV2::DomainName", Properties: { DomainName: x.example } }`,
  );
  expect(findings).toEqual([]);
});

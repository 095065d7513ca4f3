import { describe, expect, test } from "vitest";
import { readDocument } from "../../document.ts";
import { SourceNode } from "../../source-node.ts";
import { apiKindOf } from "../api-kind.ts";
import { type LoadHttpApiOptions, loadHttpApi } from "./load-http-api.ts";
import { isRoutePath } from "./route-path.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets";
const INTEGRATION = { type: "aws_proxy", uri: FUNCTION, httpMethod: "POST", payloadFormatVersion: "2.0" };
const JWT = {
  type: "oauth2",
  "x-amazon-apigateway-authorizer": {
    type: "jwt",
    identitySource: "$request.header.Authorization",
    jwtConfiguration: { issuer: "https://tenant.eu.auth0.com/", audience: ["https://pets"] },
  },
};
const LAMBDA = {
  type: "apiKey",
  in: "header",
  name: "Unused",
  "x-amazon-apigateway-authorizer": {
    type: "request",
    identitySource: "$request.header.a, $request.querystring.b",
    authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`,
    authorizerPayloadFormatVersion: 2.0,
    authorizerResultTtlInSeconds: 60,
    enableSimpleResponses: true,
  },
};
const IAM = { type: "apiKey", in: "header", name: "Authorization", "x-amazon-apigateway-authtype": "awsSigv4" };

function documentOf(document: object) {
  const read = readDocument("/project/api.json", JSON.stringify(document, null, 1));
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return read.document;
}

function load(document: object, options: Partial<LoadHttpApiOptions> = {}) {
  const base = { openapi: "3.0.1", info: { title: "Pets", version: "1.0" }, paths: {} };
  const { api, findings } = loadHttpApi(documentOf({ ...base, ...document }), { apiId: "pets", ...options });
  return { api, findings, rules: findings.map(({ rule, effect }) => `${rule}/${effect}`) };
}

/** One operation `GET /pets`, with what is said of it. */
function loadRoute(operation: object, more: object = {}) {
  const paths = { "/pets": { get: { "x-amazon-apigateway-integration": INTEGRATION, ...operation } } };
  const loaded = load({
    paths,
    components: { securitySchemes: { jwt: JWT, own: LAMBDA, iam: IAM, plain: { type: "http", scheme: "bearer" } } },
    ...more,
  });
  return { ...loaded, route: loaded.api?.routes[0] };
}

test("an Auth0 API with scopes, CORS and a default route is read whole", () => {
  const { api, findings } = load({
    info: { title: "Pets", version: "1.0", description: "All of them" },
    "x-amazon-apigateway-cors": { allowOrigins: ["https://app.example"], allowMethods: ["GET"], maxAge: 300 },
    "x-amazon-apigateway-importexport-version": "1.0",
    tags: [{ name: "team", "x-amazon-apigateway-tag-value": "pets" }],
    security: [{ jwt: [] }],
    paths: {
      "/pets/{id}": {
        get: {
          operationId: "getPet",
          security: [{ jwt: ["read:pets"] }],
          "x-amazon-apigateway-integration": INTEGRATION,
        },
        "x-amazon-apigateway-any-method": {
          security: [],
          "x-amazon-apigateway-integration": { $ref: "#/components/x-amazon-apigateway-integrations/back" },
        },
      },
      $default: {
        "x-amazon-apigateway-any-method": {
          isDefaultRoute: true,
          "x-amazon-apigateway-integration": { $ref: "#/components/x-amazon-apigateway-integrations/back" },
        },
      },
    },
    components: {
      securitySchemes: { jwt: JWT },
      "x-amazon-apigateway-integrations": {
        back: {
          type: "HTTP_PROXY",
          uri: "https://back.example/",
          httpMethod: "ANY",
          payloadFormatVersion: 1.0,
          responseParameters: { "200": { "append:header.x-a": "b" } },
        },
      },
    },
  });
  expect(findings).toEqual([]);
  expect(api).toMatchObject({
    name: "Pets",
    description: "All of them",
    corsConfiguration: { allowOrigins: ["https://app.example"], allowMethods: ["GET"], maxAge: 300 },
    tags: { team: "pets" },
    authorizers: [
      {
        name: "jwt",
        authorizerType: "JWT",
        identitySource: ["$request.header.Authorization"],
        jwtConfiguration: { issuer: "https://tenant.eu.auth0.com/", audience: ["https://pets"] },
      },
    ],
  });
  expect(
    api?.routes.map(({ routeKey, authorizationType, authorizationScopes }) => [
      routeKey,
      authorizationType,
      authorizationScopes,
    ]),
  ).toEqual([
    ["GET /pets/{id}", "JWT", ["read:pets"]],
    ["ANY /pets/{id}", "NONE", []],
    ["$default", "JWT", []],
  ]);
  expect(api?.integrations).toHaveLength(2);
  expect(api?.integrations[1]).toMatchObject({
    integrationType: "HTTP_PROXY",
    payloadFormatVersion: "1.0",
    responseParameters: { "200": { "append:header.x-a": "b" } },
  });
  expect(api?.routes[1]?.integrationId).toBe(api?.routes[2]?.integrationId);
});

describe("who may call a route", () => {
  test.each([
    ["nothing said", {}, "NONE"],
    ["an empty list", { security: [] }, "NONE"],
    ["NONE, as SAM writes it", { security: [{ NONE: [] }] }, "NONE"],
    ["a JWT authorizer", { security: [{ jwt: ["a"] }] }, "JWT"],
    ["a Lambda authorizer", { security: [{ own: [] }] }, "CUSTOM"],
    ["IAM", { security: [{ iam: [] }] }, "AWS_IAM"],
  ])("%s", (_, operation, type) => {
    const { route, rules } = loadRoute(operation);
    expect(rules).toEqual([]);
    expect(route).toMatchObject({ authorizationType: type });
    expect(route?.notServed).toBeUndefined();
  });

  test("the root's security holds for operations without their own", () => {
    expect(loadRoute({}, { security: [{ own: [] }] }).route).toMatchObject({ authorizationType: "CUSTOM" });
  });

  test.each([
    ["a scheme that is not defined", { security: [{ jtw: [] }] }, "security-scheme-unsupported/route"],
    ["a scheme called none", { security: [{ none: [] }] }, "security-scheme-unsupported/route"],
    ["a scheme that API Gateway would not ask for", { security: [{ plain: [] }] }, "security-scheme-unsupported/route"],
    ["two requirements", { security: [{ jwt: [] }, { own: [] }] }, "security-invalid/route"],
    ["two schemes in one", { security: [{ jwt: [], own: [] }] }, "security-invalid/route"],
    ["an empty requirement", { security: [{}] }, "security-invalid/route"],
    ["scopes of a Lambda authorizer", { security: [{ own: ["a"] }] }, "security-invalid/route"],
    ["scopes that are text", { security: [{ jwt: "a" }] }, "security-invalid/route"],
    ["security that is text", { security: "jwt" }, "security-invalid/route"],
    ["security misspelt", { secuirty: [{ jwt: [] }] }, "openapi-key-unknown/route"],
    ["a REST API's auth", { "x-amazon-apigateway-auth": { type: "AWS_IAM" } }, "rest-api-only/route"],
  ])("%s is never open", (_, operation, rule) => {
    const { route, rules } = loadRoute(operation);
    expect(rules).toEqual([rule]);
    expect(route?.notServed).toBeDefined();
  });

  test("nor is a route of a document whose root has a REST API's auth", () => {
    const { route } = loadRoute({}, { "x-amazon-apigateway-auth": { type: "AWS_IAM" } });
    expect(route?.notServed).toMatchObject({ rule: "rest-api-only" });
  });

  test("nor one with a key that only begins like a known one", () => {
    expect(loadRoute({ isDefaultRouteAuthorizer: "jwt" }).route?.notServed).toBeDefined();
  });

  test.each([
    [
      "a Cognito authorizer, which only REST APIs have",
      {
        type: "cognito_user_pools",
        providerARNs: ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"],
      },
    ],
    ["an authorizer of a type of its own", { ...JWT["x-amazon-apigateway-authorizer"], type: "cookie" }],
    [
      "one without issuer",
      { type: "jwt", identitySource: "$request.header.Authorization", jwtConfiguration: { audience: ["a"] } },
    ],
    ["one with an unknown property", { ...JWT["x-amazon-apigateway-authorizer"], jwtConfig: {} }],
    [
      "one with a REST API's identity source",
      { ...JWT["x-amazon-apigateway-authorizer"], identitySource: "method.request.header.Authorization" },
    ],
  ])("%s makes its routes answer 501", (_, extension) => {
    const components = { securitySchemes: { jwt: { type: "oauth2", "x-amazon-apigateway-authorizer": extension } } };
    const { route } = loadRoute({ security: [{ jwt: [] }] }, { components });
    expect(route?.notServed).toBeDefined();
  });
});

describe("what is not understood", () => {
  test.each([
    ["Swagger 2", { openapi: undefined, swagger: "2.0" }, "openapi-version/load"],
    ["paths that are a list", { paths: [] }, "openapi-shape/load"],
    ["a path with a trailing slash (R)", { paths: { "/pets/": {} } }, "route-key-invalid/api"],
    ["a path with half a variable", { paths: { "/pets{id}": {} } }, "route-key-invalid/api"],
    ["a path that stands elsewhere", { paths: { "/a": { $ref: "#/x-paths/a" } } }, "path-ref-unsupported/api"],
    ["an unknown AWS extension", { "x-amazon-apigateway-auht": {} }, "extension-unknown/api"],
    [
      "credentials for any origin",
      { "x-amazon-apigateway-cors": { allowOrigins: ["*"], allowCredentials: true } },
      "cors-credentials-with-any-origin/api",
    ],
    ["a REST API's validators", { "x-amazon-apigateway-request-validators": {} }, "rest-api-only/none"],
  ])("%s", (_, document, rule) => {
    expect(load(document).rules).toEqual([rule]);
  });

  test.each([
    ["mock", { ...INTEGRATION, type: "mock" }],
    ["a VPC link", { ...INTEGRATION, connectionType: "VPC_LINK", connectionId: "x" }],
    ["a service action", { ...INTEGRATION, integrationSubtype: "SQS-SendMessage" }],
    ["an unknown property", { ...INTEGRATION, cacheKeyParameters: [] }],
    ["text", "aws_proxy"],
    ["a reference to nothing", { $ref: "#/components/nothing" }],
  ])("an integration that is %s answers 501", (_, integration) => {
    expect(loadRoute({ "x-amazon-apigateway-integration": integration }).route?.notServed).toBeDefined();
  });

  test("FailOnWarnings makes a warning keep the API from being served", () => {
    const paths = { "/pets": { get: {} } };
    expect(load({ paths }).rules).toEqual(["route-without-integration/none"]);
    expect(load({ paths }, { failOnWarnings: true }).rules).toContain("import-warnings/api");
  });
});

test.each([
  ["/", true],
  ["/pets", true],
  ["/pets/{id}/x", true],
  ["/{proxy+}", true],
  ["/{proxy+}/x", false],
  ["/pets/", false],
  ["pets", false],
  ["/a{b}", false],
  ["/a//b", false],
  ["/{}", false],
  ["/a%20b", false],
  ["/a?b", false],
])("%s is a route's path: %s", (path, expected) => {
  expect(isRoutePath(path)).toBe(expected);
});

describe("the kind of an API", () => {
  const kind = (document: object) => apiKindOf(SourceNode.root(documentOf({ openapi: "3.0.1", ...document })));
  const operation = (integration: object) => ({
    paths: { "/a": { get: { "x-amazon-apigateway-integration": integration } } },
  });
  test.each([
    ["nothing", {}, "REST"],
    ["CORS", { "x-amazon-apigateway-cors": {} }, "HTTP"],
    ["a payload format", operation(INTEGRATION), "HTTP"],
    ["a JWT authorizer", { components: { securitySchemes: { jwt: JWT } } }, "HTTP"],
    ["a mock", operation({ type: "mock" }), "REST"],
    ["templates", operation({ type: "aws_proxy", requestTemplates: {} }), "REST"],
    ["its own word", { info: { "x-gatewarden-api-type": "HTTP" } }, "HTTP"],
    ["Swagger", { openapi: undefined, swagger: "2.0", "x-amazon-apigateway-cors": {} }, "REST"],
  ])("with %s", (_, document, type) => {
    expect(kind(document)).toEqual({ type, findings: [] });
  });

  test("with marks of both is REST, and is told; a word that is none stops the load", () => {
    const both = kind({ "x-amazon-apigateway-cors": {}, ...operation({ type: "mock" }) });
    expect(both).toMatchObject({ type: "REST", findings: [{ rule: "api-type-unclear" }] });
    expect(kind({ info: { "x-gatewarden-api-type": "SOAP" } }).findings).toMatchObject([{ effect: "load" }]);
  });
});

import { expect, test } from "vitest";
import { allPaths, applyMutation, type Mutation, transposed } from "../../fixtures/mutations.ts";
import { loadRealStack } from "../../fixtures/real-stack.ts";
import { readTemplate } from "../read-template.ts";

/** Guarded routes beside an open `$default`, which answers whatever goes missing. */
const STACK = `
Conditions: { Never: !Equals [a, b] }
Resources:
  Judge: { Type: AWS::Lambda::Function, Properties: { FunctionName: judge } }
  Web: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: web, ProtocolType: HTTP } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: $default, AutoDeploy: true } }
  Back: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Web, IntegrationType: HTTP_PROXY, IntegrationUri: "https://back.example/", PayloadFormatVersion: "1.0" } }
  Users:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Web
      Name: users
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: { Issuer: "https://issuer/", Audience: [web] }
  Own:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Web
      Name: own
      AuthorizerType: REQUEST
      IdentitySource: [$request.header.Authorization]
      AuthorizerPayloadFormatVersion: "2.0"
      EnableSimpleResponses: true
      AuthorizerUri: !Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Judge.Arn}/invocations"
  Wide: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: $default, Target: !Sub "integrations/\${Back}" } }
  Admin: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: GET /admin, Target: !Sub "integrations/\${Back}", AuthorizationType: JWT, AuthorizerId: !Ref Users } }
  Mine: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: "GET /mine/{id}", Target: !Sub "integrations/\${Back}", AuthorizationType: CUSTOM, AuthorizerId: !Ref Own } }
`;
const GUARDED = { "GET /admin": "JWT", "GET /mine/{id}": "CUSTOM" };

const CHANGES: Readonly<Record<string, (name: string) => Mutation>> = {
  removed: () => ({ remove: true }),
  misspelt: (name) => ({ rename: transposed(name) }),
  "in small letters": (name) => ({ rename: name.toLowerCase() }),
  nothing: () => ({ replace: null }),
  "a list": () => ({ replace: [] }),
  "a mapping": () => ({ replace: {} }),
  "taken away": () => ({ replace: { Ref: "AWS::NoValue" } }),
  "taken away by a condition": () => ({ replace: { "Fn::If": ["Never", "x", { Ref: "AWS::NoValue" }] } }),
  "an import that is not there": () => ({ replace: { "Fn::ImportValue": "x" } }),
  "of a macro": () => ({ replace: { "Fn::Transform": { Name: "Mine" } } }),
  "half a variable": () => ({ replace: "GET /{a}.json" }),
};

test.each(Object.keys(CHANGES))("nothing in a stack opens a guarded route or loses it by being %s", (how) => {
  const original = longForm(STACK);
  const places = allPaths(original).filter(([section, , ...rest]) => section === "Resources" && rest.length > 0);
  expect(places.length).toBeGreaterThan(60);
  for (const path of places) {
    const template: unknown = structuredClone(original);
    applyMutation(template, path, CHANGES[how]?.(String(path.at(-1))) ?? { remove: true });
    const { httpApis, findings } = loadRealStack(JSON.stringify(template));
    if (findings.some(({ effect }) => effect === "load")) continue;
    for (const { api, stages, refusals } of httpApis) {
      if (refusals.length > 0 || stages.length === 0) continue;
      const served = api.routes.map((route) => [route.routeKey, route.notServed ? "501" : route.authorizationType]);
      const found = Object.fromEntries(served);
      for (const [routeKey, guard] of Object.entries(GUARDED)) {
        expect([guard, "501"], `${path.join("/")} ${how}: ${routeKey}`).toContain(found[routeKey]);
      }
    }
  }
});

test.each([
  ["the definition", "false", "true"],
  ["the resource", "true", "false"],
])("the endpoint is closed when %s closes it, whatever the other says", (_, resource, definition) => {
  const { httpApis } = loadRealStack(`
Resources:
  Web:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      DisableExecuteApiEndpoint: ${resource}
      Body:
        openapi: 3.0.1
        info: { title: web, version: "1" }
        x-amazon-apigateway-endpoint-configuration: { disableExecuteApiEndpoint: ${definition} }
        paths: {}
`);
  expect(httpApis[0]?.api.disableExecuteApiEndpoint).toBe(true);
});

/** A template with its short forms written out, so that it can be written as JSON. */
function longForm(text: string): unknown {
  const read = readTemplate("/project/template.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return JSON.parse(JSON.stringify(read.document.value));
}

import { describe, expect, test } from "vitest";
import { plainStack } from "../../fixtures/plain-stack.ts";
import { loadRealStack } from "../../fixtures/real-stack.ts";
import { readHttpApis } from "./http-api.ts";

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
      IntegrationUri: http://127.0.0.1:3000/
      PayloadFormatVersion: "1.0"
`;
const ROUTE = `
  Get:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: { Ref: Web }
      RouteKey: GET /pets
      Target: { "Fn::Sub": "integrations/\${Backend}" }
`;

function load(text: string) {
  const { resources, context } = plainStack(text);
  return { apis: readHttpApis(resources, () => ({ findings: [] }), context) };
}

describe("a route that would go missing refuses the API, since a wider route might answer in its place", () => {
  test.each([
    ["has no ApiId", ROUTE.replace(/ +ApiId.*\n/, "")],
    ["has a misspelt ApiId", ROUTE.replace("ApiId", "ApiID")],
    ["has an ApiId that is not resolved", ROUTE.replace("{ Ref: Web }", "{ Unresolved::Fn::ImportValue: true }")],
    ["has another ApiId and an integration of this API", ROUTE.replace("{ Ref: Web }", "other")],
    ["has no properties", ROUTE.replace(/ +Properties[\s\S]*/, "")],
  ])("when it %s", (_, route) => {
    const { apis } = load(API + route);
    expect(apis[0]?.refusals).toMatchObject([{ rule: "api-part-misplaced", effect: "api", logicalId: "Get" }]);
  });

  test.each(["/a{b}", "/{a}.json", "/{a}{b}", "/{proxy+}/x", "/{a+}/{b+}", "/a//b", "/{}", "/a%20b", "/a?b"])(
    "when its path is %s",
    (path) => {
      const { apis } = load(API + ROUTE.replace("/pets", path));
      expect(apis[0]?.refusals).toMatchObject([{ rule: "route-key-invalid", effect: "api" }]);
    },
  );
});

describe("an override of a quick-created route that is not understood refuses the API: it may have closed the route", () => {
  const API = `
Resources:
  Web:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: web, ProtocolType: HTTP, Target: "https://back.example/" }
  Overrides:
    Type: AWS::ApiGatewayV2::ApiGatewayManagedOverrides
    Properties:
      ApiId: { Ref: Web }
      `;
  test("and one that is understood closes it", () => {
    const [web] = load(`${API}Route: { AuthorizationType: AWS_IAM }\n`).apis;
    expect(web).toMatchObject({ refusals: [], api: { routes: [{ authorizationType: "AWS_IAM" }] } });
  });

  test.each([
    ["a misspelt key", "Rute: { AuthorizationType: AWS_IAM }"],
    ["a list", "Route: [{ AuthorizationType: AWS_IAM }]"],
    ["nothing", "Route: null"],
  ])("%s", (_, override) => {
    expect(load(`${API}${override}\n`).apis[0]?.refusals).toMatchObject([{ effect: "api" }]);
  });

  test("and a key of Object's prototype is a key", () => {
    const [web] = loadRealStack(`${API}Route: { __proto__: { AuthorizationType: AWS_IAM } }\n`).httpApis;
    expect(web?.api.routes[0]?.notServed).toMatchObject({ rule: "route-property-unknown" });
  });
});

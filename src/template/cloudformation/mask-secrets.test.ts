import { expect, test } from "vitest";
import { loadRealStack } from "../fixtures/real-stack.ts";

const SECRET = 'pa"ss-word-of-the-shop';
const TEMPLATE = `
Parameters: { Secret: { Type: String, NoEcho: true }, Shown: { Type: String, Default: visible-value } }
Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: shop, ProtocolType: HTTP } }
  One: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: !Ref Secret } }
  Two: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: "GET /two", Target: !Ref Secret } }
  Three: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: "GET /three", Target: !Ref Shown } }
  Four: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: !ImportValue { Ref: Secret } } }
Outputs: { Found: { Value: !FindInMap [Map, !Ref Secret, x] } }
`;

test.each([
  ["as it is", SECRET],
  ["cut off", `${SECRET}${"-and-so-on".repeat(20)}`],
])("the value of a NoEcho parameter, shown %s, is in no finding", (_, secret) => {
  const { findings, httpApis } = loadRealStack(TEMPLATE, { parameters: { Secret: secret } });
  const said = JSON.stringify(findings);
  expect(findings.length).toBeGreaterThanOrEqual(4);
  expect(said).not.toContain("ss-word");
  expect(said).toContain("[NoEcho]");
  expect(said).toContain("visible-value");
  const { routes = [] } = httpApis[0]?.api ?? {};
  for (const { notServed } of routes) if (notServed) expect(findings).toContain(notServed);
});

test("a value too short to be a secret does not tear words apart", () => {
  const { findings } = loadRealStack(TEMPLATE, { parameters: { Secret: "a" } });
  expect(JSON.stringify(findings)).not.toContain("[NoEcho]");
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { chromium, openPage, type Page } from "./support/chromium.ts";
import { makeProject, type Project } from "./support/project.ts";

/*
 * What counts about CORS is what a browser does with it: pages on two origins call one HTTP API, of which only the first
 * is allowed.
 */

if (chromium === undefined) console.log("CORS is not tried in a browser: no Chromium is installed");

const AUDIENCE = "https://pets.example";

/** Routes under one JWT authorizer; ANY captures its preflights unless an open OPTIONS route stands beside it. */
function template(origin: string): string {
  const route = (id: string, key: string, open = false) => `
  ${id}:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: ${key}
      ${open ? "AuthorizationType: NONE" : "AuthorizationType: JWT\n      AuthorizerId: !Ref Jwt"}
      Target: !Sub integrations/\${Integration}`;
  return `
AWSTemplateFormatVersion: "2010-09-09"
Parameters: { Issuer: { Type: String } }
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Name: pets
      ProtocolType: HTTP
      CorsConfiguration:
        AllowOrigins: ["${origin}"]
        AllowMethods: [GET, POST]
        AllowHeaders: [authorization, content-type]
        ExposeHeaders: [x-total]
        AllowCredentials: true
        MaxAge: 60
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true }
  Jwt:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: jwt
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: { Issuer: !Ref Issuer, Audience: ["${AUDIENCE}"] }
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt Function.Arn
      PayloadFormatVersion: "2.0"
  Permission:
    Type: AWS::Lambda::Permission
    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: apigateway.amazonaws.com }
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/r
      Code:
        ZipFile: |
          exports.handler = async ({ routeKey, cookies }) => ({
            statusCode: 200,
            headers: { "x-total": "7", "access-control-allow-origin": "https://set.by.the.backend" },
            body: JSON.stringify({ routeKey, cookies }),
          });
${route("Open", "GET /open", true)}
${route("Get", "GET /private")}
${route("Post", "POST /private")}
${route("Any", "ANY /any")}
${route("Cured", "ANY /cured")}
${route("Cure", "OPTIONS /cured", true)}
`;
}

let page: Page;
let stranger: Page;
let project: Project;
let gateway: Gatewarden;

describe.skipIf(chromium === undefined)("a page in a browser", () => {
  beforeAll(async () => {
    page = await openPage();
    stranger = await openPage();
    project = makeProject({ "template.yaml": template(page.origin) });
    gateway = await startGatewarden({
      files: [project.path("template.yaml")],
      dataDir: project.path(".gatewarden"),
      parameters: { Issuer: "${gatewarden.issuer}" },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    project?.remove();
    await page?.close();
    await stranger?.close();
  });

  const call = (path: string, init: object) => `
    try {
      const response = await fetch(${JSON.stringify(gateway.url() + path)}, ${JSON.stringify(init)});
      return { status: response.status, total: response.headers.get("x-total"), body: await response.text() };
    } catch (error) { return { blocked: error.name }; }`;
  const bearer = () => ({ authorization: `Bearer ${gateway.token({ api: AUDIENCE })}` });

  test("reads a simple request's answer and the headers that are exposed, whatever the backend says of CORS", async () => {
    expect(await page.run(call("/open", {}))).toEqual({ status: 200, total: "7", body: '{"routeKey":"GET /open"}' });
  });

  test("may send a token after the preflight that the gateway answers, and POST JSON", async () => {
    expect(await page.run(call("/private", { headers: bearer() }))).toMatchObject({ status: 200 });
    const init = { method: "POST", headers: { ...bearer(), "content-type": "application/json" }, body: "{}" };
    expect(await page.run(call("/private", init))).toMatchObject({ status: 200, body: '{"routeKey":"POST /private"}' });
  });

  test("may send cookies where credentials are allowed", async () => {
    const script = `document.cookie = "a=1; path=/";${call("/private", { headers: bearer(), credentials: "include" })}`;
    expect(await page.run(script)).toMatchObject({ status: 200 });
  });

  test("can read a 401, and so tell its user to log in", async () => {
    expect(await page.run(call("/private", {}))).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
  });

  test("may not use a method or header that is not configured", async () => {
    expect(await page.run(call("/private", { method: "DELETE", headers: bearer() }))).toEqual({ blocked: "TypeError" });
    expect(await page.run(call("/open", { headers: { "x-other": "1" } }))).toEqual({ blocked: "TypeError" });
  });

  test("of another origin reads nothing, not even an open route", async () => {
    expect(await stranger.run(call("/open", {}))).toEqual({ blocked: "TypeError" });
    expect(await stranger.run(call("/private", { headers: bearer() }))).toEqual({ blocked: "TypeError" });
  });

  test("fails on ANY with an authorizer, which captures the preflight, and not beside an open OPTIONS route", async () => {
    expect(await page.run(call("/any", { headers: bearer() }))).toEqual({ blocked: "TypeError" });
    expect(await page.run(call("/cured", { headers: bearer() }))).toMatchObject({ status: 200 });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signRequest } from "../src/aws/sigv4/sign-request.ts";
import { makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/* Callers of the API's account and of another one, over the wire: for these both sides must allow (D, AWS's table B). */

const SIGV4 = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };
const OTHER = "111122223333";
const ALLOW = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };

const anApi = (...statements: readonly object[]) => ({
  ...openApi({ "/pets": { get: mockMethod("in", { security: [{ sigv4: [] }] }) } }, { sigv4: SIGV4 }),
  ...(statements.length > 0 && {
    "x-amazon-apigateway-policy": { Version: "2012-10-17", Statement: statements },
  }),
});
const HTTP_API = `
Resources:
  Http: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: http, ProtocolType: HTTP } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Http, StageName: $default, AutoDeploy: true } }
  To:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      { ApiId: !Ref Http, IntegrationType: HTTP_PROXY, IntegrationMethod: GET, IntegrationUri: "http://127.0.0.1:9/", PayloadFormatVersion: "1.0" }
  Get:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Http, RouteKey: GET /pets, AuthorizationType: AWS_IAM, Target: !Sub "integrations/\${To}" }
`;

let project: Project;
let gateway: TestServer;
beforeAll(async () => {
  project = makeProject({
    "none.json": anApi(),
    "silent.json": anApi({ ...ALLOW, Principal: { AWS: "444455556666" } }),
    "account.json": anApi({ ...ALLOW, Principal: { AWS: OTHER } }),
    "anyone.json": anApi({ ...ALLOW, Principal: "*" }),
    "person.json": anApi({ ...ALLOW, Principal: { AWS: `arn:aws:iam::${OTHER}:user/alice` } }),
    "organization.json": anApi({
      ...ALLOW,
      Principal: "*",
      Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
    }),
    "http.yaml": HTTP_API,
    "gatewarden.yaml":
      "files: [none.json, silent.json, account.json, anyone.json, person.json, organization.json, http.yaml]\n",
    "iam.yaml": `
organizationId: o-zzzzzzzzzz
groups: { callers: { policies: [invoke] } }
users:
  alice: { groups: [callers] }
  bob: {}
  ${OTHER}/alice: { groups: [callers], organizationId: o-a1b2c3d4e5 }
  carol: { account: "${OTHER}", policies: [] }
roles:
  web:
    account: "${OTHER}"
    trust: { Version: "2012-10-17", Statement: [{ Effect: Allow, Principal: { AWS: "${OTHER}" }, Action: "sts:AssumeRole" }] }
    policies: [invoke]
policies:
  invoke: { Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "execute-api:Invoke", Resource: "*" }] }
`,
  });
  gateway = await startTestServer(project);
});
afterAll(async () => {
  await gateway?.stop();
  project?.remove();
});

async function ask(apiId: string, name: string): Promise<{ status: number; reason: unknown }> {
  const credentials = await gateway.server.credentialsOf(name);
  const url = new URL(`${gateway.url(apiId)}/pets`);
  const { headers } = signRequest(
    { method: "GET", target: url.pathname, headers: ["Host", url.host], body: Buffer.alloc(0) },
    credentials,
    { region: "us-east-1", service: "execute-api", nowMs: Date.now(), form: "header" },
  );
  const pairs = headers.flatMap((text, at): [string, string][] => (at % 2 ? [[headers[at - 1] as string, text]] : []));
  const answer = await fetch(url, { headers: pairs.filter(([header]) => header.toLowerCase() !== "host") });
  await answer.text();
  const id = answer.headers.get("x-amzn-requestid") ?? answer.headers.get("apigw-requestid") ?? "";
  return { status: answer.status, reason: gateway.record(id)?.refusal?.reason };
}

test("the files are read without a finding", () => {
  expect(gateway.told.findings).toEqual([]);
});

describe("a REST API", () => {
  const foreign = `${OTHER}/alice`;
  test.each([
    ["none", "alice", 200],
    ["silent", "alice", 200],
    ["silent", "bob", 403],
    ["anyone", "bob", 200],
    ["none", foreign, 403],
    ["silent", foreign, 403],
    ["account", foreign, 200],
    ["anyone", foreign, 200],
    ["person", foreign, 200],
    ["organization", foreign, 200],
    ["organization", "bob", 403],
    ["none", `${OTHER}/role/web`, 403],
    ["account", `${OTHER}/role/web`, 200],
    ["person", `${OTHER}/role/web`, 403],
    // The resource policy allows everyone; the caller's own policies, nothing.
    ["anyone", `${OTHER}/carol`, 403],
    ["account", `arn:aws:iam::${OTHER}:user/carol`, 403],
  ])("%s asked by %s answers %d", async (apiId, name, status) => {
    expect(await ask(apiId, name)).toMatchObject({ status });
  });

  test("the refusal says that the caller is of another account", async () => {
    expect(await ask("silent", foreign)).toEqual({ status: 403, reason: "iam_denied_cross_account" });
    expect(await ask("anyone", `${OTHER}/carol`)).toEqual({ status: 403, reason: "iam_denied_identity" });
  });
});

test("an HTTP API has no policy that could let another account in", async () => {
  expect(await ask("http", `${OTHER}/alice`)).toEqual({ status: 403, reason: "iam_denied_cross_account" });
  expect((await ask("http", "alice")).status).not.toBe(403);
});

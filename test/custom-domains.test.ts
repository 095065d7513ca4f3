import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../src/server/start-server.ts";
import { ask, type Reply, talk, until } from "./support/http.ts";
import { logLines } from "./support/log-lines.ts";
import { makeProject } from "./support/project.ts";

/*
 * A stack with an API of each kind, both with their default endpoint disabled, and the custom domains that lead to them,
 * over real sockets. Every function answers the event it got.
 */

const LOG = JSON.stringify({
  id: "$context.requestId",
  matched: "$context.customDomain.basePathMatched",
  path: "$context.path",
  domain: "$context.domainName",
  prefix: "$context.domainPrefix",
});
const TEMPLATE = `
Resources:
  Echo:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      Role: arn:aws:iam::000000000000:role/any
      Code:
        ZipFile: |
          exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });
  Judge:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      Role: arn:aws:iam::000000000000:role/any
      Code:
        ZipFile: |
          exports.handler = async (event) => ({
            principalId: "user",
            policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: event.methodArn }] },
            context: { arn: event.methodArn, path: event.path, contextPath: event.requestContext.path },
          });
  Permitted: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref Echo, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com } }
  Judging: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref Judge, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com } }

  Shop: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop, DisableExecuteApiEndpoint: true } }
  Guard:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Shop
      Name: guard
      Type: REQUEST
      AuthorizerResultTtlInSeconds: 0
      AuthorizerUri: !Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Judge.Arn}/invocations"
  Everything: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: "{proxy+}" } }
  Guarded: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: guarded } }
  Mocked: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: mocked } }
  AnyEverything:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Shop
      ResourceId: !Ref Everything
      HttpMethod: ANY
      AuthorizationType: NONE
      Integration: &echo
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Echo.Arn}/invocations"
  GetGuarded:
    Type: AWS::ApiGateway::Method
    Properties: { RestApiId: !Ref Shop, ResourceId: !Ref Guarded, HttpMethod: GET, AuthorizationType: CUSTOM, AuthorizerId: !Ref Guard, Integration: *echo }
  GetMocked:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Shop
      ResourceId: !Ref Mocked
      HttpMethod: GET
      AuthorizationType: NONE
      MethodResponses: [{ StatusCode: 200 }]
      Integration:
        Type: MOCK
        RequestTemplates: { application/json: '{"statusCode":200}' }
        IntegrationResponses: [{ StatusCode: 200, ResponseTemplates: { application/json: '$context.path $context.domainName $context.stage' } }]
  ShopDeployed: { Type: AWS::ApiGateway::Deployment, DependsOn: [AnyEverything, GetGuarded, GetMocked], Properties: { RestApiId: !Ref Shop } }
  ShopStage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Shop, DeploymentId: !Ref ShopDeployed, StageName: prod, AccessLogSetting: { Format: '${LOG}' } } }

  Web: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: web, ProtocolType: HTTP, DisableExecuteApiEndpoint: true } }
  Format2: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Echo.Arn, PayloadFormatVersion: "2.0" } }
  Format1: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Echo.Arn, PayloadFormatVersion: "1.0" } }
  Two: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: "ANY /two/{proxy+}", Target: !Sub "integrations/\${Format2}" } }
  One: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: "ANY /one/{proxy+}", Target: !Sub "integrations/\${Format1}" } }
  WebStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: $default, AutoDeploy: true, AccessLogSettings: { Format: '${LOG}' } } }
  WebNamed: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: beta, AutoDeploy: true } }

  Domain: { Type: AWS::ApiGatewayV2::DomainName, Properties: { DomainName: api.shop.test } }
  ShopMapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Domain, ApiId: !Ref Shop, Stage: !Ref ShopStage, ApiMappingKey: shop } }
  WebMapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Domain, ApiId: !Ref Web, Stage: $default, ApiMappingKey: web } }
  BetaMapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Domain, ApiId: !Ref Web, Stage: beta, ApiMappingKey: web/beta } }

  Bare: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: bare.shop.test } }
  BareMapping: { Type: AWS::ApiGateway::BasePathMapping, Properties: { DomainName: !Ref Bare, RestApiId: !Ref Shop, Stage: prod } }
  BareWebMapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Bare, ApiId: !Ref Web, Stage: $default, ApiMappingKey: web } }
  Staged: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: staged.shop.test } }
  StagedMapping: { Type: AWS::ApiGateway::BasePathMapping, Properties: { DomainName: !Ref Staged, RestApiId: !Ref Shop, BasePath: any } }
  Wild: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: "*.wild.test" } }
  WildMapping: { Type: AWS::ApiGateway::BasePathMapping, Properties: { DomainName: !Ref Wild, RestApiId: !Ref Shop, Stage: prod } }
  Certified: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: certified.wild.test, MutualTlsAuthentication: { TruststoreUri: "s3://bucket/trust.pem" } } }
  CertifiedMapping: { Type: AWS::ApiGateway::BasePathMapping, Properties: { DomainName: !Ref Certified, RestApiId: !Ref Shop, Stage: prod } }
`;

const project = makeProject({ "template.yaml": TEMPLATE, "gatewarden.yaml": { files: ["template.yaml"] } });
const servers: RunningServer[] = [];
let local: RunningServer;
let open: RunningServer;

async function start(
  host: string,
  allowedHosts: ReadonlyMap<string, string>,
  served = project,
): Promise<RunningServer> {
  const server = await startServer({
    mode: "development",
    files: [],
    config: served.path("gatewarden.yaml"),
    cwd: served.folder,
    host,
    port: 0,
    adminHost: "127.0.0.1",
    adminPort: 0,
    dataDir: served.path(`.gatewarden-${host}`),
    region: "us-east-1",
    accountId: "000000000000",
    allowedHosts,
    trustedProxies: [],
    lambdaIsolation: "worker",
    watch: false,
    stageVariables: {},
    parameters: {},
    allowPrivateIssuers: false,
  });
  servers.push(server);
  return server;
}

beforeAll(async () => {
  local = await start("127.0.0.1", new Map());
  open = await start("0.0.0.0", new Map([["bare.shop.test", "web"]]));
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  project.remove();
});

const urlOf = ({ ready }: RunningServer): string => ready.gateway.replace("0.0.0.0", "127.0.0.1");
const get = (host: string, path: string, server = local): Promise<Reply> =>
  ask(`${urlOf(server)}${path}`, { headers: ["Host", host] });
async function eventOf(host: string, path: string): Promise<Record<string, unknown> & { requestContext: object }> {
  const { status, body } = await get(host, path);
  expect([status, body]).toEqual([200, expect.stringContaining("{")]);
  return JSON.parse(body);
}
const FORBIDDEN = { status: 403, errorType: "ForbiddenException", body: '{"message":"Forbidden"}' };

test("nothing is found wrong but the domain that asks for client certificates", () => {
  expect(local.findings.map(({ rule, effect, logicalId }) => [rule, effect, logicalId])).toEqual([
    ["custom-domain-mutual-tls", "domain", "Certified"],
  ]);
});

describe("a REST API behind a mapping", () => {
  test("routes without the key, and its function sees the client's path with it (C)", async () => {
    expect(await eventOf("api.shop.test", "/shop/pets/7?a=1")).toMatchObject({
      resource: "/{proxy+}",
      path: "/shop/pets/7",
      pathParameters: { proxy: "pets/7" },
      queryStringParameters: { a: "1" },
      requestContext: {
        path: "/shop/pets/7",
        stage: "prod",
        domainName: "api.shop.test",
        domainPrefix: "api",
        apiId: "shop",
        resourcePath: "/{proxy+}",
      },
    });
  });

  test("without a key sees the client's path, which names no stage (C)", async () => {
    expect(await eventOf("bare.shop.test", "/pets")).toMatchObject({
      path: "/pets",
      pathParameters: { proxy: "pets" },
      requestContext: { path: "/pets", stage: "prod", domainName: "bare.shop.test", domainPrefix: "bare" },
    });
  });

  test("without a stage takes it from the segment behind the key (D), and nothing is stripped (C)", async () => {
    expect(await eventOf("staged.shop.test", "/any/prod/pets")).toMatchObject({
      path: "/any/prod/pets",
      pathParameters: { proxy: "pets" },
      requestContext: { path: "/any/prod/pets", stage: "prod" },
    });
    for (const path of ["/any/dev/pets", "/any/", "/any"]) {
      const reply = await get("staged.shop.test", path);
      expect(reply).toMatchObject(FORBIDDEN);
      expect(local.records.get(reply.requestId)).toMatchObject({
        request: { path },
        refusal: { reason: "unknown_stage" },
      });
    }
  });

  test("is authorized by its own path: the method ARN has neither key nor domain (?), the event's path has the key", async () => {
    const event = await eventOf("api.shop.test", "/shop/guarded");
    expect(event.requestContext).toMatchObject({
      authorizer: {
        arn: "arn:aws:execute-api:us-east-1:000000000000:shop/prod/GET/guarded",
        path: "/shop/guarded",
        contextPath: "/shop/guarded",
      },
    });
  });

  test("gives mapping templates the client's path and the domain", async () => {
    expect((await get("api.shop.test", "/shop/mocked")).body).toBe("/shop/mocked api.shop.test prod");
  });

  test("refuses a path it does not have like any other (D: the stage is left in)", async () => {
    expect(await get("api.shop.test", "/shop")).toMatchObject({
      status: 403,
      body: '{"message":"Missing Authentication Token"}',
    });
  });
});

describe("an HTTP API behind a mapping", () => {
  test("has neither key nor, with $default, stage in format 2.0 (D)", async () => {
    expect(await eventOf("api.shop.test", "/web/two/a%20b?x=1")).toMatchObject({
      routeKey: "ANY /two/{proxy+}",
      rawPath: "/two/a b",
      rawQueryString: "x=1",
      pathParameters: { proxy: "a b" },
      requestContext: {
        http: { path: "/two/a b" },
        stage: "$default",
        domainName: "api.shop.test",
        domainPrefix: "api",
      },
    });
  });

  test("has the stage in format 2.0 though the client named none (C)", async () => {
    expect(await eventOf("api.shop.test", "/web/beta/two/a")).toMatchObject({
      rawPath: "/beta/two/a",
      requestContext: { http: { path: "/beta/two/a" }, stage: "beta" },
    });
  });

  test.each([
    ["/web/one/a%20b", "$default", "/web/one/a b"],
    ["/web/beta/one/a", "beta", "/web/beta/one/a"],
  ])("has the client's path in format 1.0 (D): %s", async (path, stage, seen) => {
    expect(await eventOf("api.shop.test", path)).toMatchObject({
      path: seen,
      requestContext: { path: seen, stage, domainName: "api.shop.test" },
    });
  });

  test("is found on a domain of the other kind too", async () => {
    expect(await eventOf("bare.shop.test", "/web/two/a")).toMatchObject({ rawPath: "/two/a" });
  });

  test("answers 404 to a path without route", async () => {
    expect(await get("api.shop.test", "/web/none")).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
  });

  test("has its $default stage only, whatever the path begins with", async () => {
    expect(await get("bare.shop.test", "/web/beta/two/a")).toMatchObject({ status: 404 });
  });
});

describe("a path that no mapping takes", () => {
  test.each([
    "/",
    "/other",
    "/sho",
    "/SHOP/pets",
    "/_gatewarden/health",
    "/_aws/execute-api/web/two/a",
    "/%73hop/pets",
  ])("is forbidden (?): %s", async (path) => {
    const reply = await get("api.shop.test", path);
    expect(reply).toMatchObject(FORBIDDEN);
    expect(local.records.get(reply.requestId)).toMatchObject({
      api: { apiId: "", name: "api.shop.test" },
      request: { path },
      refusal: { reason: "domain_path_unmapped", expected: ["/shop", "/web", "/web/beta"] },
    });
  });

  test("goes by text where a key has several levels: /shopping is of shop (D), with the rest of the word as path (?)", async () => {
    expect(await eventOf("api.shop.test", "/shopping")).toMatchObject({
      path: "/shopping",
      pathParameters: { proxy: "ping" },
    });
  });
});

describe("a domain that is closed", () => {
  test("answers 501 and says why, and no wildcard answers in its place", async () => {
    const reply = await get("certified.wild.test", "/pets");
    expect(reply).toMatchObject({ status: 501, headers: { "x-gatewarden-rule": "custom-domain-mutual-tls" } });
    expect(reply.body).toContain("Certified asks clients for certificates");
    expect(local.records.get(reply.requestId)).toMatchObject({ refusal: { reason: "not_served" } });
  });

  test("has no path forms either", async () => {
    expect((await get("certified.wild.test", "/_aws/execute-api/shop/prod/pets")).status).toBe(501);
  });
});

describe("a wildcard domain", () => {
  test("takes every name one label below, which the function sees", async () => {
    expect(await eventOf("tenant-1.wild.test", "/pets")).toMatchObject({
      requestContext: { domainName: "tenant-1.wild.test", domainPrefix: "tenant-1" },
    });
  });

  test.each(["wild.test", "a.b.wild.test", ".wild.test"])("does not take %s", async (host) => {
    expect(await get(host, "/pets")).toMatchObject({ status: 403, body: expect.stringContaining("not served here") });
  });
});

describe("a Host header", () => {
  test.each(["api.shop.test:443", "API.Shop.Test", "api.shop.test:1"])("%s is of the domain", async (host) => {
    expect(await eventOf(host, "/shop/pets")).toMatchObject({ requestContext: { apiId: "shop" } });
  });

  test.each([
    "api.shop.test.",
    "user@api.shop.test",
    "user@a.wild.test",
    "api.shop.test@evil.test",
    "api.shop.test:80:80",
    "api.shop.test:",
    "[::1]",
    "[api.shop.test]",
    "api.shop.test,bare.shop.test",
    "api.shop.test/shop",
    "api.shop.test#",
    "xapi.shop.test",
    "api.shop.test.evil.test",
    `${"a".repeat(5000)}.wild.test`,
  ])("%s reaches no API", async (host) => {
    const reply = await get(host, "/shop/pets");
    expect(reply.body).not.toContain("requestContext");
    expect(reply.status).toBeGreaterThanOrEqual(400);
  });

  test("that comes twice is refused", async () => {
    const head = "GET /shop/pets HTTP/1.1\r\nHost: api.shop.test\r\nHost: bare.shop.test\r\nConnection: close\r\n\r\n";
    expect(await talk(urlOf(local), head)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("of another API's own name does not reach that API's disabled endpoint", async () => {
    expect(await get("shop.execute-api.localhost", "/prod/pets")).toMatchObject(FORBIDDEN);
    expect((await get("web.execute-api.localhost", "/two/a")).status).toBe(404);
  });
});

describe("on a public address", () => {
  test("domains answer there, and --allowed-host goes before them", async () => {
    expect((await get("tenant-1.wild.test", "/pets", open)).status).toBe(200);
    // By --allowed-host it is the HTTP API, whose routes do not begin with web.
    expect(JSON.parse((await get("bare.shop.test", "/two/a", open)).body)).toMatchObject({ rawPath: "/two/a" });
    expect((await get("bare.shop.test", "/web/two/a", open)).status).toBe(404);
  });

  test.each(["/_gatewarden/health", "/shop/pets", "/"])("the admin port knows no domains: %s", async (path) => {
    const admin = open.ready.management ?? "";
    expect(await ask(`${admin}${path}`, { headers: ["Host", "api.shop.test"] })).toMatchObject({
      status: 403,
      body: '{"message":"Host \\"api.shop.test\\" is not served here."}',
    });
  });
});

test.each(["/shop/%zz", "/shop/pets?q=%", "/../shop/pets", "/shop/../../web/two/a"])(
  "%s is the front end's to refuse at a domain as well (C)",
  async (target) => {
    const head = `GET ${target} HTTP/1.1\r\nHost: api.shop.test\r\nConnection: close\r\n\r\n`;
    const answered = await talk(urlOf(local), head);
    expect(answered).toMatch(/^HTTP\/1\.1 400 /);
    const requestId = /x-amzn-requestid: (\S+)/i.exec(answered)?.[1] ?? "";
    expect(local.records.get(requestId)?.refusal?.reason).toBe("target_malformed");
  },
);

test("access logs and records say which mapping took the request", async () => {
  const lines = (name: string): Record<string, string>[] => {
    const file = project.path(`.gatewarden-127.0.0.1/access-logs/${name}.log`);
    return logLines(file).map((line) => JSON.parse(line));
  };
  const logged = (name: string, id: unknown) => until("the line", () => lines(name).find((line) => line.id === id));

  const rest = await get("api.shop.test", "/shop/pets/9");
  expect(await logged("shop-prod", rest.requestId)).toMatchObject({
    matched: "shop",
    path: "/shop/pets/9",
    domain: "api.shop.test",
    prefix: "api",
  });
  expect(local.records.get(rest.requestId)).toMatchObject({
    customDomain: { domainName: "api.shop.test", key: "shop" },
    request: { path: "/shop/pets/9" },
  });
  const bare = await get("tenant-1.wild.test", "/pets/9");
  expect(await logged("shop-prod", bare.requestId)).toMatchObject({ matched: "(none)", domain: "tenant-1.wild.test" });
  expect(local.records.get(bare.requestId)?.customDomain).toEqual({ domainName: "*.wild.test", key: "" });

  const web = await get("api.shop.test", "/web/two/9");
  const id = web.headers["apigw-requestid"];
  expect(await logged("web-$default", id)).toMatchObject({ matched: "web", path: "/two/9", domain: "api.shop.test" });
  expect(local.records.get(String(id))).toMatchObject({ customDomain: { domainName: "api.shop.test", key: "web" } });

  const pathForm = await ask(`${local.ready.gateway}/_aws/execute-api/shop/prod/pets/9`);
  expect(await logged("shop-prod", pathForm.requestId)).toMatchObject({ matched: "-", path: "/prod/pets/9" });
  expect(local.records.get(pathForm.requestId)).not.toHaveProperty("customDomain");
});

test("the ready file lists the domains of each API, the closed one left out", () => {
  const { apis, gateway } = local.ready;
  const { port } = new URL(gateway);
  const at = (domainName: string, key: string) => ({
    domainName,
    key,
    hostUrl: `http://${domainName}:${port}${key && "/"}${key}`,
  });
  expect(apis.map(({ apiId, domains }) => [apiId, domains])).toEqual([
    [
      "shop",
      [at("api.shop.test", "shop"), at("bare.shop.test", ""), at("staged.shop.test", "any"), at("*.wild.test", "")],
    ],
    ["web", [at("api.shop.test", "web"), at("api.shop.test", "web/beta"), at("bare.shop.test", "web")]],
  ]);
});

test("a mapping that the project accepts, to an API that is not served, answers so and falls to no other mapping", async () => {
  const mapped = TEMPLATE.replace("ApiId: !Ref Web, Stage: beta", "ApiId: elsewhere, Stage: beta");
  const accepting = makeProject({
    "template.yaml": mapped,
    "gatewarden.yaml": { files: ["template.yaml"], accept: ["custom-domain-api-unknown@BetaMapping"] },
  });
  const server = await start("127.0.0.1", new Map(), accepting);
  const reply = await get("api.shop.test", "/web/beta/two/a", server);
  expect([reply.status, reply.body]).toEqual([
    404,
    '{"message":"The API that api.shop.test maps this path to is not served here."}',
  ]);
  expect((await get("api.shop.test", "/web/two/a", server)).status).toBe(200);
  await server.stop();
  accepting.remove();
});

test("a reload swaps all domains at once, and a file that cannot be loaded leaves them", async () => {
  const server = await start("127.0.0.1", new Map());
  const status = async (host: string, path: string) => (await get(host, path, server)).status;
  try {
    expect(await status("api.shop.test", "/shop/pets")).toBe(200);
    project.write(
      "template.yaml",
      TEMPLATE.replace("api.shop.test", "new.shop.test").replace("ApiMappingKey: shop", "ApiMappingKey: store"),
    );
    server.reload();
    expect(await status("new.shop.test", "/store/pets")).toBe(200);
    expect(await status("new.shop.test", "/shop/pets")).toBe(403);
    expect((await get("api.shop.test", "/shop/pets", server)).body).toContain("not served here");
    project.write("template.yaml", `${TEMPLATE}\n  : [`);
    server.reload();
    expect(await status("new.shop.test", "/store/pets")).toBe(200);
  } finally {
    project.write("template.yaml", TEMPLATE);
  }
});

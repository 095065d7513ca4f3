import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";

const ISSUER = "https://serverless-tenant.example/";
const AUDIENCE = "https://shop.example";
const TEMPLATE = ".serverless/cloudformation-template-update-stack.json";
/** The Serverless Framework's open successor, when the benchmarks' packages are installed. */
const FRAMEWORK = join(import.meta.dirname, "../bench/node_modules/serverless/bin/serverless.js");

const SOURCES = {
  "src/list.js":
    "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer ?? null) });",
  "src/judge.js": `exports.handler = async ({ authorizationToken, methodArn }) => ({
    principalId: "ana",
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: authorizationToken === "let me in" ? "Allow" : "Deny", Resource: methodArn }],
    },
  });`,
};
const SERVICE = `
service: shop
frameworkVersion: "*"
provider:
  name: aws
  runtime: nodejs22.x
  stage: dev
  deploymentBucket: { name: shop-deployments }
  httpApi:
    cors: true
    authorizers:
      tenant: { type: jwt, identitySource: $request.header.Authorization, issuerUrl: "${ISSUER}", audience: ["${AUDIENCE}"] }
functions:
  list:
    handler: src/list.handler
    events:
      - httpApi: { path: /things, method: get, authorizer: { name: tenant, scopes: [read] } }
      - httpApi: { path: /open, method: "*" }
      - http: { path: "things/{id}", method: get, cors: true, authorizer: { name: judge, resultTtlInSeconds: 0 } }
      - http: { path: things, method: post, authorizer: aws_iam }
  judge: { handler: src/judge.handler }
`;

let folder: string;
let gateway: Gatewarden | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-serverless-"));
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** What `serverless package` writes for the service above: the template, and a zip that it names by its key in S3. */
function writePackage(): void {
  mkdirSync(join(folder, ".serverless"));
  writeFileSync(join(folder, TEMPLATE), JSON.stringify(packagedTemplate()));
  const files = Object.fromEntries(Object.entries(SOURCES).map(([name, source]) => [name, strToU8(source)]));
  writeFileSync(join(folder, ".serverless/shop.zip"), zipSync(files));
}

function runFramework(): void {
  for (const [name, source] of Object.entries(SOURCES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), source);
  }
  writeFileSync(join(folder, "serverless.yml"), SERVICE);
  execFileSync(process.execPath, [FRAMEWORK, "package"], {
    cwd: folder,
    stdio: "pipe",
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      SLS_TELEMETRY_DISABLED: "1",
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
    },
  });
}

test.for<[string, () => void]>([
  ["written as the framework writes it", writePackage],
  ["packaged by the framework itself", runFramework],
])("a service %s is served unchanged, functions from its zip", async ([, make], { skip }) => {
  if (make === runFramework && !existsSync(FRAMEWORK)) {
    skip("the Serverless Framework is not installed: npm ci --prefix bench installs it");
  }
  make();
  const config = join(folder, "gatewarden.yaml");
  writeFileSync(config, `issuers: { "${ISSUER}": local }\n`);
  gateway = await startGatewarden({ files: [join(folder, TEMPLATE)], config, dataDir: join(folder, ".gatewarden") });
  expect(gateway.findings.filter(({ effect }) => effect !== "none")).toEqual([]);
  const http = gateway.url("httpapi");
  const rest = gateway.url("apigatewayrestapi");
  expect(rest.endsWith("/dev")).toBe(true);
  const ask = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(url, init);
    return { status: response.status, body: await response.text(), headers: response.headers };
  };
  const header = (authorization: string): RequestInit => ({ headers: { authorization } });

  const good = await ask(`${http}/things`, header(`Bearer ${gateway.token({ api: AUDIENCE, scopes: ["read"] })}`));
  expect([good.status, JSON.parse(good.body).jwt.claims.iss]).toEqual([200, ISSUER]);
  const scopeless = `Bearer ${gateway.token({ api: AUDIENCE, scopes: ["write"], claims: { scope: "write" } })}`;
  expect((await ask(`${http}/things`, header(scopeless))).status).toBe(403);
  expect((await ask(`${http}/things`)).status).toBe(401);
  expect(await ask(`${http}/open`, { method: "PUT" })).toMatchObject({ status: 200, body: "null" });

  const allowed = await ask(`${rest}/things/1`, header("let me in"));
  expect([allowed.status, JSON.parse(allowed.body).principalId]).toEqual([200, "ana"]);
  expect((await ask(`${rest}/things/1`, header("please"))).status).toBe(403);
  expect((await ask(`${rest}/things/1`)).status).toBe(401);
  const preflight = await ask(`${rest}/things/1`, { method: "OPTIONS" });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  const iam = await ask(`${rest}/things`, { method: "POST" });
  expect([iam.status, iam.headers.get("x-amzn-errortype")]).toEqual([403, "MissingAuthenticationTokenException"]);
});

type Json = Record<string, unknown>;

function packagedTemplate(): Json {
  const ref = (name: string): Json => ({ Ref: name });
  const arnOf = (name: string): Json => ({ "Fn::GetAtt": [name, "Arn"] });
  const join = (...parts: unknown[]): Json => ({ "Fn::Join": ["", parts] });
  const partition = ref("AWS::Partition");
  const region = ref("AWS::Region");
  const invocationOf = (name: string): Json =>
    join("arn:", partition, ":apigateway:", region, ":lambda:path/2015-03-31/functions/", arnOf(name), "/invocations");
  const permission = (name: string, api: string, tail: string): Json => ({
    Type: "AWS::Lambda::Permission",
    Properties: {
      FunctionName: arnOf(name),
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: join("arn:", partition, ":execute-api:", region, ":", ref("AWS::AccountId"), ":", ref(api), tail),
    },
  });
  const lambda = (name: string): Json => ({
    Type: "AWS::Lambda::Function",
    Properties: {
      Code: {
        S3Bucket: "shop-deployments",
        S3Key: "serverless/shop/dev/1795246292062-2026-11-21T07:31:32.062Z/shop.zip",
      },
      Handler: `src/${name}.handler`,
      Runtime: "nodejs22.x",
      FunctionName: `shop-dev-${name}`,
      MemorySize: 1024,
      Timeout: 6,
      Role: arnOf("IamRoleLambdaExecution"),
    },
    DependsOn: [`${name}LogGroup`],
  });
  const logs = (name: string): Json => ({
    Type: "AWS::Logs::LogGroup",
    Properties: { LogGroupName: `/aws/lambda/shop-dev-${name}` },
  });
  const resource = (part: string, parent: Json): Json => ({
    Type: "AWS::ApiGateway::Resource",
    Properties: { ParentId: parent, PathPart: part, RestApiId: ref("ApiGatewayRestApi") },
  });
  const method = (verb: string, at: string, more: Json): Json => ({
    Type: "AWS::ApiGateway::Method",
    Properties: {
      HttpMethod: verb,
      RequestParameters: {},
      ResourceId: ref(at),
      RestApiId: ref("ApiGatewayRestApi"),
      MethodResponses: [],
      Integration: { IntegrationHttpMethod: "POST", Type: "AWS_PROXY", Uri: invocationOf("listLambdaFunction") },
      ...more,
    },
  });
  const v2 = (type: string, more: Json): Json => ({
    Type: `AWS::ApiGatewayV2::${type}`,
    Properties: { ApiId: ref("HttpApi"), ...more },
  });
  const target = { "Fn::Join": ["/", ["integrations", ref("HttpApiIntegrationList")]] };
  const cors = { "method.response.header.Access-Control-Allow-Origin": "'*'" };
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: "The AWS CloudFormation template for this Serverless application",
    Resources: {
      listLogGroup: logs("list"),
      judgeLogGroup: logs("judge"),
      IamRoleLambdaExecution: {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              { Effect: "Allow", Principal: { Service: ["lambda.amazonaws.com"] }, Action: ["sts:AssumeRole"] },
            ],
          },
        },
      },
      listLambdaFunction: lambda("list"),
      judgeLambdaFunction: lambda("judge"),
      ListLambdaVersionDnHxf6gt1e: {
        Type: "AWS::Lambda::Version",
        DeletionPolicy: "Retain",
        Properties: {
          FunctionName: ref("listLambdaFunction"),
          CodeSha256: "6NCz5iusBGfPW8DAeCj7wmTAyhuTW40k4+5NY5Ng59s=",
        },
      },
      ApiGatewayRestApi: {
        Type: "AWS::ApiGateway::RestApi",
        Properties: { Name: "dev-shop", EndpointConfiguration: { Types: ["EDGE"] }, Policy: "" },
      },
      ApiGatewayResourceThings: resource("things", { "Fn::GetAtt": ["ApiGatewayRestApi", "RootResourceId"] }),
      ApiGatewayResourceThingsIdVar: resource("{id}", ref("ApiGatewayResourceThings")),
      ApiGatewayMethodThingsIdVarOptions: method("OPTIONS", "ApiGatewayResourceThingsIdVar", {
        AuthorizationType: "NONE",
        MethodResponses: [
          {
            StatusCode: "200",
            ResponseParameters: { "method.response.header.Access-Control-Allow-Origin": true },
            ResponseModels: {},
          },
        ],
        Integration: {
          Type: "MOCK",
          RequestTemplates: { "application/json": "{statusCode:200}" },
          ContentHandling: "CONVERT_TO_TEXT",
          IntegrationResponses: [
            { StatusCode: "200", ResponseParameters: cors, ResponseTemplates: { "application/json": "" } },
          ],
        },
      }),
      ApiGatewayMethodThingsIdVarGet: method("GET", "ApiGatewayResourceThingsIdVar", {
        ApiKeyRequired: false,
        AuthorizationType: "CUSTOM",
        AuthorizerId: ref("JudgeApiGatewayAuthorizer"),
      }),
      ApiGatewayMethodThingsPost: method("POST", "ApiGatewayResourceThings", {
        ApiKeyRequired: false,
        AuthorizationType: "AWS_IAM",
      }),
      JudgeApiGatewayAuthorizer: {
        Type: "AWS::ApiGateway::Authorizer",
        Properties: {
          AuthorizerResultTtlInSeconds: 0,
          IdentitySource: "method.request.header.Authorization",
          Name: "judge",
          RestApiId: ref("ApiGatewayRestApi"),
          AuthorizerUri: invocationOf("judgeLambdaFunction"),
          Type: "TOKEN",
        },
      },
      ApiGatewayDeployment1795246291006: {
        Type: "AWS::ApiGateway::Deployment",
        Properties: { RestApiId: ref("ApiGatewayRestApi"), StageName: "dev" },
        DependsOn: [
          "ApiGatewayMethodThingsIdVarOptions",
          "ApiGatewayMethodThingsIdVarGet",
          "ApiGatewayMethodThingsPost",
        ],
      },
      ListLambdaPermissionApiGateway: permission("listLambdaFunction", "ApiGatewayRestApi", "/*/*"),
      JudgeLambdaPermissionApiGateway: permission("judgeLambdaFunction", "ApiGatewayRestApi", "/*/*"),
      HttpApi: {
        Type: "AWS::ApiGatewayV2::Api",
        Properties: {
          Name: "dev-shop",
          ProtocolType: "HTTP",
          CorsConfiguration: { AllowHeaders: ["Authorization"], AllowMethods: ["GET"], AllowOrigins: ["*"] },
        },
      },
      HttpApiStage: v2("Stage", {
        StageName: "$default",
        AutoDeploy: true,
        DefaultRouteSettings: { DetailedMetricsEnabled: false },
      }),
      HttpApiAuthorizerTenant: v2("Authorizer", {
        Name: "tenant",
        IdentitySource: ["$request.header.Authorization"],
        AuthorizerType: "JWT",
        JwtConfiguration: { Audience: [AUDIENCE], Issuer: ISSUER },
      }),
      ListLambdaPermissionHttpApi: permission("listLambdaFunction", "HttpApi", "/*"),
      HttpApiIntegrationList: v2("Integration", {
        IntegrationType: "AWS_PROXY",
        IntegrationUri: arnOf("listLambdaFunction"),
        PayloadFormatVersion: "2.0",
        TimeoutInMillis: 30000,
      }),
      HttpApiRouteGetThings: v2("Route", {
        RouteKey: "GET /things",
        Target: target,
        AuthorizationType: "JWT",
        AuthorizerId: ref("HttpApiAuthorizerTenant"),
        AuthorizationScopes: ["read"],
      }),
      HttpApiRouteAnyOpen: v2("Route", { RouteKey: "ANY /open", Target: target }),
    },
    Outputs: {
      ServerlessDeploymentBucketName: {
        Value: "shop-deployments",
        Export: { Name: "sls-shop-dev-ServerlessDeploymentBucketName" },
      },
      ListLambdaFunctionQualifiedArn: { Value: ref("ListLambdaVersionDnHxf6gt1e") },
      HttpApiUrl: { Value: join("https://", ref("HttpApi"), ".execute-api.", region, ".", ref("AWS::URLSuffix")) },
    },
  };
}

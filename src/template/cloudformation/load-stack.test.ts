import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTestDocument, recordingMaterialize, resolvePlainStack, TEST_PLACE } from "../fixtures/plain-stack.ts";
import { type LoadStackOptions, loadStack } from "./load-stack.ts";
import type { StackReaders } from "./stack-readers.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-stack-"));
  writeFileSync(join(folder, "index.js"), "exports.handler = async () => ({ statusCode: 200 });");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const readers: StackReaders = {
  expandSam: (template) => ({ document: template.document, findings: [], files: new Set() }),
  resolveTemplate: (document, { place }) => resolvePlainStack(document, place),
  readRestApis: () => ({ restApis: [], findings: [] }),
  importHttpApi: () => ({ findings: [] }),
};

function load(text: string, over: Partial<LoadStackOptions> = {}, own: Partial<StackReaders> = {}) {
  const options: LoadStackOptions = {
    place: TEST_PLACE,
    parameters: {},
    dataDir: "/project/.gatewarden",
    materialize: recordingMaterialize(folder),
    readFile: () => undefined,
    ...over,
  };
  return loadStack(readTestDocument(text), options, { ...readers, ...own });
}

const AUTH_STACK = `
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Audience: { Type: String, Default: https://test-api/ }
  IssuerUri: { Type: String, Default: https://tenant.auth0.com/ }
Resources:
  HttpApi:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: test-api, ProtocolType: HTTP }
  DefaultStage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: { Ref: HttpApi }, StageName: $default, AutoDeploy: true }
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: { Ref: HttpApi }
      Name: auth0
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: { Audience: [{ Ref: Audience }], Issuer: { Ref: IssuerUri } }
  TestRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: { Ref: HttpApi }
      RouteKey: GET /test
      AuthorizationType: JWT
      AuthorizerId: { Ref: Authorizer }
      Target: { Fn::Sub: "integrations/\${TestIntegration}" }
  TestIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: { Ref: HttpApi }
      IntegrationType: AWS_PROXY
      IntegrationUri: { Fn::GetAtt: [TestFunction, Arn] }
      PayloadFormatVersion: "2.0"
      CredentialsArn: { Fn::GetAtt: [InvokeRole, Arn] }
  TestFunction:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      Role: { Fn::GetAtt: [FunctionRole, Arn] }
      Code: { ZipFile: "exports.handler = async () => ({ statusCode: 200 });" }
  FunctionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
  InvokeRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Principal: { Service: apigateway.amazonaws.com }, Action: "sts:AssumeRole" }]
      Policies:
        - PolicyName: invoke
          PolicyDocument:
            Statement:
              - { Effect: Allow, Action: "lambda:InvokeFunction", Resource: { Fn::GetAtt: [TestFunction, Arn] } }
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: { RetentionInDays: 7 }
`;

test("a stack of API, stage, JWT authorizer, route, integration, function and roles loads without findings", () => {
  const stack = load(AUTH_STACK);
  expect(stack.findings).toEqual([]);
  const [loaded] = stack.httpApis;
  expect(loaded?.api.routes).toMatchObject([{ routeKey: "GET /test", authorizationType: "JWT" }]);
  expect(loaded?.api.authorizers[0]?.jwtConfiguration).toEqual({
    issuer: "https://tenant.auth0.com/",
    audience: ["https://test-api/"],
  });
  expect(loaded?.stages).toMatchObject([{ stageName: "$default", isDeployed: true }]);
  const functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:shop-TestFunction";
  expect(loaded?.api.integrations).toMatchObject([
    { integrationUri: functionArn, credentialsArn: "arn:aws:iam::123456789012:role/shop-InvokeRole" },
  ]);
  expect(stack.functions).toMatchObject([{ arn: functionArn, handlerFile: join(folder, "index.js") }]);
  expect(stack.access.roles.map(({ name }) => name)).toEqual(["shop-FunctionRole", "shop-InvokeRole"]);
  expect(stack.access.roles[1]?.policyDocuments).toMatchObject([{ Statement: [{ Resource: functionArn }] }]);
  expect(stack.inert).toMatchObject([{ logicalId: "Logs", type: "AWS::Logs::LogGroup" }]);
  expect(stack.files).toEqual(["/project/template.yaml"]);
});

test("the caller's stage variables stand over the template's", () => {
  const text = AUTH_STACK.replace("AutoDeploy: true", "AutoDeploy: true, StageVariables: { a: one, b: two }");
  const stack = load(text, { stageOverrides: { httpapi: { b: "three" }, other: { a: "x" } } });
  expect(stack.httpApis[0]?.stages[0]?.variables).toEqual({ a: "one", b: "three" });
});

describe("the load stops", () => {
  const sam = (transform: string) => `${transform}\nResources: { A: { Type: "AWS::Serverless::HttpApi" } }`;
  test.each([
    ["at a macro that only AWS can run", "Transform: [MyMacro]\nResources: {}", "transform-unsupported"],
    ["at SAM resources without the transform", sam("Description: x"), "transform-missing"],
  ])("%s", (_, text, rule) => {
    const stack = load(text);
    expect(stack.findings).toMatchObject([{ rule, effect: "load" }]);
    expect(stack.httpApis).toEqual([]);
  });

  test("at two APIs of one id, REST or HTTP", () => {
    const stack = load(`
Resources:
  Pets: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: a, ProtocolType: HTTP } }
  PETS: { Type: "AWS::ApiGateway::RestApi", Properties: { Name: b } }
`);
    expect(stack.findings).toMatchObject([{ rule: "api-id-collision", effect: "load" }]);
    expect(stack.findings[0]?.message).toBe("Pets and PETS both give the API id pets.");
    expect(stack.httpApis).toEqual([]);
  });

  test("at what the expansion or the resolver cannot do", () => {
    const finding = {
      rule: "x",
      severity: "error",
      effect: "load",
      message: "",
      fix: "",
      at: { file: "f", line: 1, column: 1 },
    } as const;
    const expandSam: StackReaders["expandSam"] = ({ document }) => ({
      document,
      findings: [finding],
      files: new Set(),
    });
    expect(load(sam("Transform: AWS::Serverless-2016-10-31"), {}, { expandSam }).findings).toEqual([finding]);
    const resolveTemplate: StackReaders["resolveTemplate"] = (document) => ({
      ...resolvePlainStack(document),
      findings: [finding],
    });
    const stack = load(AUTH_STACK, {}, { resolveTemplate });
    expect(stack.findings).toEqual([finding]);
    expect([stack.httpApis, stack.functions, stack.access.roles]).toEqual([[], [], []]);
  });
});

test("a SAM template is expanded first, and what it expands to is read", () => {
  const expandSam: StackReaders["expandSam"] = () => ({
    document: readTestDocument(AUTH_STACK),
    findings: [],
    files: new Set(["/project/included.yaml"]),
  });
  const stack = load("Transform: AWS::Serverless-2016-10-31\nResources: {}", {}, { expandSam });
  expect(stack.httpApis).toHaveLength(1);
  expect(stack.files).toContain("/project/included.yaml");
});

test("resources outside the product are inert, and nested stacks say that they are not read", () => {
  const stack = load(`
Resources:
  Table: { Type: "AWS::DynamoDB::Table" }
  Nested: { Type: "AWS::CloudFormation::Stack" }
  Link: { Type: "AWS::ApiGatewayV2::VpcLink" }
`);
  expect(stack.inert.map(({ logicalId }) => logicalId)).toEqual(["Table", "Nested", "Link"]);
  expect(stack.findings).toMatchObject([{ rule: "nested-stack-not-read", effect: "none", logicalId: "Nested" }]);
});

describe("a type of IAM", () => {
  const load1 = (type: string) => load(`Resources:\n  Odd: { Type: "${type}", Properties: {} }\n`);

  test.each([
    ["AWS::IAM::Polcy", "AWS::IAM::Policy"],
    ["AWS::IAM::UserPolicies", "AWS::IAM::UserPolicy"],
    ["AWS::Iam::User", "AWS::IAM::User"],
    ["AWS::IAM::Accesskey", "AWS::IAM::AccessKey"],
  ])("written %s stops the load", (type, meant) => {
    expect(load1(type).findings).toMatchObject([
      { rule: "resource-type-unknown", effect: "load", fix: `Write ${meant}.` },
    ]);
  });

  test.each([
    "AWS::IoT::Policy",
    "AWS::FMS::Policy",
    "AWS::XRay::Group",
    "AWS::MemoryDB::User",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::SAMLProvider",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::IAM::ServerCertificate",
    "AWS::IAM::VirtualMFADevice",
  ])("is not meant by %s, which is inert", (type) => {
    const stack = load1(type);
    expect(stack.findings).toEqual([]);
    expect(stack.inert).toMatchObject([{ type }]);
  });
});

test("users with their keys, API keys and usage plans are part of a stack, and none of it is inert", () => {
  const stack = load(`
Resources:
  Clerk: { Type: "AWS::IAM::User", Properties: { Groups: [{ Ref: Staff }] } }
  Staff: { Type: "AWS::IAM::Group" }
  Signing: { Type: "AWS::IAM::AccessKey", Properties: { UserName: { Ref: Clerk } } }
  Key: { Type: "AWS::ApiGateway::ApiKey", Properties: { Enabled: true } }
  Plan: { Type: "AWS::ApiGateway::UsagePlan" }
  Tie: { Type: "AWS::ApiGateway::UsagePlanKey", Properties: { KeyId: { Ref: Key }, KeyType: API_KEY, UsagePlanId: { Ref: Plan } } }
`);
  expect(stack.findings).toEqual([]);
  expect(stack.inert).toEqual([]);
  expect(stack.users).toMatchObject([{ name: "shop-Clerk", accessKeys: [{ name: "Signing" }] }]);
  expect(stack.apiKeys).toHaveLength(1);
  expect(stack.usagePlans).toMatchObject([{ keyIds: [stack.apiKeys[0]?.id] }]);
});

describe("a web ACL", () => {
  const restApi = { apiId: "pets", resources: [] } as never;
  const readRestApis: StackReaders["readRestApis"] = () => ({ restApis: [{ api: restApi, stages: [] }], findings: [] });
  const guarded = (arn: string) => `
Resources:
  Pets: { Type: "AWS::ApiGateway::RestApi", Properties: { Name: pets } }
  Acl: { Type: "AWS::WAFv2::WebACLAssociation", Properties: { ResourceArn: ${arn} } }
`;

  test.each([
    '"arn:aws:apigateway:eu-west-1::/restapis/pets/stages/prod"',
    "{ a: b }",
    "arn:aws:apigateway:::/restapis/x",
  ])("on %s keeps the REST API from being served", (arn) => {
    const stack = load(guarded(arn), {}, { readRestApis });
    expect(stack.restApis[0]?.refusals).toMatchObject([{ rule: "waf-unsupported", effect: "api", logicalId: "Pets" }]);
  });

  test("on a load balancer or another API does not", () => {
    for (const arn of ['"arn:aws:elasticloadbalancing:x"', '"arn:aws:apigateway:::/restapis/other/stages/prod"']) {
      const stack = load(guarded(arn), {}, { readRestApis });
      expect([stack.findings, stack.restApis[0]?.refusals]).toEqual([[], undefined]);
    }
  });
});

describe("values of any wrong kind end in findings, never in an exception", () => {
  const properties: Record<string, string> = {
    "ApiGatewayV2::Api":
      "Name ProtocolType Body BodyS3Location BasePath FailOnWarnings CorsConfiguration Tags Target RouteKey CredentialsArn DisableExecuteApiEndpoint",
    "ApiGatewayV2::Stage":
      "ApiId StageName AutoDeploy DeploymentId StageVariables AccessLogSettings DefaultRouteSettings RouteSettings",
    "ApiGatewayV2::Route":
      "ApiId RouteKey Target AuthorizationType AuthorizerId AuthorizationScopes ApiKeyRequired OperationName",
    "ApiGatewayV2::Integration":
      "ApiId IntegrationType IntegrationUri IntegrationMethod PayloadFormatVersion CredentialsArn TimeoutInMillis RequestParameters ResponseParameters TlsConfig ConnectionType",
    "ApiGatewayV2::Authorizer":
      "ApiId Name AuthorizerType IdentitySource JwtConfiguration AuthorizerUri AuthorizerPayloadFormatVersion EnableSimpleResponses AuthorizerResultTtlInSeconds AuthorizerCredentialsArn",
    "ApiGatewayV2::ApiGatewayManagedOverrides": "ApiId Integration Route Stage",
    "Lambda::Function": "FunctionName Code Handler Runtime Environment Timeout MemorySize Layers PackageType",
    "Lambda::Permission": "Action FunctionName Principal SourceArn SourceAccount",
    "Lambda::Alias": "FunctionName Name",
    "IAM::Role": "RoleName Path AssumeRolePolicyDocument Policies ManagedPolicyArns PermissionsBoundary",
    "IAM::Policy": "PolicyName PolicyDocument Roles Users Groups",
    "IAM::ManagedPolicy": "ManagedPolicyName PolicyDocument Roles Users Groups Path",
    "IAM::UserPolicy": "PolicyName PolicyDocument UserName",
    "IAM::GroupPolicy": "PolicyName PolicyDocument GroupName",
    "IAM::User": "UserName Path Groups Policies ManagedPolicyArns PermissionsBoundary Tags LoginProfile",
    "IAM::Group": "GroupName Path Policies ManagedPolicyArns",
    "IAM::UserToGroupAddition": "GroupName Users",
    "IAM::AccessKey": "UserName Status Serial",
    "ApiGateway::ApiKey": "Name Value Enabled StageKeys GenerateDistinctId CustomerId",
    "ApiGateway::UsagePlan": "UsagePlanName ApiStages Throttle Quota",
    "ApiGateway::UsagePlanKey": "KeyId KeyType UsagePlanId",
    "WAFv2::WebACLAssociation": "ResourceArn",
  };
  const wrong = [
    "null",
    "7",
    "true",
    '""',
    "x",
    "[]",
    "{}",
    "[null]",
    "[[1]]",
    "{ a: null }",
    "{ constructor: { a: [] } }",
  ];
  const base = AUTH_STACK.replace("Resources:", 'Resources:\n  Odd:\n    Type: "AWS::TYPE"\n    Properties: { ODD }');

  test.each(Object.entries(properties))("of an AWS::%s", (type, names) => {
    let loads = 0;
    for (const name of names.split(" ")) {
      for (const value of wrong) {
        const given = name === "ApiId" ? `ApiId: ${value}` : `ApiId: { Ref: HttpApi }, ${name}: ${value}`;
        const odd = type.includes("V2::") && !type.endsWith("Api") ? given : `${name}: ${value}`;
        const stack = load(base.replace("TYPE", type).replace("ODD", odd));
        expect(stack.functions).toHaveLength(1);
        loads++;
      }
    }
    expect(loads).toBeGreaterThan(10);
  });
});

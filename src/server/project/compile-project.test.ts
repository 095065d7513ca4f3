import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, type Project } from "../../../test/support/project.ts";
import type { CompiledMethod, LambdaIntegration, RestDeployment } from "../../execute-api/rest-api/deployment.ts";
import { compileProject } from "./compile-project.ts";
import { loadProject } from "./load-project.ts";

const PLACE = { region: "eu-west-1", accountId: "111122223333", partition: "aws" };
let project: Project;
beforeEach(() => {
  const handler = "exports.handler = async () => ({ statusCode: 200 });";
  project = makeProject({ "index.js": handler, "data/.gitignore": "*" });
});
afterEach(() => project.remove());

function compiled(...templates: readonly string[]) {
  const files = templates.map((text, index) => project.write(`template${index}.yaml`, text));
  const options = { issuerUrl: undefined, dataDir: project.path("data") };
  const loaded = loadProject({ files, cwd: project.folder }, PLACE, options);
  const { deployments, findings } = compileProject(loaded, () => true, PLACE);
  const integrationOf = (apiId: string, path: string): LambdaIntegration => {
    const deployment = deployments.find((each) => each.apiId === apiId && each.stageName !== "Stage");
    const match = (deployment as RestDeployment | undefined)?.tree.match(path, "GET");
    if (match?.outcome !== "matched") throw new Error(`${path} of ${apiId} is not deployed`);
    return (match.leaf as CompiledMethod).integration as LambdaIntegration;
  };
  const permissionRules = findings.filter(({ rule }) => rule.startsWith("invoke-")).map(({ rule }) => rule);
  return { findings, permissionRules, integrationOf };
}

const SAM = (more: string) => `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: ., Handler: index.handler } }
Resources:
${more}`;

describe("who may invoke what, of templates as people write them", () => {
  test("SAM's AWS_IAM events invoke with the caller's credentials, others by SAM's permission, an alias by its own", () => {
    const { permissionRules, integrationOf } = compiled(
      SAM(`
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: live } }
  F:
    Type: AWS::Serverless::Function
    Properties:
      AutoPublishAlias: live
      Events:
        Signed: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /signed, Method: get, Auth: { Authorizer: AWS_IAM } } }
        Open: { Type: Api, Properties: { RestApiId: !Ref Api, Path: "/open/{id}", Method: any } }
`),
    );
    expect(permissionRules).toEqual([]);
    expect(integrationOf("api", "/signed").invokedByCaller).toMatch(
      /^arn:aws:lambda:eu-west-1:111122223333:function:.*F.*:live$/,
    );
    expect(integrationOf("api", "/open/1")).not.toHaveProperty("invokedByCaller");
  });

  test("with InvokeRole NONE the function's own policy has to allow it, which SAM's permission does", () => {
    const { permissionRules, integrationOf } = compiled(
      SAM(`
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Signed: { Type: Api, Properties: { Path: /signed, Method: get, Auth: { Authorizer: AWS_IAM, InvokeRole: NONE } } }
`),
    );
    expect(permissionRules).toEqual([]);
    expect(integrationOf("serverlessrestapi", "/signed")).not.toHaveProperty("invokedByCaller");
  });

  const plain = (more: string) => `
Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: Pets } }
  Judge:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Api
      Name: judge
      Type: TOKEN
      IdentitySource: method.request.header.Authorization
      AuthorizerUri: !Sub arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${F.Arn}/invocations
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: CUSTOM
      AuthorizerId: !Ref Judge
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${F.Arn}/invocations
  Deployment: { Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: { RestApiId: !Ref Api } }
  Live: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: live } }
  F: { Type: AWS::Lambda::Function, Properties: { FunctionName: f, Runtime: nodejs22.x, Handler: index.handler, Code: ., Role: x } }
${more}`;
  const permission = (id: string, tail: string) => `
  ${id}:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref F
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub "arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/${tail}"
`;

  test("permissions for the method and for the authorizer by its id leave nothing to say", () => {
    const both = permission("P", "live/GET/") + permission("Q", "authorizers/${Judge}");
    expect(compiled(plain(both)).permissionRules).toEqual([]);
  });

  test("a permission for the method alone leaves the authorizer, with the place of both", () => {
    const { findings } = compiled(plain(permission("P", "live/GET/")));
    const found = findings.filter(({ rule }) => rule.startsWith("invoke-"));
    expect(found).toMatchObject([{ rule: "invoke-permission-missing", logicalId: "judge", at: { line: 4 } }]);
    expect(found[0]?.message).toMatch(/the nearest, at .*template0\.yaml:\d+, has SourceArn .*:api\/live\/GET\/\.$/);
  });

  test("a permission may stand in the template of another API, or of none", () => {
    const other = (more: string) => `
Resources:
  ${more}
  P:
    Type: AWS::Lambda::Permission
    Properties: { Action: lambda:*, FunctionName: f, Principal: apigateway.amazonaws.com }
`;
    const api = "Other: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: Other, ProtocolType: HTTP } }";
    expect(compiled(plain(""), other(api)).permissionRules).toEqual([]);
    expect(compiled(plain(""), other("")).permissionRules).toEqual([]);
    expect(compiled(plain("")).permissionRules).toHaveLength(2);
  });

  test("what another file attaches to an integration's role counts", () => {
    const template = plain(
      `${permission("Q", "authorizers/${Judge}")}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: caller
      AssumeRolePolicyDocument: { Statement: [{ Effect: Allow, Principal: { Service: apigateway.amazonaws.com }, Action: sts:AssumeRole }] }
      Policies: [{ PolicyName: p, PolicyDocument: { Statement: [{ Effect: Allow, Action: "lambda:*", Resource: "*" }] } }]
`,
    ).replace("IntegrationHttpMethod: POST", "IntegrationHttpMethod: POST\n        Credentials: !GetAtt Role.Arn");
    const other = `
Resources:
  P:
    Type: AWS::IAM::RolePolicy
    Properties: { RoleName: caller, PolicyName: d, PolicyDocument: { Statement: [{ Effect: Deny, Action: "lambda:*", Resource: "*" }] } }
`;
    expect(compiled(template).permissionRules).toEqual([]);
    expect(compiled(template, other).permissionRules).toEqual(["invoke-role-denies"]);
  });

  test("what several stages lack is told once, with a remedy for all of them", () => {
    const more = (name: string) =>
      `  ${name}: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: ${name} } }\n`;
    const { findings } = compiled(plain(`${permission("Q", "authorizers/${Judge}")}\n${more("test")}${more("next")}`));
    const found = findings.filter(({ rule }) => rule.startsWith("invoke-"));
    expect(found).toMatchObject([
      {
        rule: "invoke-permission-missing",
        message: expect.stringMatching(/:api\/live\/GET\/.* The same holds at the stages test, next\.$/),
        fix: expect.stringContaining("${API}/*/GET/"),
      },
    ]);
    const [single] = compiled(plain(permission("Q", "authorizers/${Judge}"))).findings;
    expect(single).toMatchObject({
      message: expect.not.stringContaining("same holds"),
      fix: expect.stringContaining("${API}/live/GET/"),
    });
  });

  test("a stage variable that makes stages differ leaves a finding for each", () => {
    const stages = ["one", "two"].map(
      (name) =>
        `  ${name}: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: ${name}, Variables: { fn: ${name}fn } } }\n`,
    );
    const text = plain(`${permission("Q", "authorizers/${Judge}")}\n${stages.join("")}`)
      .replace(/^ {2}Live:.*$/m, "")
      .replace(
        /(Integration:[\s\S]*?)\$\{F\.Arn\}/,
        "$1arn:aws:lambda:eu-west-1:111122223333:function:$${!stageVariables.fn}",
      );
    expect(compiled(text).permissionRules).toEqual(["invoke-permission-missing", "invoke-permission-missing"]);
  });
});

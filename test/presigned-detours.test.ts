import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Reply } from "./support/http.ts";
import { makeProject, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";
import { presignedBySdk, type Signed, withHeader } from "./support/signers.ts";

/*
 * A link that carries a signature is given to somebody who may not sign, and who changes what the signature does not see.
 * The signer may do everything, so nothing but the signature stands in the way.
 */

const TEMPLATE = `
Resources:
  Echo:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      Role: arn:aws:iam::000000000000:role/any
      Code: { ZipFile: "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });" }
  One: { Type: AWS::ApiGateway::RestApi, Properties: { Name: one } }
  OneAny:
    Type: AWS::ApiGateway::Method
    Properties: &any
      RestApiId: !Ref One
      ResourceId: !Ref OneRest
      HttpMethod: ANY
      AuthorizationType: AWS_IAM
      Integration: { Type: MOCK, RequestTemplates: { application/json: '{"statusCode": 200}' }, IntegrationResponses: [{ StatusCode: "200", ResponseTemplates: { application/json: "$context.apiId $context.httpMethod $context.path" } }] }
      MethodResponses: [{ StatusCode: "200" }]
  OneRest: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref One, ParentId: !GetAtt One.RootResourceId, PathPart: "{proxy+}" } }
  OneDeployed: { Type: AWS::ApiGateway::Deployment, DependsOn: OneAny, Properties: { RestApiId: !Ref One, StageName: prod } }
  Two: { Type: AWS::ApiGateway::RestApi, Properties: { Name: two } }
  TwoAny:
    Type: AWS::ApiGateway::Method
    Properties: { <<: *any, RestApiId: !Ref Two, ResourceId: !Ref TwoRest }
  TwoRest: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Two, ParentId: !GetAtt Two.RootResourceId, PathPart: "{proxy+}" } }
  TwoDeployed: { Type: AWS::ApiGateway::Deployment, DependsOn: TwoAny, Properties: { RestApiId: !Ref Two, StageName: prod } }
  Web: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: web, ProtocolType: HTTP } }
  WebCall:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Echo.Arn, PayloadFormatVersion: "2.0" }
  WebAll:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Web, RouteKey: $default, AuthorizationType: AWS_IAM, Target: !Sub "integrations/\${WebCall}" }
  WebDefault: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: $default, AutoDeploy: true } }
  WebDev: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: dev, AutoDeploy: true } }
  WebMay:
    Type: AWS::Lambda::Permission
    Properties: { Action: "lambda:InvokeFunction", FunctionName: !Ref Echo, Principal: apigateway.amazonaws.com }
  Ann:
    Type: AWS::IAM::User
    Properties:
      UserName: ann
      Policies: [{ PolicyName: all, PolicyDocument: { Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "*", Resource: "*" }] } }]
`;

let project: Project;
let server: TestServer;

beforeAll(async () => {
  project = makeProject({ "stack.yaml": TEMPLATE, "gatewarden.yaml": "files: [stack.yaml]\n" });
  server = await startTestServer(project);
});
afterAll(async () => {
  await server?.stop();
  project?.remove();
});

const link = async (path: string): Promise<Signed> =>
  presignedBySdk(await server.server.credentialsOf("ann"), `${server.server.ready.gateway}${path}`, 600);
const send = (signed: Signed): Promise<Reply> => ask(signed.url, signed);
const sentTo = (signed: Signed, path: string): Signed => ({
  ...signed,
  target: `${path}${signed.target.slice(signed.target.indexOf("?"))}`,
});

describe("a link to a method of a REST API", () => {
  const PETS = "/_aws/execute-api/one/prod/pets";

  test("leads there, with any number of slashes around the stage", async () => {
    for (const path of [PETS, "/_aws/execute-api/one//prod///pets"]) {
      expect(await send(sentTo(await link(PETS), path))).toMatchObject({ status: 200, body: /^one GET / });
    }
  });

  test.each([
    ["/_aws/execute-api/one/prod/admin/../pets"],
    ["/_aws/execute-api/one/prod/./pets"],
    ["/_aws/execute-api/one/prod/pets/x/.."],
    ["/_aws/execute-api/one/prod/admin/../../prod/pets"],
  ])("does not lead to %s", async (path) => {
    const reply = await send(sentTo(await link(PETS), path));
    expect(reply).toMatchObject({ status: 403, errorType: "InvalidSignatureException" });
    expect(server.record(reply.requestId)?.refusal?.reason).toBe("signature_routed_otherwise");
  });

  test.each([
    ["/_aws/execute-api/two/prod/../../one/prod/pets"],
    ["/restapis/two/prod/_user_request_/admin/../../../../../_aws/execute-api/one/prod/pets"],
  ])("does not climb out of another API to %s", async (path) => {
    const reply = await send(sentTo(await link(PETS), path));
    expect(reply.status).toBe(400);
    expect(server.record(reply.requestId)?.refusal?.reason).toBe("target_malformed");
  });

  test("does not become a link to another verb", async () => {
    const reply = await send(withHeader(await link(PETS), "X-HTTP-Method-Override", "DELETE"));
    expect(reply).toMatchObject({ status: 403, errorType: "InvalidSignatureException" });
  });
});

describe("a link to a stage of an HTTP API", () => {
  const host = ["Host", "web.execute-api.localhost"];
  const toStage = async (path: string): Promise<Signed> => {
    const key = await server.server.credentialsOf("ann");
    return presignedBySdk(key, `${server.server.ready.gateway}${path}`, 600, { host: host[1] as string });
  };

  test("leads there", async () => {
    const reply = await send(await toStage("/dev/pets"));
    expect(JSON.parse(reply.body)).toMatchObject({ rawPath: "/dev/pets", requestContext: { stage: "dev" } });
  });

  test.each(["//dev/pets", "/x/../dev/pets", "/dev//pets", "/dev/./pets"])("does not lead to %s", async (path) => {
    expect(await send(sentTo(await toStage("/dev/pets"), path))).toMatchObject({ status: 403 });
  });

  test("has no verb that a header could override", async () => {
    const reply = await send(withHeader(await toStage("/dev/pets"), "X-HTTP-Method-Override", "DELETE"));
    expect(JSON.parse(reply.body)).toMatchObject({ requestContext: { http: { method: "GET" } } });
  });
});

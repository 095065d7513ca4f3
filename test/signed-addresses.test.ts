import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Reply } from "./support/http.ts";
import { makeProject, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";
import { presignedBySdk, type Signed, signedBySdk, withHeader } from "./support/signers.ts";

/*
 * One API can be reached under several names and paths, and a client signs the one it uses: Host and path as they go over
 * the wire. What was signed for one of them is no signature of another.
 */

const FUNCTION = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });";
const TEMPLATE = `
Resources:
  Ann:
    Type: AWS::IAM::User
    Properties:
      UserName: ann
      Policies:
        - PolicyName: all
          PolicyDocument: { Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:*/*/GET/pets/*" }] }
  Echo:
    Type: AWS::Lambda::Function
    Properties: { Handler: index.handler, Runtime: nodejs22.x, Role: "arn:aws:iam::000000000000:role/any", Code: { ZipFile: "${FUNCTION}" } }
  Permitted: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref Echo, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com } }

  Shop: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Everything: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: "{proxy+}" } }
  Any:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Shop
      ResourceId: !Ref Everything
      HttpMethod: ANY
      AuthorizationType: AWS_IAM
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Echo.Arn}/invocations"
  Deployed: { Type: AWS::ApiGateway::Deployment, DependsOn: [Any], Properties: { RestApiId: !Ref Shop } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Shop, DeploymentId: !Ref Deployed, StageName: prod } }

  Web: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: web, ProtocolType: HTTP } }
  Integrated: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Echo.Arn, PayloadFormatVersion: "2.0" } }
  Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: "ANY /{proxy+}", AuthorizationType: AWS_IAM, Target: !Sub "integrations/\${Integrated}" } }
  WebStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: $default, AutoDeploy: true } }

  Domain: { Type: AWS::ApiGatewayV2::DomainName, Properties: { DomainName: api.shop.test } }
  ShopMapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Domain, ApiId: !Ref Shop, Stage: !Ref Stage, ApiMappingKey: shop } }
  WebMapping: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Domain, ApiId: !Ref Web, Stage: $default, ApiMappingKey: web } }
`;

let project: Project;
let server: TestServer;
let gateway: string;
beforeAll(async () => {
  project = makeProject({ "template.yaml": TEMPLATE, "gatewarden.yaml": { files: ["template.yaml"] } });
  server = await startTestServer(project);
  gateway = server.server.ready.gateway.replace(/\/$/, "");
});
afterAll(async () => {
  await server?.stop();
  project?.remove();
});

const send = (request: Signed): Promise<Reply> => ask(request.url, request);

interface Address {
  readonly host: string | undefined;
  readonly path: string;
}

const REST: readonly (readonly [string, Address])[] = [
  ["the path form", { host: undefined, path: "/_aws/execute-api/shop/prod/pets/1" }],
  ["LocalStack's path form", { host: undefined, path: "/restapis/shop/prod/_user_request_/pets/1" }],
  ["the API's name on this machine", { host: "shop.execute-api.localhost", path: "/prod/pets/1" }],
  ["the API's name on AWS", { host: "shop.execute-api.us-east-1.amazonaws.com", path: "/prod/pets/1" }],
  ["a custom domain", { host: "api.shop.test", path: "/shop/pets/1" }],
];
const HTTP: readonly (readonly [string, Address])[] = [
  ["the path form", { host: undefined, path: "/_aws/execute-api/web/pets/1" }],
  ["the API's name on this machine", { host: "web.execute-api.localhost", path: "/pets/1" }],
  ["the API's name on AWS", { host: "web.execute-api.us-east-1.amazonaws.com", path: "/pets/1" }],
  ["a custom domain", { host: "api.shop.test", path: "/web/pets/1" }],
];

async function sign({ host, path }: Address, form: "header" | "link" = "header"): Promise<Signed> {
  const ann = await server.server.credentialsOf("ann");
  const unsigned = host === undefined ? {} : { host };
  return form === "link"
    ? presignedBySdk(ann, `${gateway}${path}`, 60, unsigned)
    : signedBySdk(ann, `${gateway}${path}`, unsigned);
}

test("nothing is found wrong", () => {
  expect(server.told.findings).toEqual([]);
});

describe.each([
  ["REST", REST],
  ["HTTP", HTTP],
])("%s API: signed as it is sent, it is let in", (type, addresses) => {
  test.each(addresses)("by %s, in the header and as a link", async (_name, address) => {
    for (const form of ["header", "link"] as const) {
      for (const query of ["", "?b=2&a=x%20y"]) {
        const reply = await send(await sign({ ...address, path: `${address.path}${query}` }, form));
        expect([form, query, reply.status]).toEqual([form, query, 200]);
        const { requestContext } = JSON.parse(reply.body);
        const { userArn } = type === "REST" ? requestContext.identity : requestContext.authorizer.iam;
        expect(userArn).toBe("arn:aws:iam::000000000000:user/ann");
      }
    }
  });

  test("the policy speaks of the API's own path, whichever way the request came", async () => {
    for (const [, address] of addresses) {
      const reply = await send(await sign({ ...address, path: address.path.replace("/pets/1", "/owners/1") }));
      expect(reply.status).toBe(403);
      const id = reply.requestId || String(reply.headers["apigw-requestid"]);
      expect(server.record(id)?.refusal).toMatchObject({ reason: "iam_denied_identity" });
    }
  });

  test("what was signed for one of them is no signature of another", async () => {
    for (const [signedFor, address] of addresses) {
      const { headers } = await sign(address);
      for (const [sentTo, other] of addresses) {
        const host = other.host ?? new URL(gateway).host;
        const carried = headers.map((text, at) => (headers[at - 1]?.toLowerCase() === "host" ? host : text));
        const { status } = await send({ url: gateway, method: "GET", target: other.path, headers: carried });
        expect([signedFor, sentTo, status]).toEqual([signedFor, sentTo, other === address ? 200 : 403]);
      }
    }
  });
});

describe("a detour through another API, or another path of the same", () => {
  const toWeb = "/_aws/execute-api/web/pets/1";

  test.each([
    "/_aws/execute-api/shop/../web/pets/1",
    "/_aws/execute-api/shop/prod/../../web/pets/1",
    "/restapis/shop/prod/_user_request_/../../../../_aws/execute-api/web/pets/1",
    "//_aws/execute-api/web/pets/1",
    "/_aws//execute-api/web/pets/1",
    "/_aws/execute-api//web/pets/1",
    "/_aws/execute-api/web/./pets/1",
    "/_aws/execute-api/web/x/../pets/1",
    "/_aws/execute-api/web//pets/1",
    "/_aws/execute-api/web/pets//1",
  ])("%s has the signature of another path, and is let in nowhere", async (detour) => {
    const signed = await sign({ host: undefined, path: toWeb });
    expect((await send(signed)).status).toBe(200);
    const reply = await send({ ...signed, target: detour });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.body).not.toContain("requestContext");
  });
});

test("an HTTP API refuses in two words what is not as it was signed", async () => {
  const signed = await sign({ host: undefined, path: "/_aws/execute-api/web/pets/1?a=1" });
  for (const changed of [
    { ...signed, method: "DELETE" },
    { ...signed, body: "{}" },
    { ...signed, target: signed.target.replace("a=1", "a=2") },
    { ...signed, target: signed.target.replace("pets/1", "pets/2") },
  ]) {
    const reply = await send(changed);
    expect(reply).toMatchObject({ status: 403, errorType: undefined, body: '{"message":"Forbidden"}' });
    const record = server.record(String(reply.headers["apigw-requestid"]));
    expect(record?.refusal?.reason).toBe("signature_mismatch");
  }
  // HTTP APIs have no override of the verb.
  const overridden = await send(withHeader(signed, "X-HTTP-Method-Override", "DELETE"));
  expect(JSON.parse(overridden.body)).toMatchObject({ requestContext: { http: { method: "GET" } } });
});

test("a path that was signed before its prefix was put in front is not let in", async () => {
  const signed = await sign({ host: undefined, path: "/prod/pets/1" });
  const reply = await send({ ...signed, target: "/_aws/execute-api/shop/prod/pets/1" });
  expect(reply).toMatchObject({ status: 403, errorType: "InvalidSignatureException" });
});

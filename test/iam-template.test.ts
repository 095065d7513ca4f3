import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { ask, type Reply } from "./support/http.ts";
import { makeProject, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";
import { type KeyPair, signedByAws4, signedBySdk, type Unsigned } from "./support/signers.ts";

/*
 * A CloudFormation template with users, a group, policies, access keys and a role, and an API of each kind that asks for
 * their signatures. Functions answer the event they got.
 */

const ECHO = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });";
const allow = (resource: string, action = "execute-api:Invoke"): string =>
  `{ Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "${action}", Resource: ${resource} }] }`;
const SHOP = (path: string): string =>
  `!Sub "arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Shop}/prod/${path}"`;
const integration = (more = ""): string => `
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Echo.Arn}/invocations"
        ${more}`;

const KEY_OF_BEN = `
  KeyOfBen: { Type: AWS::IAM::AccessKey, Properties: { UserName: !Ref Ben, Status: Active } }`;
const BEN = `
  Ben:
    Type: AWS::IAM::User
    Properties:
      UserName: ben
      PermissionsBoundary: !Ref Limit
      Policies: [{ PolicyName: everything, PolicyDocument: ${allow('"*"')} }]`;

const template = (ben: string): string => `
Resources:
  Staff:
    Type: AWS::IAM::Group
    Properties:
      Policies:
        - PolicyName: rules
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - { Effect: Allow, Action: "execute-api:Invoke", Resource: ["arn:aws:execute-api:*:*:web/*", ${SHOP("GET/*")}] }
              - { Effect: Deny, Action: "execute-api:Invoke", Resource: ${SHOP("DELETE/*")} }
  Ann: { Type: AWS::IAM::User, Properties: { Path: /shop/, UserName: ann, Groups: [!Ref Staff] } }
  AnnMay: { Type: AWS::IAM::Policy, Properties: { PolicyName: more, Users: [!Ref Ann], PolicyDocument: ${allow('"arn:aws:execute-api:*:*:*/*"')} } }
  KeyOfAnn: { Type: AWS::IAM::AccessKey, Properties: { UserName: !Ref Ann } }
  Caller:
    Type: AWS::IAM::User
    Properties:
      UserName: caller
      Policies:
        - { PolicyName: api, PolicyDocument: ${allow(SHOP("*"))} }
        - { PolicyName: function, PolicyDocument: ${allow("!GetAtt Echo.Arn", "lambda:InvokeFunction")} }
  Limit: { Type: AWS::IAM::ManagedPolicy, Properties: { PolicyDocument: ${allow(SHOP("GET/pets"))} } }${ben}
  Desk:
    Type: AWS::IAM::Role
    Properties:
      RoleName: desk
      AssumeRolePolicyDocument: { Version: "2012-10-17", Statement: [{ Effect: Allow, Principal: { AWS: !GetAtt Ann.Arn }, Action: "sts:AssumeRole" }] }
      Policies: [{ PolicyName: api, PolicyDocument: ${allow('"arn:aws:execute-api:*:*:*/*/GET/*"')} }]

  Echo:
    Type: AWS::Lambda::Function
    Properties: { Handler: index.handler, Runtime: nodejs22.x, Role: !GetAtt Desk.Arn, Code: { ZipFile: "${ECHO}" } }
  Permitted: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref Echo, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com } }

  Shop: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Pets: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: pets } }
  Passed: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: passed } }
  AnyPets:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Shop
      ResourceId: !Ref Pets
      HttpMethod: ANY
      AuthorizationType: AWS_IAM${integration()}
  GetPassed:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Shop
      ResourceId: !Ref Passed
      HttpMethod: GET
      AuthorizationType: AWS_IAM${integration('Credentials: "arn:aws:iam::*:user/*"')}
  Deployed: { Type: AWS::ApiGateway::Deployment, DependsOn: [AnyPets, GetPassed], Properties: { RestApiId: !Ref Shop } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Shop, DeploymentId: !Ref Deployed, StageName: prod } }

  Web: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: web, ProtocolType: HTTP } }
  Two: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Echo.Arn, PayloadFormatVersion: "2.0" } }
  One: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Echo.Arn, PayloadFormatVersion: "1.0" } }
  ToTwo: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: "GET /two", AuthorizationType: AWS_IAM, Target: !Sub "integrations/\${Two}" } }
  ToOne: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Web, RouteKey: "GET /one", AuthorizationType: AWS_IAM, Target: !Sub "integrations/\${One}" } }
  WebStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: $default, AutoDeploy: true } }
`;

let project: Project;
let server: TestServer;
let shop: string;
let web: string;
let ann: KeyPair;
beforeAll(async () => {
  project = makeProject({
    "template.yaml": template(BEN + KEY_OF_BEN),
    "gatewarden.yaml": { files: ["template.yaml"] },
  });
  server = await startTestServer(project);
  [shop, web] = [server.url("shop"), server.url("web")];
  ann = await server.server.credentialsOf("ann");
});
afterAll(async () => {
  await server?.stop();
  project?.remove();
});

async function send(key: KeyPair, url: string, unsigned: Unsigned = {}): Promise<Reply> {
  const signed = await signedBySdk(key, url, unsigned);
  return ask(signed.url, signed);
}
const refusalOf = ({ requestId, headers }: Reply) =>
  server.record(requestId || String(headers["apigw-requestid"]))?.refusal;

/** Like `eval "$(gatewarden credentials NAME)"`. */
async function credentials(name: string, ...flags: string[]): Promise<KeyPair> {
  const args = ["credentials", name, "--format", "process", ...flags];
  const { stdout, stderr } = await commandLine(args, { cwd: project.folder });
  expect(stderr).toBe("");
  const { AccessKeyId, SecretAccessKey, SessionToken } = JSON.parse(stdout);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken !== undefined && { sessionToken: SessionToken }),
  };
}

test("nothing is found wrong with the template", () => {
  expect(server.told.findings).toEqual([]);
});

describe("what a function sees of a user who signed", () => {
  test("of a REST API, in requestContext.identity", async () => {
    for (const sign of [signedBySdk, signedByAws4]) {
      const signed = await sign(ann, `${shop}/pets`);
      const { status, body } = await ask(signed.url, signed);
      expect(status).toBe(200);
      const event = JSON.parse(body);
      expect(event.requestContext.identity).toMatchObject({
        accessKey: ann.accessKeyId,
        accountId: "000000000000",
        caller: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
        user: event.requestContext.identity.caller,
        userArn: "arn:aws:iam::000000000000:user/shop/ann",
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
      });
      expect(event.requestContext.authorizer).toBeUndefined();
      expect(Object.keys(event.headers).map((name) => name.toLowerCase())).not.toContain("authorization");
      expect(body).not.toContain("AWS4-HMAC-SHA256");
      expect(body).not.toContain(ann.secretAccessKey);
    }
  });

  test("of an HTTP API, in authorizer.iam of format 2.0 and in identity of 1.0", async () => {
    for (const sign of [signedBySdk, signedByAws4]) {
      const two = await sign(ann, `${web}/two`);
      const { requestContext } = JSON.parse((await ask(two.url, two)).body);
      const { callerId } = requestContext.authorizer.iam;
      expect(callerId).toMatch(/^AIDA[A-Z2-7]{17}$/);
      expect(requestContext.authorizer).toEqual({
        iam: {
          accessKey: ann.accessKeyId,
          accountId: "000000000000",
          callerId,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: "arn:aws:iam::000000000000:user/shop/ann",
          userId: callerId,
        },
      });
      const one = await sign(ann, `${web}/one`);
      const format1 = JSON.parse((await ask(one.url, one)).body);
      expect(format1.requestContext.identity).toMatchObject({
        accessKey: ann.accessKeyId,
        accountId: "000000000000",
        caller: callerId,
        user: callerId,
        userArn: "arn:aws:iam::000000000000:user/shop/ann",
      });
    }
  });

  test("of neither the secret; the signature itself an HTTP API's function sees (R), a REST API's does not (D)", async () => {
    const desk = await credentials("role/desk", "--assumed-by", "ann", "--session-name", "front");
    for (const [url, isSeen] of [
      [`${shop}/pets`, false],
      [`${web}/two`, true],
      [`${web}/one`, true],
    ] as const) {
      const { status, body } = await send(desk, url);
      expect([url, status, body.includes("AWS4-HMAC-SHA256")]).toEqual([url, 200, isSeen]);
      expect(body).not.toContain(desk.secretAccessKey);
    }
  });
});

describe("who is denied, and by what", () => {
  test("by a Deny of a group, whatever else allows", async () => {
    const reply = await send(ann, `${shop}/pets`, { method: "DELETE" });
    expect(reply).toMatchObject({ status: 403, errorType: "AccessDeniedException" });
    expect(JSON.parse(reply.body)).toEqual({
      Message:
        "User: arn:aws:iam::000000000000:user/shop/ann is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:shop/prod/DELETE/pets with an explicit deny in an identity-based policy",
    });
    expect(refusalOf(reply)?.reason).toBe("iam_explicit_deny");
    expect((await send(ann, `${shop}/pets`, { method: "PUT" })).status).toBe(200);
  });

  test("by a boundary that does not allow what the policies do", async () => {
    const ben = await server.server.credentialsOf("ben");
    expect((await send(ben, `${shop}/pets`)).status).toBe(200);
    const denied = await send(ben, `${shop}/pets`, { method: "PUT" });
    expect(denied.status).toBe(403);
    expect(refusalOf(denied)?.reason).toBe("iam_denied_boundary");
  });

  test("by an HTTP API in two words, the reason only in the record", async () => {
    const ben = await server.server.credentialsOf("ben");
    const denied = await send(ben, `${web}/two`);
    expect(denied).toMatchObject({ status: 403, errorType: undefined, body: '{"message":"Forbidden"}' });
    expect(refusalOf(denied)?.reason).toBe("iam_denied_boundary");
    const forged = await send({ ...ann, secretAccessKey: "x".repeat(40) }, `${web}/two`);
    expect(forged).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
    expect(refusalOf(forged)?.reason).toBe("signature_mismatch");
  });
});

describe("a role", () => {
  test("is begun by whom its trust policy names, and its session is who calls", async () => {
    const untrusted = await commandLine(["credentials", "role/desk"], { cwd: project.folder });
    expect(untrusted).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("trust policy") });
    const desk = await credentials("role/desk", "--assumed-by", "ann", "--session-name", "front");
    expect(desk.accessKeyId).toMatch(/^ASIA/);
    const { requestContext } = JSON.parse((await send(desk, `${shop}/pets`)).body);
    expect(requestContext.identity).toMatchObject({
      accessKey: desk.accessKeyId,
      caller: expect.stringMatching(/^AROA[A-Z2-7]{17}:front$/),
      userArn: "arn:aws:sts::000000000000:assumed-role/desk/front",
    });
    expect((await send(desk, `${shop}/pets`, { method: "PUT" })).status).toBe(403);
  });

  test("does not answer to its key without its token, or with another's", async () => {
    const one = await credentials("role/desk", "--assumed-by", "ann", "--session-name", "one");
    const two = await credentials("role/desk", "--assumed-by", "ann", "--session-name", "two");
    const { sessionToken: _token, ...bare } = one;
    for (const key of [bare, { ...one, sessionToken: two.sessionToken ?? "" }]) {
      const reply = await send(key, `${shop}/pets`);
      expect(reply).toMatchObject({ status: 403, errorType: "UnrecognizedClientException" });
      expect(reply.body).toBe('{"message":"The security token included in the request is invalid."}');
      expect(refusalOf(reply)?.reason).toBe("session_token_invalid");
    }
  });
});

test("an integration with the caller's own credentials is called only for callers who may call the function", async () => {
  expect((await send(await server.server.credentialsOf("caller"), `${shop}/passed`)).status).toBe(200);
  const reply = await send(ann, `${shop}/passed`);
  expect(reply.status).toBe(500);
  expect(refusalOf(reply)?.message).toContain("arn:aws:iam::000000000000:user/shop/ann may not invoke");
});

describe("an edit of the template", () => {
  const UNKNOWN = {
    status: 403,
    errorType: "UnrecognizedClientException",
    body: '{"message":"The security token included in the request is invalid."}',
  };
  const load = (ben: string): void => {
    project.write("template.yaml", template(ben));
    server.server.reload();
  };

  test("that makes a key inactive, or removes the key or its user, is felt by the next request", async () => {
    const ben = await server.server.credentialsOf("ben");
    const get = (): Promise<Reply> => send(ben, `${shop}/pets`);
    expect((await get()).status).toBe(200);
    for (const gone of [BEN + KEY_OF_BEN.replace("Active", "Inactive"), ""]) {
      load(gone);
      const reply = await get();
      expect(reply).toMatchObject(UNKNOWN);
      expect(refusalOf(reply)?.reason).toBe("access_key_unknown");
      await expect(server.server.credentialsOf("ben")).rejects.toThrow(/inactive|No user or role/);
      // Others are not touched by it, and whoever comes back has the key it had.
      expect((await send(ann, `${shop}/pets`)).status).toBe(200);
      load(BEN + KEY_OF_BEN);
      expect((await get()).status).toBe(200);
    }
  });

  test("that takes the role away ends its sessions", async () => {
    const desk = await credentials("role/desk", "--assumed-by", "ann");
    expect((await send(desk, `${shop}/pets`)).status).toBe(200);
    const text = template(BEN).replace('Resource: "arn:aws:execute-api:*:*:*/*/GET/*"', 'Resource: "arn:aws:none"');
    project.write("template.yaml", text);
    server.server.reload();
    expect(refusalOf(await send(desk, `${shop}/pets`))?.reason).toBe("iam_denied_identity");
    project.write("template.yaml", text.replaceAll("Desk", "Till").replaceAll("RoleName: desk", "RoleName: till"));
    server.server.reload();
    expect(await send(desk, `${shop}/pets`)).toMatchObject(UNKNOWN);
    load(BEN + KEY_OF_BEN);
  });
});

test("nothing that was told or kept in all this holds a secret, but the one file that is for them", async () => {
  const desk = await credentials("role/desk", "--assumed-by", "ann");
  expect((await send(desk, `${shop}/pets`)).status).toBe(200);
  const kept = readdirSync(project.path(".gatewarden"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("iam.sqlite"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  expect(kept.length).toBeGreaterThan(2);
  const all = `${JSON.stringify(server.told)}${kept.join("\n")}`;
  for (const secret of [ann.secretAccessKey, desk.secretAccessKey, desk.sessionToken])
    expect(all).not.toContain(secret);
  expect(server.told.defects).toEqual([]);
});

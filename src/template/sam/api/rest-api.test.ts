import { expect, test } from "vitest";
import { expandText } from "./fixtures/expand-text.ts";

const BODY = ["Resources", "Api", "Properties", "Body"];
const READ = "Events: { Read: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /a, Method: get } } }";
const APP = `App: { Type: AWS::Serverless::Function, Properties: { FUNCTION, ${READ} } }`;

function expandApi(properties: string, more = APP) {
  return expandText(`Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
${properties}
  ${more}
`);
}

test("a default authorizer guards every route, and preflights unless it is told not to", () => {
  const auth = (more: string) => `      Cors: "'*'"
      Auth: { DefaultAuthorizer: Token, Authorizers: { Token: { FunctionArn: a } }${more} }`;
  const guarded = expandApi(auth(""));
  expect(guarded.at(...BODY, "paths", "/a", "get", "security")).toEqual([{ Token: [] }]);
  expect(guarded.at(...BODY, "paths", "/a", "options", "security")).toEqual([{ Token: [] }]);
  const open = expandApi(auth(", AddDefaultAuthorizerToCorsPreflight: false"));
  expect(open.at(...BODY, "paths", "/a", "get", "security")).toEqual([{ Token: [] }]);
  expect(open.at(...BODY, "paths", "/a", "options", "security")).toBeUndefined();
});

test.each([
  ["Token", "DefaultAuthorizer: Token"],
  ["an empty mapping", "DefaultAuthorizer: {}"],
  ["an empty mapping beside an authorizer", "DefaultAuthorizer: {}, Authorizers: { Token: { FunctionArn: a } }"],
])("a default authorizer that is %s, and that SAM ignores, is said to leave the methods open", (_, auth) => {
  const { at, findings } = expandApi(`      Auth: { ${auth} }`);
  expect(at(...BODY, "paths", "/a", "get", "security")).toBeUndefined();
  const notes = findings.map(({ severity, rule, at: place }) => `${place.line}:${place.column} ${severity} ${rule}`);
  expect(notes).toEqual([expect.stringMatching(/^6:\d+ warning sam-default-authorizer-ignored$/)]);
});

test("an authorizer's scheme and permission point at the authorizer, a default at what names it", () => {
  const { placeOf } = expandApi(`      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token:
            FunctionArn: a
            Identity: { ReauthorizeEvery: 5 }`);
  expect(placeOf(...BODY, "securityDefinitions", "Token")).toBe("9:11");
  const scheme = [...BODY, "securityDefinitions", "Token", "x-amazon-apigateway-authorizer"];
  expect(placeOf(...scheme)).toBe("9:11");
  expect(placeOf(...scheme, "authorizerResultTtlInSeconds")).toBe("11:43");
  expect(placeOf("Resources", "ApiTokenAuthorizerPermission")).toBe("9:11");
  expect(placeOf(...BODY, "paths", "/a", "get", "security", 0)).toBe("7:28");
});

test("a default that is not defined is refused where it is named", () => {
  const { refusals } = expandApi(`      Auth:
        DefaultAuthorizer: Missing
        Authorizers: { Token: { FunctionArn: a } }`);
  expect(refusals).toEqual([
    "7:28 Resource with id [Api] is invalid. Unable to set DefaultAuthorizer because 'Missing' was not defined in 'Authorizers'.",
  ]);
});

test("auth that SAM cannot write into a definition elsewhere is refused, never dropped", () => {
  const { refusals } = expandApi(
    `      DefinitionUri: s3://definitions/api.yaml
      Auth: { DefaultAuthorizer: AWS_IAM }`,
    "Unused: { Type: AWS::S3::Bucket }",
  );
  expect(refusals).toEqual([
    "7:7 Resource with id [Api] is invalid. Auth works only with inline Swagger specified in 'DefinitionBody' property.",
  ]);
});

test("a definition in a local file is included", () => {
  const { at, findings } = expandApi("      DefinitionUri: ./api.yaml", "Unused: { Type: AWS::S3::Bucket }");
  expect(findings).toEqual([]);
  expect(at(...BODY)).toEqual({ "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: "./api.yaml" } } });
});

test("what is in the definition that a user wrote stays where the user wrote it", () => {
  const { at, placeOf } = expandApi(
    `      Auth: { DefaultAuthorizer: AWS_IAM }
      DefinitionBody:
        swagger: "2.0"
        paths:
          /a:
            get:
              security: [{ key: [] }]
              x-amazon-apigateway-integration: { type: mock }`,
    "Unused: { Type: AWS::S3::Bucket }",
  );
  expect(at(...BODY, "paths", "/a", "get", "security")).toEqual([{ key: [] }, { AWS_IAM: [] }]);
  expect(placeOf(...BODY, "paths", "/a", "get")).toBe("11:13");
  expect(placeOf(...BODY, "paths", "/a", "get", "security", 0)).toBe("12:26");
  expect(placeOf(...BODY, "paths", "/a", "get", "security", 1)).toBe("6:34");
});

test("a route's own ApiKeyRequired: false exempts it from the API's", () => {
  const { at } = expandApi(
    "      Auth: { ApiKeyRequired: true }",
    `App: { Type: AWS::Serverless::Function, Properties: { FUNCTION, Events: {
    Keyed: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /a, Method: get } },
    Free: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /a, Method: post, Auth: { ApiKeyRequired: false } } } } } }`,
  );
  expect(at(...BODY, "paths", "/a", "get", "security")).toEqual([{ api_key: [] }]);
  expect(at(...BODY, "paths", "/a", "post", "security")).toEqual([]);
});

test("a new definition makes a new deployment, an equal one the same", () => {
  const stage = ["Resources", "ApiprodStage", "Properties", "DeploymentId", "Ref"];
  const first = expandApi("      Name: a").at(...stage);
  expect(first).toMatch(/^ApiDeployment[0-9a-f]{10}$/);
  expect(expandApi("      Name: b").at(...stage)).toBe(first);
  expect(expandApi("      BinaryMediaTypes: [a~1b]").at(...stage)).not.toBe(first);
});

test("a logical id that the user has taken is refused where it stands", () => {
  const { refusals } = expandApi("      Name: a", "ApiprodStage: { Type: AWS::S3::Bucket }");
  expect(refusals).toEqual([
    '7:3 Transforming resource with id [Api] attempts to create a new resource with id [ApiprodStage] and type "AWS::ApiGateway::Stage". A resource with that id already exists within this template. Please use a different id for that resource.',
  ]);
});

test("a list of source VPCs that is no list is refused, for SAM would drop it", () => {
  const { refusals } = expandApi("      Auth: { ResourcePolicy: { SourceVpcWhitelist: { vpc-1: x } } }");
  expect(refusals).toEqual([
    expect.stringContaining("6:33 Structure of the SAM template is invalid. SourceVpcWhitelist must be a list"),
  ]);
});

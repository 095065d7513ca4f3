import { describe, expect, test } from "vitest";
import { loadRealStack } from "../../fixtures/real-stack.ts";

const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
const HEADER = "IdentitySource: method.request.header.Authorization";

/** A stack with `GET /` behind a Cognito authorizer with these properties, written as one flow mapping's members. */
function stackWith(properties: string) {
  return loadRealStack(`
Parameters: { Pool: { Type: String, Default: "${POOL}" } }
Resources:
  Users: { Type: "AWS::Cognito::UserPool", Properties: { UserPoolName: users } }
  Api: { Type: "AWS::ApiGateway::RestApi", Properties: { Name: pets } }
  Auth:
    Type: AWS::ApiGateway::Authorizer
    Properties: { RestApiId: !Ref Api, Name: auth, Type: COGNITO_USER_POOLS, ${properties} }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: COGNITO_USER_POOLS
      AuthorizerId: !Ref Auth
      AuthorizationScopes: [shop/read]
      Integration: { Type: MOCK }
  Deployment: { Type: "AWS::ApiGateway::Deployment", DependsOn: Get, Properties: { RestApiId: !Ref Api } }
  Stage: { Type: "AWS::ApiGateway::Stage", Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: test } }
`);
}

test("a Cognito authorizer is read with its pools, the stack's own among them, and the method with its scopes", () => {
  const { restApis, findings } = stackWith(
    `${HEADER}, ProviderARNs: [!Ref Pool, !GetAtt Users.Arn], IdentityValidationExpression: "abc.*"`,
  );
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  const [method] = restApis[0]?.api.resources[0]?.resourceMethods ?? [];
  expect(method).toMatchObject({ authorizationType: "COGNITO_USER_POOLS", authorizationScopes: ["shop/read"] });
  expect(method).not.toHaveProperty("notServed");
  expect(restApis[0]?.api.authorizers).toMatchObject([
    {
      id: method?.authorizerId,
      type: "COGNITO_USER_POOLS",
      identitySource: "method.request.header.Authorization",
      identityValidationExpression: "abc.*",
      providerARNs: [
        POOL,
        expect.stringMatching(/^arn:aws:cognito-idp:eu-west-1:\d{12}:userpool\/eu-west-1_[0-9a-z]{9}$/),
      ],
    },
  ]);
});

test.each([
  [HEADER, "authorizer-user-pool"],
  [`${HEADER}, ProviderARNs: []`, "authorizer-user-pool"],
  [`${HEADER}, ProviderARNs: !Ref Pool`, "authorizer-user-pool"],
  [`${HEADER}, ProviderARNs: [!Ref Users]`, "authorizer-user-pool"],
  [`${HEADER}, ProviderARNs: [!Ref Pool, "*"]`, "authorizer-user-pool"],
  ["ProviderARNs: [!Ref Pool]", "identity-source-syntax"],
  ["ProviderARNs: [!Ref Pool], IdentitySource: method.request.querystring.token", "identity-source-syntax"],
  [`${HEADER}, ProviderARNs: [!Ref Pool], UserPoolArn: !Ref Pool`, "authorizer-property-unknown"],
])("with %j the API is not served", (properties, rule) => {
  const { restApis, findings } = stackWith(properties);
  expect(findings.filter(({ effect }) => effect === "api").map((each) => each.rule)).toEqual([rule]);
  expect(restApis[0]?.api.resources[0]?.resourceMethods[0]?.notServed).toBeDefined();
});

describe("SAM", () => {
  test("a UserPoolArn becomes a Cognito authorizer, its header and expression where SAM has them", () => {
    const { restApis, findings } = loadRealStack(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Users: { Type: "AWS::Cognito::UserPool", Properties: { UserPoolName: users } }
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: test
      Auth:
        DefaultAuthorizer: Pool
        Authorizers:
          Pool: { UserPoolArn: !GetAtt Users.Arn, Identity: { Header: X-Id-Token, ValidationExpression: "abc.*" } }
  App:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: s3://code/app.zip
      Events:
        Plain: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /plain, Method: get } }
        Scoped:
          Type: Api
          Properties: { RestApiId: !Ref Api, Path: /scoped, Method: get, Auth: { Authorizer: Pool, AuthorizationScopes: [shop/read] } }
`);
    expect(findings.map(({ rule }) => rule)).not.toContain("authorizer-user-pool");
    expect(findings.filter(({ effect }) => effect === "api" || effect === "load")).toEqual([]);
    const api = restApis[0]?.api;
    expect(api?.authorizers).toMatchObject([
      {
        type: "COGNITO_USER_POOLS",
        identitySource: "method.request.header.X-Id-Token",
        identityValidationExpression: "abc.*",
        providerARNs: [expect.stringContaining(":userpool/eu-west-1_")],
      },
    ]);
    const scopesAt = (path: string) =>
      api?.resources.find((each) => each.path === path)?.resourceMethods[0]?.authorizationScopes;
    expect([scopesAt("/plain"), scopesAt("/scoped")]).toEqual([[], ["shop/read"]]);
  });
});

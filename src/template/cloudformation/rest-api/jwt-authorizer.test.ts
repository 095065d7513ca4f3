import { expect, test } from "vitest";
import { loadRealStack } from "../../fixtures/real-stack.ts";

/** A stack with `GET /` behind a JWT authorizer with these properties, written as one flow mapping's members. */
function stackWith(properties: string, methodScopes = "[read:pets]") {
  return loadRealStack(`
Parameters: { Issuer: { Type: String, Default: "https://tenant.eu.auth0.com/" } }
Resources:
  Api: { Type: "AWS::ApiGateway::RestApi", Properties: { Name: pets } }
  Auth:
    Type: AWS::ApiGateway::Authorizer
    Properties: { RestApiId: !Ref Api, Name: auth, Type: JWT, IdentitySource: method.request.header.Authorization, ${properties} }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: JWT
      AuthorizerId: !Ref Auth
      AuthorizationScopes: ${methodScopes}
      Integration: { Type: MOCK }
  Deployment: { Type: "AWS::ApiGateway::Deployment", DependsOn: Get, Properties: { RestApiId: !Ref Api } }
  Stage: { Type: "AWS::ApiGateway::Stage", Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: test } }
`);
}

test("a JWT authorizer is read with its issuers, and the method with its scopes", () => {
  const { restApis, findings } = stackWith(
    "JwtConfiguration: { Issuers: [{ Issuer: !Ref Issuer, Audience: [pets], AllowedAlgorithms: [RS256] }] }",
  );
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  const [method] = restApis[0]?.api.resources[0]?.resourceMethods ?? [];
  expect(method).toMatchObject({ authorizationType: "JWT", authorizationScopes: ["read:pets"] });
  expect(method).not.toHaveProperty("notServed");
  expect(restApis[0]?.api.authorizers).toMatchObject([
    {
      id: method?.authorizerId,
      type: "JWT",
      identitySource: "method.request.header.Authorization",
      jwtConfiguration: {
        issuers: [
          { issuer: "https://tenant.eu.auth0.com/", audience: ["pets"], algorithms: ["RS256"], requiredClaims: [] },
        ],
      },
    },
  ]);
});

test.each([
  ["", "authorizer-property-invalid"],
  ["JwtConfiguration: { Issuer: a, Audience: [b] }", "authorizer-property-invalid"],
  [
    "JwtConfiguration: { Issuers: [{ Issuer: !Ref Issuer, Audience: [a], Subject: b }] }",
    "authorizer-property-unknown",
  ],
  [
    "JwtConfiguration: { Issuers: [{ Issuer: !Ref Issuer, Audience: [a] }] }, IdentityValidationExpression: x",
    "authorizer-property-unknown",
  ],
])("with %j the API is not served", (properties, rule) => {
  const { restApis, findings } = stackWith(properties);
  expect(findings.filter(({ effect }) => effect === "api").map((each) => each.rule)).toEqual([rule]);
  expect(restApis[0]?.api.resources[0]?.resourceMethods[0]?.notServed).toBeDefined();
});

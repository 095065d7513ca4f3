import { expect, test } from "vitest";
import { expandText } from "./fixtures/expand-text.ts";

const BODY = ["Resources", "Api", "Properties", "Body"];
const TENANT = `Tenant: { IdentitySource: $request.header.Authorization, JwtConfiguration: { Issuer: "https://t/", audience: [a] } }`;

function expandApi(properties: string, event: string) {
  return expandText(`Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
${properties}
  App:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { Read: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /a, ${event} } } } }
`);
}

test("a default authorizer guards every route but OPTIONS", () => {
  const auth = `      Auth: { DefaultAuthorizer: Tenant, Authorizers: { ${TENANT} } }`;
  const { at } = expandApi(auth, "Method: get");
  expect(at(...BODY, "paths", "/a", "get", "security")).toEqual([{ Tenant: [] }]);
  expect(expandApi(auth, "Method: options").at(...BODY, "paths", "/a", "options", "security")).toBeUndefined();
});

test("the keys of a JWT configuration are written as OpenAPI has them, and keep their place", () => {
  const { at, placeOf } = expandApi(
    `      Auth:
        Authorizers:
          Tenant:
            IdentitySource: $request.header.Authorization
            JwtConfiguration:
              Issuer: https://t/
              Audience: [a]`,
    "Method: get",
  );
  const jwt = [
    ...BODY,
    "components",
    "securitySchemes",
    "Tenant",
    "x-amazon-apigateway-authorizer",
    "jwtConfiguration",
  ];
  expect(at(...jwt)).toEqual({ issuer: "https://t/", audience: ["a"] });
  expect(placeOf(...jwt, "issuer")).toBe("10:23");
});

test("AWS_IAM is an authorizer only where it is enabled", () => {
  const enabled = expandApi("      Auth: { EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM }", "Method: get");
  expect(enabled.at(...BODY, "paths", "/a", "get", "security")).toEqual([{ AWS_IAM: [] }]);
  const { refusals } = expandApi("      Auth: { DefaultAuthorizer: AWS_IAM }", "Method: get");
  expect(refusals).toEqual([
    "5:34 Resource with id [Api] is invalid. Unable to set DefaultAuthorizer because 'AWS_IAM' was not defined in 'Authorizers'.",
  ]);
});

test("an authorizer's function gets a permission only on request", () => {
  const auth = (more: string) =>
    `      Auth: { Authorizers: { Fn: { FunctionArn: a, AuthorizerPayloadFormatVersion: "2.0"${more} } } }`;
  const permission = ["Resources", "ApiFnAuthorizerPermission"];
  expect(expandApi(auth(""), "Method: get").at(...permission)).toBeUndefined();
  expect(expandApi(auth(", EnableFunctionDefaultPermissions: true"), "Method: get").at(...permission)).toBeDefined();
});

test("a Lambda authorizer without a payload format version is refused", () => {
  const { refusals } = expandApi("      Auth: { Authorizers: { Fn: { FunctionArn: a } } }", "Method: get");
  expect(refusals).toEqual([
    "2:3 Resource with id [Api] is invalid. Fn Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'.",
  ]);
});

test("scopes of an event replace those of the authorizer", () => {
  const auth = `      Auth: { DefaultAuthorizer: Tenant, Authorizers: { ${TENANT.replace("{ ", "{ AuthorizationScopes: [x], ")} } }`;
  const security = [...BODY, "paths", "/a", "get", "security"];
  expect(expandApi(auth, "Method: get").at(...security)).toEqual([{ Tenant: ["x"] }]);
  const event = "Method: get, Auth: { AuthorizationScopes: [y] }";
  expect(expandApi(auth, event).at(...security)).toEqual([{ Tenant: ["y"] }]);
});

test("CORS of every origin with credentials is refused", () => {
  const { refusals } = expandApi(
    '      CorsConfiguration: { AllowOrigins: ["*"], AllowCredentials: true }',
    "Method: get",
  );
  expect(refusals).toEqual([expect.stringContaining("'AllowCredentials' can not be true")]);
});

test("an intrinsic function may stand for the whole CORS configuration", () => {
  const { at } = expandApi("      CorsConfiguration: !If [C, { AllowOrigins: [o] }, !Ref AWS::NoValue]", "Method: get");
  expect(at(...BODY, "x-amazon-apigateway-cors")).toEqual({
    "Fn::If": ["C", { allowOrigins: ["o"] }, { Ref: "AWS::NoValue" }],
  });
});

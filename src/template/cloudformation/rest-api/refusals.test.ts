import { expect, test } from "vitest";
import { loadRealStack } from "../../fixtures/real-stack.ts";
import { SHOP_STACK } from "../../fixtures/shop-stack.ts";

/** `effect rule` of what a change to the shop's stack adds to its findings, each with the text it points at. */
function findingsOf(from: string, to: string): string[] {
  expect(SHOP_STACK.split(from), `the stack holds ${from} once`).toHaveLength(2);
  const text = SHOP_STACK.replace(from, () => to);
  const lines = text.split("\n");
  const { findings } = loadRealStack(text);
  return findings
    .filter(({ logicalId }) => logicalId !== "Judge" && logicalId !== "Pets")
    .map(({ effect, rule, at }) => `${effect} ${rule} at ${pointed(lines[at.line - 1] ?? "", at.column)}`);
}

/** The word that a column points at. */
function pointed(line: string, column: number): string {
  return /^[^\s,:}\]]*/.exec(line.slice(column - 1))?.[0] ?? "";
}

const GET_PETS_TYPE = "HttpMethod: GET\n      OperationName: GetPets\n      AuthorizationType: CUSTOM";
const TOKEN_TYPE = "      AuthType: custom\n      Type: TOKEN";
const MOCK_ANY = "HttpMethod: ANY, AuthorizationType: NONE, Integration: { Type: MOCK }";
const HTTP = "        Type: HTTP\n        IntegrationHttpMethod: GET";
const HTTP_URI = "Uri: http://${stageVariables.backend}/pets";

test.each([
  // Methods: whatever is not understood answers 501.
  [GET_PETS_TYPE, GET_PETS_TYPE.replace("CUSTOM", "NONE"), ["route method-authorizer-without-type at Token"]],
  [
    GET_PETS_TYPE,
    GET_PETS_TYPE.replace("CUSTOM", "COGNITO_USER_POOLS"),
    ["route method-authorizer-mismatch at COGNITO_USER_POOLS"],
  ],
  [
    GET_PETS_TYPE,
    GET_PETS_TYPE.replace("CUSTOM", "custm"),
    ["route resource-property-invalid at custm", "route method-authorizer-without-type at Token"],
  ],
  [
    "OperationName: GetPets\n      AuthorizationType: CUSTOM",
    "OperationName: GetPets",
    ["route resource-property-missing at GetPets", "route method-authorizer-without-type at Token"],
  ],
  ["AuthorizerId: !Ref Token", "AuthorizerId: !Ref Request", []],
  ["AuthorizerId: !Ref Token", "AuthorizerId: nobody", ["route method-authorizer-unknown at nobody"]],
  [
    "AuthorizerId: !Ref Token",
    "Authorizer: !Ref Token",
    ["route method-property-unknown at Token", "route method-authorizer-unknown at CUSTOM"],
  ],
  [MOCK_ANY, `${MOCK_ANY}, AuthorizationScopes: [read]`, ["route method-scopes-unchecked at AuthorizationScopes"]],
  [MOCK_ANY, "HttpMethod: ANY, AuthorizationType: NONE", ["route integration-missing at AnyOther"]],
  [MOCK_ANY, MOCK_ANY.replace("ANY", "FETCH"), ["route resource-property-invalid at FETCH"]],
  ["RequestValidatorId: !Ref Body", "RequestValidatorId: all", ["route request-validator-unknown at all"]],
  [
    "RequestModels: { application/json: !Ref PetModel }",
    "RequestModels: { application/json: Cat }",
    ["route model-unknown at Cat"],
  ],
  [
    "{ method.request.path.petId: true }",
    "{ method.request.path.petId: true, method.request.header.petId: true }",
    ["route parameter-invalid at true"],
  ],
  ["{ method.request.path.petId: true }", "{ method.request.body.petId: true }", ["route parameter-invalid at true"]],
  // Integrations.
  [HTTP, HTTP.replace("HTTP\n", "HTTPS\n"), ["route integration-type-unsupported at HTTPS"]],
  [HTTP, "        Type: HTTP", ["route integration-property-invalid at Integration"]],
  [HTTP_URI, "Uri: ftp://x/", ["route integration-uri-invalid at ftp"]],
  [
    HTTP_URI,
    "ConnectionType: VPC_LINK\n        Uri: http://x/",
    ["route integration-vpc-link-unsupported at VPC_LINK"],
  ],
  [HTTP_URI, `${HTTP_URI}\n        Url: x`, ["route integration-property-unknown at x"]],
  ["TimeoutInMillis: 3000", "TimeoutInMillis: 3", ["route resource-property-invalid at 3"]],
  ["StatusCode: 404,", "StatusCode: many,", ["route integration-response-invalid at many"]],
  // What may decide about more than one method refuses the API.
  [TOKEN_TYPE, TOKEN_TYPE.replace("TOKEN", "SAML"), ["api resource-property-invalid at SAML"]],
  ["IdentityValidationExpression: ", "IdentityValidation: ", ['api authorizer-property-unknown at "^Bearer']],
  [
    "IdentitySource: method.request.header.Authorization, context.stage",
    "IdentitySource: ''",
    ["api authorizer-ttl-without-identity at ''"],
  ],
  [
    "IdentitySource: method.request.header.Authorization, context.stage",
    "IdentitySource: $request.header.Authorization",
    ["api identity-source-syntax at $request.header.Authorization"],
  ],
  ["AuthorizerResultTtlInSeconds: 60", "AuthorizerResultTtlInSeconds: 3601", ["api resource-property-invalid at 3601"]],
  ["ValidateRequestBody: true", "ValidateRequestBody: maybe", ["api resource-property-invalid at maybe"]],
  ["ResponseType: UNAUTHORIZED", "ResponseType: UNAUTHORISED", ["api gateway-response-type-unknown at UNAUTHORISED"]],
  ["StatusCode: 401\n", "StatusCode: 401\n      StatusKode: 1\n", ["api gateway-response-invalid at 1"]],
  ['/models/Pet" }', '/models/Dog" }', ["api model-ref-unresolved at Schema"]],
  ["Types: [REGIONAL]", "Types: [PRIVATE]", ["api endpoint-private-unsupported at"]],
  ["Types: [REGIONAL]", "VpcEndpointIds: vpce-1", ["api endpoint-private-unsupported at vpce-1"]],
  ["MinimumCompressionSize: 1024", "MinimumCompressionSize: -1", ["api resource-property-invalid at -1"]],
  ["      Description: A shop\n", "      Polizy: {}\n", ["api api-property-unknown at Polizy"]],
  ["StageName: test", "StageName: te st", ["api resource-property-invalid at te"]],
  [
    "StageName: test",
    "StageName: test, CanarySetting: { PercentTraffic: 5 }",
    ["api stage-canary-unsupported at CanarySetting"],
  ],
  [
    "StageName: test",
    "StageName: test, MethodSettings: [{ HttpMethod: '*', ThrottlingRateLimit: 0 }]",
    ["api resource-property-missing at Stage"],
  ],
  [
    "StageName: test",
    "StageName: test, AccessLogSetting: { DestinationArn: x }",
    ["api resource-property-missing at Stage"],
  ],
  ["DeploymentId: !Ref Deployment, ", "", ["none stage-not-deployed at Stage"]],
])("with %j written as %j the stack says what is wrong where", (from, to, expected) => {
  const found = findingsOf(from, to);
  for (const each of expected) expect(found).toContainEqual(expect.stringMatching(escaped(each)));
  expect(found).toHaveLength(expected.length);
});

function escaped(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
}

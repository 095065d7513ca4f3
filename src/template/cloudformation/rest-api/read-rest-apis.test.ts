import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RestApi } from "../../../model/rest-api.ts";
import { readDocument } from "../../document.ts";
import { loadRealStack, shownFindings } from "../../fixtures/real-stack.ts";
import { SHOP_STACK } from "../../fixtures/shop-stack.ts";
import { loadOpenApi } from "../../openapi/load-rest-api.ts";
import type { LoadedRestApi } from "../stack-readers.ts";

/** An API without places, and with names in the place of ids. */
function comparable(api: RestApi | undefined) {
  const nameOf = (items: readonly { id: string; name: string }[], id: string | undefined): string | undefined =>
    id === undefined ? undefined : items.find((each) => each.id === id)?.name;
  const { authorizers = [], requestValidators = [] } = api ?? {};
  const resources = (api?.resources ?? []).map(({ path, resourceMethods }) => ({
    path,
    methods: resourceMethods.map(({ authorizerId, requestValidatorId, ...method }) => ({
      ...method,
      authorizer: nameOf(authorizers, authorizerId),
      validator: nameOf(requestValidators, requestValidatorId),
    })),
  }));
  const unplaced: unknown = JSON.parse(
    JSON.stringify({ ...api, resources }, (key, value) => (key === "at" || key === "id" ? undefined : value)),
  );
  return unplaced;
}

function firstApi(text: string): LoadedRestApi {
  const [loaded] = loadRealStack(text).restApis;
  if (loaded === undefined) throw new Error("no REST API was loaded");
  return loaded;
}

function routesOf({ api }: LoadedRestApi): string[] {
  return api.resources.flatMap(({ path, resourceMethods }) =>
    resourceMethods.map(
      ({ httpMethod, authorizationType, notServed }) =>
        `${httpMethod} ${path} ${notServed ? `501 ${notServed.rule}` : authorizationType}`,
    ),
  );
}

const OPENAPI = `
openapi: 3.0.1
info: { title: shop, description: A shop }
tags: [{ name: _custom_id_, x-amazon-apigateway-tag-value: shop1 }]
x-amazon-apigateway-binary-media-types: [image/png]
x-amazon-apigateway-minimum-compression-size: 1024
x-amazon-apigateway-policy: { Version: "2012-10-17", Statement: [{ Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "*" }] }
x-amazon-apigateway-request-validators: { body: { validateRequestBody: true } }
x-amazon-apigateway-gateway-responses:
  UNAUTHORIZED:
    statusCode: 401
    responseParameters: { gatewayresponse.header.Access-Control-Allow-Origin: "'*'" }
    responseTemplates: { application/json: '{"message":$context.error.messageString}' }
paths:
  /pets:
    get:
      operationId: GetPets
      security: [{ token: [] }]
      parameters: [{ name: type, in: query, required: true }]
      responses:
        "200": { headers: { Access-Control-Allow-Origin: {} } }
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: http://\${stageVariables.backend}/pets
        requestParameters: { integration.request.querystring.type: method.request.querystring.type }
        timeoutInMillis: 3000
        responses:
          default:
            statusCode: "200"
            responseParameters: { method.response.header.Access-Control-Allow-Origin: "'*'" }
          4\\d{2}: { statusCode: "404" }
    post:
      security: [{ request: [], key: [] }]
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
      x-amazon-apigateway-request-validator: body
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:shop-Pets/invocations
        passthroughBehavior: when_no_match
        contentHandling: CONVERT_TO_TEXT
    options:
      security: []
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses:
          default: { statusCode: "200", responseTemplates: { application/json: "" } }
  /pets/{petId}:
    get:
      security: [{ iam: [] }]
      parameters: [{ name: petId, in: path, required: true }]
      x-amazon-apigateway-integration:
        { type: http_proxy, httpMethod: ANY, uri: "http://example.test/{petId}", requestParameters: { integration.request.path.petId: method.request.path.petId } }
  /{proxy+}:
    x-amazon-apigateway-any-method:
      security: []
      x-amazon-apigateway-integration: { type: mock }
components:
  schemas:
    Pet: { type: object, required: [name], properties: { name: { type: string }, friend: { $ref: "#/components/schemas/Pet" } } }
  securitySchemes:
    key: { type: apiKey, name: x-api-key, in: header }
    iam: { type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4 }
    token:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer:
        type: token
        authorizerUri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:shop-Judge/invocations
        identitySource: method.request.header.Authorization
        identityValidationExpression: "^Bearer .+$"
        authorizerResultTtlInSeconds: 60
    request:
      type: apiKey
      name: Unused
      in: header
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer:
        type: request
        authorizerUri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:shop-Judge/invocations
        authorizerCredentials: arn:aws:iam::123456789012:role/shop-Invoke
        identitySource: method.request.header.Authorization, context.stage
`;

test("an API made of resources is the API that its OpenAPI document gives, but for places and ids", () => {
  const document = readDocument("/project/api.yaml", OPENAPI);
  if (!document.ok) throw new Error(JSON.stringify(document.findings));
  const imported = loadOpenApi(document.document, { apiId: "shop1" });
  const { api, stages, refusals } = firstApi(SHOP_STACK);
  expect(imported.findings.filter(({ effect }) => effect !== "none")).toEqual([]);
  expect(refusals).toEqual([]);
  const { authorizers, ...expected } = comparable(imported.api) as Record<string, unknown>;
  const { authorizers: found, ...rest } = comparable(api) as Record<string, unknown>;
  expect(rest).toEqual(expected);
  expect(found).toEqual(authorizers);
  expect(api.resources.flatMap(({ resourceMethods }) => resourceMethods)).toHaveLength(5);
  expect(stages).toEqual([{ stageName: "test", variables: { backend: "example.test" } }]);
});

test("ids are what Ref and RootResourceId give", () => {
  const stack = `${SHOP_STACK}Outputs:
  Root: { Value: !GetAtt Api.RootResourceId }
  Pets: { Value: !Ref PetsResource }
  Token: { Value: !Ref Token }
  Body: { Value: !Ref Body }
`;
  const { outputs, restApis } = loadRealStack(stack);
  const api = restApis[0]?.api;
  const ids = Object.fromEntries((api?.resources ?? []).map(({ path, id }) => [path, id]));
  expect(ids).toMatchObject({ "/": outputs.Root, "/pets": outputs.Pets });
  expect(api?.authorizers[0]?.id).toBe(outputs.Token);
  expect(api?.requestValidators[0]?.id).toBe(outputs.Body);
  expect(new Set(Object.values(ids)).size).toBe(4);
});

test("a Body becomes the API that the document gives, and properties of the resource stand over it", () => {
  const openapi = readFileSync(new URL("../../fixtures/petstore.yaml", import.meta.url), "utf8");
  const document = readDocument("/project/petstore.yaml", openapi);
  if (!document.ok) throw new Error(JSON.stringify(document.findings));
  const imported = loadOpenApi(document.document, { apiId: "petstore1" });
  const stack = `Resources:
  petstore1:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
${openapi.replaceAll(/^/gm, "        ")}
`;
  expect(comparable(firstApi(stack).api)).toEqual(comparable(imported.api));
  const body = loadRealStack(
    "Resources:\n  petstore1: { Type: AWS::ApiGateway::RestApi, Properties: { BodyS3Location: api/petstore.yaml, Name: Other, BinaryMediaTypes: ['*/*'] } }",
    { readFile: (file) => (file === "/project/api/petstore.yaml" ? openapi : undefined) },
  );
  expect(body.restApis[0]?.api).toMatchObject({ name: "Other", binaryMediaTypes: ["*/*"] });
  expect(routesOf(body.restApis[0] as LoadedRestApi)).toContain("GET /pets CUSTOM");
  expect(body.files).toContain("/project/api/petstore.yaml");
});

const BODY_STACK = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        info: { title: shop }
        paths: { "/{proxy+}": { get: { x-amazon-apigateway-integration: { type: mock } } } }
`;

test("a method beside a Body answers 501, and still hides what lies behind it", () => {
  const loaded = firstApi(`${BODY_STACK}
  Admin: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: admin } }
  GetAdmin:
    Type: AWS::ApiGateway::Method
    Properties: { RestApiId: !Ref Api, ResourceId: !Ref Admin, HttpMethod: GET, AuthorizationType: AWS_IAM, Integration: { Type: MOCK } }
`);
  expect(routesOf(loaded)).toEqual(["GET /admin 501 method-beside-body", "GET /{proxy+} NONE"]);
  expect(loaded.refusals).toEqual([]);
});

test("a gateway response beside a Body takes the place of the document's", () => {
  const loaded =
    firstApi(`${BODY_STACK}        x-amazon-apigateway-gateway-responses: { THROTTLED: { statusCode: 430 }, DEFAULT_5XX: { statusCode: 555 } }
  Throttled: { Type: AWS::ApiGateway::GatewayResponse, Properties: { RestApiId: !Ref Api, ResponseType: THROTTLED, StatusCode: "431" } }
`);
  const codes = loaded.api.gatewayResponses.map(({ responseType, statusCode }) => `${responseType} ${statusCode}`);
  expect(codes).toEqual(["DEFAULT_5XX 555", "THROTTLED 431"]);
});

test("a Body that is no definition leaves no API, and stops the load", () => {
  const stack = loadRealStack(
    "Resources:\n  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Body: { swagger: '1.0' } } }",
  );
  expect(stack.restApis).toEqual([]);
  expect(shownFindings(stack)).toContain("2:73 load openapi-version-unsupported");
});

const CORE = `
Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Rest: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: "{proxy+}" } }
  AnyRest:
    Type: AWS::ApiGateway::Method
    Properties: { RestApiId: !Ref Api, ResourceId: !Ref Rest, HttpMethod: ANY, AuthorizationType: NONE, Integration: { Type: MOCK } }
`;

test.each([
  [
    "no parent in this API",
    "Admin: { Type: R, Properties: { RestApiId: !Ref Api, ParentId: other, PathPart: admin } }",
    "resource-parent-unknown",
  ],
  [
    "each other for parents",
    "A: { Type: R, Properties: { RestApiId: !Ref Api, ParentId: !Ref AnyRest, PathPart: a } }",
    "resource-parent-unknown",
  ],
  [
    "no parent",
    "Admin: { Type: R, Properties: { RestApiId: !Ref Api, PathPart: admin } }",
    "resource-property-missing",
  ],
  [
    "a parent misspelt",
    "Admin: { Type: R, Properties: { RestApiId: !Ref Api, ParentID: !GetAtt Api.RootResourceId, PathPart: a } }",
    "resource-property-unknown",
  ],
  [
    "no part",
    "Admin: { Type: R, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId } }",
    "resource-property-missing",
  ],
  [
    "two parts",
    "Admin: { Type: R, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: a/b } }",
    "resource-property-invalid",
  ],
  [
    "the part of another",
    "Admin: { Type: R, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: '{proxy+}' } }",
    "resource-path-conflict",
  ],
  [
    "no API",
    "Admin: { Type: R, Properties: { ParentId: !GetAtt Api.RootResourceId, PathPart: admin } }",
    "api-part-misplaced",
  ],
  [
    "an API by mistake",
    "Admin: { Type: M, Properties: { RestApiId: oops, ResourceId: !Ref Rest, HttpMethod: GET } }",
    "api-part-misplaced",
  ],
  [
    "no resource",
    "Admin: { Type: M, Properties: { RestApiId: !Ref Api, ResourceId: nowhere, HttpMethod: GET, AuthorizationType: NONE } }",
    "method-resource-unknown",
  ],
  [
    "an unknown type",
    "Admin: { Type: AWS::ApiGateway::Methood, Properties: { RestApiId: !Ref Api } }",
    "api-part-unknown",
  ],
])("a part with %s refuses the API, as a wider method might answer in its place", (_, part, rule) => {
  const typed = part
    .replace("Type: R,", "Type: AWS::ApiGateway::Resource,")
    .replace("Type: M,", "Type: AWS::ApiGateway::Method,");
  const { refusals = [] } = firstApi(`${CORE}  ${typed}\n`);
  expect(refusals.map((each) => each.rule)).toContain(rule);
  expect(firstApi(CORE).refusals).toEqual([]);
});

test("resources that are each other's parents refuse the API", () => {
  const { refusals = [] } = firstApi(`${CORE}
  A: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !Ref B, PathPart: a } }
  B: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !Ref A, PathPart: b } }
`);
  expect(refusals.length).toBeGreaterThan(0);
});

test("parts of an API of another stack are left to it", () => {
  const stack = loadRealStack(`${CORE}
  Other: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: abc123, ParentId: def456, PathPart: a } }
`);
  expect(shownFindings(stack)).toEqual(["9:70 none api-not-in-stack"]);
  expect(stack.restApis[0]?.refusals).toEqual([]);
});

test("paths that do not fit into one tree answer 501 for both", () => {
  const loaded = firstApi(`${CORE}
  One: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: "{id}" } }
`);
  expect(routesOf(loaded)).toEqual(["ANY /{proxy+} 501 path-sibling-variable"]);
});

test("an API without methods is refused", () => {
  const { refusals = [] } = firstApi(
    "Resources:\n  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }",
  );
  expect(refusals.map(({ rule, logicalId }) => `${rule}@${logicalId}`)).toEqual(["api-without-methods@Api"]);
});

test("what is inert is listed, and domains, usage plans and keys are no part of an API", () => {
  const stack = loadRealStack(`${CORE}
  Domain: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: shop.test } }
  Mapping: { Type: AWS::ApiGateway::BasePathMapping, Properties: { DomainName: !Ref Domain, RestApiId: !Ref Api } }
  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { Enabled: true } }
  Plan: { Type: AWS::ApiGateway::UsagePlan, Properties: {} }
  PlanKey: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan } }
  Account: { Type: AWS::ApiGateway::Account, Properties: {} }
  Certificate: { Type: AWS::ApiGateway::ClientCertificate, Properties: {} }
  Page: { Type: AWS::ApiGateway::DocumentationPart, Properties: { RestApiId: !Ref Api } }
  Link: { Type: AWS::ApiGateway::VpcLink, Properties: {} }
`);
  expect(stack.findings).toEqual([]);
  expect(stack.inert.map(({ logicalId }) => logicalId)).toEqual(["Account", "Certificate", "Page", "Link"]);
  expect(stack.restApis[0]?.refusals).toEqual([]);
});

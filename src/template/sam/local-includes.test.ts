import { expect, test } from "vitest";
import { loadRealStack, shownFindings } from "../fixtures/real-stack.ts";

const OPENAPI = `openapi: 3.0.1
info: { title: books, version: "1" }
paths:
  /books:
    get:
      x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "http://h/", payloadFormatVersion: "1.0" }
  /open:
    get:
      security: [{ NONE: [] }]
      x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "http://h/", payloadFormatVersion: "1.0" }
`;
const TEMPLATE = `Transform: AWS::Serverless-2016-10-31
Parameters: { Definition: { Type: String, Default: openapi.yaml } }
Resources:
  Books:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Tenant
        Authorizers:
          Tenant: { IdentitySource: $request.header.Authorization, JwtConfiguration: { issuer: "https://t/", audience: [a] } }
      DefinitionBody: { "Fn::Transform": { Name: AWS::Include, Parameters: { Location: openapi.yaml } } }
`;

function load(template: string, files: Readonly<Record<string, string>>) {
  return loadRealStack(template, { readFile: (file) => files[file] });
}

function routesOf(stack: ReturnType<typeof load>): string[] {
  return stack.httpApis.flatMap(({ api }) =>
    api.routes.map(({ routeKey, authorizationType }) => `${routeKey} ${authorizationType}`),
  );
}

test.each([
  ["a path", TEMPLATE],
  ["a parameter", TEMPLATE.replace("Location: openapi.yaml", "Location: !Ref Definition")],
])("an included definition gets the API's authorizer, its location being %s", (_, template) => {
  const stack = load(template, { "/project/openapi.yaml": OPENAPI });
  expect(stack.findings).toEqual([]);
  expect(routesOf(stack)).toEqual(["GET /books JWT", "GET /open NONE"]);
  expect(stack.files).toContain("/project/openapi.yaml");
});

test("what is wrong in an included file is said of that file", () => {
  const broken = OPENAPI.replace("type: http_proxy", "type: htp_proxy");
  const [finding] = load(TEMPLATE, { "/project/openapi.yaml": broken }).findings;
  expect(finding).toMatchObject({ effect: "route", at: { file: "/project/openapi.yaml", line: 6 } });
});

test("a file beside other members is put among them, unless one name is in both", () => {
  const beside = TEMPLATE.replace(
    'DefinitionBody: { "Fn::Transform"',
    'DefinitionBody: { openapi: 3.0.1, info: { title: a }, "Fn::Transform"',
  );
  const paths = OPENAPI.slice(OPENAPI.indexOf("paths:"));
  expect(routesOf(load(beside, { "/project/openapi.yaml": paths }))).toEqual(["GET /books JWT", "GET /open NONE"]);
  const twice = load(beside, { "/project/openapi.yaml": OPENAPI });
  expect(twice.httpApis).toEqual([]);
  expect(shownFindings(twice)).not.toEqual([]);
});

test("an included file may include", () => {
  const files = {
    "/project/openapi.yaml": '"Fn::Transform": { Name: AWS::Include, Parameters: { Location: real.yaml } }',
    "/project/real.yaml": OPENAPI,
  };
  expect(routesOf(load(TEMPLATE, files))).toEqual(["GET /books JWT", "GET /open NONE"]);
});

test.each([
  ["a file that is not there", TEMPLATE, {}],
  ["a file that cannot be read", TEMPLATE, { "/project/openapi.yaml": "a: [" }],
  ["an address", TEMPLATE.replace("openapi.yaml } } }", "s3://b/openapi.yaml } } }"), {}],
  ["another macro", TEMPLATE.replace("AWS::Include", "My::Macro"), { "/project/openapi.yaml": OPENAPI }],
  [
    "itself",
    TEMPLATE,
    { "/project/openapi.yaml": '"Fn::Transform": { Name: AWS::Include, Parameters: { Location: openapi.yaml } }' },
  ],
])("an include of %s stops the load", (_, template, files) => {
  const stack = load(template, files as Record<string, string>);
  expect(stack.httpApis).toEqual([]);
  expect(stack.findings.some(({ effect }) => effect === "load")).toBe(true);
});

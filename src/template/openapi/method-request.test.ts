import { expect, test } from "vitest";
import { readDocument } from "../document.ts";
import { loadRealStack } from "../fixtures/real-stack.ts";
import { loadOpenApi } from "./load-rest-api.ts";

/** The finding that keeps `POST /pets` from being served, with what is said of its request. */
function refusalOf(request: object): { rule: string; message: string } | undefined {
  const post = { ...request, "x-amazon-apigateway-integration": { type: "mock" } };
  const text = JSON.stringify({
    openapi: "3.0.1",
    info: { title: "t", version: "1" },
    paths: { "/pets": { post } },
    components: { schemas: { Pet: { type: "object" } } },
  });
  const read = readDocument("api.json", text);
  if (!read.ok) throw new Error(text);
  return loadOpenApi(read.document, { apiId: "api" }).api?.resources.at(-1)?.resourceMethods[0]?.notServed;
}

const SCHEMA = { schema: { $ref: "#/components/schemas/Pet" } };

test.each([
  ["a body with a model", { requestBody: { content: { "application/json": SCHEMA } } }],
  ["a body of which nothing is said", { requestBody: null }],
  ["a content type of which nothing is said", { requestBody: { content: { "application/json": null } } }],
  ["a required parameter", { parameters: [{ name: "a", in: "query", required: true }] }],
])("%s is served", (_, request) => {
  expect(refusalOf(request)).toBeUndefined();
});

test.each([
  ["a body that is text", { requestBody: "Pet" }],
  ["content that is a list", { requestBody: { content: [SCHEMA] } }],
  ["a content type that is text", { requestBody: { content: { "application/json": "Pet" } } }],
  ["a parameter whose required is text", { parameters: [{ name: "a", in: "query", required: "true" }] }],
  ["a parameter whose name is a mapping", { parameters: [{ name: {}, in: "query" }] }],
  ["a parameter whose place is a mapping", { parameters: [{ name: "a", in: {} }] }],
])("%s is never left unchecked", (_, request) => {
  expect(refusalOf(request)).toMatchObject({ rule: "parameter-invalid" });
});

test("a parameter of a template whose name cannot be resolved is a finding, not an exception", () => {
  const stack = loadRealStack(`
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        info: { title: t, version: "1" }
        paths:
          /pets:
            get:
              parameters: [{ name: !ImportValue name, in: query }]
              x-amazon-apigateway-integration: { type: mock }
`);
  expect(stack.findings).toContainEqual(expect.objectContaining({ rule: "parameter-invalid", effect: "route" }));
});

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { makeProject } from "./support/project.ts";

const project = makeProject({
  "zip.json": {
    openapi: "3.0.1",
    info: { title: "Zip", version: "1" },
    "x-amazon-apigateway-request-validators": { body: { validateRequestBody: true, validateRequestParameters: false } },
    "x-amazon-apigateway-request-validator": "body",
    components: { schemas: { Pet: { type: "object", required: ["type"] } } },
    paths: {
      "/pets": {
        post: {
          requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Pet" } } } },
          responses: { "200": { description: "ok" } },
          "x-amazon-apigateway-integration": {
            type: "mock",
            requestTemplates: {
              "application/json": "{\"statusCode\": #if($input.path('$.type') == 'dog')200#{else}404#end}",
            },
            responses: { "200": { statusCode: "200" } },
          },
        },
      },
    },
  },
});
let gateway: Gatewarden;

beforeAll(async () => {
  gateway = await startGatewarden({
    files: [project.path("zip.json")],
    dataDir: project.path("data"),
    issuerPort: false,
  });
});

afterAll(async () => {
  await gateway.stop();
  project.remove();
});

function post(body: Buffer | string, coding: string) {
  return fetch(`${gateway.url()}/pets`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-encoding": coding },
    body,
  });
}

test("a compressed body is opened before it is validated and mapped (D)", async () => {
  expect((await post(gzipSync('{"type":"dog"}'), "gzip")).status).toBe(200);
  expect((await post(gzipSync('{"kind":"dog"}'), "gzip")).status).toBe(400);
});

test("a body that is not compressed as it says, or in a coding nobody here reads, is 415 (D)", async () => {
  expect((await post('{"type":"dog"}', "gzip")).status).toBe(415);
  expect((await post('{"type":"dog"}', "br")).status).toBe(415);
});

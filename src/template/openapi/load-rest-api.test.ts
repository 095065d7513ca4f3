import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import type { Method, RestApi } from "../../model/rest-api.ts";
import { readDocument } from "../document.ts";
import { allPaths, applyMutation, expectWellFormed, mutation, transposed } from "../fixtures/mutations.ts";
import { type LoadedRestApi, type LoadOptions, loadOpenApi } from "./load-rest-api.ts";

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");
const PETSTORE = fixture("petstore.yaml");

function load(text: string, options: Partial<LoadOptions> = {}): LoadedRestApi {
  const verdict = readDocument("petstore.yaml", text);
  if (!verdict.ok) return { findings: verdict.findings };
  return loadOpenApi(verdict.document, { apiId: "petstore1", ...options });
}

function paths(loaded: LoadedRestApi): string[] {
  const resources = loaded.api?.resources ?? [];
  return resources.flatMap((each) => each.resourceMethods.map((method) => `${method.httpMethod} ${each.path}`)).sort();
}

const ROUTE = "{ x-amazon-apigateway-integration: { type: mock } }";

test("a path that stands elsewhere and has methods of its own beside that is not served at all", () => {
  const head = 'openapi: 3.0.1\ninfo: { title: t, version: "1" }\n';
  const loaded = load(`${head}x-a: { post: ${ROUTE} }\npaths: { /pets: { $ref: "#/x-a", get: ${ROUTE} } }\n`);
  expect(loaded.findings).toMatchObject([{ rule: "openapi-ref-siblings", effect: "route", at: { line: 4 } }]);
  expect(paths(loaded)).toEqual(["ANY /pets"]);
  expect(loaded.api?.resources.at(-1)?.resourceMethods[0]?.notServed).toBeDefined();
});

describe("the whole of a document", () => {
  test("a Swagger 2.0 pet store becomes the REST API that AWS would import, without a finding", () => {
    const loaded = load(PETSTORE);
    expect(loaded.findings).toEqual([]);
    expect(loaded.api).toEqual(JSON.parse(fixture("petstore.expected.json")));
    expect(loaded.suggestedStage).toBe("test");
  });

  test("the same document as JSON gives the same API, but for its places", () => {
    const loaded = load(JSON.stringify(parse(PETSTORE)));
    expect(withoutPlaces(loaded.api)).toEqual(withoutPlaces(load(PETSTORE).api));
  });

  test("ids are the same at every load, differ between APIs, and look like AWS's", () => {
    const ids = (api: RestApi | undefined): string[] => api?.resources.map((each) => each.id) ?? [];
    expect(ids(load(PETSTORE).api)).toEqual(ids(load(PETSTORE).api));
    expect(ids(load(PETSTORE).api)).not.toEqual(ids(load(PETSTORE, { apiId: "other" }).api));
    expect(ids(load(PETSTORE).api)[0]).toMatch(/^[a-z0-9]{10}$/);
    for (const id of ids(load(PETSTORE).api).slice(1)) expect(id).toMatch(/^[a-z0-9]{6}$/);
  });

  test("OpenAPI 3 is read: servers, components, request bodies, nullable", () => {
    const { api, findings, suggestedStage } = load(OPENAPI_3);
    expect(findings).toEqual([]);
    expect(suggestedStage).toBe("v1");
    const post = api?.resources.find((each) => each.path === "/pets/{id}")?.resourceMethods[0];
    expect(post).toMatchObject({
      httpMethod: "POST",
      authorizationType: "CUSTOM",
      requestParameters: { "method.request.path.id": true, "method.request.header.X-Trace": true },
      requestModels: { "application/json": "Pet" },
      methodResponses: [
        { statusCode: "200", responseModels: { "application/json": expect.stringMatching(/^MODEL\w{6}$/) } },
      ],
    });
    expect(api?.models.find((each) => each.name === "Pet")?.schema).toEqual({
      type: "object",
      properties: {
        name: { type: ["string", "null"] },
        kind: { type: ["string", "null"], enum: ["cat", null] },
        friend: { $ref: "https://apigateway.amazonaws.com/restapis/petstore1/models/Pet" },
        example: { type: "string" },
      },
    });
    expect(api?.authorizers).toMatchObject([
      { type: "REQUEST", identitySource: "method.request.header.Auth,context.stage", authorizerResultTtlInSeconds: 60 },
    ]);
  });

  test.each([
    ["ignore", ["GET /part/x"], undefined],
    ["prepend", ["GET /base/url/part/x"], "base"],
    ["split", ["GET /url/part/x"], "base"],
  ] as const)("base path mode %s gives %j", (basePathMode, expected, stage) => {
    const swagger = `swagger: "2.0"\ninfo: {title: t}\nbasePath: /base/url\npaths: {/part/x: {get: ${ROUTE}}}`;
    const openapi = `openapi: 3.0.1\ninfo: {title: t}\nservers: [{url: "https://x.test/{basePath}", variables: {basePath: {default: /base/url}}}]\npaths: {/part/x: {get: ${ROUTE}}}`;
    const url = `openapi: 3.0.1\ninfo: {title: t}\nservers: [{url: "https://x.test/base/{v}/", variables: {v: {default: url}}}]\npaths: {/part/x: {get: ${ROUTE}}}`;
    for (const text of [swagger, openapi, url]) {
      const loaded = load(text, { basePathMode });
      expect(paths(loaded)).toEqual(expected);
      if (basePathMode !== "prepend") expect(loaded.suggestedStage).toBe(stage);
    }
  });

  test("parents come implicitly, and the root is always there", () => {
    const loaded = load(`openapi: 3.0.1\ninfo: {title: t}\npaths: {"/a/b/{c}": {get: ${ROUTE}}}`);
    expect(loaded.api?.resources.map((each) => each.path)).toEqual(["/", "/a", "/a/b", "/a/b/{c}"]);
  });

  test.each([
    ["openapi: 2.0\npaths: {}", "1:10 openapi-version-unsupported"],
    ["swagger: 2.0\ninfo: {title: t}", "1:1 openapi-shape"],
    ["openapi: 4.0.0", "1:10 openapi-version-unsupported"],
    ["- 1", "1:1 openapi-version-unsupported"],
    ["", "1:1 openapi-version-unsupported"],
    ["openapi: 3.0.1\npaths: [a]", "2:1 openapi-shape"],
  ])("%j stops the load", (text, expected) => {
    const { api, findings } = load(text);
    expect(api).toBeUndefined();
    const stops = findings.filter((each) => each.effect === "load");
    expect(stops.map(({ rule, at }) => `${at.line}:${at.column} ${rule}`)).toContain(expected);
  });
});

test("10,000 routes load in a time that grows with their number", () => {
  const timeOf = (routes: number): number => {
    const all = Object.fromEntries(
      Array.from({ length: routes }, (_, index) => [
        `/r${index}/{id}`,
        { get: { "x-amazon-apigateway-integration": { type: "mock" } } },
      ]),
    );
    const text = JSON.stringify({ openapi: "3.0.1", info: { title: "big" }, paths: all });
    const began = cpuMs();
    const loaded = load(text);
    expect(loaded.findings).toEqual([]);
    expect(loaded.api?.resources).toHaveLength(1 + 2 * routes);
    return cpuMs() - began;
  };
  timeOf(1000);
  const thousand = Math.min(timeOf(1000), timeOf(1000));
  // 10 when linear, 100 when quadratic; generous, since machines are shared.
  expect(timeOf(10_000) / thousand).toBeLessThan(50);
});

describe("hostile documents", () => {
  const secured = new Set(["/pets", "/pets/{petId}"]);

  test("a document with anything replaced, removed or renamed gives findings, never an exception", () => {
    const original: unknown = parse(PETSTORE);
    const places = allPaths(original);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...places), mutation()), { minLength: 1, maxLength: 4 }),
        (mutations) => {
          const document: unknown = structuredClone(original);
          for (const [path, change] of mutations) applyMutation(document, path, change);
          const loaded = load(JSON.stringify(document));
          for (const finding of loaded.findings) expectWellFormed(finding);
          for (const method of methodsOf(loaded.api)) {
            if (method.notServed) expect(loaded.findings).toContain(method.notServed);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("text with bytes changed gives findings, never an exception", () => {
    fc.assert(
      fc.property(fc.nat(PETSTORE.length - 1), fc.nat(20), fc.string({ maxLength: 5 }), (at, cut, text) => {
        const { findings } = load(PETSTORE.slice(0, at) + text + PETSTORE.slice(at + cut));
        for (const finding of findings) expectWellFormed(finding);
      }),
      { numRuns: 300 },
    );
  });

  test("no misspelt or broken key opens a route that the document secures", () => {
    const original: unknown = parse(PETSTORE);
    // Removing a list item is left out: security: [] says that a method is meant to be open.
    const places = allPaths(original).filter(
      (path) =>
        typeof path.at(-1) === "string" &&
        (path.includes("security") || path.includes("securityDefinitions") || path.at(-1) === "paths"),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom("transpose", "text"), (path, how) => {
        const document: unknown = structuredClone(original);
        applyMutation(document, path, how === "text" ? { replace: "x" } : { rename: transposed(String(path.at(-1))) });
        const { api, findings } = load(JSON.stringify(document));
        if (!api || findings.some((each) => each.effect === "api" || each.effect === "load")) return;
        for (const resource of api.resources.filter((each) => secured.has(each.path))) {
          for (const method of resource.resourceMethods) {
            if (method.httpMethod === "OPTIONS") continue;
            expect(
              method.authorizationType !== "NONE" || method.notServed !== undefined,
              `${path.join("/")} ${how}`,
            ).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

function methodsOf(api: RestApi | undefined): Method[] {
  return (api?.resources ?? []).flatMap((each) => each.resourceMethods);
}

function withoutPlaces(api: RestApi | undefined): unknown {
  return JSON.parse(JSON.stringify(api, (key, value) => (key === "at" ? undefined : value)));
}

const OPENAPI_3 = `
openapi: 3.0.1
info: { title: Pets, version: 1 }
servers:
  - url: https://abc.execute-api.us-east-1.amazonaws.com/{basePath}
    variables: { basePath: { default: v1 } }
paths:
  /pets/{id}:
    parameters:
      - $ref: "#/components/parameters/Id"
    post:
      parameters:
        - { name: X-Trace, in: header, required: true, schema: { type: string } }
      requestBody:
        $ref: "#/components/requestBodies/Pet"
      responses:
        "200":
          $ref: "#/components/responses/Pets"
        default: { description: anything else }
      security:
        - lambda: []
      x-amazon-apigateway-integration:
        type: mock
        passthroughBehavior: never
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: string } }
  requestBodies:
    Pet:
      content:
        application/json:
          schema: { $ref: "#/components/schemas/Pet" }
  responses:
    Pets:
      description: pets
      content:
        application/json:
          schema: { type: array, items: { $ref: "#/components/schemas/Pet" } }
  schemas:
    Pet:
      type: object
      example: { name: Rex }
      properties:
        name: { type: string, nullable: true, example: Rex }
        kind: { type: string, enum: [cat], nullable: true }
        friend: { $ref: "#/components/schemas/Pet" }
        example: { type: string }
  securitySchemes:
    lambda:
      type: apiKey
      name: Unused
      in: header
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer:
        type: request
        identitySource: method.request.header.Auth, context.stage
        authorizerResultTtlInSeconds: 60
        authorizerUri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:auth/invocations
`;

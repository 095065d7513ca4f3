import { describe, expect, it } from "vitest";
import { sampleApi } from "../../../test/rest-api-samples.ts";
import { ALL_ERRORS_BODY_LIMIT_CHARS, BodyValidators, type BodyVerdict } from "./body-validator.ts";
import { DESCRIBED_ERRORS_LIMIT, QUOTED_VALUE_LIMIT_CHARS } from "./describe-schema-errors.ts";
import { SCHEMA_DEPTH_LIMIT } from "./read-model-schema.ts";

type Schemas = Readonly<Record<string, unknown>>;

function validatorsOf(schemas: Schemas) {
  const models = Object.entries(schemas).map(([name, schema]) => ({ name, contentType: "application/json", schema }));
  return new BodyValidators(sampleApi({ models }));
}

function judge(schemas: Schemas, body: unknown, model = Object.keys(schemas)[0] ?? ""): BodyVerdict {
  const verdict = validatorsOf(schemas).of(model);
  if (!verdict.ok) throw new Error(verdict.message);
  return verdict.validator.validate(typeof body === "string" ? body : JSON.stringify(body));
}

function textOf(schema: unknown, body: unknown): string | undefined {
  const verdict = judge({ Model: schema }, body);
  return verdict.ok ? undefined : verdict.validationErrorString;
}

function refused(schemas: Schemas, model = Object.keys(schemas)[0] ?? ""): string | undefined {
  const verdict = validatorsOf(schemas).of(model);
  return verdict.ok ? undefined : verdict.message;
}

describe("the wording of what a body has wrong", () => {
  const pet = {
    type: "object",
    required: ["price", "email"],
    additionalProperties: false,
    properties: { price: { type: "number", minimum: 1 }, email: { type: "string" }, type: { enum: ["dog", "cat"] } },
  };

  it.each([
    ["missing properties are one sorted list", pet, {}, '[object has missing required properties (["email","price"])]'],
    [
      "surplus properties too",
      pet,
      { email: "a", price: 1, z: 1, a: 2 },
      '[object instance has properties which are not allowed by the schema: ["a","z"]]',
    ],
    [
      "a wrong type",
      pet,
      { email: "a", price: "1" },
      '[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]',
    ],
    [
      "an enum",
      pet,
      { email: "a", price: 1, type: "cow" },
      '[instance value ("cow") not found in enum (possible values: ["dog","cat"])]',
    ],
    [
      "a minimum",
      pet,
      { email: "a", price: 0 },
      "[numeric instance is lower than the required minimum (minimum: 1, found: 0)]",
    ],
    [
      "an exclusive minimum",
      { type: "integer", minimum: 0, exclusiveMinimum: true },
      0,
      "[numeric instance is not strictly greater than the required minimum 0]",
    ],
    [
      "a maximum",
      { maximum: 25 },
      26,
      "[numeric instance is greater than the required maximum (maximum: 25, found: 26)]",
    ],
    [
      "an exclusive maximum",
      { maximum: 25, exclusiveMaximum: true },
      25,
      "[numeric instance is not strictly lower than the required maximum 25]",
    ],
    ["a divisor", { multipleOf: 2 }, 3, "[remainder of division is not zero (3 / 2)]"],
    ["a short text", { minLength: 2 }, '"a"', '[string "a" is too short (length: 1, required minimum: 2)]'],
    ["a long text", { maxLength: 2 }, '"häh"', '[string "häh" is too long (length: 3, maximum allowed: 2)]'],
    ["a pattern", { pattern: "^a$" }, '"b"', '[ECMA 262 regex "^a$" does not match input string "b"]'],
    [
      "few items",
      { minItems: 2 },
      [1],
      "[array is too short: must have at least 2 elements but instance has 1 elements]",
    ],
    [
      "many items",
      { maxItems: 1 },
      [1, 2],
      "[array is too long: must have at most 1 elements but instance has 2 elements]",
    ],
    ["equal items", { uniqueItems: true }, [1, 1], "[array must not contain duplicate elements]"],
    [
      "few properties",
      { minProperties: 1 },
      {},
      "[object has too few properties (found 0 but schema requires at least 1)]",
    ],
    [
      "many properties",
      { maxProperties: 0 },
      { a: 1 },
      "[object has too many properties (found 1 but schema requires at most 0)]",
    ],
    [
      "no branch",
      { anyOf: [{ type: "string" }, { type: "null" }] },
      1,
      "[instance failed to match at least one required schema among 2]",
    ],
    [
      "not exactly one branch",
      { oneOf: [{ type: "integer" }, { minimum: 1 }] },
      1,
      "[instance failed to match exactly one schema (matched 2 out of 2)]",
    ],
    [
      "no branch of one",
      { oneOf: [{ type: "string" }, { type: "null" }] },
      1,
      "[instance failed to match exactly one schema (matched 0 out of 2)]",
    ],
    ["a forbidden schema", { not: { type: "integer" } }, 1, "[instance matched a schema which it should not have]"],
    ["an email", { format: "email" }, '"x"', '[string "x" is not a valid email address]'],
    [
      "a date",
      { format: "date-time" },
      '"2026-13-01T00:00:00Z"',
      `[string "2026-13-01T00:00:00Z" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]]`,
    ],
    [
      "several errors",
      pet,
      { price: "a", type: 1 },
      '[object has missing required properties (["email"]), instance type (string) does not match any allowed primitive type (allowed: ["integer","number"]), instance value (1) not found in enum (possible values: ["dog","cat"])]',
    ],
  ])("%s", (_title, schema, body, text) => {
    expect(textOf(schema, body)).toBe(text);
  });

  it("sums up branches that are references", () => {
    const verdict = judge(
      { Model: { oneOf: [{ $ref: "#/definitions/Pet" }, { type: "null" }] }, Pet: { type: "object" } },
      1,
    );
    expect(verdict).toMatchObject({
      validationErrorString: "[instance failed to match exactly one schema (matched 0 out of 2)]",
    });
  });

  it("a body that is no JSON, or empty", () => {
    expect(textOf(pet, "{not json")).toBe("[Unknown error parsing request body]");
    expect(textOf(pet, "")).toBe("[Unknown error parsing request body]");
    expect(textOf({ type: "object" }, "")).toBeUndefined();
  });

  it("names places for records without any value", () => {
    const verdict = judge({ Model: pet }, { email: "a", price: "s3cr3t" });
    expect(verdict).toMatchObject({ violations: ["type at /price"] });
  });

  it("is bounded", () => {
    const many = Array.from({ length: DESCRIBED_ERRORS_LIMIT + 50 }, () => "x");
    expect(textOf({ items: { type: "integer" } }, many)?.match(/instance type/g)).toHaveLength(DESCRIBED_ERRORS_LIMIT);
    expect(textOf({ enum: [1] }, JSON.stringify("x".repeat(QUOTED_VALUE_LIMIT_CHARS * 2)))?.length).toBeLessThan(
      QUOTED_VALUE_LIMIT_CHARS + 200,
    );
    const large = Array.from({ length: ALL_ERRORS_BODY_LIMIT_CHARS }, () => "x");
    expect(textOf({ items: { type: "integer" } }, large)?.match(/instance type/g)).toHaveLength(1);
  });
});

describe("references between models", () => {
  const pet = { type: "object", required: ["name"], properties: { name: { type: "string" } } };

  it.each([
    "#/definitions/Pet",
    "#/components/schemas/Pet",
    "https://apigateway.amazonaws.com/restapis/abc123/models/Pet",
    "https://apigateway.us-east-1.amazonaws.com/restapis/other/models/Pet",
  ])("%s leads to the model", (ref) => {
    const schemas = { Order: { type: "object", properties: { pet: { $ref: ref } } }, Pet: pet };
    expect(judge(schemas, { pet: { name: "x" } }).ok).toBe(true);
    expect(judge(schemas, { pet: {} }).ok).toBe(false);
  });

  it("lead into parts of a model and into own definitions", () => {
    const own = { definitions: { Pet: { type: "integer" } }, properties: { pet: { $ref: "#/definitions/Pet" } } };
    expect(judge({ Order: own, Pet: pet }, { pet: 1 }).ok).toBe(true);
    const part = { properties: { n: { $ref: "#/definitions/Pet/properties/name" } } };
    expect(judge({ Order: part, Pet: pet }, { n: 1 }).ok).toBe(false);
  });

  it("may go in circles", () => {
    const node = {
      type: "object",
      required: ["id"],
      properties: { id: { type: "integer" }, next: { $ref: "#/definitions/Node" } },
    };
    expect(judge({ Node: node }, { id: 1, next: { id: 2, next: { id: 3 } } }).ok).toBe(true);
    expect(judge({ Node: node }, { id: 1, next: { id: 2, next: {} } }).ok).toBe(false);
    const mutual = {
      A: { properties: { b: { $ref: "#/definitions/B" } } },
      B: { type: "object", properties: { a: { $ref: "#/definitions/A" } } },
    };
    expect(judge(mutual, { b: { a: { b: 1 } } }).ok).toBe(false);
  });

  it("a circular model does not fall over a body nested without end", () => {
    const node = { properties: { n: { $ref: "#" } } };
    const deep = `${'{"n":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    expect(judge({ Node: node }, deep).ok).toBe(false);
  });

  it("ignore what stands beside them", () => {
    expect(
      judge(
        { Order: { properties: { pet: { $ref: "#/definitions/Pet", type: "integer" } } }, Pet: pet },
        { pet: { name: "x" } },
      ).ok,
    ).toBe(true);
  });

  it("to a model that is not there are a finding", () => {
    expect(refused({ Order: { $ref: "#/definitions/Nope" } })).toContain("#/definitions/Nope");
    expect(refused({ Order: { properties: { a: { $ref: "https://example.com/schema.json" } } } })).toContain(
      "https://example.com/schema.json",
    );
    expect(refused({ Order: { properties: { a: { $ref: "#/definitions/Bad" } } }, Bad: { const: 1 } })).toContain(
      '"const"',
    );
  });
});

describe("schemas that are not understood", () => {
  it.each([
    ["a keyword of a later draft", { const: 1 }],
    ["a keyword of OpenAPI that changes what is valid", { type: "string", nullable: true }],
    ["a misspelt keyword deep inside", { properties: { a: { items: { requird: ["x"] } } } }],
    ["an unknown type", { type: "text" }],
    ["a pattern that is no regular expression", { pattern: "(" }],
    ["a boolean schema", { properties: { a: true } }],
    ["an empty required", { required: [] }],
    ["a schema that is no object", "text"],
  ])("%s", (_title, schema) => {
    expect(refused({ Model: schema })).toMatch(/^model "Model"/);
  });

  it("a model that is not there, one nested too deeply", () => {
    expect(refused({}, "Nope")).toContain('"Nope"');
    let schema: unknown = {};
    for (let depth = 0; depth <= SCHEMA_DEPTH_LIMIT; depth++) schema = { items: schema };
    expect(refused({ Model: schema })).toContain("nested deeper");
  });
});

describe("unique items", () => {
  it("are told apart by value, whatever the order of keys", () => {
    const schema = { uniqueItems: true };
    expect(
      textOf(schema, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toBeDefined();
    expect(textOf(schema, [1, "1", true, null, [1], { a: 1 }, { a: "1" }])).toBeUndefined();
    expect(textOf({ uniqueItems: false }, [1, 1])).toBeUndefined();
  });

  it("take time in proportion to their number", () => {
    const items = Array.from({ length: 100_000 }, (_, at) => ({ at }));
    expect(textOf({ uniqueItems: true }, items)).toBeUndefined();
  });
});

describe("schemas that are understood", () => {
  it("may describe themselves", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-04/schema#",
      id: "x",
      title: "t",
      example: 1,
      "x-foo": {},
      default: {},
      discriminator: "kind",
      type: "object",
    };
    expect(textOf(schema, {})).toBeUndefined();
  });

  it("may have properties named like keywords or like prototypes", () => {
    const schema = {
      properties: { const: { type: "integer" }, $ref: { type: "string" }, constructor: { type: "string" } },
    };
    expect(textOf(schema, { const: 1, $ref: "#/nowhere" })).toBeUndefined();
    expect(textOf(schema, { const: "x" })).toBeDefined();
  });

  it("a format nobody knows is ignored, as by AWS's validator", () => {
    expect(textOf({ type: "integer", format: "int64" }, 1)).toBeUndefined();
    expect(textOf({ format: "date" }, '"nonsense"')).toBeUndefined();
  });

  it("the default models are there", () => {
    expect(judge({ Pet: {} }, {}, "Empty").ok).toBe(true);
    expect(judge({ Pet: {} }, [], "Empty").ok).toBe(false);
    expect(judge({ Pet: {} }, { message: 1 }, "Error").ok).toBe(false);
  });
});

it.each([
  ["ipv4", "1.2.3.4", "1.2.3.456"],
  ["ipv6", "::1", "1.2.3.4"],
  ["hostname", "a.example", "-a"],
  ["uri", "https://example.com/a?b#c", "a b"],
  ["regex", "^a$", "("],
  ["uuid", "0f5a3c1e-8b7d-4c2a-9e6f-112233445566", "x"],
  ["mac", "00:11:22:33:44:ff", "00:11"],
  ["base64", "aGk=", "aGk"],
  ["json-pointer", "/a/~0", "a~"],
  ["md5", "0".repeat(32), "0"],
  ["date-time", "2026-02-28T01:02:03.5Z", "2026-02-30T01:02:03Z"],
])("format %s takes %s and refuses %s", (format, good, bad) => {
  expect(textOf({ format }, JSON.stringify(good))).toBeUndefined();
  expect(textOf({ format }, JSON.stringify(bad))).toBeDefined();
});

import { describe, expect, test } from "vitest";
import { parseAuthorizerOutput } from "./authorizer-output.ts";

const ALLOW = {
  Version: "2012-10-17",
  Statement: [
    {
      Action: "execute-api:Invoke",
      Effect: "Allow",
      Resource: "arn:aws:execute-api:us-east-1:123456789012:api/test/*/*",
    },
  ],
};

function parse(output: unknown) {
  return parseAuthorizerOutput(JSON.stringify(output));
}

describe("a valid answer", () => {
  test("has its context values as strings, null kept as null (C)", () => {
    const parsed = parse({
      principalId: "user",
      policyDocument: ALLOW,
      context: { str: "hello", num: 123, bool: true, null: null },
    });
    expect(parsed.ok && { ...parsed.context }).toEqual({ str: "hello", num: "123", bool: "true", null: null });
  });

  test("may have an empty principal (C) and an API key value", () => {
    const parsed = parse({ principalId: "", policyDocument: ALLOW, usageIdentifierKey: "key" });
    expect(parsed).toMatchObject({ ok: true, principalId: "", usageIdentifierKey: "key" });
  });
});

describe("AWS answers 500 to", () => {
  test.each([
    ["null", null, "answer"],
    ["text", "Unauthorized", "answer"],
    ["an HTTP answer", { statusCode: 401, body: "no" }, "answer"],
    ["no principal", { policyDocument: ALLOW }, "principalId"],
    ["a number as principal", { principalId: 7, policyDocument: ALLOW }, "principalId"],
    ["no policy", { principalId: "user" }, "policyDocument"],
    ["a policy as text", { principalId: "user", policyDocument: JSON.stringify(ALLOW) }, "policyDocument"],
    [
      "lower-case policy keys",
      { principalId: "user", policyDocument: { version: "2012-10-17", statement: [] } },
      "policyDocument.version",
    ],
    [
      "an Effect in lower case",
      { principalId: "user", policyDocument: { Statement: [{ ...ALLOW.Statement[0], Effect: "allow" }] } },
      "policyDocument.Statement[0].Effect",
    ],
    [
      "a list in the context",
      { principalId: "user", policyDocument: ALLOW, context: { roles: ["a"] } },
      "context.roles",
    ],
    [
      "an object in the context",
      { principalId: "user", policyDocument: ALLOW, context: { claims: { sub: "a" } } },
      "context.claims",
    ],
  ])("%s", (_name, output, what) => {
    expect(parse(output)).toMatchObject({ ok: false, what });
  });

  test("text that is not JSON", () => {
    expect(parseAuthorizerOutput("{")).toMatchObject({ ok: false, what: "answer" });
  });
});

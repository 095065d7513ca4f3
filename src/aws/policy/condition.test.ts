import { describe, expect, test } from "vitest";
import { type AccessRequest, evaluatePolicy } from "./evaluate-policy.ts";
import { parsePolicy } from "./parse-policy.ts";

const PETS = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/GET/pets";
const allow = (more: object = {}) => ({ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*", ...more });
const deny = (more: object = {}) => ({ ...allow(more), Effect: "Deny" });
const invoke = (resource: string, context: NonNullable<AccessRequest["context"]>): AccessRequest => ({
  action: "execute-api:Invoke",
  resource,
  context,
});

function decide(Statement: object | object[], request: AccessRequest): string {
  const verdict = parsePolicy({ Version: "2012-10-17", Statement }, "authorizer");
  if (!verdict.ok) throw new Error(JSON.stringify(verdict));
  return evaluatePolicy([verdict.policy], request).decision;
}

describe("conditions", () => {
  const holds = (Condition: object, context: AccessRequest["context"]) =>
    decide(allow({ Condition }), invoke(PETS, context ?? {})) === "allow";

  test.each([
    ["StringEquals", "a", "a", true],
    ["StringEquals", "a", "A", false],
    ["StringEquals", "a*", "ab", false],
    ["StringNotEquals", "a", "b", true],
    ["StringNotEquals", "a", "a", false],
    ["StringEqualsIgnoreCase", "Ab", "aB", true],
    ["StringNotEqualsIgnoreCase", "Ab", "aB", false],
    ["StringLike", "a*c?", "abbcd", true],
    ["StringLike", "a*", "ba", false],
    ["StringNotLike", "a*", "abc", false],
    ["StringNotLike", "a*", "b", true],
    ["NumericEquals", "10", "10.0", true],
    ["NumericEquals", "10", "x", false],
    ["NumericNotEquals", 10, "11", true],
    ["NumericLessThan", "10", "9", true],
    ["NumericLessThan", "10", "10", false],
    ["NumericLessThanEquals", "10", "10", true],
    ["NumericGreaterThan", "-1.5", "-1", true],
    ["NumericGreaterThanEquals", "10", "9", false],
    ["DateEquals", "2024-01-01T00:00:00Z", "1704067200", true],
    ["DateNotEquals", "2024-01-01", "2024-01-01T00:00:00+00:00", false],
    ["DateLessThan", "2024-01-01T00:00:00+01:00", "2023-12-31T22:59:59Z", true],
    ["DateLessThan", "2024-01-01T00:00:00+01:00", "2023-12-31T23:00:00Z", false],
    ["DateLessThanEquals", "2024", "2024-01-01T00:00:00Z", true],
    ["DateGreaterThan", "1704067200", "2024-01-01T00:00:00.500Z", true],
    ["DateGreaterThanEquals", "2024-02", "2024-01-31T23:59:59Z", false],
    ["Bool", "true", "true", true],
    ["Bool", true, "TRUE", true],
    ["Bool", "false", "true", false],
    ["BinaryEquals", "aGk=", "aGk=", true],
    ["BinaryEquals", "aGk=", "aGo=", false],
    ["IpAddress", "2001:db8::/32", "2001:db8::7", true],
    ["IpAddress", "192.0.2.0/24", "rubbish", false],
    ["NotIpAddress", "192.0.2.0/24", "192.0.2.1", false],
    ["NotIpAddress", "192.0.2.0/24", "192.0.3.1", true],
    ["ArnEquals", "arn:aws:iam::*:role/a*", "arn:aws:iam::123456789012:role/admin", true],
    ["ArnLike", "arn:aws:iam:*:*:role/b*", "arn:aws:iam::123456789012:role/admin", false],
    ["ArnLike", "*", "arn:aws:iam::123456789012:role/admin", true],
    ["ArnNotEquals", "arn:aws:iam::*:role/a*", "arn:aws:iam::123456789012:role/admin", false],
    ["ArnNotLike", "arn:aws:iam::*:role/b*", "arn:aws:iam::123456789012:role/admin", true],
  ])("%s %j for %j: %s", (operator, wanted, actual, expected) => {
    expect(holds({ [operator]: { "k:a": wanted } }, { "K:A": actual })).toBe(expected);
  });

  test("values are alternatives, keys and operators must all hold", () => {
    expect(holds({ StringEquals: { k: ["a", "b"] } }, { k: "b" })).toBe(true);
    expect(holds({ StringNotEquals: { k: ["a", "b"] } }, { k: "b" })).toBe(false);
    expect(holds({ StringEquals: { k: "a", l: "b" } }, { k: "a", l: "x" })).toBe(false);
    expect(holds({ StringEquals: { k: "a" }, Bool: { s: true } }, { k: "a", s: true })).toBe(true);
    expect(holds({ StringEquals: { k: "a" }, Bool: { s: true } }, { k: "a", s: false })).toBe(false);
  });

  test.each([
    ["StringEquals", false],
    ["StringNotEquals", true],
    ["StringNotLike", true],
    ["NotIpAddress", true],
    ["NumericLessThan", false],
    ["NumericNotEquals", true],
    ["StringEqualsIfExists", true],
    ["StringNotEqualsIfExists", true],
    ["BoolIfExists", true],
    ["Bool", false],
    ["ForAllValues:StringEquals", true],
    ["ForAllValues:StringNotEquals", true],
    ["ForAnyValue:StringEquals", false],
    ["ForAnyValue:StringNotEquals", false],
    ["ForAnyValue:StringEqualsIfExists", true],
  ])("%s for an absent key: %s", (operator, expected) => {
    const value = /Bool/.test(operator) ? "true" : /Numeric/.test(operator) ? "1" : "192.0.2.1";
    expect(holds({ [operator]: { k: value } }, {})).toBe(expected);
    expect(holds({ [operator]: { k: value } }, { k: undefined })).toBe(expected);
    expect(holds({ [operator]: { k: value } }, { k: [] })).toBe(expected);
  });

  test("IfExists still judges a key that exists", () => {
    expect(holds({ StringEqualsIfExists: { k: "a" } }, { k: "b" })).toBe(false);
  });

  test("Null asks whether a key is absent", () => {
    expect(holds({ Null: { k: "true" } }, {})).toBe(true);
    expect(holds({ Null: { k: true } }, { k: "a" })).toBe(false);
    expect(holds({ Null: { k: false } }, { k: "a" })).toBe(true);
    expect(holds({ Null: { k: "false" } }, {})).toBe(false);
  });

  test.each([
    ["ForAnyValue:StringEquals", ["a", "x"], true],
    ["ForAnyValue:StringEquals", ["x", "y"], false],
    ["ForAllValues:StringEquals", ["a", "b"], true],
    ["ForAllValues:StringEquals", ["a", "x"], false],
    ["ForAnyValue:StringNotEquals", ["a", "x"], true],
    ["ForAnyValue:StringNotEquals", ["a", "b"], false],
    ["ForAllValues:StringNotEquals", ["x", "y"], true],
    ["ForAllValues:StringNotEquals", ["a", "y"], false],
    ["StringEquals", ["x", "a"], true],
    ["StringNotEquals", ["x", "a"], false],
  ])("%s [a, b] for %j: %s", (operator, actual, expected) => {
    expect(holds({ [operator]: { k: ["a", "b"] } }, { k: actual })).toBe(expected);
  });

  test("a Deny whose condition fails does not deny", () => {
    const outside = deny({ Condition: { NotIpAddress: { "aws:SourceIp": "192.0.2.0/24" } } });
    expect(decide([allow(), outside], invoke(PETS, { "aws:SourceIp": "192.0.2.1" }))).toBe("allow");
    expect(decide([allow(), outside], invoke(PETS, { "aws:SourceIp": "198.51.100.1" }))).toBe("explicit_deny");
    expect(decide([allow(), outside], invoke(PETS, {}))).toBe("explicit_deny");
  });
});

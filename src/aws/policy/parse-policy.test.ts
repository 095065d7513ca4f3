import { describe, expect, test } from "vitest";
import {
  AUTHORIZER_RESOURCE_MAX_CHARACTERS,
  formatPolicyProblem,
  MAX_PATTERN_CHARACTERS,
  MAX_POLICY_BYTES,
  MAX_POLICY_PATTERNS,
  MAX_POLICY_STATEMENTS,
  type PolicyVerdict,
  parsePolicy,
} from "./parse-policy.ts";
import type { PolicyKind } from "./policy.ts";

const allow = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };
const statement = (more: object, kind: PolicyKind = "authorizer"): PolicyVerdict =>
  parsePolicy({ Version: "2012-10-17", Statement: [allow, { ...allow, ...more }] }, kind);
const problem = (verdict: PolicyVerdict) => {
  if (verdict.ok) throw new Error("the policy was accepted");
  return `${verdict.reason} ${verdict.path}`;
};

describe("parsePolicy", () => {
  test("accepts a single statement object, strings and lists, and no Version", () => {
    expect(parsePolicy({ Statement: allow }, "authorizer")).toMatchObject({
      ok: true,
      policy: { version: "2008-10-17" },
    });
    expect(statement({ Action: ["execute-api:Invoke", "*"], Resource: ["a", "b"] }).ok).toBe(true);
    expect(parsePolicy({ Version: "2012-10-17", Id: "x", Statement: [] }, "authorizer").ok).toBe(true);
  });

  test.each([
    ["nothing", undefined, "wrong_type "],
    ["null", null, "wrong_type "],
    ["text", JSON.stringify({ Statement: [allow] }), "wrong_type "],
    ["a list", [allow], "wrong_type "],
    ["no Statement", {}, "missing_element Statement"],
    ["lower-case statement", { statement: [allow] }, "unknown_element statement"],
    ["another element", { Statement: [allow], Comment: "" }, "unknown_element Comment"],
    ["an unknown Version", { Version: "2012-10-18", Statement: [allow] }, "bad_value Version"],
    ["a Version that is no text", { Version: 2012, Statement: [allow] }, "bad_value Version"],
    ["an Id that is no text", { Id: 1, Statement: [allow] }, "wrong_type Id"],
    ["a statement that is text", { Statement: ["allow"] }, "wrong_type Statement[0]"],
    ["a null statement", { Statement: null }, "wrong_type Statement"],
  ])("refuses %s", (_title, document, expected) => {
    expect(problem(parsePolicy(document, "authorizer"))).toBe(expected);
  });

  test.each([
    ["lower-case effect key", { effect: "Allow" }, "unknown_element Statement[1].effect"],
    ["Conditions", { Conditions: {} }, "unknown_element Statement[1].Conditions"],
    ["a lower-case Effect", { Effect: "allow" }, "bad_value Statement[1].Effect"],
    ["no Effect", { Effect: undefined }, "missing_element Statement[1].Effect"],
    ["no Action", { Action: undefined }, "missing_element Statement[1].Action"],
    ["Action and NotAction", { NotAction: "x" }, "conflicting_elements Statement[1]"],
    ["no Resource", { Resource: undefined }, "missing_element Statement[1].Resource"],
    ["Resource and NotResource", { NotResource: "x" }, "conflicting_elements Statement[1]"],
    ["an empty NotResource", { Resource: undefined, NotResource: [] }, "bad_value Statement[1].NotResource"],
    ["a null Resource", { Resource: null }, "wrong_type Statement[1].Resource"],
    ["a number as Action", { Action: ["a", 1] }, "wrong_type Statement[1].Action[1]"],
    ["an empty Action", { Action: "" }, "bad_value Statement[1].Action"],
    ["a Sid that is no text", { Sid: 1 }, "wrong_type Statement[1].Sid"],
    ["a broken variable", { Resource: "a$" + "{b" }, "bad_value Statement[1].Resource"],
    ["a Condition list", { Condition: [] }, "wrong_type Statement[1].Condition"],
    [
      "an unknown operator",
      { Condition: { StringMatches: { a: "b" } } },
      "unknown_operator Statement[1].Condition.StringMatches",
    ],
    ["an unknown empty operator", { Condition: { Strings: {} } }, "unknown_operator Statement[1].Condition.Strings"],
    [
      "an operator in the wrong case",
      { Condition: { stringEquals: { a: "b" } } },
      "unknown_operator Statement[1].Condition.stringEquals",
    ],
    [
      "NullIfExists",
      { Condition: { NullIfExists: { a: true } } },
      "unknown_operator Statement[1].Condition.NullIfExists",
    ],
    [
      "an unknown set operator",
      { Condition: { "ForSome:StringLike": { a: "b" } } },
      "unknown_operator Statement[1].Condition.ForSome:StringLike",
    ],
    ["no values", { Condition: { StringEquals: { a: [] } } }, "bad_value Statement[1].Condition.StringEquals.a"],
    ["a null value", { Condition: { StringEquals: { a: null } } }, "wrong_type Statement[1].Condition.StringEquals.a"],
    [
      "text as a number",
      { Condition: { NumericEquals: { a: "x" } } },
      "bad_value Statement[1].Condition.NumericEquals.a",
    ],
    [
      "text as a date",
      { Condition: { DateLessThan: { a: "soon" } } },
      "bad_value Statement[1].Condition.DateLessThan.a",
    ],
    [
      "31 February",
      { Condition: { DateLessThan: { a: "2024-02-31" } } },
      "bad_value Statement[1].Condition.DateLessThan.a",
    ],
    ["yes as a Bool", { Condition: { Bool: { a: "yes" } } }, "bad_value Statement[1].Condition.Bool.a"],
    ["maybe as a Null", { Condition: { Null: { a: "maybe" } } }, "bad_value Statement[1].Condition.Null.a"],
    ["text as an address", { Condition: { IpAddress: { a: "x" } } }, "bad_value Statement[1].Condition.IpAddress.a"],
    ["text as binary", { Condition: { BinaryEquals: { a: "%" } } }, "bad_value Statement[1].Condition.BinaryEquals.a"],
  ])("refuses %s", (_title, more, expected) => {
    expect(problem(statement(more))).toBe(expected);
  });

  test("says thing, found and wanted in one sentence", () => {
    const verdict = statement({ effect: "Allow", Effect: undefined });
    expect(verdict.ok ? "" : formatPolicyProblem(verdict)).toBe(
      'Statement[1].effect is "effect", wanted Effect, spelled exactly so',
    );
  });

  test("a document with a cycle is a verdict, not an exception", () => {
    const loop: Record<string, unknown> = {};
    loop.Statement = loop;
    expect(problem(parsePolicy(loop, "authorizer"))).toBe("wrong_type ");
  });

  test("variables are looked at only under 2012-10-17, and never in Action", () => {
    const odd = { ...allow, Resource: "a$" + "{b", Action: "x:$" + "{y" };
    expect(parsePolicy({ Version: "2008-10-17", Statement: odd }, "authorizer").ok).toBe(true);
    expect(parsePolicy({ Version: "2012-10-17", Statement: { ...odd, Resource: "a" } }, "authorizer").ok).toBe(true);
    expect(parsePolicy({ Version: "2012-10-17", Statement: odd }, "authorizer").ok).toBe(false);
  });
});

describe("principals", () => {
  const resource = (more: object) => statement({ ...more }, "resource");
  const everyone = { Statement: { ...allow, Principal: "*" } };

  test("an authorizer's answer may carry one, an identity policy may not, a resource policy must", () => {
    expect(parsePolicy(everyone, "authorizer").ok).toBe(true);
    expect(problem(parsePolicy(everyone, "identity"))).toBe("unknown_element Statement.Principal");
    expect(problem(parsePolicy({ Statement: allow }, "resource"))).toBe("missing_element Statement.Principal");
    expect(parsePolicy(everyone, "resource").ok).toBe(true);
  });

  test.each([
    ["partial wildcard", { AWS: "arn:aws:iam::123456789012:user/*" }, "AWS"],
    ["unknown type", { Aws: "*" }, "Aws"],
    ["nonsense", { AWS: "bob" }, "AWS"],
    ["number", { AWS: [12] }, "AWS"],
  ])("refuses a %s", (_title, Principal, at) => {
    const verdict = parsePolicy({ Statement: { ...allow, Principal } }, "resource");
    expect(problem(verdict)).toBe(`bad_value Statement.Principal.${at}`);
  });

  test("the short form needs to know its API", () => {
    expect(problem(resource({ Principal: "*", Resource: "execute-api:/*" }))).toMatch(
      /^missing_element Statement\[0\]/,
    );
    const document = { Statement: { ...allow, Principal: "*", Resource: "execute-api:/test/GET/pets" } };
    expect(problem(parsePolicy(document, "resource"))).toBe("bad_value Statement.Resource");
    const api = { partition: "aws", region: "us-east-1", accountId: "123456789012", apiId: "abc" };
    const verdict = parsePolicy(document, "resource", { api });
    expect(verdict.ok && verdict.policy.statements[0]?.resources.patterns[0]?.text).toBe(
      "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets",
    );
  });
});

describe("bounds", () => {
  test("an authorizer's Resource ends at AWS's limit, other kinds at ours", () => {
    const resource = (length: number) => ({ Resource: "arn:".padEnd(length, "a") });
    expect(statement(resource(AUTHORIZER_RESOURCE_MAX_CHARACTERS)).ok).toBe(true);
    expect(problem(statement(resource(AUTHORIZER_RESOURCE_MAX_CHARACTERS + 1)))).toMatch(/^too_large/);
    expect(statement(resource(MAX_PATTERN_CHARACTERS), "identity").ok).toBe(true);
    expect(problem(statement(resource(MAX_PATTERN_CHARACTERS + 1), "identity"))).toMatch(/^too_large/);
    const long = { Condition: { StringLike: { a: "a".repeat(MAX_PATTERN_CHARACTERS + 1) } } };
    expect(problem(statement(long))).toMatch(/^too_large/);
  });

  test("statements, patterns and bytes are bounded", () => {
    const short = { Effect: "Deny", Action: "a:b", Resource: "*" };
    const many = (count: number) => parsePolicy({ Statement: new Array(count).fill(short) }, "identity");
    expect(many(MAX_POLICY_STATEMENTS).ok).toBe(true);
    expect(problem(many(MAX_POLICY_STATEMENTS + 1))).toBe("too_large Statement");
    expect(statement({ Resource: new Array(MAX_POLICY_PATTERNS - 3).fill("a") }).ok).toBe(true);
    expect(problem(statement({ Resource: new Array(MAX_POLICY_PATTERNS).fill("a") }))).toBe(
      "too_large Statement[1].Resource",
    );
    expect(problem(statement({ Sid: "a".repeat(MAX_POLICY_BYTES) }))).toBe("too_large ");
  });
});

describe("a Deny that could never match", () => {
  const allowing = (more: object) => ({ Effect: "Deny", Action: "execute-api:Invoke", Resource: "*", ...more });
  const parse = (more: object, kind: "identity" | "resource" | "authorizer") => {
    const principal = kind === "resource" ? { Principal: "*" } : {};
    return parsePolicy({ Statement: { ...allowing(more), ...principal } }, kind, {
      api: { partition: "aws", region: "us-east-1", accountId: "123456789012", apiId: "abc" },
    });
  };

  test.each(["identity", "resource"] as const)("is no %s policy: AWS would not have it either", (kind) => {
    for (const Resource of ["test/GET/admin", "abc/test/*", "execute-api:*", "$" + "{aws:username}"]) {
      expect(parse({ Resource }, kind), Resource).toMatchObject({ ok: false, wanted: "an ARN, or *" });
      expect(parse({ Resource: undefined, NotResource: [Resource] }, kind).ok).toBe(false);
    }
    for (const Action of ["Invoke", "execute-api", "execute-api*"]) {
      expect(parse({ Action }, kind), Action).toMatchObject({ ok: false, wanted: "SERVICE:ACTION, or *" });
    }
    for (const Resource of ["*", "arn:*", "arn:aws:execute-api:*", "*:abc/*"])
      expect(parse({ Resource }, kind).ok).toBe(true);
    for (const Action of ["*", "**", "*:*", "execute-api:*"]) expect(parse({ Action }, kind).ok).toBe(true);
  });

  test("may be an authorizer's answer, of which more is not known, and the short form is a resource policy's", () => {
    expect(parse({ Resource: "test/GET/admin", Action: "Invoke" }, "authorizer").ok).toBe(true);
    expect(parse({ Resource: "execute-api:/test/GET/admin" }, "resource").ok).toBe(true);
    expect(parse({ Resource: "execute-api:/test/GET/admin" }, "identity").ok).toBe(false);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePolicy } from "../policy/parse-policy.ts";
import type { Policy } from "../policy/policy.ts";
import { evaluateIdentity } from "./evaluate-identity.ts";
import type { CompiledIdentityPolicies } from "./identity.ts";

const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abc/test";
const request = { action: "execute-api:Invoke", resource: `${STAGE}/GET/pets` };

function policy(...Statement: object[]): Policy {
  const verdict = parsePolicy({ Version: "2012-10-17", Statement }, "identity");
  if (!verdict.ok) throw new Error(verdict.path);
  return verdict.policy;
}

const statement = (Effect: string, more: object = {}) => ({ Effect, Action: "*", Resource: "*", ...more });
const SAYS: Readonly<Record<string, Policy>> = {
  allow: policy(statement("Allow")),
  silent: policy(statement("Allow", { Resource: "arn:aws:s3:::none" })),
  deny: policy(statement("Allow"), statement("Deny", { Sid: "No" })),
};

function policiesOf(own: string, boundary?: string, session?: readonly string[]): CompiledIdentityPolicies {
  return {
    identity: [SAYS[own]!],
    unknownPolicyArns: [],
    ...(boundary !== undefined && { boundary: SAYS[boundary]! }),
    ...(session && { session: session.map((each) => SAYS[each]!) }),
  };
}

describe("evaluateIdentity", () => {
  test.each<[string, string | undefined, readonly string[] | undefined, string, string]>([
    ["allow", undefined, undefined, "allow", "identity"],
    ["silent", undefined, undefined, "implicit_deny", "identity"],
    ["deny", undefined, undefined, "explicit_deny", "identity"],
    ["allow", "allow", undefined, "allow", "identity"],
    ["allow", "silent", undefined, "implicit_deny", "boundary"],
    ["allow", "deny", undefined, "explicit_deny", "boundary"],
    ["silent", "allow", undefined, "implicit_deny", "identity"],
    ["silent", "deny", undefined, "explicit_deny", "boundary"],
    ["allow", undefined, ["allow"], "allow", "identity"],
    ["allow", undefined, ["silent"], "implicit_deny", "session"],
    ["allow", undefined, ["silent", "allow"], "allow", "identity"],
    ["allow", undefined, ["allow", "deny"], "explicit_deny", "session"],
    ["allow", undefined, [], "implicit_deny", "session"],
    ["silent", "allow", ["allow"], "implicit_deny", "identity"],
    ["allow", "allow", ["allow"], "allow", "identity"],
    ["allow", "silent", ["silent"], "implicit_deny", "boundary"],
    ["allow", "allow", ["silent"], "implicit_deny", "session"],
    ["allow", "silent", ["deny"], "explicit_deny", "session"],
    ["deny", "deny", ["deny"], "explicit_deny", "identity"],
  ])("own %s, boundary %s, session %j: %s by %s", (own, boundary, session, decision, by) => {
    expect(evaluateIdentity(policiesOf(own, boundary, session), request)).toMatchObject({ decision, by });
  });

  test("a deny names its statement, a missing allow the statements that nearly allowed", () => {
    expect(evaluateIdentity(policiesOf("allow", "deny"), request).statement).toMatchObject({ sid: "No" });
    expect(evaluateIdentity(policiesOf("allow", "silent"), request).nearMisses).toHaveLength(1);
    expect(evaluateIdentity(policiesOf("allow", undefined, ["silent", "silent"]), request).nearMisses).toHaveLength(2);
  });

  test("boundary and session are named as limits also where the identity's own policies are silent", () => {
    expect(evaluateIdentity(policiesOf("silent", "silent"), request)).toMatchObject({
      by: "identity",
      limitedBy: "boundary",
    });
    expect(evaluateIdentity(policiesOf("silent", "allow", ["silent"]), request).limitedBy).toBe("session");
    expect(evaluateIdentity(policiesOf("silent", "allow", ["allow"]), request).limitedBy).toBeUndefined();
    expect(evaluateIdentity(policiesOf("allow", "allow"), request).limitedBy).toBeUndefined();
  });

  test("attached policies whose text is not known are named where an allow is missing", () => {
    const unknownPolicyArns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"];
    const verdict = evaluateIdentity({ ...policiesOf("silent"), unknownPolicyArns }, request);
    expect(verdict.unknownPolicyArns).toEqual(unknownPolicyArns);
    expect(evaluateIdentity({ ...policiesOf("allow"), unknownPolicyArns }, request).unknownPolicyArns).toBeUndefined();
  });
});

describe("whatever the policies and the request", () => {
  const segment = fc.constantFrom("GET", "POST", "pets", "42", "*", "p?ts", "$" + "{aws:username}");
  const resource = fc.oneof(
    fc.constantFrom("*", `${STAGE}/*`, "arn:aws:s3:::none"),
    fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `${STAGE}/${parts.join("/")}`),
  );
  const condition = fc.constantFrom<object>(
    {},
    { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } },
    { StringNotEquals: { "aws:username": "ann" } },
    { Null: { "aws:TokenIssueTime": "true" } },
    { "ForAllValues:StringLike": { "aws:PrincipalOrgPaths": "o-*" } },
  );
  const anyStatement = fc.record({
    Effect: fc.constantFrom("Allow", "Deny"),
    Action: fc.constantFrom("execute-api:Invoke", "execute-api:*", "*", "s3:GetObject"),
    Resource: fc.array(resource, { minLength: 1, maxLength: 2 }),
    Condition: condition,
  });
  const anyNotStatement = anyStatement.map(({ Effect, Action, Resource, Condition }) => ({
    Effect,
    NotAction: Action,
    NotResource: Resource,
    Condition,
  }));
  const statements = fc.array(fc.oneof<fc.Arbitrary<object>[]>(anyStatement, anyNotStatement), { maxLength: 5 });
  const asked = fc.record({
    action: fc.constantFrom("execute-api:Invoke", "execute-api:InvalidateCache"),
    resource: fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `${STAGE}/${parts.join("/")}`),
    context: fc.constantFrom<Record<string, string>>(
      {},
      { "aws:SourceIp": "192.0.2.7", "aws:username": "ann" },
      { "aws:username": "pets", "aws:TokenIssueTime": "2026-11-21T00:00:00Z", "aws:PrincipalOrgPaths": "x-1/" },
    ),
  });
  const allows = (policies: CompiledIdentityPolicies, question: typeof request): boolean =>
    evaluateIdentity(policies, question).decision === "allow";
  const own = (...identity: readonly object[][]): CompiledIdentityPolicies => ({
    identity: identity.map((each) => policy(...each)),
    unknownPolicyArns: [],
  });

  test("one more Deny never widens access, wherever it is", () => {
    fc.assert(
      fc.property(statements, anyStatement, fc.nat(5), asked, (given, more, at, question) => {
        fc.pre(!allows(own(given), question));
        const denied = { ...more, Effect: "Deny" };
        expect(allows(own(given.toSpliced(at, 0, denied)), question)).toBe(false);
        expect(allows(own(given, [denied]), question)).toBe(false);
      }),
    );
  });

  test("one more Allow never narrows it", () => {
    fc.assert(
      fc.property(statements, anyStatement, fc.nat(5), asked, (given, more, at, question) => {
        fc.pre(allows(own(given), question));
        const allowed = { ...more, Effect: "Allow" };
        expect(allows(own(given.toSpliced(at, 0, allowed)), question)).toBe(true);
        expect(allows(own(given, [allowed]), question)).toBe(true);
      }),
    );
  });

  test("a boundary or a session policy never widens it", () => {
    fc.assert(
      fc.property(statements, statements, asked, (given, limit, question) => {
        fc.pre(!allows(own(given), question));
        expect(allows({ ...own(given), boundary: policy(...limit) }, question)).toBe(false);
        expect(allows({ ...own(given), session: [policy(...limit)] }, question)).toBe(false);
      }),
    );
  });

  test("neither the order of statements nor that of policies changes the decision", () => {
    fc.assert(
      fc.property(statements, statements, asked, (one, other, question) => {
        const { decision } = evaluateIdentity(own(one, other), question);
        expect(evaluateIdentity(own(other, one), question).decision).toBe(decision);
        expect(evaluateIdentity(own([...other, ...one].toReversed()), question).decision).toBe(decision);
      }),
    );
  });
});

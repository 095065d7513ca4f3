import { describe, expect, test } from "vitest";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import { type AccessRequest, evaluatePolicy } from "./evaluate-policy.ts";
import { formatPolicyProblem, MAX_PATTERN_CHARACTERS, MAX_POLICY_BYTES, parsePolicy } from "./parse-policy.ts";
import type { Policy } from "./policy.ts";

const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test";
/** What a request line may hold, about. */
const LONG_PATH = `${STAGE}/GET/${"a".repeat(16_000)}`;
/** Of the processor: many times what it takes. Unbounded it was 8 seconds. */
const SOON_MS = 2_500;

function policyOf(Statement: object): Policy {
  const verdict = parsePolicy({ Version: "2012-10-17", Statement }, "identity");
  if (!verdict.ok) throw new Error(formatPolicyProblem(verdict));
  return verdict.policy;
}

function costMs(policy: Policy, request: AccessRequest): number {
  const began = cpuMs();
  expect(evaluatePolicy([policy], request).decision).toBe("implicit_deny");
  return cpuMs() - began;
}

/** As many as a policy holds; what cannot match is in the middle, so that neither end tells. */
function hostile(prefix: string): string[] {
  const half = "?a".repeat(Math.floor((MAX_PATTERN_CHARACTERS - prefix.length - 4) / 4));
  const pattern = `${prefix}*${half}b${half}*`;
  return new Array(Math.floor(MAX_POLICY_BYTES / pattern.length) - 1).fill(pattern);
}

describe("the worst policies", () => {
  test("patterns made to be slow are judged soon, against the longest path", () => {
    const policy = policyOf({ Effect: "Allow", Action: "*", Resource: hostile(`${STAGE}/GET/`) });
    expect(costMs(policy, { action: "execute-api:Invoke", resource: LONG_PATH })).toBeLessThan(SOON_MS);
  });

  test("so are conditions, against a header of the caller's choice", () => {
    const Condition = { StringLike: { "aws:UserAgent": hostile("") } };
    const policy = policyOf({ Effect: "Allow", Action: "*", Resource: "*", Condition });
    const context = { "aws:UserAgent": "a".repeat(16_000) };
    const request = { action: "execute-api:Invoke", resource: `${STAGE}/GET/pets`, context };
    expect(costMs(policy, request)).toBeLessThan(SOON_MS);
  });

  test("a megabyte is refused, whatever it is made of", () => {
    const allow = { Effect: "Allow", Action: "*", Resource: "*" };
    for (const document of [
      { Statement: new Array(20_000).fill(allow) },
      { Statement: { ...allow, Resource: new Array(100_000).fill(`${STAGE}/*`) } },
      { Statement: { ...allow, Sid: "a".repeat(1_000_000) } },
      { Statement: { ...allow, Condition: { StringLike: { a: new Array(100_000).fill("aaaaaaaaaa") } } } },
    ]) {
      expect(parsePolicy(document, "identity")).toMatchObject({ ok: false, reason: "too_large", path: "" });
    }
  });

  test.each([10, 1_000, 3_000, 10_000, 200_000])("nesting of %i is refused and told, not thrown", (depth) => {
    let deep: unknown = "x";
    for (let level = 0; level < depth; level++) deep = { StringEquals: deep };
    const allow = { Effect: "Allow", Action: "*", Resource: "*" };
    for (const document of [deep, { Statement: deep }, { Statement: { ...allow, Condition: deep } }]) {
      const verdict = parsePolicy(document, "identity");
      expect(verdict.ok).toBe(false);
      if (!verdict.ok) expect(formatPolicyProblem(verdict).length).toBeLessThan(1_000);
    }
  });
});

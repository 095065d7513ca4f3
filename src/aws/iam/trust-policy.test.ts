import { describe, expect, test } from "vitest";
import type { Principal } from "../policy/principal.ts";
import { evaluateTrust, trustDigest } from "./trust-policy.ts";

const ROLE = "arn:aws:iam::123456789012:role/web";
const root: Principal = { type: "aws", arn: "arn:aws:iam::123456789012:root", accountId: "123456789012" };
const trust = (Principal: unknown, more: object = {}) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole", ...more }],
});
const decide = (document: unknown, principal = root) =>
  evaluateTrust(document, { action: "sts:AssumeRole", resource: ROLE, principal });

describe("evaluateTrust", () => {
  test("lets in whom the document names, without a Resource in it", () => {
    expect(decide(trust({ AWS: root.type === "aws" ? root.arn : "" })).decision).toBe("allow");
    expect(decide(trust({ AWS: "123456789012" })).decision).toBe("allow");
    expect(decide(trust({ AWS: "210987654321" })).decision).toBe("implicit_deny");
    expect(decide(trust({ Service: "lambda.amazonaws.com" })).decision).toBe("implicit_deny");
    expect(decide({ ...trust("*"), Statement: trust("*").Statement[0] }).decision).toBe("allow");
  });

  test("asks for the action and the conditions", () => {
    expect(decide(trust("*", { Action: "sts:AssumeRoleWithWebIdentity" })).decision).toBe("implicit_deny");
    const Condition = { StringEquals: { "sts:ExternalId": "x" } };
    expect(decide(trust("*", { Condition })).decision).toBe("implicit_deny");
  });

  test.each([undefined, null, "x", [], {}, { Statement: [null] }, { Statement: [[]] }, trust({ Any: "*" })])(
    "trusts nobody by a document that is not one: %j",
    (document) => {
      expect(decide(document)).toMatchObject({ decision: "implicit_deny", problem: { ok: false } });
    },
  );
});

describe("trustDigest", () => {
  test("tells documents apart, and not by the order of their members", () => {
    expect(trustDigest({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(trustDigest({ b: [{ d: 3, c: 2 }], a: 1 }));
    expect(trustDigest(trust("*"))).not.toBe(trustDigest(trust({ AWS: "123456789012" })));
    expect(trustDigest({ a: ["b", "c"] })).not.toBe(trustDigest({ a: ["c", "b"] }));
    expect(trustDigest({ a: "b" })).not.toBe(trustDigest([["a", "b"]]));
    expect(trustDigest(undefined)).toMatch(/^[\w-]{43}$/);
  });
});

import { describe, expect, test } from "vitest";
import { combineResourcePolicy, deniesBeforeAuthorizer } from "./combine-resource-policy.ts";
import { type AccessVerdict, evaluatePolicy } from "./evaluate-policy.ts";
import { expandExecuteApiShortForm } from "./execute-api-short-form.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { Policy } from "./policy.ts";

const request = {
  action: "execute-api:Invoke",
  resource: "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets",
};
const statement = (Effect: string) => ({ Effect, Action: "*", Resource: "*", Principal: "*" });
const policyOf = (statements: object[]): Policy => {
  const verdict = parsePolicy({ Statement: statements }, "resource");
  if (!verdict.ok) throw new Error(verdict.path);
  return verdict.policy;
};
const says: Record<string, AccessVerdict> = {
  allow: evaluatePolicy([policyOf([statement("Allow")])], request),
  silent: evaluatePolicy([policyOf([])], request),
  deny: evaluatePolicy([policyOf([statement("Deny")])], request),
};

describe("combineResourcePolicy", () => {
  test.each([
    ["allow", "allow", "allow", "allow"],
    ["allow", "silent", "allow", "implicit_deny"],
    ["allow", "deny", "explicit_deny", "explicit_deny"],
    ["silent", "allow", "allow", "implicit_deny"],
    ["silent", "silent", "implicit_deny", "implicit_deny"],
    ["silent", "deny", "explicit_deny", "explicit_deny"],
    ["deny", "allow", "explicit_deny", "explicit_deny"],
    ["deny", "silent", "explicit_deny", "explicit_deny"],
    ["deny", "deny", "explicit_deny", "explicit_deny"],
  ])("identity %s, resource %s: same account %s, cross account %s", (own, theirs, same, cross) => {
    const sides = { identity: says[own]!, resource: says[theirs]! };
    expect(combineResourcePolicy({ authorizationType: "CUSTOM", ...sides }).decision).toBe(same);
    expect(combineResourcePolicy({ authorizationType: "AWS_IAM", ...sides }).decision).toBe(same);
    expect(combineResourcePolicy({ authorizationType: "AWS_IAM", ...sides, isCrossAccount: true }).decision).toBe(
      cross,
    );
  });

  test.each(["NONE", "COGNITO_USER_POOLS", "JWT"] as const)("%s needs the resource policy's explicit allow", (type) => {
    const decide = (say: string) => combineResourcePolicy({ authorizationType: type, resource: says[say]! });
    expect(decide("allow")).toMatchObject({ decision: "allow", side: "resource", statement: { effect: "Allow" } });
    expect(decide("silent")).toEqual({ decision: "implicit_deny", side: "resource" });
    expect(decide("deny").decision).toBe("explicit_deny");
    expect(combineResourcePolicy({ authorizationType: type }).decision).toBe("allow");
  });

  test("without a resource policy the authorizer's answer stands alone, and none at all is no access", () => {
    const own = (say: string) => combineResourcePolicy({ authorizationType: "CUSTOM", identity: says[say]! });
    expect(own("allow")).toMatchObject({ decision: "allow", side: "identity" });
    expect(own("silent")).toEqual({ decision: "implicit_deny", side: "identity" });
    expect(combineResourcePolicy({ authorizationType: "AWS_IAM" }).decision).toBe("implicit_deny");
    expect(
      combineResourcePolicy({ authorizationType: "AWS_IAM", identity: says.allow!, isCrossAccount: true }).decision,
    ).toBe("implicit_deny");
  });

  test("a refusal names the side that denied, or whose allow is missing", () => {
    const side = (identity: string, resource: string, isCrossAccount = false) =>
      combineResourcePolicy({
        authorizationType: "AWS_IAM",
        identity: says[identity]!,
        resource: says[resource]!,
        isCrossAccount,
      }).side;
    expect(side("allow", "deny")).toBe("resource");
    expect(side("deny", "allow")).toBe("identity");
    expect(side("silent", "silent")).toBe("identity");
    expect(side("allow", "silent", true)).toBe("resource");
    expect(side("silent", "allow", true)).toBe("identity");
    expect(side("silent", "allow")).toBe("resource");
  });

  test("a grant to a whole account does not open the API to an identity without its own allow", () => {
    const principal = { type: "aws", arn: "arn:aws:iam::123456789012:user/ann", accountId: "123456789012" } as const;
    const account = policyOf([{ ...statement("Allow"), Principal: { AWS: "123456789012" } }]);
    const resource = evaluatePolicy([account], { ...request, principal });
    const sides = { authorizationType: "AWS_IAM", resource } as const;
    expect(combineResourcePolicy({ ...sides, identity: says.silent! }).decision).toBe("implicit_deny");
    expect(combineResourcePolicy({ ...sides, identity: says.allow! }).decision).toBe("allow");
    expect(combineResourcePolicy({ ...sides, identity: says.allow!, isCrossAccount: true }).decision).toBe("allow");
  });
});

describe("a permissions boundary or session policies that do not allow", () => {
  const ACCOUNT = "123456789012";
  const ROLE = `arn:aws:iam::${ACCOUNT}:role/web`;
  const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/web/one`;
  const session = { type: "aws", arn: SESSION, accountId: ACCOUNT, roleArn: ROLE } as const;
  const decide = (Principal: unknown, limitedBy: "boundary" | "session" | undefined, isCrossAccount = false) =>
    combineResourcePolicy({
      authorizationType: "AWS_IAM",
      identity: { ...says.silent!, ...(limitedBy && { limitedBy }) },
      resource: evaluatePolicy([policyOf([{ ...statement("Allow"), Principal }])], { ...request, principal: session }),
      isCrossAccount,
    }).decision;

  test.each(["boundary", "session"] as const)("limit what a resource policy grants to the role: %s", (limitedBy) => {
    expect(decide({ AWS: ROLE }, undefined)).toBe("allow");
    expect(decide({ AWS: ROLE }, limitedBy)).toBe("implicit_deny");
  });

  test("limit nothing that it grants to the session itself, or to everyone", () => {
    expect(decide({ AWS: SESSION }, "boundary")).toBe("allow");
    expect(decide("*", "session")).toBe("allow");
  });

  test("are not asked across accounts, where the identity's own side has to allow anyway", () => {
    expect(decide({ AWS: SESSION }, undefined, true)).toBe("implicit_deny");
  });
});

test("before a Lambda authorizer only an explicit deny stops", () => {
  expect(deniesBeforeAuthorizer(policyOf([]), request)).toBeUndefined();
  expect(deniesBeforeAuthorizer(policyOf([statement("Allow")]), request)).toBeUndefined();
  expect(deniesBeforeAuthorizer(policyOf([statement("Allow"), statement("Deny")]), request)).toMatchObject({
    statement: { index: 1 },
  });
});

test("the short form becomes the API's own ARN, and other text stays", () => {
  const api = { partition: "aws-cn", region: "cn-north-1", accountId: "123456789012", apiId: "abc" };
  expect(expandExecuteApiShortForm("execute-api:/*", api)).toBe("arn:aws-cn:execute-api:cn-north-1:123456789012:abc/*");
  expect(expandExecuteApiShortForm("*", api)).toBe("*");
});

import { describe, expect, test } from "vitest";
import type { Role, User } from "../../model/iam.ts";
import { evaluatePolicy } from "../policy/evaluate-policy.ts";
import { parsePolicy } from "../policy/parse-policy.ts";
import { newAccessKeyPair, newSessionToken } from "./access-key.ts";
import { compileIdentityPolicies, compileRoleSession, compileUser } from "./compile-identity.ts";
import { evaluateIdentity } from "./evaluate-identity.ts";
import { stableUniqueId } from "./unique-id.ts";

const AT = { file: "iam.yaml", line: 3, column: 1 };
const ALLOW = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };
const request = { action: "execute-api:Invoke", resource: "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/" };

const user: User = {
  arn: "arn:aws:iam::123456789012:user/shop/ann",
  name: "ann",
  userId: "AIDAANN",
  tags: { team: "pets" },
  accessKeys: [],
  policyDocuments: [ALLOW],
  unknownPolicyArns: [],
  organization: { id: "o-a1b2c3d4e5", path: "o-a1b2c3d4e5/r-ab12/" },
  at: AT,
};
const role: Role = {
  arn: "arn:aws:iam::123456789012:role/app/web",
  name: "web",
  roleId: "AROAWEB",
  assumeRolePolicyDocument: {},
  tags: { team: "pets", stage: "test" },
  policyDocuments: [ALLOW],
  unknownPolicyArns: [],
  at: AT,
};
const pair = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };
const decide = (owner: User | Role) => evaluateIdentity(compileIdentityPolicies(owner).policies, request).decision;

describe("a user", () => {
  const identity = compileUser(user, compileIdentityPolicies(user).policies, pair);

  test("is known by ARN and unique id, with its condition keys", () => {
    expect(identity).toMatchObject({
      credential: pair,
      principal: { type: "aws", arn: user.arn, accountId: "123456789012", uniqueId: "AIDAANN" },
      accountId: "123456789012",
      arn: user.arn,
      userId: "AIDAANN",
      principalOrgId: "o-a1b2c3d4e5",
    });
    expect(identity.principal.roleArn).toBeUndefined();
    expect(identity.conditionKeys).toEqual({
      "aws:PrincipalArn": user.arn,
      "aws:PrincipalAccount": "123456789012",
      "aws:PrincipalTag/team": "pets",
      "aws:PrincipalOrgID": "o-a1b2c3d4e5",
      "aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/"],
      "aws:PrincipalType": "User",
      "aws:userid": "AIDAANN",
      "aws:username": "ann",
    });
  });

  test("has policies that may speak of its own name", () => {
    const Resource = "arn:aws:execute-api:*:*:abc/test/GET/$" + "{aws:username}";
    const document = { ...ALLOW, Statement: { ...ALLOW.Statement, Resource } };
    const { policies } = compileIdentityPolicies({ ...user, policyDocuments: [document] });
    const asks = (path: string) =>
      evaluateIdentity(policies, {
        ...request,
        resource: `${request.resource}${path}`,
        context: identity.conditionKeys,
      });
    expect(asks("ann").decision).toBe("allow");
    expect(asks("bob").decision).toBe("implicit_deny");
  });
});

test.each([true, false])("a Deny's NotPrincipal is told whether there is a boundary: %s", (isBounded) => {
  const boundary = isBounded ? { permissionsBoundary: ALLOW } : {};
  const ann = { ...user, ...boundary };
  const web = { ...role, ...boundary };
  const terms = { sessionName: "one", issuedAtMs: 0, tags: {} };
  const session = { ...pair, sessionToken: "token", expiresAtMs: 1 };
  expect(compileUser(ann, compileIdentityPolicies(ann).policies, pair).principal).toMatchObject({ isBounded });
  const { policies } = compileIdentityPolicies(web);
  expect(compileRoleSession(web, policies, session, terms).principal).toMatchObject({ isBounded });
});

describe("a role session", () => {
  const terms = { sessionName: "one", issuedAtMs: Date.UTC(2026, 10, 21), tags: { stage: "prod" } };
  const { policies } = compileIdentityPolicies(role);
  const credential = { ...pair, sessionToken: "token", expiresAtMs: 1 };
  const identity = compileRoleSession(role, policies, credential, terms);

  test("is an assumed role without the role's path, its role beside it", () => {
    expect(identity).toMatchObject({
      credential,
      principal: {
        arn: "arn:aws:sts::123456789012:assumed-role/web/one",
        accountId: "123456789012",
        roleArn: role.arn,
        uniqueId: "AROAWEB",
      },
      arn: "arn:aws:sts::123456789012:assumed-role/web/one",
      userId: "AROAWEB:one",
    });
    expect(identity.principalOrgId).toBeUndefined();
    expect(identity.conditionKeys).toEqual({
      "aws:PrincipalArn": role.arn,
      "aws:PrincipalAccount": "123456789012",
      "aws:PrincipalTag/team": "pets",
      "aws:PrincipalTag/stage": "prod",
      "aws:PrincipalType": "AssumedRole",
      "aws:userid": "AROAWEB:one",
      "aws:TokenIssueTime": "2026-11-21T00:00:00.000Z",
      "aws:MultiFactorAuthPresent": false,
    });
  });

  test("is matched by resource policies that name the role or the session", () => {
    const matched = (AWS: string) => {
      const parsed = parsePolicy({ Statement: { ...ALLOW.Statement, Principal: { AWS } } }, "resource");
      if (!parsed.ok) throw new Error(parsed.path);
      return evaluatePolicy([parsed.policy], { ...request, principal: identity.principal }).statement?.principalMatch;
    };
    expect(matched(role.arn)).toBe("role");
    expect(matched("AROAWEBAROAWEBAROAWEB")).toBeUndefined();
    expect(matched(identity.arn)).toBe("identity");
    expect(matched("arn:aws:iam::123456789012:root")).toBe("account");
    expect(matched("arn:aws:sts::123456789012:assumed-role/web/two")).toBeUndefined();
  });

  test("is limited by session policies, and denied by one that is not understood", () => {
    const limited = (sessionPolicies: readonly unknown[]) =>
      evaluateIdentity(compileRoleSession(role, policies, credential, { ...terms, sessionPolicies }).policies, request);
    expect(limited([ALLOW])).toMatchObject({ decision: "allow" });
    expect(limited([{ Statement: [] }])).toMatchObject({ decision: "implicit_deny", by: "session" });
    expect(limited([ALLOW, { Statment: [] }])).toMatchObject({ decision: "explicit_deny", by: "session" });
  });
});

describe("what is not understood", () => {
  const BROKEN = { Statement: [{ Effect: "deny", Action: "*", Resource: "*" }] };

  test("of a policy denies everything, also what a resource policy would allow, and says why", () => {
    const owner = { ...user, policyDocuments: [ALLOW, BROKEN] };
    expect(decide(owner)).toBe("explicit_deny");
    expect(compileIdentityPolicies(owner).findings).toEqual([
      expect.objectContaining({ rule: "identity-policy-invalid", severity: "error", effect: "none", at: AT }),
    ]);
    expect(compileIdentityPolicies(owner).findings[0]?.message).toContain('Statement[0].Effect is "deny"');
    expect(compileIdentityPolicies(user).findings).toEqual([]);
  });

  test("of a boundary denies everything", () => {
    expect(decide({ ...user, permissionsBoundary: BROKEN })).toBe("explicit_deny");
    expect(decide({ ...user, permissionsBoundary: null })).toBe("explicit_deny");
    expect(decide({ ...role, permissionsBoundary: ALLOW })).toBe("allow");
  });

  test.each<[string, string]>([
    ["arn:aws:iam::aws:policy/ReadOnlyAccess", "allow"],
    ["arn:aws:iam::aws:policy/AWSDenyAll", "explicit_deny"],
    ["arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3", "explicit_deny"],
    ["arn:aws:iam::123456789012:policy/limits", "explicit_deny"],
  ])("an attached policy of unknown text, %s, leaves %s of an allow beside it", (arn, decision) => {
    const owner = { ...user, unknownPolicyArns: [arn] };
    expect(decide(owner)).toBe(decision);
    expect(compileIdentityPolicies(owner).findings).toHaveLength(decision === "allow" ? 0 : 1);
  });
});

describe("ids and keys", () => {
  test("have AWS's shapes", () => {
    for (const prefix of ["AKIA", "ASIA"] as const) {
      const { accessKeyId, secretAccessKey } = newAccessKeyPair(prefix);
      expect(accessKeyId).toMatch(new RegExp(`^${prefix}[A-Z2-7]{16}$`));
      expect(secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    }
    expect(newAccessKeyPair("AKIA")).not.toEqual(newAccessKeyPair("AKIA"));
    expect(newSessionToken().length).toBeGreaterThan(300);
    expect(stableUniqueId("AIDA", "123456789012", "ann")).toMatch(/^AIDA[A-Z2-7]{17}$/);
  });

  test("a unique id stays the same for one name of one account", () => {
    const id = stableUniqueId("AROA", "123456789012", "web");
    expect(stableUniqueId("AROA", "123456789012", "web")).toBe(id);
    expect(stableUniqueId("AROA", "123456789013", "web")).not.toBe(id);
    expect(stableUniqueId("AIDA", "123456789012", "web").slice(4)).not.toBe(id.slice(4));
  });
});

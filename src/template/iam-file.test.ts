import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileIdentityPolicies } from "../aws/iam/compile-identity.ts";
import { evaluateIdentity } from "../aws/iam/evaluate-identity.ts";
import type { Role, User } from "../model/iam.ts";
import { readIamFile } from "./iam-file.ts";

const PLACE = { region: "us-east-1", accountId: "123456789012", partition: "aws" };
const read = (text: string) => readIamFile(text, "/app/iam.yaml", PLACE);

const POLICIES = `
policies:
  read:
    Version: "2012-10-17"
    Statement: { Effect: Allow, Action: execute-api:Invoke, Resource: "*" }
`;
const request = { action: "execute-api:Invoke", resource: "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/" };
const decide = (owner: User | Role | undefined): string => {
  if (!owner) return "nobody";
  return evaluateIdentity(compileIdentityPolicies(owner).policies, request).decision;
};

describe("readIamFile", () => {
  test("reads users with their policies by name, by ARN and inline", () => {
    const { users, findings } = read(`${POLICIES}
users:
  alice:
    path: /shop/
    policies:
      - read
      - arn:aws:iam::aws:policy/AdministratorAccess
      - { Version: "2012-10-17", Statement: [] }
      - arn:aws:iam::123456789012:policy/read
    tags: { team: pets }
  bob:
`);
    expect(findings).toEqual([]);
    expect(users).toEqual([
      {
        arn: "arn:aws:iam::123456789012:user/shop/alice",
        name: "alice",
        userId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
        tags: { team: "pets" },
        accessKeys: [],
        policyDocuments: [expect.anything(), expect.anything(), expect.anything(), expect.anything()],
        unknownPolicyArns: [],
        at: { file: "/app/iam.yaml", line: 8, column: 3 },
      },
      expect.objectContaining({ name: "bob", policyDocuments: [] }),
    ]);
    expect(users[0]?.policyDocuments[0]).toEqual(users[0]?.policyDocuments[3]);
    expect(users.map(decide)).toEqual(["allow", "implicit_deny"]);
  });

  test("gives a user what its groups have, and everyone the organization", () => {
    const { users, roles } = read(`${POLICIES}
organizationId: o-a1b2c3d4e5
organizationPath: o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/
groups: { staff: { policies: [read] } }
users: { alice: { groups: [staff] } }
roles: { web: { trust: { Statement: [] } } }
`);
    expect(decide(users[0])).toBe("allow");
    const organization = { id: "o-a1b2c3d4e5", path: "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/" };
    expect(users[0]?.organization).toEqual(organization);
    expect(roles[0]?.organization).toEqual(organization);
  });

  test("reads roles with their trust under either name", () => {
    const trust = `{ Statement: { Effect: Allow, Principal: { AWS: "123456789012" }, Action: sts:AssumeRole } }`;
    const { roles, findings } = read(`${POLICIES}
roles:
  web: { path: /app/, trust: ${trust}, policies: [read], permissionsBoundary: read }
  api: { assumeRolePolicyDocument: ${trust} }
`);
    expect(findings).toEqual([]);
    expect(roles[0]).toMatchObject({
      arn: "arn:aws:iam::123456789012:role/app/web",
      roleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      assumeRolePolicyDocument: { Statement: { Effect: "Allow" } },
      permissionsBoundary: { Version: "2012-10-17" },
    });
    expect(roles[1]?.assumeRolePolicyDocument).toEqual(roles[0]?.assumeRolePolicyDocument);
    expect(roles.map(decide)).toEqual(["allow", "implicit_deny"]);
  });

  test("reads access keys, and warns of a secret in the file without repeating it", () => {
    const { users, findings } = read(`
users:
  alice:
    accessKeys:
      - { name: laptop }
      - { status: inactive }
      - accessKeyId: AKIAIOSFODNN7EXAMPLE
        secretAccessKey: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
`);
    expect(users[0]?.accessKeys).toMatchObject([
      { name: "laptop", status: "Active", at: { line: 5 } },
      { name: "2", status: "Inactive" },
      { name: "3", accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
    ]);
    expect(findings).toMatchObject([
      { rule: "iam-secret-in-file", severity: "warning", effect: "none", at: { line: 8 } },
    ]);
    expect(JSON.stringify(findings)).not.toContain("wJalr");
  });

  test("the same names have the same ids at every load, in one account", () => {
    const idOf = (accountId: string) =>
      readIamFile("users: { a: {} }", "iam.yaml", { ...PLACE, accountId }).users[0]?.userId;
    expect(idOf("123456789012")).toBe(idOf("123456789012"));
    expect(idOf("123456789012")).not.toBe(idOf("210987654321"));
  });

  test("reads users and roles of other accounts, who share policies and groups but neither names nor the organization", () => {
    const { users, roles, findings } = read(`${POLICIES}
organizationId: o-a1b2c3d4e5
groups: { staff: { policies: [read] } }
users:
  alice: {}
  111122223333/alice: { groups: [staff], path: /shop/ }
  bob: { account: "111122223333", policies: [read], organizationId: o-zzzzzzzzzz }
roles: { web: { account: "111122223333", trust: { Statement: [] } } }
`);
    expect(findings).toEqual([]);
    expect([...users, ...roles].map(({ arn, organization }) => [arn, organization?.id])).toEqual([
      ["arn:aws:iam::123456789012:user/alice", "o-a1b2c3d4e5"],
      ["arn:aws:iam::111122223333:user/shop/alice", undefined],
      ["arn:aws:iam::111122223333:user/bob", "o-zzzzzzzzzz"],
      ["arn:aws:iam::111122223333:role/web", undefined],
    ]);
    expect(users.map(decide)).toEqual(["implicit_deny", "allow", "allow"]);
    expect(users.map(({ name }) => name)).toEqual(["alice", "alice", "bob"]);
    expect(users[0]?.userId).not.toBe(users[1]?.userId);
  });

  test("tells its policies by ARN, and each user's groups, for what other files attach", () => {
    const { users, managedPolicies } = read(`${POLICIES}
groups: { staff: {} }
users: { alice: { groups: [staff] }, bob: {} }
`);
    expect([...managedPolicies.keys()]).toEqual(["arn:aws:iam::123456789012:policy/read"]);
    expect(users.map(({ groups }) => groups)).toEqual([["staff"], undefined]);
  });

  test("an empty file is nobody", () => {
    expect(read("")).toEqual({ users: [], roles: [], managedPolicies: new Map(), findings: [] });
  });

  test("the example of the pet shop is read without a finding", () => {
    const file = join(import.meta.dirname, "../../examples/petstore/iam.yaml");
    const { users, findings } = readIamFile(readFileSync(file, "utf8"), file, PLACE);
    expect(findings).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });
});

describe("what is not understood", () => {
  test.each([
    ["user: {}", "iam-file-key-unknown", 1, 1],
    ["users: { alice: { permisionsBoundary: x } }", "iam-file-key-unknown", 1, 19],
    ["users: { alice: { policies: read } }", "iam-file-invalid", 1, 29],
    ["users: { alice: { policies: [nothing] } }", "iam-file-invalid", 1, 30],
    ["users: { alice: { policies: [3] } }", "iam-file-invalid", 1, 30],
    ["users: { alice: { permissionsBoundary: [] } }", "iam-file-invalid", 1, 19],
    ["users: { alice: { permissionsBoundary: } }", "iam-file-invalid", 1, 40],
    ["users: { alice: { groups: [staff] } }", "iam-file-invalid", 1, 28],
    ["users: { alice: { path: shop } }", "iam-file-invalid", 1, 25],
    ["users: { alice: { tags: { team: 3 } } }", "iam-file-invalid", 1, 33],
    ["users: { alice: 3 }", "iam-file-invalid", 1, 17],
    ["users: [alice]", "iam-file-invalid", 1, 1],
    ["users: { al ice: {} }", "iam-file-invalid", 1, 10],
    ["users: { alice: {}, Alice: {} }", "iam-file-invalid", 1, 21],
    ["users: { alice: { account: 111122223333 } }", "iam-file-invalid", 1, 28],
    ['users: { alice: { account: "1111" } }', "iam-file-invalid", 1, 28],
    ['users: { 111122223333/a: { account: "444455556666" } }', "iam-file-invalid", 1, 37],
    ['users: { a: { account: "111122223333" }, 111122223333/a: {} }', "iam-file-invalid", 1, 42],
    ['users: { a: {}, A: { account: "123456789012" } }', "iam-file-invalid", 1, 17],
    ["users: { 1111/a: {} }", "iam-file-invalid", 1, 10],
    ["users: { 111122223333/a/b: {} }", "iam-file-invalid", 1, 10],
    ["groups: { 111122223333/a: {} }", "iam-file-invalid", 1, 11],
    ["users: { a: { organizationId: o-a1b2c3d4e5 } }", "iam-file-invalid", 1, 31],
    ["users: { alice: { accessKeys: [{ status: On }] } }", "iam-file-invalid", 1, 42],
    ["users: { alice: { accessKeys: [{ accessKeyId: AKIAIOSFODNN7EXAMPLE }] } }", "iam-file-invalid", 1, 32],
    ["users: { alice: { accessKeys: [{ accessKeyId: short, secretAccessKey: x }] } }", "iam-file-invalid", 1, 47],
    ["users: { alice: { accessKeys: [{ name: a }, { name: a }] } }", "iam-file-invalid", 1, 45],
    ["users: { alice: { accessKeys: [{ secret: a }] } }", "iam-file-key-unknown", 1, 34],
    ["groups: { staff: { members: [] } }", "iam-file-key-unknown", 1, 20],
    ["roles: { web: {} }", "iam-file-invalid", 1, 10],
    ["roles: { web: { trust: { Statement: [{ Effect: Allow }] } } }", "iam-file-invalid", 1, 38],
    ["roles: { web: { trust: { Statement: [] }, assumeRolePolicyDocument: {} } }", "iam-file-invalid", 1, 43],
    ["organizationId: acme", "iam-file-invalid", 1, 17],
    ["organizationPath: o-a1b2c3d4e5/r-ab12/", "iam-file-invalid", 1, 19],
    ["- users", "iam-file-invalid", 1, 1],
    ["users: {", "yaml-syntax", 1, 9],
  ])("%s stops the load: %s", (text, rule, line, column) => {
    const { users, roles, findings } = read(text);
    expect([users, roles]).toEqual([[], []]);
    const stops = findings.filter(({ effect }) => effect === "load");
    expect(stops[0]).toMatchObject({ severity: "error", at: { file: "/app/iam.yaml", line } });
    if (rule !== "yaml-syntax") expect(stops[0]).toMatchObject({ rule, at: { column } });
  });

  test("a secret of the wrong kind is named by its kind only", () => {
    const text = "users: { alice: { accessKeys: [{ accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: 123456 }] } }";
    expect(read(text).findings[0]?.message).toBe("secretAccessKey is a number, wanted text.");
  });

  test("a policy that is not understood denies everything to all who have it, at its very place", () => {
    const { users, findings } = read(`${POLICIES}
  broken:
    Statement:
      - { Effect: Allow, Action: "*", Resource: "*" }
      - { Effect: Deny, Action: "*", Resource: "*", Condition: { StringEqual: { aws:username: a } } }
groups: { staff: { policies: [broken] } }
users:
  alice: { policies: [read, broken] }
  bob: { policies: [read], groups: [staff] }
  carol: { policies: [read], permissionsBoundary: broken }
  dave: { policies: [read] }
`);
    expect(users.map(decide)).toEqual(["explicit_deny", "explicit_deny", "explicit_deny", "allow"]);
    expect(findings).toEqual([
      expect.objectContaining({ rule: "iam-policy-invalid", severity: "error", effect: "none" }),
    ]);
    expect(findings[0]?.at).toEqual({ file: "/app/iam.yaml", line: 10, column: 66 });
  });

  test("a managed policy of AWS whose text is not known allows nothing, and is told", () => {
    const { users, findings } = read("users: { alice: { policies: [arn:aws:iam::aws:policy/AmazonS3FullAccess] } }");
    expect(users[0]?.unknownPolicyArns).toEqual(["arn:aws:iam::aws:policy/AmazonS3FullAccess"]);
    expect(decide(users[0])).toBe("implicit_deny");
    expect(findings).toMatchObject([{ rule: "iam-policy-unknown", severity: "warning", at: { column: 30 } }]);
  });

  test("a policy or boundary of an account that the file does not hold denies everything", () => {
    const { users } = read(`${POLICIES}
users:
  alice: { policies: [read, arn:aws:iam::123456789012:policy/other] }
  bob: { policies: [read], permissionsBoundary: arn:aws:iam::123456789012:policy/other }
`);
    expect(users.map(decide)).toEqual(["explicit_deny", "explicit_deny"]);
  });
});

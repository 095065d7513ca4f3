import { describe, expect, test } from "vitest";
import { DENY_EVERYTHING } from "../../aws/iam/compile-identity.ts";
import type { Finding } from "../../model/finding.ts";
import type { Organization, PolicyAttachment, Role, User } from "../../model/iam.ts";
import { type FileIdentities, mergeIdentities } from "./merge-identities.ts";

const PLACE = { accountId: "111122223333", stackName: "local" };
const ORGANIZATION: Organization = { id: "o-a1b2c3d4e5" };

function user(name: string, file: string, organization?: Organization): User {
  return {
    arn: `arn:aws:iam::111122223333:user/${name}`,
    name,
    userId: "AIDA",
    tags: {},
    accessKeys: [],
    policyDocuments: [],
    unknownPolicyArns: [],
    ...(organization && { organization }),
    at: { file, line: 7, column: 3 },
  };
}
function role(name: string, file: string): Role {
  const { userId, accessKeys, ...rest } = user(name, file);
  return { ...rest, roleId: "AROA", assumeRolePolicyDocument: {} };
}
function merge(...files: readonly FileIdentities[]) {
  const findings: Finding[] = [];
  const { users, roles } = mergeIdentities(files, PLACE, findings);
  return {
    users: users.map(({ name }) => name),
    roles: roles.map(({ name }) => name),
    findings,
    all: [...users, ...roles],
  };
}

test("users and roles of all files are there, and a user and a role may have one name", () => {
  const merged = merge(
    { users: [user("a", "a.yaml")], roles: [role("a", "a.yaml")] },
    {},
    { users: [user("b", "b.yaml")] },
  );
  expect(merged).toMatchObject({ users: ["a", "b"], roles: ["a"], findings: [] });
});

test("the organization that one file names is that of all", () => {
  const { all } = merge(
    { users: [user("a", "a.yaml")], roles: [role("r", "a.yaml")] },
    { users: [user("b", "iam.yaml", ORGANIZATION)] },
  );
  expect(all.map(({ organization }) => organization)).toEqual([ORGANIZATION, ORGANIZATION, ORGANIZATION]);
  expect(merge({ users: [user("a", "a.yaml")] }).all[0]).not.toHaveProperty("organization");
});

test("the organization of another account is its own", () => {
  const foreign = { ...user("b", "iam.yaml"), arn: "arn:aws:iam::999988887777:user/b" };
  const { all } = merge({ users: [user("a", "a.yaml", ORGANIZATION), foreign] });
  expect(all.map(({ organization }) => organization)).toEqual([ORGANIZATION, undefined]);
});

test("a user of another account may have the name of one of this", () => {
  const foreign = { ...user("a", "iam.yaml"), arn: "arn:aws:iam::999988887777:user/a" };
  expect(merge({ users: [user("a", "a.yaml")] }, { users: [foreign] })).toMatchObject({
    users: ["a", "a"],
    findings: [],
  });
});

describe("what a file attaches to users and roles of another", () => {
  const deny = { Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] };
  const at = { file: "b.yaml", line: 3, column: 1 };
  const attachment = (holder: PolicyAttachment["holder"], name?: string): PolicyAttachment => {
    return {
      holder,
      ...(name !== undefined && { name }),
      policyDocuments: [deny],
      unknownPolicyArns: [],
      logicalId: "P",
      at,
    };
  };
  const documentsOf = ({ all }: ReturnType<typeof merge>) => all.map(({ policyDocuments }) => policyDocuments.length);

  test("counts: by name, to users, roles and the members of groups", () => {
    const people = { users: [user("a", "iam.yaml"), { ...user("b", "iam.yaml"), groups: ["staff"] }] };
    const file = { ...people, roles: [role("a", "iam.yaml")] };
    for (const [given, counts] of [
      [attachment("User", "a"), [1, 0, 0]],
      [attachment("Role", "a"), [0, 0, 1]],
      [attachment("Group", "staff"), [0, 1, 0]],
    ] as const) {
      const merged = merge(file, { attachments: [given] });
      expect(documentsOf(merged)).toEqual(counts);
      expect(merged.findings).toEqual([]);
    }
  });

  test("to somebody whom no file declares, or who is of another account, is told", () => {
    const foreign = { ...user("a", "iam.yaml"), arn: "arn:aws:iam::999988887777:user/a" };
    const merged = merge({ users: [foreign] }, { attachments: [attachment("User", "a")] });
    expect(documentsOf(merged)).toEqual([0]);
    expect(merged.findings).toMatchObject([
      {
        rule: "policy-target-unknown",
        severity: "warning",
        message: "P is attached to the user a, which no file declares.",
        at,
      },
    ]);
  });

  test("to nobody knows whom is attached to everyone of the other files, and told", () => {
    const own = { users: [user("own", "b.yaml")], attachments: [attachment("User")] };
    const merged = merge({ users: [user("a", "a.yaml")], roles: [role("r", "a.yaml")] }, own);
    expect(documentsOf(merged)).toEqual([1, 0, 0]);
    expect(merged.findings).toMatchObject([{ rule: "policy-target-unreadable", severity: "error" }]);
    expect(merge(own).findings).toEqual([]);
  });

  test("as a managed policy is known by its ARN, unless two declare it or it cannot be read", () => {
    const arn = "arn:aws:iam::111122223333:policy/p";
    const people = { users: [{ ...user("a", "a.yaml"), unknownPolicyArns: [arn, "arn:aws:iam::aws:policy/X"] }] };
    const policies = (document: unknown) => ({ managedPolicies: new Map([[arn, document]]) });
    const granted = (...files: readonly FileIdentities[]) => merge(people, ...files).all[0];
    expect(granted(policies(deny))).toMatchObject({
      policyDocuments: [deny],
      unknownPolicyArns: ["arn:aws:iam::aws:policy/X"],
    });
    expect(granted(policies({}), policies({}))).toMatchObject({ policyDocuments: [DENY_EVERYTHING] });
    expect(granted(policies(undefined))).toMatchObject({ policyDocuments: [DENY_EVERYTHING] });
    expect(granted()).toMatchObject({ policyDocuments: [], unknownPolicyArns: [arn, "arn:aws:iam::aws:policy/X"] });
  });
});

describe("two of one name, whatever their case", () => {
  test("stop the load, and neither is there", () => {
    for (const [one, other] of [
      ["clerk", "clerk"],
      ["Clerk", "clerk"],
    ] as const) {
      const merged = merge(
        { users: [user(one, "a.yaml")] },
        { users: [user(other, "iam.yaml"), user("b", "iam.yaml")] },
      );
      expect(merged.users).toEqual(["b"]);
      expect(merged.findings).toMatchObject([
        {
          rule: "iam-name-collision",
          effect: "load",
          message: `The user ${other} is declared here and at a.yaml:7.`,
          at: { file: "iam.yaml" },
        },
      ]);
    }
  });

  test("that templates had made for them are only told: nobody signs as one of them", () => {
    const merged = merge({ roles: [role("local-R", "a.yaml")] }, { roles: [role("local-R", "b.yaml")] });
    expect(merged.roles).toEqual([]);
    expect(merged.findings).toMatchObject([{ rule: "iam-name-collision", effect: "none", severity: "warning" }]);
  });
});

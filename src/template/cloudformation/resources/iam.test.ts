import { describe, expect, test } from "vitest";
import { DENY_EVERYTHING } from "../../../aws/iam/compile-identity.ts";
import { plainStack } from "../../fixtures/plain-stack.ts";
import { readIdentities } from "./iam.ts";

const INVOKE =
  '{ Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "lambda:InvokeFunction", Resource: "*" }] }';
const invoke = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: "*" }],
};
const DENY = "{ Statement: [{ Effect: Deny, Action: '*', Resource: '*' }] }";
const deny = { Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] };
const TRUST = "AssumeRolePolicyDocument: { Statement: [] }";

/** A stack with the role `R`, the user `U` and more resources. */
function load(role: string, user = "", others = "") {
  const text = `Resources:
  R: { Type: AWS::IAM::Role, Properties: { ${role} } }
  U: { Type: AWS::IAM::User, Properties: { ${user} } }
${others}`;
  const { resources, context, report } = plainStack(text);
  const { roles, users, ...more } = readIdentities(resources, context);
  return {
    ...more,
    role: roles[0],
    user: users[0],
    findings: report.findings,
    rules: report.findings.map(({ rule }) => rule),
  };
}
const loadUser = (user: string, more = "") => load(TRUST, user, more);
const resource = (id: string, type: string, properties: string): string =>
  `  ${id}: { Type: "AWS::IAM::${type}", Properties: { ${properties} } }\n`;

/** What it is when something that decides about it cannot be read. */
const CLOSED = { policyDocuments: [DENY_EVERYTHING] };

describe("a role", () => {
  test("has its trust policy, its inline policies, its tags and its ids", () => {
    const { role, findings } = load(
      `${TRUST}, Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }], Path: /team/, Tags: [{ Key: team, Value: a }]`,
    );
    expect(findings).toEqual([]);
    expect(role).toEqual({
      arn: "arn:aws:iam::123456789012:role/team/shop-R",
      name: "shop-R",
      roleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      tags: { team: "a" },
      assumeRolePolicyDocument: { Statement: [] },
      policyDocuments: [invoke],
      unknownPolicyArns: [],
      at: { file: "/project/template.yaml", line: 2, column: 3 },
    });
  });

  test("may attach managed policies of the stack, known ones of AWS, and others", () => {
    const { role } = load(
      `${TRUST}, ManagedPolicyArns: [{ Ref: P }, "arn:aws:iam::aws:policy/service-role/AWSLambdaRole", "arn:aws:iam::aws:policy/Other", "arn:aws:iam::1:policy/AdministratorAccess"]`,
      "",
      resource("P", "ManagedPolicy", `PolicyDocument: ${INVOKE}`),
    );
    expect(role?.policyDocuments).toEqual([invoke, invoke]);
    expect(role?.unknownPolicyArns).toEqual([
      "arn:aws:iam::aws:policy/Other",
      "arn:aws:iam::1:policy/AdministratorAccess",
    ]);
  });

  test("may have documents as JSON text", () => {
    const { role } = load(`AssumeRolePolicyDocument: '{"Statement":[]}'`);
    expect(role?.assumeRolePolicyDocument).toEqual({ Statement: [] });
  });
});

describe("a permissions boundary", () => {
  test("is a managed policy of the stack, or a known one of AWS", () => {
    const policy = resource("B", "ManagedPolicy", `PolicyDocument: ${INVOKE}`);
    expect(load(`${TRUST}, PermissionsBoundary: { Ref: B }`, "PermissionsBoundary: { Ref: B }", policy)).toMatchObject({
      role: { permissionsBoundary: invoke, policyDocuments: [] },
      user: { permissionsBoundary: invoke },
      findings: [],
    });
    const known = load(`${TRUST}, PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"`);
    expect(known.role?.permissionsBoundary).toMatchObject({
      Statement: [{ Action: ["execute-api:Invoke", "execute-api:ManageConnections"] }],
    });
  });

  test.each(['"arn:aws:iam::1:policy/Limit"', "[x]", "{ Unknown: 1 }"])(
    "that is %s lets nothing through, and neither do the policies",
    (boundary) => {
      const { role, user, rules } = load(
        `${TRUST}, PermissionsBoundary: ${boundary}, Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }]`,
        `PermissionsBoundary: ${boundary}`,
      );
      expect(role).toMatchObject({ ...CLOSED, permissionsBoundary: DENY_EVERYTHING });
      expect(user).toMatchObject({ ...CLOSED, permissionsBoundary: DENY_EVERYTHING });
      expect(rules).toContain("role-policy-unreadable");
      expect(rules).toContain("user-policy-unreadable");
    },
  );
});

describe("what is not known of a role", () => {
  const unknown = `PermissionsBoundary: "arn:aws:iam::123456789012:policy/company", Policies: [{ PolicyName: p, PolicyDocument: { Statement: [{ Resource: { "Unresolved::Ref": x } }] } }]`;
  const trust = (...statements: string[]) =>
    `AssumeRolePolicyDocument: { Statement: [${statements.map((each) => `{ Effect: Allow, Action: sts:AssumeRole, ${each} }`).join(", ")}] }`;

  test.each(["Principal: { Service: lambda.amazonaws.com }", "Principal: { Service: [ec2.amazonaws.com] }"])(
    "that no caller and no integration gets is not worth a word, and closes it all the same: %s",
    (statement) => {
      const { role, findings } = load(`${trust(statement)}, ${unknown}`);
      expect(findings).toEqual([]);
      expect(role).toMatchObject({ ...CLOSED, permissionsBoundary: DENY_EVERYTHING });
      expect(load(`${trust(statement)}, Polices: []`).rules).toEqual(["resource-property-unknown"]);
    },
  );

  test.each([
    [["Principal: { Service: [lambda.amazonaws.com, apigateway.amazonaws.com] }"]],
    [["Principal: { Service: lambda.amazonaws.com }", 'Principal: { AWS: "123456789012" }']],
    [['Principal: { Service: lambda.amazonaws.com, AWS: "123456789012" }']],
    [["NotPrincipal: { Service: lambda.amazonaws.com }"]],
    [['Principal: "*"']],
    [['Principal: { Service: "*" }']],
    [["Principal: { Service: { a: 1 } }"]],
    [["Principal: { Service: lambda.amazonaws.com }", "a: 1"]],
  ])("that somebody may get is told: %j", (statements) => {
    const { role, rules } = load(`${trust(...statements)}, ${unknown}`);
    expect(rules).toContain("permissions-boundary-unknown");
    expect(rules).toContain("role-policy-unreadable");
    expect(role).toMatchObject(CLOSED);
  });
});

describe("a policy resource", () => {
  test.each([
    ["Policy", "PolicyName: p, Roles: [{ Ref: R }], Users: [{ Ref: U }]", true, true],
    ["ManagedPolicy", "Roles: [{ Ref: R }], Users: [{ Ref: U }]", true, true],
    ["RolePolicy", "PolicyName: p, RoleName: { Ref: R }", true, false],
    ["UserPolicy", "PolicyName: p, UserName: { Ref: U }", false, true],
  ])("of type %s with %s is attached to what it names", (type, properties, toRole, toUser) => {
    const { role, user, findings } = load(TRUST, "", resource("P", type, `${properties}, PolicyDocument: ${INVOKE}`));
    expect(findings).toEqual([]);
    expect(role?.policyDocuments).toEqual(toRole ? [invoke] : []);
    expect(user?.policyDocuments).toEqual(toUser ? [invoke] : []);
  });

  test("that cannot be read closes whom it is attached to, and whom it bounds", () => {
    const policy = (attached: string) => resource("P", "ManagedPolicy", `${attached}PolicyDocument: 7`);
    expect(load(TRUST, "", policy("Roles: [{ Ref: R }], "))).toMatchObject({
      role: CLOSED,
      user: { policyDocuments: [] },
    });
    const named = load(`${TRUST}, PermissionsBoundary: { Ref: P }`, "ManagedPolicyArns: [{ Ref: P }]", policy(""));
    expect(named).toMatchObject({ role: { permissionsBoundary: DENY_EVERYTHING }, user: CLOSED });
  });

  test("that names someone who is not in the template is left for whichever file declares them", () => {
    const { findings, role, attachments } = load(
      TRUST,
      "",
      resource(
        "P",
        "Policy",
        `PolicyName: p, Roles: [other, { Ref: R }], Users: [clerk], Groups: [staff], PolicyDocument: ${DENY}`,
      ),
    );
    expect(findings).toEqual([]);
    expect(role?.policyDocuments).toEqual([deny]);
    const given = { policyDocuments: [deny], logicalId: "P", at: { line: 4 } };
    expect(attachments).toMatchObject([
      { holder: "User", name: "clerk", ...given },
      { holder: "Group", name: "staff", ...given },
      { holder: "Role", name: "other", ...given },
    ]);
  });

  test("that cannot be read, or may be attached to anybody, leaves a Deny of everything for other files", () => {
    const policy = (attached: string, document: string) =>
      load(TRUST, "", resource("P", "ManagedPolicy", `${attached}, PolicyDocument: ${document}`)).attachments;
    const policyDocuments = [DENY_EVERYTHING];
    expect(policy("Roles: [other]", "7")).toMatchObject([{ holder: "Role", name: "other", policyDocuments }]);
    expect(policy("Roles: [{ a: 1 }]", DENY)).toMatchObject([{ holder: "User" }, { holder: "Role", policyDocuments }]);
    expect(policy("Roles: [{ a: 1 }]", INVOKE)).toEqual([]);
  });

  test("that is managed is known by its ARN to other files", () => {
    const { managedPolicies } = load(TRUST, "", resource("P", "ManagedPolicy", `PolicyDocument: ${INVOKE}`));
    expect([...managedPolicies]).toEqual([
      [expect.stringMatching(/^arn:aws:iam::123456789012:policy\/shop-P/), invoke],
    ]);
  });

  test("of a group is given to the users of other files whom the template puts into it", () => {
    const addition = (group: string) =>
      resource("G", "Group", `GroupName: staff, Policies: [{ PolicyName: p, PolicyDocument: ${DENY} }]`) +
      resource("A", "UserToGroupAddition", `GroupName: ${group}, Users: [clerk, { Ref: U }]`);
    const { user, attachments } = load(TRUST, "", addition("staff"));
    expect(user).toMatchObject({ groups: ["staff"], policyDocuments: [deny] });
    expect(attachments).toMatchObject([{ holder: "User", name: "clerk", policyDocuments: [deny], logicalId: "A" }]);
    expect(load(TRUST, "", addition("nobody")).attachments).toMatchObject([{ policyDocuments: [DENY_EVERYTHING] }]);
    const unreadable = resource("A", "UserToGroupAddition", "GroupName: staff, Users: [{ a: 1 }]");
    expect(load(TRUST, "", unreadable).attachments).toMatchObject([{ policyDocuments: [DENY_EVERYTHING] }]);
  });

  test.each(["Roles: [{ a: 1 }], Users: [{ a: 1 }]", "Roles: x, Users: x", "Role: [{ Ref: R }]"])(
    "with %s may deny to anyone: everyone is closed, unless it only allows",
    (attached) => {
      const policy = (document: string) =>
        resource("P", "Policy", `PolicyName: p, ${attached}, PolicyDocument: ${document}`);
      const both =
        "{ Statement: [{ Effect: Allow, Action: a, Resource: b }, { Effect: Deny, Action: a, Resource: b }] }";
      for (const document of [DENY, both, "{}", "{ Statement: x }", "7"]) {
        expect(load(TRUST, "", policy(document))).toMatchObject({ role: CLOSED, user: CLOSED });
      }
      const allowing = load(TRUST, "", policy(INVOKE));
      expect(allowing).toMatchObject({ role: { policyDocuments: [] }, user: { policyDocuments: [] } });
      expect(allowing.rules).not.toContain("role-policy-unreadable");
    },
  );
});

describe("a role or user of which something cannot be read allows nothing", () => {
  test.each([
    `Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }, { PolicyName: q, PolicyDocument: 7 }]`,
    `Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }, { PolicyName: q }]`,
    `Policies: [{ PolicyName: p, PolicyDocument: { Statement: [{ Resource: { "Unresolved::Ref": x } }] } }]`,
    `Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE}, Polizy: 1 }]`,
    "Policies: x",
    "Policies: [x]",
    "Polices: []",
    "ManagedPolicyArns: x",
    "ManagedPolicyArns: [{ a: 1 }]",
    "Path: team",
    "Tags: { a: b }",
    "Tags: [{ Key: a, Value: [b] }]",
    "Tags: [{ Value: b }]",
  ])("%s", (properties) => {
    const { role, user, rules } = load(`${TRUST}, ${properties}`, properties);
    expect(role).toMatchObject(CLOSED);
    expect(user).toMatchObject(CLOSED);
    expect(rules).toContain("role-policy-unreadable");
    expect(rules).toContain("user-policy-unreadable");
  });

  test("nobody may assume a role whose trust policy is not known", () => {
    for (const trust of [
      "",
      "AssumeRolePolicyDocument: 7",
      'AssumeRolePolicyDocument: { a: { "Unresolved::x": 1 } }',
    ]) {
      expect(load(trust).role?.assumeRolePolicyDocument).toBeUndefined();
    }
  });

  test.each(["RoleName: a b", "UserName: a b"])("%s", (name) => {
    const { role, user } = name.startsWith("Role") ? load(`${TRUST}, ${name}`) : loadUser(name);
    expect(name.startsWith("Role") ? role : user).toMatchObject(CLOSED);
  });
});

describe("a user", () => {
  test("has a name, a path, tags and an id", () => {
    const { user, findings } = loadUser(
      "UserName: clerk, Path: /shop/, LoginProfile: { Password: x }, Tags: [{ Key: a, Value: 1 }]",
    );
    expect(findings).toEqual([]);
    expect(user).toEqual({
      arn: "arn:aws:iam::123456789012:user/shop/clerk",
      name: "clerk",
      userId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      tags: { a: "1" },
      accessKeys: [],
      policyDocuments: [],
      unknownPolicyArns: [],
      at: { file: "/project/template.yaml", line: 3, column: 3 },
    });
  });

  const GROUP = resource(
    "G",
    "Group",
    `GroupName: staff, Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }], ManagedPolicyArns: ["arn:aws:iam::aws:policy/Other"]`,
  );

  test("has the policies of its groups, its own list's and those it is added to, once each", () => {
    const attached = resource("P", "GroupPolicy", `PolicyName: q, GroupName: { Ref: G }, PolicyDocument: ${DENY}`);
    const addition = resource("A", "UserToGroupAddition", "GroupName: staff, Users: [{ Ref: U }]");
    for (const { user, findings } of [
      loadUser("Groups: [{ Ref: G }]", GROUP + attached),
      loadUser("", GROUP + attached + addition),
      loadUser("Groups: [staff]", GROUP + attached + addition),
    ]) {
      expect(findings).toEqual([]);
      expect(user?.policyDocuments).toEqual([invoke, deny]);
      expect(user?.unknownPolicyArns).toEqual(["arn:aws:iam::aws:policy/Other"]);
    }
    expect(loadUser("", GROUP + attached).user?.policyDocuments).toEqual([]);
  });

  test.each([
    ["a group that is not in the template", "Groups: [admins]", "", "group-unknown"],
    ["groups that cannot be read", "Groups: x", GROUP, "resource-property-invalid"],
    [
      "a group with a slip of the pen",
      "Groups: [g]",
      resource("G", "Group", "GroupName: g, Polices: []"),
      "resource-property-unknown",
    ],
    [
      "an addition without users",
      "",
      GROUP + resource("A", "UserToGroupAddition", "GroupName: staff"),
      "resource-property-missing",
    ],
    [
      "an addition without a group",
      "",
      resource("A", "UserToGroupAddition", "Users: [{ Ref: U }]"),
      "resource-property-missing",
    ],
    [
      "an addition of whom nobody knows",
      "",
      GROUP + resource("A", "UserToGroupAddition", "GroupName: staff, Users: [{ a: 1 }]"),
      "resource-property-invalid",
    ],
  ])("with %s allows nothing", (_, user, more, rule) => {
    const loaded = loadUser(user, more);
    expect(loaded.user).toMatchObject(CLOSED);
    expect(loaded.rules).toContain(rule);
    expect(loaded.findings.every(({ effect, severity }) => effect === "none" && severity === "warning")).toBe(true);
  });
});

describe("an access key", () => {
  test("is declared with its user, active unless it says otherwise, and renewed by its serial number", () => {
    const { user, findings } = loadUser(
      "",
      resource("K", "AccessKey", "UserName: { Ref: U }") +
        resource("L", "AccessKey", "UserName: { Ref: U }, Status: Inactive, Serial: 2"),
    );
    expect(findings).toEqual([]);
    expect(user?.accessKeys).toEqual([
      { name: "K", status: "Active", at: { file: "/project/template.yaml", line: 4, column: 3 } },
      { name: "L.2", status: "Inactive", at: { file: "/project/template.yaml", line: 5, column: 3 } },
    ]);
  });

  test.each([
    ["", "resource-property-missing"],
    ["UserName: nobody", "access-key-user-unknown"],
    ["UserName: [x]", "resource-property-invalid"],
    ["UserName: shop-U, Status: On", "resource-property-invalid"],
    ["UserName: shop-U, Serial: x", "resource-property-invalid"],
    ["UserName: shop-U, State: Active", "resource-property-unknown"],
  ])("with %j signs nothing", (properties, rule) => {
    const { user, rules } = loadUser("", resource("K", "AccessKey", properties));
    expect(user?.accessKeys).toEqual([]);
    expect(rules).toContain(rule);
  });
});

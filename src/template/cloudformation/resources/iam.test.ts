import { expect, test } from "vitest";
import { plainStack } from "../../fixtures/plain-stack.ts";
import { readRoles } from "./iam.ts";

const INVOKE =
  '{ Version: "2012-10-17", Statement: [{ Effect: Allow, Action: "lambda:InvokeFunction", Resource: "*" }] }';
const invoke = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: "*" }],
};
const TRUST = "AssumeRolePolicyDocument: { Statement: [] }";

function load(role: string, more = "") {
  const text = `Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: { ${role} }\n${more}`;
  const { resources, context, report } = plainStack(text);
  return { role: readRoles(resources, context)[0], findings: report.findings };
}

test("a role has its trust policy and its inline policies", () => {
  const { role, findings } = load(`${TRUST}, Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }]`);
  expect(findings).toEqual([]);
  expect(role).toMatchObject({
    arn: "arn:aws:iam::123456789012:role/shop-R",
    name: "shop-R",
    assumeRolePolicyDocument: { Statement: [] },
    policyDocuments: [invoke],
    unknownPolicyArns: [],
  });
});

test.each([
  ["AWS::IAM::Policy", `PolicyName: p, Roles: [{ Ref: R }]`],
  ["AWS::IAM::ManagedPolicy", `Roles: [{ Ref: R }]`],
  ["AWS::IAM::RolePolicy", `PolicyName: p, RoleName: { Ref: R }`],
])("an %s is attached to the role it names", (type, properties) => {
  const policy = `  P: { Type: "${type}", Properties: { ${properties}, PolicyDocument: ${INVOKE} } }\n`;
  expect(load(TRUST, policy).role?.policyDocuments).toEqual([invoke]);
  expect(load(TRUST, policy.replace("{ Ref: R }", "other")).role?.policyDocuments).toEqual([]);
});

test("a role may attach managed policies of the stack, known ones of AWS, and others", () => {
  const { role } = load(
    `${TRUST}, ManagedPolicyArns: [{ Ref: P }, "arn:aws:iam::aws:policy/service-role/AWSLambdaRole", "arn:aws:iam::aws:policy/Other", "arn:aws:iam::1:policy/AdministratorAccess"]`,
    `  P: { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument: ${INVOKE} } }\n`,
  );
  expect(role?.policyDocuments).toEqual([invoke, invoke]);
  expect(role?.unknownPolicyArns).toEqual([
    "arn:aws:iam::aws:policy/Other",
    "arn:aws:iam::1:policy/AdministratorAccess",
  ]);
});

test("a role with a permissions boundary, or a policy that cannot be read, allows nothing", () => {
  const policies = `Policies: [{ PolicyName: p, PolicyDocument: ${INVOKE} }`;
  const bounded = load(`${TRUST}, ${policies}], PermissionsBoundary: "arn:b"`);
  expect(bounded.role).toMatchObject({ policyDocuments: [], unknownPolicyArns: ["arn:b"] });
  expect(bounded.findings).toMatchObject([{ rule: "role-boundary-unsupported", effect: "none" }]);
  const unreadable = load(`${TRUST}, ${policies}, { PolicyName: q, PolicyDocument: 7 }]`);
  expect(unreadable.role?.policyDocuments).toEqual([]);
  expect(unreadable.findings.map(({ rule }) => rule)).toContain("role-policy-unreadable");
});

test("documents may be JSON text", () => {
  const { role } = load(`AssumeRolePolicyDocument: '{"Statement":[]}'`);
  expect(role?.assumeRolePolicyDocument).toEqual({ Statement: [] });
});

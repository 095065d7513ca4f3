import { describe, expect, test } from "vitest";
import { compileIdentityPolicies, compileUser } from "../aws/iam/compile-identity.ts";
import type { Identity } from "../aws/iam/identity.ts";
import type { Role, User } from "../model/iam.ts";
import type { FunctionPermission, InvokeAccess } from "../model/invoke-access.ts";
import {
  type InvokeEvidence,
  type InvokeVerdict,
  isCallerCredentials,
  judgeCallerInvoke,
  judgeInvoke,
} from "./invoke-access.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:test";
const SOURCE = "arn:aws:execute-api:us-east-1:123456789012:abc123/$default/GET/pets/{id}";
const ROLE = "arn:aws:iam::123456789012:role/invoke";
const LATER = { file: "t.yaml", line: 7, column: 1 };
const AT = { file: "t.yaml", line: 1, column: 1 };

function permission(given: Partial<FunctionPermission> = {}): InvokeAccess {
  const base = {
    functionArn: FUNCTION,
    action: "lambda:InvokeFunction",
    principal: "apigateway.amazonaws.com",
    at: AT,
  };
  return { roles: [], permissions: [{ ...base, ...given }] };
}

const document = (more: object) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });

function role(given: Partial<Role> = {}): InvokeAccess {
  return {
    permissions: [],
    roles: [
      {
        arn: ROLE,
        name: "invoke",
        assumeRolePolicyDocument: document({
          Principal: { Service: "apigateway.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
        policyDocuments: [document({ Action: "lambda:InvokeFunction", Resource: FUNCTION })],
        roleId: "AROAEXAMPLE",
        tags: {},
        unknownPolicyArns: [],
        at: AT,
        ...given,
      },
    ],
  };
}

describe("without a role the function's own permissions decide", () => {
  const ask = (access: InvokeAccess, sourceArn = SOURCE) =>
    judgeInvoke({ functionArn: FUNCTION, sourceArn, access }).ok;
  test.each([
    ["no source", {}, true],
    ["a source with wildcards", { sourceArn: "arn:aws:execute-api:us-east-1:123456789012:abc123/*/*/*" }, true],
    ["the route as written", { sourceArn: SOURCE }, true],
    ["the account", { sourceAccount: "123456789012" }, true],
    ["every action", { action: "lambda:*" }, true],
    ["another API", { sourceArn: "arn:aws:execute-api:us-east-1:123456789012:other/*/*" }, false],
    ["another verb", { sourceArn: SOURCE.replace("GET", "POST") }, false],
    ["another path", { sourceArn: SOURCE.replace("pets", "toys") }, false],
    ["another region", { sourceArn: SOURCE.replace("us-east-1", "eu-west-1") }, false],
    ["another account", { sourceAccount: "000000000000" }, false],
    ["another service", { principal: "s3.amazonaws.com" }, false],
    ["another action", { action: "lambda:GetFunction" }, false],
    ["another function", { functionArn: `${FUNCTION}2` }, false],
    ["an alias of it", { functionArn: `${FUNCTION}:live` }, false],
  ])("a permission for %s: %s", (_, given, allowed) => {
    expect(ask(permission(given))).toBe(allowed);
  });

  test("none at all is a refusal that names the function, the source, and the statement to add", () => {
    const verdict = judgeInvoke({ functionArn: FUNCTION, sourceArn: SOURCE, access: { roles: [], permissions: [] } });
    expect(verdict).toEqual({
      ok: false,
      refusal: {
        rule: "invoke-permission-missing",
        cause: `invoke-permission-missing ${FUNCTION}`,
        evidence: {
          message: `no permission lets apigateway.amazonaws.com invoke ${FUNCTION} as ${SOURCE}`,
          check:
            'Add {Type: AWS::Lambda::Permission, Properties: {Action: lambda:InvokeFunction, FunctionName: "test", Principal: apigateway.amazonaws.com, SourceArn: !Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${API}/$default/GET/pets/*"}}, with the API\'s logical id for API.',
          expected: SOURCE,
          actual: "no permission",
        },
      },
    });
  });

  test("the statement to add names the version or alias, and has * for a method declared ANY", () => {
    const [functionArn, sourceArn] = [`${FUNCTION}:live`, SOURCE.replace("GET/pets/{id}", "ANY/{proxy+}")];
    const { check } = evidenceOf(judgeInvoke({ functionArn, sourceArn, access: { roles: [], permissions: [] } }));
    expect(check).toContain('FunctionName: "test:live"');
    expect(check).toContain("${API}/$default/*/*");
  });

  const near = (...given: Partial<FunctionPermission>[]): InvokeAccess => ({
    roles: [],
    permissions: given.flatMap((each) => permission(each).permissions),
  });
  test.each<[string, InvokeAccess, string, string]>([
    [
      "the one whose source agrees for longer",
      near({ sourceArn: SOURCE.replace("abc123", "zzz") }, { sourceArn: SOURCE.replace("pets", "toys"), at: LATER }),
      `; the nearest, at t.yaml:7, has SourceArn ${SOURCE.replace("pets", "toys")}`,
      SOURCE.replace("pets", "toys"),
    ],
    [
      "the one with fewer differences",
      near({ principal: "s3.amazonaws.com", sourceArn: "arn:x" }, { action: "lambda:GetFunction", at: LATER }),
      "; the nearest, at t.yaml:7, has Action lambda:GetFunction",
      "Action lambda:GetFunction",
    ],
    [
      "one for an alias",
      near({ functionArn: `${FUNCTION}:live`, sourceArn: SOURCE }),
      `; the nearest, at t.yaml:1, has FunctionName ${FUNCTION}:live`,
      SOURCE,
    ],
    [
      "one that is narrowed",
      near({ narrowedBy: ["EventSourceToken"] }),
      "; the nearest, at t.yaml:1, has EventSourceToken, which API Gateway's calls do not meet",
      "EventSourceToken, which API Gateway's calls do not meet",
    ],
  ])("the nearest permission is %s", (_, access, said, actual) => {
    const evidence = evidenceOf(judgeInvoke({ functionArn: FUNCTION, sourceArn: SOURCE, access }));
    expect(evidence.message.slice(evidence.message.indexOf(";"))).toBe(said);
    expect(evidence.actual).toBe(actual);
  });

  test("of an unqualified function, a permission without qualifier does not hold for an alias (D)", () => {
    expect(judgeInvoke({ functionArn: `${FUNCTION}:live`, sourceArn: SOURCE, access: permission() }).ok).toBe(false);
    const access = permission({ functionArn: `${FUNCTION}:live` });
    expect(judgeInvoke({ functionArn: `${FUNCTION}:live`, sourceArn: SOURCE, access }).ok).toBe(true);
  });
});

function evidenceOf(verdict: InvokeVerdict): InvokeEvidence {
  if (verdict.ok) throw new Error("it is allowed");
  return verdict.refusal.evidence;
}

describe("with a role its trust and its policies decide", () => {
  const ask = (access: InvokeAccess, credentialsArn = ROLE) =>
    judgeInvoke({ functionArn: FUNCTION, sourceArn: SOURCE, credentialsArn, access });
  const statement = `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"${FUNCTION}"}`;
  const invokes = (Resource: string) => document({ Action: "lambda:InvokeFunction", Resource });

  test("one that API Gateway may assume and that may invoke the function will do, within its boundary too", () => {
    expect(ask(role())).toEqual({ ok: true });
    expect(ask(role({ permissionsBoundary: document({ Action: "lambda:*", Resource: "*" }) }))).toEqual({ ok: true });
  });

  test.each<[string, Partial<Role>, string, string, string]>([
    [
      "is not there",
      { arn: "arn:aws:iam::123456789012:role/other" },
      "invoke-role-unknown",
      `role ${ROLE} is not defined`,
      "Define it in the template or in iam.yaml, with a trust policy",
    ],
    [
      "trusts another service",
      {
        assumeRolePolicyDocument: document({
          Principal: { Service: "lambda.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
      },
      "invoke-role-not-assumable",
      "does not let apigateway.amazonaws.com assume it: the nearest, statement 1, has Principal Service: lambda.amazonaws.com",
      'Add to the trust policy of invoke: {"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}.',
    ],
    [
      "has a trust policy that is none",
      { assumeRolePolicyDocument: "trust" },
      "invoke-role-not-assumable",
      "the trust policy of invoke does not let",
      "Add to the trust policy",
    ],
    [
      "has a list for a statement",
      { assumeRolePolicyDocument: { Version: "2012-10-17", Statement: [[]] } },
      "invoke-role-not-assumable",
      "assume it: Statement[0] is [], wanted an object",
      "Add to the trust policy",
    ],
    [
      "may invoke another function",
      { policyDocuments: [invokes(`${FUNCTION}2`)] },
      "invoke-role-denies",
      `no policy of invoke allows lambda:InvokeFunction on ${FUNCTION}: the nearest, statement 1, has Resource ${FUNCTION}2`,
      `Add to a policy of invoke: ${statement}.`,
    ],
    [
      "may under a condition that the call does not meet",
      {
        policyDocuments: [
          document({
            Action: "lambda:*",
            Resource: "*",
            Condition: { StringEquals: { "aws:PrincipalTag/team": "pets" } },
          }),
        ],
      },
      "invoke-role-denies",
      "has the condition StringEquals aws:PrincipalTag/team pets, and the call has no such key",
      `Add to a policy of invoke: ${statement}.`,
    ],
    ["has no policy", { policyDocuments: [] }, "invoke-role-denies", "it has no Allow statement", "Add to a policy"],
    [
      "has a policy of AWS of unknown text",
      { policyDocuments: [], unknownPolicyArns: ["arn:aws:iam::aws:policy/Some"] },
      "invoke-role-denies",
      "not known here: arn:aws:iam::aws:policy/Some",
      "Add to a policy",
    ],
    [
      "has a policy that is none",
      { policyDocuments: [invokes(FUNCTION), { Statement: 1 }] },
      "invoke-role-denies",
      "is not understood",
      "Correct the policy document.",
    ],
    [
      "has a Deny",
      {
        policyDocuments: [
          invokes(FUNCTION),
          { Statement: { Sid: "No", Effect: "Deny", Action: "lambda:*", Resource: "*" } },
        ],
      },
      "invoke-role-denies",
      `a policy of invoke denies lambda:InvokeFunction on ${FUNCTION}: No has Effect Deny on *`,
      "Narrow that statement.",
    ],
    [
      "is bounded to something else",
      { permissionsBoundary: document({ Action: "s3:*", Resource: "*" }) },
      "invoke-role-denies",
      "the permissions boundary of invoke does not allow lambda:InvokeFunction",
      `Add to the permissions boundary of invoke: ${statement}.`,
    ],
  ])("one that %s is a refusal", (_, given, rule, said, check) => {
    const verdict = ask(role(given));
    expect(verdict).toMatchObject({ ok: false, refusal: { rule } });
    expect(evidenceOf(verdict).message).toContain(said);
    expect(evidenceOf(verdict).check).toContain(check);
  });

  test("a policy for the function alone does not hold for its alias (D)", () => {
    const verdict = judgeInvoke({
      functionArn: `${FUNCTION}:live`,
      sourceArn: SOURCE,
      credentialsArn: ROLE,
      access: role(),
    });
    expect(verdict.ok).toBe(false);
  });
});

describe("with the caller's own credentials the caller's policies decide", () => {
  const NOW = Date.UTC(2026, 10, 21);
  const caller = (given: Partial<User> = {}): Identity => {
    const user: User = {
      arn: "arn:aws:iam::123456789012:user/alice",
      name: "alice",
      userId: "AIDAEXAMPLE",
      tags: {},
      accessKeys: [],
      policyDocuments: [document({ Action: "lambda:InvokeFunction", Resource: FUNCTION })],
      unknownPolicyArns: [],
      at: AT,
      ...given,
    };
    const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    return compileUser(user, compileIdentityPolicies(user).policies, key);
  };

  test("a caller who may invoke the function does, also under conditions on the caller and the time", () => {
    const Condition = {
      StringEquals: { "aws:username": "alice" },
      DateLessThan: { "aws:CurrentTime": "2026-11-22T00:00:00Z" },
    };
    expect(judgeCallerInvoke(FUNCTION, caller(), NOW)).toBeUndefined();
    const policyDocuments = [document({ Action: "lambda:*", Resource: "*", Condition })];
    expect(judgeCallerInvoke(FUNCTION, caller({ policyDocuments }), NOW)).toBeUndefined();
    expect(judgeCallerInvoke(FUNCTION, caller({ policyDocuments }), NOW + 86_400_000)).toBeDefined();
  });

  test.each<[string, Identity | undefined, string]>([
    ["nobody who signed", undefined, "the caller has none"],
    [
      "a caller who may call the API alone",
      caller({ policyDocuments: [document({ Action: "execute-api:Invoke", Resource: "*" })] }),
      "has Action execute-api:Invoke",
    ],
    [
      "a caller of another account",
      caller({ arn: "arn:aws:iam::999999999999:user/alice" }),
      `is of another account than ${FUNCTION}`,
    ],
    [
      "a caller whose boundary leaves it out",
      caller({ permissionsBoundary: document({ Action: "execute-api:*", Resource: "*" }) }),
      "may not invoke",
    ],
  ])("%s does not", (_, who, said) => {
    expect(judgeCallerInvoke(FUNCTION, who, NOW)?.message).toContain(said);
  });

  test("they are arn:aws:iam::*:user/* in any partition, and nothing else", () => {
    expect(isCallerCredentials("arn:aws:iam::*:user/*")).toBe(true);
    expect(isCallerCredentials("arn:aws-cn:iam::*:user/*")).toBe(true);
    expect(isCallerCredentials("arn:aws:iam::123456789012:user/*")).toBe(false);
    expect(isCallerCredentials(ROLE)).toBe(false);
  });
});

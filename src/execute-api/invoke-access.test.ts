import { describe, expect, test } from "vitest";
import type { FunctionPermission, InvokeAccess, Role } from "../model/invoke-access.ts";
import { judgeInvoke } from "./invoke-access.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:test";
const SOURCE = "arn:aws:execute-api:us-east-1:123456789012:abc123/$default/GET/pets/{id}";
const ROLE = "arn:aws:iam::123456789012:role/invoke";
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

  test("none at all is a refusal that names the function", () => {
    expect(judgeInvoke({ functionArn: FUNCTION, sourceArn: SOURCE, access: { roles: [], permissions: [] } })).toEqual({
      ok: false,
      message: `no permission lets apigateway.amazonaws.com invoke ${FUNCTION}`,
    });
  });
});

describe("with a role its trust and its policies decide", () => {
  const ask = (access: InvokeAccess, credentialsArn = ROLE) =>
    judgeInvoke({ functionArn: FUNCTION, sourceArn: SOURCE, credentialsArn, access });
  test("one that API Gateway may assume and that may invoke the function will do", () => {
    expect(ask(role())).toEqual({ ok: true });
  });

  test.each([
    ["is not there", { arn: "arn:aws:iam::123456789012:role/other" }, "is not defined"],
    [
      "trusts another service",
      {
        assumeRolePolicyDocument: document({
          Principal: { Service: "lambda.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
      },
      "does not let",
    ],
    [
      "may invoke another function",
      { policyDocuments: [document({ Action: "lambda:InvokeFunction", Resource: `${FUNCTION}2` })] },
      "no policy",
    ],
    ["has no policy", { policyDocuments: [] }, "no policy"],
    [
      "has a policy of unknown text",
      { policyDocuments: [], unknownPolicyArns: ["arn:aws:iam::aws:policy/Some"] },
      "not known here",
    ],
    ["has a policy that is none", { policyDocuments: [{ Statement: 1 }] }, "a policy of"],
  ] as const)("one that %s is a refusal", (_, given, said) => {
    const verdict = ask(role(given as Partial<Role>));
    expect(verdict).toMatchObject({ ok: false, message: expect.stringContaining(said) });
  });

  test("the caller's own credentials are refused: no callers are known here", () => {
    expect(ask(role(), "arn:aws:iam::*:user/*")).toMatchObject({ ok: false });
  });
});

import { parseArn, splitArn } from "../aws/arn.ts";
import { compileIdentityPolicies, type PoliciesVerdict } from "../aws/iam/compile-identity.ts";
import { evaluateIdentity } from "../aws/iam/evaluate-identity.ts";
import type { Identity } from "../aws/iam/identity.ts";
import { evaluateTrust } from "../aws/iam/trust-policy.ts";
import type { AccessVerdict, StatementFailure } from "../aws/policy/evaluate-policy.ts";
import { formatPolicyProblem } from "../aws/policy/parse-policy.ts";
import type { Role } from "../model/iam.ts";
import type { InvokeAccess } from "../model/invoke-access.ts";
import { API_GATEWAY, INVOKE, judgeFunctionPolicy } from "./function-policy.ts";
import { listed } from "./near-misses.ts";
import type { RefusalEvidence } from "./refusal-evidence.ts";

/** `$context.integrationErrorMessage` of an HTTP API's integration that may not be invoked (R). */
export const INVOKE_REFUSED_LOG_TEXT =
  "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again.";
/** The same of a REST API, in execution logs (C) and as `$context.integration.error` (C: sal-blog.com/iam-api-gateway-500error). */
export const REST_INVOKE_REFUSED_LOG_TEXT =
  "Execution failed due to configuration error: Invalid permissions on Lambda function";

/** The caller's own credentials are passed through (D). */
const CALLER_CREDENTIALS = /^arn:[^:]+:iam::\*:user\/\*$/;

export interface InvokeQuestion {
  /** With its version or alias. */
  readonly functionArn: string;
  /** Of the route or the authorizer that invokes, `{param}` parts as written. */
  readonly sourceArn: string;
  /** The role the gateway assumes; without it the function's own policy decides. */
  readonly credentialsArn?: string | undefined;
  readonly access: InvokeAccess;
}

export type InvokeVerdict = { readonly ok: true } | { readonly ok: false; readonly refusal: InvokeRefusal };

/** Why a function may not be invoked: what a request's record says of it, and the rule of the finding at load. */
export interface InvokeRefusal {
  readonly rule:
    | "invoke-permission-missing"
    | "invoke-role-unknown"
    | "invoke-role-not-assumable"
    | "invoke-role-denies"
    | "invoke-caller-not-iam";
  /** The same for all routes that fail for the same reason. */
  readonly cause: string;
  readonly evidence: InvokeEvidence;
}

/** `check` is the statement that is missing. */
export type InvokeEvidence = Omit<RefusalEvidence, "reason"> & { readonly check: string };

/** Whether a role stands for the caller's own. */
export function isCallerCredentials(credentialsArn: string): boolean {
  return CALLER_CREDENTIALS.test(credentialsArn);
}

/**
 * Whether API Gateway may invoke a function, by what the files declare; what is not known does not allow. The caller's own
 * credentials are none that the files know: `judgeCallerInvoke` is for them.
 */
export function judgeInvoke({ functionArn, sourceArn, credentialsArn, access }: InvokeQuestion): InvokeVerdict {
  if (credentialsArn !== undefined) {
    const role = access.roles.find((each) => each.arn === credentialsArn);
    return role === undefined ? refuseUnknownRole(credentialsArn, functionArn) : judgeRole(role, functionArn);
  }
  const verdict = judgeFunctionPolicy(access.permissions, functionArn, sourceArn);
  if (verdict.ok) return verdict;
  const { nearest } = verdict;
  const { file, line } = nearest?.permission.at ?? {};
  const found = nearest?.failures.join(", ");
  const besides = nearest === undefined ? "" : `; the nearest, at ${file}:${line}, has ${found}`;
  return refuse("invoke-permission-missing", functionArn, {
    message: `no permission lets ${API_GATEWAY} invoke ${functionArn} as ${sourceArn}${besides}`,
    check: permissionToAdd(functionArn, sourceArn),
    expected: sourceArn,
    actual: nearest?.permission.sourceArn ?? found ?? "no permission",
  });
}

/**
 * Why the caller of a request may not invoke a function whose integration passes the caller's credentials on; undefined
 * when it may. The caller's policies have to allow: whether the function's own could instead is (?).
 */
export function judgeCallerInvoke(
  functionArn: string,
  caller: Identity | undefined,
  nowMs: number,
): InvokeEvidence | undefined {
  const expected = `Allow ${INVOKE} on ${functionArn}`;
  if (caller === undefined) return callerMissing(functionArn);
  const { arn, accountId, conditionKeys, policies } = caller;
  const check = `Add to a policy of ${arn}: ${allowStatement(functionArn)}.`;
  if (accountId !== parseArn(functionArn)?.accountId) {
    const message = `the caller ${arn} is of another account than ${functionArn}`;
    return { message, check: "Call with credentials of the function's account.", expected, actual: accountId };
  }
  const verdict = evaluateIdentity(policies, {
    action: INVOKE,
    resource: functionArn,
    // Which keys describe the client when API Gateway calls in its name is (?): those of the caller and the time are sure.
    context: {
      ...conditionKeys,
      "aws:EpochTime": Math.floor(nowMs / 1000),
      "aws:CurrentTime": new Date(nowMs).toISOString(),
    },
  });
  if (verdict.decision === "allow") return undefined;
  const actual = describe(verdict, policies.unknownPolicyArns);
  return { message: `the caller ${arn} may not invoke ${functionArn}: ${actual}`, check, expected, actual };
}

/** Of a method whose caller is never known by its credentials. */
export function refuseCallerCredentials(functionArn: string): InvokeVerdict {
  return refuse("invoke-caller-not-iam", "caller", callerMissing(functionArn));
}

function callerMissing(functionArn: string): InvokeEvidence {
  return {
    message: `the integration passes the caller's credentials on to ${functionArn}, and the caller has none`,
    check: "Set the method's authorization to AWS_IAM, or name a role in place of arn:aws:iam::*:user/*.",
    expected: "authorization AWS_IAM",
    actual: "a caller without credentials",
  };
}

function refuse(rule: InvokeRefusal["rule"], cause: string, evidence: InvokeEvidence): InvokeVerdict {
  return { ok: false, refusal: { rule, cause: `${rule} ${cause}`, evidence } };
}

function refuseUnknownRole(credentialsArn: string, functionArn: string): InvokeVerdict {
  return refuse("invoke-role-unknown", credentialsArn, {
    message: `role ${credentialsArn} is not defined`,
    check: `Define it in the template or in iam.yaml, with a trust policy of ${ASSUME_STATEMENT} and a policy of ${allowStatement(functionArn)}.`,
    expected: "a role of the template or of iam.yaml",
    actual: credentialsArn,
  });
}

function judgeRole(role: Role, functionArn: string): InvokeVerdict {
  const { name } = role;
  const cause = `${role.arn} ${functionArn}`;
  const principal = { type: "service", service: API_GATEWAY } as const;
  const trust = evaluateTrust(role.assumeRolePolicyDocument, {
    action: "sts:AssumeRole",
    resource: role.arn,
    principal,
  });
  if (trust.decision !== "allow") {
    const actual = trust.problem === undefined ? describe(trust) : formatPolicyProblem(trust.problem);
    return refuse("invoke-role-not-assumable", cause, {
      message: `the trust policy of ${name} does not let ${API_GATEWAY} assume it: ${actual}`,
      check: `Add to the trust policy of ${name}: ${ASSUME_STATEMENT}.`,
      expected: `Allow sts:AssumeRole to ${API_GATEWAY}`,
      actual,
    });
  }
  const { policies, findings } = policiesOf(role);
  const verdict = evaluateIdentity(policies, { action: INVOKE, resource: functionArn });
  if (verdict.decision === "allow") return { ok: true };
  const by = verdict.by === "boundary" ? "the permissions boundary" : "no policy";
  const isDenied = verdict.decision === "explicit_deny";
  const actual = findings[0]?.message ?? describe(verdict, policies.unknownPolicyArns);
  const said = isDenied
    ? `a policy of ${name} denies ${INVOKE} on ${functionArn}`
    : `${by} of ${name} ${verdict.by === "boundary" ? "does not allow" : "allows"} ${INVOKE} on ${functionArn}`;
  const where = verdict.by === "boundary" ? `the permissions boundary of ${name}` : `a policy of ${name}`;
  return refuse("invoke-role-denies", cause, {
    message: `${said}: ${actual}`,
    check:
      findings[0]?.fix ?? (isDenied ? "Narrow that statement." : `Add to ${where}: ${allowStatement(functionArn)}.`),
    expected: `Allow ${INVOKE} on ${functionArn}`,
    actual,
  });
}

const compiledRoles = new WeakMap<Role, PoliciesVerdict>();

function policiesOf(role: Role): PoliciesVerdict {
  const compiled = compiledRoles.get(role) ?? compileIdentityPolicies(role);
  compiledRoles.set(role, compiled);
  return compiled;
}

const MAX_QUOTED_PATTERNS = 5;

/** Which statement decided, or which came nearest to allowing and what it lacks. */
function describe({ statement, nearMisses }: AccessVerdict, unknownPolicyArns: readonly string[] = []): string {
  if (statement !== undefined) {
    const name = statement.sid ?? `statement ${statement.index + 1}`;
    return `${name} has Effect ${statement.effect} on ${statement.resourcePattern}`;
  }
  const [nearest] = nearMisses ?? [];
  const said =
    nearest === undefined
      ? "it has no Allow statement"
      : `the nearest, ${nearest.sid ?? `statement ${nearest.index + 1}`}, has ${nearest.failed.map(describeFailure).join(", ")}`;
  return unknownPolicyArns.length === 0 ? said : `${said}; not known here: ${quoted(unknownPolicyArns)}`;
}

function describeFailure(failure: StatementFailure): string {
  if (failure.part === "condition") {
    const { operator, key, expected, actual } = failure;
    return `the condition ${operator} ${key} ${quoted(expected)}, and the call has ${actual ? quoted(actual) : "no such key"}`;
  }
  const element = `${failure.part[0]?.toUpperCase()}${failure.part.slice(1)}`;
  return `${failure.not ? "Not" : ""}${element} ${quoted(failure.expected)}`;
}

function quoted(values: readonly string[]): string {
  return listed(values, MAX_QUOTED_PATTERNS, String).join(", ");
}

const ASSUME_STATEMENT = `{"Effect":"Allow","Principal":{"Service":"${API_GATEWAY}"},"Action":"sts:AssumeRole"}`;

function allowStatement(functionArn: string): string {
  return `{"Effect":"Allow","Action":"${INVOKE}","Resource":"${functionArn}"}`;
}

/** As people write it: pseudo parameters in place of this machine's account, `*` for `ANY` and path parameters. */
function permissionToAdd(functionArn: string, sourceArn: string): string {
  const functionName = functionArn.slice(functionArn.indexOf(":function:") + ":function:".length);
  const [, , , , , resource = ""] = splitArn(sourceArn) ?? [];
  const source = resource
    .slice(resource.indexOf("/"))
    .replace(/^(\/[^/]*\/)ANY\//, "$1*/")
    .replace(/\{[^{}/]*\}/g, "*");
  const pattern = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${API}${source}`;
  return `Add {Type: AWS::Lambda::Permission, Properties: {Action: ${INVOKE}, FunctionName: "${functionName}", Principal: ${API_GATEWAY}, SourceArn: !Sub "${pattern}"}}, with the API's logical id for API.`;
}

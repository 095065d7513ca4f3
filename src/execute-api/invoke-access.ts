import { parseArn, splitArn } from "../aws/arn.ts";
import { evaluatePolicy } from "../aws/policy/evaluate-policy.ts";
import { compileGlob, matchesGlob } from "../aws/policy/glob.ts";
import { formatPolicyProblem, parsePolicy } from "../aws/policy/parse-policy.ts";
import type { Policy } from "../aws/policy/policy.ts";
import type { FunctionPermission, InvokeAccess, Role } from "../model/invoke-access.ts";

/** `$context.integrationErrorMessage` of an integration that may not be invoked (R). */
export const INVOKE_REFUSED_LOG_TEXT =
  "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again.";

const API_GATEWAY = "apigateway.amazonaws.com";
const INVOKE = "lambda:InvokeFunction";
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

export type InvokeVerdict = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Whether API Gateway may invoke a function, by what the files declare; what is not known does not allow. */
export function judgeInvoke({ functionArn, sourceArn, credentialsArn, access }: InvokeQuestion): InvokeVerdict {
  if (credentialsArn !== undefined) {
    if (CALLER_CREDENTIALS.test(credentialsArn)) {
      return refused(`credentials ${credentialsArn} are the caller's own, and no IAM callers are known here`);
    }
    const role = access.roles.find((each) => each.arn === credentialsArn);
    return role === undefined ? refused(`role ${credentialsArn} is not defined`) : judgeRole(role, functionArn);
  }
  const mine = access.permissions.filter((each) => each.functionArn === functionArn);
  if (mine.length === 0) return refused(`no permission lets ${API_GATEWAY} invoke ${functionArn}`);
  const failures: string[] = [];
  for (const permission of mine) {
    const failure = failureOf(permission, sourceArn);
    if (failure === undefined) return { ok: true };
    failures.push(failure);
  }
  return refused(`no permission of ${functionArn} covers ${sourceArn}: ${failures.slice(0, 10).join("; ")}`);
}

function refused(message: string): InvokeVerdict {
  return { ok: false, message };
}

function judgeRole(role: Role, functionArn: string): InvokeVerdict {
  const trust = parsePolicy(withResource(role.assumeRolePolicyDocument), "resource");
  if (!trust.ok) return refused(`trust policy of ${role.name}: ${formatPolicyProblem(trust)}`);
  const principal = { type: "service", service: API_GATEWAY } as const;
  const assumed = evaluatePolicy([trust.policy], { action: "sts:AssumeRole", resource: role.arn, principal });
  if (assumed.decision !== "allow") {
    return refused(`the trust policy of ${role.name} does not let ${API_GATEWAY} assume it`);
  }
  const policies: Policy[] = [];
  for (const document of role.policyDocuments) {
    const parsed = parsePolicy(document, "identity");
    if (!parsed.ok) return refused(`a policy of ${role.name}: ${formatPolicyProblem(parsed)}`);
    policies.push(parsed.policy);
  }
  if (evaluatePolicy(policies, { action: INVOKE, resource: functionArn }).decision === "allow") return { ok: true };
  const unknown = role.unknownPolicyArns.length > 0 ? `; not known here: ${role.unknownPolicyArns.join(", ")}` : "";
  return refused(`no policy of ${role.name} allows ${INVOKE} on ${functionArn}${unknown}`);
}

/** A trust policy's resource is the role itself and is not written. */
function withResource(document: unknown): unknown {
  if (typeof document !== "object" || document === null || !("Statement" in document)) return document;
  const add = (each: unknown): unknown =>
    typeof each === "object" && each !== null && !("Resource" in each) ? { ...each, Resource: "*" } : each;
  const { Statement } = document;
  return { ...document, Statement: Array.isArray(Statement) ? Statement.map(add) : add(Statement) };
}

function failureOf(permission: FunctionPermission, sourceArn: string): string | undefined {
  const { action, principal, sourceArn: pattern, sourceAccount } = permission;
  if (!matchesGlob(compileGlob(action.toLowerCase()), INVOKE.toLowerCase())) return `action ${action}`;
  if (principal !== API_GATEWAY && principal !== "*") return `principal ${principal}`;
  if (sourceAccount !== undefined && sourceAccount !== parseArn(sourceArn)?.accountId) {
    return `source account ${sourceAccount}`;
  }
  if (pattern === undefined || matchesSource(pattern, sourceArn)) return undefined;
  return `source ${pattern}`;
}

/** Part by part: a wildcard does not cross a colon. */
function matchesSource(pattern: string, sourceArn: string): boolean {
  const wanted = splitArn(pattern);
  const parts = splitArn(sourceArn);
  if (wanted === undefined || parts === undefined) return false;
  return wanted.every((each, index) => matchesGlob(compileGlob(each), parts[index] ?? ""));
}

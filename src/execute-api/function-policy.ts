import { parseArn, splitArn } from "../aws/arn.ts";
import { compileGlob, type Glob, matchesGlob } from "../aws/policy/glob.ts";
import type { FunctionPermission } from "../model/invoke-access.ts";

export const API_GATEWAY = "apigateway.amazonaws.com";
export const INVOKE = "lambda:InvokeFunction";

/** Whether a function's own policy lets API Gateway invoke it; where it does not, the permission that comes nearest. */
export type FunctionPolicyVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly nearest?: NearestPermission };

export interface NearestPermission {
  readonly permission: FunctionPermission;
  /** Why it does not do, each as `Action lambda:GetFunction`. */
  readonly failures: readonly string[];
}

/** Patterns of permissions: an API asks each of them once per route. */
const compiled = new WeakMap<
  FunctionPermission,
  { readonly action: Glob; readonly source: readonly Glob[] | undefined }
>();

/**
 * Holds what API Gateway does against AWS::Lambda::Permission statements. One that names a version or an alias holds for
 * that alone, and one that names none does not hold for versions and aliases (D).
 * https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
 */
export function judgeFunctionPolicy(
  permissions: readonly FunctionPermission[],
  functionArn: string,
  sourceArn: string,
): FunctionPolicyVerdict {
  const base = withoutQualifier(functionArn);
  let nearest: NearestPermission | undefined;
  for (const permission of permissions) {
    if (permission.functionArn !== functionArn && withoutQualifier(permission.functionArn) !== base) continue;
    const failures = failuresOf(permission, functionArn, sourceArn);
    if (failures.length === 0) return { ok: true };
    const candidate = { permission, failures };
    if (nearest === undefined || isNearer(candidate, nearest, sourceArn)) nearest = candidate;
  }
  return { ok: false, ...(nearest && { nearest }) };
}

function failuresOf(permission: FunctionPermission, functionArn: string, sourceArn: string): string[] {
  const { action, principal, sourceArn: pattern, sourceAccount, narrowedBy = [] } = permission;
  const { action: actions, source } = patternsOf(permission);
  const failures: string[] = [];
  if (permission.functionArn !== functionArn) failures.push(`FunctionName ${permission.functionArn}`);
  if (!matchesGlob(actions, INVOKE.toLowerCase())) failures.push(`Action ${action}`);
  if (principal !== API_GATEWAY && principal !== "*") failures.push(`Principal ${principal}`);
  if (sourceAccount !== undefined && sourceAccount !== parseArn(sourceArn)?.accountId) {
    failures.push(`SourceAccount ${sourceAccount}`);
  }
  for (const name of narrowedBy) failures.push(`${name}, which API Gateway's calls do not meet`);
  if (pattern !== undefined && !matchesSource(source, sourceArn)) failures.push(`SourceArn ${pattern}`);
  return failures;
}

function patternsOf(permission: FunctionPermission) {
  let patterns = compiled.get(permission);
  if (patterns === undefined) {
    const { action, sourceArn = "" } = permission;
    patterns = { action: compileGlob(action.toLowerCase()), source: splitArn(sourceArn)?.map(compileGlob) };
    compiled.set(permission, patterns);
  }
  return patterns;
}

/** Part by part: a wildcard does not cross a colon. */
function matchesSource(pattern: readonly Glob[] | undefined, sourceArn: string): boolean {
  const parts = splitArn(sourceArn);
  return (
    pattern !== undefined && parts !== undefined && pattern.every((each, at) => matchesGlob(each, parts[at] ?? ""))
  );
}

/** Fewer failures are nearer; then the source that agrees for longer. */
function isNearer(one: NearestPermission, other: NearestPermission, sourceArn: string): boolean {
  const fewer = other.failures.length - one.failures.length;
  if (fewer !== 0) return fewer > 0;
  return agreement(one.permission.sourceArn, sourceArn) > agreement(other.permission.sourceArn, sourceArn);
}

function agreement(pattern = "", sourceArn: string): number {
  let at = 0;
  while (at < pattern.length && pattern[at] === sourceArn[at]) at++;
  return at;
}

/** `arn:aws:lambda:region:account:function:name[:qualifier]` without its last part. */
function withoutQualifier(functionArn: string): string {
  return functionArn.split(":", 7).join(":");
}

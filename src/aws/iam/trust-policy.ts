import { createHash } from "node:crypto";
import { type AccessRequest, type AccessVerdict, evaluatePolicy } from "../policy/evaluate-policy.ts";
import { type PolicyProblem, parsePolicy } from "../policy/parse-policy.ts";

/** What a trust policy says; a document that is not understood trusts nobody. */
export interface TrustVerdict extends AccessVerdict {
  readonly problem?: PolicyProblem;
}

/** Whether a role's trust policy lets a principal do `sts:AssumeRole`, or another action that begins a session. */
export function evaluateTrust(document: unknown, request: AccessRequest): TrustVerdict {
  const parsed = parsePolicy(withResource(document), "resource");
  if (!parsed.ok) return { decision: "implicit_deny", problem: parsed };
  return evaluatePolicy([parsed.policy], request);
}

/** Tells one trust policy from another: sessions that began under another one are not honoured. */
export function trustDigest(document: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(document)) ?? "")
    .digest("base64url");
}

/** A trust policy's resource is the role itself and is not written. */
function withResource(document: unknown): unknown {
  if (typeof document !== "object" || document === null || !("Statement" in document)) return document;
  const add = (each: unknown): unknown =>
    typeof each === "object" && each !== null && !Array.isArray(each) && !("Resource" in each)
      ? { ...each, Resource: "*" }
      : each;
  const { Statement } = document;
  return { ...document, Statement: Array.isArray(Statement) ? Statement.map(add) : add(Statement) };
}

/** With the members of objects in one order, since a file's order says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

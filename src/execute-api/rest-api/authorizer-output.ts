import { parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";

/** What a Lambda authorizer answered, parsed; or why AWS would call the answer invalid. */
export type AuthorizerOutput =
  | {
      readonly ok: true;
      readonly principalId: string;
      readonly policy: Policy;
      readonly context: Readonly<Record<string, string | null>>;
      readonly usageIdentifierKey?: string;
    }
  | { readonly ok: false; readonly what: string; readonly found: string; readonly wanted: string };

/** Current AWS documentation lets the call fail without one (D); a published test of REQUEST authorizers disagrees (C). */
const PRINCIPAL_ID_REQUIRED = true;

/**
 * Reads the JSON text a Lambda authorizer of a REST API answered: `{principalId, policyDocument, context?,
 * usageIdentifierKey?}`. Context values become strings, null stays null (C). conformance/authorizers/output
 */
export function parseAuthorizerOutput(payload: string): AuthorizerOutput {
  let output: unknown;
  try {
    output = JSON.parse(payload);
  } catch {
    return { ok: false, what: "answer", found: "text that is not JSON", wanted: "a JSON object" };
  }
  if (!isObject(output))
    return {
      ok: false,
      what: "answer",
      found: kindOf(output),
      wanted: "an object with principalId and policyDocument",
    };
  if (Object.hasOwn(output, "statusCode") && !Object.hasOwn(output, "policyDocument")) {
    return {
      ok: false,
      what: "answer",
      found: "an HTTP answer with statusCode",
      wanted: 'principalId and policyDocument; to refuse with 401 fail with the message "Unauthorized"',
    };
  }
  const { principalId, policyDocument, context, usageIdentifierKey } = output;
  if (typeof principalId !== "string" && (PRINCIPAL_ID_REQUIRED || principalId !== undefined)) {
    return { ok: false, what: "principalId", found: kindOf(principalId), wanted: "a string" };
  }
  if (!isObject(policyDocument))
    return {
      ok: false,
      what: "policyDocument",
      found: kindOf(policyDocument),
      wanted: "an object {Version, Statement}",
    };
  const policy = parsePolicy(policyDocument, "authorizer");
  if (!policy.ok) {
    const where = policy.path === "" ? "policyDocument" : `policyDocument.${policy.path}`;
    return { ok: false, what: where, found: JSON.stringify(policy.found) ?? "nothing", wanted: policy.wanted };
  }
  const flat: Record<string, string | null> = Object.create(null);
  if (context !== undefined && context !== null) {
    if (!isObject(context))
      return {
        ok: false,
        what: "context",
        found: kindOf(context),
        wanted: "an object of strings, numbers and booleans",
      };
    for (const [name, value] of Object.entries(context)) {
      if (value === null) flat[name] = null;
      else if (typeof value === "object") {
        return {
          ok: false,
          what: `context.${name}`,
          found: kindOf(value),
          wanted: "a string, number or boolean (JSON.stringify it)",
        };
      } else flat[name] = String(value);
    }
  }
  if (usageIdentifierKey !== undefined && usageIdentifierKey !== null && typeof usageIdentifierKey !== "string") {
    return { ok: false, what: "usageIdentifierKey", found: kindOf(usageIdentifierKey), wanted: "a string" };
  }
  return {
    ok: true,
    principalId: principalId as string,
    policy: policy.policy,
    context: flat,
    ...(typeof usageIdentifierKey === "string" ? { usageIdentifierKey } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

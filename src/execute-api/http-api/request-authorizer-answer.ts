import { parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import type { PayloadFormatVersion } from "../../model/http-api.ts";

/** A JSON object, types kept (D). */
type Context = Readonly<Record<string, unknown>>;

/** What a Lambda authorizer of an HTTP API answered, parsed: what is cached. */
export type AuthorizerAnswer =
  | { readonly kind: "simple"; readonly isAuthorized: boolean; readonly context: Context | null }
  | {
      readonly kind: "policy";
      readonly principalId: string;
      readonly policy: Policy;
      readonly context: Context | null;
    };

export type AuthorizerAnswerVerdict =
  | { readonly ok: true; readonly answer: AuthorizerAnswer }
  | {
      readonly ok: false;
      readonly what: string;
      readonly found: string;
      readonly wanted: string;
      /** The end of `$context.authorizer.error`, where one is recorded. */
      readonly logText?: string;
    };

/** (R) of a simple response without its member; of everything else malformed the same beginning is taken (?). */
export const MALFORMED_ANSWER_LOG_TEXT =
  "The response from the Lambda Authorizer function doesn't match the format that API Gateway expects.";
const NO_IS_AUTHORIZED = "Simple response did not include 'isAuthorized'";

/**
 * Reads the JSON text of an authorizer's answer: with simple responses enabled only `{isAuthorized, context?}` (R), else
 * only `{principalId, policyDocument, context?}` (D). conformance/http-api/authorizer-answer
 */
export function parseAuthorizerAnswer(
  payload: string,
  format: PayloadFormatVersion,
  simpleResponses: boolean,
): AuthorizerAnswerVerdict {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return { ok: false, what: "answer", found: "text that is not JSON", wanted: "a JSON object" };
  }
  if (!isObject(answer)) return { ok: false, what: "answer", found: kindOf(answer), wanted: "a JSON object" };
  const context = answer.context ?? null;
  if (context !== null && !isObject(context)) {
    return { ok: false, what: "context", found: kindOf(context), wanted: "an object" };
  }
  if (format === "2.0" && simpleResponses) {
    const { isAuthorized } = answer;
    if (typeof isAuthorized === "boolean") return { ok: true, answer: { kind: "simple", isAuthorized, context } };
    const found = kindOf(isAuthorized);
    return { ok: false, what: "isAuthorized", found, wanted: "true or false", logText: NO_IS_AUTHORIZED };
  }
  const { principalId, policyDocument } = answer;
  if (typeof principalId !== "string") {
    const hint = "isAuthorized" in answer ? ": a simple response needs enableSimpleResponses" : "";
    return { ok: false, what: "principalId", found: kindOf(principalId), wanted: `a string${hint}` };
  }
  if (!isObject(policyDocument)) {
    const wanted = "an object {Version, Statement}";
    return { ok: false, what: "policyDocument", found: kindOf(policyDocument), wanted };
  }
  const policy = parsePolicy(policyDocument, "authorizer");
  if (policy.ok) return { ok: true, answer: { kind: "policy", principalId, policy: policy.policy, context } };
  const what = policy.path === "" ? "policyDocument" : `policyDocument.${policy.path}`;
  return { ok: false, what, found: JSON.stringify(policy.found) ?? "nothing", wanted: policy.wanted };
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

import type { Claims } from "../../token/token-verdict.ts";

/**
 * `$context.authorizer.claims.NAME` of mappings, templates and access logs: each top-level claim as JSON text, so that
 * `42` and `"42"` stay apart, compact, with everything beyond ASCII escaped (D). A member of an object is no variable (D).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-jwt-authorizer-claims.html
 * conformance/rest-api/jwt/claims
 */
export function claimJson(claims: Claims): Readonly<Record<string, string>> {
  const texts: Record<string, string> = Object.create(null);
  for (const name of Object.keys(claims)) texts[name] = jsonText(claims[name]);
  return texts;
}

/** Upper-case hexadecimal digits (D). Control characters are JSON's own escapes, in lower case (?). */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

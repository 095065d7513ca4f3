import type { Claims } from "../../token/token-verdict.ts";

/**
 * `requestContext.authorizer.claims` and `$context.authorizer.claims.NAME` of a Cognito authorizer: a flat map in which
 * every value is text (C: awsdocs/amazon-api-gateway-developer-guide issue 158). Lists are joined by commas without
 * brackets, `exp` and `iat` are dates as Java prints them, all other numbers, `auth_time` among them, are digits, booleans
 * words, and an object, alone or in a list, is JSON (C: published events of 2016 to 2020). A claim that is null is left out (?).
 * conformance/rest-api/cognito/claims
 */
export function cognitoClaims(claims: Claims): Readonly<Record<string, string>> {
  const texts: Record<string, string> = Object.create(null);
  for (const name of Object.keys(claims)) {
    const value = claims[name];
    if (value === null || value === undefined) continue;
    if (typeof value === "number" && DATES.has(name)) texts[name] = javaDate(value);
    else texts[name] = Array.isArray(value) ? value.map(textOf).join(",") : textOf(value);
  }
  return texts;
}

const DATES: ReadonlySet<string> = new Set(["exp", "iat"]);

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `Tue Nov 14 22:13:20 UTC 2023`. */
function javaDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  // Tue, 14 Nov 2023 22:13:20 GMT
  const [weekday, day, month, year, time] = date.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}

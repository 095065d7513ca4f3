import type { Claims } from "../../token/token-verdict.ts";

/**
 * Claims as an integration sees them: strings all (R). Numbers in plain decimals, no exponent (R); lists as `[a b]`
 * without quotes or commas (R), ambiguous as that is; null left out (C); objects as Go prints maps, sorted (C, another
 * peer prints JSON). Sorted by name, as in every capture (R). conformance/http-api/jwt-event
 */
export function claimTexts(claims: Claims): Readonly<Record<string, string>> {
  const texts: [string, string][] = [];
  for (const name of Object.keys(claims).sort()) {
    const value = claims[name];
    if (value !== null && value !== undefined) texts.push([name, textOf(value)]);
  }
  // A plain object, which JSON.stringify is quicker with; whatever a claim is called, it is a member like any other.
  return Object.fromEntries(texts);
}

/** Whether an object claim is printed as Go prints a map (C), or as JSON (C): two peers disagree. */
const OBJECTS_AS_GO_MAPS = true;

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return plainDecimal(value);
  if (typeof value !== "object" || value === null) return value === null ? "<nil>" : String(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(" ")}]`;
  if (!OBJECTS_AS_GO_MAPS) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${textOf(member)}`).join(" ")}]`;
}

/** `1604085585`, `9999999999` (R, C); JavaScript changes to exponents from 1e21 on and below 1e-6. */
function plainDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/\.?0+$/, "");
}

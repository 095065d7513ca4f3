import { isString } from "./json.ts";
import type { Claims } from "./token-verdict.ts";

/** At least one of, or all of these scopes. An empty list asks for nothing, as a route without authorizationScopes. */
export type RequiredScopes = { readonly anyOf: readonly string[] } | { readonly allOf: readonly string[] };

/** Where scopes are looked for; the first claim that holds any is the only one read. The order is not documented (?). */
export const SCOPE_CLAIMS = ["scope", "scp"] as const;
export type ScopeClaim = (typeof SCOPE_CLAIMS)[number];

export type ScopeVerdict =
  | { readonly ok: true; readonly matched: readonly string[]; readonly granted: readonly string[] }
  | {
      readonly ok: false;
      readonly reason: "scope_insufficient";
      readonly rule: "any" | "all";
      readonly expected: readonly string[];
      /** The token's scopes, all of them. */
      readonly actual: readonly string[];
      /** Where they were found; null when the token has none. */
      readonly claim: ScopeClaim | null;
      /** The expected scopes that the token holds as Auth0 permissions, which AWS does not consult (D). */
      readonly permissions: readonly string[];
    };

/**
 * Judges a token's scopes: exact, case-sensitive, no wildcards. Any shape of claim is answered, none throws.
 *
 *     matchScopes(claims, { anyOf: ["read:pets"] })
 */
export function matchScopes(claims: Claims, required: RequiredScopes): ScopeVerdict {
  const rule = "anyOf" in required ? "any" : "all";
  const expected = "anyOf" in required ? required.anyOf : required.allOf;
  const scopes = scopesOf(claims);
  const matched = expected.filter((scope) => scopes.includes(scope));
  if (matched.length === expected.length || (rule === "any" && matched.length > 0)) {
    return { ok: true, matched, granted: scopes };
  }
  const held = permissionsOf(claims);
  const permissions = expected.filter((scope) => held.includes(scope));
  return {
    ok: false,
    reason: "scope_insufficient",
    rule,
    expected,
    actual: scopes,
    claim: scopeClaimOf(claims),
    permissions,
  };
}

/** The token's scopes in the token's order, from `scope` (a space-separated string) or else `scp` (a string or a list). */
export const scopesOf = ({ scope, scp }: Claims): readonly string[] =>
  [words(scope), words(scp), strings(scp)].find((each) => each.length > 0) ?? [];

/** The claim that scopesOf has read; null when the token has no scopes. */
export const scopeClaimOf = (claims: Claims): ScopeClaim | null =>
  SCOPE_CLAIMS.find((claim) => scopesOf({ [claim]: claims[claim] }).length > 0) ?? null;

const words = (value: unknown): string[] => (isString(value) ? value.split(" ").filter(Boolean) : []);

/** Auth0's `permissions` claim: a list, and not the same as scopes. */
export function permissionsOf(claims: Claims): readonly string[] {
  return strings(claims.permissions);
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isString) : []);

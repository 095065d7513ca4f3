/*
 * A rules file after compileRules: everything the authorizer needs at run time as plain JSON, so that the deployed file
 * carries no validation and no separation of patterns. Written beside the bundle as `rules.json`.
 */

/** Changes with the shape below. */
export const RULES_FORMAT = "gatewarden-rules-1";

/** Something a token must hold: one of, or all of, these values of a claim. `scope` also reads `scp`. */
export interface Clause {
  readonly claim: string;
  readonly anyOf?: readonly (string | number | boolean)[];
  readonly allOf?: readonly (string | number | boolean)[];
}

/** One rule for one method. Paths here have no leading slash, as in a method ARN. */
export interface RouteEntry {
  /** Index in `requirements`. */
  readonly requirement: number;
  /** Regular expression source over the whole path. */
  readonly path: string;
  /** The wildcard pattern that covers the rule's paths, and possibly more. */
  readonly glob: string;
  /** Patterns to deny with it, so that a `*` spans one segment only. */
  readonly excess: readonly string[];
  /** What else `glob` covers: entries of this method, and the patterns to deny when the token fails that entry. */
  readonly overlaps: readonly { readonly entry: number; readonly deny: readonly string[] }[];
}

export interface CompiledRules {
  readonly format: typeof RULES_FORMAT;
  /** Regular expression source: paths that may mean another path to the router, refused whatever the rules say. */
  readonly ambiguous: string;
  /** The same as wildcard patterns, for the part of the ARN after the account. */
  readonly ambiguousGlobs: readonly string[];
  /** Each a list of clauses that must all be met; an empty list takes any valid token. */
  readonly requirements: readonly (readonly Clause[])[];
  /** By method, most specific path first. A method without entries is refused. */
  readonly methods: Readonly<Record<string, readonly RouteEntry[]>>;
}

/*
 * A rules file after compileRules: everything the authorizer needs at run time as plain JSON, so that the deployed file
 * carries no validation and no separation of patterns. Written beside the bundle as `rules.json`.
 */

/** Changes with the shape below. */
export const RULES_FORMAT = "gatewarden-rules-1";

/** One of these values of a claim, which a token must hold. `scope` also reads `scp`. */
export interface Clause {
  readonly claim: string;
  readonly anyOf: readonly ClaimValue[];
  /** Never there: compileRules writes a clause for each value that must be held. */
  readonly allOf?: undefined;
}

export type ClaimValue = string | number | boolean;

/** Patterns to deny with a rule's own, unless the token meets the requirement of that index. */
export type Exception = readonly [unless: number, ...globs: string[]];

/** The `unless` of patterns that are denied to every token, so that a `*` spans one segment only. */
export const NO_REQUIREMENT = -1;

/**
 * One rule for one method. Paths here have no leading slash, as in a method ARN.
 *
 * - `requirement`: index in `requirements`.
 * - `path`: regular expression source over the whole path.
 * - `glob`: the wildcard pattern that covers the rule's paths, and possibly more.
 * - `exceptions`: what it covers beyond the rule.
 */
export type RouteEntry = readonly [requirement: number, path: string, glob: string, ...exceptions: Exception[]];

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

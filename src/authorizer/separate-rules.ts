import { type ClaimValue, type Exception, NO_REQUIREMENT, type RouteEntry } from "./compiled-rules.ts";

/*
 * From rules over path segments to IAM patterns over characters. `*` spans slashes, so the pattern of `/pets/{petId}`,
 * `pets/?*`, also covers `/pets/1/owners`. What it covers too much must be denied, and a Deny beats every Allow, so it must
 * not cover anything that some token may call. This file finds out, once and for every token at the same time, which
 * denies are needed and whether they are harmless.
 *
 * Paths here are lists of segments without empty ones (others are denied outright), so a `?*` stands for one or more whole
 * segments, and every question is one about finite automata: is there a path that a pattern covers and whose most specific
 * rule is a given one (or none)? `hits` answers it exactly by walking all reachable states.
 */

/** One segment of any text. Braces cannot be part of a literal. */
export const PARAMETER = "{}";
/** One or more segments, at the end of a path. */
export const GREEDY = "{+}";

/** A requirement of a rule: one of, or all of, these values of a claim. */
export interface RuleClause {
  readonly claim: string;
  readonly anyOf?: readonly ClaimValue[];
  readonly allOf?: readonly ClaimValue[];
}

/** A rule for one method. A list of candidates is sorted, most specific path first. */
export interface Candidate {
  readonly name: string;
  readonly segments: readonly string[];
  readonly clauses: readonly RuleClause[];
  /** Index of those clauses among all requirements. */
  readonly requirement: number;
}

export type Separation =
  | { readonly ok: true; readonly entries: readonly RouteEntry[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Finds the patterns for one method's rules, such that for every subset of rules a token may meet, the policy equals the
 * rules: for every path, or, if the rules are complete, for every path that some rule names.
 */
export function separateRules(candidates: readonly Candidate[], complete: boolean): Separation {
  const paths = candidates.map((each) => each.segments);
  const globs = paths.map((path) => path.map((each) => (each === PARAMETER ? GREEDY : each)));
  const problems = new Set<string>();
  const entries = candidates.map((candidate, index): RouteEntry => {
    const { segments, requirement } = candidate;
    const glob = globs[index]!;
    // All that the pattern covers beyond the rule: some parameter stands for two segments or more.
    const longer = segments.flatMap((each, at) => (each === PARAMETER ? [glob.toSpliced(at, 0, GREEDY)] : []));
    const excess = longer.filter((pattern) => {
      if (!hits(pattern, paths, NO_RULE)) return false;
      const other = candidates.find((_, each) => hits(pattern, paths, each));
      if (other !== undefined && !complete) problems.add(inseparable(candidate, other));
      return other === undefined;
    });
    const overlaps = candidates.flatMap((other, at): Exception[] => {
      if (at === index || !canDiffer(candidate, other) || !hits(glob, paths, at)) return [];
      // A token that meets this rule and fails the other needs denies that take nothing from it. The paths of a less
      // specific rule are all beyond this rule, so the narrower patterns will do.
      const narrow = at > index ? [longer.filter((pattern) => hits(pattern, paths, at))] : [];
      const choices = [...narrow, [globs[at]!]];
      const harmed = choices.map((denied) =>
        candidates.find(
          (each, which) => canDiffer(each, other) && denied.some((pattern) => hits(pattern, paths, which)),
        ),
      );
      const chosen = choices[harmed.indexOf(undefined)];
      if (chosen === undefined) problems.add(conflicting(other, candidate, harmed[0]!));
      return chosen === undefined ? [] : [[other.requirement, ...chosen.map(globOf)]];
    });
    const always: Exception[] = excess.length > 0 ? [[NO_REQUIREMENT, ...excess.map(globOf)]] : [];
    return [requirement, `^${segments.map(regexOf).join("/")}$`, globOf(glob), ...always, ...overlaps];
  });
  return problems.size > 0 ? { ok: false, problems: [...problems] } : { ok: true, entries };
}

/** Whether a token can meet the one and fail the other: not if each clause of the other follows from one of its own. */
function canDiffer(met: Candidate, failed: Candidate): boolean {
  return (
    met.requirement !== failed.requirement &&
    !failed.clauses.every((wanted) => met.clauses.some((given) => implies(given, wanted)))
  );
}

function implies(given: RuleClause, wanted: RuleClause): boolean {
  if (given.claim !== wanted.claim || wanted.allOf !== undefined)
    return JSON.stringify(given) === JSON.stringify(wanted);
  const { anyOf = [] } = wanted;
  const values = given.anyOf ?? given.allOf?.filter((each) => anyOf.includes(each)) ?? [];
  return values.length > 0 && values.every((each) => anyOf.includes(each));
}

function inseparable(rule: Candidate, other: Candidate): string {
  const both = rule === other ? rule.name : `${rule.name} and ${other.name}`;
  return `${both} cannot be told apart from paths that no rule names, because "*" in a policy spans slashes: if the rules name every route behind this authorizer, write {"complete": true, "rules": [...]}, else give them one rule with {proxy+}`;
}

function conflicting(refused: Candidate, covering: Candidate, harmed: Candidate): string {
  const met = covering === harmed ? covering.name : `${covering.name} and ${harmed.name}`;
  return `a token that meets ${met} but not ${refused.name} has no exact policy, because "*" in a policy spans slashes: give ${harmed.name} and ${refused.name} the same requirement, or narrow ${covering.name}`;
}

const NO_RULE = -1;
/** Stands for every segment text that is no literal of the patterns in question. */
const OTHER = "";

/**
 * Whether some path is covered by `pattern` and has `paths[target]` as its most specific rule (NO_RULE: has none).
 * Segments that neither the pattern nor the target names may all be OTHER: that only makes fewer other rules match.
 */
function hits(pattern: readonly string[], paths: readonly (readonly string[])[], target: number): boolean {
  const wanted = target === NO_RULE ? [pattern] : [pattern, paths[target]!];
  const symbols = new Set([OTHER, ...wanted.flat().filter((each) => each !== PARAMETER && each !== GREEDY)]);
  if (wanted.length > 1 && !reaches(wanted, wanted.length, symbols)) return false;
  const rivals = target === NO_RULE ? paths : paths.slice(0, target);
  return reaches([...wanted, ...rivals], wanted.length, symbols);
}

/** Whether some list of symbols is matched by the first `count` patterns and by none of the others. */
function reaches(patterns: readonly (readonly string[])[], count: number, symbols: ReadonlySet<string>): boolean {
  // A state holds, for each pattern, a bit for every position it may have reached.
  const open: (readonly number[])[] = [patterns.map(() => 1)];
  const seen = new Set<string>();
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const isMatched = (each: number): boolean => (state![each]! & (1 << patterns[each]!.length)) !== 0;
    if (patterns.every((_, index) => isMatched(index) === index < count)) return true;
    for (const symbol of symbols) {
      const next = state.map((positions, index) => advance(patterns[index]!, positions, symbol));
      const key = next.join();
      if (next.slice(0, count).includes(0) || seen.has(key)) continue;
      seen.add(key);
      open.push(next);
    }
  }
  return false;
}

function advance(pattern: readonly string[], positions: number, symbol: string): number {
  let next = 0;
  for (const [index, segment] of pattern.entries()) {
    if ((positions & (1 << index)) === 0) continue;
    if (segment === GREEDY) next |= (1 << index) | (1 << (index + 1));
    else if (segment === PARAMETER || segment === symbol) next |= 1 << (index + 1);
  }
  return next;
}

function globOf(pattern: readonly string[]): string {
  return pattern.map((each) => (each === GREEDY ? "?*" : each)).join("/");
}

function regexOf(segment: string): string {
  if (segment === GREEDY) return "[\\s\\S]+";
  return segment === PARAMETER ? "[^/]+" : segment.replace(/[^\w]/g, "\\$&");
}

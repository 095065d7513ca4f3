import { splitArn } from "../arn.ts";
import { ANY_RUN, type Glob, matchesGlob } from "./glob.ts";
import {
  NO_VARIABLES,
  type PolicyText,
  type PolicyToken,
  resolveGlob,
  resolveString,
  type VariableLookup,
} from "./policy-text.ts";

/**
 * Whether a `*` in one of an ARN's first five parts may run over the colon that ends it. AWS documents part-wise
 * comparison for the ARN condition operators (D); for Resource it is inferred (?). A pattern with fewer than five colons,
 * `*` or `arn:aws:execute-api:**`, is compared as a whole and works in practice (C).
 */
export const WILDCARD_CROSSES_ARN_SEPARATORS = false;

/** How many colons end the first five parts of an ARN. */
const SEPARATORS = 5;

/** A pattern for ARNs: Resource, NotResource, and the values of ArnEquals, ArnLike and their opposites. */
export interface ArnPattern {
  /** As written in the policy. */
  readonly text: string;
  /** `*`: everything. */
  readonly matchesAll: boolean;
  /** The first five parts with their colons, when none of them has a wildcard: one comparison decides them. */
  readonly prefix: string | undefined;
  /** The five first parts when one has a wildcard; undefined when `prefix` is set or the pattern is compared whole. */
  readonly parts: readonly Glob[] | undefined;
  /** The sixth part, or the whole pattern when it has no five colons. */
  readonly rest: Glob | undefined;
  /** Six token lists, or one for a pattern compared whole; set when variables wait for the request. */
  readonly variableParts: readonly (readonly PolicyToken[])[] | undefined;
}

/** Compiles a parsed policy text to an ARN pattern. */
export function compileArnPattern(text: string, parsed: PolicyText): ArnPattern {
  const parts = WILDCARD_CROSSES_ARN_SEPARATORS ? [parsed.tokens] : splitTokens(parsed.tokens);
  if (parsed.hasVariables) {
    return { text, matchesAll: false, prefix: undefined, parts: undefined, rest: undefined, variableParts: parts };
  }
  return { ...compileParts(parts), text, matchesAll: parsed.tokens.length === 1 && parsed.tokens[0] === ANY_RUN };
}

/** Whether an ARN matches; undefined when a variable of the pattern cannot be resolved. */
export function matchesArnPattern(pattern: ArnPattern, arn: string, lookup: VariableLookup): boolean | undefined {
  if (pattern.matchesAll) return true;
  if (pattern.prefix !== undefined) {
    // The rest first: the patterns of a policy differ there.
    return matchesGlob(pattern.rest!, arn, pattern.prefix.length) && arn.startsWith(pattern.prefix);
  }
  if (pattern.variableParts === undefined) return matchesCompiled(pattern, arn);
  const globs: Glob[] = [];
  for (const tokens of pattern.variableParts) {
    const glob = resolveGlob(tokens, lookup);
    if (glob === undefined) return undefined;
    globs.push(glob);
  }
  return matchesCompiled(
    { parts: globs.length === 1 ? undefined : globs.slice(0, SEPARATORS), rest: globs.at(-1)! },
    arn,
  );
}

function matchesCompiled(pattern: Pick<ArnPattern, "parts" | "rest">, arn: string): boolean {
  if (pattern.parts === undefined) return matchesGlob(pattern.rest!, arn);
  const actual = splitArn(arn);
  if (actual === undefined) return false;
  return (
    pattern.parts.every((glob, index) => matchesGlob(glob, actual[index]!)) && matchesGlob(pattern.rest!, actual[5])
  );
}

function compileParts(parts: readonly (readonly PolicyToken[])[]): Omit<ArnPattern, "text" | "matchesAll"> {
  const rest = resolveGlob(parts.at(-1)!, NO_VARIABLES);
  if (parts.length === 1) return { prefix: undefined, parts: undefined, rest, variableParts: undefined };
  const heads = parts.slice(0, SEPARATORS);
  if (heads.every((tokens) => tokens.every((token) => typeof token === "string"))) {
    const prefix = heads.map((tokens) => `${resolveString(tokens, NO_VARIABLES)}:`).join("");
    return { prefix, parts: undefined, rest, variableParts: undefined };
  }
  return {
    prefix: undefined,
    parts: heads.map((tokens) => resolveGlob(tokens, NO_VARIABLES)!),
    rest,
    variableParts: undefined,
  };
}

/** Splits on the first five colons of the literal text; one list when there are fewer. */
function splitTokens(tokens: readonly PolicyToken[]): readonly (readonly PolicyToken[])[] {
  const parts: PolicyToken[][] = [[]];
  for (const token of tokens) {
    let rest = token;
    while (typeof rest === "string" && parts.length <= SEPARATORS && rest.includes(":")) {
      const colon = rest.indexOf(":");
      if (colon > 0) parts.at(-1)!.push(rest.slice(0, colon));
      parts.push([]);
      rest = rest.slice(colon + 1);
    }
    if (rest !== "") parts.at(-1)!.push(rest);
  }
  return parts.length === SEPARATORS + 1 ? parts : [tokens];
}

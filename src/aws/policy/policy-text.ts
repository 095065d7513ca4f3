import { ANY_ONE, ANY_RUN, compileGlobTokens, type Glob, type GlobToken } from "./glob.ts";

/** A policy variable such as `${aws:username}` or `${aws:username, 'nobody'}`. */
export interface PolicyVariable {
  /** Lower case: condition keys are not case-sensitive (D). */
  readonly name: string;
  readonly fallback: string | undefined;
}

export type PolicyToken = GlobToken | PolicyVariable;

/** Finds the one value of a context key by its lower-case name; undefined when absent or not single-valued. */
export type VariableLookup = (name: string) => string | undefined;

/** A policy text whose variables, if any, wait for a request. */
export interface PolicyText {
  readonly tokens: readonly PolicyToken[];
  readonly hasVariables: boolean;
}

/** Which special forms a policy text may hold, by where it stands and by the policy's Version. */
export interface PolicyTextRules {
  readonly wildcards: boolean;
  readonly variables: boolean;
}

const VARIABLE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_:/.@+=-]*$/;
const VARIABLE_BODY = /^([^,]*?)(?:\s*,\s*'([^']*)')?$/;

/**
 * Cuts a policy text into literals, wildcards and variables. Undefined when `${` begins something that is not a
 * variable: it would decide access in a way nobody meant. `$` without `{` is literal, as in the stage `$default`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function parsePolicyText(text: string, rules: PolicyTextRules): PolicyText | undefined {
  const tokens: PolicyToken[] = [];
  let literal = "";
  let hasVariables = false;
  const push = (token: PolicyToken): void => {
    if (literal !== "") tokens.push(literal);
    literal = "";
    tokens.push(token);
  };
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (rules.variables && character === "$" && text[index + 1] === "{") {
      const close = text.indexOf("}", index + 2);
      if (close < 0) return undefined;
      const body = text.slice(index + 2, close);
      index = close;
      // ${*}, ${?} and ${$} are those characters themselves (D).
      if (body === "*" || body === "?" || body === "$") {
        literal += body;
        continue;
      }
      const [, name = "", fallback] = VARIABLE_BODY.exec(body) ?? [];
      if (!VARIABLE_NAME.test(name)) return undefined;
      push({ name: name.toLowerCase(), fallback });
      hasVariables = true;
    } else if (rules.wildcards && character === "*") push(ANY_RUN);
    else if (rules.wildcards && character === "?") push(ANY_ONE);
    else literal += character;
  }
  if (literal !== "") tokens.push(literal);
  return { tokens, hasVariables };
}

/**
 * Fills in the variables. A value is literal: a `*` in a user name is not a wildcard (?; the stricter reading).
 * Undefined when a variable has neither a value nor a default: the statement then does not apply (D: "might cause the
 * entire statement to be invalid").
 */
export function resolveTokens(tokens: readonly PolicyToken[], lookup: VariableLookup): GlobToken[] | undefined {
  const resolved: GlobToken[] = [];
  for (const token of tokens) {
    if (typeof token !== "object") resolved.push(token);
    else {
      const value = lookup(token.name) ?? token.fallback;
      if (value === undefined) return undefined;
      resolved.push(value);
    }
  }
  return resolved;
}

/** The glob of a text; undefined when a variable cannot be resolved. */
export function resolveGlob(tokens: readonly PolicyToken[], lookup: VariableLookup): Glob | undefined {
  const resolved = resolveTokens(tokens, lookup);
  return resolved === undefined ? undefined : compileGlobTokens(resolved);
}

/** The plain string of a text without wildcards; undefined when a variable cannot be resolved. */
export function resolveString(tokens: readonly PolicyToken[], lookup: VariableLookup): string | undefined {
  return resolveTokens(tokens, lookup)
    ?.map((token) => (token === ANY_RUN ? "*" : token === ANY_ONE ? "?" : token))
    .join("");
}

/** For texts without variables, where nothing will be looked up. */
export const NO_VARIABLES: VariableLookup = () => undefined;

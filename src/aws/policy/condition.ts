import { compileArnPattern, matchesArnPattern } from "./arn-pattern.ts";
import { matchesGlob } from "./glob.ts";
import { isInIpRange, parseIpRange } from "./ip-range.ts";
import {
  NO_VARIABLES,
  type PolicyText,
  parsePolicyText,
  resolveGlob,
  resolveString,
  type VariableLookup,
} from "./policy-text.ts";

/** One operator applied to one key: all of a statement's conditions must hold (D). */
export interface Condition {
  /** As written, e.g. `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  /** As written. */
  readonly key: string;
  /** In lower case: key names are not case-sensitive (D). */
  readonly name: string;
  /** The policy's values as written; one of them is enough, none may match for a negated operator (D). */
  readonly expected: readonly string[];
  readonly quantifier: "any" | "all" | undefined;
  readonly ifExists: boolean;
  readonly negated: boolean;
  /** For Null: the states (absent or not) that satisfy it; undefined for other operators. */
  readonly absent: readonly boolean[] | undefined;
  readonly tests: readonly ValueTest[];
}

/** Whether one value of the request meets one value of the policy, before negation; undefined: unresolved variable. */
type ValueTest = (actual: string, lookup: VariableLookup) => boolean | undefined;

/** Compiles one value of the policy to a test, or undefined when the value does not suit the operator. */
type Compile = (value: string, variables: boolean) => ValueTest | undefined;

interface Operator {
  readonly negated: boolean;
  readonly compile: Compile;
  readonly wanted: string;
}

/**
 * All operators, by lower-case name.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
const OPERATORS = new Map<string, Operator>();
function define(wanted: string, positive: string, negative: string | undefined, compile: Compile): void {
  OPERATORS.set(positive, { negated: false, compile, wanted });
  if (negative !== undefined) OPERATORS.set(negative, { negated: true, compile, wanted });
}

const TEXT = "text, in which a dollar sign and a brace begin a valid policy variable";
const ARN = "an ARN with six parts, which may have wildcards, or *";
define(
  TEXT,
  "StringEquals",
  "StringNotEquals",
  stringTest((text) => text),
);
define(
  TEXT,
  "StringEqualsIgnoreCase",
  "StringNotEqualsIgnoreCase",
  stringTest((text) => text.toLowerCase()),
);
define(TEXT, "StringLike", "StringNotLike", compileLike);
// ArnEquals and ArnLike are the same operator under two names (D).
define(ARN, "ArnEquals", "ArnNotEquals", compileArn);
define(ARN, "ArnLike", "ArnNotLike", compileArn);
define("true or false", "Bool", undefined, compileBool);
define("base64 text", "BinaryEquals", undefined, compileBinary);
define("an IP address or CIDR block", "IpAddress", "NotIpAddress", compileIp);
defineOrder("a number", "Numeric", parseNumber);
defineOrder("an ISO 8601 date or epoch seconds", "Date", parseDate);

function defineOrder(wanted: string, family: string, parse: (text: string) => number | undefined): void {
  const comparing =
    (holds: (actual: number, expected: number) => boolean): Compile =>
    (value) => {
      const expected = parse(value);
      if (expected === undefined) return undefined;
      return (text) => {
        const actual = parse(text);
        return actual !== undefined && holds(actual, expected);
      };
    };
  define(
    wanted,
    `${family}Equals`,
    `${family}NotEquals`,
    comparing((actual, expected) => actual === expected),
  );
  define(
    wanted,
    `${family}LessThan`,
    undefined,
    comparing((actual, expected) => actual < expected),
  );
  define(
    wanted,
    `${family}LessThanEquals`,
    undefined,
    comparing((actual, expected) => actual <= expected),
  );
  define(
    wanted,
    `${family}GreaterThan`,
    undefined,
    comparing((actual, expected) => actual > expected),
  );
  define(
    wanted,
    `${family}GreaterThanEquals`,
    undefined,
    comparing((actual, expected) => actual >= expected),
  );
}

/** What was wrong with an operator or with a value under it. */
export type ConditionProblem =
  | { readonly at: "operator"; readonly wanted: string }
  | { readonly at: "value"; readonly index: number; readonly wanted: string };

const OPERATOR_NAME = /^(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?$/;

/** Compiles one operator-key pair of a Condition block, or says what about it is not understood. */
export function compileCondition(
  operator: string,
  key: string,
  expected: readonly string[],
  variables: boolean,
): { readonly ok: true; readonly condition: Condition } | ({ readonly ok: false } & ConditionProblem) {
  const [, set, base = "", suffix] = OPERATOR_NAME.exec(operator) ?? [];
  const quantifier: Condition["quantifier"] =
    set === "ForAnyValue" ? "any" : set === "ForAllValues" ? "all" : undefined;
  const written = { operator, key, name: key.toLowerCase(), expected, quantifier, ifExists: suffix !== undefined };
  if (base === "Null" && suffix === undefined && quantifier === undefined) {
    const absent: boolean[] = [];
    for (const [index, value] of expected.entries()) {
      const parsed = parseBool(value);
      if (parsed === undefined) return { ok: false, at: "value", index, wanted: "true or false" };
      absent.push(parsed);
    }
    return { ok: true, condition: { ...written, negated: false, absent, tests: [] } };
  }
  const found = OPERATORS.get(base);
  if (found === undefined)
    return { ok: false, at: "operator", wanted: "an IAM condition operator, such as StringEquals" };
  const tests: ValueTest[] = [];
  for (const [index, value] of expected.entries()) {
    const test = found.compile(value, variables);
    if (test === undefined) return { ok: false, at: "value", index, wanted: found.wanted };
    tests.push(test);
  }
  return { ok: true, condition: { ...written, negated: found.negated, absent: undefined, tests } };
}

/** Whether a condition holds for the request's values of its key (undefined or empty: the key is absent). */
export function holdsCondition(
  condition: Condition,
  actual: readonly string[] | undefined,
  lookup: VariableLookup,
): boolean {
  const { quantifier, negated, tests } = condition;
  const isAbsent = actual === undefined || actual.length === 0;
  if (condition.absent !== undefined) return condition.absent.includes(isAbsent);
  // Absent: IfExists and negated operators hold, ForAllValues is vacuously true, all others fail (D). ForAnyValue fails
  // even when negated (D), unless IfExists says otherwise.
  if (isAbsent) return condition.ifExists || quantifier === "all" || (negated && quantifier === undefined);
  let some = false;
  let every = true;
  for (const value of actual) {
    let matched = false;
    for (const test of tests) {
      // A policy variable without value is like nothing: a negated operator holds then (D).
      if (test(value, lookup) === true) {
        matched = true;
        break;
      }
    }
    if (matched !== negated) some = true;
    else every = false;
  }
  // Several request values without a set operator (?): any may match a positive operator, none a negated one.
  return (quantifier ?? (negated ? "all" : "any")) === "all" ? every : some;
}

function stringTest(fold: (text: string) => string): Compile {
  return (value, variables) => {
    const text = parsePolicyText(value, { wildcards: false, variables });
    if (text === undefined) return undefined;
    if (!text.hasVariables) {
      const expected = fold(resolveString(text.tokens, NO_VARIABLES)!);
      return (actual) => fold(actual) === expected;
    }
    return (actual, lookup) => {
      const resolved = resolveString(text.tokens, lookup);
      return resolved === undefined ? undefined : fold(actual) === fold(resolved);
    };
  };
}

function compileLike(value: string, variables: boolean): ValueTest | undefined {
  const text = parsePolicyText(value, { wildcards: true, variables });
  if (text === undefined) return undefined;
  const fixed = text.hasVariables ? undefined : resolveGlob(text.tokens, NO_VARIABLES);
  return (actual, lookup) => {
    const glob = fixed ?? resolveGlob(text.tokens, lookup);
    return glob === undefined ? undefined : matchesGlob(glob, actual);
  };
}

function compileArn(value: string, variables: boolean): ValueTest | undefined {
  const text: PolicyText | undefined = parsePolicyText(value, { wildcards: true, variables });
  if (text === undefined) return undefined;
  const pattern = compileArnPattern(value, text);
  // AWS compares the six parts one by one (D), so a value without six parts is a mistake, save `*` and a variable.
  if (value !== "*" && !text.hasVariables && pattern.prefix === undefined && pattern.parts === undefined)
    return undefined;
  return (actual, lookup) => matchesArnPattern(pattern, actual, lookup);
}

/** Bool takes policy variables too (D), so a value is only checked at once when it has none. */
function compileBool(value: string, variables: boolean): ValueTest | undefined {
  const text = parsePolicyText(value, { wildcards: false, variables });
  if (text === undefined) return undefined;
  if (!text.hasVariables) {
    const expected = parseBool(value);
    return expected === undefined ? undefined : (actual) => parseBool(actual) === expected;
  }
  return (actual, lookup) => {
    const expected = parseBool(resolveString(text.tokens, lookup) ?? "");
    return expected === undefined ? undefined : parseBool(actual) === expected;
  };
}

function compileBinary(value: string): ValueTest | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined;
  const expected = Buffer.from(value, "base64");
  return (actual) => expected.equals(Buffer.from(actual, "base64"));
}

function compileIp(value: string): ValueTest | undefined {
  const range = parseIpRange(value);
  return range === undefined ? undefined : (actual) => isInIpRange(actual, range) === true;
}

function parseBool(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d{1,30}(\.\d{1,30})?$/.test(text) ? Number(text) : undefined;
}

const ISO_DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/** Milliseconds since the epoch: W3C's ISO 8601 profile or epoch seconds (D). A date without a zone is UTC (?). */
function parseDate(text: string): number | undefined {
  // Four digits are a year, longer digit runs are epoch seconds.
  if (/^\d{5,13}$/.test(text)) return Number(text) * 1000;
  const [, year, month = "01", day = "01", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
    ISO_DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${zone}`);
  // Date.parse rolls 31 February over to March; such a date is a mistake.
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number.isNaN(time) || Number(day) > daysInMonth ? undefined : time;
}

import { type Clause, type CompiledRules, type RouteEntry, RULES_FORMAT } from "./compiled-rules.ts";
import { type Candidate, GREEDY, PARAMETER, type RuleClause, separateRules } from "./separate-rules.ts";

export const MAX_RULES = 200;
export const MAX_RULE_PATH_CHARACTERS = 256;
export const MAX_RULE_SEGMENTS = 20;
export const MAX_RULE_VALUES = 100;
/**
 * Largest answer of a Lambda authorizer. Documented for WebSocket APIs at 8 KB, commonly taken for REST APIs too (?).
 * Rules that could make a larger policy are refused when they are compiled, not when a token comes.
 */
export const MAX_POLICY_BYTES = 8_192;
/** What an ARN up to the stage takes, generously: partition, region, account, a 10-character API id, a stage name. */
const STAGE_ARN_CHARACTERS = 90;

const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"];

/** Compiled rules, or everything that is wrong with the file, each a sentence with the next move. */
export type RulesVerdict =
  | { readonly ok: true; readonly rules: CompiledRules }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Validates and compiles a rules file (a parsed JSON value): a list of rules, or `{"complete": true, "rules": […]}`.
 * A rule: `{"method": "GET", "path": "/pets/{petId}", "scopes": ["read:pets"]}`; `method` may be a list or `*`; a
 * requirement is one or more of `scopes`, `permissions`, `groups`, `claims` (all must be met), or `anyValidToken: true`.
 * A list of values means one of them, as API Gateway's own scopes do; `{"allOf": […]}` means all.
 *
 * The most specific path decides (literal before `{name}` before `{name+}`), a path that no rule names is refused. An IAM
 * pattern cannot say "one segment", so some sets of rules have no exact policy; they are refused by name. `complete` says
 * that every route behind the authorizer is named: paths of no rule then need not be told apart, since API Gateway
 * answers those itself.
 */
export function compileRules(file: unknown): RulesVerdict {
  const problems: string[] = [];
  const { list, complete } = readFile(file, problems);
  const requirements: (readonly RuleClause[])[] = [];
  const byMethod = new Map<string, Candidate[]>();
  for (const [index, value] of list.entries()) {
    const rule = readRule(value, `rule ${index + 1}`, problems);
    if (rule === undefined) continue;
    let requirement = requirements.findIndex((each) => JSON.stringify(each) === JSON.stringify(rule.clauses));
    if (requirement < 0) requirement = requirements.push(rule.clauses) - 1;
    for (const method of rule.methods) {
      const candidates = byMethod.get(method) ?? [];
      byMethod.set(method, candidates);
      addCandidate(candidates, { ...rule, requirement }, method, problems);
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  const methods: Record<string, readonly RouteEntry[]> = {};
  for (const [method, candidates] of byMethod) {
    const separated = separateRules(candidates, complete);
    if (separated.ok) methods[method] = separated.entries;
    else problems.push(...separated.problems.map((each) => `${method}: ${each}`));
  }
  const literals = [...byMethod.values()].flat().flatMap((each) => each.segments.filter(isLiteral));
  const rules: CompiledRules = {
    format: RULES_FORMAT,
    ...ambiguity(literals),
    requirements: requirements.map(compiledClauses),
    methods,
  };
  const bytes = largestPolicyBytes(rules);
  if (bytes > MAX_POLICY_BYTES) {
    problems.push(
      `the rules can make a policy of ${bytes} bytes, an authorizer's answer ends at ${MAX_POLICY_BYTES}: name fewer methods than "*", or join rules with {proxy+}`,
    );
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rules };
}

function readFile(file: unknown, problems: string[]): { list: readonly unknown[]; complete: boolean } {
  const whole = isObject(file) ? file : { rules: file };
  const { rules, complete = false, ...unknown } = whole;
  if (!Array.isArray(rules) || rules.length === 0) {
    problems.push(`the rules file is ${show(file)}: write a list of rules, or {"complete": true, "rules": [...]}`);
    return { list: [], complete: false };
  }
  if (typeof complete !== "boolean") problems.push(`"complete" is ${show(complete)}: write true or false`);
  for (const name of Object.keys(unknown)) problems.push(`"${name}" is not known beside "rules": remove it`);
  if (rules.length > MAX_RULES) problems.push(`${rules.length} rules, at most ${MAX_RULES}: join some with {proxy+}`);
  return { list: rules.slice(0, MAX_RULES), complete: complete === true };
}

interface Rule {
  readonly name: string;
  readonly methods: readonly string[];
  /** The rule says `*`: a rule that names the method goes before it. */
  readonly anyMethod: boolean;
  readonly segments: readonly string[];
  readonly clauses: readonly RuleClause[];
}

function readRule(value: unknown, at: string, problems: string[]): Rule | undefined {
  const before = problems.length;
  if (!isObject(value)) {
    problems.push(`${at} is ${show(value)}: write an object with method, path and a requirement`);
    return undefined;
  }
  const { method, path, ...required } = value;
  const name = typeof path === "string" ? `${at} (${Array.isArray(method) ? method.join(",") : method} ${path})` : at;
  const methods = readMethods(method, name, problems);
  const segments = readPath(path, name, problems);
  const clauses = readRequirement(required, name, problems);
  if (problems.length > before || !segments) return undefined;
  return { name, methods, anyMethod: method === "*", segments, clauses };
}

function readMethods(method: unknown, at: string, problems: string[]): readonly string[] {
  if (method === "*") return METHODS;
  const listed: readonly unknown[] = Array.isArray(method) ? method : [method];
  for (const each of listed) {
    if (METHODS.includes(each as string)) continue;
    problems.push(`${at}: method is ${show(each)}: write "*", or one or more of ${METHODS.join(", ")}`);
  }
  if (listed.length === 0) problems.push(`${at}: method is an empty list: name a method`);
  return [...new Set(listed as string[])];
}

const LITERAL = /^[A-Za-z0-9._~:@!&'()+,;=-]+$/;

function readPath(path: unknown, at: string, problems: string[]): readonly string[] | undefined {
  if (typeof path !== "string" || !path.startsWith("/") || path.length > MAX_RULE_PATH_CHARACTERS) {
    problems.push(
      `${at}: path is ${show(path)}: write a path such as /pets/{petId}, at most ${MAX_RULE_PATH_CHARACTERS} characters`,
    );
    return undefined;
  }
  if (path === "/") return [];
  const written = path.slice(1).split("/");
  if (written.length > MAX_RULE_SEGMENTS) problems.push(`${at}: path has more than ${MAX_RULE_SEGMENTS} segments`);
  return written.map((segment, index) => {
    if (/^\{[A-Za-z0-9._:-]+\}$/.test(segment)) return PARAMETER;
    const isLast = index === written.length - 1;
    if (isLast && /^\{[A-Za-z0-9._:-]+\+\}$/.test(segment)) return GREEDY;
    if (!LITERAL.test(segment) || /^\.\.?$/.test(segment)) {
      problems.push(
        `${at}: path segment ${show(segment)} is not a name, {name} or, at the end, {name+}: write it so, without empty segments`,
      );
    }
    return segment;
  });
}

function readRequirement(required: Record<string, unknown>, at: string, problems: string[]): readonly RuleClause[] {
  const { scopes, permissions, groups, claims, anyValidToken, ...unknown } = required;
  for (const name of Object.keys(unknown)) {
    problems.push(`${at}: "${name}" is not known: use scopes, permissions, groups, claims or anyValidToken`);
  }
  if (anyValidToken !== undefined && anyValidToken !== true) {
    problems.push(`${at}: anyValidToken is ${show(anyValidToken)}: write true or leave it out`);
  }
  const clauses: RuleClause[] = [];
  const add = (claim: string, value: unknown, label: string): void => {
    if (value === undefined) return;
    const clause = readClause(claim, value);
    if (clause) clauses.push(clause);
    else problems.push(`${at}: ${label} is ${show(value)}: write a list of values, {"anyOf": […]} or {"allOf": […]}`);
  };
  add("scope", scopes, "scopes");
  add("permissions", permissions, "permissions");
  add("cognito:groups", groups, "groups");
  if (isObject(claims)) {
    for (const [name, value] of Object.entries(claims)) add(name, isScalar(value) ? [value] : value, `claims.${name}`);
  } else if (claims !== undefined) problems.push(`${at}: claims is ${show(claims)}: write {"name": value}`);
  if (clauses.length > 0 === (anyValidToken === true)) {
    problems.push(
      clauses.length > 0
        ? `${at}: anyValidToken stands beside other requirements: remove one or the other`
        : `${at}: nothing is required: name scopes, permissions, groups or claims, or write "anyValidToken": true`,
    );
  }
  return clauses;
}

function readClause(claim: string, value: unknown): RuleClause | undefined {
  const { anyOf, allOf, ...unknown } = isObject(value) ? value : { anyOf: value };
  if (Object.keys(unknown).length > 0 || (anyOf === undefined && allOf === undefined)) return undefined;
  const lists = [anyOf, allOf].filter((each) => each !== undefined);
  const good = lists.every(
    (each) => Array.isArray(each) && each.length > 0 && each.length <= MAX_RULE_VALUES && each.every(isScalar),
  );
  if (!good) return undefined;
  return { claim, ...(anyOf ? { anyOf } : {}), ...(allOf ? { allOf } : {}) } as RuleClause;
}

/** A value that must be held is a choice of one. */
function compiledClauses(clauses: readonly RuleClause[]): readonly Clause[] {
  return clauses.flatMap(({ claim, anyOf, allOf = [] }) =>
    [...(anyOf ? [anyOf] : []), ...allOf.map((each) => [each])].map((values) => ({ claim, anyOf: values })),
  );
}

/** Keeps candidates in order of specificity, and one per path: a rule that names the method replaces one for `*`. */
function addCandidate(candidates: Candidate[], rule: Candidate & Rule, method: string, problems: string[]): void {
  const path = rule.segments.join("/");
  const same = candidates.findIndex((each) => each.segments.join("/") === path);
  const other = candidates[same] as (Candidate & Rule) | undefined;
  if (other === undefined) {
    candidates.push(rule);
    candidates.sort((one, two) => (kinds(one) < kinds(two) ? -1 : kinds(one) > kinds(two) ? 1 : 0));
  } else if (other.anyMethod === rule.anyMethod) {
    problems.push(`${rule.name} and ${other.name} name the same route for ${method}: keep one`);
  } else if (other.anyMethod) candidates[same] = rule;
}

/** Literal before parameter before greedy, segment by segment from the left, as API Gateway ranks them (R). */
function kinds({ segments }: Candidate): string {
  return segments.map((each) => (each === GREEDY ? "2" : each === PARAMETER ? "1" : "0")).join("");
}

/**
 * Paths that a router might read otherwise than we do (?): empty and dot segments, a trailing slash (API Gateway ignores
 * it when it matches (R)), and percent-encoded forms of a slash, a dot, or a character in some rule's literal, behind
 * which `/pets/secret` could hide from its rule.
 */
function ambiguity(literals: readonly string[]): { ambiguous: string; ambiguousGlobs: string[] } {
  const encoded = new Set<string>();
  for (const character of new Set(["/", ".", ...literals.join("")])) {
    const hex = character.charCodeAt(0).toString(16);
    encoded.add(`%${hex}`);
    encoded.add(`%${hex.toUpperCase()}`);
  }
  return {
    ambiguous: `^/|//|/$|(^|/)\\.\\.?(/|$)|${[...encoded].join("|")}`,
    // The last is a slash at the end of a path: after API, stage and method.
    ambiguousGlobs: ["*//*", "*/./*", "*/../*", "*/.", "*/..", "*/*/*/?*/", ...[...encoded].map((each) => `*${each}*`)],
  };
}

/** At most what policyForToken can write, with every rule met and every deny pattern present. */
function largestPolicyBytes(rules: CompiledRules): number {
  let bytes = 400 + rules.ambiguousGlobs.reduce((sum, each) => sum + each.length + 35, 0);
  for (const entries of Object.values(rules.methods)) {
    const denied = entries.flatMap(([, , , ...exceptions]) => exceptions.flatMap(([, ...globs]) => globs));
    const patterns = [...entries.map(([, , glob]) => glob), ...new Set(denied)];
    // Quotes, comma, method and slash.
    for (const each of patterns) bytes += each.length + STAGE_ARN_CHARACTERS + 11;
  }
  return bytes;
}

function isLiteral(segment: string): boolean {
  return segment !== PARAMETER && segment !== GREEDY;
}

function isScalar(value: unknown): value is string | number | boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number" || typeof value === "boolean";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? "missing" : (JSON.stringify(value)?.slice(0, 100) ?? typeof value);
}

import { type ArnPattern, compileArnPattern } from "./arn-pattern.ts";
import { type Condition, compileCondition } from "./condition.ts";
import { type ApiIdentity, expandExecuteApiShortForm, isExecuteApiShortForm } from "./execute-api-short-form.ts";
import { compileGlob } from "./glob.ts";
import type { ActionPattern, Policy, PolicyKind, Statement } from "./policy.ts";
import { parsePolicyText } from "./policy-text.ts";
import { type PrincipalElement, parsePrincipal } from "./principal.ts";

/** Our own bound on a policy document as JSON; AWS's limits per kind are lower (6,144 characters for managed policies). */
export const MAX_POLICY_BYTES = 65_536;
export const MAX_POLICY_STATEMENTS = 500;
/** Actions, resources, principals and condition values of a policy, all together. */
export const MAX_POLICY_PATTERNS = 2_000;
export const MAX_PATTERN_CHARACTERS = 2_048;
/** A Resource in an authorizer's answer (D); what AWS does beyond it is unverified, here the policy is invalid (?). */
export const AUTHORIZER_RESOURCE_MAX_CHARACTERS = 512;
/** Of what was found, in a problem's sentence. */
const MAX_FOUND_CHARACTERS = 200;
/** Whether Principal in an authorizer's answer takes part in the decision (?). */
export const AUTHORIZER_PRINCIPAL_IS_IGNORED = true;

/** A compiled policy, or the first thing in the document that is not understood: never half of a policy. */
export type PolicyVerdict = { readonly ok: true; readonly policy: Policy } | PolicyProblem;

/** Where a document is wrong: the thing, what was found, what is wanted. */
export interface PolicyProblem {
  readonly ok: false;
  readonly reason:
    | "wrong_type"
    | "unknown_element"
    | "missing_element"
    | "conflicting_elements"
    | "bad_value"
    | "unknown_operator"
    | "too_large";
  /** E.g. `Statement[1].Condition.StringEquals`; empty for the document itself. */
  readonly path: string;
  readonly found: unknown;
  readonly wanted: string;
}

export interface ParsePolicyOptions {
  /** The API a resource policy belongs to, to expand `execute-api:/…` with; without it that form is a problem. */
  readonly api?: ApiIdentity;
}

/** `Statement[1].Effect is "allow", wanted "Allow" or "Deny"`: a problem as one sentence. */
export function formatPolicyProblem(problem: PolicyProblem): string {
  const found = problem.found === undefined ? "missing" : textOf(problem.found);
  return `${problem.path === "" ? "the policy" : problem.path} is ${found}, wanted ${problem.wanted}`;
}

/** Nesting that was just within the stack when the document was measured may be beyond it here. */
function textOf(found: unknown): string {
  try {
    return JSON.stringify(found)?.slice(0, MAX_FOUND_CHARACTERS) ?? typeof found;
  } catch {
    return typeof found;
  }
}

/**
 * Compiles a policy document (a parsed JSON value). Strict, since what is not understood may be what was meant to refuse:
 * unknown and lower-case elements are problems (C for lower case: AWS then answers 500), as are unknown operators.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 *
 * @example parsePolicy({ Version: "2012-10-17", Statement: [] }, "authorizer") // { ok: true, policy }
 */
export function parsePolicy(document: unknown, kind: PolicyKind, options: ParsePolicyOptions = {}): PolicyVerdict {
  try {
    const size = byteLength(document);
    if (size === undefined) fail("wrong_type", "", typeof document, "a JSON object");
    if (size > MAX_POLICY_BYTES) fail("too_large", "", size, `at most ${MAX_POLICY_BYTES} bytes`);
    return { ok: true, policy: readPolicy(document, new Reader(kind, options.api)) };
  } catch (error) {
    if (error instanceof PolicyProblemError) return error.problem;
    throw error;
  }
}

/** Carries a problem out of nested readers; never leaves this file. */
class PolicyProblemError extends Error {
  readonly problem: PolicyProblem;
  constructor(problem: PolicyProblem) {
    super(problem.reason);
    this.problem = problem;
  }
}

function fail(reason: PolicyProblem["reason"], path: string, found: unknown, wanted: string): never {
  throw new PolicyProblemError({ ok: false, reason, path, found, wanted });
}

/** Undefined for what JSON cannot write (a cycle, a function, nesting beyond the stack). */
function byteLength(document: unknown): number | undefined {
  try {
    const text = JSON.stringify(document) as string | undefined;
    return text === undefined ? undefined : Buffer.byteLength(text);
  } catch {
    return undefined;
  }
}

type Members = Readonly<Record<string, unknown>>;

/** What readers share: the kind of policy, its Version, and the count of patterns so far. */
class Reader {
  readonly kind: PolicyKind;
  readonly api: ApiIdentity | undefined;
  variables = false;
  #patterns = 0;
  constructor(kind: PolicyKind, api: ApiIdentity | undefined) {
    this.kind = kind;
    this.api = api;
  }

  members(value: unknown, path: string, known: readonly string[]): Members {
    const members = this.object(value, path);
    for (const name of Object.keys(members)) {
      if (known.includes(name)) continue;
      const meant = known.find((each) => each.toLowerCase() === name.toLowerCase());
      const wanted = meant === undefined ? `one of ${known.join(", ")}` : `${meant}, spelled exactly so`;
      fail("unknown_element", path === "" ? name : `${path}.${name}`, name, wanted);
    }
    return members;
  }

  object(value: unknown, path: string): Members {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      fail("wrong_type", path, value, "an object");
    return value as Members;
  }

  /** One text or a list of texts, bounded. */
  texts(value: unknown, path: string): readonly string[] {
    const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
    this.count(listed.length, path);
    return listed.map((each, index) => {
      const at = Array.isArray(value) ? `${path}[${index}]` : path;
      if (typeof each !== "string") return fail("wrong_type", at, each, "text, or a list of texts");
      if (each === "") return fail("bad_value", at, each, "text that is not empty");
      if (each.length > MAX_PATTERN_CHARACTERS) {
        return fail("too_large", at, each.length, `at most ${MAX_PATTERN_CHARACTERS} characters`);
      }
      return each;
    });
  }

  count(patterns: number, path: string): void {
    this.#patterns += patterns;
    if (this.#patterns > MAX_POLICY_PATTERNS) {
      fail("too_large", path, this.#patterns, `at most ${MAX_POLICY_PATTERNS} patterns in a policy`);
    }
  }
}

function readPolicy(document: unknown, reader: Reader): Policy {
  const { Version, Id, Statement } = reader.members(document, "", ["Version", "Id", "Statement"]);
  if (Version !== undefined && Version !== "2012-10-17" && Version !== "2008-10-17") {
    // That AWS refuses other versions is documented for saved policies, not for authorizers' answers (?).
    fail("bad_value", "Version", Version, '"2012-10-17" or "2008-10-17"');
  }
  if (Id !== undefined && typeof Id !== "string") fail("wrong_type", "Id", Id, "text");
  if (Statement === undefined) fail("missing_element", "Statement", undefined, "a statement or a list of them");
  const version = Version ?? "2008-10-17";
  // Policy variables exist only since 2012-10-17; before, `${` is literal text (D).
  reader.variables = version === "2012-10-17";
  // A single object is IAM's grammar (D); whether an authorizer's answer may use it is unverified (?).
  const listed: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  if (listed.length > MAX_POLICY_STATEMENTS) {
    fail("too_large", "Statement", listed.length, `at most ${MAX_POLICY_STATEMENTS} statements`);
  }
  const statements = listed.map((each, index) =>
    readStatement(each, index, Array.isArray(Statement) ? `Statement[${index}]` : "Statement", reader),
  );
  return { kind: reader.kind, version, ...(Id === undefined ? {} : { id: Id }), statements };
}

const ELEMENTS = [
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
];

function readStatement(value: unknown, index: number, path: string, reader: Reader): Statement {
  const members = reader.members(value, path, ELEMENTS);
  const { Sid, Effect, Condition } = members;
  if (Sid !== undefined && typeof Sid !== "string") fail("wrong_type", `${path}.Sid`, Sid, "text");
  if (Effect !== "Allow" && Effect !== "Deny") {
    const reason = Effect === undefined ? "missing_element" : "bad_value";
    fail(reason, `${path}.Effect`, Effect, '"Allow" or "Deny"');
  }
  const action = exactlyOne(members, "Action", "NotAction", path);
  const resource = exactlyOne(members, "Resource", "NotResource", path);
  return {
    index,
    ...(Sid === undefined ? {} : { sid: Sid }),
    effect: Effect,
    actions: { not: action.not, patterns: readActions(action, reader) },
    resources: { not: resource.not, patterns: readResources(resource, reader) },
    principals: readPrincipals(members, path, reader),
    conditions: Condition === undefined ? [] : readConditions(Condition, `${path}.Condition`, reader),
  };
}

interface Chosen {
  readonly not: boolean;
  readonly value: unknown;
  readonly path: string;
}

function exactlyOne(members: Members, name: string, opposite: string, path: string): Chosen {
  const value = members[name];
  const other = members[opposite];
  if (value !== undefined && other !== undefined) {
    fail("conflicting_elements", path, [name, opposite], `either ${name} or ${opposite}`);
  }
  if (value === undefined && other === undefined) {
    fail("missing_element", `${path}.${name}`, undefined, `${name} or ${opposite}`);
  }
  const not = value === undefined;
  return { not, value: not ? other : value, path: `${path}.${not ? opposite : name}` };
}

/**
 * An empty list makes a statement that never applies, as a suggestion of AWS's policy validation says (D). An empty
 * NotAction or NotResource would apply to everything, which nobody writes on purpose: a problem (?).
 */
function readTexts(chosen: Chosen, reader: Reader): readonly string[] {
  const texts = reader.texts(chosen.value, chosen.path);
  if (chosen.not && texts.length === 0) fail("bad_value", chosen.path, [], "at least one text");
  return texts;
}

function readActions(chosen: Chosen, reader: Reader): readonly ActionPattern[] {
  return readTexts(chosen, reader).map((text) => {
    if (isSaved(reader) && !/^\*+$|:/.test(text)) fail("bad_value", chosen.path, text, "SERVICE:ACTION, or *");
    return { text, glob: compileGlob(text.toLowerCase()) };
  });
}

/**
 * AWS does not save a policy whose actions lack a service or whose resources are no ARNs (D): a Deny of them would match
 * nothing. What it makes of such an answer of an authorizer is not known (?).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
 */
function isSaved({ kind }: Reader): boolean {
  return kind !== "authorizer";
}

function readResources(chosen: Chosen, reader: Reader): readonly ArnPattern[] {
  return readTexts(chosen, reader).map((written) => {
    const text = reader.kind === "resource" ? expand(written, chosen.path, reader) : written;
    if (reader.kind === "authorizer" && text.length > AUTHORIZER_RESOURCE_MAX_CHARACTERS) {
      fail("too_large", chosen.path, text.length, `at most ${AUTHORIZER_RESOURCE_MAX_CHARACTERS} characters`);
    }
    if (isSaved(reader) && !/^(?:arn:|\*)/.test(text)) fail("bad_value", chosen.path, text, "an ARN, or *");
    const parsed = parsePolicyText(text, { wildcards: true, variables: reader.variables });
    if (parsed === undefined)
      return fail(
        "bad_value",
        chosen.path,
        text,
        "text, in which a dollar sign and a brace begin a valid policy variable",
      );
    return compileArnPattern(text, parsed);
  });
}

/** Left as it is, the short form would match nothing, and a Deny that matches nothing is an open door. */
function expand(text: string, path: string, reader: Reader): string {
  if (!isExecuteApiShortForm(text)) return text;
  if (reader.api === undefined) return fail("bad_value", path, text, "a full ARN, since this policy belongs to no API");
  return expandExecuteApiShortForm(text, reader.api);
}

function readPrincipals(members: Members, path: string, reader: Reader): PrincipalElement | undefined {
  const present = members.Principal !== undefined || members.NotPrincipal !== undefined;
  if (reader.kind === "authorizer" && AUTHORIZER_PRINCIPAL_IS_IGNORED) return undefined;
  if (reader.kind === "identity") {
    if (!present) return undefined;
    const name = members.Principal === undefined ? "NotPrincipal" : "Principal";
    return fail(
      "unknown_element",
      `${path}.${name}`,
      name,
      "no principal: an identity policy speaks of its own identity",
    );
  }
  const chosen = exactlyOne(members, "Principal", "NotPrincipal", path);
  const parsed = parsePrincipal(chosen.value, chosen.not);
  if ("wanted" in parsed) return fail("bad_value", `${chosen.path}${parsed.path}`, parsed.found, parsed.wanted);
  if (parsed.not && parsed.expected.length === 0) return fail("bad_value", chosen.path, {}, "at least one principal");
  reader.count(parsed.expected.length, chosen.path);
  return parsed;
}

function readConditions(value: unknown, path: string, reader: Reader): readonly Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, block] of Object.entries(reader.object(value, path))) {
    const blockPath = `${path}.${operator}`;
    for (const [key, listed] of Object.entries(reader.object(block, blockPath))) {
      const keyPath = `${blockPath}.${key}`;
      const values = (Array.isArray(listed) ? (listed as readonly unknown[]) : [listed]).map((each) => {
        if (typeof each === "string") return each;
        if (typeof each === "number" || typeof each === "boolean") return String(each);
        return fail("wrong_type", keyPath, each, "text, number, boolean, or a list of them");
      });
      // Whether an empty list is always or never met is not documented clearly: not understood (?).
      if (values.length === 0) fail("bad_value", keyPath, [], "at least one value");
      const long = values.find((each) => each.length > MAX_PATTERN_CHARACTERS);
      if (long !== undefined) fail("too_large", keyPath, long.length, `at most ${MAX_PATTERN_CHARACTERS} characters`);
      reader.count(values.length, keyPath);
      const compiled = compileCondition(operator, key, values, reader.variables);
      if (compiled.ok) conditions.push(compiled.condition);
      else if (compiled.at === "operator") fail("unknown_operator", blockPath, operator, compiled.wanted);
      else fail("bad_value", keyPath, values[compiled.index], compiled.wanted);
    }
    // An empty block still must name an operator that exists.
    if (Object.keys(block as Members).length === 0) {
      const compiled = compileCondition(operator, "", [], reader.variables);
      if (!compiled.ok) fail("unknown_operator", blockPath, operator, compiled.wanted);
    }
  }
  return conditions;
}

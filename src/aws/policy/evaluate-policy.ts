import { matchesArnPattern } from "./arn-pattern.ts";
import { holdsCondition } from "./condition.ts";
import { matchesGlob } from "./glob.ts";
import type { Actions, Policy, Resources, Statement } from "./policy.ts";
import type { VariableLookup } from "./policy-text.ts";
import { matchPrincipal, type Principal, type PrincipalMatch } from "./principal.ts";

/** How many statements an implicit deny explains, nearest first. */
export const MAX_NEAR_MISSES = 10;

export type ConditionValue = string | number | boolean;

/** What is asked: an action on a resource, by whom, under which circumstances. */
export interface AccessRequest {
  /** E.g. `execute-api:Invoke`. */
  readonly action: string;
  /** The full ARN, e.g. of the method. */
  readonly resource: string;
  /**
   * What the resource may be read as by those behind the policy, e.g. percent-decoded. Which of them AWS takes is not known
   * (?): a Deny applies to what any of them names, an Allow of all but some only if none of them is among those.
   */
  readonly otherReadings?: readonly string[] | undefined;
  /** Needed by resource policies; absent means anonymous. */
  readonly principal?: Principal;
  /** Condition keys in any spelling of case, e.g. `aws:SourceIp`; a list for a multi-valued key. */
  readonly context?: Readonly<Record<string, ConditionValue | readonly ConditionValue[] | undefined>>;
}

/** The decision and what led to it. */
export interface AccessVerdict {
  readonly decision: "allow" | "explicit_deny" | "implicit_deny";
  /** The statement that decided; absent for an implicit deny. */
  readonly statement?: DecidingStatement;
  /** For an implicit deny: the Allow statements that did not apply and why, nearest first. */
  readonly nearMisses?: readonly NearMiss[];
}

export interface DecidingStatement {
  /** Index in the list of policies given. */
  readonly policyIndex: number;
  /** Index in the policy's Statement list. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  /** The pattern that matched; for NotAction, `not ` and its patterns. */
  readonly actionPattern: string;
  /** The pattern that matched; for NotResource, `not ` and its patterns. */
  readonly resourcePattern: string;
  /** The reading that a Deny matched, where that was not the resource itself. */
  readonly readAs?: string;
  /** How the principal matched, in a resource policy. */
  readonly principalMatch?: PrincipalMatch;
}

export interface NearMiss {
  readonly policyIndex: number;
  readonly index: number;
  readonly sid?: string;
  readonly failed: readonly StatementFailure[];
}

/** One part of a statement that did not fit the request. `not` marks NotAction, NotResource, NotPrincipal. */
export type StatementFailure =
  | {
      readonly part: "action" | "resource" | "principal";
      readonly not: boolean;
      readonly expected: readonly string[];
      readonly actual: string;
    }
  | {
      readonly part: "condition";
      readonly operator: string;
      readonly key: string;
      readonly expected: readonly string[];
      /** Undefined when the request has no such key. */
      readonly actual: readonly string[] | undefined;
    };

const ANONYMOUS: Principal = { type: "anonymous" };

/**
 * Decides a request by the policies of one side (an identity's, an authorizer's, or a resource's): any Deny that applies
 * wins, else any Allow, else an implicit deny (D). Never throws. Several Allows: the first of the widest grant is named,
 * since naming a role or an account grants less than naming the caller or everyone.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 *
 * @example evaluatePolicy([policy], { action: "execute-api:Invoke", resource: methodArn }).decision
 */
export function evaluatePolicy(policies: readonly Policy[], request: AccessRequest): AccessVerdict {
  const evaluation = new Evaluation(request);
  let allowed: DecidingStatement | undefined;
  for (let policyIndex = 0; policyIndex < policies.length; policyIndex++) {
    for (const statement of policies[policyIndex]!.statements) {
      const { effect } = statement;
      if (effect === "Allow" && allowed !== undefined && grantOf(allowed) === WIDEST_GRANT) continue;
      const applied = evaluation.apply(statement, policyIndex);
      if (applied === undefined) continue;
      if (effect === "Deny") return { decision: "explicit_deny", statement: applied };
      if (allowed === undefined || grantOf(applied) > grantOf(allowed)) allowed = applied;
    }
  }
  if (allowed !== undefined) return { decision: "allow", statement: allowed };
  return { decision: "implicit_deny", nearMisses: evaluation.nearMisses(policies) };
}

const WIDEST_GRANT = 2;

/** How much an Allow can do without the caller's own policies, by how it names the caller. */
function grantOf({ principalMatch }: DecidingStatement): number {
  return principalMatch === "account" ? 0 : principalMatch === "role" ? 1 : WIDEST_GRANT;
}

/** One request with what is worked out from it at most once. */
class Evaluation {
  readonly #request: AccessRequest;
  readonly #action: string;
  #context: ReadonlyMap<string, readonly string[]> | undefined;
  readonly #lookup: VariableLookup = (name) => {
    const values = this.#values(name);
    return values?.length === 1 ? values[0] : undefined;
  };

  constructor(request: AccessRequest) {
    this.#request = request;
    this.#action = request.action.toLowerCase();
  }

  apply(statement: Statement, policyIndex: number): DecidingStatement | undefined {
    const actionPattern = this.#matchAction(statement.actions);
    if (actionPattern === undefined) return undefined;
    const { index, sid, effect, principals, conditions } = statement;
    const read = this.#readingFor(statement);
    const resourcePattern = this.#matchResource(statement, read);
    if (resourcePattern === undefined) return undefined;
    let principalMatch: PrincipalMatch | undefined;
    if (principals !== undefined) {
      principalMatch = matchPrincipal(principals, this.#request.principal ?? ANONYMOUS, effect);
      if (principalMatch === undefined) return undefined;
    }
    for (const condition of conditions) {
      if (!holdsCondition(condition, this.#values(condition.name), this.#lookup)) return undefined;
    }
    const decided = { policyIndex, index, effect, actionPattern, resourcePattern };
    // No spreading of undefined: this runs on every cached authorizer request.
    const isRead = read !== this.#request.resource;
    if (sid === undefined && principalMatch === undefined && !isRead) return decided;
    return {
      ...decided,
      ...(sid === undefined ? {} : { sid }),
      ...(isRead ? { readAs: read } : {}),
      ...(principalMatch ? { principalMatch } : {}),
    };
  }

  nearMisses(policies: readonly Policy[]): readonly NearMiss[] {
    const misses: NearMiss[] = [];
    for (const [policyIndex, policy] of policies.entries()) {
      for (const statement of policy.statements) {
        if (statement.effect !== "Allow") continue;
        const { index, sid } = statement;
        misses.push({ policyIndex, index, ...(sid === undefined ? {} : { sid }), failed: this.#failuresOf(statement) });
      }
    }
    return misses.sort((one, other) => one.failed.length - other.failed.length).slice(0, MAX_NEAR_MISSES);
  }

  #failuresOf(statement: Statement): readonly StatementFailure[] {
    const { actions, resources, principals, conditions } = statement;
    const read = this.#readingFor(statement);
    const failed: StatementFailure[] = [];
    if (this.#matchAction(actions) === undefined) {
      failed.push({ part: "action", not: actions.not, expected: textsOf(actions), actual: this.#request.action });
    }
    if (this.#matchResource(statement, read) === undefined) {
      failed.push({ part: "resource", not: resources.not, expected: textsOf(resources), actual: read });
    }
    const principal = this.#request.principal ?? ANONYMOUS;
    if (principals !== undefined && matchPrincipal(principals, principal, statement.effect) === undefined) {
      const { not, expected } = principals;
      failed.push({ part: "principal", not, expected, actual: nameOf(principal) });
    }
    for (const condition of conditions) {
      const actual = this.#values(condition.name);
      if (holdsCondition(condition, actual, this.#lookup)) continue;
      const { operator, key, expected } = condition;
      failed.push({ part: "condition", operator, key, expected, actual });
    }
    return failed;
  }

  #matchAction(actions: Actions): string | undefined {
    for (const { glob, text } of actions.patterns) {
      if (matchesGlob(glob, this.#action)) return actions.not ? undefined : text;
    }
    return actions.not ? `not ${textsOf(actions).join(", ")}` : undefined;
  }

  /** Which reading of the resource a statement is held against: the one that denies, where there is one. */
  #readingFor(statement: Statement): string {
    const { resource, otherReadings } = this.#request;
    if (otherReadings === undefined) return resource;
    const { effect, resources } = statement;
    // The other two could only make a Deny of "all but" stricter than anybody wrote it, and an Allow wider.
    if ((effect === "Deny") === resources.not) return resource;
    const isDeciding = (reading: string): boolean =>
      (this.#matchResource(statement, reading) !== undefined) === (effect === "Deny");
    return isDeciding(resource) ? resource : (otherReadings.find(isDeciding) ?? resource);
  }

  #matchResource({ effect, resources }: Statement, resource: string): string | undefined {
    let unresolved = false;
    for (const pattern of resources.patterns) {
      const matched = matchesArnPattern(pattern, resource, this.#lookup);
      if (matched === true) return resources.not ? undefined : pattern.text;
      if (matched === undefined) unresolved = true;
    }
    // A pattern whose variable has no value matches no resource (D), so that a Deny of all but it applies; an Allow of all
    // but it does not (?): it would be wider than it was meant.
    return resources.not && (effect === "Deny" || !unresolved) ? `not ${textsOf(resources).join(", ")}` : undefined;
  }

  /** The values of a condition key by its lower-case name. */
  #values(name: string): readonly string[] | undefined {
    this.#context ??= lowerCaseKeys(this.#request.context);
    return this.#context.get(name);
  }
}

function lowerCaseKeys(context: AccessRequest["context"]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const key in context) {
    const value = context[key];
    if (value === undefined) continue;
    values.set(key.toLowerCase(), typeof value === "object" ? value.map(String) : [String(value)]);
  }
  return values;
}

function textsOf(element: Actions | Resources): readonly string[] {
  return element.patterns.map((pattern) => pattern.text);
}

function nameOf(principal: Principal): string {
  switch (principal.type) {
    case "anonymous":
      return "anonymous";
    case "aws":
      return principal.arn;
    case "service":
      return principal.service;
    case "federated":
      return principal.provider;
  }
}

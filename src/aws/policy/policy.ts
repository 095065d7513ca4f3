import type { ArnPattern } from "./arn-pattern.ts";
import type { Condition } from "./condition.ts";
import type { Glob } from "./glob.ts";
import type { PrincipalElement } from "./principal.ts";

/** Where a policy comes from: a Lambda authorizer's answer, an IAM identity, or a resource such as a REST API. */
export type PolicyKind = "authorizer" | "identity" | "resource";

/** A policy ready to be evaluated: parsed once, never changed. */
export interface Policy {
  readonly kind: PolicyKind;
  /** Without a Version, 2008-10-17 applies (D): no policy variables. */
  readonly version: "2012-10-17" | "2008-10-17";
  readonly id?: string;
  readonly statements: readonly Statement[];
}

export interface Statement {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly actions: Actions;
  readonly resources: Resources;
  /** Undefined where the kind of policy has no principals. */
  readonly principals: PrincipalElement | undefined;
  readonly conditions: readonly Condition[];
}

/** Action, or NotAction when `not`. */
export interface Actions {
  readonly not: boolean;
  readonly patterns: readonly ActionPattern[];
}

export interface ActionPattern {
  readonly text: string;
  /** In lower case: actions are not case-sensitive (D). */
  readonly glob: Glob;
}

/** Resource, or NotResource when `not`. */
export interface Resources {
  readonly not: boolean;
  readonly patterns: readonly ArnPattern[];
}

/** Whether a policy's verdict depends on more of a request than action, resource and principal: a condition, a variable. */
export function readsRequestContext({ statements }: Policy): boolean {
  return statements.some(
    ({ conditions, resources }) =>
      conditions.length > 0 || resources.patterns.some(({ variableParts }) => variableParts !== undefined),
  );
}

import { maskAccount } from "../../aws/arn.ts";
import type { CombinedVerdict } from "../../aws/policy/combine-resource-policy.ts";
import type { AccessVerdict, NearMiss } from "../../aws/policy/evaluate-policy.ts";
import type { Statement } from "../../aws/policy/policy.ts";
import type { AuthorizerResult } from "../authorizers/authorizer-cache.ts";
import { Refusal } from "../refusal.ts";
import type { CompiledMethod } from "./deployment.ts";
import { INVOKE } from "./method-access.ts";
import type { AuthorizerVariables, MatchedMethod } from "./request.ts";

/** Texts after "User is not authorized to access this resource"; both generations are in circulation (C), this is today's. */
const IMPLICIT_DENY_SUFFIX = " because no identity-based policy allows the execute-api:Invoke action";
const EXPLICIT_DENY_SUFFIX = " with an explicit deny in an identity-based policy";
const RESOURCE_IMPLICIT_DENY_SUFFIX = " because no resource-based policy allows the execute-api:Invoke action";
const RESOURCE_EXPLICIT_DENY_SUFFIX = " with an explicit deny in a resource-based policy";

/** What a record says of the statement that decided, or of those that nearly did. */
export function decisionEvidence(combined: CombinedVerdict, verdict: AccessVerdict | undefined) {
  return {
    ...(combined.statement && { statement: combined.statement }),
    ...(combined.decision === "implicit_deny" &&
      verdict?.nearMisses && { nearMisses: verdict.nearMisses.map(bounded) }),
  };
}

function bounded(miss: NearMiss): NearMiss {
  const failed = miss.failed.map((part) => ({ ...part, expected: listed(part.expected, MAX_LISTED_PATTERNS, String) }));
  return { ...miss, failed };
}

/** What a denied request was, as far as its refusal tells. */
export interface DeniedQuestion {
  /** e.g. `GET /pets`. */
  readonly route: string;
  readonly methodArn: string;
  /** The decision was made with a policy that another request had asked for. */
  readonly isCached: boolean;
}

/** 403 by what a Lambda authorizer answered; its context is for the ACCESS_DENIED response's template (C). */
export function deniedByAuthorizer(
  combined: CombinedVerdict,
  result: AuthorizerResult,
  { route, methodArn, isCached }: DeniedQuestion,
  authorizerContext: AuthorizerVariables,
): Refusal {
  const isExplicit = combined.decision === "explicit_deny";
  const fromAnotherRoute = isCached && result.askedFor !== route;
  const policy = `the policy for principal "${result.principalId}"`;
  const verdict = isExplicit
    ? `a Deny statement (${statementName(combined)}) of ${policy} matches ${methodArn}`
    : `nothing in ${policy} allows ${methodArn}`;
  return new Refusal(
    "ACCESS_DENIED",
    {
      reason: fromAnotherRoute
        ? "cached_policy_denies"
        : isExplicit
          ? "authorizer_explicit_deny"
          : "authorizer_implicit_deny",
      message: fromAnotherRoute ? `policy cached from ${result.askedFor}: ${verdict}` : verdict,
      expected: `Allow ${INVOKE} on ${methodArn}`,
      actual: listed(result.policy.statements, MAX_LISTED_STATEMENTS, summaryOf),
    },
    {
      message: `User is not authorized to access this resource${isExplicit ? EXPLICIT_DENY_SUFFIX : IMPLICIT_DENY_SUFFIX}`,
      authorizerContext,
    },
  );
}

/** A policy may have 64 KB, and every refusal's record would keep them. */
const MAX_LISTED_STATEMENTS = 10;
const MAX_LISTED_PATTERNS = 10;

function summaryOf({ effect, resources }: Statement): string {
  const patterns = listed(resources.patterns, MAX_LISTED_PATTERNS, (pattern) => pattern.text);
  return `${effect} ${resources.not ? "all but " : ""}${patterns.join(", ")}`;
}

function listed<Item>(items: readonly Item[], most: number, text: (item: Item) => string): string[] {
  const texts = items.slice(0, most).map(text);
  return items.length > most ? [...texts, `and ${items.length - most} more`] : texts;
}

/** 403 by the API's resource policy. */
export function deniedByResourcePolicy(combined: CombinedVerdict, matched: MatchedMethod<CompiledMethod>): Refusal {
  const isExplicit = combined.decision === "explicit_deny";
  const resource = maskAccount(matched.methodArn);
  return new Refusal(
    "ACCESS_DENIED",
    {
      reason: isExplicit ? "resource_policy_explicit_deny" : "resource_policy_implicit_deny",
      message: isExplicit
        ? `the resource policy denies ${matched.methodArn}`
        : `the resource policy does not allow ${matched.methodArn}`,
    },
    {
      message: `User: anonymous is not authorized to perform: ${INVOKE} on resource: ${resource}${isExplicit ? RESOURCE_EXPLICIT_DENY_SUFFIX : RESOURCE_IMPLICIT_DENY_SUFFIX}`,
    },
  );
}

function statementName(combined: CombinedVerdict): string {
  const { statement } = combined;
  return statement?.sid ?? `number ${(statement?.index ?? 0) + 1}`;
}

import { maskAccount, parseArn } from "../../aws/arn.ts";
import type { IdentityVerdict } from "../../aws/iam/evaluate-identity.ts";
import type { Identity } from "../../aws/iam/identity.ts";
import type { CombinedVerdict } from "../../aws/policy/combine-resource-policy.ts";
import type { AccessVerdict } from "../../aws/policy/evaluate-policy.ts";
import type { Statement } from "../../aws/policy/policy.ts";
import type { AuthorizerResult } from "../authorizers/authorizer-cache.ts";
import { identityDenial } from "../authorizers/identity-denial.ts";
import { INVOKE } from "../authorizers/signer-access.ts";
import { boundedMisses, listed } from "../near-misses.ts";
import type { CompiledMethod } from "./deployment.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { AuthorizerVariables, MatchedMethod } from "./request.ts";

/** Texts after "… is not authorized …"; both generations are in circulation (C), this is today's. */
const IMPLICIT_DENY_SUFFIX = " because no identity-based policy allows the execute-api:Invoke action";
const EXPLICIT_DENY_SUFFIX = " with an explicit deny in an identity-based policy";
const RESOURCE_IMPLICIT_DENY_SUFFIX = " because no resource-based policy allows the execute-api:Invoke action";
const RESOURCE_EXPLICIT_DENY_SUFFIX = " with an explicit deny in a resource-based policy";
/** What other services answer (C: IAM, S3, SQS); of API Gateway itself none is known (?). */
const BOUNDARY_IMPLICIT_DENY_SUFFIX = " because no permissions boundary allows the execute-api:Invoke action";
const BOUNDARY_EXPLICIT_DENY_SUFFIX = " with an explicit deny in a permissions boundary";
const SESSION_IMPLICIT_DENY_SUFFIX = " because no session policy allows the execute-api:Invoke action";
const SESSION_EXPLICIT_DENY_SUFFIX = " with an explicit deny in a session policy";

const SIGNER_SUFFIXES = {
  identity: { implicit_deny: IMPLICIT_DENY_SUFFIX, explicit_deny: EXPLICIT_DENY_SUFFIX },
  boundary: { implicit_deny: BOUNDARY_IMPLICIT_DENY_SUFFIX, explicit_deny: BOUNDARY_EXPLICIT_DENY_SUFFIX },
  session: { implicit_deny: SESSION_IMPLICIT_DENY_SUFFIX, explicit_deny: SESSION_EXPLICIT_DENY_SUFFIX },
} as const;

/** What a record says of the statement that decided, or of those that nearly did. */
export function decisionEvidence(combined: CombinedVerdict, verdict: AccessVerdict | undefined) {
  return {
    ...(combined.statement && { statement: combined.statement }),
    ...(combined.decision === "implicit_deny" &&
      verdict?.nearMisses && { nearMisses: boundedMisses(verdict.nearMisses) }),
  };
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
): RestApiRefusal {
  const isExplicit = combined.decision === "explicit_deny";
  const fromAnotherRoute = isCached && result.askedFor !== route;
  const policy = `the policy for principal "${result.principalId}"`;
  const verdict = isExplicit
    ? `a Deny statement (${statementName(combined)}) of ${policy} matches ${combined.statement?.readAs ?? methodArn}`
    : `nothing in ${policy} allows ${methodArn}`;
  return new RestApiRefusal(
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

/** 403 by the API's resource policy, to whoever signed the request or to anybody. */
export function deniedByResourcePolicy(
  combined: CombinedVerdict,
  matched: MatchedMethod<CompiledMethod>,
  user = "anonymous",
): RestApiRefusal {
  const isExplicit = combined.decision === "explicit_deny";
  return new RestApiRefusal(
    "ACCESS_DENIED",
    {
      reason: isExplicit ? "resource_policy_explicit_deny" : "resource_policy_implicit_deny",
      message: isExplicit
        ? `the resource policy denies ${combined.statement?.readAs ?? matched.methodArn}`
        : `the resource policy does not allow ${matched.methodArn}`,
    },
    {
      message: notAuthorized(user, matched, isExplicit ? RESOURCE_EXPLICIT_DENY_SUFFIX : RESOURCE_IMPLICIT_DENY_SUFFIX),
    },
  );
}

/** 403 by the signer's own policies. */
export function deniedByIdentity(
  verdict: IdentityVerdict & { readonly decision: "implicit_deny" | "explicit_deny" },
  identity: Identity,
  matched: MatchedMethod<CompiledMethod>,
): RestApiRefusal {
  return new RestApiRefusal("ACCESS_DENIED", identityDenial(verdict, identity, matched.methodArn), {
    message: notAuthorized(identity.arn, matched, SIGNER_SUFFIXES[verdict.by][verdict.decision]),
  });
}

/** 403 to a signer of another account whose own policies allow the call, and whom no resource policy allows it (D). */
export function deniedAcrossAccounts(
  { arn, accountId }: Identity,
  hasResourcePolicy: boolean,
  matched: MatchedMethod<CompiledMethod>,
): RestApiRefusal {
  const owner = parseArn(matched.methodArn)?.accountId;
  return new RestApiRefusal(
    "ACCESS_DENIED",
    {
      reason: "iam_denied_cross_account",
      message: `${arn} is of account ${accountId}, the API of ${owner}: both sides have to allow the call, and ${
        hasResourcePolicy ? "the API's resource policy does not" : "the API has no resource policy"
      }`,
      expected: `a resource policy that allows ${arn} ${INVOKE} on ${matched.methodArn}`,
    },
    { message: notAuthorized(arn, matched, RESOURCE_IMPLICIT_DENY_SUFFIX) },
  );
}

function notAuthorized(user: string, { methodArn }: MatchedMethod<CompiledMethod>, suffix: string): string {
  return `User: ${user} is not authorized to perform: ${INVOKE} on resource: ${maskAccount(methodArn)}${suffix}`;
}

function statementName(combined: CombinedVerdict): string {
  const { statement } = combined;
  return statement?.sid ?? `number ${(statement?.index ?? 0) + 1}`;
}

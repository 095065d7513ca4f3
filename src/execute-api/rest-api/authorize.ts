import { maskAccount } from "../../aws/arn.ts";
import {
  type CombinedVerdict,
  combineResourcePolicy,
  deniesBeforeAuthorizer,
} from "../../aws/policy/combine-resource-policy.ts";
import {
  type AccessRequest,
  type AccessVerdict,
  evaluatePolicy,
  type NearMiss,
} from "../../aws/policy/evaluate-policy.ts";
import type { Statement } from "../../aws/policy/policy.ts";
import type { AuthorizerResult } from "../authorizers/authorizer-cache.ts";
import type { IdentitySource } from "../authorizers/identity-source.ts";
import { askLambdaAuthorizer, type LambdaAuthorizer } from "../authorizers/lambda-authorizer.ts";
import { lookupContext } from "../mapping/context-variables.ts";
import type { Ports } from "../ports.ts";
import { Refusal } from "../refusal.ts";
import type { Trace } from "../trace.ts";
import { contextVariables } from "./context.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { authorizerRequestEvent } from "./proxy-event.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";
import { refuseAsUnsigned } from "./signature-refusal.ts";

const INVOKE = "execute-api:Invoke";

/** Texts after "User is not authorized to access this resource"; both generations are in circulation (C), this is today's. */
const IMPLICIT_DENY_SUFFIX = " because no identity-based policy allows the execute-api:Invoke action";
const EXPLICIT_DENY_SUFFIX = " with an explicit deny in an identity-based policy";
const RESOURCE_IMPLICIT_DENY_SUFFIX = " because no resource-based policy allows the execute-api:Invoke action";
const RESOURCE_EXPLICIT_DENY_SUFFIX = " with an explicit deny in a resource-based policy";

/**
 * The method's authorization together with the API's resource policy: an explicit Deny of the resource policy stops a
 * request before the authorizer is asked; afterwards the two are combined by AWS's table (D).
 * conformance/rest-api/authorization, conformance/policies
 */
export async function authorize(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  deployment: RestDeployment,
  ports: Ports,
  trace: Trace,
): Promise<Caller> {
  const { authorization } = matched.method;
  const { resourcePolicy } = deployment;
  const access = new MethodAccess(request, matched.methodArn, ports.now);
  switch (authorization.type) {
    case "NONE": {
      trace.authorization = { type: "NONE" };
      if (resourcePolicy !== undefined) {
        const resource = evaluatePolicy([resourcePolicy], access);
        const combined = combineResourcePolicy({ authorizationType: "NONE", resource });
        trace.authorization = { type: "NONE", decision: combined.decision, ...named(combined, resource) };
        if (combined.decision !== "allow") throw deniedByResourcePolicy(combined, matched);
      }
      return {};
    }
    case "AWS_IAM":
      trace.authorization = { type: "AWS_IAM" };
      throw refuseAsUnsigned(request, {
        unsigned: {
          reason: "iam_unsigned",
          message: `${request.method} ${matched.method.resourcePath} wants a SigV4 signature and the request has none`,
        },
        notSigV4: {
          reason: "iam_bearer_token",
          message: `${request.method} ${matched.method.resourcePath} has AWS_IAM authorization and the Authorization header is no SigV4 signature`,
        },
        signed: "the signature's access key is not known here",
      });
    case "CUSTOM": {
      if (resourcePolicy !== undefined) {
        const before = deniesBeforeAuthorizer(resourcePolicy, access);
        if (before !== undefined) {
          trace.authorization = {
            type: "CUSTOM",
            authorizerName: authorization.authorizer.name,
            decision: before.decision,
            statement: before.statement,
          };
          throw deniedByResourcePolicy({ decision: "explicit_deny", side: "resource" }, matched);
        }
      }
      return authorizeWithLambda(authorization.authorizer, access, { request, matched, deployment, ports, trace });
    }
  }
}

interface Around {
  readonly request: RestRequest;
  readonly matched: MatchedMethod<CompiledMethod>;
  readonly deployment: RestDeployment;
  readonly ports: Ports;
  readonly trace: Trace;
}

async function authorizeWithLambda(
  authorizer: LambdaAuthorizer,
  access: AccessRequest,
  around: Around,
): Promise<Caller> {
  const { request, matched, deployment, ports, trace } = around;
  const result = await askLambdaAuthorizer(
    authorizer,
    {
      methodArn: matched.methodArn,
      route: `${request.method} ${matched.method.resourcePath}`,
      identityValues: (source) => identityValues(source, around),
      requestEvent: () => authorizerRequestEvent(request, matched, deployment),
    },
    ports,
    trace,
  );
  const identity = evaluatePolicy([result.policy], access);
  const resource = deployment.resourcePolicy && evaluatePolicy([deployment.resourcePolicy], access);
  const combined = combineResourcePolicy({ authorizationType: "CUSTOM", identity, ...(resource && { resource }) });
  trace.authorization = {
    type: "CUSTOM",
    ...trace.authorization,
    principalId: result.principalId,
    decision: combined.decision,
    ...named(combined, combined.side === "identity" ? identity : resource),
  };
  const { latencyMs } = trace.authorization;
  const variables = latencyMs === undefined ? variablesOfCached(result) : authorizerVariables(result, latencyMs);
  if (combined.decision !== "allow") {
    if (combined.side === "resource") throw deniedByResourcePolicy(combined, matched);
    throw deniedByAuthorizer(combined, result, around, variables);
  }
  return {
    authorizer: variables,
    ...(result.usageIdentifierKey !== undefined && { usageIdentifierKey: result.usageIdentifierKey }),
  };
}

type AuthorizerVariables = NonNullable<Caller["authorizer"]>;

function authorizerVariables(result: AuthorizerResult, integrationLatency: number): AuthorizerVariables {
  return { ...result.context, principalId: result.principalId, integrationLatency };
}

/** The same for every request that a cached result serves, and dear to copy: made once. */
const cachedVariables = new WeakMap<AuthorizerResult, AuthorizerVariables>();

function variablesOfCached(result: AuthorizerResult): AuthorizerVariables {
  let variables = cachedVariables.get(result);
  if (variables === undefined) {
    variables = Object.freeze(authorizerVariables(result, 0));
    cachedVariables.set(result, variables);
  }
  return variables;
}

function identityValues(
  source: IdentitySource,
  { request, deployment, matched }: Around,
): readonly string[] | undefined {
  switch (source.kind) {
    case "header": {
      const values = request.headers.all(source.name.toLowerCase());
      return values.length === 0 ? undefined : values;
    }
    case "querystring":
      return request.query.get(source.name);
    case "stageVariable": {
      const { stageVariables } = deployment;
      return Object.hasOwn(stageVariables, source.name) ? [stageVariables[source.name] as string] : undefined;
    }
    case "context": {
      const value = lookupContext(contextVariables({ request, deployment, matched }), source.name);
      return value === undefined || value === null ? undefined : [String(value)];
    }
  }
}

/**
 * What the policies are asked. Its condition keys are read only by policies with conditions or variables; most have none.
 * A class, since every object literal with a getter gets a hidden class of its own, which keeps the request alive until
 * the next major collection.
 */
class MethodAccess implements AccessRequest {
  readonly action = INVOKE;
  readonly resource: string;
  readonly #request: RestRequest;
  readonly #now: () => number;

  constructor(request: RestRequest, methodArn: string, now: () => number) {
    this.resource = methodArn;
    this.#request = request;
    this.#now = now;
  }

  get context(): NonNullable<AccessRequest["context"]> {
    return conditionKeys(this.#request, this.#now());
  }
}

/** The condition keys that exist without IAM (D). */
function conditionKeys(request: RestRequest, nowMs: number): NonNullable<AccessRequest["context"]> {
  return {
    "aws:SourceIp": request.sourceIp,
    "aws:UserAgent": request.userAgent ?? undefined,
    "aws:Referer": request.headers.last("referer"),
    // AWS is always reached over TLS; here the listener says.
    "aws:SecureTransport": request.scheme === "https",
    "aws:EpochTime": Math.floor(nowMs / 1000),
    "aws:CurrentTime": new Date(nowMs).toISOString(),
  };
}

function named(combined: CombinedVerdict, verdict: AccessVerdict | undefined) {
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

function deniedByAuthorizer(
  combined: CombinedVerdict,
  result: AuthorizerResult,
  { request, matched, trace }: Around,
  variables: Readonly<Record<string, string | number | null>>,
): Refusal {
  const isExplicit = combined.decision === "explicit_deny";
  const route = `${request.method} ${matched.method.resourcePath}`;
  const fromAnotherRoute = trace.authorization?.cachedFrom !== undefined && result.askedFor !== route;
  const policy = `the policy for principal "${result.principalId}"`;
  const verdict = isExplicit
    ? `a Deny statement (${statementName(combined)}) of ${policy} matches ${matched.methodArn}`
    : `nothing in ${policy} allows ${matched.methodArn}`;
  return new Refusal(
    "ACCESS_DENIED",
    {
      reason: fromAnotherRoute
        ? "cached_policy_denies"
        : isExplicit
          ? "authorizer_explicit_deny"
          : "authorizer_implicit_deny",
      message: fromAnotherRoute ? `policy cached from ${result.askedFor}: ${verdict}` : verdict,
      expected: `Allow ${INVOKE} on ${matched.methodArn}`,
      actual: listed(result.policy.statements, MAX_LISTED_STATEMENTS, summaryOf),
    },
    {
      message: `User is not authorized to access this resource${isExplicit ? EXPLICIT_DENY_SUFFIX : IMPLICIT_DENY_SUFFIX}`,
      authorizerContext: variables,
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

function deniedByResourcePolicy(combined: CombinedVerdict, matched: MatchedMethod<CompiledMethod>): Refusal {
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

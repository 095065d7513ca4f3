import { combineResourcePolicy } from "../../aws/policy/combine-resource-policy.ts";
import { type AccessRequest, evaluatePolicy } from "../../aws/policy/evaluate-policy.ts";
import { readsRequestContext } from "../../aws/policy/policy.ts";
import type { AuthorizerResult } from "../authorizers/authorizer-cache.ts";
import type { AuthorizationRecord } from "../decision-record.ts";
import { lookupContext } from "../mapping/context-variables.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { decisionEvidence, deniedByAuthorizer, deniedByResourcePolicy } from "./access-denied.ts";
import { identifiedApiKey } from "./check-api-key.ts";
import { contextVariables } from "./context.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { IdentitySource } from "./identity-source.ts";
import { askLambdaAuthorizer, type LambdaAuthorizer } from "./lambda-authorizer.ts";
import { authorizerRequestEvent } from "./proxy-event.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

interface Around {
  readonly request: RestRequest;
  readonly matched: MatchedMethod<CompiledMethod>;
  readonly deployment: RestDeployment;
  readonly ports: Ports;
  readonly trace: Trace;
}

/**
 * Asks a Lambda authorizer, or the cache, and holds the policy against the method. Without a promise when it is cached.
 */
export function authorizeWithLambda(
  authorizer: LambdaAuthorizer,
  access: AccessRequest,
  around: Around,
): Caller | Promise<Caller> {
  const { request, matched, deployment, ports, trace } = around;
  const result = askLambdaAuthorizer(
    authorizer,
    {
      methodArn: matched.methodArn,
      route: `${request.method} ${matched.method.resourcePath}`,
      identityValues: (source) => identityValues(source, around),
      apiKeys: () => request.headers.all("x-api-key"),
      requestEvent: () =>
        authorizerRequestEvent(request, matched, deployment, identifiedApiKey(request, matched, deployment, ports)),
    },
    ports,
    trace,
  );
  if (result instanceof Promise) return result.then((asked) => decide(asked, access, around));
  const remembered = rememberedDecision(result, around);
  if (remembered === undefined) return decideAndRemember(result, access, around);
  trace.authorization = remembered.recorded;
  return remembered.caller;
}

function decide(
  result: AuthorizerResult,
  access: AccessRequest,
  { request, matched, deployment, trace }: Around,
): Caller {
  const identity = evaluatePolicy([result.policy], access);
  const resource = deployment.resourcePolicy && evaluatePolicy([deployment.resourcePolicy], access);
  const combined = combineResourcePolicy({ authorizationType: "CUSTOM", identity, ...(resource && { resource }) });
  trace.authorization = {
    type: "CUSTOM",
    ...trace.authorization,
    principalId: result.principalId,
    decision: combined.decision,
    ...decisionEvidence(combined, combined.side === "identity" ? identity : resource),
  };
  const { latencyMs = 0, cachedFrom } = trace.authorization;
  const variables = { ...result.context, principalId: result.principalId, integrationLatency: latencyMs };
  if (combined.decision !== "allow") {
    if (combined.side === "resource") throw deniedByResourcePolicy(combined, matched);
    const route = `${request.method} ${matched.method.resourcePath}`;
    const question = { route, methodArn: matched.methodArn, isCached: cachedFrom !== undefined };
    throw deniedByAuthorizer(combined, result, question, variables);
  }
  const { usageIdentifierKey } = result;
  return { authorizer: variables, ...(usageIdentifierKey !== undefined && { usageIdentifierKey }) };
}

/** Of how many methods a cached result's last decisions are remembered. */
export const MAX_REMEMBERED_DECISIONS = 4;

/** An Allow that a cached result came to, and what its records say: the same for every further request. */
interface RememberedDecision {
  readonly methodArn: string;
  readonly deployment: RestDeployment;
  readonly caller: Caller;
  readonly recorded: AuthorizationRecord;
}

/** Newest first; gone with the result. */
const decisions = new WeakMap<AuthorizerResult, RememberedDecision[]>();

function rememberedDecision(result: AuthorizerResult, around: Around): RememberedDecision | undefined {
  const { methodArn } = around.matched;
  for (const each of decisions.get(result) ?? []) {
    if (each.methodArn === methodArn && each.deployment === around.deployment) return each;
  }
  return undefined;
}

/** Evaluating policies once for a method will do where nothing else of a request can change the verdict. */
function decideAndRemember(result: AuthorizerResult, access: AccessRequest, around: Around): Caller {
  const { deployment, matched, trace } = around;
  const caller = decide(result, access, around);
  const policies = [result.policy, ...(deployment.resourcePolicy ? [deployment.resourcePolicy] : [])];
  if (policies.some(readsRequestContext) || trace.authorization === undefined) return caller;
  Object.freeze(caller.authorizer);
  const decision = { methodArn: matched.methodArn, deployment, caller, recorded: Object.freeze(trace.authorization) };
  const others = decisions.get(result) ?? [];
  decisions.set(result, [decision, ...others.slice(0, MAX_REMEMBERED_DECISIONS - 1)]);
  return caller;
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

import { hash } from "node:crypto";
import { lambdaFunctionArnOf } from "../../aws/arn.ts";
import { type AccessVerdict, evaluatePolicy } from "../../aws/policy/evaluate-policy.ts";
import type { InvokeResult } from "../../lambda/invoke.ts";
import type { Finding } from "../../model/finding.ts";
import type { Authorizer, PayloadFormatVersion } from "../../model/http-api.ts";
import { authorizerCacheKey, authorizerCachePrefix } from "../authorizers/authorizer-cache.ts";
import { maskIdentity } from "../authorizers/mask-identity.ts";
import { summarizeToken } from "../authorizers/summarize-token.ts";
import { conditionKeys } from "../condition-keys.ts";
import type { AuthorizationRecord } from "../decision-record.ts";
import type { InvokeRefusal } from "../invoke-access.ts";
import { lookupContext } from "../mapping/context-variables.ts";
import type { Ports } from "../ports.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import { fillStageVariables } from "../stage-variables.ts";
import type { Trace } from "../trace.ts";
import { contextVariables } from "./context.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { type HttpIdentitySource, IDENTITY_SOURCE_FORM, parseHttpIdentitySource } from "./identity-source.ts";
import { identityValues } from "./identity-values.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";
import {
  type AuthorizerAnswer,
  MALFORMED_ANSWER_LOG_TEXT,
  parseAuthorizerAnswer,
} from "./request-authorizer-answer.ts";
import { authorizerEvent1, authorizerEvent2 } from "./request-authorizer-event.ts";

/** A Lambda authorizer of a deployment, everything resolved for its stage. */
export interface RequestAuthorizer {
  readonly id: string;
  readonly name: string;
  readonly functionArn: string;
  readonly format: PayloadFormatVersion;
  readonly simpleResponses: boolean;
  readonly identitySources: readonly HttpIdentitySource[];
  /** 0 turns caching off. */
  readonly ttlMs: number;
  readonly cachePrefix: string;
  /** `{apiId}/{stage}`: what ResetAuthorizersCache empties. */
  readonly stageKey: string;
}

/** What is cached of an answer: it is held against each request's route (D), never a decision. */
export interface RequestAuthorizerResult {
  readonly answer: AuthorizerAnswer;
  /** The route whose request asked, e.g. `GET /pets`. */
  readonly askedFor: string;
  readonly recorded: AuthorizationRecord;
}

export interface RequestAuthorizerFacts {
  readonly apiId: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly hasFunction: (functionArn: string) => boolean;
}

export type RequestAuthorizerVerdict =
  | { readonly ok: true; readonly authorizer: RequestAuthorizer }
  | { readonly ok: false; readonly finding: Finding };

/** How long the gateway waits for the function (D: quotas). */
export const AUTHORIZER_WAIT_MS = 10_000;
/** Off unless it is asked for (D by omission, ?). */
const DEFAULT_TTL_SECONDS = 0;
const MAX_TTL_SECONDS = 3600;
const MAX_QUOTED_CHARACTERS = 300;
const INVOKE = "execute-api:Invoke";

/** `$context.authorizer.error` of an authorizer that may not be invoked (R). */
export const AUTHORIZER_NOT_PERMITTED_LOG_TEXT =
  "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. Check the permissions and try again.";

export function compileRequestAuthorizer(
  authorizer: Authorizer,
  facts: RequestAuthorizerFacts,
): RequestAuthorizerVerdict {
  const { authorizerId: id, name, identitySource, at } = authorizer;
  const invalid = (message: string, fix: string): RequestAuthorizerVerdict => ({
    ok: false,
    finding: {
      rule: "authorizer-invalid",
      severity: "error",
      effect: "route",
      message: `Lambda authorizer ${name}: ${message}`,
      fix,
      at,
      logicalId: name,
    },
  });
  const uri = fillStageVariables(authorizer.authorizerUri ?? "", facts.stageVariables);
  const functionArn = lambdaFunctionArnOf(uri)?.functionArn;
  if (functionArn === undefined) {
    return invalid(
      `authorizerUri ${JSON.stringify(uri)} names no Lambda function.`,
      "Write arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations.",
    );
  }
  if (!facts.hasFunction(functionArn)) {
    return invalid(
      `no code is known for function ${functionArn}.`,
      `Give it in gatewarden.yaml: functions: {${functionArn.split(":").at(-1)}: {handler: path/to/file.handler}}.`,
    );
  }
  const format = authorizer.authorizerPayloadFormatVersion;
  if (format === undefined) {
    return invalid("it has no authorizerPayloadFormatVersion.", "Set it to 2.0, or to 1.0 for a REST API's function.");
  }
  const identitySources: HttpIdentitySource[] = [];
  for (const expression of identitySource) {
    const source = parseHttpIdentitySource(expression);
    if (source === undefined) {
      const found = JSON.stringify(expression);
      return invalid(`identity source ${found} is not understood, wanted ${IDENTITY_SOURCE_FORM}.`, "Correct it.");
    }
    identitySources.push(source);
  }
  const ttlSeconds = authorizer.authorizerResultTtlInSeconds ?? DEFAULT_TTL_SECONDS;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > MAX_TTL_SECONDS) {
    return invalid(
      `authorizerResultTtlInSeconds is ${ttlSeconds}, wanted 0 to ${MAX_TTL_SECONDS}.`,
      "Correct the TTL.",
    );
  }
  if (ttlSeconds > 0 && identitySources.length === 0) {
    return invalid("one that caches must have at least one identity source.", "Name one, or set the TTL to 0."); // (D)
  }
  const { apiId, stageName } = facts;
  const simpleResponses = authorizer.enableSimpleResponses;
  const { at: _, ...settings } = authorizer;
  const revision = hash("sha256", JSON.stringify([settings, functionArn, facts.stageVariables]), "hex").slice(0, 16);
  return {
    ok: true,
    authorizer: {
      id,
      name,
      functionArn,
      format,
      simpleResponses,
      identitySources,
      ttlMs: ttlSeconds * 1000,
      cachePrefix: authorizerCachePrefix(apiId, stageName, id, revision),
      stageKey: `${apiId}/${stageName}`,
    },
  };
}

interface Around {
  readonly request: HttpApiRequest;
  readonly matched: MatchedRoute;
  readonly deployment: HttpApiDeployment;
  readonly ports: Ports;
  readonly trace: Trace;
}

/**
 * Asks the function, or the cache. An identity source that is missing or empty is 401 without a call (R); a denial is 403;
 * everything that goes wrong is 500, an error `Unauthorized` too (D). conformance/http-api/authorizer
 */
export async function authorizeWithRequest(
  authorizer: RequestAuthorizer,
  invokeRefusal: InvokeRefusal | undefined,
  around: Around,
): Promise<Caller> {
  const { request, matched, ports, trace } = around;
  trace.authorization = recordOf(authorizer);
  const identity = authorizer.identitySources.map((source) => identityValue(source, around));
  const missing = identity.findIndex((value) => value === undefined || value === "");
  if (missing >= 0) {
    const expression = authorizer.identitySources[missing]?.expression ?? "";
    const actual = identity[missing] === undefined ? "absent" : "empty";
    throw new HttpApiRefusal(401, "Unauthorized", {
      reason: "identity_source_missing",
      message: `identity source ${expression} is ${actual}, authorizer "${authorizer.name}" needs it`,
      expected: expression,
      actual,
    });
  }
  const values = identity as readonly string[]; // none is missing
  const ask = (): Promise<RequestAuthorizerResult> => callFunction(authorizer, invokeRefusal, values, around);
  const result = authorizer.ttlMs === 0 ? await ask() : await askCache(authorizer, values, ask, ports, trace);
  return decide(result, request, matched, ports, trace);
}

async function askCache(
  authorizer: RequestAuthorizer,
  values: readonly string[],
  ask: () => Promise<RequestAuthorizerResult>,
  { requestAuthorizerCache: cache, now }: Ports,
  trace: Trace,
): Promise<RequestAuthorizerResult> {
  const identity = values.map((value) => [value]);
  const key = authorizerCacheKey(authorizer.cachePrefix, identity);
  const cached = cache.get(key, authorizer.stageKey, now());
  if (cached !== undefined) {
    trace.authorization = cached.recorded;
    return cached;
  }
  trace.authorization = { ...recordOf(authorizer), cache: "miss" };
  const { result, shared } = await cache.ask(key, authorizer.stageKey, authorizer.ttlMs, now, ask);
  if (shared) trace.authorization = { ...result.recorded, cache: "shared" };
  return result;
}

/** All values of a source as one text, as events carry it; undefined when absent. */
function identityValue(source: HttpIdentitySource, { request, matched, deployment }: Around): string | undefined {
  switch (source.kind) {
    case "header": {
      const values = request.headers.all(source.lowerCaseName);
      return values.length === 0 ? undefined : values.join(",");
    }
    case "querystring":
      return request.query.get(source.name)?.join(",");
    case "stageVariable": {
      const { stageVariables } = deployment;
      return Object.hasOwn(stageVariables, source.name) ? stageVariables[source.name] : undefined;
    }
    case "context": {
      const value = lookupContext(contextVariables(request, deployment, matched), source.name);
      return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
    }
  }
}

async function callFunction(
  authorizer: RequestAuthorizer,
  invokeRefusal: InvokeRefusal | undefined,
  identity: readonly string[],
  { request, matched, deployment, ports, trace }: Around,
): Promise<RequestAuthorizerResult> {
  if (invokeRefusal !== undefined) {
    const evidence = { reason: "authorizer_not_permitted", ...invokeRefusal.evidence } as const;
    throw failed(evidence, AUTHORIZER_NOT_PERMITTED_LOG_TEXT);
  }
  const event = (authorizer.format === "2.0" ? authorizerEvent2 : authorizerEvent1)(
    request,
    matched,
    deployment,
    identity,
  );
  const [first] = identity;
  const token = first === undefined ? undefined : summarizeToken(first);
  const began = ports.monotonic();
  const result = await ports.lambda.invoke(authorizer.functionArn, JSON.stringify(event), {
    waitMs: AUTHORIZER_WAIT_MS,
  });
  const latencyMs = Math.round(ports.monotonic() - began);
  const secrets = [...identity, ...identityValues(request, matched, deployment)];
  const functionLogs = "logs" in result ? result.logs.map((line) => maskIdentity(line, secrets)) : [];
  trace.authorization = {
    ...recordOf(authorizer),
    ...trace.authorization,
    ...(token && { token }),
    functionLogs,
    latencyMs,
  };
  if (result.outcome !== "success") throw failed(evidenceOf(authorizer, result, secrets));
  const parsed = parseAuthorizerAnswer(result.payload, authorizer.format, authorizer.simpleResponses);
  if (!parsed.ok) {
    const found = quoted(parsed.found, secrets);
    const what = quoted(parsed.what, secrets);
    const message = `authorizer "${authorizer.name}" answered ${what} = ${found}, wanted ${parsed.wanted}`;
    const logText = [MALFORMED_ANSWER_LOG_TEXT, parsed.logText].filter((each) => each !== undefined).join(" ");
    throw failed({ reason: "authorizer_output_invalid", message, expected: parsed.wanted, actual: found }, logText);
  }
  const { routeKey } = matched.route;
  return {
    answer: parsed.answer,
    askedFor: routeKey,
    recorded: {
      ...recordOf(authorizer),
      cache: "hit",
      cachedFrom: routeKey,
      cachedAt: new Date(ports.now()).toISOString(),
      ...(token && { token }),
    },
  };
}

function failed(evidence: RefusalEvidence, authorizerError?: string): HttpApiRefusal {
  return new HttpApiRefusal(
    500,
    "Internal Server Error",
    evidence,
    authorizerError === undefined ? {} : { authorizerError },
  );
}

function evidenceOf(
  { name }: RequestAuthorizer,
  result: Exclude<InvokeResult, { outcome: "success" }>,
  secrets: readonly string[],
): RefusalEvidence {
  const who = `authorizer "${name}"`;
  switch (result.outcome) {
    case "function_error": {
      const said = quoted(result.errorMessage, secrets);
      const message = `${who} failed with ${quoted(result.errorType, secrets)}: ${JSON.stringify(said)}`;
      const check =
        result.errorMessage === "Unauthorized"
          ? "HTTP APIs answer 500 to every error of an authorizer, the message Unauthorized too: return a Deny, or isAuthorized false."
          : "Return an answer instead of failing; the function's log lines say why it failed.";
      return { reason: "authorizer_failed", message, check, actual: said };
    }
    case "caller_timeout":
      return {
        reason: "authorizer_timed_out",
        message: `${who} did not answer within ${result.waitedMs} ms`,
        expected: `≤ ${AUTHORIZER_WAIT_MS} ms`,
      };
    case "throttled":
      return { reason: "authorizer_throttled", message: `${who}: ${result.message}` };
    case "not_found":
      return { reason: "authorizer_not_invocable", message: `${who}: ${result.message}` };
    case "request_too_large":
      return {
        reason: "authorizer_not_invocable",
        message: `${who}: the event has ${result.sizeBytes} bytes, Lambda takes ${result.limitBytes}`,
      };
  }
}

/** A policy is evaluated for the route that is asked now, whoever asked first (D); a simple answer holds for them all (D). */
function decide(
  { answer, askedFor }: RequestAuthorizerResult,
  request: HttpApiRequest,
  matched: MatchedRoute,
  ports: Pick<Ports, "now">,
  trace: Trace,
): Caller {
  const { authorization } = trace;
  if (answer.kind === "simple") {
    const decision = answer.isAuthorized ? ("allow" as const) : ("explicit_deny" as const);
    trace.authorization = { type: "CUSTOM", ...authorization, decision };
    if (answer.isAuthorized) return { lambda: answer.context };
    throw new HttpApiRefusal(403, "Forbidden", {
      reason: "authorizer_said_no",
      message: `authorizer "${authorization?.authorizerName}" answered isAuthorized false`,
    });
  }
  const verdict = evaluatePolicy([answer.policy], {
    action: INVOKE,
    resource: matched.routeArn,
    otherReadings: matched.otherArns,
    // As for REST APIs (?).
    context: conditionKeys(request, ports.now()),
  });
  trace.authorization = {
    type: "CUSTOM",
    ...authorization,
    principalId: answer.principalId,
    decision: verdict.decision,
    ...(verdict.statement && { statement: verdict.statement }),
  };
  if (verdict.decision === "allow") return { lambda: answer.context, principalId: answer.principalId };
  throw denied(verdict, askedFor, matched, authorization);
}

function denied(
  verdict: AccessVerdict,
  askedFor: string,
  { route, routeArn }: MatchedRoute,
  authorization: AuthorizationRecord | undefined,
): HttpApiRefusal {
  const isExplicit = verdict.decision === "explicit_deny";
  const isOfAnotherRoute = authorization?.cachedFrom !== undefined && askedFor !== route.routeKey;
  const said = isExplicit
    ? `a Deny statement of its policy matches ${verdict.statement?.readAs ?? routeArn}`
    : `nothing in its policy allows ${routeArn}`;
  return new HttpApiRefusal(403, "Forbidden", {
    reason: isOfAnotherRoute
      ? "cached_policy_denies"
      : isExplicit
        ? "authorizer_explicit_deny"
        : "authorizer_implicit_deny",
    message: `authorizer "${authorization?.authorizerName}"${isOfAnotherRoute ? `, policy cached from ${askedFor}` : ""}: ${said}`,
    expected: `Allow ${INVOKE} on ${routeArn}`,
  });
}

/** Masked before it is cut: half a token is no longer recognised as one. */
function quoted(text: string, secrets: readonly string[]): string {
  const masked = maskIdentity(text, secrets);
  return masked.length > MAX_QUOTED_CHARACTERS ? `${masked.slice(0, MAX_QUOTED_CHARACTERS)}…` : masked;
}

function recordOf({ id, name }: RequestAuthorizer): AuthorizationRecord {
  return { type: "CUSTOM", authorizerId: id, authorizerName: name };
}

import type { InvokeResult } from "../../lambda/invoke.ts";
import { type AnyTokenFailure, describeTokenVerdict, TOKEN_REASONS, type TokenReason } from "../../token/reasons.ts";
import type { AuthorizerResult } from "../authorizers/authorizer-cache.ts";
import { maskIdentity } from "../authorizers/mask-identity.ts";
import { RememberedKeys } from "../authorizers/remembered-keys.ts";
import { summarizeToken } from "../authorizers/summarize-token.ts";
import { type InvokeRefusal, REST_INVOKE_REFUSED_LOG_TEXT } from "../invoke-access.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { parseAuthorizerOutput } from "./authorizer-output.ts";
import type { IdentitySource } from "./identity-source.ts";
import { RestApiRefusal } from "./refusal.ts";

/** A TOKEN or REQUEST authorizer of a deployment, everything resolved for its stage. */
export interface LambdaAuthorizer {
  readonly id: string;
  readonly name: string;
  readonly type: "TOKEN" | "REQUEST";
  readonly functionArn: string;
  readonly identitySources: readonly IdentitySource[];
  /** Of a TOKEN authorizer: the expression, and whether a value matches it as a whole. */
  readonly validation?: { readonly expression: string; readonly matches: (value: string) => boolean };
  /** Why API Gateway may not invoke the function: every request that the cache does not answer is 500. */
  readonly invokeRefusal?: InvokeRefusal;
  /** 0 turns caching off. */
  readonly ttlMs: number;
  /** `authorizerCachePrefix(api, stage, id, revision)`. */
  readonly cachePrefix: string;
  /** `{apiId}/{stage}`: what FlushStageAuthorizersCache empties. */
  readonly stageKey: string;
}

/** What an authorizer reads of a request. */
export interface AuthorizerQuestion {
  readonly methodArn: string;
  /** e.g. `GET /pets`, as the record names the route. */
  readonly route: string;
  /** All values of an identity source in arrival order; undefined when absent. */
  readonly identityValues: (source: IdentitySource) => readonly string[] | undefined;
  /** The REQUEST event; called only when the function is. */
  readonly requestEvent: () => Record<string, unknown>;
  /** API keys of the request, which a function may write of its event. */
  readonly apiKeys?: () => readonly string[];
}

/** How long the gateway waits for an authorizer function of a REST API (?: 29 s; the function's own timeout comes first). */
export const AUTHORIZER_WAIT_MS = 29_000;

/** Which gateway response a timed-out authorizer raises (?): FAILURE or CONFIGURATION_ERROR. */
const TIMEOUT_RESPONSE_TYPE = "AUTHORIZER_FAILURE";

/** Of what a function said this much is quoted: its answer may have 6 MB, and a record keeps the quotation. */
const MAX_QUOTED_CHARACTERS = 300;

/** The only errorMessage that becomes a 401: whole string, case-sensitive (D, C). */
const UNAUTHORIZED_MESSAGE = "Unauthorized";

/**
 * The authorizer's result for a request: from the cache, from a call already under way, or from the function. Refuses
 * with 401 when an identity source is missing or fails the validation expression, without calling the function (D).
 * The result is a policy, not a decision: it is evaluated for each request. Without a promise when it is cached.
 * conformance/authorizers
 */
export function askLambdaAuthorizer(
  authorizer: LambdaAuthorizer,
  question: AuthorizerQuestion,
  ports: Ports,
  trace: Trace,
): AuthorizerResult | Promise<AuthorizerResult> {
  const identity = readIdentity(authorizer, question, trace);
  const cacheable = authorizer.ttlMs > 0 && authorizer.identitySources.length > 0;
  if (!cacheable) {
    trace.authorization = { ...recordOf(authorizer), cache: "off" };
    validateIdentity(authorizer, identity);
    return callFunction(authorizer, question, identity, ports, trace);
  }
  const key = rememberedKeys.keyOf(authorizer.cachePrefix, identity);
  const cached = ports.authorizerCache.get(key, authorizer.stageKey, ports.now());
  if (cached !== undefined) {
    trace.authorization = cached.recorded;
    return cached;
  }
  return askForMany(key, authorizer, question, identity, ports, trace);
}

const rememberedKeys = new RememberedKeys();

async function askForMany(
  key: string,
  authorizer: LambdaAuthorizer,
  question: AuthorizerQuestion,
  identity: readonly (readonly string[] | undefined)[],
  ports: Ports,
  trace: Trace,
): Promise<AuthorizerResult> {
  trace.authorization = { ...recordOf(authorizer), cache: "miss" };
  validateIdentity(authorizer, identity);
  const { result, shared } = await ports.authorizerCache.ask(
    key,
    authorizer.stageKey,
    authorizer.ttlMs,
    ports.now,
    () => callFunction(authorizer, question, identity, ports, trace),
  );
  if (shared) trace.authorization = { ...result.recorded, cache: "shared" };
  return result;
}

function readIdentity(
  authorizer: LambdaAuthorizer,
  question: AuthorizerQuestion,
  trace: Trace,
): readonly (readonly string[] | undefined)[] {
  const identity = authorizer.identitySources.map(question.identityValues);
  for (let at = 0; at < identity.length; at++) {
    const values = identity[at];
    if (values !== undefined && !isEmpty(values, authorizer)) continue;
    // So that the record of the 401 says which authorizer wanted what.
    trace.authorization = recordOf(authorizer);
    const { expression } = authorizer.identitySources[at]!;
    const found = values === undefined ? "absent" : "empty";
    throw new RestApiRefusal("UNAUTHORIZED", {
      reason: "identity_source_missing",
      message: `identity source ${expression} is ${found}, authorizer "${authorizer.name}" needs it`,
      expected: expression,
      actual: found,
    });
  }
  return identity;
}

/** Of several values a TOKEN function is given the last one alone. */
function isEmpty(values: readonly string[], { type }: LambdaAuthorizer): boolean {
  return type === "TOKEN" ? values.at(-1) === "" : values.every((value) => value === "");
}

/** After the cache was asked: a value that was let through once under this authorizer's revision still matches. */
function validateIdentity(authorizer: LambdaAuthorizer, identity: readonly (readonly string[] | undefined)[]): void {
  const { validation } = authorizer;
  if (validation === undefined) return;
  const values = identity.flatMap((each) => each ?? []);
  if (values.every(validation.matches)) return;
  throw new RestApiRefusal("UNAUTHORIZED", {
    reason: "identity_validation_failed",
    message: `the value of ${authorizer.identitySources[0]?.expression} does not match ${validation.expression} as a whole`,
    expected: validation.expression,
    actual: `${values.length} value(s), the last of ${values.at(-1)?.length ?? 0} characters`,
  });
}

async function callFunction(
  authorizer: LambdaAuthorizer,
  question: AuthorizerQuestion,
  identity: readonly (readonly string[] | undefined)[],
  ports: Ports,
  trace: Trace,
): Promise<AuthorizerResult> {
  const { invokeRefusal } = authorizer;
  if (invokeRefusal !== undefined) {
    throw new RestApiRefusal(
      "AUTHORIZER_CONFIGURATION_ERROR",
      { reason: "authorizer_not_permitted", ...invokeRefusal.evidence },
      { loggedError: REST_INVOKE_REFUSED_LOG_TEXT },
    );
  }
  // Which of several same-name headers becomes authorizationToken is (?): the last, as in every single-value map (R).
  const identityValue = identity[0]?.at(-1);
  const event =
    authorizer.type === "TOKEN"
      ? { type: "TOKEN", authorizationToken: identityValue, methodArn: question.methodArn }
      : question.requestEvent();
  const token = identityValue === undefined ? undefined : summarizeToken(identityValue);
  const began = ports.monotonic();
  const result = await ports.lambda.invoke(authorizer.functionArn, JSON.stringify(event), {
    waitMs: AUTHORIZER_WAIT_MS,
  });
  const latencyMs = Math.round(ports.monotonic() - began);
  const secrets = [...identity.flatMap((values) => values ?? []), ...(question.apiKeys?.() ?? [])];
  const functionLogs = "logs" in result ? result.logs.map((line) => maskIdentity(line, secrets)) : [];
  trace.authorization = {
    ...recordOf(authorizer),
    ...trace.authorization,
    ...(token && { token }),
    functionLogs,
    latencyMs,
  };
  if (result.outcome !== "success") throw refusalFor(authorizer, result, functionLogs, secrets);
  const output = parseAuthorizerOutput(result.payload);
  if (!output.ok) {
    const found = quoted(output.found, secrets);
    throw new RestApiRefusal("AUTHORIZER_CONFIGURATION_ERROR", {
      reason: "authorizer_output_invalid",
      message: `authorizer "${authorizer.name}" answered ${quoted(output.what, secrets)} = ${found}, wanted ${output.wanted}`,
      expected: output.wanted,
      actual: found,
    });
  }
  const { usageIdentifierKey } = output;
  if (usageIdentifierKey !== undefined) {
    const masked = functionLogs.map((line) => maskIdentity(line, [usageIdentifierKey]));
    trace.authorization = { ...trace.authorization, functionLogs: masked };
  }
  return {
    principalId: output.principalId,
    policy: output.policy,
    context: output.context,
    ...(output.usageIdentifierKey !== undefined && { usageIdentifierKey: output.usageIdentifierKey }),
    integrationLatencyMs: latencyMs,
    askedFor: question.route,
    recorded: {
      ...recordOf(authorizer),
      cache: "hit",
      cachedFrom: question.route,
      cachedAt: new Date(ports.now()).toISOString(),
      ...(token && { token }),
    },
  };
}

function refusalFor(
  authorizer: LambdaAuthorizer,
  result: Exclude<InvokeResult, { outcome: "success" }>,
  functionLogs: readonly string[],
  secrets: readonly string[],
): RestApiRefusal {
  const who = `authorizer "${authorizer.name}"`;
  switch (result.outcome) {
    case "function_error": {
      if (result.errorMessage === UNAUTHORIZED_MESSAGE) {
        return new RestApiRefusal("UNAUTHORIZED", {
          reason: "authorizer_said_unauthorized",
          message: `${who} failed with "Unauthorized"`,
          ...toldBy(functionLogs),
        });
      }
      const said = quoted(result.errorMessage, secrets);
      return new RestApiRefusal("AUTHORIZER_CONFIGURATION_ERROR", {
        reason: "authorizer_failed",
        message: `${who} failed with ${quoted(result.errorType, secrets)}: ${JSON.stringify(said)}`,
        expected: UNAUTHORIZED_MESSAGE,
        actual: said,
      });
    }
    case "caller_timeout":
      return new RestApiRefusal(TIMEOUT_RESPONSE_TYPE, {
        reason: "authorizer_timed_out",
        message: `${who} did not answer within ${result.waitedMs} ms`,
        expected: `≤ ${AUTHORIZER_WAIT_MS} ms`,
      });
    case "throttled":
      return new RestApiRefusal("AUTHORIZER_CONFIGURATION_ERROR", {
        reason: "authorizer_throttled",
        message: `${who}: ${result.message}`,
      });
    case "not_found":
      return new RestApiRefusal("AUTHORIZER_CONFIGURATION_ERROR", {
        reason: "authorizer_not_invocable",
        message: `${who}: ${result.message}`,
      });
    case "request_too_large":
      return new RestApiRefusal("AUTHORIZER_CONFIGURATION_ERROR", {
        reason: "authorizer_not_invocable",
        message: `${who}: the event has ${result.sizeBytes} bytes, Lambda takes ${result.limitBytes}`,
      });
  }
}

/**
 * What an authorizer wrote about the token it refused: the one that ships logs `{"event":"token_refused", reason, …}`,
 * which becomes the sentence of the token reasons; any other JSON line with a message is taken as it is.
 */
function toldBy(lines: readonly string[]): { message?: string; check?: string; expected?: unknown; actual?: unknown } {
  for (const line of lines.toReversed()) {
    const start = line.indexOf("{");
    if (start < 0 || !line.includes('"message"')) continue;
    try {
      const entry: unknown = JSON.parse(line.slice(start));
      if (typeof entry !== "object" || entry === null || !("message" in entry) || typeof entry.message !== "string")
        continue;
      const { reason, expected, actual } = entry as { reason?: unknown; expected?: unknown; actual?: unknown };
      const evidence = { ...(expected !== undefined && { expected }), ...(actual !== undefined && { actual }) };
      if (typeof reason !== "string" || !Object.hasOwn(TOKEN_REASONS, reason))
        return { message: entry.message, ...evidence };
      const failure = { ok: false, ...entry } as unknown as AnyTokenFailure;
      return { message: describeTokenVerdict(failure), check: TOKEN_REASONS[reason as TokenReason].check, ...evidence };
    } catch {
      // A line that merely looks like one, or evidence of another shape: the log itself is in the record.
    }
  }
  return {};
}

/** What a function said, as a record may keep it. Masked before it is cut: half a token is no longer recognised as one. */
function quoted(text: string, secrets: readonly string[]): string {
  const masked = maskIdentity(text, secrets);
  return masked.length > MAX_QUOTED_CHARACTERS ? `${masked.slice(0, MAX_QUOTED_CHARACTERS)}…` : masked;
}

function recordOf(authorizer: LambdaAuthorizer) {
  return { type: "CUSTOM" as const, authorizerId: authorizer.id, authorizerName: authorizer.name };
}

import { expect, test } from "vitest";
import { refusalOf } from "../../../test/rest-api-samples.ts";
import { AuthorizerCache } from "../authorizers/authorizer-cache.ts";
import type { InvokeRefusal } from "../invoke-access.ts";
import type { Ports } from "../ports.ts";
import { Trace } from "../trace.ts";
import { askLambdaAuthorizer, type LambdaAuthorizer } from "./lambda-authorizer.ts";

const authorizer: LambdaAuthorizer = {
  id: "a1",
  name: "jwt",
  type: "TOKEN",
  functionArn: "arn:aws:lambda:us-east-1:000000000000:function:jwt",
  identitySources: [{ kind: "header", name: "Authorization", expression: "method.request.header.Authorization" }],
  validation: { expression: "Bearer .+", matches: (value) => /^Bearer .+$/.test(value) },
  ttlMs: 300_000,
  cachePrefix: "api/test/a1",
  stageKey: "api/test",
};

async function refusedWith(authorization: readonly string[] | undefined) {
  const trace = new Trace(() => 0);
  const calls: string[] = [];
  const ports = {
    authorizerCache: new AuthorizerCache(),
    now: () => 0,
    monotonic: () => 0,
    lambda: { invoke: (arn: string) => calls.push(arn) },
  } as unknown as Ports;
  const question = {
    methodArn: "arn:aws:execute-api:us-east-1:000000000000:api/test/GET/pets",
    route: "GET /pets",
    identityValues: () => authorization,
    requestEvent: () => ({}),
  };
  const refusal = await refusalOf(() => askLambdaAuthorizer(authorizer, question, ports, trace));
  return { responseType: refusal.responseType, reason: refusal.evidence.reason, record: trace.authorization, calls };
}

test("a missing, empty or malformed identity is refused with 401 without a call, and the record names the authorizer (D)", async () => {
  const named = { type: "CUSTOM", authorizerId: "a1", authorizerName: "jwt" };
  for (const [values, reason] of [
    [undefined, "identity_source_missing"],
    [[""], "identity_source_missing"],
    // Of several headers the last would be the token.
    [["Bearer x", ""], "identity_source_missing"],
    [["Token x"], "identity_validation_failed"],
  ] as const) {
    const refused = await refusedWith(values);
    expect(refused).toMatchObject({ responseType: "UNAUTHORIZED", reason, record: named, calls: [] });
  }
});

test.each([
  ["a wrong policy", { policyDocument: { Version: "2012-10-17", Statement: [{ Effect: "TOKEN" }] } }],
  ["a wrong context", { policyDocument: { Version: "2012-10-17", Statement: [] }, context: { TOKEN: {} } }],
  ["an error of its own", undefined],
])("what is quoted of %s is bounded and holds no identity", async (_what, answered) => {
  const token = `Bearer ${"x".repeat(20_000)}`;
  const payload = JSON.stringify({ principalId: "user", ...answered }).replaceAll("TOKEN", `${token}, ${token}`);
  const result =
    answered === undefined
      ? { outcome: "function_error", functionError: "Unhandled", errorType: token, errorMessage: token, logs: [] }
      : { outcome: "success", payload, logs: [] };
  const ports = {
    authorizerCache: new AuthorizerCache(),
    now: () => 0,
    monotonic: () => 0,
    lambda: { invoke: async () => result },
  } as unknown as Ports;
  const question = { methodArn: "arn", route: "GET /pets", identityValues: () => [token], requestEvent: () => ({}) };
  const refusal = await refusalOf(() => askLambdaAuthorizer(authorizer, question, ports, new Trace(() => 0)));
  expect(refusal).toMatchObject({ responseType: "AUTHORIZER_CONFIGURATION_ERROR" });
  expect(JSON.stringify(refusal.evidence).length).toBeLessThan(2_000);
  expect(JSON.stringify(refusal.evidence)).not.toContain("xxxx");
});

/** Asks a function that ends so. */
function asking(result: unknown) {
  const options: unknown[] = [];
  const invoke = async (_arn: string, _payload: string, given: unknown) => {
    options.push(given);
    return result;
  };
  const ports = {
    authorizerCache: new AuthorizerCache(),
    now: () => 0,
    monotonic: () => 0,
    lambda: { invoke },
  } as unknown as Ports;
  const identityValues = () => ["Bearer x"];
  const question = { methodArn: "arn", route: "GET /pets", identityValues, requestEvent: () => ({}) };
  return { options, run: () => askLambdaAuthorizer(authorizer, question, ports, new Trace(() => 0)) };
}

test.each([
  [
    "one that is throttled is a configuration error (C)",
    { outcome: "throttled", functionArn: "f", message: "all environments are busy" },
    "AUTHORIZER_CONFIGURATION_ERROR",
    { reason: "authorizer_throttled", message: 'authorizer "jwt": all environments are busy' },
  ],
  [
    "one without code is, too (C)",
    { outcome: "not_found", functionArn: "f", message: "no code" },
    "AUTHORIZER_CONFIGURATION_ERROR",
    { reason: "authorizer_not_invocable", message: 'authorizer "jwt": no code' },
  ],
  [
    "one that does not answer in time is a failure (?)",
    { outcome: "caller_timeout", waitedMs: 29_000, requestId: "r", logs: [] },
    "AUTHORIZER_FAILURE",
    { reason: "authorizer_timed_out", message: 'authorizer "jwt" did not answer within 29000 ms' },
  ],
] as const)("%s, each time anew", async (_, result, responseType, evidence) => {
  const { options, run } = asking(result);
  for (let at = 0; at < 2; at++) {
    const refusal = await refusalOf(run);
    expect(refusal).toMatchObject({ responseType, evidence });
    // {"message":null}, by the defaults of either type.
    expect(refusal.wire).toEqual({});
  }
  expect(options).toHaveLength(2);
});

test("the gateway waits 29 seconds for it (?)", async () => {
  const { options, run } = asking({ outcome: "success", payload: JSON.stringify(ALLOW), logs: [] });
  await run();
  expect(options).toEqual([{ waitMs: 29_000 }]);
});

test("one that may not be invoked is 500 without a call, and nothing is cached (C)", async () => {
  const cache = new AuthorizerCache();
  const calls: string[] = [];
  const ports = {
    authorizerCache: cache,
    now: () => 0,
    monotonic: () => 0,
    lambda: { invoke: (arn: string) => calls.push(arn) },
  } as unknown as Ports;
  const invokeRefusal: InvokeRefusal = {
    rule: "invoke-permission-missing",
    cause: "f",
    evidence: { message: "no permission", check: "Add it.", expected: "arn:wanted", actual: "arn:found" },
  };
  const question = {
    methodArn: "arn",
    route: "GET /pets",
    identityValues: () => ["Bearer x"],
    requestEvent: () => ({}),
  };
  const trace = new Trace(() => 0);
  const refusal = await refusalOf(() => askLambdaAuthorizer({ ...authorizer, invokeRefusal }, question, ports, trace));
  expect(refusal).toMatchObject({
    responseType: "AUTHORIZER_CONFIGURATION_ERROR",
    evidence: { reason: "authorizer_not_permitted", ...invokeRefusal.evidence },
    wire: { loggedError: "Execution failed due to configuration error: Invalid permissions on Lambda function" },
  });
  expect(calls).toEqual([]);
  // Once it may be, the same token asks the function.
  const lambda = { invoke: async () => ({ outcome: "success", payload: JSON.stringify(ALLOW), logs: [] }) };
  const permitted = { ...ports, lambda } as unknown as Ports;
  expect(await askLambdaAuthorizer(authorizer, question, permitted, trace)).toMatchObject({ principalId: "user" });
  expect(trace.authorization).toMatchObject({ cache: "miss" });
});

const ALLOW = { principalId: "user", policyDocument: { Version: "2012-10-17", Statement: [] } };

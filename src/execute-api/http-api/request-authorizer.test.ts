import { describe, expect, test } from "vitest";
import {
  FUNCTION_ARN,
  httpPorts,
  httpRefusalOf,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
  sampleRoute,
} from "../../../test/http-api-samples.ts";
import { functionAnswering } from "../../../test/rest-api-samples.ts";
import type { Authorizer } from "../../model/http-api.ts";
import { AuthorizerCache } from "../authorizers/authorizer-cache.ts";
import type { InvokeRefusal } from "../invoke-access.ts";
import type { Ports } from "../ports.ts";
import { Trace } from "../trace.ts";
import { authorizeWithRequest, compileRequestAuthorizer, type RequestAuthorizer } from "./request-authorizer.ts";

const ROOT = "arn:aws:execute-api:us-east-1:123456789012:abc123/$default/GET";
const FACTS = { apiId: "abc123", stageName: "$default", stageVariables: {}, hasFunction: () => true };
const TOKEN = ["Authorization", "Bearer a.b.c"];

function verdictOf(given: Partial<Authorizer> = {}, facts: Partial<typeof FACTS> = {}) {
  return compileRequestAuthorizer(
    {
      authorizerId: "a1",
      name: "own",
      authorizerType: "REQUEST",
      identitySource: ["$request.header.Authorization"],
      authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION_ARN}/invocations`,
      authorizerPayloadFormatVersion: "2.0",
      enableSimpleResponses: true,
      at: { file: "api.yaml", line: 1, column: 1 },
      ...given,
    },
    { ...FACTS, ...facts },
  );
}

function compiled(given: Partial<Authorizer> = {}): RequestAuthorizer {
  const verdict = verdictOf(given);
  if (!verdict.ok) throw new Error(verdict.finding.message);
  return verdict.authorizer;
}

interface Asked {
  readonly authorizer?: RequestAuthorizer;
  readonly headers?: readonly string[];
  readonly path?: string;
  readonly query?: string;
  readonly invokeRefusal?: InvokeRefusal;
  readonly ports: Ports;
}

function ask({ authorizer = compiled(), headers = TOKEN, path = "/pets", query = "", invokeRefusal, ports }: Asked) {
  const trace = new Trace(() => 0);
  const matched = sampleMatched({
    route: sampleRoute(`GET ${path}`),
    routeArn: `${ROOT}${path}`,
    otherArns: [`${ROOT}${decodeURIComponent(path)}`],
    pathParameters: {},
  });
  const around = {
    request: sampleRequest({ path, query, headers }),
    matched,
    deployment: sampleDeployment(),
    ports,
    trace,
  };
  return { run: () => authorizeWithRequest(authorizer, invokeRefusal, around), trace };
}

function answering(answer: unknown) {
  const { lambda, calls } = functionAnswering({ outcome: "success", payload: JSON.stringify(answer) ?? "undefined" });
  return { ports: httpPorts({ lambda, requestAuthorizerCache: new AuthorizerCache() }), calls };
}

const allow = (path: string) => ({
  principalId: "ann",
  policyDocument: {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: ROOT + path }],
  },
  context: { plan: "gold", list: [1, { a: true }] },
});

const REFUSED: InvokeRefusal = {
  rule: "invoke-permission-missing",
  cause: "f",
  evidence: { message: "no permission", check: "Add it." },
};

describe("the answer", () => {
  test("of a simple response lets in or is a bare 403, with its context as it is (D)", async () => {
    const context = { plan: "gold", list: [1, { a: true }] };
    expect(await ask(answering({ isAuthorized: true, context })).run()).toEqual({ lambda: context });
    expect(await ask(answering({ isAuthorized: true })).run()).toEqual({ lambda: null });
    expect(await httpRefusalOf(ask(answering({ isAuthorized: false })).run)).toMatchObject({
      status: 403,
      text: "Forbidden",
      wire: {},
      evidence: { reason: "authorizer_said_no" },
    });
  });

  test("of a policy is held against the route's ARN (D)", async () => {
    const authorizer = compiled({ enableSimpleResponses: false });
    expect(await ask({ authorizer, ...answering(allow("/pets")) }).run()).toEqual({
      principalId: "ann",
      lambda: allow("").context,
    });
    const denied = await httpRefusalOf(ask({ authorizer, path: "/toys", ...answering(allow("/pets")) }).run);
    expect(denied).toMatchObject({ status: 403, text: "Forbidden", evidence: { reason: "authorizer_implicit_deny" } });
  });

  test("of a policy is held against the path that a function sees, too, where it denies (?)", async () => {
    const authorizer = compiled({ enableSimpleResponses: false });
    const answer = allow("/*");
    const deny = { Effect: "Deny", Action: "execute-api:Invoke", Resource: `${ROOT}/admin/*` };
    answer.policyDocument.Statement.push(deny);
    const denied = await httpRefusalOf(ask({ authorizer, path: "/admin%2Fkeys", ...answering(answer) }).run);
    expect(denied.evidence).toMatchObject({
      reason: "authorizer_explicit_deny",
      message: expect.stringContaining("/admin/keys"),
    });
    expect(await ask({ authorizer, path: "/pets%2Fkeys", ...answering(answer) }).run()).toMatchObject({
      principalId: "ann",
    });
  });

  test.each([
    ["a policy where simple responses are on", true, allow("/pets"), "Simple response did not include 'isAuthorized'"],
    ["isAuthorized that is text", true, { isAuthorized: "true" }, "Simple response did not include 'isAuthorized'"],
    ["a simple response where they are off", false, { isAuthorized: true }, "matches"],
    ["a policy without principal", false, { ...allow("/pets"), principalId: undefined }, ""],
    ["a policy that is none", false, { principalId: "ann", policyDocument: { Statement: "x" } }, ""],
    ["null", true, null, ""],
  ])("%s is a 500 whose log line says so (R)", async (_, enableSimpleResponses, answer, logged) => {
    const authorizer = compiled({ enableSimpleResponses });
    const refusal = await httpRefusalOf(ask({ authorizer, ...answering(answer) }).run);
    expect(refusal).toMatchObject({ status: 500, text: "Internal Server Error" });
    expect(refusal.wire.authorizerError).toContain("doesn't match the format that API Gateway expects");
    if (logged.startsWith("Simple")) expect(refusal.wire.authorizerError).toContain(logged);
  });

  test("an error is a 500, Unauthorized too (D): nothing of the identity is told", async () => {
    const { lambda } = functionAnswering({
      outcome: "function_error",
      functionError: "Unhandled",
      errorType: "Error",
      errorMessage: "Unauthorized",
      payload: "{}",
    });
    const refusal = await httpRefusalOf(ask({ ports: httpPorts({ lambda }) }).run);
    expect(refusal).toMatchObject({ status: 500, evidence: { reason: "authorizer_failed" } });
    expect(refusal.evidence.check).toContain("answer 500 to every error");
  });

  test.each([
    [
      "that is throttled",
      { outcome: "throttled", functionArn: FUNCTION_ARN, message: "all environments are busy" },
      { reason: "authorizer_throttled", message: 'authorizer "own": all environments are busy' },
    ],
    [
      "that does not answer in time",
      { outcome: "caller_timeout", waitedMs: 10_000 },
      { reason: "authorizer_timed_out", message: 'authorizer "own" did not answer within 10000 ms' },
    ],
    [
      "without code",
      { outcome: "not_found", functionArn: FUNCTION_ARN, message: "no code" },
      { reason: "authorizer_not_invocable" },
    ],
  ] as const)("a function %s is a 500 (D)", async (_, result, evidence) => {
    const { lambda } = functionAnswering(result);
    const refusal = await httpRefusalOf(ask({ ports: httpPorts({ lambda }) }).run);
    expect(refusal).toMatchObject({ status: 500, text: "Internal Server Error", wire: {}, evidence });
  });

  test("is waited for 10 seconds (D)", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    await ask({ ports }).run();
    expect(calls).toMatchObject([{ arn: FUNCTION_ARN, options: { waitMs: 10_000 } }]);
  });

  test("a function that may not be invoked is a 500 with AWS's log text (R), and is not called", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    const refusal = await httpRefusalOf(ask({ ports, invokeRefusal: REFUSED }).run);
    expect(refusal).toMatchObject({ status: 500, evidence: { reason: "authorizer_not_permitted" } });
    expect(refusal.wire.authorizerError).toMatch(/^The IAM role configured on the authorizer/);
    expect(calls).toEqual([]);
  });
});

describe("identity sources", () => {
  test.each([
    ["absent", []],
    ["empty", ["Authorization", ""]],
  ])("%s: 401 without a call and without a challenge (R)", async (_, headers) => {
    const { ports, calls } = answering({ isAuthorized: true });
    const refusal = await httpRefusalOf(ask({ ports, headers }).run);
    expect(refusal).toMatchObject({ status: 401, text: "Unauthorized", wire: {} });
    expect(calls).toEqual([]);
  });

  test("without any the function is always asked, with null for them", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    await ask({ ports, headers: [], authorizer: compiled({ identitySource: [] }) }).run();
    expect(JSON.parse(calls[0]?.payload ?? "")).toMatchObject({ identitySource: null });
  });

  test("their values are the event's, in order, Bearer and all (R); format 1.0 joins them by commas (D)", async () => {
    const identitySource = ["$request.header.authorization", "$request.querystring.key", "$context.routeKey"];
    for (const [format, expected] of [
      ["2.0", { routeArn: `${ROOT}/pets`, identitySource: ["Bearer a.b.c", "k", "GET /pets"] }],
      [
        "1.0",
        {
          methodArn: `${ROOT}/pets`,
          identitySource: "Bearer a.b.c,k,GET /pets",
          authorizationToken: "Bearer a.b.c,k,GET /pets",
        },
      ],
    ] as const) {
      const { ports, calls } = answering(format === "2.0" ? { isAuthorized: true } : allow("/pets"));
      await ask({
        ports,
        query: "key=k",
        authorizer: compiled({ identitySource, authorizerPayloadFormatVersion: format }),
      }).run();
      const event = JSON.parse(calls[0]?.payload ?? "");
      expect(event).toMatchObject({ version: format, type: "REQUEST", ...expected });
      expect(event).not.toHaveProperty("body");
      expect(event).not.toHaveProperty("isBase64Encoded");
    }
  });
});

describe("caching", () => {
  const cached = (more: Partial<Authorizer> = {}) => compiled({ authorizerResultTtlInSeconds: 300, ...more });

  test("is off unless a TTL is set", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    for (let at = 0; at < 2; at++) await ask({ ports }).run();
    expect(calls).toHaveLength(2);
  });

  test("a simple answer holds for every route of the identity, another identity is asked about (D)", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    const authorizer = cached();
    await ask({ ports, authorizer }).run();
    const second = ask({ ports, authorizer, path: "/toys" });
    await second.run();
    expect(second.trace.authorization).toMatchObject({ cache: "hit", cachedFrom: "GET /pets" });
    expect(calls).toHaveLength(1);
    await ask({ ports, authorizer, headers: ["Authorization", "Bearer other"] }).run();
    expect(calls).toHaveLength(2);
  });

  test("a cached policy is evaluated for each route, so the other one is denied and told why (D)", async () => {
    const { ports, calls } = answering(allow("/pets"));
    const authorizer = cached({ enableSimpleResponses: false });
    await ask({ ports, authorizer }).run();
    const refusal = await httpRefusalOf(ask({ ports, authorizer, path: "/toys" }).run);
    expect(refusal).toMatchObject({ status: 403, evidence: { reason: "cached_policy_denies" } });
    expect(refusal.evidence.message).toContain("policy cached from GET /pets");
    expect(calls).toHaveLength(1);
  });

  test("the route key among the sources makes an entry for each route (D)", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    const authorizer = cached({ identitySource: ["$request.header.Authorization", "$context.routeKey"] });
    await ask({ ports, authorizer }).run();
    await ask({ ports, authorizer, path: "/toys" }).run();
    expect(calls).toHaveLength(2);
  });

  test("another authorizer, or the same changed, has entries of its own", async () => {
    const { ports, calls } = answering({ isAuthorized: true });
    await ask({ ports, authorizer: cached() }).run();
    await ask({ ports, authorizer: cached({ authorizerId: "a2" }) }).run();
    await ask({ ports, authorizer: cached({ authorizerResultTtlInSeconds: 301 }) }).run();
    expect(calls).toHaveLength(3);
  });

  test("denials are kept, errors are not (?)", async () => {
    const { ports, calls } = answering({ isAuthorized: false });
    const authorizer = cached();
    for (let at = 0; at < 2; at++) await httpRefusalOf(ask({ ports, authorizer }).run);
    expect(calls).toHaveLength(1);
    const broken = answering({});
    for (let at = 0; at < 2; at++) await httpRefusalOf(ask({ ports: broken.ports, authorizer }).run);
    expect(broken.calls).toHaveLength(2);
  });
});

test.each([
  ["a TTL without identity source (D)", { identitySource: [], authorizerResultTtlInSeconds: 60 }],
  ["a TTL over an hour", { authorizerResultTtlInSeconds: 3601 }],
  ["a REST API's identity source", { identitySource: ["method.request.header.Authorization"] }],
  ["a URI that names no function", { authorizerUri: "arn:aws:apigateway:us-east-1:s3:path/x" }],
])("%s is not compiled", (_, given) => {
  expect(verdictOf(given)).toMatchObject({ ok: false, finding: { effect: "route", rule: "authorizer-invalid" } });
});

test("one whose function has no code, or without a format, is not compiled", () => {
  expect(verdictOf({}, { hasFunction: () => false })).toMatchObject({ ok: false });
  const { authorizerPayloadFormatVersion: _, ...without } = { authorizerPayloadFormatVersion: "2.0" as const };
  expect(
    compileRequestAuthorizer(
      {
        ...without,
        authorizerId: "a",
        name: "n",
        authorizerType: "REQUEST",
        identitySource: [],
        authorizerUri: FUNCTION_ARN,
        enableSimpleResponses: false,
        at: { file: "a", line: 1, column: 1 },
      },
      FACTS,
    ),
  ).toMatchObject({ ok: false });
});

test("what an authorizer prints of its caller is not recorded, be it an identity source or not", async () => {
  const logs = ["who: opaque-identity, cookie sid=session-abcdef, page 7"];
  const { lambda } = functionAnswering({ outcome: "success", payload: '{"isAuthorized":true}', logs });
  const headers = ["Authorization", "Bearer opaque-identity", "Cookie", "lang=en; sid=session-abcdef"];
  const { run, trace } = ask({ ports: httpPorts({ lambda }), headers });
  await run();
  const recorded = JSON.stringify(trace.authorization);
  expect(recorded).toContain("page 7");
  for (const secret of ["opaque-identity", "session-abcdef"]) expect(recorded).not.toContain(secret);
});

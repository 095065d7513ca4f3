import { expect, test } from "vitest";
import {
  compiled,
  functionAnswering,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import { AuthorizerCache } from "../authorizers/authorizer-cache.ts";
import { Trace } from "../trace.ts";
import { authorize } from "./authorize.ts";
import { MAX_REMEMBERED_DECISIONS } from "./authorize-with-lambda.ts";
import type { MethodAuthorization, RestDeployment } from "./deployment.ts";
import { parseIdentitySources } from "./identity-source.ts";
import type { Caller, RestRequest } from "./request.ts";

const ROOT = "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET";
const parsed = parseIdentitySources("method.request.header.Authorization");
if (!parsed.ok) throw new Error("the test's identity sources are wrong");
const authorization: MethodAuthorization = {
  type: "CUSTOM",
  authorizer: {
    id: "a1",
    name: "jwt",
    type: "TOKEN",
    functionArn: "arn:aws:lambda:us-east-1:000000000000:function:jwt",
    identitySources: parsed.sources,
    ttlMs: 300_000,
    cachePrefix: "a1",
    stageKey: "petstore/test",
  },
};

/** One authorizer function and one cache for several requests with the same token. */
function asking(statements: readonly object[]) {
  const policyDocument = { Version: "2012-10-17", Statement: statements };
  const { lambda, calls } = functionAnswering({
    outcome: "success",
    payload: JSON.stringify({ principalId: "user", policyDocument, context: { plan: "gold" } }),
  });
  const ports = samplePorts({ authorizerCache: new AuthorizerCache(), lambda });
  const deployment: RestDeployment = sampleDeployment();
  return {
    calls: () => calls.length,
    ask: (path: string, request: Partial<Omit<RestRequest, "headers" | "body" | "query">> = {}) => {
      const matched = { ...sampleMatched(compiled({ type: "MOCK" }), { authorization }), methodArn: ROOT + path };
      const trace = new Trace(ports.monotonic);
      const sent = sampleRequest({ headers: ["Authorization", "Bearer a.b.c"], ...request });
      return { answer: () => authorize(sent, matched, deployment, ports, trace), trace };
    },
  };
}

const allow = (path: string, more: object = {}) => ({
  Effect: "Allow",
  Action: "execute-api:Invoke",
  Resource: ROOT + path,
  ...more,
});

test("a cached Allow is answered without a promise, with the caller and the record of the evaluated one", async () => {
  const { ask, calls } = asking([allow("/pets")]);
  await ask("/pets").answer();
  const evaluated = ask("/pets");
  const remembered = ask("/pets");
  const caller = evaluated.answer() as Caller;
  expect(caller).toEqual({ authorizer: { plan: "gold", principalId: "user", integrationLatency: 0 } });
  expect(remembered.answer()).toEqual(caller);
  expect(remembered.trace.authorization).toEqual(evaluated.trace.authorization);
  expect(remembered.trace.authorization).toMatchObject({
    cache: "hit",
    decision: "allow",
    cachedFrom: expect.any(String),
  });
  expect(calls()).toBe(1);
});

test("what was decided for one method decides no other, however many are asked for in turn", async () => {
  const { ask, calls } = asking([allow("/open/*")]);
  await ask("/open/0").answer();
  for (let turn = 0; turn < 2; turn++) {
    for (let at = 0; at <= MAX_REMEMBERED_DECISIONS; at++) {
      expect(await ask(`/open/${at}`).answer()).toMatchObject({ authorizer: { principalId: "user" } });
      expect(await refusalOf(ask(`/closed/${at}`).answer)).toMatchObject({ responseType: "ACCESS_DENIED" });
    }
  }
  expect(calls()).toBe(1);
});

test("a policy with a condition is evaluated for every request", async () => {
  const { ask, calls } = asking([allow("/pets", { Condition: { IpAddress: { "aws:SourceIp": "203.0.113.7" } } })]);
  const from = (sourceIp: string) => ask("/pets", { sourceIp }).answer;
  for (let turn = 0; turn < 2; turn++) {
    expect(await from("203.0.113.7")()).toMatchObject({ authorizer: { principalId: "user" } });
    expect(await refusalOf(from("198.51.100.1"))).toMatchObject({ responseType: "ACCESS_DENIED" });
  }
  expect(calls()).toBe(1);
});

test("a policy with a variable is evaluated for every request", async () => {
  const { ask } = asking([allow("/pets/${aws:SourceIp}")]);
  const from = (sourceIp: string) => ask("/pets/203.0.113.7", { sourceIp }).answer;
  for (let turn = 0; turn < 2; turn++) {
    expect(await from("203.0.113.7")()).toMatchObject({ authorizer: { principalId: "user" } });
    expect(await refusalOf(from("198.51.100.1"))).toMatchObject({ responseType: "ACCESS_DENIED" });
  }
});

test("no API key stands in the record, neither one that was sent nor the one that the authorizer names", async () => {
  const [sentKey, namedKey] = ["sent-key-value-0123456789", "named-key-value-0123456789"];
  const { lambda } = functionAnswering({
    outcome: "success",
    payload: JSON.stringify({
      principalId: "user",
      policyDocument: { Version: "2012-10-17", Statement: [allow("/*")] },
      usageIdentifierKey: namedKey,
    }),
    logs: [`event ${sentKey}`, `answering ${namedKey}`],
  } as Parameters<typeof functionAnswering>[0]);
  const ports = samplePorts({ authorizerCache: new AuthorizerCache(), lambda });
  const matched = { ...sampleMatched(compiled({ type: "MOCK" }), { authorization }), methodArn: `${ROOT}/pets` };
  const trace = new Trace(ports.monotonic);
  const sent = sampleRequest({ headers: ["Authorization", "Bearer a.b.c", "X-Api-Key", sentKey] });
  const caller = await authorize(sent, matched, sampleDeployment(), ports, trace);
  expect(caller.usageIdentifierKey).toBe(namedKey);
  const recorded = JSON.stringify(trace.authorization);
  expect(recorded).toContain("answering");
  expect(recorded).not.toContain(sentKey);
  expect(recorded).not.toContain(namedKey);
});

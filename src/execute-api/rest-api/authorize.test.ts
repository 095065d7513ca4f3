import { describe, expect, test } from "vitest";
import {
  compiled,
  functionAnswering,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import { parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import { AuthorizerCache } from "../authorizers/authorizer-cache.ts";
import type { Ports } from "../ports.ts";
import { Trace } from "../trace.ts";
import { authorize } from "./authorize.ts";
import type { MethodAuthorization, RestDeployment } from "./deployment.ts";
import { parseIdentitySources } from "./identity-source.ts";
import type { LambdaAuthorizer } from "./lambda-authorizer.ts";

const MOCK = compiled({ type: "MOCK" });
const ARN = "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets/42";

function resourcePolicy(effect: "Allow" | "Deny", more: Readonly<Record<string, unknown>> = {}): Policy {
  const statement = { Effect: effect, Principal: "*", Action: "execute-api:Invoke", Resource: "*", ...more };
  const verdict = parsePolicy({ Version: "2012-10-17", Statement: [statement] }, "resource");
  if (!verdict.ok) throw new Error("the test's policy is wrong");
  return verdict.policy;
}

function authorizer(given: Partial<LambdaAuthorizer> & { sources?: string } = {}): MethodAuthorization {
  const { sources = "method.request.header.Authorization", ...rest } = given;
  const parsed = parseIdentitySources(sources);
  if (!parsed.ok) throw new Error("the test's identity sources are wrong");
  return {
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
      ...rest,
    },
  };
}

function answering(effect: "Allow" | "Deny", resource: string | readonly string[] = "*") {
  const policyDocument = {
    Version: "2012-10-17",
    Statement: [{ Sid: "Said", Action: "execute-api:Invoke", Effect: effect, Resource: resource }],
  };
  const payload = JSON.stringify({ principalId: "user", policyDocument, context: { plan: "gold" } });
  return functionAnswering({ outcome: "success", payload });
}

interface Asked {
  readonly authorization: MethodAuthorization;
  readonly deployment?: Partial<RestDeployment>;
  readonly request?: Parameters<typeof sampleRequest>[0];
  readonly ports?: Partial<Ports>;
}

function asked({ authorization, deployment, request, ports }: Asked) {
  const given = samplePorts(ports);
  const trace = new Trace(given.monotonic);
  const matched = sampleMatched(MOCK, { authorization });
  const run = () => authorize(sampleRequest(request), matched, sampleDeployment(deployment), given, trace);
  return { run, trace };
}

const TOKEN = ["Authorization", "Bearer a.b.c"];

describe("NONE", () => {
  test("lets everybody in when there is no resource policy", async () => {
    const { run, trace } = asked({ authorization: { type: "NONE" } });
    expect(await run()).toEqual({});
    expect(trace.authorization).toEqual({ type: "NONE" });
  });

  test("needs the resource policy's Allow: silence is a refusal (D)", async () => {
    const silent = resourcePolicy("Allow", { Resource: "arn:aws:execute-api:*:*:other/*" });
    const { run, trace } = asked({ authorization: { type: "NONE" }, deployment: { resourcePolicy: silent } });
    expect(await refusalOf(run)).toMatchObject({
      responseType: "ACCESS_DENIED",
      evidence: { reason: "resource_policy_implicit_deny" },
    });
    expect(trace.authorization).toMatchObject({ decision: "implicit_deny" });
    const open = asked({ authorization: { type: "NONE" }, deployment: { resourcePolicy: resourcePolicy("Allow") } });
    expect(await open.run()).toEqual({});
  });

  test("an address the resource policy names is that of the caller", async () => {
    const condition = { Condition: { NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } } };
    const policies = { ...resourcePolicy("Allow") };
    const resource: Policy = {
      ...policies,
      statements: [...policies.statements, ...resourcePolicy("Deny", condition).statements],
    };
    const from = (sourceIp: string) =>
      asked({
        authorization: { type: "NONE" },
        deployment: { resourcePolicy: resource },
        request: { sourceIp, headers: ["X-Forwarded-For", "203.0.113.7"] },
      });
    expect(await from("203.0.113.7").run()).toEqual({});
    expect(await refusalOf(from("198.51.100.1").run)).toMatchObject({
      evidence: { reason: "resource_policy_explicit_deny" },
      wire: {
        message:
          "User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:petstore/test/GET/pets/42 with an explicit deny in a resource-based policy",
      },
    });
  });
});

describe("AWS_IAM", () => {
  test.each([
    ["no signature", [], "iam_unsigned"],
    ["a Bearer token", TOKEN, "iam_bearer_token"],
    [
      "a complete signature by a key nobody knows",
      [
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0",
        "X-Amz-Date",
        "20261121T010203Z",
      ],
      "access_key_unknown",
    ],
  ])("lets nobody in, with %s, whatever the resource policy allows", async (_what, headers, reason) => {
    const { run } = asked({
      authorization: { type: "AWS_IAM" },
      deployment: { resourcePolicy: resourcePolicy("Allow") },
      request: { headers },
    });
    expect(await refusalOf(run)).toMatchObject({ evidence: { reason } });
  });
});

describe("a Lambda authorizer", () => {
  test("is not asked when the resource policy denies (D)", async () => {
    const { calls, lambda } = answering("Allow");
    const { run, trace } = asked({
      authorization: authorizer(),
      deployment: { resourcePolicy: resourcePolicy("Deny") },
      request: { headers: TOKEN },
      ports: { lambda },
    });
    expect(await refusalOf(run)).toMatchObject({ evidence: { reason: "resource_policy_explicit_deny" } });
    expect(calls).toEqual([]);
    expect(trace.authorization).toMatchObject({ authorizerName: "jwt", decision: "explicit_deny" });
  });

  test.each([
    ["Allow", ARN, undefined, "allow"],
    ["Allow", ARN, "Allow", "allow"],
    ["Allow", "arn:aws:execute-api:*:*:other/*", undefined, "authorizer_implicit_deny"],
    ["Allow", "arn:aws:execute-api:*:*:other/*", "Allow", "allow"],
    ["Deny", ARN, undefined, "authorizer_explicit_deny"],
    ["Deny", ARN, "Allow", "authorizer_explicit_deny"],
  ] as const)(
    "that says %s on %s beside a resource policy that says %s: %s (D)",
    async (effect, on, beside, wanted) => {
      const { run } = asked({
        authorization: authorizer(),
        deployment: beside === undefined ? {} : { resourcePolicy: resourcePolicy(beside) },
        request: { headers: TOKEN },
        ports: { lambda: answering(effect, on).lambda },
      });
      if (wanted === "allow") {
        expect(await run()).toMatchObject({ authorizer: { plan: "gold", principalId: "user" } });
      } else {
        const refusal = await refusalOf(run);
        expect(refusal).toMatchObject({ responseType: "ACCESS_DENIED", evidence: { reason: wanted } });
        expect(refusal.wire.authorizerContext).toMatchObject({ plan: "gold" });
      }
    },
  );

  test.each(["Deny", "Allow"] as const)(
    "that says %s of the decoded path: only a Deny of it counts (?)",
    async (effect) => {
      const { lambda } = answering(effect, ARN);
      const ports = samplePorts({ lambda });
      const encoded = { methodArn: ARN.replace("42", "%342"), otherArns: [ARN] };
      const matched = { ...sampleMatched(MOCK, { authorization: authorizer() }), ...encoded };
      const deployment = sampleDeployment();
      const { evidence } = await refusalOf(() =>
        authorize(sampleRequest({ headers: TOKEN }), matched, deployment, ports, new Trace(() => 0)),
      );
      const denies = effect === "Deny";
      expect(evidence.reason).toBe(denies ? "authorizer_explicit_deny" : "authorizer_implicit_deny");
      expect(evidence.message).toContain(denies ? `matches ${ARN}` : encoded.methodArn);
    },
  );

  test("is not asked when the resource policy denies the decoded path (?)", async () => {
    const { calls, lambda } = answering("Allow");
    const encoded = { methodArn: ARN.replace("42", "%342"), otherArns: [ARN] };
    const matched = { ...sampleMatched(MOCK, { authorization: authorizer() }), ...encoded };
    const deployment = sampleDeployment({ resourcePolicy: resourcePolicy("Deny", { Resource: ARN }) });
    const run = () => authorize(sampleRequest(), matched, deployment, samplePorts({ lambda }), new Trace(() => 0));
    const { evidence, wire } = await refusalOf(run);
    expect(evidence.message).toBe(`the resource policy denies ${ARN}`);
    expect(wire.message).toContain("/pets/%342 with an explicit deny");
    expect(calls).toEqual([]);
  });

  test("a policy from the cache that does not cover this route says which request filled it", async () => {
    const ports = { lambda: answering("Allow", ARN).lambda, authorizerCache: new AuthorizerCache() };
    const first = asked({ authorization: authorizer(), request: { headers: TOKEN }, ports });
    await first.run();
    const second = sampleMatched(MOCK, { authorization: authorizer(), resourcePath: "/toys" });
    const elsewhere = { ...second, methodArn: ARN.replace("pets/42", "toys") };
    const trace = new Trace(() => 0);
    const refusal = await refusalOf(() =>
      authorize(sampleRequest({ headers: TOKEN }), elsewhere, sampleDeployment(), samplePorts(ports), trace),
    );
    expect(refusal.evidence).toMatchObject({
      reason: "cached_policy_denies",
      message: expect.stringContaining("GET /pets/{petId}"),
    });
    expect(trace.authorization).toMatchObject({ cache: "hit", cachedFrom: "GET /pets/{petId}" });
  });

  test("the record of a refusal lists a bounded part of a policy of any size", async () => {
    const many = Array.from({ length: 100 }, (_, at) => `arn:aws:execute-api:us-east-1:000000000000:x${at}/*`);
    const { run, trace } = asked({
      authorization: authorizer(),
      request: { headers: TOKEN },
      ports: { lambda: answering("Allow", many).lambda },
    });
    const { evidence } = await refusalOf(run);
    for (const recorded of [evidence.actual, trace.authorization?.nearMisses]) {
      expect(JSON.stringify(recorded)).toContain("x9/*");
      expect(JSON.stringify(recorded)).not.toContain("x10/*");
      expect(JSON.stringify(recorded)).toContain("and 90 more");
    }
  });
});

describe("identity sources", () => {
  const request = authorizer({
    type: "REQUEST",
    sources: "method.request.querystring.key, stageVariables.tenant, context.httpMethod",
  });

  test("may be query parameters, stage variables and context values", async () => {
    const { run } = asked({
      authorization: request,
      deployment: { stageVariables: { tenant: "blue" } },
      request: { rawQuery: "key=1" },
      ports: { lambda: answering("Allow").lambda },
    });
    expect(await run()).toMatchObject({ authorizer: { principalId: "user" } });
  });

  test.each([
    ["query parameter", "", { tenant: "blue" }, "method.request.querystring.key"],
    ["value of a query parameter", "key=", { tenant: "blue" }, "method.request.querystring.key"],
    ["stage variable", "key=1", {}, "stageVariables.tenant"],
  ])(
    "without a %s the answer is 401 and the function is not asked (D)",
    async (_what, rawQuery, variables, missing) => {
      const { calls, lambda } = answering("Allow");
      const { run } = asked({
        authorization: request,
        deployment: { stageVariables: variables },
        request: { rawQuery },
        ports: { lambda },
      });
      expect(await refusalOf(run)).toMatchObject({
        responseType: "UNAUTHORIZED",
        evidence: { reason: "identity_source_missing", expected: missing },
      });
      expect(calls).toEqual([]);
    },
  );

  test.each(["stageVariables.constructor", "stageVariables.__proto__", "context.constructor", "context.authorizer"])(
    "%s is absent, not what every object has",
    async (sources) => {
      const { run } = asked({
        authorization: authorizer({ type: "REQUEST", sources }),
        ports: { lambda: answering("Allow").lambda },
      });
      expect(await refusalOf(run)).toMatchObject({ evidence: { reason: "identity_source_missing" } });
    },
  );
});

import { expect, it } from "vitest";
import {
  compiled,
  FUNCTION_URI,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import { Trace } from "../trace.ts";
import { accessLogContext } from "./access-log-context.ts";
import type { Decided } from "./answer.ts";
import { traceId } from "./header-rules.ts";
import { RestApiRefusal } from "./refusal.ts";

function decided(given: Partial<Decided> = {}): Decided {
  let clock = 0;
  return {
    request: sampleRequest(),
    deployment: sampleDeployment(),
    matched: sampleMatched(compiled({ type: "AWS_PROXY", httpMethod: "POST", uri: FUNCTION_URI })),
    caller: {},
    answer: { status: 200, headers: [], body: "häh" },
    refusal: undefined,
    errorType: undefined,
    trace: new Trace(() => (clock += 10)),
    ...given,
  };
}

it("knows what became of a request", () => {
  const given = decided({ caller: { authorizer: { principalId: "user", tier: "gold", integrationLatency: 7 } } });
  given.trace.authorization = { type: "CUSTOM", decision: "allow", principalId: "user", latencyMs: 7 };
  given.trace.integration = { type: "AWS_PROXY", status: 201, latencyMs: 12 };
  expect(accessLogContext(given)).toMatchObject({
    requestId: given.request.requestId,
    resourcePath: "/pets/{petId}",
    status: 200,
    responseLength: 4,
    responseLatency: 10,
    endpointType: "REGIONAL",
    integrationStatus: 200,
    integrationLatency: 12,
    integration: { status: 201, integrationStatus: 200, latency: 12 },
    authorizer: { principalId: "user", tier: "gold", status: 200, latency: 7, integrationLatency: 7 },
    authorize: { status: 200 },
    xrayTraceId: traceId(given.request),
  });
});

it("knows why a request was refused, and leaves out what did not happen", () => {
  const refusal = new RestApiRefusal("UNAUTHORIZED", {
    reason: "identity_source_missing",
    message: "no Authorization header",
  });
  const given = decided({
    refusal,
    caller: undefined,
    answer: { status: 401, headers: [], body: '{"message":"Unauthorized"}' },
  });
  given.trace.authorization = { type: "CUSTOM" };
  const context = accessLogContext(given);
  expect(context).toMatchObject({
    status: 401,
    error: { message: "Unauthorized", messageString: '"Unauthorized"', responseType: "UNAUTHORIZED" },
    authorizer: { status: 401 },
  });
  expect(context).not.toHaveProperty("integration");
  expect(context).not.toHaveProperty("integrationStatus");
  expect(context).not.toHaveProperty("xrayTraceId");
});

it("says of a refused token why, and of a good one what it claims", () => {
  const refusal = new RestApiRefusal("UNAUTHORIZED", {
    reason: "token_expired",
    message: "token expired 2 seconds ago",
  });
  const refused = decided({ refusal, caller: undefined, answer: { status: 401, headers: [], body: "{}" } });
  refused.trace.authorization = { type: "JWT", authorizerName: "auth0" };
  expect(accessLogContext(refused)).toMatchObject({ authorizer: { error: "token expired 2 seconds ago" } });

  const late = new RestApiRefusal("INTEGRATION_TIMEOUT", { reason: "integration_timed_out", message: "too slow" });
  const granted = decided({ refusal: late, caller: { authorizer: { claims: { sub: '"ann"' } } } });
  granted.trace.authorization = { type: "JWT", authorizerName: "auth0" };
  expect(accessLogContext(granted).authorizer).toEqual({ claims: { sub: '"ann"' } });

  const defect = decided({
    refusal: new RestApiRefusal("DEFAULT_5XX", {
      reason: "internal_error",
      message: "defect in the gateway: at line 1",
    }),
    caller: undefined,
    answer: { status: 500, headers: [], body: "{}" },
  });
  defect.trace.authorization = { type: "JWT", authorizerName: "auth0" };
  expect(accessLogContext(defect)).not.toHaveProperty("authorizer");
});

it("names what an integration failed with", () => {
  const refusal = new RestApiRefusal("INTEGRATION_TIMEOUT", { reason: "integration_timed_out", message: "too slow" });
  const given = decided({
    refusal,
    answer: { status: 504, headers: [], body: '{"message": "Endpoint request timed out"}' },
  });
  given.trace.integration = { type: "HTTP", latencyMs: 50 };
  expect(accessLogContext(given)).toMatchObject({
    integrationErrorMessage: "too slow",
    integration: { error: "too slow", latency: 50 },
    integrationLatency: 50,
  });
});

it("has AWS's own text for a function that may not be invoked (C), for an integration and for an authorizer", () => {
  const evidence = { reason: "lambda_not_permitted", message: "no permission" } as const;
  const refusal = new RestApiRefusal("AUTHORIZER_CONFIGURATION_ERROR", evidence, { loggedError: "AWS's text" });
  const given = decided({ refusal, caller: undefined, answer: { status: 500, headers: [], body: "{}" } });
  given.trace.authorization = { type: "CUSTOM" };
  given.trace.integration = { type: "AWS_PROXY", target: "arn" };
  expect(accessLogContext(given)).toMatchObject({
    authorizer: { error: "AWS's text" },
    integration: { error: "AWS's text" },
    integrationErrorMessage: "AWS's text",
  });
});

it("names the API key by its id and its end, and keeps the value to itself", () => {
  const apiKey = { id: "k1k1k1k1k1", value: "a-key-that-opens-everything" };
  const context = accessLogContext(decided({ caller: { apiKey } }));
  expect(context).toMatchObject({
    identity: { apiKey: "****ything", apiKeyId: apiKey.id, sourceIp: sampleRequest().sourceIp },
  });
  expect(JSON.stringify(context)).not.toContain(apiKey.value);
  expect(accessLogContext(decided()).identity).not.toHaveProperty("apiKey");
});

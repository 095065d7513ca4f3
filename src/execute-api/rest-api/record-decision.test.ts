import { describe, expect, test } from "vitest";
import { compiled, sampleDeployment, sampleMatched, sampleRequest } from "../../../test/rest-api-samples.ts";
import type { Finding } from "../../model/finding.ts";
import { Trace } from "../trace.ts";
import type { Decided } from "./answer.ts";
import { recordDecision } from "./record-decision.ts";
import { RestApiRefusal } from "./refusal.ts";

const MOCK = compiled({ type: "MOCK" });

function recordOf(given: Partial<Decided> = {}) {
  return recordDecision({
    request: sampleRequest(),
    deployment: sampleDeployment(),
    matched: sampleMatched(MOCK),
    caller: {},
    answer: { status: 200, headers: [], body: "" },
    refusal: undefined,
    errorType: undefined,
    trace: new Trace(() => 0),
    ...given,
  });
}

describe("what a record keeps of the request", () => {
  test("names of headers and query parameters, values by allow-list", () => {
    const request = sampleRequest({
      headers: ["Accept", "text/plain", "Authorization", "Bearer a.b.c", "X-Other", "secret", "accept", "text/html"],
      rawQuery: "token=secret&type=dog",
    });
    expect(recordOf({ request }).request).toMatchObject({
      headerNames: ["accept", "authorization", "x-other"],
      headers: { accept: "text/plain, text/html" },
      queryNames: ["token", "type"],
    });
    expect(JSON.stringify(recordOf({ request }))).not.toContain("secret");
  });

  test("no value of a header that an authorizer of the API reads, allow-listed or not", () => {
    const request = sampleRequest({ headers: ["User-Agent", "secret", "Accept", "*/*"] });
    const deployment = sampleDeployment({ identityHeaders: new Set(["user-agent"]) });
    expect(recordOf({ request, deployment }).request.headers).toEqual({ accept: "*/*" });
  });

  test("a header named __proto__ is a name like any other", () => {
    const { headerNames, headers } = recordOf({ request: sampleRequest({ headers: ["__proto__", "x"] }) }).request;
    expect([headerNames, Object.keys(headers)]).toEqual([["__proto__"], []]);
  });
});

describe("what a record says of the answer", () => {
  test("its status and the bytes of its body", () => {
    expect(recordOf({ answer: { status: 201, headers: [], body: "é" } }).answer).toEqual({ status: 201, bodyBytes: 2 });
    expect(recordOf({ answer: { status: 201, headers: [], body: Buffer.alloc(5) } }).answer.bodyBytes).toBe(5);
  });

  test("of a refusal the reason, its own check before the table's, and what was expected beside what was found", () => {
    const refusal = new RestApiRefusal("UNAUTHORIZED", {
      reason: "identity_source_missing",
      message: "absent",
      expected: "a header",
      actual: "absent",
    });
    expect(recordOf({ refusal, errorType: "UnauthorizedException" })).toMatchObject({
      answer: { responseType: "UNAUTHORIZED", errorType: "UnauthorizedException" },
      refusal: {
        reason: "identity_source_missing",
        check: expect.stringContaining("identity source"),
        expected: "a header",
      },
    });
    const own = new RestApiRefusal("UNAUTHORIZED", {
      reason: "identity_source_missing",
      message: "m",
      check: "look here",
    });
    expect(recordOf({ refusal: own }).refusal?.check).toBe("look here");
  });

  test("why a route is not served, with the finding's place and remedy", () => {
    const notServed: Finding = {
      rule: "function-without-code",
      severity: "error",
      effect: "route",
      message: "No code is known.",
      fix: "Name a handler.",
      at: { file: "api.yaml", line: 3, column: 5 },
    };
    const record = recordOf({
      matched: sampleMatched(MOCK, { notServed }),
      answer: { status: 501, headers: [], body: "{}" },
    });
    expect(record.refusal).toMatchObject({ reason: "not_served", message: expect.stringContaining("api.yaml:3:5") });
    expect(record.refusal?.message).toContain("Name a handler.");
    expect(record.answer).not.toHaveProperty("responseType");
  });

  test("no refusal when nothing was refused", () => {
    expect(recordOf()).not.toHaveProperty("refusal");
  });
});

test("a request that matched no route has none in its record", () => {
  expect(recordOf({ matched: undefined })).not.toHaveProperty("route");
  expect(recordOf().route).toEqual({
    resourcePath: "/pets/{petId}",
    httpMethod: "GET",
    methodArn: "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets/42",
  });
});

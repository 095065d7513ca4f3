import { describe, expect, test } from "vitest";
import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { printRecord } from "./print-record.ts";

const RECORD: DecisionRecord = {
  requestId: "0a4d39fb",
  extendedRequestId: "x=",
  time: "2026-11-21T01:02:03.000Z",
  api: { apiId: "pets", name: "Pet store", type: "REST" },
  stage: "test",
  deploymentId: "dep123",
  request: {
    method: "GET",
    path: "/test/pets",
    queryNames: [],
    headerNames: [],
    headers: {},
    sourceIp: "127.0.0.1",
  },
  answer: { status: 200, bodyBytes: 2 },
  steps: [
    { step: "authorize", ms: 1.5 },
    { step: "integration", ms: 2 },
  ],
};

/** The rows by their name. */
function rows(record: DecisionRecord): Record<string, string> {
  const lines = printRecord(record).trimEnd().split("\n").slice(1);
  return Object.fromEntries(lines.map((line) => [line.slice(2, line.indexOf(":")), line.slice(18)]));
}

test("a record begins with status, verb and path, then what is known of it", () => {
  expect(printRecord(RECORD).split("\n")[0]).toBe("200 GET /test/pets");
  expect(rows(RECORD)).toEqual({
    "request id": "0a4d39fb",
    time: "2026-11-21T01:02:03.000Z",
    API: "Pet store (pets), stage test, deployment dep123",
    route: "none matched",
    steps: "authorize 1.5 ms, integration 2 ms",
  });
});

test("a refusal comes first: why, what to check, what was expected beside what was found", () => {
  const refusal = {
    reason: "audience_mismatch",
    message: "wrong audience",
    check: "the API",
    expected: ["a"],
    actual: "b",
  };
  const printed = printRecord({
    ...RECORD,
    refusal,
    answer: { status: 401, bodyBytes: 2, responseType: "UNAUTHORIZED", errorType: "UnauthorizedException" },
  });
  expect(printed.split("\n").slice(0, 6)).toEqual([
    "401 GET /test/pets",
    "  why:            wrong audience",
    "  check:          the API",
    "  reason:         audience_mismatch",
    '  expected:       ["a"]',
    "  actual:         b",
  ]);
  expect(printed).toContain("gateway response: UNAUTHORIZED (UnauthorizedException)");
});

test("of an authorizer it tells what was asked, from where the policy came and what decided", () => {
  const authorization = {
    type: "CUSTOM",
    authorizerName: "jwt",
    cache: "hit",
    cachedFrom: "GET /toys",
    cachedAt: "2026-11-21T01:00:00.000Z",
    token: { digest: "abcd", kid: "k1", claims: { sub: "user" } },
    decision: "implicit_deny",
    functionLogs: ["one", "two"],
  } as const;
  const printed = printRecord({ ...RECORD, authorization });
  expect(rows({ ...RECORD, authorization })).toMatchObject({
    authorization: "CUSTOM jwt",
    cache: "hit, policy cached from GET /toys at 2026-11-21T01:00:00.000Z",
    token: 'digest abcd, kid k1, {"sub":"user"}',
    decision: "implicit_deny",
  });
  expect(printed.match(/authorizer log:/g)).toHaveLength(2);
});

test("of an integration it tells the target, the backend's status and time", () => {
  const integration = { type: "HTTP", target: "http://pets/", status: 200, latencyMs: 12.6, functionLogs: ["line"] };
  expect(rows({ ...RECORD, integration })).toMatchObject({
    integration: "HTTP http://pets/",
    backend: "200 in 13 ms",
    "function log": "line",
  });
});

describe("what callers and functions wrote does not drive the terminal", () => {
  const hostile = "a\u001b[2Jb\u009b2Jc\rd\ne\u202e";

  test.each([
    ["path", { request: { ...RECORD.request, path: hostile } }],
    ["reason", { refusal: { reason: "r", message: hostile, check: "c", actual: hostile, expected: [hostile] } }],
    ["function log", { integration: { type: "AWS_PROXY", functionLogs: [hostile] } }],
    ["principal", { authorization: { type: "CUSTOM" as const, principalId: hostile } }],
  ])("%s", (_where, part) => {
    const plain = JSON.parse(JSON.stringify(part).replaceAll(JSON.stringify(hostile).slice(1, -1), "a"));
    const printed = printRecord({ ...RECORD, ...part });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not be there
    expect(printed).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(printed.split("\n").length).toBe(printRecord({ ...RECORD, ...plain }).split("\n").length);
  });
});

test("a custom domain is named with the key that led to the API", () => {
  const domainName = "api.pets.example";
  expect(rows({ ...RECORD, customDomain: { domainName, key: "v1" } }).domain).toBe("api.pets.example, mapping key v1");
  expect(rows({ ...RECORD, customDomain: { domainName, key: "" } }).domain).toBe("api.pets.example");
});

test("a signed request names its caller, the end of its key, and whose policies decided", () => {
  const authorization = {
    type: "AWS_IAM",
    principalArn: "arn:aws:iam::000000000000:user/ann",
    accessKeyId: "****MPLE",
    decision: "implicit_deny",
    decidedBy: "boundary",
  } as const;
  expect(rows({ ...RECORD, authorization })).toMatchObject({
    authorization: "AWS_IAM",
    caller: "arn:aws:iam::000000000000:user/ann",
    "access key": "****MPLE",
    decision: "implicit_deny by the permissions boundary",
  });
});

test("a signature that differs stands line by line beside what is inferred of the client's", () => {
  const mismatch = {
    canonicalRequest: "GET\n/test/a%2520b\n\nhost:h\n\nhost\ne3b0",
    stringToSign: "AWS4-HMAC-SHA256\n20261121T010203Z",
    inferred: ["the path was encoded once"],
  };
  const printed = printRecord({ ...RECORD, authorization: { type: "AWS_IAM", accessKeyId: "****MPLE", mismatch } });
  expect(printed).toContain("  inferred:       the path was encoded once\n  signed here:    | GET\n");
  expect(printed).toContain("  signed here:    | /test/a%2520b\n  signed here:    | \n  signed here:    | host:h\n");
  expect(printed).toContain("  string to sign: | AWS4-HMAC-SHA256\n  string to sign: | 20261121T010203Z\n");
});

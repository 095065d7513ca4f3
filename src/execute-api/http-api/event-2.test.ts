import { describe, expect, test } from "vitest";
import {
  NOW_MS,
  REQUEST_ID,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
  sampleRoute,
} from "../../../test/http-api-samples.ts";
import { proxyEvent2 } from "./event-2.ts";

type Sent = Parameters<typeof sampleRequest>[0];

function eventOf(sent: Sent, stageName = "$default", caller: Parameters<typeof proxyEvent2>[2] = {}) {
  const deployment = sampleDeployment({ stageName });
  const matched = sampleMatched({ route: sampleRoute("POST /test"), pathParameters: {} });
  return JSON.parse(JSON.stringify(proxyEvent2(sampleRequest(sent, deployment), matched, caller, deployment)));
}

const BARE = { method: "POST", path: "/test", headers: ["X-Amzn-Trace-Id", "Root=1-a-b", "User-Agent", "agent"] };

test("a bare request of a named stage is the captured event: optional members are absent (R)", () => {
  expect(eventOf(BARE, "prod")).toEqual({
    version: "2.0",
    routeKey: "POST /test",
    rawPath: "/prod/test",
    rawQueryString: "",
    headers: {
      host: "abc123.execute-api.us-east-1.amazonaws.com",
      "user-agent": "agent",
      "x-amzn-trace-id": "Root=1-a-b",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "abc123",
      domainName: "abc123.execute-api.us-east-1.amazonaws.com",
      domainPrefix: "abc123",
      http: {
        method: "POST",
        path: "/prod/test",
        protocol: "HTTP/1.1",
        sourceIp: "192.0.2.1",
        userAgent: "agent",
      },
      requestId: REQUEST_ID,
      routeKey: "POST /test",
      stage: "prod",
      time: "21/Nov/2026:01:02:03 +0000",
      timeEpoch: NOW_MS,
    },
    isBase64Encoded: false,
  });
});

test("everything a request can have is there once it has it", () => {
  const deployment = sampleDeployment({ stageVariables: { k: "v" } });
  const request = sampleRequest(
    {
      method: "POST",
      path: "/pets/a%20b",
      query: "a=1&a=2&b=%20",
      headers: ["Cookie", "c1=v1; c2=v2", "H2", "v1", "h2", "v2", "Content-Type", "application/json; charset=utf-8"],
      body: '{"x":"ü"}',
    },
    deployment,
  );
  expect(proxyEvent2(request, sampleMatched(), {}, deployment)).toMatchObject({
    rawPath: "/pets/a b",
    rawQueryString: "a=1&a=2&b=%20",
    cookies: ["c1=v1", "c2=v2"],
    headers: { h2: "v1,v2" },
    queryStringParameters: { a: "1,2", b: " " },
    pathParameters: { id: "42" },
    stageVariables: { k: "v" },
    body: '{"x":"ü"}',
    isBase64Encoded: false,
  });
  expect(proxyEvent2(request, sampleMatched(), {}, deployment).headers).not.toHaveProperty("cookie");
});

describe("the body", () => {
  test.each([
    ["text/html; charset=utf-8", false],
    ["application/json", false],
    ["APPLICATION/XML", false],
    ["application/javascript", false],
    ["application/x-www-form-urlencoded", true],
    ["multipart/form-data; boundary=x", true],
    ["application/octet-stream", true],
    ["application/problem+json", true],
    [undefined, true],
  ])("of %s is Base64: %s (R)", (type, isBase64Encoded) => {
    const headers = type === undefined ? [] : ["Content-Type", type];
    const event = eventOf({ method: "POST", path: "/test", headers, body: "a=b" });
    expect(event).toMatchObject({ isBase64Encoded, body: isBase64Encoded ? "YT1i" : "a=b" });
  });
});

describe("the authorizer", () => {
  test("is absent on an open route, claims and scopes of a JWT, the context of a function or null (R)", () => {
    expect(eventOf(BARE).requestContext).not.toHaveProperty("authorizer");
    const jwt = { claims: { sub: "ann" }, scopes: null };
    expect(eventOf(BARE, "$default", { jwt }).requestContext.authorizer).toEqual({ jwt });
    expect(eventOf(BARE, "$default", { lambda: null }).requestContext.authorizer).toEqual({ lambda: null });
    const lambda = { list: [1, { a: true }] };
    expect(eventOf(BARE, "$default", { lambda }).requestContext.authorizer).toEqual({ lambda });
  });
});

test("a decoded path is cut at a question mark (R, second-hand)", () => {
  expect(eventOf({ path: "/RSC/%40id%2Fassets%2Frsf0.js%23save.txt" }).rawPath).toBe(
    "/RSC/@id/assets/rsf0.js#save.txt",
  );
  expect(eventOf({ path: "/a%3Fb" }).rawPath).toBe("/a");
});

test("a header may be called anything", () => {
  const headers = ["__proto__", "a", "constructor", "b", "__Proto__", "c", ...BARE.headers];
  const sent = Object.entries(eventOf({ ...BARE, headers }).headers as object);
  expect(sent).toContainEqual(["__proto__", "a,c"]);
  expect(sent).toContainEqual(["constructor", "b"]);
});

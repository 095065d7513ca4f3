import { describe, expect, test } from "vitest";
import { samplePorts } from "../../../test/rest-api-samples.ts";
import type { IncomingRequest } from "../transport.ts";
import { readRequest } from "./read-request.ts";

function read(headers: readonly string[], given: Partial<IncomingRequest> & { path?: string; rawQuery?: string } = {}) {
  const { path = "/pets", rawQuery = "", ...incoming } = given;
  return readRequest(
    {
      method: "GET",
      target: `/test${path}`,
      httpVersion: "1.1",
      headers,
      body: Buffer.alloc(0),
      sourceIp: "203.0.113.7",
      scheme: "http",
      receivedAtMs: 1_700_000_000_000,
      ...incoming,
    },
    { requestPath: `/test${path}`, path, rawQuery },
    samplePorts(),
  );
}

describe("the verb", () => {
  test("is the request's own without an override", () => {
    expect(read([]).method).toBe("GET");
  });

  test("is that of X-HTTP-Method-Override, in any casing of the name (D)", () => {
    expect(read(["x-http-method-OVERRIDE", "DELETE"]).method).toBe("DELETE");
  });

  test("is the override's as it is written, so that no other spelling of a verb matches a route", () => {
    expect(read(["X-HTTP-Method-Override", "delete"]).method).toBe("delete");
    expect(read(["X-HTTP-Method-Override", ""]).method).toBe("");
  });

  test("is none that any route has when overrides contradict each other: the backend might believe the other one", () => {
    const { method } = read(["X-HTTP-Method-Override", "DELETE", "x-http-method-override", "GET"]);
    expect(method).toBe("DELETE, GET");
  });

  test("may be overridden twice alike", () => {
    expect(read(["X-HTTP-Method-Override", "PUT", "X-HTTP-Method-Override", "PUT"]).method).toBe("PUT");
  });
});

describe("the path", () => {
  test.each([
    ["/pets", "/pets"],
    ["//pets", "/pets"],
    ["///pets//1/", "/pets//1/"],
    ["/", "/"],
    ["//", "/"],
    ["/%2Fpets", "/%2Fpets"],
    ["/a/../b", "/a/../b"],
  ])("%s routes as %s, and $context.path keeps what was sent (R)", (path, routed) => {
    const request = read([], { path });
    expect([request.path, request.requestPath]).toEqual([routed, `/test${path}`]);
  });
});

describe("the request id", () => {
  const uuid = "0A4D39FB-0f0d-4c6c-a8c3-3f1f7a5a9a52";

  test("is the client's when it is a UUID (D)", () => {
    expect(read(["X-Amzn-RequestId", uuid]).requestId).toBe(uuid);
  });

  test.each(["", "abc", `${uuid}\u0085`, `${uuid}0`, `{${uuid}}`])("is ours when the client sends %j", (sent) => {
    expect(read(["X-Amzn-RequestId", sent]).requestId).toBe(samplePorts().newRequestId());
  });

  test("of the extended kind is always ours (D)", () => {
    expect(read(["x-amz-apigw-id", "mine="]).extendedRequestId).toBe(samplePorts().newExtendedRequestId());
  });
});

test("fields that belong to the connection reach no later step (R)", () => {
  const dropped = ["Connection", "Content-Length", "Content-MD5", "Expect", "Max-Forwards", "Proxy-Authenticate"];
  const { headers } = read([
    ...[...dropped, "Server", "TE", "Transfer-Encoding", "Trailer", "Upgrade", "WWW-Authenticate"].flatMap((name) => [
      name,
      "x",
    ]),
    "X-Pet",
    "dog",
  ]);
  expect(headers.raw).toEqual(["X-Pet", "dog"]);
});

test("query values are decoded, the raw query stays as it was sent", () => {
  const request = read([], { rawQuery: "a=1%2B2&a=3+4;b" });
  expect([request.query.get("a"), request.query.get("b"), request.rawQuery]).toEqual([
    ["1+2", "3 4"],
    [""],
    "a=1%2B2&a=3+4;b",
  ]);
});

test("the domain name is the Host without its port, and empty without a Host", () => {
  expect(read(["Host", "petstore.execute-api.localhost:4566"]).domainName).toBe("petstore.execute-api.localhost");
  expect(read(["Host", "[::1]:4566"]).domainName).toBe("[::1]");
  expect(read([]).domainName).toBe("");
});

test("without a User-Agent it is null, as in the events (R)", () => {
  expect(read([]).userAgent).toBeNull();
  expect(read(["User-Agent", "curl/8"]).userAgent).toBe("curl/8");
});

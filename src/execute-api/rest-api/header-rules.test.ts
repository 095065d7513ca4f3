import { describe, expect, it } from "vitest";
import { sampleRequest } from "../../../test/rest-api-samples.ts";
import { asFieldValue, breaksField, isHeaderName } from "../header-text.ts";
import { endpointHeaders, hasTraceHeader, isForbiddenTarget, responseHeaderName, traceId } from "./header-rules.ts";

function valuesOf(headers: readonly string[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) map[headers[at]!] = headers[at + 1]!;
  return map;
}

describe("headers to an endpoint", () => {
  const request = sampleRequest({
    method: "POST",
    headers: [
      "Host",
      "gateway",
      "Via",
      "1.1 x",
      "Content-Encoding",
      "gzip",
      "X-Pet",
      "a",
      "X-Pet",
      "b",
      "Content-Type",
      "text/plain",
      "Authorization",
      "Bearer t",
    ],
  });

  it("passes the client's fields to HTTP_PROXY but for Via, Host and Content-Encoding", () => {
    const headers = endpointHeaders({ type: "HTTP_PROXY", apiId: "petstore", request, mapped: [] });
    expect(headers).toEqual([
      "X-Pet",
      "a",
      "X-Pet",
      "b",
      "Content-Type",
      "text/plain",
      "Authorization",
      "Bearer t",
      "Accept",
      "application/json",
      "User-Agent",
      "AmazonAPIGateway_petstore",
      "X-Amzn-Apigateway-Api-Id",
      "petstore",
      "X-Amzn-Trace-Id",
      traceId(request),
    ]);
  });

  it("sends only mapped fields and defaults to HTTP", () => {
    const headers = endpointHeaders({
      type: "HTTP",
      apiId: "petstore",
      request,
      mapped: ["x-from", "query"],
    });
    expect(valuesOf(headers)).toEqual({
      "x-from": "query",
      Accept: "application/json",
      "User-Agent": "AmazonAPIGateway_petstore",
      "Content-Type": "text/plain",
      "X-Amzn-Apigateway-Api-Id": "petstore",
      "X-Amzn-Trace-Id": traceId(request),
    });
  });

  it("lets a mapped value win over the client's, in any casing, Host and Content-Encoding included", () => {
    const headers = endpointHeaders({
      type: "HTTP_PROXY",
      apiId: "petstore",
      request,
      mapped: ["x-pet", "mapped", "Host", "backend", "Content-Encoding", "br", "User-Agent", "ours"],
    });
    const values = valuesOf(headers);
    expect(values).toMatchObject({
      "x-pet": "mapped",
      Host: "backend",
      "Content-Encoding": "br",
      "User-Agent": "ours",
    });
    expect(values).not.toHaveProperty("X-Pet");
  });

  it.each(["Expect", "Proxy-Authenticate", "TE", "Via", "Upgrade"])("drops %s even when it is mapped", (name) => {
    const headers = endpointHeaders({
      type: "HTTP",
      apiId: "petstore",
      request,
      mapped: [name, "x"],
    });
    expect(headers).not.toContain(name);
  });

  it.each(["GET", "HEAD", "OPTIONS"])(
    "gives HTTP no Content-Type of a client's %s, HTTP_PROXY what it has",
    (method) => {
      const asked = sampleRequest({ method, headers: ["Content-Type", "text/plain"] });
      const headersOf = (type: "HTTP" | "HTTP_PROXY") =>
        valuesOf(endpointHeaders({ type, apiId: "petstore", request: asked, mapped: [] }));
      expect(headersOf("HTTP")).not.toHaveProperty("Content-Type");
      expect(headersOf("HTTP_PROXY")).toHaveProperty("Content-Type", "text/plain");
    },
  );

  it("passes the one Authorization that the authorizer judged, never an earlier one that a backend might read", () => {
    const repeated = sampleRequest({
      headers: ["Authorization", "Bearer forged", "X-Pet", "a", "X-Pet", "b", "authorization", "Bearer judged"],
    });
    const headers = endpointHeaders({ type: "HTTP_PROXY", apiId: "petstore", request: repeated, mapped: [] });
    expect(headers.slice(0, 6)).toEqual(["X-Pet", "a", "X-Pet", "b", "authorization", "Bearer judged"]);
    expect(headers).not.toContain("Bearer forged");
  });

  it("removes a SigV4 signature", () => {
    const signed = sampleRequest({ headers: ["Authorization", "AWS4-HMAC-SHA256 Credential=x"] });
    const headers = endpointHeaders({
      type: "HTTP_PROXY",
      apiId: "petstore",
      request: signed,
      mapped: [],
    });
    expect(headers).not.toContain("Authorization");
  });
});

describe("forbidden targets", () => {
  it.each(["content-length", "Transfer-Encoding", "x-amzn-trace-id", "X-Amzn-Apigateway-Api-Id"])(
    "%s is forbidden for every type",
    (name) => {
      for (const type of ["HTTP", "HTTP_PROXY", "MOCK", "AWS", "AWS_PROXY"] as const)
        expect(isForbiddenTarget(type, name)).toBe(true);
    },
  );

  it.each(["Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE"])(
    "%s is forbidden for Lambda only",
    (name) => {
      expect(isForbiddenTarget("AWS", name)).toBe(true);
      expect(isForbiddenTarget("AWS_PROXY", name)).toBe(true);
      expect(isForbiddenTarget("HTTP", name)).toBe(false);
      expect(isForbiddenTarget("MOCK", name)).toBe(false);
    },
  );
});

describe("headers to the client", () => {
  it.each(["Connection", "Content-Length", "Date", "Server"])("%s is remapped from every type", (name) => {
    for (const type of ["HTTP", "HTTP_PROXY", "MOCK", "AWS", "AWS_PROXY"] as const) {
      expect(responseHeaderName(type, name)).toBe(`x-amzn-Remapped-${name}`);
    }
  });

  it.each([
    "Authorization",
    "Content-MD5",
    "Expect",
    "Host",
    "Max-Forwards",
    "Proxy-Authenticate",
    "Trailer",
    "Upgrade",
    "User-Agent",
  ])("%s is remapped from HTTP and AWS only", (name) => {
    expect(responseHeaderName("HTTP", name)).toBe(`x-amzn-Remapped-${name}`);
    expect(responseHeaderName("AWS", name)).toBe(`x-amzn-Remapped-${name}`);
    expect(responseHeaderName("AWS_PROXY", name)).toBe(name);
    expect(responseHeaderName("HTTP_PROXY", name)).toBe(name);
    expect(responseHeaderName("MOCK", name)).toBe(name);
  });

  it("remaps a backend's challenge and request id", () => {
    for (const type of ["HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"] as const) {
      expect(responseHeaderName(type, "WWW-Authenticate")).toBe("x-amzn-Remapped-WWW-Authenticate");
      expect(responseHeaderName(type, "x-amzn-RequestId")).toBe("x-amzn-Remapped-x-amzn-RequestId");
    }
    expect(responseHeaderName("MOCK", "WWW-Authenticate")).toBe("WWW-Authenticate");
  });

  it("drops Transfer-Encoding always, Content-Encoding and Via from HTTP_PROXY", () => {
    expect(responseHeaderName("HTTP", "Transfer-Encoding")).toBeUndefined();
    expect(responseHeaderName("MOCK", "transfer-encoding")).toBeUndefined();
    expect(responseHeaderName("HTTP_PROXY", "Content-Encoding")).toBeUndefined();
    expect(responseHeaderName("HTTP_PROXY", "Via")).toBeUndefined();
    expect(responseHeaderName("HTTP", "Via")).toBe("Via");
  });

  it("lets a backend's trace header through only where the gateway sets none", () => {
    expect(responseHeaderName("HTTP_PROXY", "X-Amzn-Trace-Id")).toBe("X-Amzn-Trace-Id");
    expect(responseHeaderName("AWS_PROXY", "X-Amzn-Trace-Id")).toBeUndefined();
    expect(["AWS", "AWS_PROXY", "HTTP"].every((type) => hasTraceHeader(type as "AWS"))).toBe(true);
    expect(hasTraceHeader("MOCK") || hasTraceHeader("HTTP_PROXY")).toBe(false);
  });
});

describe("X-Amzn-Trace-Id", () => {
  it("is made of the request's time and id", () => {
    expect(traceId(sampleRequest())).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
  });

  it("keeps the parts the client sent and adds the missing ones", () => {
    const request = sampleRequest({
      headers: ["x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"],
    });
    expect(traceId(request)).toMatch(/^Root=1-5759e988-bd862e3fe1be46a994272793;Parent=[0-9a-f]{16};Sampled=1$/);
  });
});

describe("what can stand in a header", () => {
  it("refuses names and values that could split a message", () => {
    expect(isHeaderName("X-A")).toBe(true);
    expect(isHeaderName("X A") || isHeaderName("") || isHeaderName("X:") || isHeaderName("X\r\n")).toBe(false);
    expect(breaksField("a\r\nb") && breaksField("a\0") && breaksField("a\n")).toBe(true);
    expect(breaksField("a\tb")).toBe(false);
  });

  it("writes text beyond latin1 as its UTF-8 octets", () => {
    expect(asFieldValue("é")).toBe("é");
    expect(Buffer.from(asFieldValue("猫"), "latin1").toString("utf8")).toBe("猫");
  });
});

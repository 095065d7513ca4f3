import { describe, expect, test } from "vitest";
import { sampleDeployment, sampleRequest } from "../../../test/http-api-samples.ts";
import type { CorsConfiguration } from "../../model/http-api.ts";
import { answerPreflight, compileCors, withCors } from "./cors.ts";

const APP = "https://app.example";

function deployment(configuration: CorsConfiguration) {
  const verdict = compileCors(configuration);
  if (!verdict.ok) throw new Error(verdict.message);
  return sampleDeployment({ cors: verdict.cors });
}

const FULL: CorsConfiguration = {
  allowOrigins: [APP],
  allowMethods: ["GET", "POST"],
  allowHeaders: ["authorization"],
  exposeHeaders: ["x-total"],
  maxAge: 300,
  allowCredentials: true,
};
const ALLOWED = [
  "access-control-allow-origin",
  APP,
  "access-control-allow-credentials",
  "true",
  "access-control-allow-methods",
  "GET,POST",
  "access-control-allow-headers",
  "authorization",
  "access-control-max-age",
  "300",
];

function preflight(configuration: CorsConfiguration, headers: readonly string[]) {
  return answerPreflight(sampleRequest({ method: "OPTIONS", headers }), deployment(configuration));
}

describe("a preflight", () => {
  const asks = ["Origin", APP, "Access-Control-Request-Method", "POST"];
  test("of an allowed origin has the configured headers and is 204", () => {
    const answer = preflight(FULL, [...asks, "Access-Control-Request-Headers", "Authorization"]);
    expect(answer).toEqual({ status: 204, headers: ALLOWED, body: "" });
  });

  test.each([
    ["another origin", ["Origin", "https://evil.example", "Access-Control-Request-Method", "GET"]],
    ["an origin that only begins so", ["Origin", `${APP}.evil.example`, "Access-Control-Request-Method", "GET"]],
    ["another port", ["Origin", `${APP}:444`, "Access-Control-Request-Method", "GET"]],
    ["no origin", ["Access-Control-Request-Method", "GET"]],
    ["no method (D)", ["Origin", APP]],
    ["a method that is not configured", ["Origin", APP, "Access-Control-Request-Method", "DELETE"]],
    ["a header that is not configured", [...asks, "Access-Control-Request-Headers", "x-other"]],
  ])("with %s has none of them and is no error", (_, headers) => {
    expect(preflight(FULL, headers)).toEqual({ status: 204, headers: [], body: "" });
  });

  test("any origin is answered with a star, a scheme's wildcard with the origin (D)", () => {
    const originOf = (allowOrigins: readonly string[]) => preflight({ allowOrigins }, asks).headers;
    expect(originOf(["*"])).toEqual(["access-control-allow-origin", "*"]);
    expect(originOf(["https://*"])).toEqual(["access-control-allow-origin", APP]);
    expect(originOf(["http://*"])).toEqual([]);
    expect(originOf(["https://*.example"])).toEqual([]);
  });
});

describe("any other response", () => {
  const answer = {
    status: 200,
    headers: ["content-type", "text/plain", "Access-Control-Allow-Origin", "*", "access-control-max-age", "1"],
    body: "x",
  };
  test("has the backend's CORS headers replaced (D)", () => {
    const request = sampleRequest({ headers: ["Origin", APP] });
    expect(withCors(answer, request, deployment(FULL)).headers).toEqual([
      "content-type",
      "text/plain",
      "access-control-allow-origin",
      APP,
      "access-control-allow-credentials",
      "true",
      "access-control-expose-headers",
      "x-total",
    ]);
  });

  test("to another origin, or none, has none of them", () => {
    for (const headers of [["Origin", "https://evil.example"], []]) {
      const request = sampleRequest({ headers });
      expect(withCors(answer, request, deployment(FULL)).headers).toEqual(["content-type", "text/plain"]);
    }
  });

  test("to a preflight that a route took is a preflight's, and one that was refused has nothing of it (R)", () => {
    const headers = ["Origin", APP, "Access-Control-Request-Method", "POST"];
    const request = sampleRequest({ method: "OPTIONS", headers });
    const bare = { status: 200, headers: [], body: "" };
    expect(withCors(bare, request, deployment(FULL)).headers).toEqual(ALLOWED);
    expect(withCors({ ...bare, status: 401 }, request, deployment(FULL), true).headers).toEqual([]);
  });

  test("is not touched without a configuration (R)", () => {
    expect(withCors(answer, sampleRequest({ headers: ["Origin", APP] }), sampleDeployment())).toBe(answer);
  });
});

test("credentials for any origin are refused in AWS's words (R)", () => {
  expect(compileCors({ allowOrigins: ["*"], allowCredentials: true })).toEqual({
    ok: false,
    message: "allow-credentials is not supported if 'allow-origin' is *",
  });
});

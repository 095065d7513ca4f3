import { describe, expect, test } from "vitest";
import { sampleDeployment, sampleRequest, sampleRoute } from "../../../test/http-api-samples.ts";
import type { CompiledRoute } from "./deployment.ts";
import { matchRoute } from "./match-route.ts";

test.each([
  ["a path as it is", "/pets/1", "GET /pets/1"],
  ["without its trailing slash (C)", "/files/a/", "GET /files/a"],
  // A policy that denies the route by name denies it in every spelling (?).
  ["a literal segment decoded, as the route was found", "/%61dmin", "GET /admin"],
  ["a variable's value decoded", "/pets/%73ecret", "GET /pets/secret"],
  // Else it would be the ARN of another route, which a policy may allow.
  ["a slash inside a segment encoded", "/pets/a%2Fb", "GET /pets/a%2Fb"],
  ["its last segment whole", "/pets/a%2f", "GET /pets/a%2F"],
  ["what cannot be decoded as it was sent", "/pets/%zz", "GET /pets/%zz"],
])("the ARN of a route has %s", (_, path, expected) => {
  const routeList = [sampleRoute(), sampleRoute("GET /admin"), sampleRoute("GET /files/{proxy+}")];
  const matched = matchRoute(sampleRequest({ path }), sampleDeployment({ routeList }));
  expect(matched?.routeArn).toBe(
    `arn:aws:execute-api:us-east-1:123456789012:abc123/$default/${expected.replace(" /", "/")}`,
  );
});

describe("a path that is another route's to the function", () => {
  const jwt = (id: string, ...scopes: string[]) => ({
    authorization: { type: "JWT", authorizer: { id }, scopes } as unknown as CompiledRoute["authorization"],
  });
  const iam = { authorization: { type: "AWS_IAM" } } as const;
  const match = (path: string, ...routeList: CompiledRoute[]) =>
    matchRoute(sampleRequest({ path }), sampleDeployment({ routeList }))?.route.routeKey;
  const open = sampleRoute("ANY /pub/{proxy+}");

  test.each([
    ["/pub/admin%2Fx", sampleRoute("GET /pub/admin/{id}", iam)],
    ["/pub/admin%2fx/y", sampleRoute("ANY /pub/admin/{proxy+}", iam)],
    ["/pub/root%3Fa", sampleRoute("GET /pub/root", jwt("a"))],
  ])("%s is nobody's when that authorizes otherwise (?)", (path, other) => {
    expect(() => match(path, open, other)).toThrow(
      expect.objectContaining({ status: 404, evidence: expect.objectContaining({ reason: "http_route_ambiguous" }) }),
    );
    expect(match(path, open)).toBe(open.routeKey);
    expect(match(path.replace("pub", "else"), sampleRoute("$default"), open, other)).toBe("$default");
  });

  test("is the named route's through $default, too", () => {
    const routeList = [sampleRoute("$default"), sampleRoute("GET /admin/{id}", iam)];
    expect(() => match("/admin%2Fx", ...routeList)).toThrow(expect.objectContaining({ status: 404 }));
  });

  test("is served where both ask for the same", () => {
    const key = "GET /pub/{id}";
    for (const [one, other] of [
      [iam, iam],
      [jwt("a", "read", "write"), jwt("a", "write", "read")],
    ] as const) {
      expect(match("/pub/a%2Fb", sampleRoute(key, one), sampleRoute("GET /pub/a/{id}", other))).toBe(key);
    }
    for (const [one, other] of [
      [jwt("a"), jwt("b")],
      [jwt("a", "read"), jwt("a", "write")],
      [jwt("a"), jwt("a", "write")],
      [iam, jwt("a")],
    ] as const) {
      const routes = [sampleRoute(key, one), sampleRoute("GET /pub/a/{id}", other)];
      expect(() => match("/pub/a%2Fb", ...routes)).toThrow(expect.objectContaining({ status: 404 }));
    }
  });
});

import { expect, test } from "vitest";
import { sampleDeployment, sampleRequest, sampleRoute } from "../../../test/http-api-samples.ts";
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

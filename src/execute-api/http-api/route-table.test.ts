import { describe, expect, test } from "vitest";
import { sampleRoute } from "../../../test/http-api-samples.ts";
import { RouteTable } from "./route-table.ts";

function table(...routeKeys: string[]): RouteTable {
  const routes = new RouteTable();
  for (const key of routeKeys) routes.add(sampleRoute(key));
  return routes;
}

function found(routes: RouteTable, asked: string): unknown {
  const [method = "", path = ""] = asked.split(" ");
  const match = routes.find(method, path);
  return match && [match.route.routeKey, { ...match.pathParameters }];
}

describe("the route of a request", () => {
  test("is that of AWS's worked example (D)", () => {
    const routes = table("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default");
    expect(found(routes, "GET /pets/dog/1")).toEqual(["GET /pets/dog/1", {}]);
    expect(found(routes, "GET /pets/dog/2")).toEqual(["GET /pets/dog/{id}", { id: "2" }]);
    expect(found(routes, "GET /pets/cat/1")).toEqual(["GET /pets/{proxy+}", { proxy: "cat/1" }]);
    expect(found(routes, "POST /test/5")).toEqual(["ANY /{proxy+}", { proxy: "test/5" }]);
  });

  test.each([
    ["a trailing slash is another path (R)", ["GET /pets"], "GET /pets/", undefined],
    ["a verb that a path lacks is nothing: no 405", ["GET /pets"], "POST /pets", undefined],
    ["HEAD is not GET", ["GET /pets"], "HEAD /pets", undefined],
    ["a method goes before ANY (D)", ["ANY /pets", "GET /pets"], "GET /pets", ["GET /pets", {}]],
    ["$default takes what is left", ["GET /pets", "$default"], "POST /pets", ["$default", {}]],
    ["a greedy variable takes an empty rest (R)", ["ANY /h/{proxy+}"], "POST /h/", ["ANY /h/{proxy+}", { proxy: "" }]],
    ["but not its parent", ["ANY /h/{proxy+}"], "POST /h", undefined],
    ["and the root", ["ANY /{proxy+}"], "GET /", ["ANY /{proxy+}", { proxy: "" }]],
    ["which a root route goes before", ["ANY /{proxy+}", "GET /"], "GET /", ["GET /", {}]],
    ["GET /{x} takes / at last (C)", ["GET /{x}"], "GET /", ["GET /{x}", { x: "" }]],
    ["after a greedy one", ["GET /{x}", "ANY /{proxy+}"], "GET /", ["ANY /{proxy+}", { proxy: "" }]],
    ["deeper it takes no empty segment", ["GET /a/{x}"], "GET /a/", undefined],
    ["a full match goes before a greedy one", ["ANY /a/{p+}", "GET /{x}/b"], "GET /a/b", ["GET /{x}/b", { x: "a" }]],
    [
      "a literal is left again when it leads nowhere",
      ["GET /a/b", "GET /{x}/c"],
      "GET /a/c",
      ["GET /{x}/c", { x: "a" }],
    ],
    ["variables are decoded (D)", ["GET /{x}"], "GET /a%2Fb%40", ["GET /{x}", { x: "a/b@" }]],
    [
      "literals are compared decoded, so that no encoding leads around one",
      ["GET /{p+}", "GET /admin"],
      "GET /%61dmin",
      ["GET /admin", {}],
    ],
    ["malformed escapes stay", ["GET /{x}"], "GET /%zz", ["GET /{x}", { x: "%zz" }]],
    ["case counts", ["GET /pets"], "GET /Pets", undefined],
    ["verbs of no API are taken by nothing", ["ANY /{proxy+}", "$default"], "TRACE /x", undefined],
    ["double slashes are segments", ["GET /a/{p+}"], "GET /a//b", ["GET /a/{p+}", { p: "/b" }]],
  ] as const)("%s", (_, keys, asked, expected) => {
    expect(found(table(...keys), asked)).toEqual(expected);
  });

  test("is found among ten thousand as among ten, whatever else was added", () => {
    const routes = table(...Array.from({ length: 10_000 }, (_, at) => `GET /pets${at}/{id}`));
    expect(found(routes, "GET /pets9999/7")).toEqual(["GET /pets9999/{id}", { id: "7" }]);
    expect(found(routes, "GET /pets10000/7")).toBeUndefined();
  });
});

test("routes that AWS would not create beside each other are told in its words (R)", () => {
  const routes = table("GET /a/{x}/b");
  expect(routes.add(sampleRoute("GET /a/{y}/b"))?.message).toBe(
    'The provided route key "GET /a/{y}/b" has a conflicting variable on the same hierarchical level as "GET /a/{x}/b"',
  );
  expect(routes.add(sampleRoute("GET /a/{x}/b"))?.message).toBe(
    "Route with key GET /a/{x}/b already exists for this API",
  );
  expect(routes.add(sampleRoute("POST /a/{y}/b"))).toBeUndefined();
  expect(routes.add(sampleRoute("GET /a/{x+}"))).toBeUndefined();
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleMatched, sampleRequest } from "../../../test/http-api-samples.ts";
import { compileProxyEndpoint, resolveEndpoint } from "./proxy-endpoint.ts";

function target(uri: string, routePath: string, parameters: Record<string, string>, sent = {}, path?: string): string {
  const verdict = compileProxyEndpoint(uri, routePath, { host: "back.example", base: "/v1" });
  if (!verdict.ok) throw new Error(verdict.problem.message);
  const matched = sampleMatched({ pathParameters: parameters });
  return resolveEndpoint(verdict.value, sampleRequest(sent), matched, path).target;
}

describe("where a request goes", () => {
  test.each([
    ["a plain address, the path not appended (D)", "http://h/x", "/pets", {}, {}, "/x"],
    ["with the client's query", "http://h/x", "/pets", {}, { query: "a=1&b" }, "/x?a=1&b"],
    ["behind the address's own", "http://h/x?k=1", "/pets", {}, { query: "a=1" }, "/x?k=1&a=1"],
    ["variables of the path", "http://h/a/{id}/b", "/{id}", { id: "x y" }, {}, "/a/x%20y/b"],
    ["in the query", "http://h/a?q={id}", "/{id}", { id: "x&y=z" }, {}, "/a?q=x%26y%3Dz"],
    ["a greedy one keeps its slashes", "http://h/{proxy}", "/{proxy+}", { proxy: "a/b c/" }, {}, "/a/b%20c/"],
    ["another's are encoded", "http://h/{id}", "/{id}", { id: "a/b" }, {}, "/a%2Fb"],
    [
      "dot segments lead nowhere else",
      "http://h/in/{proxy}",
      "/{proxy+}",
      { proxy: "../../etc" },
      {},
      "/in/%2E%2E/%2E%2E/etc",
    ],
    ["the default route appends the path (D)", "http://h/base/", "$default", {}, { path: "/a%20b/c" }, "/base/a%20b/c"],
    ["before the address's query", "http://h/base?k=1", "$default", {}, { path: "/a" }, "/base/a?k=1"],
    ["stage variables", "http://${stageVariables.host}${stageVariables.base}/x", "/pets", {}, {}, "/v1/x"],
  ] as const)("%s", (_, uri, routePath, parameters, sent, expected) => {
    expect(target(uri, routePath, parameters, sent)).toBe(expected);
  });

  test("a mapped path replaces the address's", () => {
    expect(target("http://h/x", "/pets", {}, { query: "a=1" }, "/other path")).toBe("/other%20path?a=1");
  });

  test("no value of a variable changes the host, ends the path or leaves its segment", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const verdict = compileProxyEndpoint("http://h/in/{id}/out", "/{id}", {});
        if (!verdict.ok) throw new Error(verdict.problem.message);
        const resolved = resolveEndpoint(
          verdict.value,
          sampleRequest(),
          sampleMatched({ pathParameters: { id: value } }),
          undefined,
        );
        const url = new URL(resolved.target, "http://h");
        expect(resolved.origin.hostname).toBe("h");
        expect(url.host).toBe("h");
        expect(resolved.target).toMatch(/^\/in\/[^/?#]*\/out$/);
      }),
    );
  });
});

test.each([
  ["{id} of no route path", "http://h/{id}", "/pets"],
  ["a variable in the host", "http://{id}/x", "/{id}"],
  ["credentials", "http://u:p@h/x", "/pets"],
  ["another scheme", "ftp://h/x", "/pets"],
])("an address with %s is not understood", (_, uri, routePath) => {
  expect(compileProxyEndpoint(uri, routePath, {})).toMatchObject({ ok: false });
});

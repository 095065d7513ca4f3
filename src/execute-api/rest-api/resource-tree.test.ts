import { describe, expect, test } from "vitest";
import { ResourceTree } from "./resource-tree.ts";

function treeOf(...routes: string[]): ResourceTree<string> {
  const tree = new ResourceTree<string>();
  for (const route of routes) {
    const [method = "", path = ""] = route.split(" ");
    tree.add(path, method, route);
  }
  return tree;
}

function matched(tree: ResourceTree<string>, method: string, path: string): unknown {
  const match = tree.match(path, method);
  return match.outcome === "matched" ? [match.leaf, { ...match.pathParameters }] : match.outcome;
}

describe("which resource a path matches", () => {
  test("a literal segment wins over a parameter, which wins over a greedy one, in any order of creation (R)", () => {
    for (const routes of [
      ["GET /pets/new", "GET /pets/{id}", "GET /pets/{proxy+}"],
      ["GET /pets/{proxy+}", "GET /pets/{id}", "GET /pets/new"],
    ]) {
      const tree = treeOf(...routes);
      expect(matched(tree, "GET", "/pets/new")).toEqual(["GET /pets/new", {}]);
      expect(matched(tree, "GET", "/pets/7")).toEqual(["GET /pets/{id}", { id: "7" }]);
      expect(matched(tree, "GET", "/pets/7/toys")).toEqual(["GET /pets/{proxy+}", { proxy: "7/toys" }]);
    }
  });

  test("a literal that leads nowhere is given up for a less specific resource (R)", () => {
    const tree = treeOf("GET /part1/hardcoded-value", "GET /{param+}");
    expect(matched(tree, "GET", "/part1/hardcoded-value")).toEqual(["GET /part1/hardcoded-value", {}]);
    expect(matched(tree, "GET", "/part1/random")).toEqual(["GET /{param+}", { param: "part1/random" }]);
  });

  test("giving up a parameter takes back what it captured", () => {
    const tree = treeOf("GET /{a}/x", "GET /{proxy+}");
    expect(matched(tree, "GET", "/1/y")).toEqual(["GET /{proxy+}", { proxy: "1/y" }]);
  });

  test("a greedy resource does not match its bare parent (D)", () => {
    expect(matched(treeOf("GET /{proxy+}"), "GET", "/")).toBe("no_resource");
    expect(matched(treeOf("GET /a/{proxy+}"), "GET", "/a")).toBe("no_resource");
  });

  test("a greedy resource does not match slashes alone", () => {
    const tree = treeOf("GET /a", "GET /a/{proxy+}");
    expect(matched(tree, "GET", "/a//")).toBe("no_resource");
    expect(matched(tree, "GET", "/a///")).toBe("no_resource");
    expect(matched(tree, "GET", "/a//x")).toEqual(["GET /a/{proxy+}", { proxy: "/x" }]);
  });

  test("a trailing slash is ignored and dropped from what is captured, doubled slashes inside stay (R)", () => {
    const tree = treeOf("GET /pets", "GET /{proxy+}");
    expect(matched(tree, "GET", "/pets/")).toEqual(["GET /pets", {}]);
    expect(matched(tree, "GET", "/proxy-value/")).toEqual(["GET /{proxy+}", { proxy: "proxy-value" }]);
    expect(matched(tree, "GET", "/proxy-value//double-slash")).toEqual([
      "GET /{proxy+}",
      { proxy: "proxy-value//double-slash" },
    ]);
  });

  test("captured values stay percent-encoded as they were sent (R)", () => {
    expect(matched(treeOf("GET /{id}"), "GET", "/test%2Balias@gmail.com")).toEqual([
      "GET /{id}",
      { id: "test%2Balias@gmail.com" },
    ]);
  });

  test("paths are case-sensitive", () => {
    expect(matched(treeOf("GET /pets"), "GET", "/Pets")).toBe("no_resource");
  });

  test("names of Object.prototype are ordinary segments and parameters", () => {
    const tree = treeOf("GET /constructor", "GET /x/{__proto__}");
    expect(matched(tree, "GET", "/constructor")).toEqual(["GET /constructor", {}]);
    expect(matched(tree, "GET", "/toString")).toBe("no_resource");
    const match = tree.match("/x/1", "GET");
    expect(match.outcome === "matched" && Object.entries(match.pathParameters)).toEqual([["__proto__", "1"]]);
  });
});

describe("which method", () => {
  test("an exact verb wins over ANY (R)", () => {
    const tree = treeOf("ANY /pets", "GET /pets");
    expect(matched(tree, "GET", "/pets")).toEqual(["GET /pets", {}]);
    expect(matched(tree, "POST", "/pets")).toEqual(["ANY /pets", {}]);
  });

  test("GET does not answer HEAD (C), and ANY covers only the seven verbs (R)", () => {
    expect(matched(treeOf("GET /pets"), "HEAD", "/pets")).toBe("no_method");
    expect(matched(treeOf("ANY /pets"), "HEAD", "/pets")).toEqual(["ANY /pets", {}]);
    expect(matched(treeOf("ANY /pets"), "PROPFIND", "/pets")).toBe("no_method");
  });

  test("ANY itself is no verb that a request could have", () => {
    expect(matched(treeOf("ANY /pets"), "ANY", "/pets")).toBe("no_method");
    expect(matched(treeOf("ANY /pets", "GET /{proxy+}"), "ANY", "/pets")).toBe("no_method");
  });

  test("a better path without the verb is given up for a less specific one that has it (R)", () => {
    const tree = treeOf("POST /test", "ANY /test/any", "OPTIONS /{proxy+}");
    expect(matched(tree, "OPTIONS", "/test")).toEqual(["OPTIONS /{proxy+}", { proxy: "test" }]);
    expect(matched(tree, "POST", "/test")).toEqual(["POST /test", {}]);
    expect(matched(tree, "OPTIONS", "/test/any")).toEqual(["ANY /test/any", {}]);
  });

  test("without the verb anywhere, the methods of the most specific resource are told", () => {
    const tree = treeOf("POST /pets", "GET /{id}", "GET /{proxy+}");
    expect(tree.match("/pets", "PUT")).toEqual({ outcome: "no_method", methods: ["POST"] });
  });
});

test("all routes can be listed again", () => {
  const routes = ["GET /", "GET /pets", "ANY /pets/{id}", "GET /x/{proxy+}"];
  expect([...treeOf(...routes).routes()].map(({ httpMethod, path }) => `${httpMethod} ${path}`)).toEqual(routes);
});

import { describe, expect, test } from "vitest";
import type { CustomDomain } from "../model/custom-domain.ts";
import { basePathMatched, CustomDomains, selectMapping } from "./custom-domains.ts";

const AT = { file: "/t.yaml", line: 1, column: 1 };

function domain(domainName: string, keys: readonly string[] = [""]): CustomDomain {
  return { domainName, mappings: keys.map((key) => ({ key, apiId: `api of ${key}`, stageName: "prod" })), at: AT };
}

describe("a host name finds", () => {
  const domains = new CustomDomains([domain("api.shop.test"), domain("*.shop.test"), domain("*.eu.shop.test")]);
  const found = (hostname: string) => domains.find(hostname)?.domain.domainName;

  test.each([
    ["api.shop.test", "api.shop.test"],
    ["www.shop.test", "*.shop.test"],
    ["a_b.shop.test", "*.shop.test"],
    ["api.eu.shop.test", "*.eu.shop.test"],
    // The wildcard of one level up does not reach so far down.
    ["eu.shop.test", "*.shop.test"],
  ])("%s → %s", (hostname, wanted) => {
    expect(found(hostname)).toBe(wanted);
  });

  test.each([
    "",
    ".",
    "shop.test",
    ".shop.test",
    "*.shop.test",
    "a.b.shop.test",
    "api.shop.test.",
    "www.shop.test.",
    "user@www.shop.test",
    "www.shop.test@evil.test",
    "www shop.test",
    "a/b.shop.test",
    "-a.shop.test",
    "a-.shop.test",
    "www.shop.test:80",
    "[::1]",
    "__proto__",
    `${"a".repeat(64)}.shop.test`,
    `${"a".repeat(100_000)}.shop.test`,
    "evilshop.test",
    "api.shop.test.evil.test",
  ])("nothing when it is %j", (hostname) => {
    expect(found(hostname)).toBeUndefined();
  });

  test("a label of 63 characters", () => {
    expect(found(`${"a".repeat(63)}.shop.test`)).toBe("*.shop.test");
  });
});

describe("a path is taken by", () => {
  const routed = (keys: readonly string[]) => {
    const found = new CustomDomains([domain("d.test", keys)]).find("d.test");
    if (found === undefined) throw new Error("no domain");
    return found;
  };
  const select = (keys: readonly string[], path: string) => {
    const selected = selectMapping(routed(keys), path);
    return selected && [selected.mapping.key, selected.rest];
  };

  // (D) https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
  const LEVELS = ["", "orders", "orders/v1/items", "orders/v2/items", "orders/v2/items/categories"];
  test.each([
    ["/orders", ["orders", "/"]],
    ["/orders/v1/items", ["orders/v1/items", "/"]],
    ["/orders/v2/items", ["orders/v2/items", "/"]],
    ["/orders/v1/items/123", ["orders/v1/items", "/123"]],
    ["/orders/v2/items/categories/5", ["orders/v2/items/categories", "/5"]],
    ["/customers", ["", "/customers"]],
    ["/ordersandmore", ["orders", "/andmore"]],
  ])("the longest key, of several levels: %s", (path, wanted) => {
    expect(select(LEVELS, path)).toEqual(wanted);
  });

  test.each([
    ["/orders", ["orders", "/"]],
    ["/orders/", ["orders", "/"]],
    ["/orders//x/", ["orders", "//x/"]],
    ["//orders/x", ["orders", "/x"]],
    ["/ordersandmore", ["", "/ordersandmore"]],
    ["/Orders", ["", "/Orders"]],
    ["/%6frders", ["", "/%6frders"]],
    ["/x/orders", ["", "/x/orders"]],
    ["/", ["", "/"]],
    ["//x", ["", "//x"]],
    ["*", ["", "/*"]],
  ])("the first segment, of one level: %s", (path, wanted) => {
    expect(select(["", "orders"], path)).toEqual(wanted);
  });

  test.each(["/", "/other", "/ordersandmore", "", "/order"])("nothing without the empty key: %j", (path) => {
    expect(select(["orders"], path)).toBeUndefined();
  });

  test("keys are compared as text, not as patterns", () => {
    expect(select(["a.b", "$x*"], "/aXb/c")).toBeUndefined();
    expect(select(["a.b", "$x*"], "/$x*/c")).toEqual(["$x*", "/c"]);
  });
});

test("the matched base path is the key, and (none) for the empty one", () => {
  expect(basePathMatched({ domainName: "d.test", key: "orders/v1", path: "/" })).toBe("orders/v1");
  expect(basePathMatched({ domainName: "d.test", key: "", path: "/" })).toBe("(none)");
});

import { expect, test } from "vitest";
import {
  FORWARDED_HOPS_LIMIT,
  forwardedClient,
  forwardedScheme,
  normalizeAddress,
  parseTrustedProxies,
} from "./trusted-proxies.ts";

const proxies = parseTrustedProxies(["10.0.0.0/8", "::1", "2001:db8::/32"]);
const client = (...values: string[]) =>
  forwardedClient(
    values.flatMap((value) => ["x-Forwarded-For", value]),
    "10.0.0.1",
    proxies,
  );

test("blocks and single addresses of both families are trusted, nothing else", () => {
  expect(["10.255.0.1", "::1", "2001:db8::5"].map((each) => proxies.trusts(each))).toEqual([true, true, true]);
  expect(["11.0.0.1", "::2", "nonsense", ""].map((each) => proxies.trusts(each))).toEqual([false, false, false, false]);
  expect(parseTrustedProxies([]).trusts("10.0.0.1")).toBe(false);
});

test("what is not a block is named", () => {
  for (const block of ["10.0.0.0/33", "proxy.example", "10.0.0.0/", "10.0.0.0/8/8", "", "::1/129"]) {
    expect(() => parseTrustedProxies([block])).toThrow(JSON.stringify(block));
  }
});

test("the client is the rightmost address that is no trusted proxy", () => {
  expect(client("1.1.1.1, 2.2.2.2")).toBe("2.2.2.2");
  expect(client("1.1.1.1, 2.2.2.2, 10.0.0.9")).toBe("2.2.2.2");
  expect(client("1.1.1.1", "10.0.0.9")).toBe("1.1.1.1");
  expect(client("10.0.0.7, 10.0.0.9")).toBe("10.0.0.7");
  expect(client("::ffff:3.3.3.3")).toBe("3.3.3.3");
  expect(client("3.3.3.3:1234")).toBe("3.3.3.3");
  expect(client("[2001:db9::1]:1234")).toBe("2001:db9::1");
});

test("what is not an address ends the search at the hop before it", () => {
  expect(client("1.1.1.1, unknown")).toBe("10.0.0.1");
  expect(client("1.1.1.1, unknown, 10.0.0.9")).toBe("10.0.0.9");
  expect(client("")).toBe("10.0.0.1");
  expect(client()).toBe("10.0.0.1");
});

test("only so many hops are looked at", () => {
  expect(client(["1.1.1.1", ...Array(FORWARDED_HOPS_LIMIT).fill("10.0.0.9")].join(","))).toBe("10.0.0.9");
});

test("the scheme is the last one said, when it is one", () => {
  expect(forwardedScheme(["X-Forwarded-Proto", "http, https"])).toBe("https");
  expect(forwardedScheme(["X-Forwarded-Proto", "gopher"])).toBe(undefined);
  expect(forwardedScheme([])).toBe(undefined);
});

test("an IPv4 address in IPv6 form is undone", () => {
  expect(normalizeAddress("::ffff:127.0.0.1")).toBe("127.0.0.1");
  expect(normalizeAddress("::1")).toBe("::1");
});

import { expect, test } from "vitest";
import { asLocation, isRedirectTarget, withQuery } from "./redirect-target.ts";

test.each(["http://localhost:3000", "https://a.example/b?c=d", "com.example.app://host/path", "http://[::1]:3000/"])(
  "a browser may be sent to %s",
  (url) => expect(isRedirectTarget(url)).toBe(true),
);

test.each([
  "javascript:alert(1)",
  "JavaScript:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "blob:http://localhost/x",
  "file:///etc/passwd",
  "https://*.example/",
  "//evil.example/",
  "/path",
  "",
  "http://localhost:3000\r\nSet-Cookie: a=b",
  "http://localhost:3000/a b",
  "http://localhost:3000\\@evil.example",
  "\u0000http://localhost:3000",
  "java\tscript:alert(1)",
])("a browser is never sent to %j", (url) => expect(isRedirectTarget(url)).toBe(false));

test("a Location is ASCII, and otherwise the URL as it was written", () => {
  expect(asLocation("http://localhost:3000")).toBe("http://localhost:3000");
  expect(asLocation("http://localhost/é€%20\ud800")).toBe("http://localhost/%C3%A9%E2%82%AC%20%EF%BF%BD");
});

test("parameters are added to a query that is there, and before a fragment", () => {
  expect(withQuery("http://a", [["x", "1 2&"]])).toBe("http://a?x=1%202%26");
  expect(withQuery("http://a/?q=1", [["x", "1"]])).toBe("http://a/?q=1&x=1");
  expect(withQuery("http://a/?", [["x", "1"]])).toBe("http://a/?x=1");
  expect(withQuery("http://a/#f", [["x", "\ud800"]])).toBe("http://a/?x=%EF%BF%BD#f");
});

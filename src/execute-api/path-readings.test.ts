import { expect, test } from "vitest";
import { pathReadings } from "./path-readings.ts";

test.each<[string, string[]]>([
  ["/%61dmin", ["/admin"]],
  ["/admin%2Fkeys", ["/admin/keys"]],
  ["/admin%2fk%C3%A9ys", ["/admin/kéys"]],
  ["/%25%36%31", ["/%61"]],
  ["/admin/", ["/admin"]],
  ["//admin", ["/admin"]],
  ["/a//admin/./keys", ["/a/admin/keys"]],
  ["/x/../admin", ["/admin"]],
  ["/x/%2e%2E%2fadmin", ["/x/../admin", "/admin"]],
  ["/%61dmin/", ["/%61dmin", "/admin/", "/admin"]],
  // What is after it was never the path's to whoever decodes first.
  ["/admin%3Fx", ["/admin?x", "/admin"]],
  // What is malformed stays, and hides nothing beside it.
  ["/%61dmin/%zz%", ["/admin/%zz%"]],
  ["/%61dmin/%ff", ["/admin/\ufffd"]],
  ["/.%2e/..", ["/", "/../.."]],
])("%s may be read as %s", (path, readings) => {
  expect(pathReadings(path)?.toSorted()).toEqual(readings.toSorted());
});

test.each(["/", "/pets/42", "/100%", "/a+b", "/.well-known/x", "/a.b/...c"])("%s is read as it was sent", (path) => {
  expect(pathReadings(path)).toBeUndefined();
});

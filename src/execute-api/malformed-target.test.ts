import { expect, test } from "vitest";
import { malformedTarget } from "./malformed-target.ts";

test.each([
  ["/%", "the path has a % that begins no percent-escape"],
  ["/a%zz/b?c=%41", "the path has a % that begins no percent-escape"],
  ["/a%4", "the path has a % that begins no percent-escape"],
  ["/a?b=100%", "the query has a % that begins no percent-escape"],
  ["/..", "the path climbs above its root"],
  ["/a/../../b", "the path climbs above its root"],
  ["/a/./..//../b?c", "the path climbs above its root"],
  ["//..", "the path climbs above its root"],
  ["/%2e%2E", "the path climbs above its root"],
  ["/a/.%2e/%2e./b", "the path climbs above its root"],
])("%s is refused: %s", (target, said) => {
  expect(malformedTarget(target)).toBe(said);
});

test.each([
  "/",
  "",
  "?",
  "/a/../b",
  "/a/b/../..",
  "/a..b/..c/d..",
  "/a/%2e%2e",
  "/%2e/%2F",
  "/a?b=/../../..",
  "/100%25",
])("%s is not", (target) => {
  expect(malformedTarget(target)).toBeUndefined();
});

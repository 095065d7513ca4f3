import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test.each([
  ["timeoutInMilis", "timeoutInMillis"],
  ["secuirty", "security"],
  ["URI", "uri"],
  ["x", undefined],
  ["completelyElse", undefined],
])("%s was meant to be %s", (name, expected) => {
  expect(nearestName(name, ["security", "timeoutInMillis", "uri", "type"])).toBe(expected);
});

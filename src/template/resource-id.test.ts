import { expect, test } from "vitest";
import { StableIds } from "./resource-id.ts";

test("ids are distinct however many there are, and do not depend on anything but API and name", () => {
  const ids = new StableIds("api");
  // With 36^6 ids, some of 200,000 hashes meet.
  const all = Array.from({ length: 200_000 }, (_, index) => ids.resource(`/r${index}`));
  expect(new Set(all).size).toBe(all.length);
  expect(new StableIds("api").resource("/r7")).toBe(all[7]);
  expect(new StableIds("api").authorizer("/r7")).not.toBe(all[7]);
});

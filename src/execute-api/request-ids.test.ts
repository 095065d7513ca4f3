import { expect, test } from "vitest";
import { newExtendedRequestId, newRequestId } from "./request-ids.ts";

test("ids look like AWS's and do not repeat, also beyond one draw of random bytes", () => {
  const extended = Array.from({ length: 1000 }, newExtendedRequestId);
  expect(new Set(extended).size).toBe(1000);
  for (const id of extended) expect(id).toMatch(/^[A-Za-z0-9_-]{15}=$/);
  expect(newRequestId()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

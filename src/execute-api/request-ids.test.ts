import { expect, test } from "vitest";
import { newExtendedRequestId, newRequestId, newTraceId } from "./request-ids.ts";

test("ids look like AWS's and do not repeat, also beyond one draw of random bytes", () => {
  const extended = Array.from({ length: 1000 }, newExtendedRequestId);
  expect(new Set(extended).size).toBe(1000);
  // A letter first: an id that begins with "-" could not be given to a command.
  for (const id of extended) expect(id).toMatch(/^[A-Za-z][A-Za-z0-9_-]{14}=$/);
  expect(newRequestId()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("trace ids say when and do not repeat, also beyond one draw of random bytes", () => {
  const ids = Array.from({ length: 1000 }, () => newTraceId(1_700_000_000_999));
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^Root=1-6553f100-[0-9a-f]{24}$/);
  expect(newTraceId(0)).toMatch(/^Root=1-00000000-[0-9a-f]{24}$/);
});

import { expect, test } from "vitest";
import { type DecisionRecord, DecisionRing } from "./decision-record.ts";

function recordOf(requestId: string, stage = "test"): DecisionRecord {
  return { requestId, stage } as DecisionRecord;
}

test("a ring keeps the last records, newest first, and forgets the oldest", () => {
  const ring = new DecisionRing(3);
  expect(ring.list()).toEqual([]);
  for (const id of ["a", "b", "c", "d"]) ring.add(recordOf(id));
  expect(ring.list().map(({ requestId }) => requestId)).toEqual(["d", "c", "b"]);
  expect(ring.get("a")).toBeUndefined();
  expect(ring.get("b")?.requestId).toBe("b");
});

test("of a repeated request id the newest record answers", () => {
  const ring = new DecisionRing(3);
  ring.add(recordOf("a", "old"));
  ring.add(recordOf("a", "new"));
  expect(ring.get("a")?.stage).toBe("new");
});

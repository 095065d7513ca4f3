import { expect, test } from "vitest";
import { type DecisionRecord, DecisionRing, RING_MAX_LOG_CHARACTERS } from "./decision-record.ts";

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

test("function logs are kept up to a bound over all records; the oldest records lose theirs first, and nothing else", () => {
  const ring = new DecisionRing(4);
  const half = "x".repeat(RING_MAX_LOG_CHARACTERS / 2);
  const logging = (requestId: string): DecisionRecord => ({
    ...recordOf(requestId),
    authorization: { type: "CUSTOM", functionLogs: [half] },
    integration: { type: "AWS_PROXY", functionLogs: ["short"] },
  });
  for (const id of ["a", "b", "c"]) ring.add(logging(id));
  ring.add(recordOf("d"));
  const kept = (id: string) => ring.get(id)?.authorization?.functionLogs?.join("").length;
  expect(kept("c")).toBe(half.length);
  expect(kept("b")).toBeLessThan(200);
  expect(kept("a")).toBeLessThan(200);
  expect(ring.get("a")).toMatchObject({ requestId: "a", authorization: { type: "CUSTOM" } });
  expect(ring.get("a")?.integration?.functionLogs?.join()).toContain("dropped");
});

test("logs of records that the ring forgot no longer count", () => {
  const ring = new DecisionRing(1);
  const lines = ["x".repeat(RING_MAX_LOG_CHARACTERS)];
  for (let at = 0; at < 5; at++) ring.add({ ...recordOf(`r${at}`), integration: { type: "AWS", functionLogs: lines } });
  expect(ring.get("r4")?.integration?.functionLogs).toEqual(lines);
});

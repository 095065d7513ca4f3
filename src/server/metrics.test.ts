import { expect, test } from "vitest";
import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { createMetrics } from "./metrics.ts";

function recordOf(stage: string, status: number, reason?: string): DecisionRecord {
  return {
    api: { apiId: "pets" },
    stage,
    answer: { status },
    ...(reason && { refusal: { reason } }),
  } as DecisionRecord;
}

test("answers are counted by API, stage and status, refusals by reason", () => {
  const metrics = createMetrics();
  metrics.count(recordOf("test", 200));
  metrics.count(recordOf("test", 200));
  metrics.count(recordOf("test", 401, "identity_source_missing"));
  expect(metrics.text()).toContain('gatewarden_requests_total{api="pets",stage="test",status="200"} 2\n');
  expect(metrics.text()).toContain(
    'gatewarden_refusals_total{api="pets",stage="test",reason="identity_source_missing"} 1\n',
  );
});

test.each(["unknown_stage", "default_endpoint_disabled"])(
  "names of stages that were not reached make no labels, so that callers cannot fill the memory: %s",
  (reason) => {
    const metrics = createMetrics();
    for (let stage = 0; stage < 100; stage++) metrics.count(recordOf(`made-up-${stage}`, 403, reason));
    expect(metrics.text()).not.toContain("made-up");
    expect(metrics.text()).toContain('gatewarden_requests_total{api="pets",stage="",status="403"} 100\n');
  },
);

import type { DecisionRecord } from "../execute-api/decision-record.ts";
import type { GatewayReason } from "../execute-api/reasons.ts";

/** Prometheus text about answered requests. */
export interface Metrics {
  readonly count: (record: DecisionRecord) => void;
  readonly text: () => string;
}

/** Refusals of requests that reached no stage: its name is any that a caller likes, so it makes no label of its own. */
const STAGE_NOT_REACHED: ReadonlySet<string> = new Set<GatewayReason>(["unknown_stage", "default_endpoint_disabled"]);

export function createMetrics(): Metrics {
  const answered = new Map<string, number>();
  const refused = new Map<string, number>();
  const bump = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  return {
    count: (record) => {
      const stage = STAGE_NOT_REACHED.has(record.refusal?.reason ?? "") ? "" : record.stage;
      const place = `api="${record.api.apiId}",stage="${stage}"`;
      bump(answered, `${place},status="${record.answer.status}"`);
      if (record.refusal) bump(refused, `${place},reason="${record.refusal.reason}"`);
    },
    text: () =>
      `${render("gatewarden_requests_total", "Requests answered.", answered)}${render("gatewarden_refusals_total", "Requests refused, by reason.", refused)}`,
  };
}

function render(name: string, help: string, counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].map(([labels, count]) => `${name}{${labels}} ${count}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.join("")}`;
}

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
  const answered: Counts<number> = new Map();
  const refused: Counts<string> = new Map();
  return {
    count: (record) => {
      const stage = STAGE_NOT_REACHED.has(record.refusal?.reason ?? "") ? "" : record.stage;
      const { apiId } = record.api;
      bump(answered, apiId, stage, record.answer.status);
      if (record.refusal) bump(refused, apiId, stage, record.refusal.reason);
    },
    text: () =>
      `${render("gatewarden_requests_total", "Requests answered.", "status", answered)}${render("gatewarden_refusals_total", "Requests refused, by reason.", "reason", refused)}`,
  };
}

/** By API, stage and what is counted: no text is made of labels until they are asked for. */
type Counts<Label> = Map<string, Map<string, Map<Label, number>>>;

function bump<Label>(counts: Counts<Label>, apiId: string, stage: string, label: Label): void {
  const byLabel = memberOf(memberOf(counts, apiId), stage);
  byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
}

function memberOf<Key, Inner>(outer: Map<string, Map<Key, Inner>>, name: string): Map<Key, Inner> {
  let inner = outer.get(name);
  if (inner === undefined) {
    inner = new Map();
    outer.set(name, inner);
  }
  return inner;
}

function render<Label>(name: string, help: string, labelName: string, counts: Counts<Label>): string {
  const lines: string[] = [];
  for (const [apiId, stages] of counts) {
    for (const [stage, labels] of stages) {
      for (const [label, count] of labels) {
        lines.push(`${name}{api="${apiId}",stage="${stage}",${labelName}="${label}"} ${count}\n`);
      }
    }
  }
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.join("")}`;
}

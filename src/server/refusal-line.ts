import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { printable } from "./printable.ts";

/** One line for the terminal: `401 GET /test/pets  token audience is …  [request id]`; undefined for what went well. */
export function refusalLine(record: DecisionRecord): string | undefined {
  const { refusal, answer, request } = record;
  if (refusal === undefined) return undefined;
  return printable(`${answer.status} ${request.method} ${request.path}  ${refusal.message}  [${record.requestId}]`);
}

import type { DecisionRecord } from "../execute-api/decision-record.ts";

/** One line for the terminal: `401 GET /test/pets  token audience is …  [request id]`; undefined for what went well. */
export function refusalLine(record: DecisionRecord): string | undefined {
  const { refusal, answer, request } = record;
  if (refusal === undefined && answer.status !== 501) return undefined;
  const why = refusal?.message ?? "this route is not served here";
  return `${answer.status} ${printable(request.method)} ${printable(request.path)}  ${printable(why)}  [${record.requestId}]`;
}

/** Control characters of a request must not drive the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

import {
  type FunctionAnswerVerdict,
  finishAnswer,
  isObject,
  kindOf,
  readField,
  readHeaders,
} from "./function-answer-2.ts";

/** As in format 2.0 (?). */
const DEFAULT_CONTENT_TYPE = "text/plain; charset=utf-8";

/**
 * Format 1.0: an object with `statusCode`, `headers`, `multiValueHeaders`, `body`, `isBase64Encoded` (D); unlike on REST
 * APIs other keys are skipped (C). `multiValueHeaders` win over a header of the same name (?).
 * conformance/http-api/function-answer
 */
export function parseFunctionAnswer1(payload: string): FunctionAnswerVerdict {
  let output: unknown;
  try {
    output = JSON.parse(payload);
  } catch {
    return { ok: false, what: "answer", found: "text that is not JSON", wanted: "a JSON object" };
  }
  if (!isObject(output))
    return { ok: false, what: "answer", found: kindOf(output), wanted: "an object with statusCode" };
  const { multiValueHeaders = null } = output;
  const multi: string[] = [];
  if (multiValueHeaders !== null) {
    if (!isObject(multiValueHeaders)) {
      const found = kindOf(multiValueHeaders);
      return { ok: false, what: "multiValueHeaders", found, wanted: "an object of lists" };
    }
    for (const [name, values] of Object.entries(multiValueHeaders)) {
      if (!Array.isArray(values)) {
        return { ok: false, what: `multiValueHeaders.${name}`, found: kindOf(values), wanted: "a list of strings" };
      }
      for (const value of values) {
        const field = readField(name, value, "multiValueHeaders");
        if (!field.ok) return field;
        multi.push(...field.value);
      }
    }
  }
  const single = readHeaders(output.headers);
  if (!single.ok) return single;
  const taken = new Set(multi.filter((_, at) => at % 2 === 0));
  const headers: string[] = [...multi];
  for (let at = 0; at < single.value.length; at += 2) {
    const name = single.value[at] as string;
    if (!taken.has(name)) headers.push(name, single.value[at + 1] as string);
  }
  return finishAnswer(output, headers, DEFAULT_CONTENT_TYPE);
}

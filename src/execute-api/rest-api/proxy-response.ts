import { asFieldValue, breaksField, isHeaderName } from "../header-text.ts";
import type { RawHeaders } from "../transport.ts";

/** What a Lambda proxy function answered, once its shape has been judged. */
export interface ProxyResponse {
  readonly status: number;
  /** Names and values alternating, `multiValueHeaders` first where a name stands in both. */
  readonly headers: RawHeaders;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export type ProxyResponseVerdict =
  | { readonly ok: true; readonly response: ProxyResponse }
  /** `what` was looked at, `found` instead of `wanted`; the client gets 502. */
  | { readonly ok: false; readonly what: string; readonly found: string; readonly wanted: string };

/** Any other top-level key is malformed (R). */
const ALLOWED_KEYS: ReadonlySet<string> = new Set([
  "statusCode",
  "headers",
  "multiValueHeaders",
  "body",
  "isBase64Encoded",
]);

/** An explicit 0 is malformed (C: AWS's own test tool); where AWS draws the line is (?). */
const STATUS_MIN = 100;
const STATUS_MAX = 599;

/** A `null` where a value is optional counts as absent: (R) for headers, (?) for the others. */
const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

/**
 * Judges the payload of a Lambda proxy function by AWS's rules: the wrong shape is "Malformed Lambda proxy response", 502.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
 * conformance/rest-api/proxy-response (R: one row per rule)
 */
export function parseProxyResponse(payload: string): ProxyResponseVerdict {
  let output: unknown;
  try {
    output = JSON.parse(payload);
  } catch {
    return malformed("answer", "text that is not JSON", "a JSON object");
  }
  if (typeof output !== "object" || output === null || Array.isArray(output)) {
    return malformed("answer", nameOf(output), "a JSON object");
  }
  const fields = output as Readonly<Record<string, unknown>>; // an object just judged; its values are not
  for (const key of Object.keys(fields)) {
    if (!ALLOWED_KEYS.has(key))
      return malformed("answer", `the key ${JSON.stringify(key.slice(0, 80))}`, [...ALLOWED_KEYS].join(", "));
  }
  const status = statusOf(fields.statusCode);
  if (status === undefined) {
    return malformed("statusCode", shown(fields.statusCode), `an integer of ${STATUS_MIN}–${STATUS_MAX}`);
  }
  if (!isAbsent(fields.body) && typeof fields.body !== "string") {
    return malformed("body", nameOf(fields.body), "a string (JSON.stringify it)");
  }
  if (!isAbsent(fields.isBase64Encoded) && typeof fields.isBase64Encoded !== "boolean") {
    return malformed("isBase64Encoded", nameOf(fields.isBase64Encoded), "a boolean");
  }
  const headers = headersOf(fields.headers, fields.multiValueHeaders);
  if (!headers.ok) return headers;
  return {
    ok: true,
    response: {
      status,
      headers: headers.list,
      body: fields.body ?? "",
      isBase64Encoded: fields.isBase64Encoded ?? false,
    },
  };
}

/** Absent is 200, text of digits counts (R). */
function statusOf(value: unknown): number | undefined {
  if (isAbsent(value)) return 200;
  const status = typeof value === "string" && /^\d{1,3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= STATUS_MIN && status <= STATUS_MAX
    ? status
    : undefined;
}

type Headers = { readonly ok: true; readonly list: string[] } | Extract<ProxyResponseVerdict, { ok: false }>;

/**
 * `multiValueHeaders` in their casing, then what `headers` add: a name in both (any casing) has its values in that
 * order (R), one that is there already with the same value stands once (D).
 */
function headersOf(single: unknown, multi: unknown): Headers {
  const list: string[] = [];
  if (!isAbsent(multi)) {
    if (!isMap(multi)) return malformed("multiValueHeaders", nameOf(multi), "an object of lists");
    for (const [name, values] of Object.entries(multi)) {
      if (!Array.isArray(values)) return malformed(`multiValueHeaders.${name.slice(0, 80)}`, nameOf(values), "a list");
      for (const value of values) {
        const field = fieldOf("multiValueHeaders", name, value);
        if (!field.ok) return field;
        if (field.value !== undefined) list.push(name, field.value);
      }
    }
  }
  if (isAbsent(single)) return { ok: true, list };
  if (!isMap(single)) return malformed("headers", nameOf(single), "an object of strings");
  const multiEnd = list.length;
  for (const [name, value] of Object.entries(single)) {
    const field = fieldOf("headers", name, value);
    if (!field.ok) return field;
    if (field.value === undefined) continue;
    let casing = name;
    let isThere = false;
    const lower = name.toLowerCase();
    for (let at = 0; at < multiEnd; at += 2) {
      if ((list[at] as string).toLowerCase() !== lower) continue;
      casing = list[at] as string;
      isThere ||= list[at + 1] === field.value;
    }
    if (!isThere) list.push(casing, field.value);
  }
  return { ok: true, list };
}

type Field = { readonly ok: true; readonly value: string | undefined } | Extract<ProxyResponseVerdict, { ok: false }>;

/** Booleans become text (R), numbers too (?); null sends nothing (?); a name or value that breaks a header is malformed. */
function fieldOf(map: string, name: string, value: unknown): Field {
  const what = `${map}.${name.slice(0, 80)}`;
  if (!isHeaderName(name)) return malformed(what, "characters no header name can hold", "a header name");
  if (isAbsent(value)) return { ok: true, value: undefined };
  if (typeof value === "object") return malformed(what, nameOf(value), "a string");
  const text = asFieldValue(String(value));
  if (breaksField(text))
    return malformed(what, "a value with a line break or control character", "a value on one line");
  return { ok: true, value: text };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(what: string, found: string, wanted: string): Extract<ProxyResponseVerdict, { ok: false }> {
  return { ok: false, what, found, wanted };
}

/** Kinds only: a value may hold anything. */
function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? JSON.stringify(value).slice(0, 40) : nameOf(value);
}

import { asFieldValue, breaksField, isHeaderName } from "../header-text.ts";
import type { Answer } from "../transport.ts";

/** What a function answered, or what about it is not usable: the client then gets 500. */
export type FunctionAnswerVerdict =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly what: string; readonly found: string; readonly wanted: string };

/** Of an answer with `statusCode` and without a content type (R). */
const DEFAULT_CONTENT_TYPE = "text/plain; charset=utf-8";

/**
 * Format 2.0: without `statusCode` the whole answer is a 200 of JSON, a string as it is (D); with it, `headers`,
 * `cookies`, `body` and `isBase64Encoded` count and everything else is ignored (C). Base64 is always decoded (R).
 * conformance/http-api/function-answer
 */
export function parseFunctionAnswer2(payload: string): FunctionAnswerVerdict {
  let output: unknown;
  try {
    output = JSON.parse(payload);
  } catch {
    return { ok: false, what: "answer", found: "text that is not JSON", wanted: "JSON" };
  }
  if (!isObject(output) || !Object.hasOwn(output, "statusCode")) {
    const body = typeof output === "string" ? output : payload;
    return { ok: true, answer: { status: 200, headers: ["content-type", "application/json"], body } };
  }
  const headers = readHeaders(output.headers);
  if (!headers.ok) return headers;
  const cookies = readCookies(output.cookies);
  if (!cookies.ok) return cookies;
  return finishAnswer(output, [...headers.value, ...cookies.value], DEFAULT_CONTENT_TYPE);
}

/** No character can be taken by two parts of it: a function's answer is long, and the scan has to stay linear. */
const BASE64 = /^[A-Za-z0-9+/\-_\s]*(?:=\s*){0,2}$/;

type Read<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly what: string; readonly found: string; readonly wanted: string };

/** Status and body, which both formats read alike. */
export function finishAnswer(
  { statusCode, body, isBase64Encoded }: Readonly<Record<string, unknown>>,
  headers: readonly string[],
  defaultContentType: string,
): FunctionAnswerVerdict {
  // A numeric string is taken, too (?).
  const status = typeof statusCode === "string" && /^\d{3}$/.test(statusCode) ? Number(statusCode) : statusCode;
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) {
    return { ok: false, what: "statusCode", found: shown(statusCode), wanted: "an integer of 200–599" };
  }
  if (body !== undefined && body !== null && typeof body !== "string") {
    return { ok: false, what: "body", found: kindOf(body), wanted: "a string (JSON.stringify it)" };
  }
  if (isBase64Encoded !== undefined && isBase64Encoded !== null && typeof isBase64Encoded !== "boolean") {
    return { ok: false, what: "isBase64Encoded", found: kindOf(isBase64Encoded), wanted: "true or false" };
  }
  const text = body ?? "";
  const isBase64 = isBase64Encoded === true;
  if (isBase64 && !BASE64.test(text)) {
    return { ok: false, what: "body", found: "text that is not Base64", wanted: "Base64, as isBase64Encoded says" };
  }
  const hasType = headers.some((name, at) => at % 2 === 0 && name === "content-type");
  const all = hasType ? headers : ["content-type", defaultContentType, ...headers];
  return { ok: true, answer: { status, headers: all, body: isBase64 ? Buffer.from(text, "base64") : text } };
}

/** Values are strings; numbers and booleans are tolerated (?). Names leave in lower case. */
export function readHeaders(value: unknown, what = "headers"): Read<readonly string[]> {
  if (value === undefined || value === null) return { ok: true, value: [] };
  if (!isObject(value)) return { ok: false, what, found: kindOf(value), wanted: "an object of strings" };
  const headers: string[] = [];
  for (const [name, given] of Object.entries(value)) {
    const field = readField(name, given, what);
    if (!field.ok) return field;
    headers.push(...field.value);
  }
  return { ok: true, value: headers };
}

export function readField(name: string, given: unknown, what: string): Read<readonly string[]> {
  if (!isHeaderName(name)) {
    return { ok: false, what, found: `the name ${shown(name)}`, wanted: "header names" };
  }
  const isScalar = typeof given === "string" || typeof given === "number" || typeof given === "boolean";
  if (!isScalar) return { ok: false, what: `${what}.${name}`, found: kindOf(given), wanted: "a string" };
  const text = String(given);
  if (breaksField(text)) {
    return { ok: false, what: `${what}.${name}`, found: "control characters", wanted: "one line of text" };
  }
  return { ok: true, value: [name.toLowerCase(), asFieldValue(text)] };
}

/** Each cookie becomes a `set-cookie` of its own (D). */
function readCookies(value: unknown): Read<readonly string[]> {
  if (value === undefined || value === null) return { ok: true, value: [] };
  if (!Array.isArray(value)) return { ok: false, what: "cookies", found: kindOf(value), wanted: "a list of strings" };
  const headers: string[] = [];
  for (const cookie of value) {
    const field = readField("set-cookie", cookie, "cookies");
    if (!field.ok) return field;
    headers.push(...field.value);
  }
  return { ok: true, value: headers };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const SHOWN_CHARACTERS = 80;

/** A scalar as evidence, anything else by its kind. */
export function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? JSON.stringify(value).slice(0, SHOWN_CHARACTERS)
    : kindOf(value);
}

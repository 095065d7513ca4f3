import type { CodeHeader, CodeRequest, CodeText } from "./code-request.ts";

/** Headers whose values are somebody's secret, whatever API they are for. */
const SECRET_HEADER = /^(proxy-authorization|cookie)$|token|secret|password|api-?key/i;
/** The variable that a header's secret is read from, where the header's own name would be a poor one. */
const VARIABLE_NAMES: Readonly<Record<string, string>> = { "x-api-key": "API_KEY" };

export interface CallDescription {
  readonly method: string;
  readonly url: URL;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly token: string | undefined;
  readonly data: string | undefined;
  /** Without `Bearer `, for authorizers whose validation expression wants the token alone. */
  readonly rawToken: boolean;
  readonly includeSecret: boolean;
}

/** The request of `gatewarden call`, with variables in place of its secrets. */
export function describeCall(call: CallDescription): CodeRequest {
  const { data, includeSecret } = call;
  const headers: CodeHeader[] = [];
  for (let at = 0; at < call.headers.length; at += 2) {
    const [name = "", value = ""] = call.headers.slice(at, at + 2);
    headers.push({ name, value: includeSecret ? [value] : masked(name, value) });
  }
  const named = (wanted: string): boolean => headers.some(({ name }) => name.toLowerCase() === wanted);
  if (call.token !== undefined || !named("authorization")) {
    const token = includeSecret && call.token !== undefined ? call.token : { variable: "TOKEN" };
    headers.push({ name: "Authorization", value: [...(call.rawToken ? [] : ["Bearer "]), token] });
  }
  const hasBody = data !== undefined && data !== "";
  // Most clients would name a type of their own, each another one.
  if (hasBody && !named("content-type")) headers.push({ name: "Content-Type", value: [typeOf(data)] });
  return { method: call.method, url: call.url, headers, ...(hasBody && { body: [data] }) };
}

/** The names of what the code reads from its environment. */
export function variablesOf({ headers, body = [] }: CodeRequest): readonly string[] {
  const pieces = [...headers.flatMap(({ value }) => value), ...body];
  return [...new Set(pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.variable])))];
}

function masked(name: string, value: string): CodeText {
  const lower = name.toLowerCase();
  if (lower === "authorization") {
    const scheme = /^[a-z0-9-]+ +(?=\S)/i.exec(value)?.[0] ?? "";
    return [scheme, { variable: "TOKEN" }];
  }
  if (!SECRET_HEADER.test(name)) return [value];
  return [{ variable: VARIABLE_NAMES[lower] ?? name.toUpperCase().replaceAll(/\W|^(?=\d)/g, "_") }];
}

function typeOf(data: string): string {
  try {
    JSON.parse(data);
    return "application/json";
  } catch {
    return "text/plain; charset=utf-8";
  }
}

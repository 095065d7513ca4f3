import { type ContextObject, lookupContext } from "./context-variables.ts";
import { EMPTY_BODY } from "./input-variable.ts";
import { compileJsonPath, type JsonPath, selectText } from "./json-path.ts";
import { Budget } from "./velocity/budget.ts";
import { JavaMap, type JavaValue } from "./velocity/java-value.ts";
import { parseJson } from "./velocity/parse-json.ts";
import { TemplateError } from "./velocity/template-error.ts";

/** Where the value of a mapped parameter comes from (D: Developer Guide, "Parameter mapping source reference"). */
export type ParameterSource =
  | { readonly kind: "static"; readonly value: string }
  | { readonly kind: "parameter"; readonly location: RequestLocation; readonly name: string }
  | { readonly kind: "requestBody"; readonly path: JsonPath | undefined }
  | { readonly kind: "responseHeader"; readonly all: boolean; readonly name: string }
  | { readonly kind: "responseBody"; readonly path: JsonPath | undefined }
  | { readonly kind: "stageVariable"; readonly name: string }
  | { readonly kind: "context"; readonly name: string };

export type RequestLocation = "path" | "querystring" | "multivaluequerystring" | "header" | "multivalueheader";

/** Where it goes. */
export type ParameterTarget =
  | { readonly kind: "integrationRequest"; readonly location: "header" | "querystring" | "path"; readonly name: string }
  | { readonly kind: "methodResponse"; readonly location: "header"; readonly name: string };

export type SourceVerdict =
  | { readonly ok: true; readonly source: ParameterSource }
  | { readonly ok: false; readonly message: string };

export type TargetVerdict =
  | { readonly ok: true; readonly target: ParameterTarget }
  | { readonly ok: false; readonly message: string };

/** What sources are read from. Names are case-sensitive (D, C), whatever HTTP says of headers. */
export interface ParameterValues {
  readonly path: Readonly<Record<string, string>>;
  readonly querystring: (name: string) => readonly string[] | undefined;
  readonly header: (name: string) => readonly string[] | undefined;
  readonly body: string;
  /** The integration's answer; absent while the integration request is mapped. */
  readonly response?: { readonly header: (name: string) => readonly string[] | undefined; readonly body: string };
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly context: ContextObject;
}

export type ParameterOutcome =
  /** undefined: nothing is sent. Several values: each is sent. */
  | { readonly ok: true; readonly value: string | readonly string[] | undefined }
  | { readonly ok: false; readonly status: 400 | 500; readonly message: string };

/** Parameter names (D). */
const NAME = /^[a-zA-Z0-9._$-]+$/;
/** A body that begins otherwise is not read as JSON (C). */
const JSON_BEGINNING = /^[{['"]/;
const NOTHING: ParameterOutcome = { ok: true, value: undefined };

/** Parses the right side of a mapping, e.g. `method.request.header.Authorization`. The message is AWS's (R). */
export function parseParameterSource(text: string): SourceVerdict {
  const source = readSource(text);
  return source === undefined ? { ok: false, message: invalidMapping(text) } : { ok: true, source };
}

/** Parses the left side of a mapping, e.g. `integration.request.header.X-Token`. */
export function parseParameterTarget(text: string): TargetVerdict {
  const match = /^(?:integration\.request\.(header|querystring|path)|method\.response\.(header))\.(.+)$/s.exec(text);
  const name = match?.[3] ?? "";
  if (match === null || !NAME.test(name)) return { ok: false, message: invalidMapping(text) }; // this text for targets (?)
  if (match[2] !== undefined) return { ok: true, target: { kind: "methodResponse", location: "header", name } };
  const location = match[1] as "header" | "querystring" | "path"; // the expression lists exactly these
  return { ok: true, target: { kind: "integrationRequest", location, name } };
}

/**
 * The value of a mapped parameter. Absent and empty values are not sent; a single value is the last one (C).
 *
 * @example
 * evaluateParameter(source, values); // { ok: true, value: "Bearer …" }
 */
export function evaluateParameter(source: ParameterSource, values: ParameterValues): ParameterOutcome {
  switch (source.kind) {
    case "static":
      return sent(source.value);
    case "parameter":
      return evaluateRequestParameter(source.location, source.name, values);
    case "requestBody":
      return evaluateBody(source.path, values.body, {
        ok: false,
        status: 400,
        message: "Invalid JSON in request body",
      }); // (C)
    case "responseHeader": {
      const fields = values.response?.header(source.name);
      return sent(source.all ? fields?.join(",") : fields?.at(-1));
    }
    case "responseBody": {
      if (values.response === undefined) return NOTHING;
      return evaluateBody(source.path, values.response.body, {
        ok: false,
        status: 500,
        message: "Internal server error",
      });
    }
    case "stageVariable":
      return sent(Object.hasOwn(values.stageVariables, source.name) ? values.stageVariables[source.name] : undefined);
    case "context": {
      const value = lookupContext(values.context, source.name);
      return sent(typeof value === "string" ? value : undefined); // other types are skipped (C)
    }
  }
}

function readSource(text: string): ParameterSource | undefined {
  if (text.length >= 2 && text.startsWith("'") && text.endsWith("'"))
    return { kind: "static", value: text.slice(1, -1) };
  const request = /^method\.request\.(path|querystring|multivaluequerystring|header|multivalueheader)\.(.+)$/s.exec(
    text,
  );
  if (request?.[2] !== undefined && NAME.test(request[2])) {
    return { kind: "parameter", location: request[1] as RequestLocation, name: request[2] };
  }
  const response = /^integration\.response\.(multivalue)?header\.(.+)$/s.exec(text);
  if (response?.[2] !== undefined && NAME.test(response[2])) {
    return { kind: "responseHeader", all: response[1] !== undefined, name: response[2] };
  }
  const body = /^(method\.request|integration\.response)\.body(?:\.(.+))?$/s.exec(text);
  if (body !== null) return readBodySource(body[1] === "method.request" ? "requestBody" : "responseBody", body[2]);
  const variable = /^(stageVariables|context)\.(.+)$/s.exec(text);
  if (variable?.[2] === undefined || !NAME.test(variable[2])) return undefined;
  return { kind: variable[1] === "context" ? "context" : "stageVariable", name: variable[2] };
}

function readBodySource(
  kind: "requestBody" | "responseBody",
  expression: string | undefined,
): ParameterSource | undefined {
  if (expression === undefined) return { kind, path: undefined };
  const verdict = compileJsonPath(expression.startsWith("$") ? expression : `$.${expression}`);
  return verdict.ok ? { kind, path: verdict.path } : undefined;
}

function evaluateRequestParameter(location: RequestLocation, name: string, values: ParameterValues): ParameterOutcome {
  switch (location) {
    case "path":
      return sent(Object.hasOwn(values.path, name) ? values.path[name] : undefined);
    case "querystring":
      return sent(values.querystring(name)?.at(-1));
    case "header":
      return sent(values.header(name)?.at(-1));
    case "multivalueheader":
      return sent(values.header(name)?.join(","));
    case "multivaluequerystring": {
      const all = values.querystring(name) ?? [];
      return all.length > 1 ? { ok: true, value: all } : sent(all[0]);
    }
  }
}

function evaluateBody(path: JsonPath | undefined, text: string, failure: ParameterOutcome): ParameterOutcome {
  const body = text.trim() || EMPTY_BODY;
  let root: JavaValue = new JavaMap();
  if (JSON_BEGINNING.test(body)) {
    const verdict = parseJson(body);
    if (!verdict.ok) return failure;
    root = verdict.value;
  }
  if (path === undefined) return sent(body);
  try {
    return sent(selectText(path, root, new Budget()));
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, status: 500, message: "Internal server error" }; // our bounds
    throw error;
  }
}

function sent(value: string | undefined): ParameterOutcome {
  return value === undefined || value === "" ? NOTHING : { ok: true, value };
}

/** (R: test_put_integration_validation) */
function invalidMapping(expression: string): string {
  return `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${expression}]`;
}

import { HeaderFields } from "../header-fields.ts";
import { asFieldValue, breaksField, isHeaderName } from "../header-text.ts";
import { encodeQueryText } from "../integrations/endpoint-uri.ts";
import { lookupContext } from "../mapping/context-variables.ts";
import type { QueryValues } from "../query-string.ts";
import type { Answer, RawHeaders } from "../transport.ts";
import { contextVariables } from "./context.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";

/**
 * Parameter mapping of HTTP APIs, both ways: `append|overwrite|remove:header.x`, `…:querystring.x`, `overwrite:path`,
 * `overwrite:statuscode` (D). https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 * conformance/http-api/parameter-mapping
 */
export interface RequestMapping {
  readonly operations: readonly Operation<"header" | "querystring" | "path">[];
}

export interface ResponseMapping {
  /** By the status the integration answered. */
  readonly byStatus: ReadonlyMap<number, readonly Operation<"header" | "statuscode">[]>;
}

interface Operation<Location> {
  readonly action: "append" | "overwrite" | "remove";
  readonly location: Location;
  readonly name: string;
  readonly value: (sources: Sources) => string | undefined;
}

interface Sources {
  readonly request: HttpApiRequest;
  readonly matched: MatchedRoute;
  readonly caller: Caller;
  readonly deployment: HttpApiDeployment;
  /** Of response mappings. */
  readonly answer?: Answer;
}

export interface MappingProblem {
  readonly rule: string;
  readonly message: string;
  readonly fix: string;
}

export type MappingVerdict<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: MappingProblem };

/** Of a body this much is looked at for a path (D). */
export const MAX_SELECTED_BODY_BYTES = 100 * 1024;

/** May not be mapped, in neither direction (D). */
const RESERVED =
  /^(?:access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length|content-location|forwarded|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade|x-amz-.*|x-amzn-.*|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via)$/i;

export function compileRequestMapping(parameters: Readonly<Record<string, string>>): MappingVerdict<RequestMapping> {
  const operations: RequestMapping["operations"][number][] = [];
  for (const [key, value] of Object.entries(parameters)) {
    const target = /^(append|overwrite|remove):(header|querystring)\.(.+)$/.exec(key);
    if (key !== "overwrite:path" && target === null) {
      return problem(key, "is no target", "append|overwrite|remove:header.NAME, …:querystring.NAME or overwrite:path");
    }
    const [, action = "overwrite", location = "path", name = ""] = target ?? [];
    const bad = location === "header" ? badHeader(key, name) : undefined;
    if (bad) return bad;
    const compiled = compileValue(action === "remove" ? "" : value, REQUEST_SOURCES);
    if (!compiled.ok) return problem(key, `is mapped from ${JSON.stringify(value)}`, compiled.wanted);
    operations.push({ action, location, name, value: compiled.value } as RequestMapping["operations"][number]);
  }
  return { ok: true, value: { operations } };
}

export function compileResponseMapping(
  parameters: Readonly<Record<string, Readonly<Record<string, string>>>>,
): MappingVerdict<ResponseMapping> {
  const byStatus = new Map<number, Operation<"header" | "statuscode">[]>();
  for (const [status, mappings] of Object.entries(parameters)) {
    if (!/^[2-5]\d\d$/.test(status)) return problem(status, "is no status", "200 to 599");
    const operations: Operation<"header" | "statuscode">[] = [];
    for (const [key, value] of Object.entries(mappings)) {
      const target = /^(append|overwrite|remove):header\.(.+)$/.exec(key);
      if (key !== "overwrite:statuscode" && target === null) {
        return problem(key, "is no target", "append|overwrite|remove:header.NAME or overwrite:statuscode");
      }
      const [, action = "overwrite", name = ""] = target ?? [];
      const bad = target === null ? undefined : badHeader(key, name);
      if (bad) return bad;
      const compiled = compileValue(action === "remove" ? "" : value, RESPONSE_SOURCES);
      if (!compiled.ok) return problem(key, `is mapped from ${JSON.stringify(value)}`, compiled.wanted);
      const location = target === null ? "statuscode" : "header";
      operations.push({ action, location, name, value: compiled.value } as (typeof operations)[number]);
    }
    byStatus.set(Number(status), operations);
  }
  return { ok: true, value: { byStatus } };
}

function badHeader(key: string, name: string): MappingVerdict<never> | undefined {
  if (!isHeaderName(name)) return problem(key, "names no header", "a header name");
  return RESERVED.test(name) ? problem(key, "names a reserved header", "a header that AWS lets be mapped") : undefined;
}

function problem(key: string, what: string, wanted: string): MappingVerdict<never> {
  return {
    ok: false,
    problem: {
      rule: "parameter-mapping-invalid",
      message: `The parameter mapping ${JSON.stringify(key)} ${what}, wanted ${wanted}.`,
      fix: "Correct the mapping.",
    },
  };
}

type Select = (sources: Sources) => string | undefined;
type Compile = (name: string) => Select | undefined;

const CONTEXT: Compile = (name) => (sources) => {
  const { request, deployment, matched, caller } = sources;
  return textOf(lookupContext(contextVariables(request, deployment, matched, caller), name));
};
const STAGE_VARIABLES: Compile =
  (name) =>
  ({ deployment: { stageVariables } }) =>
    Object.hasOwn(stageVariables, name) ? stageVariables[name] : undefined;

const REQUEST_SOURCES: Readonly<Record<string, Compile>> = {
  "request.header": (name) => {
    const lower = name.toLowerCase();
    return ({ request }) => joined(request.headers.all(lower));
  },
  "request.querystring":
    (name) =>
    ({ request }) =>
      joined(request.query.get(name) ?? []),
  "request.path":
    (name) =>
    ({ request, matched: { pathParameters } }) =>
      name === "" ? request.path : Object.hasOwn(pathParameters, name) ? pathParameters[name] : undefined,
  "request.body": (path) => bodySelector(path, ({ request }) => request.body),
  context: CONTEXT,
  stageVariables: STAGE_VARIABLES,
};

const RESPONSE_SOURCES: Readonly<Record<string, Compile>> = {
  "response.header": (name) => {
    const lower = name.toLowerCase();
    return ({ answer }) => joined(new HeaderFields(answer?.headers ?? []).all(lower));
  },
  "response.body": (path) => bodySelector(path, ({ answer }) => answer?.body ?? ""),
  context: CONTEXT,
  stageVariables: STAGE_VARIABLES,
};

const SOURCE = "(request\\.(?:header|querystring|path|body)|response\\.(?:header|body)|context|stageVariables)";
const NAME = "((?:\\.[^.\\s${}\\[\\]]+|\\[\\d+\\])*)";
const WHOLE = new RegExp(`^\\$${SOURCE}${NAME}$`);
const INSIDE = new RegExp(`\\$\\{${SOURCE}${NAME}\\}`, "g");
const VALUE_FORM = "$SOURCE.NAME, text with ${SOURCE.NAME} in it, or plain text";

/** One source as it is, or text with several in braces; a source that finds nothing leaves the whole unset (?). */
function compileValue(
  text: string,
  known: Readonly<Record<string, Compile>>,
): { readonly ok: true; readonly value: Select } | { readonly ok: false; readonly wanted: string } {
  const selector = (source: string, name: string): Select | undefined => {
    const compile = Object.hasOwn(known, source) ? known[source] : undefined;
    const isNameless = source === "request.path" || source.endsWith(".body");
    if (compile === undefined || (name === "" && !isNameless)) return undefined;
    return compile(name.startsWith(".") ? name.slice(1) : name);
  };
  const whole = WHOLE.exec(text);
  if (whole !== null) {
    const select = selector(whole[1] as string, whole[2] as string);
    return select ? { ok: true, value: select } : { ok: false, wanted: VALUE_FORM };
  }
  const pieces: (string | Select)[] = [];
  let from = 0;
  for (const match of text.matchAll(INSIDE)) {
    const select = selector(match[1] as string, match[2] as string);
    if (select === undefined) return { ok: false, wanted: VALUE_FORM };
    pieces.push(text.slice(from, match.index), select);
    from = match.index + match[0].length;
  }
  pieces.push(text.slice(from));
  // What looks like an expression and was not understood must not go out as text.
  const isLeftOver = pieces.some((piece) => typeof piece === "string" && /\$\{|^\$[a-z]/i.test(piece));
  if (isLeftOver) return { ok: false, wanted: VALUE_FORM };
  return {
    ok: true,
    value: (sources) => {
      let value = "";
      for (const piece of pieces) {
        const part = typeof piece === "string" ? piece : piece(sources);
        if (part === undefined) return undefined;
        value += part;
      }
      return value;
    },
  };
}

function bodySelector(path: string, bodyOf: (sources: Sources) => Buffer | string): Select {
  const steps = path === "" ? [] : path.split(/\.|\[(\d+)\]/).filter((each) => each !== undefined && each !== "");
  return (sources) => {
    const body = bodyOf(sources);
    const text = typeof body === "string" ? body : body.toString("utf8");
    if (steps.length === 0) return text;
    if (Buffer.byteLength(text) > MAX_SELECTED_BODY_BYTES) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    for (const step of steps) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string, unknown>)[step];
    }
    return textOf(value);
  };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function joined(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(",");
}

/** The request as the integration sees it; `path` when a mapping replaced it. */
export interface MappedRequest {
  readonly request: HttpApiRequest;
  readonly path?: string;
}

/** Every value is taken from the request as it came, whatever the mappings before it changed (?). */
export function applyRequestMapping({ operations }: RequestMapping, sources: Sources): MappedRequest {
  const { request } = sources;
  if (operations.length === 0) return { request };
  let headers: RawHeaders = request.headers.raw;
  let query: QueryValues | undefined;
  let path: string | undefined;
  for (const { action, location, name, value } of operations) {
    const text = action === "remove" ? "" : value(sources);
    if (text === undefined) continue;
    if (location === "path") path = text.startsWith("/") ? text : `/${text}`;
    else if (location === "header") headers = changedHeaders(headers, action, name, text);
    else query = changedQuery(query ?? request.query, action, name, text);
  }
  const changed = {
    ...request,
    headers: new HeaderFields(headers),
    ...(query && { query, rawQuery: queryText(query) }),
    ...(path !== undefined && { path, rawPath: path, mapping: undefined }),
  };
  return { request: changed, ...(path !== undefined && { path }) };
}

/** What the integration answered, with the mappings for its status. */
export function applyResponseMapping({ byStatus }: ResponseMapping, answer: Answer, sources: Sources): Answer {
  let { status, headers } = answer;
  for (const { action, location, name, value } of byStatus.get(answer.status) ?? []) {
    const text = action === "remove" ? "" : value({ ...sources, answer });
    if (text === undefined) continue;
    if (location === "header") headers = changedHeaders(headers, action, name, text);
    else if (/^[2-5]\d\d$/.test(text)) status = Number(text);
  }
  return { ...answer, status, headers };
}

function changedHeaders(
  headers: RawHeaders,
  action: Operation<unknown>["action"],
  name: string,
  text: string,
): RawHeaders {
  // A value that would end the field is not set: nothing of a request may add another one.
  if (breaksField(text)) return headers;
  const lower = name.toLowerCase();
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const field = headers[at] as string;
    if (action === "append" || field.toLowerCase() !== lower) kept.push(field, headers[at + 1] as string);
  }
  if (action !== "remove") kept.push(lower, asFieldValue(text));
  return kept;
}

function changedQuery(
  query: QueryValues,
  action: Operation<unknown>["action"],
  name: string,
  text: string,
): QueryValues {
  const changed = new Map(query);
  if (action === "remove") changed.delete(name);
  else changed.set(name, action === "append" ? [...(query.get(name) ?? []), text] : [text]);
  return changed;
}

function queryText(query: QueryValues): string {
  const pairs: string[] = [];
  for (const [name, values] of query) {
    for (const value of values) pairs.push(`${encodeQueryText(name)}=${encodeQueryText(value)}`);
  }
  return pairs.join("&");
}

/** `$context` as plain nested data; what is not known of a request is absent or null. */
export type ContextObject = Readonly<Record<string, unknown>>;

/** A value by its dotted name, e.g. `identity.sourceIp`: own properties only, undefined when there is none. */
export function lookupContext(context: ContextObject, name: string): unknown {
  // A context key of an authorizer may have dots of its own: the whole rest of a name is tried before its parts.
  let holder: unknown = context;
  let rest = name;
  for (;;) {
    if (typeof holder !== "object" || holder === null) return undefined;
    if (Object.hasOwn(holder, rest)) return (holder as ContextObject)[rest];
    const dot = rest.indexOf(".");
    const head = rest.slice(0, dot);
    if (dot === -1 || !Object.hasOwn(holder, head)) return undefined;
    holder = (holder as ContextObject)[head];
    rest = rest.slice(dot + 1);
  }
}

/**
 * A context value as text: strings as they are, lists as JSON. Null, absent and maps have none: `authorizer.claims` alone
 * is null (D: Developer Guide, "Variables for access logging").
 */
export function contextText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return JSON.stringify(value);
  return typeof value === "object" ? undefined : String(value);
}

/** Bytes of one access log format (D: 3 KB). */
export const MAX_ACCESS_LOG_FORMAT_BYTES = 3 * 1024;
/** What a variable without a value prints in an access log (C: two published logs). */
export const MISSING_IN_ACCESS_LOG = "-";
/** What a variable without a value prints in a gateway response template (?). */
export const MISSING_IN_GATEWAY_RESPONSE = "";

export type AccessLogVerdict =
  | { readonly ok: true; readonly render: (context: ContextObject) => string }
  | { readonly ok: false; readonly message: string };

const VARIABLE_NAME = "[a-zA-Z_][a-zA-Z0-9_-]*(?:\\.[a-zA-Z0-9_][a-zA-Z0-9_-]*)*";
/** `$context.a.b` and `${context.a.b}`. */
const CONTEXT_VARIABLE = new RegExp(`\\$(?:context\\.(${VARIABLE_NAME})|\\{context\\.(${VARIABLE_NAME})\\})`, "g");
const REQUIRED_VARIABLES = ["requestId", "extendedRequestId"];

/**
 * Compiles an access log format: one line with `$context.` variables only (D: Developer Guide, "Set up CloudWatch
 * logging"). It is not VTL.
 */
export function compileAccessLogFormat(format: string): AccessLogVerdict {
  if (format.trim() === "") return { ok: false, message: "it is empty" };
  if (Buffer.byteLength(format) > MAX_ACCESS_LOG_FORMAT_BYTES) {
    return { ok: false, message: `it has more than ${MAX_ACCESS_LOG_FORMAT_BYTES} bytes` };
  }
  if (/[\r\n]/.test(format.trimEnd())) return { ok: false, message: "it has more than one line" };
  const { texts, names } = splitAtVariables(format.trimEnd(), CONTEXT_VARIABLE);
  const foreign = texts
    .map((text) => /\$\{?([a-zA-Z][a-zA-Z0-9_.]*)/.exec(text)?.[0])
    .find((found) => found !== undefined);
  if (foreign !== undefined) return { ok: false, message: `it has ${foreign}: only $context variables can be logged` };
  if (!names.some((name) => REQUIRED_VARIABLES.includes(name))) {
    return { ok: false, message: "it has neither $context.requestId nor $context.extendedRequestId" };
  }
  return {
    ok: true,
    render: (context) =>
      fill(texts, names, (name) => {
        const text = contextText(lookupContext(context, name));
        // A log record is one line whatever a client sent.
        return text === undefined || text === "" ? MISSING_IN_ACCESS_LOG : escapeLineBreaks(text);
      }),
  };
}

/** What a gateway response template can read besides `$context`. */
export interface GatewayResponseSources {
  readonly context: ContextObject;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** `$method.request.{location}.{name}`; undefined when the request has no such parameter. */
  readonly parameter: (location: "header" | "querystring" | "path", name: string) => string | undefined;
}

const PARAMETER_NAME = "[a-zA-Z0-9_-]+(?:\\.[a-zA-Z0-9_-]+)*";
const RESPONSE_VARIABLE = new RegExp(
  ["", "\\{"]
    .map((open) => {
      const names = `context\\.${VARIABLE_NAME}|stageVariables\\.[a-zA-Z0-9_]+|method\\.request\\.(?:header|querystring|path)\\.${PARAMETER_NAME}`;
      return `\\$${open}(${names})${open === "" ? "" : "\\}"}`;
    })
    .join("|"),
  "g",
);

/**
 * Compiles a gateway response template: variables are put into the text as they are, and that is all. It is not VTL
 * (D: Developer Guide, "Gateway responses in API Gateway").
 */
export function compileGatewayResponseTemplate(text: string): (sources: GatewayResponseSources) => string {
  const { texts, names } = splitAtVariables(text, RESPONSE_VARIABLE);
  return (sources) => fill(texts, names, (name) => gatewayResponseValue(name, sources));
}

function gatewayResponseValue(name: string, { context, stageVariables, parameter }: GatewayResponseSources): string {
  if (name.startsWith("context.")) {
    const value = lookupContext(context, name.slice("context.".length));
    if (name === "context.error.messageString" && value === undefined) {
      return JSON.stringify(lookupContext(context, "error.message") ?? null); // quoted, so null is `null` (D)
    }
    return contextText(value) ?? MISSING_IN_GATEWAY_RESPONSE;
  }
  if (name.startsWith("stageVariables.")) {
    const variable = name.slice("stageVariables.".length);
    return (
      (Object.hasOwn(stageVariables, variable) ? stageVariables[variable] : undefined) ?? MISSING_IN_GATEWAY_RESPONSE
    );
  }
  const [, , location, ...rest] = name.split(".");
  const value = parameter(location as "header" | "querystring" | "path", rest.join(".")); // the expression lists these
  return value ?? MISSING_IN_GATEWAY_RESPONSE;
}

interface SplitText {
  /** One more than there are names. */
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

function splitAtVariables(text: string, expression: RegExp): SplitText {
  const texts: string[] = [];
  const names: string[] = [];
  let copied = 0;
  for (const match of text.matchAll(expression)) {
    texts.push(text.slice(copied, match.index));
    names.push(match[1] ?? match[2] ?? "");
    copied = match.index + match[0].length;
  }
  texts.push(text.slice(copied));
  return { texts, names };
}

function fill(texts: readonly string[], names: readonly string[], value: (name: string) => string): string {
  let output = texts[0] ?? "";
  for (const [index, name] of names.entries()) output += value(name) + (texts[index + 1] ?? "");
  return output;
}

function escapeLineBreaks(text: string): string {
  return text.replace(/[\r\n]/g, (char) => (char === "\n" ? "\\n" : "\\r"));
}

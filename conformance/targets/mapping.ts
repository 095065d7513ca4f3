import {
  compileAccessLogFormat,
  compileGatewayResponseTemplate,
} from "../../src/execute-api/mapping/context-variables.ts";
import {
  evaluateParameter,
  parseParameterSource,
  parseParameterTarget,
} from "../../src/execute-api/mapping/parameters.ts";
import { type MappingInput, renderMappingTemplate } from "../../src/execute-api/mapping/render-mapping-template.ts";
import { parseTemplate } from "../../src/execute-api/mapping/velocity/parse-template.ts";
import { type LongText, longText } from "./long-text.ts";
import { type Members, refuseUnknown } from "./refuse-unknown.ts";

interface Given {
  /** What `template` is: a mapping template (the default), another of API Gateway's small languages, or one side of a parameter mapping. */
  readonly language?: "vtl" | "gateway-response" | "access-log" | "parameter" | "parameter-target";
  readonly template: LongText;
  /** A request template that is rendered first; what it overrides is known to `template`, the response template. */
  readonly requestTemplate?: string;
}

interface When {
  readonly body?: string;
  /** Lists only for `parameter`. */
  readonly params?: {
    readonly path?: Record<string, string>;
    readonly querystring?: Record<string, string | string[]>;
    readonly header?: Record<string, string | string[]>;
  };
  /** The integration's answer, for `parameter`. */
  readonly response?: { readonly header?: Record<string, string[]>; readonly body?: string };
  readonly context?: Record<string, unknown>;
  readonly stageVariables?: Record<string, string>;
}

const GIVEN_MEMBERS: Members<Given> = { language: true, template: true, requestTemplate: true };
const WHEN_MEMBERS: Members<When> = { body: true, params: true, response: true, context: true, stageVariables: true };

/**
 * `given: {language?, template, requestTemplate?}`, `when: {body?, params?, context?, stageVariables?}` →
 * `{output, json?, requestOverride, responseOverride}`, `{output}`, `{value}` or `{error}`. `json` is the output read as JSON.
 */
export async function askMapping(
  given: Readonly<Record<string, unknown>>,
  when: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  refuseUnknown("given", given, GIVEN_MEMBERS);
  refuseUnknown("when", when, WHEN_MEMBERS);
  const { language = "vtl", requestTemplate, ...asked } = given as unknown as Given;
  const template = longText(asked.template);
  switch (language) {
    case "vtl":
      return render(template, requestTemplate, when as When);
    case "access-log": {
      const format = compileAccessLogFormat(template);
      return format.ok ? { output: format.render((when as When).context ?? {}) } : { error: format.message };
    }
    case "gateway-response": {
      const { params, context = {}, stageVariables = {} } = when as When;
      return {
        output: compileGatewayResponseTemplate(template)({
          context,
          stageVariables,
          parameter: (location, name) => valuesOf(params?.[location], name)?.at(-1),
        }),
      };
    }
    case "parameter":
      return mapParameter(template, when as When);
    case "parameter-target": {
      const parsed = parseParameterTarget(template);
      return parsed.ok ? parsed.target : { error: parsed.message };
    }
  }
}

function mapParameter(text: string, { body = "", params, response, context = {}, stageVariables = {} }: When): unknown {
  const parsed = parseParameterSource(text);
  if (!parsed.ok) return { error: parsed.message };
  const outcome = evaluateParameter(parsed.source, {
    path: params?.path ?? {},
    querystring: (name) => valuesOf(params?.querystring, name),
    header: (name) => valuesOf(params?.header, name),
    body,
    ...(response && {
      response: { header: (name) => valuesOf(response.header, name), body: response.body ?? "" },
    }),
    stageVariables,
    context,
  });
  return outcome.ok ? { value: outcome.value } : { status: outcome.status, message: outcome.message };
}

function render(template: string, requestTemplate: string | undefined, when: When): unknown {
  const { body = "", params, context = {}, stageVariables = {} } = when;
  const input = {
    body,
    params: { path: {}, querystring: {}, header: {}, ...params } as MappingInput["params"],
    context,
    stageVariables,
  };
  try {
    const before = requestTemplate === undefined ? undefined : renderText(requestTemplate, input);
    const { overrides, ...outcome } = renderText(template, { ...input, overridesSoFar: before?.overrides });
    // Maps and null-prototype objects become plain data for the comparison.
    const plain = JSON.parse(
      JSON.stringify(outcome, (_key, value) => (value instanceof Map ? Object.fromEntries(value) : value)),
    );
    return { ...plain, json: parsedOrAbsent(outcome.output) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function renderText(text: string, input: MappingInput): ReturnType<typeof renderMappingTemplate> {
  const parsed = parseTemplate(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return renderMappingTemplate(parsed.template, input);
}

function parsedOrAbsent(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function valuesOf(
  parameters: Record<string, string | string[]> | undefined,
  name: string,
): readonly string[] | undefined {
  if (parameters === undefined || !Object.hasOwn(parameters, name)) return undefined;
  const values = parameters[name] ?? [];
  return typeof values === "string" ? [values] : values;
}

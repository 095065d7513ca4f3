import {
  ContextVariable,
  NO_PARAMETERS,
  type OverriddenParameters,
  type Overrides,
  overriddenParameters,
  overriddenStatus,
} from "./context-overrides.ts";
import type { ContextObject } from "./context-variables.ts";
import { InputVariable, type RequestParameters } from "./input-variable.ts";
import { UTIL_VARIABLE } from "./util-variable.ts";
import { Budget } from "./velocity/budget.ts";
import { JavaMap, type JavaValue } from "./velocity/java-value.ts";
import type { Template } from "./velocity/parse-template.ts";

/** What a mapping template can read. */
export interface MappingInput {
  readonly body: string;
  readonly params: RequestParameters;
  readonly context: ContextObject;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** What the request template overrode, when this is the response template. */
  readonly overridesSoFar?: Overrides | undefined;
}

/** The rendered payload, and what the template overrode. */
export interface MappingOutcome {
  readonly output: string;
  readonly requestOverride: {
    readonly header: OverriddenParameters;
    readonly path: OverriddenParameters;
    readonly querystring: OverriddenParameters;
  };
  readonly responseOverride: { readonly status?: number; readonly header: OverriddenParameters };
  /** To be given to the response template: `$context.requestOverride.path.x` is readable there (R). */
  readonly overrides: Overrides | undefined;
}

/**
 * What an undefined reference is worth on API Gateway: the empty string, whatever the reference. Follows from the
 * recordings: a missing `$result` prints nothing, equals `""` and equals `$null`; `$list.nested` prints nothing
 * (R: test_input_path_template_formatting). `#if($missing)` is then true, as for any string in Velocity 1.7 (?).
 */
export const UNDEFINED_REFERENCE = "";

const NOTHING_OVERRIDDEN: Pick<MappingOutcome, "requestOverride" | "responseOverride"> = {
  requestOverride: { header: NO_PARAMETERS, path: NO_PARAMETERS, querystring: NO_PARAMETERS },
  responseOverride: { header: NO_PARAMETERS },
};

/**
 * Renders a mapping template of an integration request or response. Throws TemplateError only.
 *
 * @example
 * const { output } = renderMappingTemplate(template, { body: '{"id":7}', params, context, stageVariables: {} });
 */
export function renderMappingTemplate(template: Template, input: MappingInput): MappingOutcome {
  const { overridesSoFar } = input;
  if (template.constant !== undefined && overridesSoFar === undefined) {
    return { output: template.constant, ...NOTHING_OVERRIDDEN, overrides: undefined };
  }
  const context = new ContextVariable(input.context, overridesSoFar);
  const variables = new Map<string, JavaValue>([
    ["input", new InputVariable(input.body, input.params)],
    ["context", context],
    ["stageVariables", new JavaMap(input.stageVariables)],
    ["util", UTIL_VARIABLE],
  ]);
  const output = template.render({ variables, undefinedValue: UNDEFINED_REFERENCE });
  const { overrides } = context;
  if (overrides === undefined) return { output, ...NOTHING_OVERRIDDEN, overrides };
  const budget = new Budget();
  const status = overriddenStatus(overrides.response, budget);
  return {
    output,
    requestOverride: {
      header: overriddenParameters(overrides.request, "header", budget),
      path: overriddenParameters(overrides.request, "path", budget),
      querystring: overriddenParameters(overrides.request, "querystring", budget),
    },
    responseOverride: {
      ...(status !== undefined && { status }),
      header: overriddenParameters(overrides.response, "header", budget),
    },
    overrides,
  };
}

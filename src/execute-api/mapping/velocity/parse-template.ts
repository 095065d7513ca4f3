import type { Render } from "./compile-expression.ts";
import { compileTemplate, runTemplate } from "./compile-template.ts";
import { MAX_TEMPLATE_BYTES } from "./limits.ts";
import { StatementParser } from "./parse-statements.ts";
import { RenderState, type Variables } from "./render-state.ts";
import type { Macro } from "./syntax-tree.ts";
import { TemplateError } from "./template-error.ts";
import { SyntaxMismatch, TemplateSource } from "./template-source.ts";

export type TemplateVerdict =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string };

export interface RenderOptions {
  /** The references a template starts with; `#set` changes this map. */
  readonly variables: Variables;
  /** What an undefined reference is worth: null prints its name as plain Velocity does, "" prints nothing. */
  readonly undefinedValue: null | "";
  readonly maxSteps?: number;
}

/** A parsed template, to be rendered any number of times. */
export class Template {
  readonly name: string | undefined;
  /** The output, when it is the same for every request: a template without references or directives. */
  readonly constant: string | undefined;
  readonly #render: Render;

  constructor(name: string | undefined, constant: string | undefined, render: Render) {
    this.name = name;
    this.constant = constant;
    this.#render = render;
  }

  /** Renders the template. Throws TemplateError, and nothing else. */
  render(options: RenderOptions): string {
    if (this.constant !== undefined) return this.constant;
    const state = new RenderState(options.variables, options.undefinedValue, options.maxSteps);
    try {
      runTemplate(this.#render, state);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      if (error instanceof RangeError) {
        throw new TemplateError("limit", "the template nests values or calls too deep", state.at, error);
      }
      throw new TemplateError("internal", "the template could not be rendered", state.at, error);
    }
    return state.output;
  }
}

/**
 * Parses a mapping template: Velocity 1.7 without `#parse`, `#include` and `#evaluate`. Never throws.
 *
 * @example
 * const verdict = parseTemplate('{"id": "$input.params("id")"}');
 * if (!verdict.ok) console.error(`${verdict.line}:${verdict.column} ${verdict.message}`);
 */
export function parseTemplate(source: string, name?: string): TemplateVerdict {
  if (Buffer.byteLength(source) > MAX_TEMPLATE_BYTES) {
    return { ok: false, line: 1, column: 1, message: `a template has at most ${MAX_TEMPLATE_BYTES} bytes` };
  }
  const text = new TemplateSource(source);
  const macros = new Map<string, Macro>();
  try {
    const statements = new StatementParser(text, macros).parseAll();
    const [first, ...others] = statements;
    if (first === undefined) return { ok: true, template: new Template(name, "", () => undefined) };
    const constant = first.kind === "text" && others.length === 0 ? first.text : undefined;
    return { ok: true, template: new Template(name, constant, compileTemplate(statements, macros)) };
  } catch (error) {
    if (error instanceof SyntaxMismatch) return { ok: false, ...error.at, message: error.message };
    if (error instanceof RangeError)
      return { ok: false, line: 1, column: 1, message: "the template is nested too deep" };
    throw error;
  }
}

import { asFieldValue, breaksField } from "../header-text.ts";
import {
  evaluateParameter,
  type ParameterSource,
  type ParameterTarget,
  type ParameterValues,
  parseParameterSource,
  parseParameterTarget,
} from "../mapping/parameters.ts";
import { parseTemplate, type Template } from "../mapping/velocity/parse-template.ts";
import { firstMediaType } from "./binary-media.ts";
import type { CompiledIntegration } from "./deployment.ts";
import { isForbiddenTarget } from "./header-rules.ts";

/** A mapping template of one content type, parsed. */
export interface CompiledTemplate {
  /** As declared, e.g. `application/json` or `$default`. */
  readonly contentType: string;
  readonly template: Template;
}

/** The mapping templates of one integration request or response. */
export interface TemplateByType {
  /** As declared. */
  readonly inOrder: readonly CompiledTemplate[];
  /** By content type in lower case. */
  readonly byType: ReadonlyMap<string, CompiledTemplate>;
}

export const NO_TEMPLATES: TemplateByType = { inOrder: [], byType: new Map() };

/** One parsed parameter mapping. */
export interface ParameterMapping {
  readonly source: ParameterSource;
  readonly target: ParameterTarget;
  /** A value for this header fails the request: AWS does not let an integration set it (R). */
  readonly isForbidden: boolean;
}

export type Compiled<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

/**
 * Parses templates by content type. An empty one is none at all: the payload passes through, which is what consoles and
 * Terraform modules mean by it (C).
 */
export function compileTemplates(templates: Readonly<Record<string, string>>): Compiled<TemplateByType> {
  const inOrder: CompiledTemplate[] = [];
  const byType = new Map<string, CompiledTemplate>();
  for (const [contentType, text] of Object.entries(templates)) {
    if (text === "") continue;
    const parsed = parseTemplate(text, contentType);
    if (!parsed.ok)
      return {
        ok: false,
        message: `the mapping template for ${contentType} cannot be read: ${parsed.message} (line ${parsed.line}, column ${parsed.column})`,
      };
    const compiled = { contentType, template: parsed.template };
    inOrder.push(compiled);
    byType.set(contentType === "$default" ? contentType : (firstMediaType(contentType) ?? ""), compiled);
  }
  return { ok: true, value: { inOrder, byType } };
}

/** Parses `target: source` pairs of an integration request (`request`) or integration response (`response`). */
export function compileParameterMappings(
  parameters: Readonly<Record<string, string>>,
  side: "request" | "response",
  type: CompiledIntegration["type"],
): Compiled<readonly ParameterMapping[]> {
  const mappings: ParameterMapping[] = [];
  for (const [left, right] of Object.entries(parameters)) {
    const target = parseParameterTarget(left);
    if (!target.ok) return { ok: false, message: `${left}: ${target.message}` };
    const source = parseParameterSource(right);
    if (!source.ok) return { ok: false, message: `${left}: ${source.message}` };
    if ((target.target.kind === "integrationRequest") !== (side === "request")) {
      return { ok: false, message: `${left} is no parameter of an integration ${side}` };
    }
    const readsResponse = source.source.kind === "responseHeader" || source.source.kind === "responseBody";
    if (side === "request" && readsResponse)
      return { ok: false, message: `${left}: ${right} is not known before the integration answers` };
    mappings.push({
      source: source.source,
      target: target.target,
      isForbidden:
        side === "request" && target.target.location === "header" && isForbiddenTarget(type, target.target.name),
    });
  }
  return { ok: true, value: mappings };
}

/**
 * The template for a request: by its Content-Type without parameters (D), `application/json` when it names none, else
 * `$default` (C).
 */
export function requestTemplate(
  templates: TemplateByType,
  contentType: string | undefined,
): CompiledTemplate | undefined {
  if (templates.inOrder.length === 0) return undefined;
  return templates.byType.get(firstMediaType(contentType) ?? "application/json") ?? templates.byType.get("$default");
}

/** The template for a response: by the first media type of Accept (D), else `application/json`, else the first (D). */
export function responseTemplate(templates: TemplateByType, accept: string | undefined): CompiledTemplate | undefined {
  if (templates.inOrder.length === 0) return undefined;
  const wanted = firstMediaType(accept);
  return (
    (wanted === undefined ? undefined : templates.byType.get(wanted)) ??
    templates.byType.get("application/json") ??
    templates.inOrder[0]
  );
}

/** What evaluating a mapping gave: values to set, or why the request fails. */
export type MappedValue =
  | { readonly ok: true; readonly values: readonly string[] }
  | { readonly ok: false; readonly status: 400 | 500; readonly message: string };

const NONE: MappedValue = { ok: true, values: [] };

/** Evaluates one mapping. A header value that could end its field is refused, and so is a forbidden header. */
export function evaluateMapping(mapping: ParameterMapping, values: ParameterValues): MappedValue {
  const outcome = evaluateParameter(mapping.source, values);
  if (!outcome.ok) return outcome;
  if (outcome.value === undefined) return NONE;
  const { name, location } = mapping.target;
  if (mapping.isForbidden) return { ok: false, status: 500, message: `${name} header already present` };
  const all = typeof outcome.value === "string" ? [outcome.value] : outcome.value;
  return location === "header" ? asHeaderValues(name, all) : { ok: true, values: all };
}

/** Values fit for a header field, or why they are not. */
export function asHeaderValues(name: string, values: readonly string[]): MappedValue {
  const fields: string[] = [];
  for (const value of values) {
    if (breaksField(value))
      return {
        ok: false,
        status: 500,
        message: `the value for header ${name} holds a line break or control character`,
      };
    fields.push(asFieldValue(value));
  }
  return { ok: true, values: fields };
}

import { setOwn } from "../position-tree.ts";
import { isMapping } from "../source-node.ts";
import { pointerSteps } from "./resolve-ref.ts";

/** Keywords that the importer drops and that would have refused bodies (D: Developer Guide, known issues for REST APIs). */
const DROPPED_CHECKS = new Set(["exclusiveMinimum", "minItems", "maxItems"]);
/** Numeric in OpenAPI 3.1, boolean in JSON Schema draft 4, which models are written in. */
const DROPPED_WHEN_NUMERIC = new Set(["exclusiveMaximum"]);
/** Dropped too (D), or annotations of OpenAPI: none of them refuses a body. */
const DROPPED_NOTES = new Set([
  "discriminator",
  "example",
  "examples",
  "readOnly",
  "writeOnly",
  "default",
  "deprecated",
  "externalDocs",
  "xml",
  "nullable",
]);
/** Keywords whose value is a mapping of names to schemas. */
const SCHEMA_MAPS = new Set(["properties", "patternProperties", "definitions", "dependencies"]);
/** Keywords whose value is a schema or a list of schemas. */
const SCHEMAS = new Set(["items", "additionalItems", "additionalProperties", "allOf", "anyOf", "oneOf", "not"]);

export interface ModelSchema {
  readonly schema: unknown;
  /** Keywords left out that would have refused bodies. */
  readonly dropped: ReadonlySet<string>;
  /** `$ref`s to other models of the API, by name, and those that could not be read. */
  readonly refs: ReadonlySet<string>;
  readonly badRefs: readonly string[];
}

/**
 * An OpenAPI schema as the importer stores it: JSON Schema draft 4, `nullable` as a type, references as
 * `https://apigateway.amazonaws.com/restapis/{apiId}/models/{Name}` (D: Developer Guide, "Data models").
 */
export function toModelSchema(schema: unknown, apiId: string): ModelSchema {
  const dropped = new Set<string>();
  const refs = new Set<string>();
  const badRefs: string[] = [];

  function convert(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(convert);
    if (!isMapping(value)) return value;
    const result: Record<string, unknown> = {};
    if (typeof value.$ref === "string") return { $ref: convertRef(value.$ref) };
    for (const [key, inner] of Object.entries(value)) {
      if (DROPPED_CHECKS.has(key) || (DROPPED_WHEN_NUMERIC.has(key) && typeof inner === "number")) dropped.add(key);
      else if (DROPPED_NOTES.has(key) || key.startsWith("x-")) continue;
      else if (key === "format" && (inner === "int32" || inner === "int64")) continue;
      else if (SCHEMA_MAPS.has(key) && isMapping(inner)) setOwn(result, key, convertMap(inner));
      else setOwn(result, key, SCHEMAS.has(key) ? convert(inner) : inner);
    }
    return value.nullable === true ? withNull(result) : result;
  }

  function convertMap(map: Record<string, unknown>): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(map)) setOwn(result, name, convert(inner));
    return result;
  }

  function convertRef(ref: string): string {
    if (!ref.startsWith("#")) {
      if (!/^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\/[A-Za-z0-9]+$/.test(ref)) badRefs.push(ref);
      return ref;
    }
    const model = modelOfRef(ref);
    if (!model) {
      badRefs.push(ref);
      return ref;
    }
    refs.add(model.name);
    return `https://apigateway.amazonaws.com/restapis/${apiId}/models/${model.name}${model.rest}`;
  }

  return { schema: convert(schema), dropped, refs, badRefs };
}

/** The model that `#/definitions/Name` or `#/components/schemas/Name` means, and the pointer into it. */
export function modelOfRef(ref: string): { readonly name: string; readonly rest: string } | undefined {
  const steps = pointerSteps(ref) ?? [];
  const taken = steps[0] === "definitions" ? 1 : steps[0] === "components" && steps[1] === "schemas" ? 2 : 0;
  const name = steps[taken];
  if (taken === 0 || name === undefined) return undefined;
  const rest = steps.slice(taken + 1);
  return { name, rest: rest.length === 0 ? "" : `#/${rest.join("/")}` };
}

function withNull(schema: Record<string, unknown>): Record<string, unknown> {
  const { type } = schema;
  const list = schema.enum;
  return {
    ...schema,
    ...(typeof type === "string" ? { type: [type, "null"] } : {}),
    ...(Array.isArray(list) && !list.includes(null) ? { enum: [...list, null] } : {}),
  };
}

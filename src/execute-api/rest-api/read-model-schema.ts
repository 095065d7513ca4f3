import type { Model } from "../../model/rest-api.ts";

/*
 * A model's JSON Schema (draft 4) as the validator gets it: every keyword known, every `$ref` resolved within the API.
 * What is not understood is a finding, never skipped: a skipped keyword would let bodies through.
 */

export type ModelSchemaVerdict =
  | {
      readonly ok: true;
      readonly schema: Readonly<Record<string, unknown>> /** Names of the models it refers to. */;
      readonly models: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

/** Schemas inside one another. */
export const SCHEMA_DEPTH_LIMIT = 200;

/** Keywords whose value is one schema, several by name, or several by position. */
const ONE_SCHEMA: ReadonlySet<string> = new Set(["additionalItems", "additionalProperties", "not", "items"]);
const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set(["definitions", "properties", "patternProperties"]);
const SCHEMA_LIST: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf"]);

/** The other keywords of draft 4 that judge. */
const JUDGING: ReadonlySet<string> = new Set([
  "dependencies",
  "enum",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "format",
  "maxItems",
  "maxLength",
  "maxProperties",
  "maximum",
  "minItems",
  "minLength",
  "minProperties",
  "minimum",
  "multipleOf",
  "pattern",
  "required",
  "type",
  "uniqueItems",
]);

/** Say something about a value and judge nothing; `discriminator` has no effect in API Gateway (D). `x-…` too. */
const DESCRIBING: ReadonlySet<string> = new Set([
  "$schema",
  "default",
  "deprecated",
  "description",
  "discriminator",
  "example",
  "examples",
  "externalDocs",
  "readOnly",
  "title",
  "writeOnly",
  "xml",
]);

/** The URI under which a model is known to the validator. */
export function schemaUri(modelName: string): string {
  return `gatewarden-model:/${encodeURIComponent(modelName)}`;
}

/** Rewrites one model; `isModel` tells which other names exist. */
export function readModelSchema(model: Model, isModel: (name: string) => boolean): ModelSchemaVerdict {
  const models = new Set<string>();
  try {
    const root = asMap(model.schema);
    if (root === undefined) throw new NotUnderstood("#", "is no JSON object");
    const schema = readSchema(root, { model, root, isModel, models, path: "#", depth: 0 });
    return { ok: true, schema, models: [...models] };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return { ok: false, message: `model "${model.name}" at ${error.path} ${error.message}` };
  }
}

class NotUnderstood extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

interface Place {
  readonly model: Model;
  readonly root: Readonly<Record<string, unknown>>;
  readonly isModel: (name: string) => boolean;
  readonly models: Set<string>;
  readonly path: string;
  readonly depth: number;
}

function readSchema(value: unknown, place: Place): Record<string, unknown> {
  const schema = asMap(value);
  if (schema === undefined) throw new NotUnderstood(place.path, "is no schema (a JSON object is wanted)");
  if (place.depth > SCHEMA_DEPTH_LIMIT)
    throw new NotUnderstood(place.path, `is nested deeper than ${SCHEMA_DEPTH_LIMIT} schemas`);
  const read: Record<string, unknown> = Object.create(null);
  // Beside a $ref everything else is ignored (draft 4), but for the definitions that others may point at.
  const hasRef = typeof schema.$ref === "string";
  if (hasRef) read.$ref = readRef(schema.$ref as string, place);
  for (const [keyword, inner] of Object.entries(schema)) {
    const path = `${place.path}/${keyword.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const below = { ...place, path, depth: place.depth + 1 };
    if (hasRef && keyword !== "definitions") continue;
    if (SCHEMAS_BY_NAME.has(keyword)) {
      const byName = asMap(inner);
      if (byName === undefined) throw new NotUnderstood(path, "is no JSON object");
      const readByName: Record<string, unknown> = Object.create(null);
      for (const [name, each] of Object.entries(byName))
        readByName[name] = readSchema(each, { ...below, path: `${path}/${name}` });
      read[keyword] = readByName;
    } else if (SCHEMA_LIST.has(keyword) || (keyword === "items" && Array.isArray(inner))) {
      if (!Array.isArray(inner)) throw new NotUnderstood(path, "is no list of schemas");
      read[keyword] = inner.map((each, at) => readSchema(each, { ...below, path: `${path}/${at}` }));
    } else if (ONE_SCHEMA.has(keyword)) {
      read[keyword] = typeof inner === "boolean" && keyword.startsWith("additional") ? inner : readSchema(inner, below);
    } else if (keyword === "dependencies") {
      const byName = asMap(inner);
      if (byName === undefined) throw new NotUnderstood(path, "is no JSON object");
      const readByName: Record<string, unknown> = Object.create(null);
      for (const [name, each] of Object.entries(byName)) {
        readByName[name] = Array.isArray(each) ? each : readSchema(each, { ...below, path: `${path}/${name}` });
      }
      read[keyword] = readByName;
    } else if (JUDGING.has(keyword)) {
      read[keyword] = inner;
    } else if (keyword === "id") {
      // A base address would move every $ref; models refer to each other by name.
      if (typeof inner !== "string") throw new NotUnderstood(path, "is no text");
    } else if (!DESCRIBING.has(keyword) && !keyword.startsWith("x-")) {
      throw new NotUnderstood(path, `uses the keyword "${keyword}", which JSON Schema draft 4 does not have`);
    }
  }
  return read;
}

const MODEL_URL = /^https?:\/\/[^/?#]+\/restapis\/[^/?#]+\/models\/([A-Za-z0-9]+)(?:#(.*))?$/;
const MODEL_POINTER = /^#\/(?:definitions|components\/schemas)\/([^/]+)((?:\/.*)?)$/;

/** AWS's three forms of naming a model (D), or a pointer into the same document. */
function readRef(ref: string, place: Place): string {
  const url = MODEL_URL.exec(ref);
  if (url !== null) return modelRef(url[1] ?? "", url[2] ?? "", ref, place);
  if (ref.startsWith("#") && pointsInside(ref.slice(1), place.root)) return ref;
  const pointer = MODEL_POINTER.exec(ref);
  if (pointer !== null) return modelRef(unescape(pointer[1] ?? ""), pointer[2] ?? "", ref, place);
  throw new NotUnderstood(
    place.path,
    `has a $ref that does not lead to a model of this API: ${JSON.stringify(ref.slice(0, 200))}`,
  );
}

function modelRef(name: string, pointer: string, ref: string, place: Place): string {
  if (!place.isModel(name)) {
    throw new NotUnderstood(
      place.path,
      `refers to a model that this API does not have: ${JSON.stringify(ref.slice(0, 200))}`,
    );
  }
  place.models.add(name);
  return `${schemaUri(name)}#${pointer}`;
}

function pointsInside(pointer: string, root: unknown): boolean {
  if (pointer === "") return true;
  if (!pointer.startsWith("/")) return false;
  let value: unknown = root;
  for (const token of pointer.slice(1).split("/")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, unescape(token))) return false;
    value = (value as Readonly<Record<string, unknown>>)[unescape(token)];
  }
  return true;
}

function unescape(token: string): string {
  let text = token;
  try {
    text = decodeURIComponent(token);
  } catch {
    // A stray percent sign is itself.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

function asMap(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

import { createRequire } from "node:module";
import type { Model, RestApi } from "../../model/rest-api.ts";
import { describeSchemaErrors, namePlaces, type SchemaError } from "./describe-schema-errors.ts";
import { type ModelSchemaVerdict, readModelSchema, schemaUri } from "./read-model-schema.ts";

/** Judges request bodies against one model. */
export interface BodyValidator {
  readonly modelName: string;
  /** An empty body is judged as `{}` (R). */
  validate(body: string): BodyVerdict;
}

export type BodyVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** `$context.error.validationErrorString`, in AWS's wording (C); quotes the body. */
      readonly validationErrorString: string;
      /** `required at /pets/0`: fit for records, holds no value of the body. */
      readonly violations: readonly string[];
    };

export type BodyValidatorVerdict =
  | { readonly ok: true; readonly validator: BodyValidator }
  | { readonly ok: false; readonly message: string };

/** Bodies up to this many characters have every error described; larger ones only the first, since errors cost memory. */
export const ALL_ERRORS_BODY_LIMIT_CHARS = 65_536;

/** For a body that is no JSON, and for an empty one that the model does not take (C captures). */
const UNPARSABLE = "[Unknown error parsing request body]";

/** Models that every new API has (R). */
const DEFAULT_MODELS: readonly Model[] = [
  {
    name: "Empty",
    contentType: "application/json",
    schema: { $schema: "http://json-schema.org/draft-04/schema#", title: "Empty Schema", type: "object" },
  },
  {
    name: "Error",
    contentType: "application/json",
    schema: {
      $schema: "http://json-schema.org/draft-04/schema#",
      title: "Error Schema",
      type: "object",
      properties: { message: { type: "string" } },
    },
  },
];

/** The part of ajv that is used here; its types are those of a CommonJS module that is loaded late. */
interface Validate {
  (instance: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}
interface Ajv {
  addSchema(schema: object, uri: string): unknown;
  getSchema(uri: string): Validate | undefined;
  addFormat(name: string, format: (text: string) => boolean): unknown;
  removeKeyword(keyword: string): unknown;
  addKeyword(definition: {
    keyword: string;
    type: string;
    schemaType: string;
    validate: (wanted: boolean, items: readonly unknown[]) => boolean;
  }): unknown;
}

const requireLate = createRequire(import.meta.url);

/** ajv costs 40 ms to load: only APIs that validate bodies pay. */
function newAjv(allErrors: boolean, formats: Readonly<Record<string, (text: string) => boolean>>): Ajv {
  // biome-ignore lint/complexity/useLiteralKeys: the CommonJS module's default export
  const AjvDraft04 = (requireLate("ajv-draft-04") as { default: new (options: object) => Ajv })["default"];
  const ajv = new AjvDraft04({
    strict: false,
    ownProperties: true,
    allErrors,
    verbose: true,
    unicodeRegExp: false,
    logger: false,
    validateFormats: true,
  });
  for (const [name, format] of Object.entries(formats)) ajv.addFormat(name, format);
  // ajv compares every two items, which a client's long list would turn into hours.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (wanted, items) => !wanted || areUnique(items),
  });
  return ajv;
}

function areUnique(items: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) seen.add(canonical(item));
  return seen.size === items.length;
}

/** JSON with sorted keys: objects that differ in the order of their keys are equal. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`);
  return `{${pairs.toSorted().join(",")}}`;
}

/** One API's models, compiled once however many methods use them. */
export class BodyValidators {
  readonly #models = new Map<string, Model>();
  readonly #schemas = new Map<string, ModelSchemaVerdict>();
  readonly #verdicts = new Map<string, BodyValidatorVerdict>();

  constructor(api: Pick<RestApi, "models">) {
    for (const model of [...DEFAULT_MODELS, ...api.models]) this.#models.set(model.name, model);
  }

  /** The validator of a model, or why it cannot be had: unknown model, invalid schema, a keyword or `$ref` not understood. */
  of(modelName: string): BodyValidatorVerdict {
    let verdict = this.#verdicts.get(modelName);
    if (verdict === undefined) {
      verdict = this.#compile(modelName);
      this.#verdicts.set(modelName, verdict);
    }
    return verdict;
  }

  #compile(modelName: string): BodyValidatorVerdict {
    const schemas = new Map<string, object | boolean>();
    const pending = [modelName];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (schemas.has(name)) continue;
      const schema = this.#schema(name);
      if (!schema.ok) return { ok: false, message: schema.message };
      schemas.set(name, schema.schema);
      pending.push(...schema.models);
    }
    const load = (allErrors: boolean): Validate => {
      const ajv = newAjv(allErrors, FORMATS);
      for (const [name, schema] of schemas) ajv.addSchema(schema as object, schemaUri(name));
      const validate = ajv.getSchema(schemaUri(modelName));
      if (validate === undefined) throw new Error(`model ${modelName} has no schema`);
      return validate;
    };
    try {
      return { ok: true, validator: new CompiledBodyValidator(modelName, load(false), () => load(true)) };
    } catch (error) {
      return {
        ok: false,
        message: `model "${modelName}" is no valid JSON Schema (draft 4): ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }

  #schema(name: string): ModelSchemaVerdict {
    let verdict = this.#schemas.get(name);
    if (verdict === undefined) {
      const model = this.#models.get(name);
      verdict =
        model === undefined
          ? { ok: false, message: `model "${name}" does not exist in this API` }
          : readModelSchema(model, (other) => this.#models.has(other));
      this.#schemas.set(name, verdict);
    }
    return verdict;
  }
}

class CompiledBodyValidator implements BodyValidator {
  readonly modelName: string;
  readonly #validate: Validate;
  readonly #loadDescribing: () => Validate;
  #describing: Validate | undefined;

  constructor(modelName: string, validate: Validate, loadDescribing: () => Validate) {
    this.modelName = modelName;
    this.#validate = validate;
    this.#loadDescribing = loadDescribing;
  }

  validate(body: string): BodyVerdict {
    const isEmpty = body.trim() === "";
    let instance: unknown;
    try {
      instance = isEmpty ? {} : JSON.parse(body);
    } catch {
      return { ok: false, validationErrorString: UNPARSABLE, violations: ["not JSON"] };
    }
    try {
      if (this.#validate(instance)) return { ok: true };
      let errors = this.#validate.errors ?? [];
      if (isEmpty)
        return { ok: false, validationErrorString: UNPARSABLE, violations: ["empty body", ...namePlaces(errors)] };
      if (body.length <= ALL_ERRORS_BODY_LIMIT_CHARS) {
        this.#describing ??= this.#loadDescribing();
        this.#describing(instance);
        errors = this.#describing.errors ?? errors;
      }
      return { ok: false, validationErrorString: describeSchemaErrors(errors), violations: namePlaces(errors) };
    } catch (error) {
      // A circular model over a body nested thousands deep: no answer is found, so the answer is no.
      if (error instanceof RangeError) {
        return { ok: false, validationErrorString: UNPARSABLE, violations: ["nested too deeply to be judged"] };
      }
      throw error;
    }
  }
}

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/**
 * Formats of the Java json-schema-validator for draft 4 (C); it only warns of others (`date`, `time`, `int32`, …), so
 * they pass here as well.
 */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  "date-time": isDateTime,
  email: (text) => /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,255}$/.test(text),
  hostname: (text) => HOST_NAME.test(text),
  ipv4: (text) => IPV4.test(text),
  ipv6: isIpv6,
  regex: isRegex,
  uri: isUri,
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  md5: (text) => /^[0-9a-f]{32}$/i.test(text),
  sha1: (text) => /^[0-9a-f]{40}$/i.test(text),
  sha256: (text) => /^[0-9a-f]{64}$/i.test(text),
  sha512: (text) => /^[0-9a-f]{128}$/i.test(text),
  mac: (text) => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text),
  base64: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  "json-pointer": (text) => /^(?:\/(?:[^~/]|~[01])*)*$/.test(text),
};

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,12})?(?:Z|[+-]\d{2}:?\d{2})$/;

function isDateTime(text: string): boolean {
  const parts = DATE_TIME.exec(text);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth && hour < 24 && minute < 60 && second < 60;
}

function isIpv6(text: string): boolean {
  return text.includes(":") && !text.includes("%") && URL.canParse(`http://[${text}]/`);
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** java.net.URI takes relative references too; blanks and controls it does not. */
function isUri(text: string): boolean {
  return /^[^\s"<>\\^`{|}]*$/.test(text) && !/%(?![0-9a-fA-F]{2})/.test(text);
}

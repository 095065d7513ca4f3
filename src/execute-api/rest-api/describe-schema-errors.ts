/** One error of the validator, as ajv shapes it. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly schema?: unknown;
  readonly parentSchema?: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly message?: string;
}

/** Errors described at most, and characters of one value quoted. */
export const DESCRIBED_ERRORS_LIMIT = 100;
export const QUOTED_VALUE_LIMIT_CHARS = 1_024;
/** Places named in a record at most. */
export const NAMED_PLACES_LIMIT = 20;

/**
 * What a body has wrong, in the wording of the Java json-schema-validator that API Gateway prints (C):
 * `[object has missing required properties (["price"])]`. Its message texts are those of
 * https://github.com/java-json-tools/json-schema-validator (validation.properties). Errors inside anyOf and oneOf are
 * summed up by one message, as there. conformance/rest-api/validation
 */
export function describeSchemaErrors(errors: readonly SchemaError[]): string {
  const kept = withoutBranches(errors);
  const names = namesByObject(kept);
  const texts: string[] = [];
  for (const error of kept) {
    if (texts.length === DESCRIBED_ERRORS_LIMIT) break;
    if (NAME_PARAMETERS[error.keyword] === undefined) {
      texts.push(describe(error));
      continue;
    }
    // Missing and surplus properties are one message per object, where the first of them stands.
    const group = groupOf(error);
    const list = names.get(group);
    if (list === undefined) continue;
    names.delete(group);
    const text = JSON.stringify([...list].toSorted());
    texts.push(
      error.keyword === "required"
        ? `object has missing required properties (${text})`
        : `object instance has properties which are not allowed by the schema: ${text}`,
    );
  }
  return `[${texts.join(", ")}]`;
}

/** The same without any value of the body, for records: keyword and place. */
export function namePlaces(errors: readonly SchemaError[]): string[] {
  return withoutBranches(errors)
    .slice(0, NAMED_PLACES_LIMIT)
    .map((error) => `${error.keyword} at ${error.instancePath === "" ? "/" : error.instancePath.slice(0, 200)}`);
}

const NAME_PARAMETERS: Readonly<Record<string, string>> = {
  required: "missingProperty",
  additionalProperties: "additionalProperty",
};

function groupOf(error: SchemaError): string {
  return `${error.keyword} ${error.instancePath} ${error.schemaPath}`;
}

function namesByObject(errors: readonly SchemaError[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const error of errors) {
    const parameter = NAME_PARAMETERS[error.keyword];
    if (parameter === undefined) continue;
    const group = groupOf(error);
    const list = names.get(group) ?? new Set();
    list.add(String(error.params[parameter]));
    names.set(group, list);
  }
  return names;
}

/** anyOf and oneOf report their branches' errors before their own: those are left out. */
function withoutBranches(errors: readonly SchemaError[]): SchemaError[] {
  const kept: SchemaError[] = [];
  for (const error of errors) {
    if (error.keyword === "anyOf" || error.keyword === "oneOf") {
      for (let last = kept.at(-1); last !== undefined && isBranchOf(last, error); last = kept.at(-1)) kept.pop();
    }
    kept.push(error);
  }
  return kept;
}

function isBranchOf(error: SchemaError, composition: SchemaError): boolean {
  if (!error.instancePath.startsWith(composition.instancePath)) return false;
  if (error.schemaPath.startsWith(`${composition.schemaPath}/`)) return true;
  // A branch that is a $ref reports paths of the schema it leads to.
  return baseOf(error.schemaPath) !== baseOf(composition.schemaPath);
}

function baseOf(schemaPath: string): string {
  return /^[^#]*#?(?:\/definitions\/[^/]+)?/.exec(schemaPath)?.[0] ?? "";
}

function describe(error: SchemaError): string {
  const { params, data, schema, parentSchema } = error;
  const limit = params.limit;
  switch (error.keyword) {
    case "type":
      return `instance type (${typeOf(data)}) does not match any allowed primitive type (allowed: ${allowedTypes(schema)})`;
    case "enum":
      return `instance value (${quoted(data)}) not found in enum (possible values: ${quoted(schema)})`;
    case "minimum":
      return parentSchema?.exclusiveMinimum === true && data === limit
        ? `numeric instance is not strictly greater than the required minimum ${limit}`
        : `numeric instance is lower than the required minimum (minimum: ${limit}, found: ${data})`;
    case "maximum":
      return parentSchema?.exclusiveMaximum === true && data === limit
        ? `numeric instance is not strictly lower than the required maximum ${limit}`
        : `numeric instance is greater than the required maximum (maximum: ${limit}, found: ${data})`;
    case "multipleOf":
      return `remainder of division is not zero (${data} / ${params.multipleOf})`;
    case "minLength":
      return `string ${quotedText(data)} is too short (length: ${lengthOf(data)}, required minimum: ${limit})`;
    case "maxLength":
      return `string ${quotedText(data)} is too long (length: ${lengthOf(data)}, maximum allowed: ${limit})`;
    case "pattern":
      return `ECMA 262 regex "${params.pattern}" does not match input string ${quotedText(data)}`;
    case "minItems":
      return `array is too short: must have at least ${limit} elements but instance has ${sizeOf(data)} elements`;
    case "maxItems":
      return `array is too long: must have at most ${limit} elements but instance has ${sizeOf(data)} elements`;
    case "uniqueItems":
      return "array must not contain duplicate elements";
    case "additionalItems":
      return `schema only allows ${limit} elements in array but instance has ${sizeOf(data)} elements`;
    case "minProperties":
      return `object has too few properties (found ${sizeOf(data)} but schema requires at least ${limit})`;
    case "maxProperties":
      return `object has too many properties (found ${sizeOf(data)} but schema requires at most ${limit})`;
    case "dependencies":
      return `property "${params.property}" of object has missing property dependencies (schema requires ${quoted(dependenciesOf(schema, params.property))}; missing: ${quoted(String(params.deps).split(", "))})`;
    case "anyOf":
      return `instance failed to match at least one required schema among ${sizeOf(schema)}`;
    case "oneOf":
      return `instance failed to match exactly one schema (matched ${sizeOf(params.passingSchemas)} out of ${sizeOf(schema)})`;
    case "not":
      return "instance matched a schema which it should not have";
    case "format":
      return describeFormat(String(params.format), data);
    default:
      return error.message ?? `instance does not satisfy ${error.keyword}`;
  }
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  email: "is not a valid email address",
  hostname: "is not a valid hostname",
  ipv4: "is not a valid IPv4 address",
  ipv6: "is not a valid IPv6 address",
  regex: "is not a valid ECMA 262 regular expression",
  uri: "is not a valid URI",
};
const INPUT_FORMAT_NAMES: Readonly<Record<string, string>> = {
  uuid: "is not a valid UUID",
  mac: "is not a valid MAC address",
  "json-pointer": "is not a valid JSON Pointer",
};
const DATE_TIME_FORMATS = "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]";

function describeFormat(format: string, data: unknown): string {
  if (format === "date-time")
    return `string ${quotedText(data)} is invalid against requested date format(s) ${DATE_TIME_FORMATS}`;
  if (FORMAT_NAMES[format] !== undefined) return `string ${quotedText(data)} ${FORMAT_NAMES[format]}`;
  if (INPUT_FORMAT_NAMES[format] !== undefined) return `input string ${quotedText(data)} ${INPUT_FORMAT_NAMES[format]}`;
  return `input string ${quotedText(data)} does not match format ${format}`;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** A number may be an integer; the names are sorted. */
function allowedTypes(schema: unknown): string {
  const types = new Set<string>(Array.isArray(schema) ? schema.map(String) : [String(schema)]);
  if (types.has("number")) types.add("integer");
  return JSON.stringify([...types].toSorted());
}

function dependenciesOf(schema: unknown, property: unknown): unknown {
  return typeof schema === "object" && schema !== null
    ? (schema as Readonly<Record<string, unknown>>)[String(property)]
    : [];
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return text.length <= QUOTED_VALUE_LIMIT_CHARS ? text : `${text.slice(0, QUOTED_VALUE_LIMIT_CHARS)}…`;
}

function quotedText(value: unknown): string {
  const text = String(value);
  return `"${text.length <= QUOTED_VALUE_LIMIT_CHARS ? text : `${text.slice(0, QUOTED_VALUE_LIMIT_CHARS)}…`}"`;
}

/** Code points, as the validator counts. */
function lengthOf(value: unknown): number {
  return typeof value === "string" ? [...value].length : 0;
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

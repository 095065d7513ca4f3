import { isJsonObject } from "../../token/json.ts";
import { invalidBody, notSupported } from "./management-error.ts";

/**
 * What a request body may hold. The words of its errors are those of Auth0's JSON schema validator; "Missing required
 * property", "Additional properties not allowed" (C) and "Array items are not unique" (R) are known from its answers, the
 * others belong to the same validator (?).
 */
export interface Payload {
  readonly fields: Readonly<Record<string, Check>>;
  readonly required?: readonly string[];
  /**
   * Auth0 has them and this issuer has no home for them. They are taken when they ask for nothing (null, false, empty),
   * as tools write them, and else refused by name: nothing is dropped in silence. A name under `fields` is none of them.
   */
  readonly unsupported?: readonly string[];
}

/** Throws for a value that cannot be. */
export type Check = (value: unknown, property: string) => void;

export type Fields = Readonly<Record<string, unknown>>;

/** Deeper bodies are refused. */
export const MAX_PAYLOAD_DEPTH = 32;

/** The body's fields that have a home, checked. */
export function readPayload(
  body: unknown,
  { fields, required = [], unsupported = [] }: Payload,
  property = "",
): Fields {
  if (!isJsonObject(body)) throw invalidBody(`Expected type object but found type ${typeOf(body)}`, property);
  const missing = required.find((name) => !Object.hasOwn(body, name));
  if (missing !== undefined) throw invalidBody(`Missing required property: ${missing}`, property);
  const unknown = Object.keys(body).filter((name) => !Object.hasOwn(fields, name) && !unsupported.includes(name));
  if (unknown.length > 0) throw invalidBody(`Additional properties not allowed: ${unknown.join(",")}`, property);
  const homeless = unsupported.filter(
    (name) => !Object.hasOwn(fields, name) && Object.hasOwn(body, name) && !asksForNothing(body[name]),
  );
  if (homeless.length > 0) {
    const names = homeless.map((name) => joined(property, name)).join(", ");
    throw notSupported(`Gatewarden's development issuer does not support ${names}. Leave it out of the request.`);
  }
  const kept = Object.entries(body).filter(([name]) => Object.hasOwn(fields, name));
  for (const [name, value] of kept) fields[name]!(value, joined(property, name));
  return Object.fromEntries(kept);
}

interface TextRule {
  readonly oneOf?: readonly string[];
  readonly minChars?: number;
  readonly maxChars?: number;
}

export function text({ oneOf, minChars = 0, maxChars = 2048 }: TextRule = {}): Check {
  return (value, property) => {
    if (typeof value !== "string") throw wrongType("string", value, property);
    if (oneOf && !oneOf.includes(value)) throw invalidBody(`No enum match for: ${value.slice(0, 64)}`, property);
    const chars = value.length;
    if (chars < minChars) throw invalidBody(`String is too short (${chars} chars), minimum ${minChars}`, property);
    if (chars > maxChars) throw invalidBody(`String is too long (${chars} chars), maximum ${maxChars}`, property);
  };
}

export const flag: Check = (value, property) => {
  if (typeof value !== "boolean") throw wrongType("boolean", value, property);
};

export function integer({ min, max }: { readonly min: number; readonly max: number }): Check {
  return (value, property) => {
    if (!Number.isInteger(value)) throw wrongType("integer", value, property);
    if ((value as number) < min) throw invalidBody(`Value ${value} is less than minimum ${min}`, property);
    if ((value as number) > max) throw invalidBody(`Value ${value} is greater than maximum ${max}`, property);
  };
}

/** Without repetitions, as all lists of these resources are. */
export function list(check: Check, { min = 0, max = 1000 } = {}): Check {
  return (value, property) => {
    if (!Array.isArray(value)) throw wrongType("array", value, property);
    if (value.length < min) throw invalidBody(`Array is too short (${value.length}), minimum ${min}`, property);
    if (value.length > max) throw invalidBody(`Array is too long (${value.length}), maximum ${max}`, property);
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      const key = JSON.stringify(item);
      const earlier = seen.get(key);
      if (earlier !== undefined) {
        throw invalidBody(`Array items are not unique (indexes ${earlier} and ${index})`, property);
      }
      seen.set(key, index);
      check(item, `${property}[${index}]`);
    }
  };
}

export function object(payload: Payload): Check {
  return (value, property) => {
    readPayload(value, payload, property);
  };
}

/** Free-form, such as metadata. */
export const anyObject: Check = (value, property) => {
  if (!isJsonObject(value)) throw wrongType("object", value, property);
};

/** `null` removes the field. */
export function orNull(check: Check): Check {
  return (value, property) => {
    if (value !== null) check(value, property);
  };
}

/** What is always so here. Saying it is fine; another value is one that this issuer cannot have. */
export function always(only: unknown): Check {
  return (value, property) => {
    if (JSON.stringify(value) === JSON.stringify(only)) return;
    throw notSupported(
      `Gatewarden's development issuer has ${property} = ${JSON.stringify(only)} always. Leave it out of the request.`,
    );
  };
}

/** Whether a JSON value is too deep, or has a member that would become an object's prototype where it is copied carelessly. */
export function isUnfit(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth >= MAX_PAYLOAD_DEPTH || Object.hasOwn(value, "__proto__")) return true;
  return Object.values(value).some((each) => isUnfit(each, depth + 1));
}

function asksForNothing(value: unknown): boolean {
  if (value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.values(value as object).every(asksForNothing);
}

function wrongType(expected: string, value: unknown, property: string) {
  return invalidBody(`Expected type ${expected} but found type ${typeOf(value)}`, property);
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function joined(property: string, name: string): string {
  return property === "" ? name : `${property}.${name}`;
}

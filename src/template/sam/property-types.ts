import type { SourcePosition } from "../../model/finding.ts";
import { nearestName } from "../nearest-name.ts";
import { isMapping, show } from "../source-node.ts";
import { SamRefusal } from "./sam-refusal.ts";
import type { Made, SamTemplate } from "./sam-template.ts";

type Check = (value: unknown) => boolean;

/** What SAM checks of a property before it expands a resource. */
export interface PropertyType {
  readonly required: boolean;
  /** A mapping of one member passes unchecked: it is taken for an intrinsic function. */
  readonly intrinsics: boolean;
  readonly check: Check;
  /** How SAM names the wanted type; some it does not name. */
  readonly wanted?: string;
}

export type PropertyTypes = Readonly<Record<string, PropertyType>>;

const isText: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
// True is an integer to Python, which SAM's translator is written in.
const isInteger: Check = (value) => Number.isInteger(value) || typeof value === "boolean";
const isTextOrMapping: Check = (value) => isText(value) || isMapping(value);

function optional(check: Check, wanted?: string): PropertyType {
  return { required: false, intrinsics: true, check, ...(wanted !== undefined && { wanted }) };
}

/** Passed on as it is. */
export const ANYTHING: PropertyType = { required: false, intrinsics: false, check: () => true };
export const TEXT = optional(isText, "string");
export const MAPPING = optional(isMapping, "map");
export const LIST = optional(Array.isArray);
export const BOOLEAN = optional(isBoolean);
export const INTEGER = optional(isInteger);
export const TEXT_OR_MAPPING = optional(isTextOrMapping);
export const MAPPING_OR_TEXTS = optional(
  (value) => isTextOrMapping(value) || (Array.isArray(value) && value.every(isTextOrMapping)),
);
export const TEXT_OR_LIST = optional(
  (value) => isText(value) || (Array.isArray(value) && value.every(isTextOrMapping)),
);
export const BOOLEAN_OR_MAPPING = optional((value) => isBoolean(value) || isMapping(value));
export const TEXTS_OR_MAPPINGS = optional((value) => Array.isArray(value) && value.every(isTextOrMapping));
export const TEXT_OR_TEXTS = optional((value) => isText(value) || (Array.isArray(value) && value.every(isText)));
export const MAPPING_OF_MAPPINGS = optional((value) => isMapping(value) && Object.values(value).every(isMapping));
export const MAPPING_OR_MAPPINGS = optional(
  (value) => isMapping(value) || (Array.isArray(value) && value.every(isMapping)),
);
export const LIST_OF_TEXTS = optional((value) => Array.isArray(value) && value.every(isText));
export const MAPPING_OF_TEXTS = optional((value) => isMapping(value) && Object.values(value).every(isText));
export const MAPPING_OF_INTEGERS = optional(
  (value) => isMapping(value) && Object.values(value).every((each) => isInteger(each) || isMapping(each)),
);

export function oneOfTexts(...texts: readonly string[]): PropertyType {
  const quoted = texts.map((text) => `'${text}'`);
  const wanted = `one of the strings: ${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
  return optional((value) => isText(value) && texts.includes(value as string), wanted);
}

export function required(type: PropertyType): PropertyType {
  return { ...type, required: true };
}

/** Of the type itself: an intrinsic function is refused. */
export function strict(type: PropertyType): PropertyType {
  return { ...type, intrinsics: false };
}

/** Refuses a property that the type does not have, one of the wrong type, and a required one that is missing. */
export function checkProperties(
  sam: SamTemplate,
  subject: { readonly logicalId: string; readonly type: string; readonly at: SourcePosition },
  properties: Made,
  types: PropertyTypes,
): void {
  const { logicalId, at } = subject;
  const refuse = (place: SourcePosition, message: string, fix: string) =>
    new SamRefusal(place, "sam-resource-invalid", `Resource with id [${logicalId}] is invalid. ${message}`, fix);
  for (const name of Object.keys(properties)) {
    if (Object.hasOwn(types, name)) continue;
    const meant = nearestName(name, Object.keys(types));
    throw refuse(
      sam.at(properties, name, at),
      `property ${name} not defined for resource of type ${subject.type}`,
      meant ? `Write "${meant}" if that is what is meant, else remove the property.` : "Remove the property.",
    );
  }
  for (const [name, type] of Object.entries(types)) {
    const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (type.intrinsics && isMapping(value) && Object.keys(value).length === 1) continue;
    if (value === undefined || value === null) {
      if (type.required) throw refuse(at, `Missing required property '${name}'.`, `Add ${name} to Properties.`);
    } else if (!type.check(value)) {
      const wanted = type.wanted;
      const message = wanted ? `Property '${name}' should be a ${wanted}.` : `Type of property '${name}' is invalid.`;
      const fix = wanted ? `Give ${name} as a ${wanted}; found ${show(value)}.` : `Mend ${name}; found ${show(value)}.`;
      throw refuse(sam.at(properties, name, at), message, fix);
    }
  }
}

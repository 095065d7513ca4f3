import { isMapping, show } from "../source-node.ts";
import { type Made, mapping } from "./sam-template.ts";

export function ref(logicalId: string): Made {
  return mapping({ Ref: logicalId });
}

export function getAtt(logicalId: string, attribute: string): Made {
  return mapping({ "Fn::GetAtt": [logicalId, attribute] });
}

export function sub(text: string, variables?: Made): Made {
  return mapping({ "Fn::Sub": variables === undefined ? text : [text, variables] });
}

export function join(delimiter: string, values: readonly unknown[]): Made {
  return mapping({ "Fn::Join": [delimiter, values] });
}

/** `Fn::If`, in which what is not given becomes `AWS::NoValue`. */
export function choose(condition: unknown, ifTrue: unknown, ifFalse?: unknown): Made {
  return mapping({ "Fn::If": [condition, ifTrue, ifFalse ?? ref("AWS::NoValue")] });
}

export function not(condition: string): Made {
  return mapping({ "Fn::Not": [mapping({ Condition: condition })] });
}

/** The name of the intrinsic function that a value is a call of. */
export function functionName(value: unknown): string | undefined {
  if (!isMapping(value)) return undefined;
  let only: string | undefined;
  for (const name in value) {
    if (only !== undefined) return undefined;
    only = name;
  }
  return only === "Ref" || only === "Condition" || only?.startsWith("Fn::") ? only : undefined;
}

export function isIntrinsic(value: unknown): value is Made {
  return functionName(value) !== undefined;
}

export function isIntrinsicIf(value: unknown): value is { "Fn::If": unknown } {
  return functionName(value) === "Fn::If";
}

export function isNoValue(value: unknown): boolean {
  return functionName(value) === "Ref" && (value as Made).Ref === "AWS::NoValue";
}

/** Condition and branches of an `Fn::If`; undefined when it has not exactly these three. */
export function branchesOf(value: { "Fn::If": unknown }): [unknown, unknown, unknown] | undefined {
  const items = value["Fn::If"];
  return Array.isArray(items) && items.length === 3 ? (items as [unknown, unknown, unknown]) : undefined;
}

/** The logical id that a Ref or Fn::GetAtt names. */
export function referencedId(value: unknown): string | undefined {
  if (!isIntrinsic(value)) return undefined;
  if (typeof value.Ref === "string") return value.Ref;
  const path = value["Fn::GetAtt"];
  if (Array.isArray(path)) return path.length === 2 && typeof path[0] === "string" ? path[0] : undefined;
  if (typeof path !== "string") return undefined;
  const [logicalId, ...attribute] = path.split(".");
  return attribute.length === 1 ? logicalId : undefined;
}

/** Truth as SAM's translator has it: nothing, zero and whatever is empty are false. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** A value inside a sentence: nothing is None there, as in SAM's. */
export function asText(value: unknown): string {
  if (value === undefined || value === null) return "None";
  return typeof value === "object" ? show(value) : String(value);
}

/** A member of a mapping; undefined when it is absent or null. */
export function member(container: unknown, key: string): unknown {
  if (!isMapping(container) || !Object.hasOwn(container, key)) return undefined;
  return container[key] ?? undefined;
}

/** Whether two plain values are equal; the order of a mapping's members does not count. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) && one.length === other.length && one.every((item, index) => isSame(item, other[index]))
    );
  }
  if (!isMapping(one) || !isMapping(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}

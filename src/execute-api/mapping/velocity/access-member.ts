import type { Budget } from "./budget.ts";
import { getItem, keyOf, LIST_METHODS, MAP_METHODS, setItem } from "./collection-methods.ts";
import { javaEquals } from "./compare-values.ts";
import { compareNumbers, isNumber, type JavaNumber } from "./java-number.ts";
import { HostObject, JavaDouble, JavaList, JavaMap, type JavaValue } from "./java-value.ts";
import { printValue } from "./print-value.ts";
import { type Method, parseDoubleText, parseIntText, STRING_METHODS } from "./string-methods.ts";

/** `$value.name`: a map's entry, a bean property of a list or string, a host object's own. Null when there is none. */
export function getProperty(value: JavaValue, name: string, budget: Budget): JavaValue {
  if (value instanceof JavaMap) return value.get(name);
  if (value instanceof HostObject) return value.property(name, budget);
  // Velocity tries `getName()` and, for booleans, `isName()`: what templates use of that is `$list.empty`.
  if (name === "empty" && (value instanceof JavaList || typeof value === "string")) {
    return (value instanceof JavaList ? value.items.length : value.length) === 0;
  }
  return null;
}

/** `$value[index]`: Velocity calls `get(index)`, counting from the end for a negative one. Null when there is none. */
export function getIndex(value: JavaValue, index: JavaValue, budget: Budget): JavaValue {
  if (value instanceof JavaList) {
    return getItem(value, [fromEnd(index, value.items.length)], budget) ?? null;
  }
  if (value instanceof JavaMap) return value.get(keyOf(fromEnd(index, value.size), budget));
  if (typeof index === "number" && index < 0)
    budget.fail("method", "a negative index wants a list to count from the end of");
  return null;
}

/** `#set($value.name = …)`; a value that has no such property stays as it is. */
export function setProperty(value: JavaValue, name: string, assigned: JavaValue, budget: Budget): void {
  if (value instanceof JavaMap) value.put(name, assigned, budget);
}

/** `#set($value[index] = …)`. */
export function setIndex(value: JavaValue, index: JavaValue, assigned: JavaValue, budget: Budget): void {
  if (value instanceof JavaList) setItem(value, index, assigned, budget);
  else if (value instanceof JavaMap) value.put(keyOf(index, budget), assigned, budget);
}

/** `$value.name(args)`. Undefined when Java has no such method for these arguments. */
export function callMethod(
  value: JavaValue,
  name: string,
  args: readonly JavaValue[],
  budget: Budget,
): JavaValue | undefined {
  if (typeof value === "string") {
    budget.chargeChars(value.length);
    return STRING_METHODS.get(name)?.(value, args, budget);
  }
  if (value instanceof JavaMap) return MAP_METHODS.get(name)?.(value, args, budget);
  if (value instanceof JavaList) return LIST_METHODS.get(name)?.(value, args, budget);
  if (value instanceof HostObject) return value.call(name, args, budget);
  if (isNumber(value)) return NUMBER_METHODS.get(name)?.(value, args, budget);
  if (typeof value === "boolean") return BOOLEAN_METHODS.get(name)?.(value, args, budget);
  return undefined;
}

const toInteger = (self: JavaNumber): JavaValue => {
  if (!(self instanceof JavaDouble)) return self;
  const whole = Math.trunc(self.value);
  return Number.isSafeInteger(whole) ? (whole === 0 ? 0 : whole) : Number.isFinite(whole) ? BigInt(whole) : 0;
};

const toFloating: Method<JavaNumber> = (self, args) =>
  args.length === 0 ? (self instanceof JavaDouble ? self : new JavaDouble(Number(self))) : undefined;

/** java.lang.Integer's, Long's and Double's methods. */
const NUMBER_METHODS: ReadonlyMap<string, Method<JavaNumber>> = new Map<string, Method<JavaNumber>>([
  ["toString", (self, args, budget) => numberText(self, args, budget)],
  ["intValue", (self, args) => (args.length === 0 ? toInteger(self) : undefined)],
  ["longValue", (self, args) => (args.length === 0 ? toInteger(self) : undefined)],
  ["shortValue", (self, args) => (args.length === 0 ? toInteger(self) : undefined)],
  ["doubleValue", toFloating],
  ["floatValue", toFloating],
  ["hashCode", (self, args) => (args.length === 0 && typeof self === "number" ? self | 0 : undefined)],
  ["equals", (self, args, budget) => (args.length === 1 ? javaEquals(self, args[0] ?? null, budget) : undefined)],
  ["compareTo", compareTo],
  ["isNaN", (self, args) => (args.length === 0 && self instanceof JavaDouble ? Number.isNaN(self.value) : undefined)],
  ["parseInt", (_self, args, budget) => parse(args, parseIntText, budget)],
  ["parseLong", (_self, args, budget) => parse(args, parseIntText, budget)],
  ["parseDouble", (_self, args, budget) => parse(args, parseDoubleText, budget)],
  ["valueOf", (self, args, budget) => parse(args, self instanceof JavaDouble ? parseDoubleText : parseIntText, budget)],
]);

/** java.lang.Boolean's methods. */
const BOOLEAN_METHODS: ReadonlyMap<string, Method<boolean>> = new Map<string, Method<boolean>>([
  ["toString", (self, args, budget) => (args.length === 0 ? printValue(self, budget) : undefined)],
  ["booleanValue", (self, args) => (args.length === 0 ? self : undefined)],
  ["equals", (self, args) => (args.length === 1 ? self === args[0] : undefined)],
  ["compareTo", compareBooleans],
  ["hashCode", (self, args) => (args.length === 0 ? (self ? 1231 : 1237) : undefined)],
]);

function numberText(self: JavaNumber, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  return args.length === 0 ? printValue(self, budget) : undefined;
}

/** Java's bridge method takes any object and then fails on what is no number of the same kind. */
function compareTo(self: JavaNumber, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [other = null] = args;
  if (args.length !== 1) return undefined;
  if (isNumber(other) && self instanceof JavaDouble === other instanceof JavaDouble) return compareNumbers(self, other);
  return budget.fail("method", "compareTo wants a number of the same kind");
}

function compareBooleans(self: boolean, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [other] = args;
  if (args.length !== 1) return undefined;
  return typeof other === "boolean" ? Number(self) - Number(other) : budget.fail("method", "compareTo wants a Boolean");
}

function parse(
  args: readonly JavaValue[],
  read: (text: string) => JavaValue | undefined,
  budget: Budget,
): JavaValue | undefined {
  const [text] = args;
  if (args.length !== 1 || typeof text !== "string") return undefined;
  return read(text) ?? budget.fail("method", `"${text.slice(0, 40)}" is not a number`);
}

function fromEnd(index: JavaValue, size: number): JavaValue {
  return typeof index === "number" && index < 0 ? index + size : index;
}

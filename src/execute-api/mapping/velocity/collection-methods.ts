import type { Budget } from "./budget.ts";
import { javaEquals } from "./compare-values.ts";
import { JavaList, JavaMap, type JavaValue, MapEntry, toKey } from "./java-value.ts";
import { printValue } from "./print-value.ts";
import { joinText, type Method } from "./string-methods.ts";

/** java.util.List's methods (and those of the sets and collections that maps give out). */
export const LIST_METHODS: ReadonlyMap<string, Method<JavaList>> = new Map<string, Method<JavaList>>([
  ["size", (self, args) => (args.length === 0 ? self.items.length : undefined)],
  // AWS's variable reference prints a list's length with `.count()` (D).
  ["count", (self, args) => (args.length === 0 ? self.items.length : undefined)],
  ["isEmpty", (self, args) => (args.length === 0 ? self.items.length === 0 : undefined)],
  ["get", (self, args, budget) => getItem(self, args, budget)],
  ["add", add],
  ["addAll", addAll],
  ["set", set],
  ["remove", remove],
  ["clear", clear],
  [
    "contains",
    (self, args, budget) => (args.length === 1 ? indexOf(self.items, args[0] ?? null, budget) >= 0 : undefined),
  ],
  ["containsAll", containsAll],
  ["indexOf", (self, args, budget) => (args.length === 1 ? indexOf(self.items, args[0] ?? null, budget) : undefined)],
  ["lastIndexOf", lastIndexOf],
  ["subList", subList],
  ["iterator", (self, args) => (args.length === 0 ? self : undefined)],
  ["toArray", (self, args, budget) => (args.length === 0 ? copy(self, budget) : undefined)],
  ["equals", (self, args, budget) => (args.length === 1 ? javaEquals(self, args[0] ?? null, budget) : undefined)],
  ["toString", (self, args, budget) => (args.length === 0 ? printValue(self, budget) : undefined)],
]);

/** java.util.Map's methods. */
export const MAP_METHODS: ReadonlyMap<string, Method<JavaMap>> = new Map<string, Method<JavaMap>>([
  ["size", (self, args) => (args.length === 0 ? self.size : undefined)],
  ["isEmpty", (self, args) => (args.length === 0 ? self.size === 0 : undefined)],
  ["get", (self, args, budget) => (args.length === 1 ? self.get(keyOf(args[0], budget)) : undefined)],
  ["getOrDefault", getOrDefault],
  [
    "put",
    (self, args, budget) => (args.length === 2 ? self.put(keyOf(args[0], budget), args[1] ?? null, budget) : undefined),
  ],
  ["putIfAbsent", putIfAbsent],
  ["putAll", putAll],
  ["remove", (self, args, budget) => (args.length === 1 ? self.remove(keyOf(args[0], budget)) : undefined)],
  ["clear", clearMap],
  ["containsKey", (self, args, budget) => (args.length === 1 ? self.has(keyOf(args[0], budget)) : undefined)],
  ["containsValue", containsValue],
  ["keySet", (self, args, budget) => (args.length === 0 ? listOf([...self.entries().keys()], budget) : undefined)],
  ["values", (self, args, budget) => (args.length === 0 ? listOf([...self.entries().values()], budget) : undefined)],
  ["entrySet", entrySet],
  ["equals", (self, args, budget) => (args.length === 1 ? javaEquals(self, args[0] ?? null, budget) : undefined)],
  ["toString", (self, args, budget) => (args.length === 0 ? printValue(self, budget) : undefined)],
]);

/** `$list[0]` and `$list.get(0)`; outside the list Java throws, and so does the template (Velocity 1.7). */
export function getItem(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [index] = args;
  if (args.length !== 1 || typeof index !== "number") return undefined;
  if (index < 0 || index >= self.items.length) {
    budget.fail("method", `index ${index} is outside a list of ${self.items.length}`);
  }
  return self.items[index] ?? null;
}

/** `#set($list[0] = …)`. */
export function setItem(self: JavaList, index: JavaValue, value: JavaValue, budget: Budget): void {
  set(self, [index, value], budget);
}

/** Any value as a key of a map. */
export function keyOf(value: JavaValue | undefined, budget: Budget): ReturnType<typeof toKey> {
  return toKey(value ?? null, (other) => printValue(other, budget));
}

function listOf(items: JavaValue[], budget: Budget): JavaList {
  budget.charge(items.length);
  return new JavaList(items, "java");
}

function copy(self: JavaList, budget: Budget): JavaList {
  budget.charge(self.items.length);
  return new JavaList([...self.items], "java");
}

function add(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  budget.allowItems(self.items.length + 1);
  const [first = null, second = null] = args;
  if (args.length === 1) {
    self.items.push(first);
    return true;
  }
  if (args.length !== 2 || typeof first !== "number") return undefined;
  if (first < 0 || first > self.items.length)
    budget.fail("method", `index ${first} is outside a list of ${self.items.length}`);
  budget.charge(self.items.length);
  self.items.splice(first, 0, second);
  return ""; // Java's void prints as nothing
}

function addAll(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [other] = args;
  if (args.length !== 1 || !(other instanceof JavaList)) return undefined;
  budget.allowItems(self.items.length + other.items.length);
  budget.charge(other.items.length);
  for (const item of [...other.items]) self.items.push(item);
  return other.items.length > 0;
}

function set(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [index, value = null] = args;
  if (args.length !== 2 || typeof index !== "number") return undefined;
  const at = index < 0 ? index + self.items.length : index;
  if (at < 0 || at >= self.items.length)
    budget.fail("method", `index ${index} is outside a list of ${self.items.length}`);
  const previous = self.items[at] ?? null;
  self.items[at] = value;
  return previous;
}

function remove(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [what = null] = args;
  if (args.length !== 1) return undefined;
  budget.charge(self.items.length);
  if (typeof what === "number") {
    if (what < 0 || what >= self.items.length)
      budget.fail("method", `index ${what} is outside a list of ${self.items.length}`);
    return self.items.splice(what, 1)[0] ?? null;
  }
  const index = indexOf(self.items, what, budget);
  if (index >= 0) self.items.splice(index, 1);
  return index >= 0;
}

function clear(self: JavaList, args: readonly JavaValue[]): JavaValue | undefined {
  if (args.length > 0) return undefined;
  self.items.length = 0;
  return "";
}

function clearMap(self: JavaMap, args: readonly JavaValue[]): JavaValue | undefined {
  if (args.length > 0) return undefined;
  self.entries().clear();
  return "";
}

function indexOf(items: readonly JavaValue[], what: JavaValue, budget: Budget): number {
  return items.findIndex((item) => javaEquals(item, what, budget));
}

function lastIndexOf(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  return args.length === 1 ? self.items.findLastIndex((item) => javaEquals(item, args[0] ?? null, budget)) : undefined;
}

function containsAll(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [other] = args;
  if (args.length !== 1 || !(other instanceof JavaList)) return undefined;
  return other.items.every((item) => indexOf(self.items, item, budget) >= 0);
}

function subList(self: JavaList, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [from, to] = args;
  if (args.length !== 2 || typeof from !== "number" || typeof to !== "number") return undefined;
  if (from < 0 || to > self.items.length || from > to) {
    budget.fail("method", `subList(${from}, ${to}) is outside a list of ${self.items.length}`);
  }
  budget.charge(to - from);
  return new JavaList(self.items.slice(from, to), self.style);
}

function getOrDefault(self: JavaMap, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  if (args.length !== 2) return undefined;
  const key = keyOf(args[0], budget);
  return self.has(key) ? self.get(key) : (args[1] ?? null);
}

function putIfAbsent(self: JavaMap, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  if (args.length !== 2) return undefined;
  const key = keyOf(args[0], budget);
  const present = self.get(key);
  return present === null ? self.put(key, args[1] ?? null, budget) : present;
}

function putAll(self: JavaMap, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  const [other] = args;
  if (args.length !== 1 || !(other instanceof JavaMap)) return undefined;
  budget.charge(other.size);
  for (const [key, value] of [...other.entries()]) self.put(key, value, budget);
  return "";
}

function containsValue(self: JavaMap, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  return args.length === 1 ? indexOf([...self.entries().values()], args[0] ?? null, budget) >= 0 : undefined;
}

function entrySet(self: JavaMap, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
  if (args.length > 0) return undefined;
  const print = (value: JavaValue, spent: Budget): string => joinText(printValue(value, spent), "", spent);
  return listOf(
    [...self.entries()].map(([key, value]) => new MapEntry(key, value, print)),
    budget,
  );
}

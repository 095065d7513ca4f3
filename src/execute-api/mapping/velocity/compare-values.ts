import type { Budget } from "./budget.ts";
import { compareNumbers, isNumber } from "./java-number.ts";
import { JavaList, JavaMap, type JavaValue } from "./java-value.ts";
import { MAX_VALUE_DEPTH } from "./limits.ts";
import { printValue } from "./print-value.ts";

/**
 * Velocity 1.7's `==`: numbers by value whatever their type, two values of one type by `equals`, and otherwise by
 * their text, so that `$n == "5"` and `true == "true"` hold. Null equals only null.
 */
export function looselyEqual(left: JavaValue, right: JavaValue, budget: Budget): boolean {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (left === null || right === null) return left === right;
  if (typeof left === typeof right && !(isNumber(left) || isNumber(right))) {
    if (typeof left !== "object" || sameKind(left, right)) return javaEquals(left, right, budget);
  }
  return javaEquals(printValue(left, budget), printValue(right, budget), budget);
}

/** Java's `equals`: types must match, lists and maps are compared by content. */
export function javaEquals(left: JavaValue, right: JavaValue, budget: Budget, depth = 0): boolean {
  budget.charge();
  if (left === right) return true;
  if (depth > MAX_VALUE_DEPTH) budget.fail("limit", `a value is nested deeper than ${MAX_VALUE_DEPTH} levels`);
  if (typeof left === "string" && typeof right === "string") {
    budget.chargeChars(Math.min(left.length, right.length));
    return left === right;
  }
  if (isNumber(left) && isNumber(right)) {
    return (typeof left === "object") === (typeof right === "object") && compareNumbers(left, right) === 0;
  }
  if (left instanceof JavaList && right instanceof JavaList) {
    if (left.items.length !== right.items.length) return false;
    return left.items.every((item, index) => javaEquals(item, right.items[index] ?? null, budget, depth + 1));
  }
  if (left instanceof JavaMap && right instanceof JavaMap) {
    if (left.size !== right.size) return false;
    for (const [key, item] of left.entries()) {
      if (!right.has(key) || !javaEquals(item, right.get(key), budget, depth + 1)) return false;
    }
    return true;
  }
  return false;
}

function sameKind(left: JavaValue, right: JavaValue): boolean {
  return (
    (left instanceof JavaList && right instanceof JavaList) || (left instanceof JavaMap && right instanceof JavaMap)
  );
}

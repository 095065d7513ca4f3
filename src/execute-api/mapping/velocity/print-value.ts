import type { Budget } from "./budget.ts";
import { printDouble } from "./java-number.ts";
import { HostObject, JavaDouble, JavaList, JavaMap, type JavaValue } from "./java-value.ts";
import { MAX_VALUE_DEPTH } from "./limits.ts";

/**
 * A value as `toString()` prints it: maps `{a=1, b=2}`, lists from JSON as compact JSON even inside a map, lists
 * written in a template `[a, b]`. conformance/mapping/path (R: test_input_path_template_formatting)
 */
export function printValue(value: JavaValue, budget: Budget, depth = 0): string {
  if (typeof value === "string") return value;
  budget.charge();
  if (value === null) return "null";
  if (value instanceof JavaDouble) return printDouble(value.value);
  if (value instanceof JavaMap) return value.silent ? "" : printMap(value, budget, depth);
  if (value instanceof JavaList) {
    if (value.style === "json") return writeJson(value, budget, depth);
    const parts = value.items.map((item) => printItem(item, budget, depth));
    return `[${joined(parts, budget)}]`;
  }
  if (value instanceof HostObject) return value.print(budget);
  return String(value);
}

/** A value as compact JSON; what JSON has no word for becomes a string. */
export function writeJson(value: JavaValue, budget: Budget, depth = 0): string {
  budget.charge();
  if (depth > MAX_VALUE_DEPTH) budget.fail("limit", `a value is nested deeper than ${MAX_VALUE_DEPTH} levels`);
  if (value instanceof JavaMap) {
    const parts: string[] = [];
    for (const [key, item] of value.entries()) {
      const text = `${JSON.stringify(String(key))}:${writeJson(item, budget, depth + 1)}`;
      budget.chargeChars(text.length);
      parts.push(text);
    }
    return `{${parts.join(",")}}`;
  }
  if (value instanceof JavaList) {
    const text = value.items.map((item) => writeJson(item, budget, depth + 1)).join(",");
    budget.allowString(text.length);
    return `[${text}]`;
  }
  if (typeof value === "string") {
    budget.chargeChars(value.length);
    return JSON.stringify(value);
  }
  if (value instanceof HostObject) return JSON.stringify(value.print(budget));
  return printValue(value, budget);
}

function printMap(map: JavaMap, budget: Budget, depth: number): string {
  const parts: string[] = [];
  for (const [key, item] of map.entries()) parts.push(`${String(key)}=${printItem(item, budget, depth)}`);
  return `{${joined(parts, budget)}}`;
}

function printItem(item: JavaValue, budget: Budget, depth: number): string {
  if (depth >= MAX_VALUE_DEPTH) budget.fail("limit", `a value is nested deeper than ${MAX_VALUE_DEPTH} levels`);
  const text = printValue(item, budget, depth + 1);
  budget.chargeChars(text.length);
  return text;
}

function joined(parts: readonly string[], budget: Budget): string {
  const text = parts.join(", ");
  budget.allowString(text.length);
  return text;
}

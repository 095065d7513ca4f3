import { type Filter, type FilterOperand, type PathStep, parseJsonPath } from "./parse-json-path.ts";
import type { Budget } from "./velocity/budget.ts";
import { javaEquals } from "./velocity/compare-values.ts";
import { compareNumbers, isNumber } from "./velocity/java-number.ts";
import { compileJavaRegex } from "./velocity/java-regex.ts";
import { JavaDouble, JavaList, JavaMap, type JavaValue } from "./velocity/java-value.ts";
import { printValue } from "./velocity/print-value.ts";

export type JsonPathVerdict =
  | { readonly ok: true; readonly path: JsonPath }
  | { readonly ok: false; readonly message: string };

const MAX_CACHED_PATHS = 256;
const cache = new Map<string, JsonPathVerdict>();

/** Compiles a JSONPath once; the most recent ones are remembered, since templates name theirs as text. */
export function compileJsonPath(text: string): JsonPathVerdict {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parsed = parseJsonPath(text);
  const verdict: JsonPathVerdict = parsed.ok ? { ok: true, path: new JsonPath(parsed.steps) } : parsed;
  if (cache.size >= MAX_CACHED_PATHS) cache.clear();
  cache.set(text, verdict);
  return verdict;
}

/** A JSONPath over template values. */
export class JsonPath {
  /** A path that can select one value only; the others select a list, empty if need be (Jayway). */
  readonly definite: boolean;
  readonly #steps: readonly PathStep[];

  constructor(steps: readonly PathStep[]) {
    this.#steps = steps;
    this.definite = steps.every((step) => step.kind === "name" || step.kind === "index" || step.kind === "length");
  }

  /** What the path selects; undefined when a definite path selects nothing. */
  select(root: JavaValue, budget: Budget): JavaValue | undefined {
    if (!this.definite) return new JavaList(selectAll(root, this.#steps, root, budget), "json");
    let value: JavaValue | undefined = root;
    for (const step of this.#steps) {
      budget.charge();
      if (value === undefined) return undefined;
      value = selectOne(value, step);
    }
    return value;
  }
}

function selectOne(value: JavaValue, step: PathStep): JavaValue | undefined {
  if (step.kind === "name") return value instanceof JavaMap && value.has(step.name) ? value.get(step.name) : undefined;
  if (step.kind === "index") return value instanceof JavaList ? value.items.at(step.index) : undefined;
  if (step.kind === "length")
    return value instanceof JavaList ? value.items.length : value instanceof JavaMap ? value.size : undefined;
  return undefined;
}

function selectAll(start: JavaValue, steps: readonly PathStep[], root: JavaValue, budget: Budget): JavaValue[] {
  let values: JavaValue[] = [start];
  for (const step of steps) {
    const next: JavaValue[] = [];
    for (const value of values) {
      budget.charge();
      if (step.kind === "descend") collectInside(value, next, budget);
      else for (const selected of childrenOf(value, step, root, budget)) next.push(selected);
      budget.allowItems(next.length);
    }
    values = next;
  }
  return values;
}

function collectInside(value: JavaValue, into: JavaValue[], budget: Budget): void {
  budget.charge();
  into.push(value);
  budget.allowItems(into.length);
  const inside = value instanceof JavaMap ? value.entries().values() : value instanceof JavaList ? value.items : [];
  for (const item of inside) collectInside(item, into, budget);
}

function childrenOf(value: JavaValue, step: PathStep, root: JavaValue, budget: Budget): readonly JavaValue[] {
  switch (step.kind) {
    case "all":
      return itemsOf(value);
    case "names":
      return value instanceof JavaMap
        ? step.names.filter((name) => value.has(name)).map((name) => value.get(name))
        : [];
    case "indexes":
      return value instanceof JavaList
        ? step.indexes.map((index) => value.items.at(index)).filter((item) => item !== undefined)
        : [];
    case "slice":
      return value instanceof JavaList
        ? value.items.slice(step.from, step.to).filter((_, index) => index % step.step === 0)
        : [];
    case "filter": {
      // A filter looks at the items of a list; a map it judges itself (Jayway).
      const candidates = value instanceof JavaList ? value.items : value instanceof JavaMap ? [value] : [];
      return candidates.filter((item) => passes(step.filter, item, root, budget));
    }
    default: {
      const selected = selectOne(value, step);
      return selected === undefined ? [] : [selected];
    }
  }
}

function itemsOf(value: JavaValue): readonly JavaValue[] {
  if (value instanceof JavaMap) return [...value.entries().values()];
  return value instanceof JavaList ? value.items : [];
}

function passes(filter: Filter, item: JavaValue, root: JavaValue, budget: Budget): boolean {
  budget.charge();
  switch (filter.kind) {
    case "or":
      return passes(filter.left, item, root, budget) || passes(filter.right, item, root, budget);
    case "and":
      return passes(filter.left, item, root, budget) && passes(filter.right, item, root, budget);
    case "not":
      return !passes(filter.operand, item, root, budget);
    case "exists":
      return operandValue(filter.operand, item, root, budget) !== undefined;
    case "compare":
      return compare(filter, item, root, budget);
  }
}

function compare(
  filter: Extract<Filter, { kind: "compare" }>,
  item: JavaValue,
  root: JavaValue,
  budget: Budget,
): boolean {
  const left = operandValue(filter.left, item, root, budget);
  if (filter.operator === "=~") {
    if (filter.right.kind !== "regex" || typeof left !== "string") return false;
    const verdict = compileJavaRegex(filter.right.pattern);
    return verdict.ok ? verdict.regex.matches(left, budget) : budget.fail("argument", verdict.message);
  }
  const right = operandValue(filter.right, item, root, budget);
  if (left === undefined || right === undefined) return filter.operator === "!=" && left !== right;
  switch (filter.operator) {
    case "==":
      return same(left, right, budget);
    case "!=":
      return !same(left, right, budget);
    case "in":
    case "nin": {
      const found = right instanceof JavaList && right.items.some((each) => same(left, each, budget));
      return found === (filter.operator === "in");
    }
    default:
      return ordered(filter.operator, left, right);
  }
}

function same(left: JavaValue, right: JavaValue, budget: Budget): boolean {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  return javaEquals(left, right, budget);
}

function ordered(operator: "<" | "<=" | ">" | ">=", left: JavaValue, right: JavaValue): boolean {
  let order: number;
  if (isNumber(left) && isNumber(right)) order = compareNumbers(left, right);
  else if (typeof left === "string" && typeof right === "string") order = left < right ? -1 : left > right ? 1 : 0;
  else return false;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

function operandValue(operand: FilterOperand, item: JavaValue, root: JavaValue, budget: Budget): JavaValue | undefined {
  switch (operand.kind) {
    case "value":
      return literalOf(operand.value);
    case "list":
      return new JavaList(operand.values.map(literalOf), "json");
    case "regex":
      return undefined;
    case "path":
      return new JsonPath(operand.steps).select(operand.fromRoot ? root : item, budget);
  }
}

function literalOf(value: string | number | boolean | null): JavaValue {
  return typeof value === "number" && !Number.isSafeInteger(value) ? new JavaDouble(value) : value;
}

/** Selected text for a parameter: strings as they are, everything else as templates print it. */
export function selectText(path: JsonPath, root: JavaValue, budget: Budget): string | undefined {
  const value = path.select(root, budget);
  return value === undefined || value === null ? undefined : printValue(value, budget);
}

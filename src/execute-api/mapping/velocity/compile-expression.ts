import { callMethod, getIndex, getProperty, setIndex, setProperty } from "./access-member.ts";
import { keyOf } from "./collection-methods.ts";
import { looselyEqual } from "./compare-values.ts";
import { calculate, compareNumbers, isNumber } from "./java-number.ts";
import { JavaDouble, JavaList, JavaMap, type JavaValue } from "./java-value.ts";
import { MAX_COLLECTION_ITEMS } from "./limits.ts";
import { printValue } from "./print-value.ts";
import type { RenderState } from "./render-state.ts";
import { joinText } from "./string-methods.ts";
import type { Expression, Reference, ReferenceStep, Statement } from "./syntax-tree.ts";

export type Render = (state: RenderState) => void;
export type CompileBody = (statements: readonly Statement[]) => Render;

/** An expression as closures. Velocity 1.7 asks a condition otherwise than a value: `#if("a")` and `#if(1)` are false. */
export interface CompiledExpression {
  readonly value: (state: RenderState) => JavaValue;
  readonly test: (state: RenderState) => boolean;
}

type Value = (state: RenderState) => JavaValue;
type Test = (state: RenderState) => boolean;

/** The truth of what is no condition in Velocity 1.7: literals, lists, sums. */
const never: Test = () => false;
const noOrder = (): boolean => false;

/** Turns an expression into closures. */
export function compileExpression(expression: Expression, body: CompileBody): CompiledExpression {
  const compile = (inner: Expression): CompiledExpression => compileExpression(inner, body);
  switch (expression.kind) {
    case "reference": {
      const value = compileReference(expression, body);
      return { value, test: (state) => isTrue(value(state)) };
    }
    case "literal": {
      const { value } = expression;
      return { value: () => value, test: () => value === true };
    }
    case "double": {
      const value = new JavaDouble(expression.value);
      return { value: () => value, test: never };
    }
    case "interpolated": {
      const render = body(expression.body);
      return { value: (state) => state.capture(render), test: never };
    }
    case "list": {
      const items = expression.items.map((item) => compile(item).value);
      return {
        value: (state) =>
          new JavaList(
            items.map((item) => counted(item, state)),
            "java",
          ),
        test: never,
      };
    }
    case "range":
      return { value: compileRange(compile(expression.from).value, compile(expression.to).value), test: never };
    case "map":
      return {
        value: compileMap(expression.entries.map(([key, item]) => [compile(key).value, compile(item).value])),
        test: never,
      };
    case "not": {
      const { test } = compile(expression.operand);
      return fromTest((state) => !test(state));
    }
    case "and": {
      const [left, right] = [compile(expression.left).test, compile(expression.right).test];
      return fromTest((state) => left(state) && right(state));
    }
    case "or": {
      const [left, right] = [compile(expression.left).test, compile(expression.right).test];
      return fromTest((state) => left(state) || right(state));
    }
    case "comparison":
      return fromTest(
        compileComparison(expression.operator, compile(expression.left).value, compile(expression.right).value),
      );
    case "arithmetic":
      return {
        value: compileArithmetic(expression, compile(expression.left).value, compile(expression.right).value),
        test: never,
      };
  }
}

/** What a reference is worth; `undefinedValue` when any part of it is undefined. */
export function compileReference(reference: Reference, body: CompileBody): Value {
  const { name, at } = reference;
  const steps = reference.steps.map((step) => compileStep(step, body));
  if (steps.length === 0) {
    return (state) => {
      state.charge();
      state.at = at;
      return state.get(name) ?? state.undefinedValue;
    };
  }
  return (state) => {
    state.charge(steps.length + 1);
    state.at = at;
    let value = state.get(name);
    for (const step of steps) {
      if (value === null) return state.undefinedValue;
      value = step(value, state);
    }
    return value ?? state.undefinedValue;
  };
}

/** Assigns to a reference; one that leads nowhere is left alone, as Velocity does. */
export function compileAssignment(
  target: Reference,
  body: CompileBody,
): (state: RenderState, value: JavaValue) => void {
  const { name } = target;
  const last = target.steps[target.steps.length - 1];
  if (last === undefined) return (state, value) => state.set(name, value);
  const steps = target.steps.slice(0, -1).map((step) => compileStep(step, body));
  const assign = compileLastStep(last, body);
  return (state, value) => {
    let holder = state.get(name);
    for (const step of steps) {
      if (holder === null) return;
      holder = step(holder, state);
    }
    if (holder !== null) assign(holder, state, value);
  };
}

/** Velocity's truth: null is false, a Boolean is itself, anything else is true, the empty string too. */
export function isTrue(value: JavaValue): boolean {
  return typeof value === "boolean" ? value : value !== null;
}

function compileStep(step: ReferenceStep, body: CompileBody): (value: JavaValue, state: RenderState) => JavaValue {
  if (step.kind === "property") {
    const { name } = step;
    return (value, state) => getProperty(value, name, state);
  }
  if (step.kind === "index") {
    const index = compileExpression(step.index, body).value;
    return (value, state) => getIndex(value, index(state), state);
  }
  const { name } = step;
  const args = step.args.map((argument) => compileExpression(argument, body).value);
  return (value, state) => {
    const values = args.map((argument) => argument(state));
    return callMethod(value, name, values, state) ?? null;
  };
}

function compileLastStep(
  step: ReferenceStep,
  body: CompileBody,
): (holder: JavaValue, state: RenderState, value: JavaValue) => void {
  if (step.kind === "property") return (holder, state, value) => setProperty(holder, step.name, value, state);
  if (step.kind === "method") return () => undefined;
  const index = compileExpression(step.index, body).value;
  return (holder, state, value) => setIndex(holder, index(state), value, state);
}

function compileRange(from: Value, to: Value): Value {
  return (state) => {
    const [first, last] = [from(state), to(state)];
    if (!isNumber(first) || !isNumber(last)) return null;
    const [low, high] = [Math.trunc(Number(numeric(first))), Math.trunc(Number(numeric(last)))];
    const count = Math.abs(high - low) + 1;
    if (!(count <= MAX_COLLECTION_ITEMS)) state.allowItems(Number.POSITIVE_INFINITY);
    state.charge(count);
    const direction = low >= high ? -1 : 1;
    return new JavaList(
      Array.from({ length: count }, (_, index) => low + index * direction),
      "java",
    );
  };
}

function compileMap(entries: readonly (readonly [Value, Value])[]): Value {
  return (state) => {
    const map = new JavaMap();
    for (const [key, value] of entries) map.put(keyOf(key(state), state), counted(value, state), state);
    return map;
  };
}

function compileComparison(operator: string, left: Value, right: Value): Test {
  if (operator === "==") return (state) => looselyEqual(left(state), right(state), state);
  if (operator === "!=") return (state) => !looselyEqual(left(state), right(state), state);
  const holds = ORDERINGS[operator] ?? noOrder;
  return (state) => {
    const [a, b] = [left(state), right(state)];
    return isNumber(a) && isNumber(b) && holds(compareNumbers(a, b)); // only numbers have an order
  };
}

const ORDERINGS: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
};

function compileArithmetic(expression: Extract<Expression, { kind: "arithmetic" }>, left: Value, right: Value): Value {
  const { operator, sources } = expression;
  return (state) => {
    const [a, b] = [left(state), right(state)];
    state.charge();
    if (isNumber(a) && isNumber(b)) return calculate(operator, a, b, state);
    if (operator !== "+" || !(typeof a === "string" || typeof b === "string")) return null;
    const [first, second] = [a === null ? sources[0] : a, b === null ? sources[1] : b];
    return joinText(printValue(first, state), printValue(second, state), state);
  };
}

function fromTest(test: Test): CompiledExpression {
  return { value: test, test };
}

function counted(value: Value, state: RenderState): JavaValue {
  state.charge();
  return value(state);
}

function numeric(value: number | bigint | JavaDouble): number | bigint {
  return value instanceof JavaDouble ? value.value : value;
}

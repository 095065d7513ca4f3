import type { Budget } from "./budget.ts";
import { JavaDouble, type JavaValue } from "./java-value.ts";
import { MAX_INTEGER_BITS } from "./limits.ts";

export type JavaNumber = number | bigint | JavaDouble;
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";

export function isNumber(value: JavaValue): value is JavaNumber {
  return typeof value === "number" || typeof value === "bigint" || value instanceof JavaDouble;
}

/** The nearest double, as Java's `doubleValue()`. */
export function toDouble(value: JavaNumber): number {
  return value instanceof JavaDouble ? value.value : Number(value);
}

/** Velocity's arithmetic: integers stay integers (and grow), anything with a Double is a Double; `null` for `x / 0`. */
export function calculate(
  operator: ArithmeticOperator,
  left: JavaNumber,
  right: JavaNumber,
  budget: Budget,
): JavaValue {
  if (left instanceof JavaDouble || right instanceof JavaDouble) {
    return calculateDouble(operator, toDouble(left), toDouble(right));
  }
  if (typeof left === "number" && typeof right === "number") {
    const result = calculateSafe(operator, left, right);
    if (result === null || Number.isSafeInteger(result)) return result === 0 ? 0 : result; // no -0 in Java's integers
  }
  return calculateBig(operator, BigInt(left), BigInt(right), budget);
}

/** Negative, zero or positive, as Java's `compareTo`. */
export function compareNumbers(left: JavaNumber, right: JavaNumber): number {
  const a = left instanceof JavaDouble ? left.value : left;
  const b = right instanceof JavaDouble ? right.value : right;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An integer literal, or null when it has more digits than `MAX_INTEGER_BITS` allows. */
export function parseInteger(digits: string): number | bigint | null {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return digits.length > MAX_INTEGER_BITS / 4 ? null : BigInt(digits);
}

/** A Double as Java prints it: `1.0`, `249.99`, `1.0E10`, `1.0E-4`. */
export function printDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}

function calculateDouble(operator: ArithmeticOperator, left: number, right: number): JavaValue {
  switch (operator) {
    case "+":
      return new JavaDouble(left + right);
    case "-":
      return new JavaDouble(left - right);
    case "*":
      return new JavaDouble(left * right);
    case "/":
      return right === 0 ? null : new JavaDouble(left / right);
    case "%":
      return right === 0 ? null : new JavaDouble(left % right);
  }
}

function calculateSafe(operator: ArithmeticOperator, left: number, right: number): number | null {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0 ? null : Math.trunc(left / right);
    case "%":
      return right === 0 ? null : left % right;
  }
}

function calculateBig(operator: ArithmeticOperator, left: bigint, right: bigint, budget: Budget): JavaValue {
  if (right === 0n && (operator === "/" || operator === "%")) return null;
  const result = applyBig(operator, left, right);
  if (result >= BigInt(Number.MIN_SAFE_INTEGER) && result <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(result);
  if (BigInt.asIntN(MAX_INTEGER_BITS, result) !== result) {
    budget.fail("limit", `an integer would have more than ${MAX_INTEGER_BITS} bits`);
  }
  return result;
}

function applyBig(operator: ArithmeticOperator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

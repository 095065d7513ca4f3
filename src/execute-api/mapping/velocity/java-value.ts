import type { Budget } from "./budget.ts";

/**
 * A value as a template sees it. Java's types by JavaScript's: `null`; String → string; Boolean → boolean; Integer and
 * Long → number (bigint beyond 2^53); Double → JavaDouble; and own classes for the rest, so that nothing a template
 * writes can reach a JavaScript property or prototype.
 */
export type JavaValue = null | string | boolean | number | bigint | JavaDouble | JavaList | JavaMap | HostObject;

/** What a map can be keyed by: Java's Strings, Integers and Booleans stay distinct keys. */
export type JavaKey = string | boolean | number | bigint;

/** A Java Double: `1.0` is not the integer `1` and prints otherwise. */
export class JavaDouble {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * A list. Lists that come from JSON print as compact JSON, lists that a template writes print as Java does, `[a, b]`
 * (R: test_input_path_template_formatting, and Velocity 1.7).
 */
export class JavaList {
  readonly items: JavaValue[];
  readonly style: "json" | "java";
  constructor(items: JavaValue[], style: "json" | "java") {
    this.items = items;
    this.style = style;
  }
}

/**
 * An ordered map. Made from plain data it reads that data and copies it only when it must. A silent map prints nothing,
 * and so do the maps of the data it is made from: `$context` has such (R: test_sqs_amz_json_protocol).
 */
export class JavaMap {
  readonly silent: boolean;
  #source: Readonly<Record<string, unknown>> | undefined;
  #entries: Map<JavaKey, JavaValue> | undefined;

  constructor(source?: Readonly<Record<string, unknown>>, silent = false) {
    this.#source = source;
    this.silent = silent;
  }

  get(key: JavaKey): JavaValue {
    if (this.#entries === undefined && this.#source !== undefined) {
      if (typeof key !== "string" || !Object.hasOwn(this.#source, key)) return null;
      const raw = this.#source[key];
      if (typeof raw === "string" || typeof raw === "boolean") return raw;
    }
    return this.entries().get(key) ?? null;
  }

  has(key: JavaKey): boolean {
    return this.entries().has(key);
  }

  put(key: JavaKey, value: JavaValue, budget: Budget): JavaValue {
    const entries = this.entries();
    const previous = entries.get(key) ?? null;
    entries.set(key, value);
    budget.allowItems(entries.size);
    return previous;
  }

  remove(key: JavaKey): JavaValue {
    const previous = this.get(key);
    this.entries().delete(key);
    return previous;
  }

  get size(): number {
    return this.entries().size;
  }

  entries(): Map<JavaKey, JavaValue> {
    if (this.#entries !== undefined) return this.#entries;
    const entries = new Map<JavaKey, JavaValue>();
    if (this.#source !== undefined) {
      for (const [key, raw] of Object.entries(this.#source)) {
        if (raw !== undefined) entries.set(key, toJavaValue(raw, this.silent));
      }
    }
    this.#source = undefined;
    this.#entries = entries;
    return entries;
  }
}

/** An object whose properties and methods are written out by us, one by one. */
export abstract class HostObject {
  /** `null` when there is no such property. */
  abstract property(name: string, budget: Budget): JavaValue;
  /** `undefined` when there is no such method for these arguments. */
  abstract call(name: string, args: readonly JavaValue[], budget: Budget): JavaValue | undefined;
  abstract print(budget: Budget): string;
}

/** One entry of `entrySet()`. */
export class MapEntry extends HostObject {
  readonly key: JavaValue;
  readonly value: JavaValue;
  readonly #print: (value: JavaValue, budget: Budget) => string;

  constructor(key: JavaValue, value: JavaValue, print: (value: JavaValue, budget: Budget) => string) {
    super();
    this.key = key;
    this.value = value;
    this.#print = print;
  }

  override property(name: string): JavaValue {
    return name === "key" ? this.key : name === "value" ? this.value : null;
  }

  override call(name: string): JavaValue | undefined {
    return name === "getKey" ? this.key : name === "getValue" ? this.value : undefined;
  }

  override print(budget: Budget): string {
    return `${this.#print(this.key, budget)}=${this.#print(this.value, budget)}`;
  }
}

/** Plain data as a template sees it. Numbers without a fraction become integers; `silent` is for the maps in it. */
export function toJavaValue(raw: unknown, silent = false): JavaValue {
  if (raw === null || raw === undefined) return null;
  if (typeof raw === "string" || typeof raw === "boolean" || typeof raw === "bigint") return raw;
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? raw : new JavaDouble(raw);
  if (raw instanceof JavaMap || raw instanceof JavaList || raw instanceof JavaDouble || raw instanceof HostObject) {
    return raw;
  }
  if (Array.isArray(raw))
    return new JavaList(
      raw.map((item) => toJavaValue(item, silent)),
      "json",
    );
  if (typeof raw === "object") return new JavaMap(raw as Readonly<Record<string, unknown>>, silent); // own keys only are read
  return null;
}

/** A value as a map key; maps and lists as keys are their printed form, which no template we know of relies on. */
export function toKey(value: JavaValue, print: (value: JavaValue) => string): JavaKey {
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return value;
  return print(value);
}

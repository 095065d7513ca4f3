import type { Budget } from "./velocity/budget.ts";
import { type JavaKey, JavaList, JavaMap, type JavaValue } from "./velocity/java-value.ts";
import { printValue } from "./velocity/print-value.ts";

/** What templates assign to `$context.requestOverride` and `$context.responseOverride`, from one template to the next. */
export interface Overrides {
  readonly request: JavaMap;
  readonly response: JavaMap;
}

/** Names and what they are overridden with; several values for a list. */
export type OverriddenParameters = ReadonlyMap<string, string | readonly string[]>;

export const NO_PARAMETERS: OverriddenParameters = new Map();

/** Overridden statuses outside this range are ignored (C). */
export const OVERRIDE_STATUS_RANGE = { min: 100, max: 599 } as const;

/**
 * A map in which a template may set each parameter once: "overriding the same parameter multiple times will result in
 * 5XX responses" (D: Developer Guide, "Override your API's request and response parameters and status codes").
 * What an earlier template set may be set anew (?).
 */
class OverrideMap extends JavaMap {
  readonly #path: string;
  readonly #written = new Set<JavaKey>();

  constructor(path: string, before: JavaMap | undefined) {
    super(undefined, true);
    this.#path = path;
    for (const [key, value] of before?.entries() ?? []) this.entries().set(key, value);
  }

  override put(key: JavaKey, value: JavaValue, budget: Budget): JavaValue {
    if (this.#written.has(key)) {
      budget.fail("override", `$context.${this.#path}.${String(key)} is overridden a second time`);
    }
    this.#written.add(key);
    return super.put(key, value, budget);
  }
}

const LOCATIONS = { requestOverride: ["header", "path", "querystring"], responseOverride: ["header"] } as const;

/**
 * `$context`: the request's variables, and the two maps of overrides, which its keys name too. A map in it prints
 * nothing: `$context.get("identity")` is empty (R: test_sqs_amz_json_protocol), and so is `$context.authorizer.claims` (D).
 */
export class ContextVariable extends JavaMap {
  #request: JavaMap | undefined;
  #response: JavaMap | undefined;
  readonly #before: Overrides | undefined;

  constructor(context: Readonly<Record<string, unknown>>, before: Overrides | undefined) {
    super(context, true);
    this.#before = before;
  }

  override get(key: JavaKey): JavaValue {
    if (key === "requestOverride") return (this.#request ??= overridesOf("requestOverride", this.#before?.request));
    if (key === "responseOverride") return (this.#response ??= overridesOf("responseOverride", this.#before?.response));
    return super.get(key);
  }

  override entries(): Map<JavaKey, JavaValue> {
    const entries = super.entries();
    for (const name of ["requestOverride", "responseOverride"]) {
      if (!entries.has(name)) entries.set(name, this.get(name));
    }
    return entries;
  }

  override put(key: JavaKey, value: JavaValue, budget: Budget): JavaValue {
    if (key === "requestOverride" || key === "responseOverride") {
      budget.fail("override", `$context.${key} itself cannot be replaced, only what is in it`);
    }
    return super.put(key, value, budget);
  }

  /** Undefined when neither this template nor an earlier one overrode anything. */
  get overrides(): Overrides | undefined {
    const request = this.#request ?? this.#before?.request;
    const response = this.#response ?? this.#before?.response;
    if (request === undefined && response === undefined) return undefined;
    return { request: request ?? new JavaMap(), response: response ?? new JavaMap() };
  }
}

/** The parameters of one kind that were overridden, as text. */
export function overriddenParameters(overrides: JavaMap, location: string, budget: Budget): OverriddenParameters {
  const map = overrides.get(location);
  if (!(map instanceof JavaMap) || map.size === 0) return NO_PARAMETERS;
  const parameters = new Map<string, string | readonly string[]>();
  for (const [name, value] of map.entries()) {
    if (value === null) continue;
    const text =
      value instanceof JavaList ? value.items.map((item) => printValue(item, budget)) : printValue(value, budget);
    parameters.set(String(name), text);
  }
  return parameters;
}

/** The overridden status, if it is one that AWS takes. */
export function overriddenStatus(overrides: JavaMap, budget: Budget): number | undefined {
  const value = overrides.get("status");
  if (value === null) return undefined;
  const text = printValue(value, budget);
  if (!/^[0-9]{3}$/.test(text)) return undefined;
  const status = Number(text);
  return status >= OVERRIDE_STATUS_RANGE.min && status <= OVERRIDE_STATUS_RANGE.max ? status : undefined;
}

function overridesOf(name: keyof typeof LOCATIONS, before: JavaMap | undefined): JavaMap {
  const overrides = new OverrideMap(name, before);
  for (const location of LOCATIONS[name]) {
    const earlier = before?.get(location);
    overrides
      .entries()
      .set(location, new OverrideMap(`${name}.${location}`, earlier instanceof JavaMap ? earlier : undefined));
  }
  return overrides;
}

import { isMap, isScalar, isSeq, type Node } from "yaml";
import { nearestKey } from "./nearest-key.ts";
import type { TenantFinding, TenantPosition, TenantRule } from "./tenant-finding.ts";

/** A value of the tenant's file with its place, as the fields below read it. */
export interface TenantNode {
  /** Path from the root, e.g. `apis[0].token_lifetime`. */
  readonly path: string;
  readonly node: Node | null;
  readonly source: TenantSource;
}

/** What the reading of one file shares. */
export interface TenantSource {
  readonly findings: TenantFinding[];
  readonly positionOf: (node: Node | null) => TenantPosition;
  /** Reads a file that the tenant's file names, relative to it. @throws what node:fs throws */
  readonly readFile: (path: string) => string;
}

/** One kind of value. `read` answers undefined once it has reported what is wrong. */
export interface Field<Value> {
  read(at: TenantNode): Value | undefined;
}

/** A name of something else in the tenant, with its place: what it names may come from the project's files. */
export interface Reference {
  readonly name: string;
  readonly at: TenantPosition;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type ValueOf<F> = F extends Field<infer Value> ? Value : never;
/** A mapping as read, with its place. */
export type Entry<F, Required extends keyof F = never> = { readonly at: TenantPosition } & {
  readonly [K in Required]: ValueOf<F[K]>;
} & { readonly [K in Exclude<keyof F, Required>]?: ValueOf<F[K]> };

/** More items of one list than this are not read. */
export const MAX_TENANT_LIST_ITEMS = 1_000;
const MAX_SHOWN_CHARS = 60;
const MAX_FINDINGS = 50;

export function text(wanted: string, isRight: (value: string) => boolean = () => true, maxChars = 2048): Field<string> {
  return {
    read(at) {
      const value = isScalar(at.node) ? at.node.value : undefined;
      const isText = typeof value === "string" && value.trim() !== "" && value.length <= maxChars;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
      if (isText && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value) && isRight(value)) return value;
      return invalid(at, wanted);
    },
  };
}

export function reference(wanted: string): Field<Reference> {
  const field = text(wanted);
  return {
    read(at) {
      const name = field.read(at);
      return name === undefined ? undefined : { name, at: placeOf(at) };
    },
  };
}

export function oneOf<Value extends string>(...values: readonly Value[]): Field<Value> {
  return {
    read(at) {
      const found = isScalar(at.node)
        ? values.find((each) => each === (at.node as { value?: unknown }).value)
        : undefined;
      return found ?? invalid(at, values.join(values.length === 2 ? " or " : ", "));
    },
  };
}

export const flag: Field<boolean> = {
  read: (at) =>
    isScalar(at.node) && typeof at.node.value === "boolean" ? at.node.value : invalid(at, "true or false"),
};

export function seconds(min: number, max: number): Field<number> {
  return {
    read(at) {
      const value = isScalar(at.node) ? at.node.value : undefined;
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
      return invalid(at, `whole seconds from ${min} to ${max}`);
    },
  };
}

/** Nothing after the colon is an empty list. */
export function list<Value>(item: Field<Value>, isSame?: (a: Value, b: Value) => boolean): Field<readonly Value[]> {
  return {
    read(at) {
      if (isNothing(at.node)) return [];
      if (!isSeq(at.node)) return invalid(at, "a list");
      if (at.node.items.length > MAX_TENANT_LIST_ITEMS) {
        const message = `${at.path} has ${at.node.items.length} items, at most ${MAX_TENANT_LIST_ITEMS} are read.`;
        return report("tenant-too-large", at, message, "Keep to those that you need here.");
      }
      const values: Value[] = [];
      for (const [index, node] of at.node.items.entries()) {
        const child = { ...at, path: `${at.path}[${index}]`, node: node as Node | null };
        const value = item.read(child);
        if (value === undefined) continue;
        if (isSame !== undefined && values.some((other) => isSame(other, value))) {
          report("tenant-duplicate", child, `${child.path} is ${show(child.node)} once more.`, "Keep one of the two.");
        } else values.push(value);
      }
      return values;
    },
  };
}

export function texts(
  wanted: string,
  isRight?: (value: string) => boolean,
  maxChars?: number,
): Field<readonly string[]> {
  return list(text(wanted, isRight, maxChars), (a, b) => a === b);
}

/** Any keys, each with the same kind of value. */
export function byName<Value>(wanted: string, field: Field<Value>): Field<ReadonlyMap<string, Placed<Value>>> {
  return {
    read(at) {
      if (isNothing(at.node)) return new Map();
      if (!isMap(at.node)) return invalid(at, wanted);
      const values = new Map<string, Placed<Value>>();
      for (const [name, child, key] of childrenOf(at)) {
        const value = field.read(child);
        if (value !== undefined) values.set(name, { value, at: at.source.positionOf(key) });
      }
      return values;
    },
  };
}

export interface Placed<Value> {
  readonly value: Value;
  readonly at: TenantPosition;
}

/** Any mapping, as JSON. */
export const json: Field<Readonly<Record<string, unknown>>> = {
  read(at) {
    if (!isMap(at.node)) return invalid(at, "a mapping");
    return plain(at) as Record<string, unknown>;
  },
};

/** A mapping of these keys and no others. */
export function mapping<F extends Fields, Required extends keyof F & string = never>(
  fields: F,
  required: readonly Required[] = [],
  check: (entry: Entry<F, Required>, at: TenantNode) => void = () => {},
): Field<Entry<F, Required>> {
  return {
    read(at) {
      if (!isMap(at.node)) return invalid(at, "a mapping");
      const entry: Record<string, unknown> = { at: placeOf(at) };
      for (const [name, child, key] of childrenOf(at)) {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
        if (field === undefined) refuseKey(name, { ...child, node: key }, Object.keys(fields));
        else {
          const value = field.read(child);
          if (value !== undefined) entry[name] = value;
        }
      }
      const missing = required.filter((name) => !(at.node as { has(key: string): boolean }).has(name));
      for (const name of missing) {
        const thing = at.path === "" ? "The file" : at.path;
        report("tenant-value-missing", at, `${thing} has no ${name}.`, `Add ${name}.`);
      }
      if (required.some((name) => !(name in entry))) return undefined;
      const complete = entry as Entry<F, Required>; // Each field was read by its own reader, the required ones are there.
      check(complete, at);
      return complete;
    },
  };
}

/** Keys that hold secrets wherever they are written. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "client_secret",
  "signing_secret",
  "password",
  "password_hash",
  "secret",
  "private_key",
]);

function refuseKey(name: string, at: TenantNode, known: readonly string[]): void {
  if (SECRET_KEYS.has(name)) {
    const message = `${at.path} is a secret, and this file is for git.`;
    const fix = "Remove the line; secrets live in the state folder: gatewarden issuer secrets set.";
    report("tenant-secret-in-file", at, message, fix);
    return;
  }
  const near = nearestKey(name, known);
  const fix = near === undefined ? `Known here are ${known.join(", ")}.` : `Did you mean ${near}?`;
  report("tenant-key-unknown", at, `The key ${shown(name)} is unknown in ${parentOf(at.path)}.`, fix);
}

export function invalid(at: TenantNode, wanted: string): undefined {
  return report(
    "tenant-value-invalid",
    at,
    `${at.path || "The file"} is ${show(at.node)}, wanted ${wanted}.`,
    "Correct the value.",
  );
}

export function report(rule: TenantRule, at: TenantNode, message: string, fix: string): undefined {
  const { findings } = at.source;
  if (findings.length < MAX_FINDINGS)
    findings.push({ rule, severity: "error", effect: "load", message, fix, at: placeOf(at) });
}

/** The value under a key of a mapping, for checks that concern several. */
export function childOf(at: TenantNode, name: string): TenantNode {
  const node = isMap(at.node) ? ((at.node.get(name, true) as Node | undefined) ?? null) : null;
  return { ...at, path: at.path === "" ? name : `${at.path}.${name}`, node: node ?? at.node };
}

function placeOf({ node, source }: TenantNode): TenantPosition {
  return source.positionOf(node);
}

function* childrenOf(at: TenantNode): Generator<[string, TenantNode, Node]> {
  if (!isMap(at.node)) return;
  for (const { key, value } of at.node.items) {
    const keyNode = key as Node & { readonly value: string }; // the parser's check lets no other keys through
    const path = at.path === "" ? keyNode.value : `${at.path}.${keyNode.value}`;
    yield [keyNode.value, { ...at, path, node: value as Node | null }, keyNode];
  }
}

/** Depth is bounded by the parser's check. */
function plain(at: TenantNode): unknown {
  if (isSeq(at.node)) return at.node.items.map((node) => plain({ ...at, node: node as Node | null }));
  if (isMap(at.node)) return Object.fromEntries([...childrenOf(at)].map(([name, child]) => [name, plain(child)]));
  const value = isScalar(at.node) ? at.node.value : null;
  if (typeof value === "number" && !Number.isFinite(value)) return invalid(at, "a number that JSON can hold");
  return value;
}

function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("."), 0)) || "the tenant's file";
}

function show(node: Node | null): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (isNothing(node)) return "empty";
  return isScalar(node) ? shown(node.value) : "no value";
}

function shown(value: unknown): string {
  const json = typeof value === "string" ? JSON.stringify(value) : String(value);
  return json.length > MAX_SHOWN_CHARS ? `${json.slice(0, MAX_SHOWN_CHARS)}…` : json;
}

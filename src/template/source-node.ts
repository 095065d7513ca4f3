import type { SourcePosition } from "../model/finding.ts";
import type { SourceDocument } from "./document.ts";
import type { SourcePath } from "./position-tree.ts";

/** One value of a document together with where it stands: what readers pass around instead of bare values. */
export class SourceNode {
  readonly document: SourceDocument;
  readonly value: unknown;
  readonly parent: SourceNode | undefined;
  readonly key: string | number;

  constructor(document: SourceDocument, value: unknown, parent?: SourceNode, key: string | number = "") {
    this.document = document;
    this.value = value;
    this.parent = parent;
    this.key = key;
  }

  static root(document: SourceDocument): SourceNode {
    return new SourceNode(document, document.value);
  }

  /** The key under which this value stands, as text. */
  get name(): string {
    return String(this.key);
  }

  /** The property of a mapping, or the item of a list; undefined when this is neither or lacks it. */
  get(key: string | number): SourceNode | undefined {
    const { value } = this;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    return new SourceNode(this.document, (value as Record<string, unknown>)[key], this, key);
  }

  /** The properties of a mapping, each with its key as `name`; empty for anything else. */
  entries(): SourceNode[] {
    const { value } = this;
    if (!isMapping(value)) return [];
    return Object.keys(value).map((key) => new SourceNode(this.document, value[key], this, key));
  }

  /** The items of a list; empty for anything else. */
  items(): SourceNode[] {
    const { value } = this;
    return Array.isArray(value) ? value.map((item, index) => new SourceNode(this.document, item, this, index)) : [];
  }

  get isMapping(): boolean {
    return isMapping(this.value);
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  path(): SourcePath {
    const path: (string | number)[] = [];
    for (let node: SourceNode = this; node.parent; node = node.parent) path.unshift(node.key);
    return path;
  }

  /** A scalar's own place; for a mapping or list the place of its key. */
  at(): SourcePosition {
    return this.document.positionOf(this.path());
  }

  keyAt(): SourcePosition {
    return this.document.keyPositionOf(this.path());
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SHOWN_CHARACTERS = 80;

/** A value as a message shows it: short text in quotes, big things by their kind. */
export function show(value: unknown): string {
  if (value === undefined || value === null || value === "") return value === "" ? '""' : "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** Only the kind of a value, for places that may hold secrets. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}

import type { SourcePosition } from "../model/finding.ts";
import type { SourceDocument } from "./document.ts";
import type { SourcePath } from "./position-tree.ts";
import { SourceNode } from "./source-node.ts";

/**
 * Where the values of a document come from that was made of another one (an intrinsic function resolved, a SAM resource
 * expanded). Positions are kept per container and key, so that a made value points at what the user wrote.
 */
export class Origins {
  readonly #places = new WeakMap<object, Map<string, SourcePosition | SourceNode>>();

  /** Says where the member `key` of a made mapping or list comes from. */
  set(container: object, key: string | number, at: SourcePosition | SourceNode): void {
    const places = this.#places.get(container) ?? new Map<string, SourcePosition | SourceNode>();
    places.set(String(key), at);
    this.#places.set(container, places);
  }

  get(container: object, key: string | number): SourcePosition | undefined {
    const place = this.#places.get(container)?.get(String(key));
    // Looked up when it is asked for: most values are never complained about.
    return place instanceof SourceNode ? place.at() : place;
  }

  /** A plain copy of a node's value whose members all point back at where they stand. */
  copy(node: SourceNode): unknown {
    if (node.isMapping) {
      const made: Record<string, unknown> = Object.create(null);
      for (const child of node.entries()) {
        made[child.name] = this.copy(child);
        this.set(made, child.name, child);
      }
      return made;
    }
    if (node.isList) {
      const made: unknown[] = [];
      for (const child of node.items()) {
        const index = made.push(this.copy(child)) - 1;
        this.set(made, index, child);
      }
      return made;
    }
    return node.value;
  }
}

/** A document whose values were made; what no origin is known of points at the nearest thing above it. */
export function derivedDocument(value: unknown, origins: Origins, root: SourcePosition): SourceDocument {
  const positionOf = (path: SourcePath): SourcePosition => {
    let at = root;
    let container: unknown = value;
    for (const key of path) {
      if (typeof container !== "object" || container === null || !Object.hasOwn(container, key)) break;
      at = origins.get(container, key) ?? at;
      container = (container as Record<string | number, unknown>)[key];
    }
    return at;
  };
  return { file: root.file, value, positionOf, keyPositionOf: positionOf };
}

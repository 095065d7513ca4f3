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
  readonly #sources = new WeakMap<object, SourceNode>();

  /** Says where the member `key` of a made mapping or list comes from. */
  set(container: object, key: string | number, at: SourcePosition | SourceNode): void {
    const places = this.#places.get(container) ?? new Map<string, SourcePosition | SourceNode>();
    places.set(String(key), at);
    this.#places.set(container, places);
  }

  /** Says that every member of a made mapping or list comes from the member of `source` with the same key. */
  follow(container: object, source: SourceNode): void {
    this.#sources.set(container, source);
  }

  get(container: object, key: string | number): SourcePosition | undefined {
    return positionAt(this.place(container, key));
  }

  /** The same as it was set: a node's position is looked up when it is asked for, since most values never are. */
  place(container: object, key: string | number): SourcePosition | SourceNode | undefined {
    return this.#places.get(container)?.get(String(key)) ?? this.#sources.get(container)?.get(key);
  }

  /** A plain copy of a node's value whose members all point back at where they stand. */
  copy(node: SourceNode): unknown {
    if (node.isMapping) {
      const made: Record<string, unknown> = Object.create(null);
      for (const child of node.entries()) made[child.name] = this.copy(child);
      this.follow(made, node);
      return made;
    }
    if (node.isList) {
      const made = node.items().map((child) => this.copy(child));
      this.follow(made, node);
      return made;
    }
    return node.value;
  }
}

/** A document whose values were made; what no origin is known of points at the nearest thing above it. */
export function derivedDocument(value: unknown, origins: Origins, root: SourcePosition): SourceDocument {
  const positionOf = (path: SourcePath): SourcePosition => {
    let nearest: SourcePosition | SourceNode = root;
    let container: unknown = value;
    for (const key of path) {
      if (typeof container !== "object" || container === null || !Object.hasOwn(container, key)) break;
      nearest = origins.place(container, key) ?? nearest;
      container = (container as Record<string | number, unknown>)[key];
    }
    return positionAt(nearest);
  };
  return { file: root.file, value, positionOf, keyPositionOf: positionOf };
}

function positionAt<Place extends SourcePosition | SourceNode | undefined>(place: Place): Exclude<Place, SourceNode> {
  return (place instanceof SourceNode ? place.at() : place) as Exclude<Place, SourceNode>;
}

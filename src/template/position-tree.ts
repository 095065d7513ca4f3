/** Keys and list indexes from the root of a document. */
export type SourcePath = readonly (string | number)[];

/** Finds the offset of any value in the text it was parsed from. */
export interface PositionTree {
  /**
   * `key`: where the last key or item of the path begins. `value`: where a scalar begins; for a mapping or list the
   * same as `key`. A path that leads nowhere gives the deepest part of it that exists.
   */
  offsetOf(path: SourcePath, part: "key" | "value"): number;
}

export interface TreeProblem {
  readonly rule: string;
  readonly message: string;
  readonly fix: string;
  readonly offset: number;
}

export type TreeVerdict =
  | { readonly ok: true; readonly value: unknown; readonly tree: PositionTree }
  /** `isSyntax`: the text is not of this language at all, so another one may be tried. */
  | { readonly ok: false; readonly isSyntax: boolean; readonly problems: readonly TreeProblem[] };

/** Mappings and lists inside each other, deeper than any API definition needs and shallow enough for any stack. */
export const MAX_DOCUMENT_DEPTH = 200;

export function tooDeep(offset: number): TreeProblem {
  return {
    rule: "document-too-deep",
    message: `Mappings and lists are nested more than ${MAX_DOCUMENT_DEPTH} deep here.`,
    fix: "Move inner parts to definitions and refer to them.",
    offset,
  };
}

export function duplicateKey(key: string, offset: number): TreeProblem {
  return {
    rule: "duplicate-key",
    message: `The key "${key.length > 80 ? `${key.slice(0, 80)}…` : key}" is written twice in the same mapping.`,
    fix: "Keep one of the two: which one AWS would use is not defined.",
    offset,
  };
}

/** Sets an own property whatever its name is; plain assignment of `__proto__` would change the prototype instead. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else target[key] = value;
}

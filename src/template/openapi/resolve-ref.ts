import type { SourceNode } from "../source-node.ts";

/** `$ref`s that lead to `$ref`s; a chain this long is a circle. */
export const MAX_REF_CHAIN = 20;

export type RefVerdict =
  | { readonly ok: true; readonly node: SourceNode }
  | { readonly ok: false; readonly message: string; readonly at: SourceNode };

/** Follows `$ref`s within the document; a node without `$ref` is its own answer. */
export function resolveRef(node: SourceNode): RefVerdict {
  let current = node;
  for (let length = 0; length <= MAX_REF_CHAIN; length++) {
    const ref = current.get("$ref");
    if (!ref) return { ok: true, node: current };
    const { value } = ref;
    if (typeof value !== "string" || !value.startsWith("#")) {
      const shown = typeof value === "string" ? JSON.stringify(value) : "not text";
      return { ok: false, message: `The $ref is ${shown}, wanted one within this file (#/…).`, at: ref };
    }
    const target = followPointer(current, value);
    if (!target) return { ok: false, message: `The $ref ${JSON.stringify(value)} leads to nothing.`, at: ref };
    current = target;
  }
  return { ok: false, message: "The $ref leads back to itself.", at: node };
}

/** The node a JSON pointer fragment names in the document of `from`. */
export function followPointer(from: SourceNode, fragment: string): SourceNode | undefined {
  let node = from;
  while (node.parent) node = node.parent;
  const steps = pointerSteps(fragment);
  if (!steps) return undefined;
  for (const step of steps) {
    const next = node.get(node.isList && /^\d+$/.test(step) ? Number(step) : step);
    if (!next) return undefined;
    node = next;
  }
  return node;
}

/** The decoded steps of `#/a/b`; undefined when it is not a pointer. */
export function pointerSteps(fragment: string): string[] | undefined {
  if (fragment === "#" || fragment === "#/") return [];
  if (!fragment.startsWith("#/")) return undefined;
  try {
    return fragment
      .slice(2)
      .split("/")
      .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
  } catch {
    return undefined;
  }
}

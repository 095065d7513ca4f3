import {
  type Conflict,
  type Expected,
  MAX_NAME_BYTES,
  MAX_OPERATIONS,
  MAX_VALUE_BYTES,
  type Operation,
  type WriteRefusal,
} from "./documents.ts";

/** An operation within all bounds; `text` is the value's JSON for a put. */
export type PreparedOperation =
  | {
      readonly kind: "put";
      readonly collection: string;
      readonly id: string;
      readonly text: string;
      readonly expected: Expected;
    }
  | { readonly kind: "delete"; readonly collection: string; readonly id: string; readonly expected: Expected }
  | { readonly kind: "check"; readonly collection: string; readonly id: string; readonly expected: Expected };

/**
 * Checks what no engine should differ in: names, sizes, number, repetition. Serialising here also cuts the stored
 * value loose from the caller's object, in memory as on disk.
 */
export function prepareOperations(operations: readonly Operation[]): readonly PreparedOperation[] | WriteRefusal {
  if (operations.length > MAX_OPERATIONS) {
    return { ok: false, reason: "too_many_operations", actual: operations.length, limit: MAX_OPERATIONS };
  }
  const seen = new Set<string>();
  const prepared: PreparedOperation[] = [];
  for (const [index, operation] of operations.entries()) {
    const { kind, collection, id, expected } = operation;
    for (const name of [collection, id]) {
      if (!isAllowedName(name)) return { ok: false, reason: "name_not_allowed", index, name };
    }
    const key = documentKey(collection, id);
    if (seen.has(key)) return { ok: false, reason: "document_repeated", index };
    seen.add(key);
    if (kind !== "put") {
      prepared.push({ kind, collection, id, expected });
      continue;
    }
    const text = JSON.stringify(operation.value) as string | undefined; // undefined for undefined and functions
    if (text === undefined) throw new TypeError(`The value of ${collection}/${id} is not JSON.`);
    const actualBytes = Buffer.byteLength(text);
    if (actualBytes > MAX_VALUE_BYTES) {
      return { ok: false, reason: "value_too_large", index, actualBytes, limitBytes: MAX_VALUE_BYTES };
    }
    prepared.push({ kind, collection, id, text, expected });
  }
  return prepared;
}

/** The conflicts among prepared operations, given what each document's revision is now. */
export function findConflicts(
  operations: readonly PreparedOperation[],
  revisionOf: (collection: string, id: string) => Expected,
): readonly Conflict[] {
  return operations.flatMap(({ collection, id, expected }, index) => {
    const actual = revisionOf(collection, id);
    return actual === expected ? [] : [{ index, collection, id, expected, actual }];
  });
}

/** Control characters are refused, so NUL separates without ambiguity. */
export function documentKey(collection: string, id: string): string {
  return `${collection}\0${id}`;
}

/** Whether a collection or document can have this name. Nothing is found under any other. */
export function isAllowedName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keeping them out is the purpose
  return name !== "" && name.isWellFormed() && !/[\0-\x1f\x7f]/.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/**
 * The store's first port: JSON documents in collections, changed only by compare-and-set, with a change feed.
 * Engines: memory, one SQLite file; documents-contract.ts is what an engine promises, and every engine runs it.
 *
 * Every write takes the next number of one sequence, which is the document's new revision. So a revision is never
 * used twice (a document deleted and made again has another one), and the feed is the documents in revision order.
 */
export interface Documents {
  get(collection: string, id: string): Promise<Versioned | undefined>;
  /** Documents in order of their id's UTF-8 bytes, at most `MAX_LIST_LIMIT` at once. */
  list(collection: string, options?: ListOptions): Promise<DocumentPage>;
  put(collection: string, id: string, value: Json, expected: Expected): Promise<PutVerdict>;
  delete(collection: string, id: string, expected: number): Promise<PutVerdict>;
  /** All operations or none. Conflicts and broken bounds are verdicts; only a failing engine throws (`StoreError`). */
  transact(operations: readonly Operation[]): Promise<TransactVerdict>;
  /**
   * What changed after sequence number `since` (0: everything), oldest first and each document once, with its latest
   * change. A reader that was away for so long that deletions are forgotten is told to read everything again.
   */
  changes(since: number, limit?: number): Promise<ChangeFeed>;
  /** Calls the listener after each change, from any process that shares the store. Stop it, or close the store. */
  watch(listener: ChangeListener, options?: WatchOptions): Watch;
  /** Stops every watch and releases the engine. Nothing else may be called afterwards. */
  close(): Promise<void>;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Versioned {
  readonly value: Json;
  readonly revision: number;
}

export interface StoredDocument extends Versioned {
  readonly id: string;
}

export interface ListOptions {
  /** Only ids after this one; the last page's `next`. */
  readonly after?: string;
  readonly limit?: number;
}

export interface DocumentPage {
  readonly documents: readonly StoredDocument[];
  /** Present when there is more: the `after` of the next page. */
  readonly next?: string;
}

/** The revision the caller has read, or `absent` when it found no document. */
export type Expected = number | "absent";

export type Operation =
  | {
      readonly kind: "put";
      readonly collection: string;
      readonly id: string;
      readonly value: Json;
      readonly expected: Expected;
    }
  | { readonly kind: "delete"; readonly collection: string; readonly id: string; readonly expected: number }
  /** Writes nothing; the transaction stands only if this document is still as it was read. */
  | { readonly kind: "check"; readonly collection: string; readonly id: string; readonly expected: Expected };

export interface Conflict {
  /** Which of the operations. */
  readonly index: number;
  readonly collection: string;
  readonly id: string;
  readonly expected: Expected;
  readonly actual: Expected;
}

export type WriteRefusal =
  | { readonly ok: false; readonly reason: "conflict"; readonly conflicts: readonly Conflict[] }
  | {
      readonly ok: false;
      readonly reason: "value_too_large";
      readonly index: number;
      readonly actualBytes: number;
      readonly limitBytes: number;
    }
  /** Empty, longer than `MAX_NAME_BYTES`, with a control character, or not well-formed Unicode. */
  | { readonly ok: false; readonly reason: "name_not_allowed"; readonly index: number; readonly name: string }
  /** Two operations on one document in one transaction have no sensible order. */
  | { readonly ok: false; readonly reason: "document_repeated"; readonly index: number }
  | { readonly ok: false; readonly reason: "too_many_operations"; readonly actual: number; readonly limit: number };

/** `revision` is the new one; for a deletion it is the deletion's place in the change feed. */
export type PutVerdict = { readonly ok: true; readonly revision: number } | WriteRefusal;

/** `revisions` go with the operations by index; a `check` repeats what it found, 0 for `absent`. */
export type TransactVerdict = { readonly ok: true; readonly revisions: readonly number[] } | WriteRefusal;

export interface Change {
  readonly sequence: number;
  readonly collection: string;
  readonly id: string;
  /** Read the document for its value: it may have changed again since. */
  readonly kind: "put" | "delete";
}

export type ChangeFeed =
  | {
      readonly kind: "changes";
      readonly changes: readonly Change[];
      /** Where to read on from. */
      readonly sequence: number;
      readonly more: boolean;
    }
  /** Deletions after `since` are no longer remembered: list what you hold again, then go on from `sequence`. */
  | { readonly kind: "start_over"; readonly sequence: number };

/** Must not throw. It is called later than the write that caused the change, never within it. */
export type ChangeListener = (feed: ChangeFeed) => void;

export interface WatchOptions {
  /** Also what happened after this sequence number. By default only what happens from now on. */
  readonly since?: number;
}

export interface Watch {
  stop(): void;
  /** Epoch milliseconds at which this watch last knew that it had been told everything. */
  caughtUpAtMs(): number;
}

/** A whole API definition is one value, and large OpenAPI files run to several megabytes. */
export const MAX_VALUE_BYTES = 16 * 1024 * 1024;
export const MAX_NAME_BYTES = 1024;
export const MAX_OPERATIONS = 1000;
export const MAX_LIST_LIMIT = 1000;
export const MAX_CHANGES_LIMIT = 1000;
/** Deletions that the change feed remembers. */
export const MAX_TOMBSTONES = 10_000;

export type StoreErrorCode =
  | "unusable_path"
  | "not_a_store"
  | "store_too_new"
  | "engine_missing"
  | "unreachable"
  | "busy"
  | "failed";

/** The engine itself failed: the disk, the file, a lock, the connection. Never a conflict. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly path: string;

  constructor(code: StoreErrorCode, path: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreError";
    this.code = code;
    this.path = path;
  }
}

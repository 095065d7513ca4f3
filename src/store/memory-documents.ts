import {
  type Change,
  type ChangeFeed,
  type Documents,
  type Expected,
  type Json,
  MAX_CHANGES_LIMIT,
  MAX_LIST_LIMIT,
  MAX_TOMBSTONES,
  type Operation,
  type StoredDocument,
  type TransactVerdict,
} from "./documents.ts";
import { createWatches } from "./notify-watches.ts";
import { documentKey, findConflicts, prepareOperations } from "./prepare-operations.ts";

export interface MemoryDocumentsOptions {
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  /** Deletions remembered by the change feed. */
  readonly tombstonesMax?: number;
}

/** Documents that live as long as the process: for tests, `demo`, and `dev` without a data directory. */
export function createMemoryDocuments(options: MemoryDocumentsOptions = {}): Documents {
  const { clock = Date.now, tombstonesMax = MAX_TOMBSTONES } = options;
  interface Entry {
    readonly collection: string;
    readonly id: string;
    readonly revision: number;
    /** Undefined marks a deletion. */
    readonly text: string | undefined;
  }
  // Written entries move to the end, so the map's own order is the order of revisions: the change feed.
  const entries = new Map<string, Entry>();
  let sequence = 0;
  let tombstones = 0;
  let horizon = 0;

  const watches = createWatches(
    (since) => readFeed(since, MAX_CHANGES_LIMIT),
    () => sequence,
    clock,
  );

  function revisionOf(collection: string, id: string): Expected {
    const entry = entries.get(documentKey(collection, id));
    return entry?.text === undefined ? "absent" : entry.revision;
  }

  function write(collection: string, id: string, text: string | undefined): number {
    const key = documentKey(collection, id);
    const before = entries.get(key);
    if (before !== undefined && before.text === undefined) tombstones -= 1;
    if (text === undefined) tombstones += 1;
    sequence += 1;
    entries.delete(key);
    entries.set(key, { collection, id, revision: sequence, text });
    return sequence;
  }

  function forgetOldTombstones(): void {
    if (tombstones <= tombstonesMax) return;
    // Half at once, so that the walk over all entries is paid rarely.
    const keep = Math.floor(tombstonesMax / 2);
    for (const [key, entry] of entries) {
      if (tombstones <= keep) return;
      if (entry.text !== undefined) continue;
      entries.delete(key);
      tombstones -= 1;
      horizon = entry.revision;
    }
  }

  function readFeed(since: number, limit: number): ChangeFeed {
    // Somebody who holds nothing yet (0) misses nothing by not hearing of deletions.
    if ((since !== 0 && since < horizon) || since > sequence) return { kind: "start_over", sequence };
    const changes: Change[] = [];
    const newestFirst = [...entries.values()].reverse();
    for (const entry of newestFirst) {
      if (entry.revision <= since) break;
      const kind = entry.text === undefined ? "delete" : "put";
      changes.push({ sequence: entry.revision, collection: entry.collection, id: entry.id, kind });
    }
    changes.reverse();
    const page = changes.slice(0, limit);
    const more = page.length < changes.length;
    return { kind: "changes", changes: page, sequence: more ? page.at(-1)!.sequence : sequence, more };
  }

  function transact(operations: readonly Operation[]): TransactVerdict {
    const prepared = prepareOperations(operations);
    if ("ok" in prepared) return prepared;
    const conflicts = findConflicts(prepared, revisionOf);
    if (conflicts.length > 0) return { ok: false, reason: "conflict", conflicts };
    const revisions = prepared.map((operation) => {
      if (operation.kind === "check") return operation.expected === "absent" ? 0 : operation.expected;
      return write(operation.collection, operation.id, operation.kind === "put" ? operation.text : undefined);
    });
    forgetOldTombstones();
    watches.notify();
    return { ok: true, revisions };
  }

  async function writeOne(operation: Operation) {
    const verdict = transact([operation]);
    return verdict.ok ? { ok: true as const, revision: verdict.revisions[0]! } : verdict;
  }

  return {
    async get(collection, id) {
      const entry = entries.get(documentKey(collection, id));
      return entry?.text === undefined ? undefined : { value: parse(entry.text), revision: entry.revision };
    },
    async list(collection, { after, limit = MAX_LIST_LIMIT } = {}) {
      const matching = [...entries.values()]
        .filter((entry) => entry.collection === collection && entry.text !== undefined)
        // By UTF-8 bytes, as databases do: JavaScript's own order differs beyond the basic plane.
        .map((entry) => ({ entry, bytes: Buffer.from(entry.id) }))
        .filter(({ bytes }) => after === undefined || Buffer.compare(bytes, Buffer.from(after)) > 0)
        .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
      const page = matching.slice(0, Math.max(1, Math.min(limit, MAX_LIST_LIMIT)));
      const documents: StoredDocument[] = page.map(({ entry }) => ({
        id: entry.id,
        value: parse(entry.text!),
        revision: entry.revision,
      }));
      return page.length < matching.length ? { documents, next: documents.at(-1)!.id } : { documents };
    },
    put: (collection, id, value, expected) => writeOne({ kind: "put", collection, id, value, expected }),
    delete: (collection, id, expected) => writeOne({ kind: "delete", collection, id, expected }),
    transact: async (operations) => transact(operations),
    changes: async (since, limit = MAX_CHANGES_LIMIT) =>
      readFeed(since, Math.max(1, Math.min(limit, MAX_CHANGES_LIMIT))),
    watch(listener, watchOptions) {
      const { stop } = watches.add(listener, watchOptions);
      // Nobody else can write here, so a listener is never more than a microtask behind.
      return { stop, caughtUpAtMs: clock };
    },
    close: async () => watches.close(),
  };
}

function parse(text: string): Json {
  return JSON.parse(text) as Json; // It was JSON when prepareOperations wrote it.
}

import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
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
  StoreError,
  type StoreErrorCode,
  type TransactVerdict,
} from "./documents.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { createWatches } from "./notify-watches.ts";
import { findConflicts, isAllowedName, prepareOperations } from "./prepare-operations.ts";

/** How soon a change by another process is seen; a cache flush must be effective everywhere within a second. */
export const POLL_INTERVAL_MS = 250;
/** How long a write waits for another process's write. The wait blocks this process, so it is short. */
export const BUSY_TIMEOUT_MS = 2000;
/** Written into the file, so that a newer Gatewarden's file is refused instead of misread. */
export const SCHEMA_VERSION = 1;
/** "GWDN", which tells our file from any other SQLite file. */
const APPLICATION_ID = 0x4757444e;

// A deleted document stays as a row without a value until the feed forgets it. `feed` has one row.
const SCHEMA = `
  CREATE TABLE documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL UNIQUE,
    value TEXT,
    PRIMARY KEY (collection, id)
  ) STRICT;
  CREATE INDEX tombstones ON documents (revision) WHERE value IS NULL;
  CREATE TABLE feed (sequence INTEGER NOT NULL, horizon INTEGER NOT NULL) STRICT;
  INSERT INTO feed (sequence, horizon) VALUES (0, 0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export interface SqliteDocumentsOptions {
  /** Epoch milliseconds. */
  readonly clock?: () => number;
  readonly pollIntervalMs?: number;
  /** Deletions remembered by the change feed. */
  readonly tombstonesMax?: number;
}

/**
 * Documents in one SQLite file (write-ahead log, mode 0600), shared by any number of processes of one machine.
 * The file and its folder are made when missing.
 *
 * @throws StoreError naming the path and the cause
 */
export function openSqliteDocuments(file: string, options: SqliteDocumentsOptions = {}): Documents {
  const { clock = Date.now, pollIntervalMs = POLL_INTERVAL_MS, tombstonesMax = MAX_TOMBSTONES } = options;
  const path = resolve(file);
  const database = openDatabase(path);

  // Columns come back untyped; each cast below repeats the schema.
  const selectOne = database.prepare("SELECT revision, value FROM documents WHERE collection = ? AND id = ?");
  const selectPage = database.prepare(
    "SELECT id, revision, value FROM documents WHERE collection = ? AND id > ? AND value IS NOT NULL ORDER BY id LIMIT ?",
  );
  const selectFeed = database.prepare("SELECT sequence, horizon FROM feed");
  const selectChanges = database.prepare(
    "SELECT revision AS sequence, collection, id, value IS NULL AS deleted FROM documents WHERE revision > ? ORDER BY revision LIMIT ?",
  );
  const upsert = database.prepare(
    `INSERT INTO documents (collection, id, revision, value) VALUES (?, ?, ?, ?)
     ON CONFLICT (collection, id) DO UPDATE SET revision = excluded.revision, value = excluded.value`,
  );
  const updateFeed = database.prepare("UPDATE feed SET sequence = ?, horizon = ?");
  const countTombstones = database.prepare("SELECT count(*) AS n FROM documents WHERE value IS NULL");
  const selectTombstone = database.prepare(
    "SELECT revision FROM documents WHERE value IS NULL ORDER BY revision LIMIT 1 OFFSET ?",
  );
  const deleteTombstones = database.prepare("DELETE FROM documents WHERE value IS NULL AND revision <= ?");

  let pollTimer: NodeJS.Timeout | undefined;
  const watches = createWatches(
    (since) => readFeed(since, MAX_CHANGES_LIMIT),
    () => feedState().sequence,
    clock,
    () => {
      if (watches.size === 0) {
        clearInterval(pollTimer);
        pollTimer = undefined;
      } else {
        pollTimer ??= setInterval(() => watches.notify(), pollIntervalMs).unref();
      }
    },
  );

  function feedState(): { sequence: number; horizon: number } {
    return selectFeed.get() as { sequence: number; horizon: number };
  }

  function inTransaction<Result>(begin: "BEGIN" | "BEGIN IMMEDIATE", body: () => Result): Result {
    database.exec(begin);
    try {
      const result = body();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  function readFeed(since: number, limit: number): ChangeFeed {
    return inTransaction("BEGIN", () => {
      const { sequence, horizon } = feedState();
      // Somebody who holds nothing yet (0) misses nothing by not hearing of deletions.
      if ((since !== 0 && since < horizon) || since > sequence) return { kind: "start_over", sequence };
      const rows = selectChanges.all(since, limit + 1) as unknown as (Omit<Change, "kind"> & { deleted: 0 | 1 })[];
      const more = rows.length > limit;
      const changes = rows
        .slice(0, limit)
        .map(({ deleted, ...row }): Change => ({ ...row, kind: deleted === 1 ? "delete" : "put" }));
      return { kind: "changes", changes, sequence: more ? changes.at(-1)!.sequence : sequence, more };
    });
  }

  function revisionOf(collection: string, id: string): Expected {
    const row = selectOne.get(collection, id) as { revision: number; value: string | null } | undefined;
    return row === undefined || row.value === null ? "absent" : row.revision;
  }

  function transact(operations: readonly Operation[]): TransactVerdict {
    const prepared = prepareOperations(operations);
    if ("ok" in prepared) return prepared;
    const verdict = inTransaction("BEGIN IMMEDIATE", (): TransactVerdict => {
      const conflicts = findConflicts(prepared, revisionOf);
      if (conflicts.length > 0) return { ok: false, reason: "conflict", conflicts };
      let { sequence, horizon } = feedState();
      const revisions = prepared.map((operation) => {
        const { kind, collection, id, expected } = operation;
        if (kind === "check") return expected === "absent" ? 0 : expected;
        sequence += 1;
        upsert.run(collection, id, sequence, kind === "put" ? operation.text : null);
        return sequence;
      });
      if (prepared.some(({ kind }) => kind === "delete")) horizon = forgetOldTombstones() ?? horizon;
      updateFeed.run(sequence, horizon);
      return { ok: true, revisions };
    });
    if (verdict.ok) watches.notify();
    return verdict;
  }

  /** The new horizon, when there was something to forget. */
  function forgetOldTombstones(): number | undefined {
    const { n } = countTombstones.get() as { n: number };
    if (n <= tombstonesMax) return undefined;
    // Half at once, so that this is paid rarely.
    const surplus = n - Math.floor(tombstonesMax / 2);
    const { revision } = selectTombstone.get(surplus - 1) as { revision: number };
    deleteTombstones.run(revision);
    return revision;
  }

  async function guard<Result>(body: () => Result): Promise<Result> {
    try {
      return body();
    } catch (error) {
      throw error instanceof TypeError ? error : asStoreError(error, path, "Cannot use the store file");
    }
  }

  async function writeOne(operation: Operation) {
    const verdict = await guard(() => transact([operation]));
    return verdict.ok ? { ok: true as const, revision: verdict.revisions[0]! } : verdict;
  }

  return {
    get: (collection, id) =>
      guard(() => {
        if (!isAllowedName(id)) return undefined; // SQLite would replace what is not well-formed.
        const row = selectOne.get(collection, id) as { revision: number; value: string | null } | undefined;
        if (row === undefined || row.value === null) return undefined;
        return { value: JSON.parse(row.value) as Json, revision: row.revision };
      }),
    list: (collection, { after = "", limit = MAX_LIST_LIMIT } = {}) =>
      guard(() => {
        const size = Math.max(1, Math.min(limit, MAX_LIST_LIMIT));
        const rows = selectPage.all(collection, after, size + 1) as { id: string; revision: number; value: string }[];
        const documents = rows
          .slice(0, size)
          .map(({ id, revision, value }) => ({ id, value: JSON.parse(value) as Json, revision }));
        return rows.length > size ? { documents, next: documents.at(-1)!.id } : { documents };
      }),
    put: (collection, id, value, expected) => writeOne({ kind: "put", collection, id, value, expected }),
    delete: (collection, id, expected) => writeOne({ kind: "delete", collection, id, expected }),
    transact: (operations) => guard(() => transact(operations)),
    changes: (since, limit = MAX_CHANGES_LIMIT) =>
      guard(() => readFeed(since, Math.max(1, Math.min(limit, MAX_CHANGES_LIMIT)))),
    watch: (listener, watchOptions) => watches.add(listener, watchOptions),
    close: async () => {
      watches.close();
      if (database.isOpen) database.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite(path);
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600); // An older file may be wider. SQLite gives its -wal and -shm files the same mode.
    database = new DatabaseSync(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.exec("PRAGMA journal_mode = WAL");
    // synchronous stays FULL: writes here are rare and somebody's configuration.
    database.exec("BEGIN IMMEDIATE");
    checkSchema(database, path);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    if (database?.isOpen) database.close();
    throw asStoreError(error, path, "Cannot open the store file");
  }
}

/** Makes the tables in a new file, and refuses files that are not ours or newer than we are. */
function checkSchema(database: DatabaseSync, path: string): void {
  const { application_id: application } = database.prepare("PRAGMA application_id").get() as { application_id: number };
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  const { n: tables } = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get() as { n: number };
  if (application === 0 && version === 0 && tables === 0) {
    database.exec(SCHEMA);
  } else if (application !== APPLICATION_ID) {
    throw new StoreError(
      "not_a_store",
      path,
      `${path} is an SQLite file of another program. Name another file or folder.`,
    );
  } else if (version > SCHEMA_VERSION) {
    throw new StoreError(
      "store_too_new",
      path,
      `${path} has store version ${version}, this Gatewarden knows up to ${SCHEMA_VERSION}. Use the newer Gatewarden that wrote it.`,
    );
  }
}

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const CODE_OF_RESULT: Readonly<Record<number, StoreErrorCode>> = {
  5: "busy",
  6: "busy",
  8: "unusable_path",
  14: "unusable_path",
  26: "not_a_store",
};

function asStoreError(error: unknown, path: string, what: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
  const isFileError = errcode === undefined && code !== undefined && /^E[A-Z]+$/.test(code);
  const storeCode = isFileError ? "unusable_path" : (CODE_OF_RESULT[(errcode ?? 0) & 0xff] ?? "failed");
  return new StoreError(storeCode, path, `${what} ${path}: ${message}`, error);
}

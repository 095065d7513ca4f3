import { StoreError } from "./documents.ts";

type Sqlite = typeof import("node:sqlite");

/**
 * `node:sqlite`, loaded on first use and without the ExperimentalWarning that Node 22 prints for it. Only that one
 * warning is withheld, and only while the module loads, which is synchronous.
 */
export function loadSqlite(path: string): Sqlite {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!/SQLite is an experimental feature/.test(String(warning))) emitWarning.call(process, warning, ...rest);
  }) as typeof emitWarning; // The overloads all take the warning first; the rest passes through.
  try {
    const sqlite = process.getBuiltinModule("node:sqlite") as Sqlite | undefined;
    if (sqlite !== undefined) return sqlite;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new StoreError(
    "engine_missing",
    path,
    `Cannot use the store file ${path}: Node ${process.version} has no node:sqlite. Use Node 22.18 or later.`,
  );
}

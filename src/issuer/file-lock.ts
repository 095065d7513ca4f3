import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { StateFolderError } from "./state-folder.ts";

/** What is done under the lock takes milliseconds. One this old is what a killed process left behind. */
export const LOCK_STALE_MS = 5_000;
/** Longer than it takes a lock to become stale. */
const LOCK_WAIT_MS = 15_000;
const LOCK_RETRY_MS = 20;

/**
 * Runs `work`, which must be short and synchronous, while no other process that names the same lock file runs its own.
 *
 * @throws StateFolderError when the lock cannot be had, else what `work` throws
 */
export async function withFileLock<Result>(path: string, work: () => Result): Promise<Result> {
  const mine = randomUUID();
  const startedMs = performance.now();
  while (!take(path, mine)) {
    if (performance.now() - startedMs > LOCK_WAIT_MS) {
      const message = `${path} stays held by another process. If none is running, delete it.`;
      throw new StateFolderError("unusable_path", path, message);
    }
    clearStale(path);
    await pause(LOCK_RETRY_MS);
  }
  try {
    return work();
  } finally {
    // Whoever held it for too long has lost it, and must not remove the next one's.
    if (readText(path) === mine) rmSync(path, { force: true });
  }
}

function take(path: string, mine: string): boolean {
  try {
    writeFileSync(path, mine, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // node:fs throws nothing else
    if (code === "EEXIST") return false;
    throw new StateFolderError("unusable_path", path, `Cannot use the issuer's state ${path}: ${message}`, error);
  }
}

/** Moves a stale lock out of the way, by rename: of several that try, one does it. */
function clearStale(path: string): void {
  const held = readText(path);
  if (held === undefined || ageMs(path) < LOCK_STALE_MS) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    // In between another may have cleared it and a third taken it: that one is given back.
    if (readText(aside) !== held) linkSync(aside, path);
  } catch {
    // Cleared by another: the next attempt will see.
  } finally {
    rmSync(aside, { force: true });
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs; // the file system's clock, not the issuer's
  } catch {
    return 0;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

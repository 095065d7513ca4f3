import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MAX_TENANT_FILE_BYTES } from "./parse-tenant-yaml.ts";
import { TenantFileError } from "./tenant-finding.ts";

/** Changes with every write; "" when there is no file. */
export function stampOf(file: string): string {
  try {
    const status = statSync(file, { bigint: true, throwIfNoEntry: false });
    return status === undefined ? "" : `${status.ino}-${status.mtimeNs}-${status.size}`;
  } catch (error) {
    return `unreadable ${(error as NodeJS.ErrnoException).code}`; // told by whoever then reads it
  }
}

/**
 * The file's text, "" when there is none. A larger file gives as much as shows that it is too large.
 *
 * @throws TenantFileError when it is no file (a pipe would keep us waiting) or cannot be read
 */
export function readTenantText(file: string): string {
  try {
    const status = statSync(file, { throwIfNoEntry: false });
    if (status === undefined) return "";
    if (!status.isFile()) throw unreadable(file, `it is ${status.isDirectory() ? "a folder" : "no ordinary file"}`);
    if (status.size > MAX_TENANT_FILE_BYTES) return " ".repeat(MAX_TENANT_FILE_BYTES + 1);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof TenantFileError) throw error;
    throw unreadable(file, (error as Error).message); // node:fs throws nothing else
  }
}

function unreadable(file: string, why: string): TenantFileError {
  const message = `The tenant's file cannot be read: ${why}, wanted a YAML file that its owner can read.`;
  const fix = "Name another with --tenant, or mend this one.";
  const at = { file, line: 1, column: 1 };
  return new TenantFileError([{ rule: "tenant-unreadable", severity: "error", effect: "load", message, fix, at }]);
}

/**
 * Replaces the file as a whole, unless its text is no longer `before`. A link stays a link, the mode stays.
 *
 * @returns whether it did
 */
export function replaceTenantText(file: string, before: string, after: string): boolean {
  const existing = statSync(file, { throwIfNoEntry: false });
  const target = existing === undefined ? file : realpathSync(file);
  mkdirSync(dirname(target), { recursive: true });
  const draft = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    writeFileSync(draft, after, { flag: "wx" });
    if (existing !== undefined) chmodSync(draft, existing.mode & 0o777);
    if (readTenantText(file) !== before) return false;
    renameSync(draft, target);
    return true;
  } finally {
    rmSync(draft, { force: true });
  }
}

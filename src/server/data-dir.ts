import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./start-error.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** The project's own folder, `.gatewarden` by default: 0700, with a `.gitignore` of `*`. */
export interface DataDir {
  readonly path: string;
  /** Opens records and the console; one per project, 0600. */
  readonly projectToken: string;
}

/** Creates what is missing; an unwritable place is a clear error, not a crash later. */
export function openDataDir(path: string): DataDir {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const ignore = join(path, ".gitignore");
    if (!existsSync(ignore)) writePrivateFile(ignore, "*\n");
    return { path, projectToken: readOrCreateToken(join(path, "token")) };
  } catch (error) {
    const cause = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartError(`cannot write the data folder ${path} (${cause}). Name a writable one with --data-dir.`);
  }
}

/** The token of a project that ran before, or undefined. */
export function readProjectToken(path: string): string | undefined {
  return readToken(join(path, "token"));
}

function readOrCreateToken(file: string): string {
  const kept = readToken(file);
  if (kept !== undefined) return kept;
  writePrivateFile(file, `${randomBytes(32).toString("base64url")}\n`);
  // Not the one just made: of two servers that start at once both must take the one that stayed.
  const token = readToken(file);
  if (token === undefined) throw new Error("the project token was written and cannot be read");
  return token;
}

/** A token that others may know opens nothing: one in a repository, readable by all, or a link to who knows what. */
function readToken(file: string): string | undefined {
  try {
    const status = lstatSync(file);
    // Windows has no such modes: there the folder of the user's profile is what protects.
    const isPrivate = process.platform === "win32" || (status.mode & 0o077) === 0;
    if (!isPrivate || !status.isFile()) return undefined;
    const token = readFileSync(file, "utf8").trim();
    return token === "" ? undefined : token;
  } catch {
    return undefined;
  }
}

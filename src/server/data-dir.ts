import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./start-error.ts";

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
    if (!existsSync(ignore)) writeFileSync(ignore, "*\n", { mode: 0o600 });
    return { path, projectToken: readOrCreateToken(join(path, "token")) };
  } catch (error) {
    const cause = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartError(`cannot write the data folder ${path} (${cause}). Name a writable one with --data-dir.`);
  }
}

/** The token of a project that ran before, or undefined. */
export function readProjectToken(path: string): string | undefined {
  try {
    const token = readFileSync(join(path, "token"), "utf8").trim();
    return token === "" ? undefined : token;
  } catch {
    return undefined;
  }
}

function readOrCreateToken(file: string): string {
  if (existsSync(file)) {
    const token = readFileSync(file, "utf8").trim();
    if (token !== "") {
      chmodSync(file, 0o600);
      return token;
    }
  }
  const token = randomBytes(32).toString("base64url");
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}

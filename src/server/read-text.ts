import { existsSync, readFileSync } from "node:fs";
import { readTrouble } from "./file-trouble.ts";
import { StartError } from "./start-error.ts";

/** The text of a file the user named. @throws StartError when it cannot be read */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new StartError(`cannot read ${file} ${readTrouble(error)}`, 2);
  }
}

/** The text of a file that may be missing. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

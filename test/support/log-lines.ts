import { existsSync, readFileSync } from "node:fs";

/** The lines of a log that is being written; one whose end is not in the file yet is left out. */
export function logLines(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The stage variable `backend`, for projects whose API names it: the others may have no stage variables at all. */
export function backendVariable(project: string, address: string): Readonly<Record<string, string>> {
  const api = readFileSync(join(import.meta.dirname, "../projects", project, "api.yaml"), "utf8");
  return api.includes("stageVariables.backend") ? { backend: address } : {};
}

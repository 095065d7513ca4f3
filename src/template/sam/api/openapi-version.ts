import { worded } from "./subject.ts";

/** YAML reads an unquoted 3.0 as a number, which loses its zero. */
export function versionText(version: unknown): string {
  return typeof version === "number" && Number.isInteger(version) ? `${version}.0` : worded(version);
}

/** Whether a version is one of OpenAPI 3. */
export function isOpenApi3(version: unknown): boolean {
  return /^3(?:\.\d)(?:\.\d)?$/.test(versionText(version));
}

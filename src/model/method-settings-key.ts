/** The key in a stage's `methodSettings` for all of its methods (R). */
export const ALL_METHODS_KEY = "*/*";

/** The key of one method: the path without its leading slash, other slashes as `~1` (R). */
export function methodSettingsKey(path: string, verb: string): string {
  return `${path.slice(1).replaceAll("/", "~1")}/${verb}`;
}

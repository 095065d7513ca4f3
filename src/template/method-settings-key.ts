/** The key of a method in a stage's `methodSettings`: the path without its leading slash, other slashes as `~1` (R). */
export function methodSettingsKey(path: string, verb: string): string {
  return `${path.slice(1).replaceAll("/", "~1")}/${verb}`;
}

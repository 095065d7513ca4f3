import { normalizePath } from "../aws/sigv4/canonical-request.ts";

/** What makes a path readable in another way: an escape, a doubled slash, a dot segment, a slash at the end. */
const AMBIGUOUS = /%|\/\/|\/\.|.\/$/;

/**
 * The other paths that a path may be read as by what stands behind a policy. AWS hands paths on as they were sent (R), a
 * backend behind `{proxy+}` reads `/%61dmin` or `/x/../admin` as `/admin`, and to the gateway itself `/admin/` is the
 * resource `/admin` (R). Decoded byte by byte, so that a malformed escape elsewhere in the path hides nothing. Undefined
 * for nearly every path.
 */
export function pathReadings(path: string): readonly string[] | undefined {
  if (!AMBIGUOUS.test(path)) return undefined;
  const decoded = decodeBytes(path);
  const question = decoded.indexOf("?");
  const readings = new Set<string>();
  for (const each of question < 0 ? [path, decoded] : [path, decoded, decoded.slice(0, question)]) {
    const normal = normalizePath(each);
    readings.add(each).add(normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal);
  }
  readings.delete(path);
  return readings.size === 0 ? undefined : [...readings];
}

/** A path on the wire is one byte a character; what is no UTF-8 becomes U+FFFD. */
function decodeBytes(path: string): string {
  if (!path.includes("%")) return path;
  const bytes = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

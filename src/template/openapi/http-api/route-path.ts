/**
 * Whether a path can be a route's: whole segments only, `{name+}` last, no trailing slash but the root's (R). Text that no
 * decoded request path can equal is none: the route would never be found, and a wider one would answer in its place.
 */
export function isRoutePath(path: string): boolean {
  if (path === "/") return true;
  if (!path.startsWith("/") || path.endsWith("/")) return false;
  const segments = path.slice(1).split("/");
  return segments.every(
    (segment, at) =>
      /^[^{}\s%?#]+$/.test(segment) ||
      /^\{[^{}+/\s]+\}$/.test(segment) ||
      (at === segments.length - 1 && /^\{[^{}+/\s]+\+\}$/.test(segment)),
  );
}

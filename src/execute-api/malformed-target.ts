const MALFORMED_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/**
 * What AWS's front end answers 400 to, before an API, a route or a signature is looked at: a path or a query with a
 * malformed percent-escape, and a path that climbs above its root (C: the order of AWS's errors).
 * `target` as on the wire, without the part that only addresses the API here. conformance/iam/errors/front-end-path
 */
export function malformedTarget(target: string): string | undefined {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  if (target.includes("%") && MALFORMED_ESCAPE.test(target)) {
    return `the ${MALFORMED_ESCAPE.test(path) ? "path" : "query"} has a % that begins no percent-escape`;
  }
  return climbsAboveRoot(path) ? "the path climbs above its root" : undefined;
}

const DOTS = /\.\.|%2e/i;

/** A dot may be sent encoded. */
function climbsAboveRoot(path: string): boolean {
  if (!DOTS.test(path)) return false;
  let depth = 0;
  for (const segment of path.replace(/%2e/gi, ".").split("/")) {
    if (segment === "..") depth--;
    else if (segment !== "" && segment !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

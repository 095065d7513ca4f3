/** Keys further apart than this are not offered: they would mislead. */
const MAX_DISTANCE = 3;
const MAX_COMPARED_CHARS = 64;

/** The known key that was probably meant. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key.length > MAX_COMPARED_CHARS) return undefined;
  const wanted = plain(key);
  const near = known
    .map((each) => ({ each, distance: distanceOf(wanted, plain(each)) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= Math.min(MAX_DISTANCE, wanted.length / 2) ? near.each : undefined;
}

/** `clientId`, `client-id` and `client_id` are one. */
function plain(key: string): string {
  return key.replace(/[-_]/g, "").toLowerCase();
}

/** Levenshtein's. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced));
    }
    row = next;
  }
  return row[b.length]!;
}

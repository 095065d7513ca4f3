/** Words further apart than this are not offered: they would mislead. */
const MAX_DISTANCE = 3;
/** Longer names are no slips of the hand; comparing them would take time that grows with the square of their length. */
const MAX_COMPARED_CHARACTERS = 128;

/** The known name that was probably meant: few edits away, letter case not counted. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_COMPARED_CHARACTERS) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(MAX_DISTANCE, Math.floor(wanted.length / 2)) + 1;
  for (const each of known) {
    if (Math.abs(each.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, each.toLowerCase());
    if (distance < bestDistance) {
      best = each;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

let second = Number.NaN;
let upToSecond = "";

/**
 * `2026-11-21T02:57:59.123Z`, as `Date.prototype.toISOString` writes it. Every request asks, mostly within the same
 * second, whose text is kept: V8 prints the whole with printf, which costs more than the rest of a record.
 *
 * @throws RangeError for what is no time
 */
export function isoTime(epochMs: number): string {
  const whole = Math.floor(epochMs / 1000);
  if (whole !== second) {
    upToSecond = new Date(whole * 1000).toISOString().slice(0, -4);
    second = whole;
  }
  const ms = Math.floor(epochMs - whole * 1000);
  return `${upToSecond}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
}

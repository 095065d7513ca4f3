import type { Finding } from "../../model/finding.ts";

const MASK = "[NoEcho]";
/** Shorter values would tear ordinary words out of a sentence, and guard nothing. */
export const MIN_SECRET_CHARACTERS = 4;

/**
 * Takes the values of NoEcho parameters out of what findings say, in place: others hold on to the same findings, and they
 * go to terminals, logs and, with a 501, to whoever asks.
 */
export function maskSecrets(findings: readonly Finding[], secrets: readonly string[]): void {
  const long = secrets.filter((each) => each.length >= MIN_SECRET_CHARACTERS);
  if (long.length === 0) return;
  // The longest first: one may be a part of another.
  const values = [...new Set(long.flatMap((each) => [each, JSON.stringify(each).slice(1, -1)]))];
  values.sort((one, other) => other.length - one.length);
  const mask = (text: string): string => {
    let masked = text;
    for (const value of values) masked = maskCut(masked.replaceAll(value, MASK), value);
    return masked;
  };
  for (const finding of findings) {
    Object.assign(finding, { message: mask(finding.message), fix: mask(finding.fix) });
  }
}

/** Long values are shown cut off: what stands before the ellipsis may be a secret's beginning. */
function maskCut(text: string, secret: string): string {
  const cut = text.indexOf("…");
  if (cut < 0) return text;
  for (let length = Math.min(cut, secret.length - 1); length >= MIN_SECRET_CHARACTERS; length--) {
    const beginning = secret.slice(0, length);
    if (text.startsWith(beginning, cut - length)) return text.slice(0, cut - length) + MASK + text.slice(cut);
  }
  return text;
}

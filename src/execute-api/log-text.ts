/** A sentence of ours as a log may hold it: most formats are JSON, and put a variable between double quotes unescaped. */
export function logText(text: string): string {
  return text.replace(/\\?["\\]/g, "'");
}

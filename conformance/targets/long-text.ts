/** A text, or `{"text": "x", "times": n}` for a long one, or a list of both to be joined. */
export type LongText = string | { readonly text: string; readonly times: number } | readonly LongText[];

/** The text written out. What is no text is answered as it is: a judge may be asked with anything. */
export function longText(text: LongText): string {
  if (Array.isArray(text)) return text.map(longText).join("");
  if (typeof text !== "object" || text === null) return text;
  const { text: repeated, times } = text as { readonly text: string; readonly times: number };
  return repeated.repeat(times);
}

/** A part of a path, percent-decoded; as it is when it cannot be. */
export function decodeComponent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a text is longer than this in UTF-8. It needs at most three bytes per UTF-16 unit, so most need no counting. */
export function exceedsBytes(text: string, limitBytes: number): boolean {
  return text.length * 3 > limitBytes && Buffer.byteLength(text) > limitBytes;
}

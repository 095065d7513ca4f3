/** RFC 9110 §5.1: a header's name. */
export const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5, bytes from 0x80 up included: what could end a line or a message is not among these. */
export const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The part of a line without the blanks around it. */
export function trimBlanks(line: string, from: number, until: number): string {
  let start = from;
  let end = until;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

export function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

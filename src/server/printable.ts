// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are replaced
const DRIVES_TERMINAL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text from a request or a function as one line of a terminal, which control characters in it must not drive; a tab is a space. */
export function printable(text: string): string {
  return text.replaceAll("\t", " ").replace(DRIVES_TERMINAL, "\ufffd");
}

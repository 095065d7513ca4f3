const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not reach the wire
const BREAKS_FIELD = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Whether a name can stand in a header at all (RFC 9110 token). */
export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

/** Whether a value holds what could end a field or a message: CR, LF, NUL and other controls but tab. */
export function breaksField(value: string): boolean {
  return BREAKS_FIELD.test(value);
}

/**
 * A value as it can be written: header fields are octets, so text beyond latin1 goes as the latin1 reading of its
 * UTF-8 form.
 */
export function asFieldValue(value: string): string {
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 0xff) return Buffer.from(value, "utf8").toString("latin1");
  }
  return value;
}

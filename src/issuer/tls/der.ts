/** DER (X.690), as much of it as certificates need: every function answers one whole element, tag and length included. */

export function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Buffer[]): Buffer {
  return element(0x31, Buffer.concat(parts));
}

/** A small number, or bytes of a positive one, highest first. */
export function integer(value: number | Buffer): Buffer {
  const bytes = typeof value === "number" ? Buffer.of(value) : value;
  // With its highest bit set the number would be a negative one.
  return element(0x02, (bytes[0] as number) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]));
}

/** FALSE is every default, and DER leaves defaults out. */
export function booleanTrue(): Buffer {
  return element(0x01, Buffer.of(0xff));
}

/** @param unusedBits of the last byte */
export function bitString(content: Buffer, unusedBits = 0): Buffer {
  return element(0x03, Buffer.concat([Buffer.of(unusedBits), content]));
}

export function octetString(content: Buffer): Buffer {
  return element(0x04, content);
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text));
}

export function nothing(): Buffer {
  return element(0x05, Buffer.alloc(0));
}

/** E.g. `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.concat([first * 40 + second, ...rest].map(base128)));
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = `${at.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}

/** `[number]` around whole elements: EXPLICIT, or IMPLICIT of a sequence. */
export function constructed(number: number, ...parts: readonly Buffer[]): Buffer {
  return element(0xa0 | number, Buffer.concat(parts));
}

/** `[number] IMPLICIT` of a type without parts: its bytes without tag and length. */
export function primitive(number: number, content: Buffer): Buffer {
  return element(0x80 | number, content);
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  if (length > 0xffff) throw new RangeError(`${length} bytes are more than a certificate's element has`);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

function base128(value: number): Buffer {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return Buffer.from(bytes);
}

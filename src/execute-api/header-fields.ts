import type { RawHeaders } from "./transport.ts";

/**
 * Request header fields: the raw list for events that keep wire casing, case-insensitive look-up for everything else.
 * A request has few fields and is asked for few of them, so look-ups walk the list: no index is made and thrown away.
 */
export class HeaderFields {
  readonly raw: RawHeaders;

  constructor(raw: RawHeaders) {
    this.raw = raw;
  }

  /** The last value of a field (AWS's rule for single-value maps), or undefined. */
  last(lowerCaseName: string): string | undefined {
    for (let at = this.raw.length - 2; at >= 0; at -= 2) {
      if (isNamed(this.raw[at] as string, lowerCaseName)) return this.raw[at + 1];
    }
    return undefined;
  }

  /** All values in arrival order; empty when absent. */
  all(lowerCaseName: string): readonly string[] {
    const values: string[] = [];
    for (let at = 0; at < this.raw.length; at += 2) {
      if (isNamed(this.raw[at] as string, lowerCaseName)) values.push(this.raw[at + 1] as string);
    }
    return values;
  }

  /** Lower-case names, each once, in arrival order. */
  names(): string[] {
    const names: string[] = [];
    for (let at = 0; at < this.raw.length; at += 2) {
      const name = (this.raw[at] as string).toLowerCase();
      if (!names.includes(name)) names.push(name);
    }
    return names;
  }

  has(lowerCaseName: string): boolean {
    return this.last(lowerCaseName) !== undefined;
  }

  /** Name → last value, in the casing the name was first seen in; fresh object each call. */
  toSingleValues(): Record<string, string> {
    const single: Record<string, string> = Object.create(null);
    for (const [name, values] of Object.entries(this.toMultiValues())) single[name] = values.at(-1) as string;
    return single;
  }

  /** Name → all values in arrival order, in the casing first seen; fresh object each call. */
  toMultiValues(): Record<string, string[]> {
    const multi: Record<string, string[]> = Object.create(null);
    const casing = new Map<string, string>();
    for (let at = 0; at < this.raw.length; at += 2) {
      const name = this.raw[at] as string;
      const lower = name.toLowerCase();
      const seen = casing.get(lower) ?? name;
      casing.set(lower, seen);
      const values = multi[seen] ?? [];
      values.push(this.raw[at + 1] as string);
      multi[seen] = values;
    }
    return multi;
  }

  /** A copy without the named fields; this itself when there are none. */
  without(dropped: HeaderNames): HeaderFields {
    let kept: string[] | undefined;
    for (let at = 0; at < this.raw.length; at += 2) {
      const name = this.raw[at] as string;
      if (dropped.has(name)) kept ??= this.raw.slice(0, at);
      else kept?.push(name, this.raw[at + 1] as string);
    }
    return kept === undefined ? this : new HeaderFields(kept);
  }
}

/** A set of header names, looked up in any casing. Most names have another length than all of the set: those are quick. */
export class HeaderNames {
  readonly #names: ReadonlySet<string>;
  readonly #hasLength: readonly boolean[];

  constructor(lowerCaseNames: readonly string[]) {
    this.#names = new Set(lowerCaseNames);
    const longest = Math.max(0, ...lowerCaseNames.map((name) => name.length));
    this.#hasLength = Array.from({ length: longest + 1 }, (_, length) =>
      lowerCaseNames.some((name) => name.length === length),
    );
  }

  has(name: string): boolean {
    return this.#hasLength[name.length] === true && this.#names.has(name.toLowerCase());
  }
}

/** Header names are ASCII; a name of another length is another name, which spares nearly every comparison. */
function isNamed(name: string, lowerCaseName: string): boolean {
  return name.length === lowerCaseName.length && (name === lowerCaseName || name.toLowerCase() === lowerCaseName);
}

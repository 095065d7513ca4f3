import type { RawHeaders } from "./transport.ts";

/** Request header fields: raw list for events that keep wire casing, case-insensitive look-up for everything else. */
export class HeaderFields {
  readonly raw: RawHeaders;
  #byName: Map<string, string[]> | undefined;

  constructor(raw: RawHeaders) {
    this.raw = raw;
  }

  /** The last value of a field (AWS's rule for single-value maps), or undefined. `lowerCaseName` is compared as given. */
  last(lowerCaseName: string): string | undefined {
    return this.#index().get(lowerCaseName)?.at(-1);
  }

  /** All values in arrival order; empty when absent. */
  all(lowerCaseName: string): readonly string[] {
    return this.#index().get(lowerCaseName) ?? [];
  }

  has(lowerCaseName: string): boolean {
    return this.#index().has(lowerCaseName);
  }

  /** Name → last value, in wire casing of the last occurrence's name as first seen; fresh object each call. */
  toSingleValues(): Record<string, string> {
    const single: Record<string, string> = Object.create(null);
    const casing = new Map<string, string>();
    for (let at = 0; at < this.raw.length; at += 2) {
      const name = this.raw[at] as string;
      const lower = name.toLowerCase();
      const seen = casing.get(lower) ?? name;
      casing.set(lower, seen);
      single[seen] = this.raw[at + 1] as string;
    }
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

  /** A copy without the named fields (lower-case names). */
  without(dropped: ReadonlySet<string>): HeaderFields {
    const kept: string[] = [];
    for (let at = 0; at < this.raw.length; at += 2) {
      const name = this.raw[at] as string;
      if (!dropped.has(name.toLowerCase())) kept.push(name, this.raw[at + 1] as string);
    }
    return kept.length === this.raw.length ? this : new HeaderFields(kept);
  }

  #index(): Map<string, string[]> {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (let at = 0; at < this.raw.length; at += 2) {
        const lower = (this.raw[at] as string).toLowerCase();
        const values = this.#byName.get(lower);
        if (values === undefined) this.#byName.set(lower, [this.raw[at + 1] as string]);
        else values.push(this.raw[at + 1] as string);
      }
    }
    return this.#byName;
  }
}

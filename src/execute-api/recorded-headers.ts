import { RECORDED_HEADER_VALUES } from "./decision-record.ts";
import type { HeaderFields } from "./header-fields.ts";

/** What a record keeps of a request's header: the names, and the values of the allow-list. */
export interface RecordedHeaders {
  /** Lower case, each once, in arrival order. */
  readonly headerNames: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Made of these raw names and, where the value is kept, values. */
interface Remembered extends RecordedHeaders {
  readonly raw: readonly (string | undefined)[];
  readonly identityHeaders: ReadonlySet<string>;
}

let last: Remembered = { raw: [], identityHeaders: new Set(), headerNames: [], headers: {} };

/**
 * Never an identity source's value, even if it is on the allow-list. A client says the same of itself in every request,
 * so what was made last is shared while it fits: records are kept by the thousand.
 */
export function recordedHeaders({ raw }: HeaderFields, identityHeaders: ReadonlySet<string>): RecordedHeaders {
  if (last.identityHeaders === identityHeaders && isSame(last.raw, raw)) return last;
  const names = raw.map((name, at) => (at % 2 === 0 ? name.toLowerCase() : ""));
  const isKept = (at: number): boolean => {
    const name = names[at] as string;
    return RECORDED_HEADER_VALUES.has(name) && !identityHeaders.has(name);
  };
  const headers: Record<string, string> = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = names[at] as string;
    if (isKept(at))
      headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${raw[at + 1]}` : `${raw[at + 1]}`;
  }
  last = {
    raw: raw.map((text, at) => (at % 2 === 0 || isKept(at - 1) ? text : undefined)),
    identityHeaders,
    headerNames: [...new Set(names.filter((_, at) => at % 2 === 0))],
    headers,
  };
  return last;
}

function isSame(remembered: Remembered["raw"], raw: readonly string[]): boolean {
  if (remembered.length !== raw.length) return false;
  for (let at = 0; at < raw.length; at++) {
    const text = remembered[at];
    if (text !== undefined && text !== raw[at]) return false;
  }
  return true;
}

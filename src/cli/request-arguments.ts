import { UsageError } from "./arguments.ts";

/** @throws UsageError unless it is an http or https URL */
export function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Said below.
  }
  throw new UsageError(`${JSON.stringify(text)} is no http or https URL.`);
}

/** The name and value of a `--header`. @throws UsageError */
export function splitHeader(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw new UsageError(`--header is ${JSON.stringify(text)}, wanted 'NAME: VALUE'.`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** Schemes that run something in place of going somewhere. */
const SCRIPT_SCHEMES: readonly string[] = [
  "javascript:",
  "data:",
  "vbscript:",
  "blob:",
  "file:",
  "about:",
  "view-source:",
];

/**
 * Whether a browser may be sent there at all. Being listed is not enough: a list is written by people. No wildcards, no
 * schemes that run what they carry, nothing that a header cannot hold.
 */
export function isRedirectTarget(url: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0020\u007f\\*]/.test(url) || !URL.canParse(url)) return false;
  return !SCRIPT_SCHEMES.includes(new URL(url).protocol);
}

/** As a Location header can hold it; what is plain ASCII stays as it is, to the character. */
export function asLocation(url: string): string {
  return url.toWellFormed().replace(/[^\x21-\x7e]+/gu, encodeURIComponent);
}

/** Adds to the query, before a fragment if there is one. */
export function withQuery(url: string, parameters: readonly (readonly [string, string])[]): string {
  const [, base = "", fragment = ""] = /^([^#]*)(#.*)?$/s.exec(url) ?? [];
  const separator = base.includes("?") ? (/[?&]$/.test(base) ? "" : "&") : "?";
  return `${base}${separator}${encodeParameters(parameters)}${fragment}`;
}

/** Spaces as %20, which every reader of queries and fragments understands. */
export function encodeParameters(parameters: readonly (readonly [string, string])[]): string {
  return parameters.map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join("=")).join("&");
}

/** `{client_id:Pets SPA}` or `{code}`; JSON's own braces are followed by a quote. */
const PLACEHOLDER = /\{([a-z][a-z0-9_]*(?::[^{}]+)?)\}/g;

/** Every text inside `value` with its placeholders filled in. @throws Error naming one that nothing is known of */
export function fillPlaceholders(value: unknown, lookUp: (name: string) => string | undefined): unknown {
  if (typeof value === "string") {
    return value.replace(PLACEHOLDER, (whole, name: string) => {
      const found = lookUp(name);
      if (found === undefined) throw new Error(`the vector names ${whole}, and there is no such thing`);
      return found;
    });
  }
  if (Array.isArray(value)) return value.map((each) => fillPlaceholders(each, lookUp));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      fillPlaceholders(name, lookUp),
      // A pattern is not filled in: its braces count repetitions.
      name === "$matches" ? each : fillPlaceholders(each, lookUp),
    ]),
  );
}

/** Remembers what later steps name. Answers what could not be found. */
export function keepValues(
  kept: Map<string, string>,
  keep: Readonly<Record<string, string>> = {},
  answer: unknown,
): string | undefined {
  for (const [name, path] of Object.entries(keep)) {
    const value = path.split(".").reduce<unknown>((holder, key) => (holder as Record<string, unknown>)?.[key], answer);
    if (typeof value !== "string") return `nothing to keep as ${name}: ${path} is ${JSON.stringify(value)}`;
    kept.set(name, value);
  }
  return undefined;
}

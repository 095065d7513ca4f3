/**
 * A query string as REST APIs read it: names and values decoded (`%2B` → `+`, `+` → space (R)), repeated names kept in
 * order (R), `;` separates like `&` (D). A malformed percent-escape stays as it was sent.
 */
export type QueryValues = ReadonlyMap<string, readonly string[]>;

const NONE: QueryValues = new Map();

export function parseQueryString(rawQuery: string): QueryValues {
  if (rawQuery === "") return NONE;
  const values = new Map<string, string[]>();
  for (const piece of rawQuery.split(/[&;]/)) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = decodeFormText(equals < 0 ? piece : piece.slice(0, equals));
    const value = equals < 0 ? "" : decodeFormText(piece.slice(equals + 1));
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return values;
}

function decodeFormText(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

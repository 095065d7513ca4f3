import { isJsonObject } from "../../token/json.ts";
import { invalid, type ManagementError } from "./management-error.ts";

type UserTest = (user: Readonly<Record<string, unknown>>) => boolean;

/** More terms than this are not read. */
export const MAX_QUERY_TERMS = 16;

/**
 * The part of Auth0's Lucene syntax that tests and tools use: `field:value`, `field:"two words"`, a `*` at a value's end,
 * `_exists_:field`, and several of them joined by AND. Fields are those of a user's JSON, also inside metadata. What is
 * beyond it is refused with a sentence: a search that finds too much would be worse.
 */
export function readUserQuery(query: string): UserTest {
  const trimmed = query.trim();
  if (trimmed === "" || trimmed === "*") return () => true;
  const terms = trimmed.split(/\s+AND\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  if (terms.length > MAX_QUERY_TERMS) throw unreadable(`more than ${MAX_QUERY_TERMS} terms`);
  const tests = terms.map(readTerm);
  return (user) => tests.every((test) => test(user));
}

function readTerm(term: string): UserTest {
  const [, field = "", quoted, bare = ""] =
    /^([A-Za-z_][\w.-]{0,127}):(?:"([^"\\]{0,512})"|([^\s"()[\]{}~^:?\\/]{1,512}))$/.exec(term) ?? [];
  if (field === "" || (quoted === undefined && /\*./.test(bare))) throw unreadable(`"${term.slice(0, 128)}"`);
  if (field === "_exists_") return (user) => valuesAt(user, (quoted ?? bare).split(".")).length > 0;
  const path = field.split(".");
  const wanted = (quoted ?? bare).toLowerCase();
  const prefix = quoted === undefined && wanted.endsWith("*") ? wanted.slice(0, -1) : undefined;
  return (user) =>
    valuesAt(user, path).some((value) => {
      const text = String(value).toLowerCase();
      return prefix === undefined ? text === wanted : text.startsWith(prefix);
    });
}

/** Every plain value below a path; a list stands for each of its items. */
function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path));
  const [name, ...rest] = path;
  if (name === undefined) return value === undefined || isJsonObject(value) ? [] : [value];
  return isJsonObject(value) && Object.hasOwn(value, name) ? valuesAt(value[name], rest) : [];
}

function unreadable(what: string): ManagementError {
  const message = `Gatewarden's development issuer cannot read ${what} of the query q. It reads field:value, field:"a value", field:begin* and _exists_:field, joined by AND.`;
  return invalid(message, "invalid_query_string");
}

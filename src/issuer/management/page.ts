import { invalidQuery } from "./management-error.ts";
import { type ManagementAnswer, type ManagementCall, ok } from "./operation.ts";

/** Auth0's (D). */
export const DEFAULT_PER_PAGE = 50;
export const MAX_PER_PAGE = 100;
/** Query names that a list with pages takes. */
export const OFFSET_QUERY: readonly string[] = ["page", "per_page", "include_totals"];
/** Of lists that can also be walked from entry to entry. */
export const CHECKPOINT_QUERY: readonly string[] = [...OFFSET_QUERY, "from", "take"];
export const FIELDS_QUERY: readonly string[] = ["fields", "include_fields"];

type Items = readonly Readonly<Record<string, unknown>>[];

/** Members of a page that counts, in their order. `length` is among those of users only (R). */
export const USER_TOTALS = ["start", "limit", "length", "users", "total"];

/**
 * One page of a list. Without `include_totals` a bare array, with it an object that counts (R); with `from` or `take` an
 * object whose `next` leads on, and which counts nothing (R).
 *
 * @param members of a page that counts; the default is (R) of roles
 */
export function pageOf(
  call: ManagementCall,
  name: string,
  items: Items,
  members: readonly string[] = [name, "start", "limit", "total"],
): ManagementAnswer {
  const { query } = call;
  if (query.has("take") || query.has("from")) return checkpointPage(query, name, items);
  const page = readInteger(query, "page", { min: 0, max: Number.MAX_SAFE_INTEGER / MAX_PER_PAGE }) ?? 0;
  const limit = readInteger(query, "per_page", { min: 0, max: MAX_PER_PAGE }) ?? DEFAULT_PER_PAGE;
  const start = page * limit;
  const shown = items.slice(start, start + limit).map((item) => withFields(query, item));
  if (!readFlag(query, "include_totals")) return ok(shown);
  const counted: Readonly<Record<string, unknown>> = {
    start,
    limit,
    length: shown.length,
    total: items.length,
    [name]: shown,
  };
  return ok(Object.fromEntries(members.map((member) => [member, counted[member]])));
}

/** An entry as `fields` and `include_fields` want it. */
export function withFields(query: URLSearchParams, item: Items[number]): Items[number] {
  const names = query
    .get("fields")
    ?.split(",")
    .filter((name) => name !== "");
  if (names === undefined || names.length === 0) return item;
  const isIncluded = readFlag(query, "include_fields") ?? true;
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name) === isIncluded));
}

export function readFlag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (value !== "true" && value !== "false") throw invalidQuery("Expected type boolean but found type string", name);
  return value === "true";
}

function checkpointPage(query: URLSearchParams, name: string, items: Items): ManagementAnswer {
  const take = readInteger(query, "take", { min: 1, max: MAX_PER_PAGE }) ?? DEFAULT_PER_PAGE;
  const from = query.get("from") ?? "";
  const start = from === "" ? 0 : items.findIndex((item) => checkpoint(item) === from) + 1;
  if (from !== "" && start === 0)
    throw invalidQuery("The checkpoint is not one of this list, or its entry is gone", "from");
  const shown = items.slice(start, start + take);
  const last = shown.at(-1);
  return ok({ [name]: shown, ...(last && start + take < items.length && { next: checkpoint(last) }) });
}

/** Opaque to the caller: the entry that the page ended with. */
function checkpoint(item: Items[number]): string {
  return Buffer.from(String(item.id ?? item.user_id)).toString("base64url");
}

function readInteger(
  query: URLSearchParams,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
) {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalidQuery("Expected type integer but found type string", name);
  const value = Number(text);
  if (value < min) throw invalidQuery(`Value ${value} is less than minimum ${min}`, name);
  if (value > max) throw invalidQuery(`Value ${value} is greater than maximum ${max}`, name);
  return value;
}

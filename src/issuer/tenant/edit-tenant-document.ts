import { type Document, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import { DEFAULT_USERS, userIdOf } from "./resolve-people.ts";
import type { Origin, ResolvedTenant } from "./resolve-tenant.ts";
import type { Client } from "./tenant.ts";
import type { TenantContent } from "./tenant-content.ts";
import { type TenantEntry, TenantError, type TenantSection } from "./tenant-store.ts";

/** The file as it is, in the three forms that an edit needs. */
export interface TenantDraft {
  readonly document: Document.Parsed;
  readonly content: TenantContent;
  readonly resolved: ResolvedTenant;
}

/** Where an edit put its entry. */
export interface EditedPlace {
  readonly section: TenantSection;
  readonly index: number;
}

/** Appends an entry; one that was implied is thereby written down. */
export function createEntry(draft: TenantDraft, section: TenantSection, entry: TenantEntry): EditedPlace {
  const fields = Object.fromEntries(Object.entries(plainEntry(entry)).filter(([, value]) => value !== null));
  if (section === "users") writeDefaultUsers(draft, fields);
  if (section === "applications") keepGrantsOf(draft, draft.resolved.tenant.clients, fields.name);
  return append(draft, section, fields);
}

/** Sets the named fields, `null` removes one. What other entries call it by is changed along. */
export function patchEntry(draft: TenantDraft, section: TenantSection, id: string, entry: TenantEntry): void {
  const origin = originOf(draft, section, id);
  const fields = withoutFixed(draft, section, id, plainEntry(entry));
  const before = draft.resolved.tenant;
  const map = entryMap(
    draft,
    typeof origin === "number" ? { section, index: origin } : materialise(draft, section, id),
  );
  const oldName = textAt(map, "name");
  if (section === "applications" && typeof fields.name === "string") {
    map.has("client_id") || map.set("client_id", id);
    const others = before.clients.filter(({ clientId }) => clientId !== id);
    const isShared = keepGrantsOf(draft, others, fields.name);
    if (oldName !== undefined && !others.some(({ name }) => name === oldName)) {
      renameIn(draft, "client_grants", "application", oldName, isShared ? id : fields.name);
    }
  }
  if (section === "roles" && typeof fields.name === "string") {
    map.has("id") || map.set("id", id);
    for (const user of mapsOf(draft, "users")) renameItem(user.get("roles"), oldName, fields.name);
  }
  if (section === "users" && "email" in fields) map.has("user_id") || map.set("user_id", id);
  if (section === "apis") {
    const api = before.apis.find((each) => each.id === id)!;
    const test = before.clients.find(({ name }) => name === `${api.name} (Test Application)`);
    if ("name" in fields && test) renameIn(draft, "client_grants", "application", test.name, test.clientId);
    if (Array.isArray(fields.scopes)) {
      const kept = new Set(fields.scopes.map((scope: unknown) => (isEntry(scope) ? scope.value : scope)));
      removePermissions(draft, api.identifier, (scope) => !kept.has(scope));
    }
  }
  for (const [key, value] of Object.entries(fields)) setField(draft.document, map, key, value);
}

/** Removes an entry with what depends on it, as Auth0 does. */
export function removeEntry(draft: TenantDraft, section: TenantSection, id: string): void {
  const origin = originOf(draft, section, id);
  const { tenant } = draft.resolved;
  if (section === "users" && origin === "default") {
    writeDefaultUsers(draft, { user_id: id });
    return;
  }
  if (typeof origin !== "number") {
    const next =
      section === "apis"
        ? "Remove it from the project's files."
        : "Set test_application: false on its API in the tenant's file instead.";
    throw new TenantError("derived", `${section} ${id} follows from the project's APIs. ${next}`);
  }
  const list = sectionList(draft.document, section);
  const entry = entryMap(draft, { section, index: origin });
  list.delete(origin);
  if (section === "apis") {
    const audience = textAt(entry, "identifier");
    const clientIds = tenant.clientGrants.filter((grant) => grant.audience === audience).map((grant) => grant.id);
    removeGrants(draft, (grantId) => clientIds.includes(grantId));
    for (const each of [...mapsOf(draft, "roles"), ...mapsOf(draft, "users")]) {
      const permissions = each.get("permissions");
      if (isMap(permissions)) permissions.delete(audience);
    }
    if (draft.document.get("default_audience") === audience) draft.document.delete("default_audience");
  }
  if (section === "applications") {
    const grants = tenant.clientGrants.filter((grant) => grant.clientId === id).map((grant) => grant.id);
    removeGrants(draft, (grantId) => grants.includes(grantId));
  }
  if (section === "roles") {
    const name = textAt(entry, "name");
    for (const user of mapsOf(draft, "users")) {
      const roles = user.get("roles");
      if (isSeq(roles))
        roles.items = roles.items.filter((item) => !isScalar(item) || ![name, id].includes(String(item.value)));
    }
  }
}

/** The file's own settings, outside of all sections. */
export function patchSettings({ document }: TenantDraft, fields: TenantEntry): void {
  const root = rootMap(document);
  for (const [key, value] of Object.entries(plainEntry(fields))) setField(document, root, key, value);
}

function originOf({ resolved }: TenantDraft, section: TenantSection, id: string): Origin {
  const origin = resolved.origins[section].get(id);
  if (origin === undefined) throw new TenantError("unknown", `There is no entry ${JSON.stringify(id)} in ${section}.`);
  if (origin === "system") {
    throw new TenantError("derived", `${section} ${id} belongs to the Management API and cannot be changed.`);
  }
  return origin;
}

/** Fields by which an entry is found again. */
const FIXED: Readonly<Record<TenantSection, readonly string[]>> = {
  apis: ["identifier"],
  applications: ["client_id"],
  client_grants: ["application", "client_id", "audience", "subject_type"],
  users: ["user_id"],
  roles: ["id"],
};

function withoutFixed(
  { resolved: { tenant } }: TenantDraft,
  section: TenantSection,
  id: string,
  fields: Fields,
): Fields {
  const grant = section === "client_grants" && tenant.clientGrants.find((each) => each.id === id);
  const now: Record<string, unknown> = {
    identifier: tenant.apis.find((api) => api.id === id)?.identifier,
    ...(grant
      ? {
          application: grant.clientId,
          client_id: grant.clientId,
          audience: grant.audience,
          subject_type: grant.subjectType,
        }
      : { client_id: id, user_id: id, id }),
  };
  const rest: Fields = { ...fields };
  for (const key of FIXED[section]) {
    if (!(key in rest)) continue;
    if (rest[key] !== now[key]) {
      const message = `${key} of ${section} ${id} is ${JSON.stringify(now[key])} and cannot be changed.`;
      throw new TenantError("invalid", `${message} Remove the entry and create another.`);
    }
    delete rest[key];
  }
  return rest;
}

/** Writes down what was implied, so that it can be changed. */
function materialise(draft: TenantDraft, section: TenantSection, id: string): EditedPlace {
  const { tenant } = draft.resolved;
  switch (section) {
    case "apis":
      return append(draft, section, { identifier: tenant.apis.find((api) => api.id === id)!.identifier });
    case "applications": {
      const { name, clientId, appType } = tenant.clients.find((client) => client.clientId === id)!;
      return append(draft, section, { name, client_id: clientId, app_type: appType });
    }
    case "client_grants": {
      const { clientId, audience, scopes, subjectType } = tenant.clientGrants.find((grant) => grant.id === id)!;
      return append(draft, section, { application: clientId, audience, scope: scopes, subject_type: subjectType });
    }
    default:
      writeDefaultUsers(draft, {});
      return { section, index: tenant.users.findIndex((user) => user.userId === id) };
  }
}

/** The default users stay when others join them, except the one that `besides` is about. */
function writeDefaultUsers({ document, content }: TenantDraft, besides: Fields): void {
  if (content.users !== undefined) return;
  const list = sectionList(document, "users");
  const email = typeof besides.email === "string" ? besides.email.toLowerCase() : "";
  const userId = typeof besides.user_id === "string" ? userIdOf({ user_id: besides.user_id }) : "";
  for (const user of DEFAULT_USERS) {
    if (user.email !== email && user.user_id !== userId) list.add(createNode(document, user));
  }
}

function append({ document }: TenantDraft, section: TenantSection, fields: Fields): EditedPlace {
  const list = sectionList(document, section);
  list.add(createNode(document, fields));
  return { section, index: list.items.length - 1 };
}

/** Where another application takes a name, the grants that say it go on meaning the one that had it. */
function keepGrantsOf(draft: TenantDraft, clients: readonly Client[], name: unknown): boolean {
  const holder = clients.find((client) => client.name === name);
  if (holder) renameIn(draft, "client_grants", "application", holder.name, holder.clientId);
  return holder !== undefined;
}

function removeGrants(draft: TenantDraft, isGone: (grantId: string) => boolean): void {
  const indexes = [...draft.resolved.origins.client_grants]
    .filter(([grantId, origin]) => typeof origin === "number" && isGone(grantId))
    .map(([, origin]) => origin as number);
  for (const index of indexes.sort((a, b) => b - a)) sectionList(draft.document, "client_grants").delete(index);
}

function removePermissions(draft: TenantDraft, audience: string, isGone: (scope: unknown) => boolean): void {
  const drop = (list: unknown): void => {
    if (isSeq(list)) list.items = list.items.filter((item) => !isScalar(item) || !isGone(item.value));
  };
  for (const grant of mapsOf(draft, "client_grants")) if (grant.get("audience") === audience) drop(grant.get("scope"));
  for (const each of [...mapsOf(draft, "roles"), ...mapsOf(draft, "users")]) {
    const permissions = each.get("permissions");
    if (isMap(permissions)) drop(permissions.get(audience));
  }
}

function renameIn(draft: TenantDraft, section: TenantSection, key: string, from: string, to: string): void {
  for (const map of mapsOf(draft, section)) if (map.get(key) === from) map.set(key, to);
}

function renameItem(list: unknown, from: string | undefined, to: string): void {
  if (!isSeq(list)) return;
  for (const item of list.items) if (isScalar(item) && item.value === from) item.value = to;
}

function mapsOf({ document }: TenantDraft, section: TenantSection): YAMLMap[] {
  const list = document.get(section);
  return isSeq(list) ? list.items.filter((item) => isMap(item)) : [];
}

function entryMap({ document }: TenantDraft, { section, index }: EditedPlace): YAMLMap {
  return sectionList(document, section).items[index] as YAMLMap; // the file was read: its entries are mappings
}

function rootMap(document: Document.Parsed): YAMLMap {
  if (!isMap(document.contents)) document.contents = createNode(document, {}) as never; // an empty file
  return document.contents as unknown as YAMLMap;
}

function sectionList(document: Document.Parsed, section: TenantSection): YAMLSeq {
  const root = rootMap(document);
  const existing = root.get(section);
  if (isSeq(existing)) {
    if (existing.items.length === 0) existing.flow = false;
    return existing;
  }
  const list = createNode(document, []) as YAMLSeq;
  root.set(section, list);
  return list;
}

/** Keeps comments where it can: on a scalar's line, and at the items of a list that stay. */
function setField(document: Document.Parsed, map: YAMLMap, key: string, value: unknown): void {
  if (value === null) {
    map.delete(key);
    return;
  }
  const before = map.get(key, true);
  if (isScalar(before) && (typeof value !== "object" || value === null)) before.value = value;
  else if (isSeq(before) && Array.isArray(value)) {
    const kept = before.items.filter((item) => isScalar(item));
    before.items = value.map((each) => kept.find((item) => item.value === each) ?? createNode(document, each));
  } else map.set(key, createNode(document, value));
}

/** Short lists of words go on one line, as people write them. */
function createNode(document: Document.Parsed, value: unknown): Node {
  const node = document.createNode(value) as Node;
  const flatten = (each: unknown): void => {
    if (isMap(each)) for (const pair of each.items) flatten(pair.value);
    if (!isSeq(each)) return;
    each.flow =
      each.items.length > 0 && each.items.every((item) => isScalar(item)) && String(each.toJSON()).length <= 80;
    for (const item of each.items) flatten(item);
  };
  flatten(node);
  return node;
}

type Fields = Record<string, unknown>;

/** As JSON has it: without undefined, functions and cycles. */
function plainEntry(entry: TenantEntry): Fields {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(entry));
    if (isEntry(plain)) return plain;
  } catch {
    // Said below.
  }
  throw new TenantError("invalid", "The entry is nothing that JSON can hold, wanted an object of fields.");
}

function isEntry(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textAt(map: YAMLMap, key: string): string | undefined {
  const value = map.get(key);
  return typeof value === "string" ? value : undefined;
}

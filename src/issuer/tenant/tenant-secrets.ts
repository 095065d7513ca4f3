import { createHash, randomBytes } from "node:crypto";
import type { StateFolder } from "../state-folder.ts";
import { newSecret, readClientSecret, readSigningSecret } from "./derived-tenant.ts";
import type { Tenant } from "./tenant.ts";
import { type TenantEntry, TenantError, type TenantSection } from "./tenant-store.ts";

/** Changes with every secret that is replaced, so that another process sees it. */
export const SECRETS_REVISION_FILE = "secrets-revision";

/** The tenant with its secrets, which are made on the first sight of whose they are. */
export function fillSecrets(tenant: Tenant, folder: StateFolder): Tenant {
  const apis = tenant.apis.map((api) =>
    api.signingAlg === "HS256" ? { ...api, signingSecret: readSigningSecret(folder, api.identifier) } : api,
  );
  const clients = tenant.clients.map((client) => ({
    ...client,
    clientSecret: readClientSecret(folder, client.clientId),
  }));
  const users = tenant.users.map((user) => ({ ...user, password: readPassword(folder, user.userId) }));
  return deepFreeze({ ...tenant, apis, clients, users });
}

export function replaceClientSecret(folder: StateFolder, clientId: string, secret = newSecret()): string {
  folder.write(`client-secrets/${clientId}`, `${secret}\n`);
  markChanged(folder);
  return secret;
}

export function replaceSigningSecret(folder: StateFolder, identifier: string, secret: string): void {
  folder.write(`signing-secrets/${hashOf(identifier)}`, `${secret}\n`);
  markChanged(folder);
}

export function replacePassword(folder: StateFolder, userId: string, password: string): void {
  folder.write(passwordFile(userId), JSON.stringify(password));
  markChanged(folder);
}

/** Whoever comes later under the same id gets new ones. */
export function forgetClientSecret(folder: StateFolder, clientId: string): void {
  folder.remove(`client-secrets/${clientId}`);
}

export function forgetPassword(folder: StateFolder, userId: string): void {
  folder.remove(passwordFile(userId));
}

/** Fields that an entry may bring and that never get into the file. */
const SECRET_FIELDS: Partial<Record<TenantSection, string>> = {
  apis: "signing_secret",
  applications: "client_secret",
  users: "password",
};
/** As the state folder's own bound for a file allows. */
const MAX_SECRET_CHARS = 1_024;
/** Auth0's own bound for signing secrets (D). */
const MIN_SIGNING_SECRET_CHARS = 16;

/** Takes the secret out of an entry. @throws TenantError `invalid` */
export function takeSecret(
  section: TenantSection,
  entry: TenantEntry,
): { fields: TenantEntry; secret: string | undefined } {
  const key = SECRET_FIELDS[section];
  if (key === undefined || !Object.hasOwn(entry, key)) return { fields: entry, secret: undefined };
  const { [key]: secret, ...fields } = entry;
  if (secret === undefined || secret === null) return { fields, secret: undefined };
  return { fields, secret: checkSecret(section, secret) };
}

/** Messages never hold the value. @throws TenantError `invalid` */
export function checkSecret(section: TenantSection, secret: unknown): string {
  const min = section === "users" ? 1 : MIN_SIGNING_SECRET_CHARS;
  const isRight = typeof secret === "string" && secret.length >= min && secret.length <= MAX_SECRET_CHARS;
  if (isRight && (section === "users" || /^[\x21-\x7e]+$/.test(secret))) return secret;
  const wanted = section === "users" ? "" : " without spaces";
  const key = SECRET_FIELDS[section];
  throw new TenantError("invalid", `${key} is not ${min} to ${MAX_SECRET_CHARS} characters${wanted}. Choose another.`);
}

const PASSWORD_BYTES = 12;

/** Kept as JSON: a password may begin or end with white space. */
function readPassword(folder: StateFolder, userId: string): string {
  const make = (): string => JSON.stringify(randomBytes(PASSWORD_BYTES).toString("base64url"));
  const text = folder.readOrCreateNow(passwordFile(userId), make);
  try {
    const password: unknown = JSON.parse(text);
    if (typeof password === "string") return password;
  } catch {
    // Written by hand; taken as it stands.
  }
  return text.trim();
}

/** A user's id is anything, so it is no file name. */
function passwordFile(userId: string): string {
  return `user-passwords/${hashOf(userId)}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function markChanged(folder: StateFolder): void {
  folder.write(SECRETS_REVISION_FILE, randomBytes(16).toString("hex"));
}

/** It goes to many hands, Actions among them. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(value)) deepFreeze(each);
  return value;
}

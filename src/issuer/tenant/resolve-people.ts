import { createHash } from "node:crypto";
import { deriveClientId } from "./derived-tenant.ts";
import type { TenantSources } from "./resolve-tenant.ts";
import type { Role, User } from "./tenant.ts";
import type { DeclaredRole, DeclaredUser } from "./tenant-content.ts";
import type { Lookup } from "./tenant-lookup.ts";

export function roleFrom(entry: DeclaredRole, lookup: Lookup): Role {
  return {
    id: entry.id ?? deriveRoleId(entry.name),
    name: entry.name,
    description: entry.description ?? "",
    permissions: lookup.permissions(entry.permissions, `The role ${JSON.stringify(entry.name)}`),
  };
}

export function userFrom(
  entry: DeclaredUser,
  { lookup, roles, times }: { lookup: Lookup; roles: readonly Role[]; times: Times },
): User {
  const userId = userIdOf(entry);
  const name = entry.name ?? entry.email ?? userId;
  const of = `The user ${userId}`;
  return {
    userId,
    name, // Auth0's default is the email address (D).
    nickname: entry.nickname ?? (entry.email ?? userId).replace(/@.*$/, "").replace(/^.*\|/, ""),
    ...(entry.given_name !== undefined && { givenName: entry.given_name }),
    ...(entry.family_name !== undefined && { familyName: entry.family_name }),
    ...(entry.username !== undefined && { username: entry.username }),
    ...(entry.email !== undefined && { email: entry.email }),
    emailVerified: entry.email_verified ?? false,
    ...(entry.picture !== undefined && { picture: entry.picture }),
    ...(entry.phone_number !== undefined && { phoneNumber: entry.phone_number }),
    ...(entry.phone_verified !== undefined && { phoneVerified: entry.phone_verified }),
    createdAt: times.createdAt,
    updatedAt: times.updatedAt,
    roles: lookup.roles(entry.roles, roles, of),
    permissions: lookup.permissions(entry.permissions, of),
    password: "",
    userMetadata: entry.user_metadata ?? {},
    appMetadata: entry.app_metadata ?? {},
    isBlocked: entry.blocked ?? false,
    hasMultifactor: (entry.multifactor ?? []).length > 0,
  };
}

type Times = Pick<TenantSources, "createdAt" | "updatedAt">;

/** Auth0's own database users are `auth0|` and 24 hex digits (R). */
export function userIdOf({ user_id: given, email = "" }: Pick<DeclaredUser, "user_id" | "email">): string {
  if (given !== undefined) return given.includes("|") ? given : `auth0|${given}`;
  return `auth0|${createHash("sha256").update(`user ${email.toLowerCase()}`).digest("hex").slice(0, 24)}`;
}

export function deriveRoleId(name: string): string {
  return `rol_${deriveClientId("role", name).slice(0, 16)}`;
}

/** Entries of the users that are there until the file names some. */
export const DEFAULT_USERS = ["alice", "bob"].map((nickname) => ({
  email: `${nickname}@example.com`,
  user_id: `auth0|${nickname}`,
  name: nickname.charAt(0).toUpperCase() + nickname.slice(1),
  nickname,
  email_verified: true,
}));

export function defaultUsers({ createdAt }: Times): User[] {
  return DEFAULT_USERS.map(({ email, user_id: userId, name, nickname }) => ({
    userId,
    name,
    nickname,
    email,
    emailVerified: true,
    createdAt,
    updatedAt: createdAt,
    roles: [],
    permissions: {},
    password: "",
    userMetadata: {},
    appMetadata: {},
    isBlocked: false,
    hasMultifactor: false,
  }));
}

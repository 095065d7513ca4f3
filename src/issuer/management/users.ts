import { randomBytes } from "node:crypto";
import { findUser, type Tenant, type User } from "../tenant/tenant.ts";
import { conflict, invalid, invalidQuery, ManagementError } from "./management-error.ts";
import { created, type ManagementCall, NO_CONTENT, type Operation, ok } from "./operation.ts";
import { FIELDS_QUERY, OFFSET_QUERY, pageOf, USER_TOTALS, withFields } from "./page.ts";
import { anyObject, type Fields, flag, orNull, readPayload, text } from "./payload.ts";
import { readUserQuery } from "./user-query.ts";
import { findUserOf } from "./user-roles.ts";

/** The one connection there is: Auth0's name for a new tenant's database of users. */
export const CONNECTION = "Username-Password-Authentication";
const READ_SCOPES: readonly string[] = ["read:users"];

const FIELDS = {
  email: text({ minChars: 3, maxChars: 320 }),
  email_verified: flag,
  name: text({ minChars: 1, maxChars: 300 }),
  nickname: text({ minChars: 1, maxChars: 300 }),
  given_name: orNull(text({ minChars: 1, maxChars: 150 })),
  family_name: orNull(text({ minChars: 1, maxChars: 150 })),
  username: orNull(text({ minChars: 1, maxChars: 128 })),
  phone_number: orNull(text({ minChars: 1, maxChars: 16 })),
  phone_verified: flag,
  picture: text({ minChars: 1 }),
  blocked: flag,
  user_metadata: anyObject,
  app_metadata: anyObject,
  password: text({ minChars: 1, maxChars: 1024 }),
  connection: text({ minChars: 1 }),
};
const UNSUPPORTED = ["verify_email"];

export const USER_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "users",
    scopes: READ_SCOPES,
    query: [...OFFSET_QUERY, ...FIELDS_QUERY, "q", "search_engine", "connection", "primary_order"],
    answer(call) {
      const engine = call.query.get("search_engine") ?? "v3";
      if (engine !== "v3") throw invalidQuery(`No enum match for: ${engine.slice(0, 64)}`, "search_engine");
      const connection = call.query.get("connection") ?? CONNECTION;
      const isWanted = readUserQuery(call.query.get("q") ?? "");
      const users = connection === CONNECTION ? call.tenant.users.map(userJson).filter(isWanted) : [];
      return pageOf(call, "users", users, USER_TOTALS);
    },
  },
  {
    method: "GET",
    path: "users-by-email",
    scopes: READ_SCOPES,
    query: [...FIELDS_QUERY, "email"],
    answer({ query, tenant }) {
      const email = query.get("email");
      if (email === null) throw invalidQuery("Missing required property: email");
      const users = tenant.users.filter((user) => isSameText(user.email, email)).map(userJson);
      return ok(users.map((user) => withFields(query, user)));
    },
  },
  {
    method: "POST",
    path: "users",
    scopes: ["create:users"],
    async answer({ body, context, tenant }) {
      const fields = { ...FIELDS, user_id: text({ minChars: 1, maxChars: 240 }) };
      const required = ["connection", "email", "password"];
      const read = readPayload(body, { fields, required, unsupported: UNSUPPORTED });
      checkConnection(read);
      refuseTaken(tenant, read);
      const userId = `auth0|${read.user_id ?? randomBytes(12).toString("hex")}`;
      if (findUser(tenant, userId)) throw userConflict();
      const { tenants } = context.state;
      const entry = userEntry(read);
      // The order of Auth0's own defaults (R): the address, and what stands before its @.
      const email = String(entry.email);
      const id = await tenants.create("users", {
        name: email,
        nickname: email.split("@")[0],
        ...entry,
        user_id: userId,
      });
      await tenants.setPassword(id, String(read.password));
      return created(userJson(findUserOf({ ids: [id], tenant: tenants.current() })));
    },
  },
  {
    method: "GET",
    path: "users/{}",
    scopes: READ_SCOPES,
    query: FIELDS_QUERY,
    answer: (call) => ok(withFields(call.query, userJson(findUserOf(call)))),
  },
  {
    method: "PATCH",
    path: "users/{}",
    scopes: ["update:users", "update:users_app_metadata"],
    async answer(call) {
      const user = findUserOf(call);
      const fields = { ...FIELDS, picture: orNull(FIELDS.picture) };
      const unsupported = [...UNSUPPORTED, "verify_phone_number", "client_id"];
      const read = readPayload(call.body, { fields, unsupported });
      checkConnection(read);
      checkMetadataScope(call, read);
      if (read.password !== undefined && read.email !== undefined) {
        throw invalid("Cannot update password and email simultaneously", "invalid_body"); // (?) the text
      }
      refuseTaken(call.tenant, read, user);
      const { tenants } = call.context.state;
      const entry = userEntry(read, user);
      if (Object.keys(entry).length > 0) await tenants.patch("users", user.userId, entry);
      if (read.password !== undefined) await tenants.setPassword(user.userId, String(read.password));
      return ok(userJson(findUserOf({ ids: call.ids, tenant: tenants.current() })));
    },
  },
  {
    method: "DELETE",
    path: "users/{}",
    scopes: ["delete:users"],
    async answer({ context, ids, tenant }) {
      const user = findUser(tenant, ids[0]!);
      if (user) await context.state.tenants.remove("users", user.userId);
      return NO_CONTENT; // (R); for one that is not there, too (D: the operation lists no 404)
    },
  },
];

/** As Auth0 writes it (R). */
export function userJson(user: User): Readonly<Record<string, unknown>> {
  const { appMetadata, email, picture, userId, userMetadata } = user;
  const [provider, ...id] = userId.split("|");
  return {
    created_at: user.createdAt,
    ...(email !== undefined && { email }),
    email_verified: user.emailVerified,
    ...(user.familyName !== undefined && { family_name: user.familyName }),
    ...(user.givenName !== undefined && { given_name: user.givenName }),
    identities: [{ connection: CONNECTION, user_id: id.join("|") || userId, provider, isSocial: false }],
    name: user.name,
    nickname: user.nickname,
    ...(user.phoneNumber !== undefined && { phone_number: user.phoneNumber }),
    ...(user.phoneVerified !== undefined && { phone_verified: user.phoneVerified }),
    ...(picture !== undefined && { picture }),
    updated_at: user.updatedAt,
    user_id: userId,
    ...(user.username !== undefined && { username: user.username }),
    ...(Object.keys(userMetadata).length > 0 && { user_metadata: userMetadata }),
    ...(Object.keys(appMetadata).length > 0 && { app_metadata: appMetadata }),
    ...(user.isBlocked && { blocked: true }),
  };
}

/** The fields as the tenant's file writes them. Metadata is merged at its first level, where null removes (D). */
function userEntry({ connection: _, password: __, ...read }: Fields, before?: User): Fields {
  const {
    app_metadata: app,
    email,
    user_metadata: own,
    ...rest
  } = read as {
    readonly app_metadata?: Fields;
    readonly user_metadata?: Fields;
    readonly email?: string;
  };
  return {
    ...rest,
    ...(email !== undefined && { email: email.toLowerCase() }),
    ...(own && { user_metadata: merged(before?.userMetadata, own) }),
    ...(app && { app_metadata: merged(before?.appMetadata, app) }),
  };
}

/** An empty object removes everything (D). */
function merged(before: Fields = {}, given: Fields): Fields {
  if (Object.keys(given).length === 0) return {};
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== null));
}

function checkConnection({ connection }: Fields): void {
  if (connection === undefined || connection === CONNECTION) return;
  // (C) the text and code, known from recordings of connections themselves.
  throw new ManagementError(
    "management_request_invalid",
    400,
    "The connection does not exist.",
    "inexistent_connection",
    {
      expected: CONNECTION,
    },
  );
}

/** `update:users_app_metadata` is a scope for metadata alone (D). */
function checkMetadataScope({ scopes }: ManagementCall, read: Fields): void {
  const others = Object.keys(read).filter((name) => name !== "app_metadata" && name !== "user_metadata");
  if (others.length === 0 || scopes.includes("update:users")) return;
  const message = "Insufficient scope, expected any of: update:users";
  throw new ManagementError("management_scope_missing", 403, message, "insufficient_scope", { actual: scopes });
}

function refuseTaken(tenant: Tenant, { email, username }: Fields, except?: User): void {
  const isSame = (one: string | undefined, other: unknown): boolean =>
    typeof other === "string" && isSameText(one, other);
  const others = tenant.users.filter(({ userId }) => userId !== except?.userId);
  const isTaken = others.some((user) => isSame(user.email, email) || isSame(user.username, username));
  if (isTaken) throw userConflict();
}

/** Auth0's own text and code (C). */
function userConflict(): ManagementError {
  return conflict("The user already exists.", "auth0_idp_error");
}

function isSameText(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

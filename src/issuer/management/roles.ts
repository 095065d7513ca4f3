import type { Role, User } from "../tenant/tenant.ts";
import { conflict, inexistent } from "./management-error.ts";
import { type ManagementCall, NO_CONTENT, type Operation, ok } from "./operation.ts";
import { CHECKPOINT_QUERY, OFFSET_QUERY, pageOf } from "./page.ts";
import { always, type Fields, list, orNull, readPayload, text } from "./payload.ts";
import { listed, permissionJson, readPermissions, withoutPermissions, withPermissions } from "./permissions.ts";
import { assignRole, findUserOf } from "./user-roles.ts";

const FIELDS = { name: text({ minChars: 1, maxChars: 200 }), description: orNull(text({ maxChars: 500 })) };

export const ROLE_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "roles",
    scopes: ["read:roles"],
    query: [...OFFSET_QUERY, "name_filter"],
    answer(call) {
      const filter = call.query.get("name_filter")?.toLowerCase() ?? "";
      const roles = call.tenant.roles.filter(({ name }) => name.toLowerCase().includes(filter));
      return pageOf(call, "roles", roles.map(roleJson));
    },
  },
  {
    method: "POST",
    path: "roles",
    scopes: ["create:roles"],
    async answer({ body, context, tenant }) {
      const fields = { ...FIELDS, type: always("tenant") };
      const { type: _, ...read } = readPayload(body, { fields, required: ["name"], unsupported: ["owner_id"] });
      refuseName(tenant.roles, read.name);
      const id = await context.state.tenants.create("roles", roleEntry(read));
      return ok(roleJson(roleOf({ ids: [id], tenant: context.state.tenants.current() }))); // 200 (R)
    },
  },
  {
    method: "GET",
    path: "roles/{}",
    scopes: ["read:roles"],
    answer: (call) => ok(roleJson(roleOf(call))),
  },
  {
    method: "PATCH",
    path: "roles/{}",
    scopes: ["update:roles"],
    async answer(call) {
      const { id } = roleOf(call);
      const read = readPayload(call.body, { fields: FIELDS });
      refuseName(
        call.tenant.roles.filter((role) => role.id !== id),
        read.name,
      );
      const { tenants } = call.context.state;
      await tenants.patch("roles", id, roleEntry(read));
      return ok(roleJson(roleOf({ ids: [id], tenant: tenants.current() })));
    },
  },
  {
    method: "DELETE",
    path: "roles/{}",
    scopes: ["delete:roles"],
    async answer(call) {
      await call.context.state.tenants.remove("roles", roleOf(call).id);
      return ok({}); // (R)
    },
  },
  {
    method: "GET",
    path: "roles/{}/permissions",
    scopes: ["read:roles"],
    query: OFFSET_QUERY,
    answer(call) {
      const permissions = listed(roleOf(call).permissions).map((each) => permissionJson(call.tenant, each));
      return pageOf(call, "permissions", permissions);
    },
  },
  {
    method: "POST",
    path: "roles/{}/permissions",
    scopes: ["update:roles"],
    async answer(call) {
      const { id, permissions } = roleOf(call);
      const all = withPermissions(call.tenant, permissions, readPermissions(call.body));
      await call.context.state.tenants.patch("roles", id, { permissions: all });
      return { status: 201, body: {} }; // (R)
    },
  },
  {
    method: "DELETE",
    path: "roles/{}/permissions",
    scopes: ["update:roles"],
    async answer(call) {
      const { id, permissions } = roleOf(call);
      const rest = withoutPermissions(permissions, readPermissions(call.body));
      await call.context.state.tenants.patch("roles", id, { permissions: rest });
      return NO_CONTENT; // (R)
    },
  },
  {
    method: "GET",
    path: "roles/{}/users",
    scopes: ["read:users", "read:roles", "read:role_members"],
    query: CHECKPOINT_QUERY,
    answer(call) {
      const { id } = roleOf(call);
      const users = call.tenant.users.filter(({ roles }) => roles.includes(id));
      return pageOf(call, "users", users.map(memberJson));
    },
  },
  {
    method: "POST",
    path: "roles/{}/users",
    scopes: ["update:roles", "create:role_members"],
    async answer(call) {
      const role = roleOf(call);
      const fields = { users: list(text({ minChars: 1 }), { min: 1 }) };
      const { users } = readPayload(call.body, { fields, required: ["users"] }) as {
        readonly users: readonly string[];
      };
      // All are looked up before the first is changed.
      const found = users.map((userId) => findUserOf({ ids: [userId], tenant: call.tenant }));
      for (const user of found) await assignRole(call, user, [role.id]);
      return ok({}); // (?)
    },
  },
];

/** Newer tenants say whose the role is (R): here it is the tenant's always. */
function roleJson({ description, id, name }: Role): Readonly<Record<string, unknown>> {
  return { id, name, description, type: "tenant" };
}

function memberJson({ email, name, picture, userId }: User): Readonly<Record<string, unknown>> {
  return { user_id: userId, ...(email !== undefined && { email }), ...(picture !== undefined && { picture }), name };
}

function roleEntry({ description, ...rest }: Fields): Fields {
  return { ...rest, ...(description !== undefined && { description: description === "" ? null : description }) };
}

function refuseName(others: readonly Role[], name: unknown): void {
  if (!others.some((role) => role.name === name)) return;
  throw conflict(`A role with the name "${name}" exists already.`, "role_conflict"); // (?) the text
}

function roleOf({ ids, tenant }: Pick<ManagementCall, "ids" | "tenant">): Role {
  const role = tenant.roles.find(({ id }) => id === ids[0]);
  if (role === undefined) throw inexistent("role");
  return role;
}

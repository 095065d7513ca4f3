import { findUser, type Role, type Tenant, type User } from "../tenant/tenant.ts";
import { inexistent } from "./management-error.ts";
import { type ManagementCall, NO_CONTENT, type Operation } from "./operation.ts";
import { OFFSET_QUERY, pageOf } from "./page.ts";
import { list, readPayload, text } from "./payload.ts";
import {
  isSame,
  listed,
  type Permission,
  permissionJson,
  readPermissions,
  withoutPermissions,
  withPermissions,
} from "./permissions.ts";

const ROLES = { fields: { roles: list(text({ minChars: 1 }), { min: 1 }) }, required: ["roles"] };

/** A user's roles and permissions. */
export const USER_ROLE_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "users/{}/roles",
    scopes: ["read:users", "read:roles", "read:role_members"],
    query: OFFSET_QUERY,
    answer(call) {
      const user = findUserOf(call);
      const roles = call.tenant.roles.filter(({ id }) => user.roles.includes(id));
      return pageOf(call, "roles", roles.map(assignedRoleJson));
    },
  },
  {
    method: "POST",
    path: "users/{}/roles",
    scopes: ["update:users", "create:role_members"],
    async answer(call) {
      const user = findUserOf(call);
      await assignRole(
        call,
        user,
        readRoles(call).map(({ id }) => id),
      );
      return NO_CONTENT; // (R)
    },
  },
  {
    method: "DELETE",
    path: "users/{}/roles",
    scopes: ["update:users", "delete:role_members"],
    async answer(call) {
      const user = findUserOf(call);
      const removed = readRoles(call).map(({ id }) => id);
      const rest = user.roles.filter((id) => !removed.includes(id));
      await call.context.state.tenants.patch("users", user.userId, { roles: roleNames(call.tenant, rest) });
      return NO_CONTENT; // (R)
    },
  },
  {
    method: "GET",
    path: "users/{}/permissions",
    scopes: ["read:users"],
    query: OFFSET_QUERY,
    answer(call) {
      const user = findUserOf(call);
      return pageOf(call, "permissions", effectivePermissions(call.tenant, user));
    },
  },
  {
    method: "POST",
    path: "users/{}/permissions",
    scopes: ["update:users"],
    async answer(call) {
      const user = findUserOf(call);
      const permissions = withPermissions(call.tenant, user.permissions, readPermissions(call.body));
      await call.context.state.tenants.patch("users", user.userId, { permissions });
      return { status: 201, body: {} }; // (R)
    },
  },
  {
    method: "DELETE",
    path: "users/{}/permissions",
    scopes: ["update:users"],
    async answer(call) {
      const user = findUserOf(call);
      const permissions = withoutPermissions(user.permissions, readPermissions(call.body));
      await call.context.state.tenants.patch("users", user.userId, { permissions });
      return NO_CONTENT; // (R)
    },
  },
];

/** As the lists of users' roles have it (R). */
function assignedRoleJson({ description, id, name }: Role): Readonly<Record<string, unknown>> {
  return { id, name, description };
}

/** Gives a user roles besides those that the user has. */
export async function assignRole(call: ManagementCall, user: User, roleIds: readonly string[]): Promise<void> {
  const all = [...new Set([...user.roles, ...roleIds])];
  await call.context.state.tenants.patch("users", user.userId, { roles: roleNames(call.tenant, all) });
}

export function findUserOf({ ids, tenant }: Pick<ManagementCall, "ids" | "tenant">): User {
  const user = findUser(tenant, ids[0]!);
  if (user === undefined) throw inexistent("user");
  return user;
}

/** The tenant's file names roles by their names. */
function roleNames(tenant: Tenant, ids: readonly string[]): readonly string[] {
  return tenant.roles.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
}

function readRoles({ body, tenant }: ManagementCall): readonly Role[] {
  const { roles } = readPayload(body, ROLES) as { readonly roles: readonly string[] };
  return roles.map((roleId) => {
    const role = tenant.roles.find(({ id }) => id === roleId);
    if (role === undefined) throw inexistent("role");
    return role;
  });
}

/** Direct ones and those by roles, each once with where it comes from (R: the shape, D: that roles count). */
function effectivePermissions(tenant: Tenant, user: User): readonly Readonly<Record<string, unknown>>[] {
  const direct = listed(user.permissions).map((permission) => ({
    permission,
    source: { source_id: "", source_name: "", source_type: "DIRECT" },
  }));
  const byRole = tenant.roles
    .filter(({ id }) => user.roles.includes(id))
    .flatMap((role) =>
      listed(role.permissions).map((permission) => ({
        permission,
        source: { source_id: role.id, source_name: role.name, source_type: "ROLE" },
      })),
    );
  const all = [...direct, ...byRole];
  const once: Permission[] = [];
  for (const { permission } of all) if (!once.some((each) => isSame(each, permission))) once.push(permission);
  return once.map((permission) => ({
    ...permissionJson(tenant, permission),
    sources: all.filter((each) => isSame(each.permission, permission)).map(({ source }) => source),
  }));
}

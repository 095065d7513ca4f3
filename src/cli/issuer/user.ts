import type { Role, Tenant, User } from "../../issuer/tenant/tenant.ts";
import { roleNamed, userNamed } from "./find-entry.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import { permissionsOf } from "./scope-flags.ts";
import { table } from "./table.ts";
import type { Verb } from "./verb.ts";

const create: Verb = {
  usage: "user create EMAIL [--name N] [--role R…] [--permission AUDIENCE=SCOPE,…]",
  summary: "a user with a generated password (secrets show EMAIL)",
  flags: ["name", "role", "permission", "user-id", "email-verified"],
  positionals: [1, 1],
  async run(call) {
    const { args, io, positionals } = call;
    const { store } = await openProjectTenant(call);
    const permissions = permissionsOf(args, store.current());
    const roles = args.strings("role").map((name) => roleNamed(store.current(), name).name);
    const userId = await store.create("users", {
      email: positionals[0],
      user_id: args.string("user-id"),
      name: args.string("name"),
      email_verified: args.boolean("email-verified") || undefined,
      roles: roles.length > 0 ? roles : undefined,
      permissions: Object.keys(permissions).length > 0 ? permissions : undefined,
    });
    const tenant = store.current();
    const user = tenant.users.find((each) => each.userId === userId)!;
    if (args.boolean("json")) io.out(`${JSON.stringify({ user: userJson(tenant, user) }, null, 2)}\n`);
    else {
      io.out(`Created the user ${user.name} (${userId}) in ${store.file}.\n`);
      io.out(`The password: gatewarden issuer secrets show ${positionals[0]}\n`);
    }
    return 0;
  },
};

const list: Verb = {
  usage: "user list",
  summary: "the users with their roles",
  flags: [],
  positionals: [0, 0],
  async run(call) {
    const tenant = (await openProjectTenant(call)).store.current();
    const users = tenant.users.map((user) => userJson(tenant, user));
    if (call.args.boolean("json")) call.io.out(`${JSON.stringify({ users }, null, 2)}\n`);
    else {
      const rows = users.map((user) => [user.user_id, user.email ?? "", user.name, user.roles.join(" ")]);
      call.io.out(table([["USER_ID", "EMAIL", "NAME", "ROLES"], ...rows]));
    }
    return 0;
  },
};

const remove: Verb = {
  usage: "user remove USER",
  summary: "a user by id or email address, with the password",
  flags: [],
  positionals: [1, 1],
  async run(call) {
    const { store } = await openProjectTenant(call);
    const { userId } = userNamed(store.current(), call.positionals[0]!);
    await store.remove("users", userId);
    call.io.out(`Removed the user ${userId}.\n`);
    return 0;
  },
};

const createRole: Verb = {
  usage: "role create NAME [--permission AUDIENCE=SCOPE,…] [--description D]",
  summary: "a role with permissions",
  flags: ["permission", "description"],
  positionals: [1, 1],
  async run(call) {
    const { args, io, positionals } = call;
    const { store } = await openProjectTenant(call);
    const permissions = permissionsOf(args, store.current());
    const id = await store.create("roles", {
      name: positionals[0],
      description: args.string("description"),
      permissions: Object.keys(permissions).length > 0 ? permissions : undefined,
    });
    const role = store.current().roles.find((each) => each.id === id)!;
    if (args.boolean("json")) io.out(`${JSON.stringify({ role }, null, 2)}\n`);
    else io.out(`Created the role ${role.name} (${id}) in ${store.file}.\n`);
    return 0;
  },
};

const listRoles: Verb = {
  usage: "role list",
  summary: "the roles with their permissions",
  flags: [],
  positionals: [0, 0],
  async run(call) {
    const { roles } = (await openProjectTenant(call)).store.current();
    if (call.args.boolean("json")) call.io.out(`${JSON.stringify({ roles }, null, 2)}\n`);
    else {
      const rows = roles.map((role) => [role.name, role.id, permissionsText(role)]);
      call.io.out(table([["NAME", "ID", "PERMISSIONS"], ...rows]));
    }
    return 0;
  },
};

const removeRole: Verb = {
  usage: "role remove ROLE",
  summary: "a role by name or id; users lose it",
  flags: [],
  positionals: [1, 1],
  async run(call) {
    const { store } = await openProjectTenant(call);
    const { id, name } = roleNamed(store.current(), call.positionals[0]!);
    await store.remove("roles", id);
    call.io.out(`Removed the role ${name}.\n`);
    return 0;
  },
};

export const USER_VERBS: readonly Verb[] = [create, list, remove, createRole, listRoles, removeRole];

function permissionsText({ permissions }: Role): string {
  return Object.entries(permissions)
    .map(([audience, scopes]) => `${audience}: ${scopes.join(" ")}`)
    .join(", ");
}

/** In Auth0's words. */
function userJson({ roles }: Tenant, user: User) {
  return {
    user_id: user.userId,
    email: user.email,
    name: user.name,
    roles: roles.filter(({ id }) => user.roles.includes(id)).map(({ name }) => name),
    permissions: user.permissions,
    blocked: user.isBlocked,
  };
}

import { findApi, type PermissionsByApi, type Tenant } from "../tenant/tenant.ts";
import { invalid } from "./management-error.ts";
import { list, object, readPayload, text } from "./payload.ts";

/** One permission as it is named in requests. */
export interface Permission {
  readonly audience: string;
  readonly name: string;
}

const PERMISSIONS = {
  fields: {
    permissions: list(
      object({
        fields: { resource_server_identifier: text({ minChars: 1 }), permission_name: text({ minChars: 1 }) },
        required: ["resource_server_identifier", "permission_name"],
      }),
      { min: 1 },
    ),
  },
  required: ["permissions"],
};

/** The permissions that a body lists. */
export function readPermissions(body: unknown): readonly Permission[] {
  const { permissions } = readPayload(body, PERMISSIONS) as {
    readonly permissions: readonly Readonly<Record<"resource_server_identifier" | "permission_name", string>>[];
  };
  return permissions.map((each) => ({ audience: each.resource_server_identifier, name: each.permission_name }));
}

/** @throws ManagementError for one that no API defines */
export function withPermissions(
  tenant: Tenant,
  before: PermissionsByApi,
  added: readonly Permission[],
): PermissionsByApi {
  for (const { audience, name } of added) {
    if (findApi(tenant, audience)?.scopes.includes(name)) continue;
    // Ours: what Auth0 says is not known.
    const message = `The API "${audience}" does not define the permission "${name}". Add it to its scopes first.`;
    throw invalid(message, "invalid_body");
  }
  return byApi([...listed(before), ...added]);
}

export function withoutPermissions(before: PermissionsByApi, removed: readonly Permission[]): PermissionsByApi {
  return byApi(listed(before).filter((each) => !removed.some((other) => isSame(each, other))));
}

/** As Auth0 writes it (R). */
export function permissionJson(tenant: Tenant, { audience, name }: Permission): Readonly<Record<string, unknown>> {
  const api = findApi(tenant, audience);
  const descriptions = api?.scopeDescriptions ?? {};
  return {
    permission_name: name,
    description: (Object.hasOwn(descriptions, name) && descriptions[name]) || "",
    resource_server_name: api?.name ?? audience,
    resource_server_identifier: audience,
  };
}

export function listed(permissions: PermissionsByApi): readonly Permission[] {
  return Object.entries(permissions).flatMap(([audience, names]) => names.map((name) => ({ audience, name })));
}

export function isSame(one: Permission, other: Permission): boolean {
  return one.audience === other.audience && one.name === other.name;
}

function byApi(permissions: readonly Permission[]): PermissionsByApi {
  const names = new Map<string, Set<string>>();
  for (const { audience, name } of permissions) names.set(audience, (names.get(audience) ?? new Set()).add(name));
  return Object.fromEntries([...names].map(([audience, set]) => [audience, [...set]]));
}

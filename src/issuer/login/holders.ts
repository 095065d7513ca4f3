import type { User } from "../tenant/tenant.ts";
import type { TenantStore } from "../tenant/tenant-store.ts";
import type { SessionHolder } from "./sessions.ts";

/**
 * For whom something is granted: this user by this application, and nobody who has their ids later. Undefined when one
 * of the two is not in the tenant.
 */
export function holdersOf(
  tenants: TenantStore,
  { clientId, userId }: { readonly clientId: string; readonly userId: string },
): string | undefined {
  const [client, user] = [tenants.incarnationOf("applications", clientId), tenants.incarnationOf("users", userId)];
  return client === undefined || user === undefined ? undefined : `${client} ${user}`;
}

/** Whose session it is. With another password it is another's: a changed one ends the sessions (C: as a reset does). */
export function sessionHolder(tenants: TenantStore, { password, userId }: User): SessionHolder {
  return { userId, incarnation: tenants.incarnationOf("users", userId) ?? "", password };
}

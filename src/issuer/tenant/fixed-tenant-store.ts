import type { Tenant } from "./tenant.ts";
import { TenantError, type TenantStore } from "./tenant-store.ts";

/** A tenant that nothing can change, for minting without a server and for tests. */
export function fixedTenantStore(tenant: Tenant): TenantStore {
  const refuse = async (): Promise<never> => {
    throw new TenantError("derived", "This tenant has no file, so it cannot be changed.");
  };
  return {
    current: () => tenant,
    declare: refuse,
    create: refuse,
    patch: refuse,
    remove: refuse,
    rotateClientSecret: refuse,
    setPassword: refuse,
  };
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateFolder } from "../../../src/issuer/state-folder.ts";
import { type FileTenantStore, openTenantStore } from "../../../src/issuer/tenant/open-tenant-store.ts";
import { assertionKey } from "./client-assertion.ts";

const PUBLIC_KEY = "VECTOR_PUBLIC_KEY";

/**
 * The tenant of a vector: the file of conformance/issuer/tenants with that name, or what such a file would say. It can
 * be changed, as a project's own can.
 */
export async function openVectorTenant(
  given: unknown,
  dataDir: string,
  folder: StateFolder,
  ports: { readonly issuerUrls: readonly string[]; readonly clock: () => number },
): Promise<FileTenantStore> {
  const file = join(dataDir, "tenant.yaml");
  const text =
    typeof given === "object"
      ? JSON.stringify(given) // JSON is YAML, too
      : readFileSync(join(import.meta.dirname, "../../issuer/tenants", `${given}.yaml`), "utf8");
  const needsKey = text.includes(`[${PUBLIC_KEY}]`);
  writeFileSync(file, needsKey ? text.replaceAll(`[${PUBLIC_KEY}]`, `[${assertionKey().publicJwk}]`) : text);
  const tenants = await openTenantStore({ file, folder, project: "conformance", declared: [], ...ports });
  const [trouble] = tenants.findings();
  if (trouble !== undefined) throw new Error(`the vector's tenant: ${trouble.message}`);
  return tenants;
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixedTenantStore } from "../../src/issuer/fixtures/fixed-tenant-store.ts";
import { createIssuer } from "../../src/issuer/issuer.ts";
import { openKeyRing } from "../../src/issuer/keys/keys.ts";
import { openStateFolder } from "../../src/issuer/state-folder.ts";
import { deriveTenant } from "../../src/issuer/tenant/derived-tenant.ts";
import type { MintOptions } from "../../src/issuer/tokens/mint-token.ts";
import { createMemoryDocuments } from "../../src/store/memory-documents.ts";

/** The issuer and the audience that the projects' JWT authorizers trust; the local issuer speaks for it. */
export const ISSUER = "https://issuer.example/";
export const AUDIENCE = "https://api.example";

/** Mints what the vectors' requests carry, for the target without a server. */
export interface VectorIssuer {
  readonly jwks: () => string;
  readonly mint: (options: MintOptions) => string;
  readonly close: () => void;
}

export async function openVectorIssuer(): Promise<VectorIssuer> {
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-conformance-issuer-"));
  const folder = openStateFolder(dataDir);
  const apis = [{ identifier: AUDIENCE, scopes: [], issuer: ISSUER }];
  const tenant = await deriveTenant(folder, { project: "conformance", apis });
  const issuer = createIssuer({
    issuerUrl: "http://localhost:4567/",
    tenants: fixedTenantStore(tenant),
    keys: await openKeyRing(folder),
    folder,
    documents: createMemoryDocuments,
  });
  return {
    jwks: () => JSON.stringify(issuer.jwks()),
    mint: (options) => issuer.mint(options),
    close: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

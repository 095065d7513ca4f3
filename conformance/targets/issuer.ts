import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIssuer } from "../../src/issuer/issuer.ts";
import { openKeyRing } from "../../src/issuer/keys.ts";
import type { MintOptions } from "../../src/issuer/mint-token.ts";
import { openStateFolder } from "../../src/issuer/state-folder.ts";
import { openTenant } from "../../src/issuer/tenant.ts";

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
  const tenant = await openTenant(folder, { project: "conformance", apis });
  const issuer = createIssuer({ issuerUrl: "http://localhost:4567/", tenant, keys: await openKeyRing(folder) });
  return {
    jwks: () => JSON.stringify(issuer.jwks()),
    mint: (options) => issuer.mint(options),
    close: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

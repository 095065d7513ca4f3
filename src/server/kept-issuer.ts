import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createIssuer } from "../issuer/issuer.ts";
import type { Tenant } from "../issuer/tenant/tenant.ts";
import type { MintOptions } from "../issuer/tokens/mint-token.ts";
import { createMemoryDocuments } from "../store/memory-documents.ts";
import { openIssuerFolder, openTenant } from "./issuer-state.ts";
import { StartError } from "./start-error.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** What the last server's issuer was, kept for `gatewarden token` after it stopped. */
const KEPT_FILE = "issuer-tenant.json";

interface Kept {
  readonly issuerUrl: string;
  /** Both of its listeners', the canonical one first. */
  readonly issuerUrls: readonly string[];
  readonly tenantFile: string;
}

export function keepIssuer(dataDir: string, kept: Kept): void {
  writePrivateFile(join(dataDir, KEPT_FILE), JSON.stringify(kept));
}

/** The issuer as the server that ran last had it. */
export interface KeptIssuer {
  readonly issuerUrl: string;
  readonly tenant: Tenant;
  mint(options: MintOptions): string;
}

/**
 * Opens the project's own keys and tenant, with the issuer URL of the server that ran last.
 *
 * @throws StartError when none has run with this folder
 */
export async function openKeptIssuer(dataDir: string): Promise<KeptIssuer> {
  const { issuerUrl, issuerUrls, tenantFile: file } = readKept(dataDir);
  const { folder, keys } = await openIssuerFolder(dataDir);
  const tenants = await openTenant({ file, folder, issuerUrls });
  const issuer = createIssuer({ issuerUrl, tenants, keys, folder, documents: createMemoryDocuments });
  return { issuerUrl, tenant: tenants.current(), mint: (mintOptions) => issuer.mint(mintOptions) };
}

/** Mints from the project's own keys. @throws StartError */
export async function mintFromDataDir(dataDir: string, mintOptions: MintOptions): Promise<string> {
  return (await openKeptIssuer(dataDir)).mint(mintOptions);
}

function readKept(dataDir: string): Kept {
  try {
    const kept = JSON.parse(readFileSync(join(dataDir, KEPT_FILE), "utf8")) as Kept;
    if (typeof kept.issuerUrl === "string" && Array.isArray(kept.issuerUrls) && typeof kept.tenantFile === "string") {
      return kept;
    }
  } catch {
    // As good as none.
  }
  throw new StartError(
    `no issuer has run with the data folder ${dataDir}. Start one with "gatewarden demo" or "gatewarden dev FILE", or name its folder with --data-dir.`,
    2,
  );
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createIssuer } from "../../issuer/issuer.ts";
import type { Tenant } from "../../issuer/tenant/tenant.ts";
import type { MintOptions } from "../../issuer/tokens/mint-token.ts";
import { SERVER_DEFAULTS } from "../server-options.ts";
import { StartError } from "../start-error.ts";
import { writePrivateFile } from "../write-private-file.ts";
import { findTenantFile, openIssuerFolder, openTenant } from "./state.ts";

/** What the last server's issuer was, kept for `gatewarden token` after it stopped. */
const KEPT_FILE = "issuer-tenant.json";

interface Kept {
  readonly issuerUrl: string;
  /** Both of its listeners', the canonical one first. */
  readonly issuerUrls: readonly string[];
  readonly tenantFile: string;
  /** Issuers that the files' authorizers name and whose tokens are not this one's. */
  readonly foreignIssuers: readonly string[];
}

export function keepIssuer(dataDir: string, kept: Kept): void {
  writePrivateFile(join(dataDir, KEPT_FILE), JSON.stringify(kept));
}

/** The issuer as the server that ran last had it. */
export interface KeptIssuer {
  readonly issuerUrl: string;
  /** Issuers that the files' authorizers name and whose tokens are not this one's. */
  readonly foreignIssuers: readonly string[];
  readonly tenant: Tenant;
  mint(options: MintOptions): string;
}

/**
 * Opens the project's own keys and tenant, with the issuer URL of the server that ran last; where none has run and there
 * is a tenant all the same, with that of one that would.
 *
 * @throws StartError when there is neither
 */
export async function openKeptIssuer(dataDir: string, cwd: string): Promise<KeptIssuer> {
  const { issuerUrl, issuerUrls, foreignIssuers, tenantFile: file } = readKept(dataDir, cwd);
  const { folder, keys } = await openIssuerFolder(dataDir);
  const tenants = await openTenant({ file, folder, issuerUrls });
  const { createMemoryDocuments } = await import("../../store/memory-documents.ts"); // a server that starts needs none
  const issuer = createIssuer({ issuerUrl, tenants, keys, folder, documents: createMemoryDocuments });
  return { issuerUrl, foreignIssuers, tenant: tenants.current(), mint: (mintOptions) => issuer.mint(mintOptions) };
}

/** What the server that ran last has written down of its issuer, as far as it is sound. */
export function findKeptIssuer(dataDir: string): Partial<Kept> {
  try {
    const { issuerUrl, issuerUrls, tenantFile, foreignIssuers } = JSON.parse(
      readFileSync(join(dataDir, KEPT_FILE), "utf8"),
    );
    const isUrls = Array.isArray(issuerUrls) && issuerUrls.length > 0 && issuerUrls.every((url) => URL.canParse(url));
    return {
      ...(URL.canParse(issuerUrl) && { issuerUrl }),
      ...(isUrls && { issuerUrls }),
      ...(typeof tenantFile === "string" && { tenantFile }),
      ...(Array.isArray(foreignIssuers) && { foreignIssuers: foreignIssuers.map(String) }),
    };
  } catch {
    return {}; // As good as none.
  }
}

function readKept(dataDir: string, cwd: string): Kept {
  const { issuerUrl, issuerUrls, tenantFile, foreignIssuers = [] } = findKeptIssuer(dataDir);
  if (issuerUrl !== undefined && issuerUrls !== undefined && tenantFile !== undefined) {
    return { issuerUrl, issuerUrls, tenantFile, foreignIssuers };
  }
  const file = findTenantFile(undefined, cwd, dataDir);
  if (existsSync(file)) {
    const { issuerPort } = SERVER_DEFAULTS;
    const issuerUrls = [`http://localhost:${issuerPort}/`, `https://localhost:${issuerPort + 1}/`] as const;
    return { issuerUrl: issuerUrls[0], issuerUrls, tenantFile: file, foreignIssuers: [] };
  }
  throw new StartError(
    `no issuer has run with the data folder ${dataDir}. Start one with "gatewarden demo" or "gatewarden dev FILE", make an API with "gatewarden issuer api create", or name its folder with --data-dir.`,
    2,
  );
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CompiledRules } from "../authorizer/compiled-rules.ts";
import { createIssuer, type Issuer } from "../issuer/issuer.ts";
import { type KeyRing, openKeyRing } from "../issuer/keys/keys.ts";
import { openStateFolder, type StateFolder, StateFolderError } from "../issuer/state-folder.ts";
import { deriveTenant } from "../issuer/tenant/derived-tenant.ts";
import { fixedTenantStore } from "../issuer/tenant/fixed-tenant-store.ts";
import type { ApiDeclaration } from "../issuer/tenant/tenant-store.ts";
import type { MintOptions } from "../issuer/tokens/mint-token.ts";
import type { Route } from "../model/http-api.ts";
import type { Method } from "../model/rest-api.ts";
import { createMemoryDocuments } from "../store/memory-documents.ts";
import { trustedIssuers } from "./contact-issuers.ts";
import { listen } from "./http-listener/listen.ts";
import type { LoadedApi, LoadedProject } from "./load-project.ts";
import { StartError } from "./start-error.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** The development issuer on its own loopback port. */
export interface IssuerPlane {
  /** `http://localhost:{port}/`; the trailing slash is part of it. */
  readonly issuerUrl: string;
  /** The key set as published, as JSON text. */
  jwks(): string;
  /** Takes over the audiences and scopes the project's authorizers name. */
  serve(project: LoadedProject): Promise<void>;
  mint(options: MintOptions): string;
  stop(): Promise<void>;
}

/** Listens first, so that port 0 has become a number before anything names the issuer's URL. */
export async function startIssuer(options: {
  readonly port: number;
  readonly dataDir: string;
  readonly onDefect: ((error: unknown) => void) | undefined;
}): Promise<IssuerPlane> {
  const { folder, keys } = await openState(options.dataDir);
  let issuer: Issuer | undefined;
  const listener = await listen({
    host: "127.0.0.1",
    port: options.port,
    onError: (error) => options.onDefect?.(error),
    handler: (request) => issuer?.handle(request) ?? { status: 503, headers: ["Retry-After", "1"], body: "" },
  });
  const issuerUrl = `http://localhost:${listener.port}/`;
  // Published before it ever signs; made on another thread, so that the start does not wait for it.
  void keys.prepareNext().catch((error) => options.onDefect?.(error));
  const running = (): Issuer => {
    if (issuer === undefined) throw new Error("the issuer was asked before it knew its tenant");
    return issuer;
  };
  return {
    issuerUrl,
    jwks: () => JSON.stringify(running().jwks()),
    serve: async (project) => {
      const apis = audiencesOf(project, issuerUrl);
      const tenants = fixedTenantStore(await deriveTenant(folder, { project: "gatewarden", apis }));
      writePrivateFile(join(options.dataDir, TENANT_FILE), JSON.stringify({ issuerUrl, apis }));
      issuer = createIssuer({ issuerUrl, tenants, keys, folder, documents: createMemoryDocuments });
    },
    mint: (mintOptions) => running().mint(mintOptions),
    stop: () => listener.stop(),
  };
}

/** What the last server's issuer was, kept for `gatewarden token` after it stopped. */
const TENANT_FILE = "issuer-tenant.json";

/** Mints from the project's own keys, with the issuer URL and the APIs of the server that ran last. */
export async function mintFromDataDir(dataDir: string, mintOptions: MintOptions): Promise<string> {
  let kept: { readonly issuerUrl: string; readonly apis: readonly ApiDeclaration[] };
  try {
    kept = JSON.parse(readFileSync(join(dataDir, TENANT_FILE), "utf8"));
  } catch {
    throw new StartError(
      `no issuer has run with the data folder ${dataDir}. Start one with "gatewarden demo" or "gatewarden dev FILE", or name its folder with --data-dir.`,
      2,
    );
  }
  const { folder, keys } = await openState(dataDir);
  const tenants = fixedTenantStore(await deriveTenant(folder, { project: "gatewarden", apis: kept.apis }));
  const documents = createMemoryDocuments;
  return createIssuer({ issuerUrl: kept.issuerUrl, tenants, keys, folder, documents }).mint(mintOptions);
}

/** @throws StartError when the folder cannot be used, or others can read what is secret in it */
async function openState(dataDir: string): Promise<{ readonly folder: StateFolder; readonly keys: KeyRing }> {
  try {
    const folder = openStateFolder(dataDir);
    return { folder, keys: await openKeyRing(folder) };
  } catch (error) {
    if (error instanceof StateFolderError) throw new StartError(error.message);
    throw error;
  }
}

/**
 * The APIs (audiences) and scopes of the project: those that authorizer functions are configured with, and those of JWT
 * authorizers that trust this issuer, or one that it speaks for.
 */
export function audiencesOf(project: LoadedProject, issuerUrl: string): readonly ApiDeclaration[] {
  const apis: ApiDeclaration[] = [];
  for (const { environment } of project.functions) {
    for (const identifier of (environment.AUDIENCE ?? "").split(",").map((each) => each.trim())) {
      if (identifier !== "") apis.push({ identifier, scopes: scopesOf(environment.RULES_FILE) });
    }
  }
  for (const loaded of project.apis) {
    for (const { issuer, audience, authorizerId } of trustedIssuers(loaded)) {
      if (issuer !== issuerUrl && !project.localIssuers.includes(issuer)) continue;
      const guarded = guardedBy(authorizerId, loaded);
      const scopes = [...new Set(guarded.flatMap((each) => each.authorizationScopes))];
      apis.push(...audience.map((identifier) => ({ identifier, scopes, issuer })));
    }
  }
  return apis;
}

function guardedBy(authorizerId: string, { type, api }: LoadedApi): readonly (Route | Method)[] {
  const all = type === "HTTP" ? api.routes : api.resources.flatMap((resource) => resource.resourceMethods);
  return all.filter((each) => each.authorizerId === authorizerId);
}

/** Scopes that an authorizer's compiled rules name; rules that cannot be read name none, the authorizer itself will say why. */
function scopesOf(rulesFile: string | undefined): readonly string[] {
  if (rulesFile === undefined) return [];
  try {
    const rules = JSON.parse(readFileSync(rulesFile, "utf8")) as CompiledRules;
    const clauses = rules.requirements.flat().filter((clause) => clause.claim === "scope");
    return [...new Set(clauses.flatMap((clause) => [...(clause.anyOf ?? []), ...(clause.allOf ?? [])].map(String)))];
  } catch {
    return [];
  }
}

import { createHash, randomBytes } from "node:crypto";
import type { StateFolder } from "./state-folder.ts";

/** What the issuer knows: APIs, the clients that may ask for tokens, and the users it can speak for. */
export interface Tenant {
  readonly apis: readonly Api[];
  readonly clients: readonly Client[];
  readonly clientGrants: readonly ClientGrant[];
  readonly users: readonly User[];
  /** Auth0's tenant setting "Default Audience": what a request without `audience` means. */
  readonly defaultAudience?: string;
}

/** Auth0's "API" (its Management API says resource server). */
export interface Api {
  /** The audience, compared character for character: `https://x` and `https://x/` are two APIs (D). */
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly signingAlg: "RS256" | "PS256" | "HS256";
  /** The key of HS256 tokens; every holder can also sign with it. */
  readonly signingSecret?: string;
  readonly tokenLifetimeSeconds: number;
  readonly tokenDialect: TokenDialect;
  /** Another `iss` for its tokens: that of the real tenant, which this issuer speaks for. */
  readonly issuer?: string;
}

/** The `_authz` dialects add the `permissions` claim (D). */
export type TokenDialect = "access_token" | "access_token_authz" | "rfc9068_profile" | "rfc9068_profile_authz";

/** Auth0's "application". */
export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly name: string;
  readonly grantTypes: readonly string[];
}

/** What one client may have of one API. The scopes are the ceiling. */
export interface ClientGrant {
  readonly clientId: string;
  readonly audience: string;
  readonly scopes: readonly string[];
}

export interface User {
  /** The token's `sub`, e.g. `auth0|alice`. */
  readonly userId: string;
  readonly name: string;
  readonly email?: string;
  /** By API identifier. */
  readonly permissions?: Readonly<Record<string, readonly string[]>>;
}

/** An API as the server finds it in the user's files. */
export interface ApiDeclaration {
  readonly identifier: string;
  readonly scopes: readonly string[];
  /** Default: the identifier. */
  readonly name?: string;
  readonly signingAlg?: Api["signingAlg"];
  readonly tokenLifetimeSeconds?: number;
  readonly tokenDialect?: TokenDialect;
  readonly issuer?: string;
}

/** Auth0's default for a new API (R). */
export const DEFAULT_TOKEN_LIFETIME_SECONDS = 86_400;
/** Auth0's largest token lifetime (D). */
export const MAX_TOKEN_LIFETIME_SECONDS = 2_592_000;
/** Lengths of Auth0's own. */
export const CLIENT_ID_CHARS = 32;
export const CLIENT_SECRET_CHARS = 64;

/**
 * The tenant that a list of APIs implies. Each API gets what Auth0's dashboard gives a new one (D): a machine-to-machine
 * client "NAME (Test Application)", here with a grant of all scopes. The same identifier twice is one API with the
 * scopes of both; in all else the first declaration counts.
 *
 * Client ids follow from `project` and the API, so they are the same on every machine; secrets are made once per
 * project and kept in the state folder.
 */
export async function openTenant(
  folder: StateFolder,
  declared: { readonly project: string; readonly apis: readonly ApiDeclaration[]; readonly users?: readonly User[] },
): Promise<Tenant> {
  const apis: Api[] = [];
  for (const declaration of mergeDeclarations(declared.apis)) apis.push(await openApi(folder, declaration));
  const clients: Client[] = [];
  for (const api of apis) {
    const clientId = deriveClientId(declared.project, api.identifier);
    const clientSecret = await folder.readOrCreate(`client-secrets/${clientId}`, newSecret);
    clients.push({
      clientId,
      clientSecret: clientSecret.trim(),
      name: `${api.name} (Test Application)`,
      grantTypes: ["client_credentials"],
    });
  }
  const clientGrants = apis.map((api, index) => ({
    clientId: clients[index]!.clientId,
    audience: api.identifier,
    scopes: api.scopes,
  }));
  return { apis, clients, clientGrants, users: declared.users ?? [] };
}

export function findApi(tenant: Tenant, identifier: string): Api | undefined {
  return tenant.apis.find((api) => api.identifier === identifier);
}

export function findClient(tenant: Tenant, clientId: string): Client | undefined {
  return tenant.clients.find((client) => client.clientId === clientId);
}

export function findClientGrant(tenant: Tenant, clientId: string, audience: string): ClientGrant | undefined {
  return tenant.clientGrants.find((grant) => grant.clientId === clientId && grant.audience === audience);
}

/** The first client that has a grant for the API: in a derived tenant, its test application. */
export function findTestClient(tenant: Tenant, api: Api): Client | undefined {
  return tenant.clients.find(({ clientId }) => findClientGrant(tenant, clientId, api.identifier) !== undefined);
}

/** 32 letters and digits, the same for the same project and API. */
export function deriveClientId(project: string, identifier: string): string {
  const digest = createHash("sha512")
    .update(JSON.stringify([project, identifier]))
    .digest("base64");
  return digest.replace(/[^A-Za-z0-9]/g, "").slice(0, CLIENT_ID_CHARS);
}

async function openApi(folder: StateFolder, declaration: ApiDeclaration): Promise<Api> {
  const { identifier, signingAlg = "RS256" } = declaration;
  const api = {
    identifier,
    name: declaration.name ?? identifier,
    scopes: declaration.scopes,
    signingAlg,
    tokenLifetimeSeconds: declaration.tokenLifetimeSeconds ?? DEFAULT_TOKEN_LIFETIME_SECONDS,
    tokenDialect: declaration.tokenDialect ?? "access_token",
    ...(declaration.issuer !== undefined && { issuer: declaration.issuer }),
  } as const;
  if (signingAlg !== "HS256") return api;
  const fileName = createHash("sha256").update(identifier).digest("hex");
  return { ...api, signingSecret: (await folder.readOrCreate(`signing-secrets/${fileName}`, newSecret)).trim() };
}

function mergeDeclarations(declarations: readonly ApiDeclaration[]): ApiDeclaration[] {
  const merged = new Map<string, ApiDeclaration>();
  for (const declaration of declarations) {
    const before = merged.get(declaration.identifier);
    const scopes = [...new Set([...(before?.scopes ?? []), ...declaration.scopes])];
    merged.set(declaration.identifier, { ...declaration, ...before, scopes });
  }
  return [...merged.values()];
}

function newSecret(): string {
  return randomBytes((CLIENT_SECRET_CHARS / 4) * 3).toString("base64url");
}

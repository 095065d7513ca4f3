import { createHash, randomBytes } from "node:crypto";
import type { StateFolder } from "../state-folder.ts";
import {
  type Api,
  CLIENT_ID_CHARS,
  CLIENT_SECRET_CHARS,
  type Client,
  type ClientGrant,
  DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
  DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS,
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  type SigningAlgorithm,
  type Tenant,
  type TokenDialect,
  type User,
} from "./tenant.ts";
import type { ApiDeclaration } from "./tenant-store.ts";

/** Auth0's defaults for a new application (R, D). */
export const REFRESH_TOKEN_DEFAULTS: Client["refreshToken"] = {
  rotation: "non-rotating",
  expiration: "non-expiring",
  leewaySeconds: 0,
  lifetimeSeconds: 2_592_000,
  idleLifetimeSeconds: 1_296_000,
};

export interface DerivedApi extends ApiDeclaration {
  readonly signingAlg?: SigningAlgorithm;
  readonly tokenLifetimeSeconds?: number;
  readonly tokenDialect?: TokenDialect;
}

/**
 * The tenant that a list of APIs implies. Each API gets what Auth0's dashboard gives a new one (D): a machine-to-machine
 * client "NAME (Test Application)", here with a grant of all scopes. The same identifier twice is one API with the
 * scopes of both; in all else the first declaration counts.
 *
 * Client ids follow from `project` and the API, so they are the same on every machine; secrets are made once per
 * project and kept in the state folder.
 */
export async function deriveTenant(
  folder: StateFolder,
  declared: { readonly project: string; readonly apis: readonly DerivedApi[]; readonly users?: readonly User[] },
): Promise<Tenant> {
  const apis: Api[] = [];
  for (const declaration of mergeDeclarations(declared.apis)) apis.push(await openApi(folder, declaration));
  const clients: Client[] = [];
  for (const api of apis)
    clients.push(await testApplication(folder, deriveClientId(declared.project, api.identifier), api));
  return {
    apis,
    clients,
    clientGrants: apis.map((api, index) => testGrant(clients[index]!.clientId, api)),
    users: declared.users ?? [],
    roles: [],
    allowedLogoutUrls: [],
    consent: "skip",
    login: "buttons",
    customDomains: [],
  };
}

/** 32 letters and digits, the same for the same project and name. */
export function deriveClientId(project: string, name: string): string {
  const digest = createHash("sha512")
    .update(JSON.stringify([project, name]))
    .digest("base64");
  return digest.replace(/[^A-Za-z0-9]/g, "").slice(0, CLIENT_ID_CHARS);
}

/** 24 hex digits, the same for the same identifier. */
export function deriveApiId(identifier: string): string {
  return createHash("sha256").update(`api ${identifier}`).digest("hex").slice(0, 24);
}

export function deriveGrantId(clientId: string, audience: string, subjectType: ClientGrant["subjectType"]): string {
  return `cgr_${deriveClientId(JSON.stringify([clientId, audience]), subjectType).slice(0, 16)}`;
}

export async function readClientSecret(folder: StateFolder, clientId: string): Promise<string> {
  return (await folder.readOrCreate(`client-secrets/${clientId}`, newSecret)).trim();
}

export async function readSigningSecret(folder: StateFolder, identifier: string): Promise<string> {
  const fileName = createHash("sha256").update(identifier).digest("hex");
  return (await folder.readOrCreate(`signing-secrets/${fileName}`, newSecret)).trim();
}

export function newSecret(): string {
  return randomBytes((CLIENT_SECRET_CHARS / 4) * 3).toString("base64url");
}

async function testApplication(folder: StateFolder, clientId: string, api: Api): Promise<Client> {
  return {
    clientId,
    clientSecret: await readClientSecret(folder, clientId),
    name: `${api.name} (Test Application)`,
    appType: "non_interactive",
    tokenEndpointAuthMethod: "client_secret_post",
    grantTypes: ["client_credentials"],
    callbacks: [],
    webOrigins: [],
    allowedOrigins: [],
    allowedLogoutUrls: [],
    isFirstParty: true,
    refreshToken: REFRESH_TOKEN_DEFAULTS,
    idTokenLifetimeSeconds: DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
    publicKeys: [],
  };
}

function testGrant(clientId: string, { identifier: audience, scopes }: Api): ClientGrant {
  return { id: deriveGrantId(clientId, audience, "client"), clientId, audience, scopes, subjectType: "client" };
}

async function openApi(folder: StateFolder, declaration: DerivedApi): Promise<Api> {
  const { identifier, signingAlg = "RS256" } = declaration;
  return {
    id: deriveApiId(identifier),
    identifier,
    name: declaration.name ?? identifier,
    scopes: declaration.scopes,
    scopeDescriptions: {},
    signingAlg,
    ...(signingAlg === "HS256" && { signingSecret: await readSigningSecret(folder, identifier) }),
    tokenLifetimeSeconds: declaration.tokenLifetimeSeconds ?? DEFAULT_TOKEN_LIFETIME_SECONDS,
    tokenLifetimeForWebSeconds: DEFAULT_TOKEN_LIFETIME_FOR_WEB_SECONDS,
    tokenDialect: declaration.tokenDialect ?? "access_token",
    enforcePolicies: false,
    allowOfflineAccess: false,
    skipConsentForFirstParty: true,
    userPolicy: "allow_all",
    clientPolicy: "require_client_grant",
    ...(declaration.issuer !== undefined && { issuer: declaration.issuer }),
    isSystem: false,
  };
}

function mergeDeclarations(declarations: readonly DerivedApi[]): DerivedApi[] {
  const merged = new Map<string, DerivedApi>();
  for (const declaration of declarations) {
    const before = merged.get(declaration.identifier);
    const scopes = [...new Set([...(before?.scopes ?? []), ...declaration.scopes])];
    merged.set(declaration.identifier, { ...declaration, ...before, scopes });
  }
  return [...merged.values()];
}

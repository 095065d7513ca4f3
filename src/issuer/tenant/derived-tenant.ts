import { createHash, randomBytes } from "node:crypto";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
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
  const apis = mergeDeclarations(declared.apis).map((declaration) => openApi(folder, declaration));
  const clients = apis.map((api) => testApplication(folder, deriveClientId(declared.project, api.identifier), api));
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
    opaqueTokensForClients: false,
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

export function readClientSecret(folder: StateFolder, clientId: string): string {
  return readSecret(folder, `client-secrets/${clientId}`);
}

export function readSigningSecret(folder: StateFolder, identifier: string): string {
  const fileName = createHash("sha256").update(identifier).digest("hex");
  return readSecret(folder, `signing-secrets/${fileName}`);
}

/** An emptied file is no secret: anybody could guess it. */
function readSecret(folder: StateFolder, name: string): string {
  const secret = folder.readOrCreateNow(name, newSecret).trim();
  if (secret !== "") return secret;
  const path = `${folder.path}/${name}`;
  throw new StateFolderError("malformed", path, `${path} is empty. Delete it and a new secret is made.`);
}

export function newSecret(): string {
  return randomBytes((CLIENT_SECRET_CHARS / 4) * 3).toString("base64url");
}

function testApplication(folder: StateFolder, clientId: string, api: Api): Client {
  return {
    clientId,
    clientSecret: readClientSecret(folder, clientId),
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

function openApi(folder: StateFolder, declaration: DerivedApi): Api {
  const { identifier, signingAlg = "RS256" } = declaration;
  return {
    id: deriveApiId(identifier),
    identifier,
    name: declaration.name ?? identifier,
    scopes: declaration.scopes,
    scopeDescriptions: {},
    signingAlg,
    ...(signingAlg === "HS256" && { signingSecret: readSigningSecret(folder, identifier) }),
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

/** One declaration for each identifier, with the scopes of all. */
export function mergeDeclarations<Declared extends ApiDeclaration>(declarations: readonly Declared[]): Declared[] {
  const merged = new Map<string, Declared>();
  for (const declaration of declarations) {
    const before = merged.get(declaration.identifier);
    const scopes = [...new Set([...(before?.scopes ?? []), ...declaration.scopes])];
    merged.set(declaration.identifier, { ...declaration, ...before, scopes });
  }
  return [...merged.values()];
}

import { randomBytes, randomUUID } from "node:crypto";
import type { KeyRing } from "../keys/keys.ts";
import {
  type Api,
  type Client,
  findApi,
  findClient,
  findClientGrant,
  findTestClient,
  MAX_TOKEN_LIFETIME_SECONDS,
  permissionsOf,
  type Tenant,
} from "../tenant/tenant.ts";
import type { TokenClaims, TokenGrant, UnsignedToken } from "./access-token.ts";
import { PROFILES, type Profile } from "./provider-profiles.ts";
import { signToken } from "./sign-token.ts";

/** One token by order of the developer, without the checks of /oauth/token: any scope, any claim, or broken on purpose. */
export interface MintOptions {
  /** An API's identifier. Default: the tenant's first. */
  readonly api?: string;
  /** Default: all that the client's grant allows, or all the user's permissions. */
  readonly scopes?: readonly string[];
  /** A user's id, name or email; any other name becomes the user `auth0|NAME`. Without it the client speaks for itself. */
  readonly as?: string;
  /** A client's id or name. Default: the API's test application. */
  readonly m2m?: string;
  /** The `permissions` claim (in other profiles: groups or roles). */
  readonly permissions?: readonly string[];
  /** Added last, so they can replace any claim. */
  readonly claims?: TokenClaims;
  /** Default: the API's token lifetime. */
  readonly expiresInSeconds?: number;
  /** Default `auth0`. */
  readonly profile?: Profile;
  /** Another `iss`, such as the real tenant's, for gateways told to trust this issuer's keys for it. */
  readonly issuer?: string;

  /** Broken: expired an hour ago. */
  readonly expired?: boolean;
  /** Broken: for another API. */
  readonly wrongAud?: boolean;
  /** Broken: by another issuer. */
  readonly wrongIss?: boolean;
  /** Broken: one bit of the signature is another. */
  readonly badSignature?: boolean;
  /** `HS256` is broken for API Gateway: signed with a secret, as Auth0 does for an HS256 API. Default: the API's own. */
  readonly alg?: "RS256" | "HS256";
  /** Broken: the header names no key. */
  readonly noKid?: boolean;
  /** Broken for API Gateway: no JWT at all, as Auth0 gives when nobody asks for an audience. Nothing else then counts. */
  readonly opaque?: boolean;
}

export interface Minter {
  readonly issuerUrl: string;
  readonly tenant: Tenant;
  readonly keys: KeyRing;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

export type MintErrorCode = "api_unknown" | "client_unknown" | "lifetime_out_of_range";

/** The order cannot be carried out. The message names what was asked for and what there is. */
export class MintError extends Error {
  readonly code: MintErrorCode;

  constructor(code: MintErrorCode, message: string) {
    super(message);
    this.name = "MintError";
    this.code = code;
  }
}

export const EXPIRED_SECONDS_AGO = 3600;
export const WRONG_AUDIENCE = "https://wrong-audience.example/";
export const WRONG_ISSUER = "https://wrong-issuer.example/";
const OPAQUE_TOKEN_CHARS = 32;

/**
 * Mints one token.
 *
 *     mintToken(minter, { scopes: ["read:pets"] });
 *     mintToken(minter, { as: "alice", expired: true });
 *
 * @throws MintError
 */
export function mintToken(minter: Minter, options: MintOptions = {}): string {
  if (options.opaque) return randomBytes((OPAQUE_TOKEN_CHARS / 4) * 3).toString("base64url");
  const { keys, tenant } = minter;
  const api = chooseApi(tenant, options.api);
  const client = chooseClient(tenant, api, options.m2m);
  const grant = describeGrant(minter, options, api, client);
  const { claims, ...rest } = PROFILES[options.profile ?? "auth0"](grant);
  const unsigned: UnsignedToken = {
    ...rest,
    claims: { ...claims, ...options.claims, ...brokenClaims(grant, options) },
  };
  const token = signToken(unsigned, api, keys, {
    ...(options.alg && { algorithm: options.alg }),
    hasKid: options.noKid !== true,
  });
  return options.badSignature ? flipSignatureBit(token) : token;
}

function describeGrant(minter: Minter, options: MintOptions, api: Api, client: Client | undefined): TokenGrant {
  const { clock, issuerUrl, tenant } = minter;
  const lifetimeSeconds = options.expiresInSeconds ?? api.tokenLifetimeSeconds;
  if (!(lifetimeSeconds > 0 && lifetimeSeconds <= MAX_TOKEN_LIFETIME_SECONDS)) {
    throw new MintError(
      "lifetime_out_of_range",
      `A token cannot live for ${lifetimeSeconds} seconds; between 1 and ${MAX_TOKEN_LIFETIME_SECONDS} are possible.`,
    );
  }
  const clientId = client?.clientId ?? "";
  const user = options.as === undefined ? undefined : chooseUser(tenant, api, options.as);
  const entitlements = user ? user.permissions : (findClientGrant(tenant, clientId, api.identifier)?.scopes ?? []);
  const nowSeconds = Math.floor(clock() / 1000);
  const expiresAtSeconds = options.expired ? nowSeconds - EXPIRED_SECONDS_AGO : nowSeconds + lifetimeSeconds;
  return {
    issuer: options.issuer ?? api.issuer ?? issuerUrl,
    api,
    clientId,
    subject: user ? { kind: "user", ...user.subject } : { kind: "client" },
    scopes: options.scopes ?? entitlements,
    entitlements,
    ...(options.permissions && { permissions: options.permissions }),
    issuedAtSeconds: expiresAtSeconds - lifetimeSeconds,
    expiresAtSeconds,
    newId: randomUUID,
  };
}

/** What the flags break, in the claim where the profile has it. Flags win over claims given by hand. */
function brokenClaims(grant: TokenGrant, options: MintOptions): TokenClaims {
  const audienceClaim = options.profile === "cognito" ? "client_id" : "aud";
  return {
    ...(options.wrongAud && { [audienceClaim]: WRONG_AUDIENCE }),
    ...(options.wrongIss && { iss: WRONG_ISSUER }),
    ...(options.expired && { exp: grant.expiresAtSeconds }),
  };
}

function flipSignatureBit(token: string): string {
  const dot = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  const middle = signature.length >> 1;
  signature[middle] = signature[middle]! ^ 1;
  return `${token.slice(0, dot)}.${signature.toString("base64url")}`;
}

function chooseApi(tenant: Tenant, identifier: string | undefined): Api {
  const api = identifier === undefined ? tenant.apis[0] : findApi(tenant, identifier);
  if (api) return api;
  const known = tenant.apis.map((each) => `"${each.identifier}"`).join(", ") || "none";
  const wanted = identifier === undefined ? "There is no API to mint a token for" : `There is no API "${identifier}"`;
  throw new MintError("api_unknown", `${wanted}. APIs of this issuer: ${known}.`);
}

function chooseClient(tenant: Tenant, api: Api, idOrName: string | undefined): Client | undefined {
  if (idOrName === undefined) return findTestClient(tenant, api);
  const client = findClient(tenant, idOrName) ?? tenant.clients.find(({ name }) => name === idOrName);
  if (client) return client;
  const known = tenant.clients.map(({ clientId, name }) => `"${name}" (${clientId})`).join(", ") || "none";
  throw new MintError("client_unknown", `There is no client "${idOrName}". Clients of this issuer: ${known}.`);
}

/** With RBAC a known user has its permissions and no others; whoever else is named may do all. */
function chooseUser(tenant: Tenant, api: Api, name: string): MintedUser {
  const known = tenant.users.find((user) => [user.userId, user.name, user.email].includes(name));
  if (known === undefined) {
    const subject = { userId: name.includes("|") ? name : `auth0|${name}`, name };
    return { subject, permissions: api.scopes };
  }
  const { userId, email } = known;
  const permissions = permissionsOf(tenant, known, api.identifier);
  return {
    subject: { userId, name: known.name, ...(email !== undefined && { email }) },
    permissions: api.enforcePolicies || permissions.length > 0 ? permissions : api.scopes,
  };
}

interface MintedUser {
  readonly subject: { readonly userId: string; readonly name: string; readonly email?: string };
  readonly permissions: readonly string[];
}

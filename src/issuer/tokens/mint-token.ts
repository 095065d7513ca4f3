import { randomBytes, randomUUID } from "node:crypto";
import type { KeyRing } from "../keys/keys.ts";
import { profileIssuerUrl, profileOfIssuer } from "../profiles/profile-issuers.ts";
import {
  type Api,
  type Client,
  DEFAULT_ID_TOKEN_LIFETIME_SECONDS,
  findApi,
  findClient,
  findClientGrant,
  findTestClient,
  MAX_TOKEN_LIFETIME_SECONDS,
  permissionsOf,
  type Tenant,
  type User,
} from "../tenant/tenant.ts";
import type { Subject, TokenClaims, TokenGrant, UnsignedToken } from "./access-token.ts";
import { ID_TOKEN_PROFILES } from "./provider-id-tokens.ts";
import { PROFILES, type Profile } from "./provider-profiles.ts";
import { signToken } from "./sign-token.ts";

/** One token by order of the developer, without the checks of /oauth/token: any scope, any claim, or broken on purpose. */
export interface MintOptions {
  /** An API's identifier. Default: the tenant's first. */
  readonly api?: string;
  /** Default: all that the client's grant allows, or all the user's permissions. */
  readonly scopes?: readonly string[];
  /** A user's id, name or email (in any case); any other name becomes the user `auth0|NAME`. Without it the client speaks for itself. */
  readonly as?: string;
  /** A client's id or name. Default: the API's test application. */
  readonly m2m?: string;
  /** The `permissions` claim (in other profiles: groups or roles). */
  readonly permissions?: readonly string[];
  /** The groups claim, where the profile has one: in Keycloak's tokens realm roles. Auth0's tokens have none. */
  readonly groups?: readonly string[];
  /** An ID token in place of the access token: what an API must not be sent. For a user; Auth0's and Cognito's only. */
  readonly idToken?: boolean;
  /** Added last, so they can replace any claim. */
  readonly claims?: TokenClaims;
  /** Default: the API's token lifetime. */
  readonly expiresInSeconds?: number;
  /** Default: the provider whose issuer of ours the API trusts (`http://localhost:4567/realms/gatewarden`), else `auth0`. */
  readonly profile?: Profile;
  /**
   * Another `iss`, such as the real tenant's, for gateways told to trust this issuer's keys for it. Default: the issuer
   * that the API trusts, else the profile's own.
   */
  readonly issuer?: string;

  /** Broken: expired an hour ago. */
  readonly expired?: boolean;
  /** Broken: for another API. */
  readonly wrongAud?: boolean;
  /** Broken: by another issuer. */
  readonly wrongIss?: boolean;
  /** Broken: one bit of the signature is another. */
  readonly badSignature?: boolean;
  /**
   * `HS256` is broken for API Gateway: signed with a secret, as Auth0 does for an HS256 API. `PS256` is for every API that
   * has not published such a key. Default: the API's own.
   */
  readonly alg?: "RS256" | "PS256" | "HS256";
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

export type MintErrorCode =
  | "api_unknown"
  | "client_unknown"
  | "lifetime_out_of_range"
  /** The provider has no such token, or no such claim. */
  | "not_in_profile"
  /** An ID token is about a user. */
  | "user_missing";

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
/** What a login asks for, as Auth0's SDKs do (D). */
const ID_TOKEN_SCOPES = ["openid", "profile", "email"];

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
  const issuer = options.issuer ?? api.issuer;
  const profile = options.profile ?? (issuer === undefined ? undefined : profileOfIssuer(issuer)) ?? "auth0";
  checkProfile(profile, options);
  const named = options.as === undefined ? undefined : chooseUser(tenant, api, options.as);
  const lifetimeSeconds = chooseLifetime(options, profile, api, client);
  const grant: TokenGrant = {
    ...describeGrant(minter, options, api, client, named),
    issuer: issuer ?? profileIssuerUrl(profile, minter.issuerUrl),
    ...period(minter, options, lifetimeSeconds),
  };
  const writeIdToken = options.idToken ? ID_TOKEN_PROFILES[profile] : undefined;
  const { claims, ...rest } =
    writeIdToken && named ? writeIdToken({ grant, user: named.user }) : PROFILES[profile](grant);
  const audienceClaim = Object.hasOwn(claims, "aud") ? "aud" : "client_id";
  const unsigned: UnsignedToken = {
    ...rest,
    claims: { ...claims, ...options.claims, ...brokenClaims(grant, options, audienceClaim) },
  };
  const token = signToken(unsigned, api, keys, {
    ...(options.alg && { algorithm: options.alg }),
    hasKid: options.noKid !== true,
  });
  return options.badSignature ? flipSignatureBit(token) : token;
}

function checkProfile(profile: Profile, { as, groups, idToken }: MintOptions): void {
  if (groups !== undefined && profile === "auth0") {
    throw new MintError(
      "not_in_profile",
      `Auth0's tokens have no groups. Name permissions, or a claim such as "https://example.com/groups".`,
    );
  }
  if (!idToken) return;
  if (ID_TOKEN_PROFILES[profile] === undefined) {
    const known = Object.keys(ID_TOKEN_PROFILES).join(" and ");
    throw new MintError("not_in_profile", `ID tokens are there for ${known}, not for ${profile}.`);
  }
  if (as === undefined) throw new MintError("user_missing", "An ID token is about a user: name one.");
}

/** All but the times and the issuer, which follow from the profile. */
function describeGrant(
  { tenant }: Minter,
  options: MintOptions,
  api: Api,
  client: Client | undefined,
  named: MintedUser | undefined,
): Omit<TokenGrant, "issuer" | "issuedAtSeconds" | "expiresAtSeconds"> {
  const clientId = client?.clientId ?? "";
  const entitlements = named ? named.permissions : (findClientGrant(tenant, clientId, api.identifier)?.scopes ?? []);
  return {
    api,
    clientId,
    subject: named ? subjectOf(named.user) : { kind: "client" },
    scopes: options.scopes ?? (options.idToken ? ID_TOKEN_SCOPES : entitlements),
    entitlements,
    ...(options.permissions && { permissions: options.permissions }),
    ...(options.groups && { groups: options.groups }),
    newId: randomUUID,
  };
}

function chooseLifetime(options: MintOptions, profile: Profile, api: Api, client: Client | undefined): number {
  const isAuth0IdToken = options.idToken === true && profile === "auth0";
  const idTokenSeconds = client?.idTokenLifetimeSeconds ?? DEFAULT_ID_TOKEN_LIFETIME_SECONDS;
  const seconds = options.expiresInSeconds ?? (isAuth0IdToken ? idTokenSeconds : api.tokenLifetimeSeconds);
  if (seconds > 0 && seconds <= MAX_TOKEN_LIFETIME_SECONDS) return seconds;
  throw new MintError(
    "lifetime_out_of_range",
    `A token cannot live for ${seconds} seconds; between 1 and ${MAX_TOKEN_LIFETIME_SECONDS} are possible.`,
  );
}

function period(
  { clock }: Minter,
  { expired }: MintOptions,
  lifetimeSeconds: number,
): Pick<TokenGrant, "issuedAtSeconds" | "expiresAtSeconds"> {
  const nowSeconds = Math.floor(clock() / 1000);
  const expiresAtSeconds = expired ? nowSeconds - EXPIRED_SECONDS_AGO : nowSeconds + lifetimeSeconds;
  return { issuedAtSeconds: expiresAtSeconds - lifetimeSeconds, expiresAtSeconds };
}

/** What the flags break, in the claim where the token has it. Flags win over claims given by hand. */
function brokenClaims(grant: TokenGrant, options: MintOptions, audienceClaim: "aud" | "client_id"): TokenClaims {
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

/** @throws MintError */
export function chooseApi(tenant: Tenant, identifier: string | undefined): Api {
  // Nobody means the Management API who names none.
  const api = identifier === undefined ? tenant.apis.find(({ isSystem }) => !isSystem) : findApi(tenant, identifier);
  if (api) return api;
  const known = tenant.apis.map((each) => `"${each.identifier}"`).join(", ") || "none";
  const wanted = identifier === undefined ? "There is no API to mint a token for" : `There is no API "${identifier}"`;
  throw new MintError("api_unknown", `${wanted}. APIs of this issuer: ${known}.`);
}

/** @throws MintError */
export function chooseClient(tenant: Tenant, api: Api, idOrName: string | undefined): Client | undefined {
  if (idOrName === undefined) return findTestClient(tenant, api);
  const client = findClient(tenant, idOrName) ?? tenant.clients.find(({ name }) => name === idOrName);
  if (client) return client;
  const known = tenant.clients.map(({ clientId, name }) => `"${name}" (${clientId})`).join(", ") || "none";
  throw new MintError("client_unknown", `There is no client "${idOrName}". Clients of this issuer: ${known}.`);
}

/** A user by id, name, or email in any case; also by the id that a stranger of this name would get. */
export function findMintedUser(tenant: Tenant, name: string): User | undefined {
  // Whoever has a stranger's id is meant, and may do no more than is said of them.
  const ids = [name, strangerId(name)];
  return (
    tenant.users.find(({ userId, name: known, email }) => [userId, known, email].includes(name)) ??
    tenant.users.find(({ userId, email }) => ids.includes(userId) || email?.toLowerCase() === name.toLowerCase())
  );
}

/** The id of a user whom nobody made. */
export function strangerId(name: string): string {
  return name.includes("|") ? name : `auth0|${name}`;
}

/** With RBAC a known user has its permissions and no others; whoever else is named may do all. */
function chooseUser(tenant: Tenant, api: Api, name: string): MintedUser {
  const user = findMintedUser(tenant, name);
  if (user === undefined) return { user: unknownUser(name), permissions: api.scopes };
  const permissions = permissionsOf(tenant, user, api.identifier);
  return { user, permissions: api.enforcePolicies || permissions.length > 0 ? permissions : api.scopes };
}

interface MintedUser {
  readonly user: User;
  readonly permissions: readonly string[];
}

function unknownUser(name: string): User {
  return {
    userId: strangerId(name),
    name,
    nickname: name,
    emailVerified: false,
    createdAt: NO_TIME,
    updatedAt: NO_TIME,
    roles: [],
    permissions: {},
    password: "",
    userMetadata: {},
    appMetadata: {},
    isBlocked: false,
    hasMultifactor: false,
  };
}

/** Nobody made this user. */
const NO_TIME = new Date(0).toISOString();

function subjectOf({ userId, name, email }: User): Subject {
  return { kind: "user", userId, name, ...(email !== undefined && { email }) };
}

import { createPublicKey } from "node:crypto";
import { isScalar } from "yaml";
import { MAX_TOKEN_LIFETIME_SECONDS } from "./tenant.ts";
import {
  byName,
  childOf,
  type Field,
  flag,
  invalid,
  json,
  list,
  mapping,
  oneOf,
  reference,
  report,
  seconds,
  type TenantNode,
  text,
  texts,
} from "./tenant-fields.ts";

/** Auth0's recordings show a year (R). */
const MAX_REFRESH_TOKEN_LIFETIME_SECONDS = 31_557_600;
const MAX_NAME_CHARS = 200;
const MAX_IDENTIFIER_CHARS = 600;
/** Auth0's bound for a scope's value (?). */
const MAX_SCOPE_CHARS = 280;
const MAX_DESCRIPTION_CHARS = 500;
const MAX_USER_ID_CHARS = 255;
const MAX_URL_CHARS = 2048;
/** Auth0's bounds of an application's (D). */
const MAX_CLIENT_DESCRIPTION_CHARS = 140;
const MAX_CLIENT_METADATA_KEYS = 10;
const MAX_CLIENT_METADATA_CHARS = 255;
/** Auth0's bounds of a user's (D). */
const MAX_PERSON_NAME_CHARS = 150;
const MAX_USERNAME_CHARS = 128;
/** Metadata of one user, as JSON. */
export const MAX_METADATA_CHARS = 64 * 1024;

/** Auth0's grant types (D). Not all of them are served; a client may list them all the same. */
const GRANT_TYPES = [
  "authorization_code",
  "implicit",
  "refresh_token",
  "client_credentials",
  "password",
  "http://auth0.com/oauth/grant-type/password-realm",
  "http://auth0.com/oauth/grant-type/passwordless/otp",
  "http://auth0.com/oauth/grant-type/mfa-otp",
  "http://auth0.com/oauth/grant-type/mfa-oob",
  "http://auth0.com/oauth/grant-type/mfa-recovery-code",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:token-exchange",
] as const;

const name = text(`a name of at most ${MAX_NAME_CHARS} characters without < and > in one line`, isName, MAX_NAME_CHARS);
const description = text(`at most ${MAX_DESCRIPTION_CHARS} characters`, undefined, MAX_DESCRIPTION_CHARS);
const identifier = text(
  `an identifier of at most ${MAX_IDENTIFIER_CHARS} characters without spaces, e.g. https://pets.example`,
  (value) => !/\s/.test(value),
  MAX_IDENTIFIER_CHARS,
);
// RFC 6749 §3.3: scope-token
const isScope = (value: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value);
const scopeName = text("a scope without spaces, quotes and backslashes, e.g. read:pets", isScope, MAX_SCOPE_CHARS);
const anyUrl = texts("an absolute URL without * and #, e.g. http://localhost:3000/callback", isCallback, MAX_URL_CHARS);
const origins = texts("an origin without path and *, e.g. http://localhost:3000", isOrigin, MAX_URL_CHARS);
const tokenSeconds = seconds(1, MAX_TOKEN_LIFETIME_SECONDS);
const refreshSeconds = seconds(1, MAX_REFRESH_TOKEN_LIFETIME_SECONDS);

/** Also an empty one, which Auth0 keeps (R). */
const emptyOr = (field: Field<string>): Field<string> => ({
  read: (at) => (isScalar(at.node) && at.node.value === "" ? "" : field.read(at)),
});

const describedScope = mapping({ value: scopeName, description: emptyOr(description) }, ["value"]);
const scope: Field<DeclaredScope> = {
  read(at) {
    if (!isScalar(at.node)) return describedScope.read(at);
    const value = scopeName.read(at);
    return value === undefined ? undefined : { value };
  },
};

export interface DeclaredScope {
  readonly value: string;
  readonly description?: string;
}

const api = mapping(
  {
    identifier,
    name,
    scopes: list(scope, (a, b) => a.value === b.value),
    signing_alg: oneOf("RS256", "PS256", "HS256"),
    token_dialect: oneOf("access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"),
    enforce_policies: flag,
    allow_offline_access: flag,
    token_lifetime: tokenSeconds,
    token_lifetime_for_web: tokenSeconds,
    skip_consent_for_verifiable_first_party_clients: flag,
    subject_type_authorization: mapping({
      user: mapping({ policy: oneOf("allow_all", "require_client_grant", "deny_all") }),
      client: mapping({ policy: oneOf("require_client_grant", "deny_all") }),
    }),
    /** Ours: `false` makes no "NAME (Test Application)". */
    test_application: flag,
  },
  ["identifier"],
  ({ token_lifetime, token_lifetime_for_web }, at) => {
    // (D: Terraform provider's auth0_resource_server)
    if (token_lifetime !== undefined && token_lifetime_for_web !== undefined && token_lifetime_for_web > token_lifetime)
      invalid(childOf(at, "token_lifetime_for_web"), `at most token_lifetime (${token_lifetime})`);
  },
);

const refreshToken = mapping(
  {
    rotation_type: oneOf("rotating", "non-rotating"),
    expiration_type: oneOf("expiring", "non-expiring"),
    leeway: seconds(0, MAX_REFRESH_TOKEN_LIFETIME_SECONDS),
    token_lifetime: refreshSeconds,
    idle_token_lifetime: refreshSeconds,
  },
  [],
  ({ token_lifetime, idle_token_lifetime }, at) => {
    if (token_lifetime !== undefined && idle_token_lifetime !== undefined && idle_token_lifetime > token_lifetime)
      invalid(childOf(at, "idle_token_lifetime"), `at most token_lifetime (${token_lifetime})`);
  },
);

const application = mapping(
  {
    name,
    client_id: text("1 to 64 letters, digits, _ and -, the first no -", (value) => /^\w[\w-]{0,63}$/.test(value)),
    description: emptyOr(
      text(`at most ${MAX_CLIENT_DESCRIPTION_CHARS} characters`, undefined, MAX_CLIENT_DESCRIPTION_CHARS),
    ),
    logo_uri: text("an http or https URL", isWebUrl, MAX_URL_CHARS),
    client_metadata: { read: readClientMetadata },
    app_type: oneOf("spa", "native", "regular_web", "non_interactive"),
    token_endpoint_auth_method: oneOf("none", "client_secret_post", "client_secret_basic", "private_key_jwt"),
    grant_types: list(oneOf(...GRANT_TYPES), (a, b) => a === b),
    callbacks: anyUrl,
    web_origins: origins,
    allowed_origins: origins,
    allowed_logout_urls: anyUrl,
    is_first_party: flag,
    refresh_token: refreshToken,
    id_token_lifetime: tokenSeconds,
    public_keys: list({ read: readPublicKey }),
  },
  ["name"],
  (entry, at) => {
    if (entry.token_endpoint_auth_method === "private_key_jwt" && !entry.public_keys?.length) {
      const message = `${at.path} uses private_key_jwt and has no public_keys to check it with.`;
      report("tenant-value-missing", at, message, "Add the public key as a JWK or a PEM file.");
    }
  },
);

const clientGrant = mapping(
  {
    application: reference("an application's name or client_id"),
    client_id: reference("an application's client_id"),
    audience: reference("an API's identifier"),
    scope: list({ read: readScopeReference }, (a, b) => a.name === b.name),
    subject_type: oneOf("client", "user"),
  },
  ["audience", "scope"],
  (entry, at) => {
    if ((entry.application === undefined) !== (entry.client_id === undefined)) return;
    const message = `${at.path} wants exactly one of application and client_id.`;
    report("tenant-value-missing", at, message, "Name the application once.");
  },
);

const permissions = byName(
  "a mapping of API identifiers to lists of permissions",
  list({ read: readScopeReference }, (a, b) => a.name === b.name),
);

const role = mapping(
  {
    name,
    id: text("rol_ and 16 letters or digits", (value) => /^rol_[A-Za-z0-9]{16}$/.test(value)),
    description,
    permissions,
  },
  ["name"],
);

const user = mapping(
  {
    email: text("an email address", isEmail, 320),
    user_id: text("an id without spaces, e.g. auth0|alice", (value) => /^[^\s<>"]+$/.test(value), MAX_USER_ID_CHARS),
    name: text("a name in one line", (value) => !/[\n\t]/.test(value), 300),
    nickname: text("a name in one line", (value) => !/[\n\t]/.test(value), 300),
    given_name: text("a name in one line", (value) => !/[\n\t]/.test(value), MAX_PERSON_NAME_CHARS),
    family_name: text("a name in one line", (value) => !/[\n\t]/.test(value), MAX_PERSON_NAME_CHARS),
    username: text(
      "letters, digits and @^$.!`-#+'~_, no email address",
      (value) => /^[\w@^$.!`\-#+'~]+$/.test(value) && !isEmail(value),
      MAX_USERNAME_CHARS,
    ),
    phone_number: text("a number as in +14155550100 (E.164)", (value) => /^\+\d{1,15}$/.test(value), 16),
    phone_verified: flag,
    picture: text("an http or https URL", isWebUrl, MAX_URL_CHARS),
    email_verified: flag,
    roles: list(reference("a role's name"), (a, b) => a.name === b.name),
    permissions,
    user_metadata: { read: readMetadata },
    app_metadata: { read: readMetadata },
    blocked: flag,
    multifactor: texts("the name of a factor, e.g. guardian", (value) => /^[\w-]+$/.test(value), 64),
  },
  [],
  (entry, at) => {
    if (entry.email !== undefined || entry.user_id !== undefined) return;
    report("tenant-value-missing", at, `${at.path} has neither email nor user_id.`, "Add email.");
  },
);

/** The whole file. */
export const TENANT_CONTENT = mapping({
  default_audience: reference("an API's identifier"),
  allowed_logout_urls: anyUrl,
  consent: oneOf("skip", "auth0"),
  login: oneOf("buttons", "password"),
  custom_domains: texts("a host name below localhost in lower case, e.g. login.localhost", isLocalDomain, 253),
  actions: text("a path relative to this file, e.g. ./actions.js"),
  flags: mapping({ allow_api1_non_global_clients: flag }),
  apis: list(api),
  applications: list(application),
  client_grants: list(clientGrant),
  roles: list(role),
  users: list(user),
});

type Read<F> = F extends Field<infer Value> ? Value : never;
export type TenantContent = Partial<Omit<Read<typeof TENANT_CONTENT>, "at">>;
export type DeclaredApi = Read<typeof api>;
export type DeclaredApplication = Read<typeof application>;
export type DeclaredClientGrant = Read<typeof clientGrant>;
export type DeclaredRole = Read<typeof role>;
export type DeclaredUser = Read<typeof user>;
export type DeclaredPermissions = Read<typeof permissions>;

function isEmail(value: string): boolean {
  return /^[^\s@<>]+@[^\s@<>]+$/.test(value);
}

/** Auth0's bounds (D): few keys, each with a short text. */
function readClientMetadata(at: TenantNode): Readonly<Record<string, string>> | undefined {
  const metadata = json.read(at);
  if (metadata === undefined) return undefined;
  const isShort = (value: unknown): value is string =>
    typeof value === "string" && value.length <= MAX_CLIENT_METADATA_CHARS;
  const entries = Object.entries(metadata);
  if (entries.length <= MAX_CLIENT_METADATA_KEYS && entries.flat().every(isShort)) return metadata as never;
  return invalid(at, `at most ${MAX_CLIENT_METADATA_KEYS} texts of ${MAX_CLIENT_METADATA_CHARS} characters`);
}

/** Auth0 takes neither < nor > in names (D). */
function isName(value: string): boolean {
  return !/[<>\n\t]/.test(value);
}

/** Wildcards in what a browser is sent to would let any page of a host have the code. */
function isCallback(value: string): boolean {
  if (/[*#\s]/.test(value) || !URL.canParse(value)) return false;
  const { protocol, host, username } = new URL(value);
  if (protocol === "http:" || protocol === "https:") return host !== "" && username === "";
  // A native application's own scheme.
  return !["javascript:", "data:", "vbscript:", "file:", "blob:", "about:"].includes(protocol);
}

function isOrigin(value: string): boolean {
  return !value.includes("*") && isWebUrl(value) && new URL(value).origin === value;
}

function isWebUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** The issuer answers for these hosts, so none may be a name that others can point at this machine. */
function isLocalDomain(value: string): boolean {
  return /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+localhost$/.test(value);
}

function readScopeReference(
  at: TenantNode,
): { name: string; at: ReturnType<TenantNode["source"]["positionOf"]> } | undefined {
  const value = scopeName.read(at);
  return value === undefined ? undefined : { name: value, at: at.source.positionOf(at.node) };
}

function readMetadata(at: TenantNode): Readonly<Record<string, unknown>> | undefined {
  const value = json.read(at);
  if (value === undefined || JSON.stringify(value).length <= MAX_METADATA_CHARS) return value;
  const message = `${at.path} has more than ${MAX_METADATA_CHARS} characters as JSON.`;
  return report("tenant-too-large", at, message, "Keep what a token or page needs.");
}

/** A JWK, PEM text, or the path of a PEM file; always answers a JWK. */
function readPublicKey(at: TenantNode): Readonly<Record<string, unknown>> | undefined {
  const wanted =
    "a public key of at least 2048 bits (RSA) or on P-256 or P-384, as a JWK, PEM text or the path of a PEM file";
  try {
    const jwk = isScalar(at.node) ? undefined : json.read(at);
    if (!isScalar(at.node) && jwk === undefined) return undefined;
    const pem = jwk === undefined ? pemOf(at) : undefined;
    if ((jwk !== undefined && ("d" in jwk || "k" in jwk)) || pem?.includes("PRIVATE KEY")) {
      const message = `${at.path} is a private or shared key, and this file is for git.`;
      return report(
        "tenant-secret-in-file",
        at,
        message,
        "Put the public key here and the private one with the client.",
      );
    }
    const key = jwk ? createPublicKey({ key: jwk, format: "jwk" }) : createPublicKey(pem ?? "");
    const isStrong =
      key.asymmetricKeyType === "rsa"
        ? (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
        : ["prime256v1", "secp384r1"].includes(key.asymmetricKeyDetails?.namedCurve ?? "");
    return isStrong ? { ...key.export({ format: "jwk" }), ...jwk } : invalid(at, wanted);
  } catch {
    return invalid(at, wanted);
  }
}

function pemOf(at: TenantNode): string {
  const value = isScalar(at.node) ? at.node.value : undefined;
  if (typeof value !== "string") throw new TypeError("no text");
  return value.includes("-----BEGIN") ? value : at.source.readFile(value);
}

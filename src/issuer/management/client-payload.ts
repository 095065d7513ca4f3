import { type Client, MAX_TOKEN_LIFETIME_SECONDS } from "../tenant/tenant.ts";
import { checkAuthenticationMethods, publicKeysOf } from "./client-credentials.ts";
import { invalidBody } from "./management-error.ts";
import { always, anyObject, type Fields, flag, integer, list, object, orNull, type Payload, text } from "./payload.ts";

const URLS = list(text({ minChars: 1 }));
/** Auth0's largest (R: recordings show a year). */
const MAX_REFRESH_TOKEN_LIFETIME_SECONDS = 31_557_600;
const refreshSeconds = integer({ min: 1, max: MAX_REFRESH_TOKEN_LIFETIME_SECONDS });

/** What can be said of an application. */
export const CLIENT_PAYLOAD: Payload = {
  fields: {
    name: text({ minChars: 1, maxChars: 200 }),
    description: orNull(text({ maxChars: 140 })),
    logo_uri: orNull(text()),
    client_metadata: orNull(anyObject),
    app_type: text({ oneOf: ["native", "spa", "regular_web", "non_interactive"] }),
    token_endpoint_auth_method: text({ oneOf: ["none", "client_secret_post", "client_secret_basic"] }),
    grant_types: URLS,
    callbacks: URLS,
    web_origins: URLS,
    allowed_origins: URLS,
    allowed_logout_urls: URLS,
    is_first_party: flag,
    jwt_configuration: object({
      fields: {
        lifetime_in_seconds: integer({ min: 1, max: MAX_TOKEN_LIFETIME_SECONDS }),
        alg: always("RS256"), // what browsers' libraries accept, and what this issuer signs ID tokens with
        secret_encoded: always(false), // it is about HS256
        scopes: always({}),
      },
    }),
    refresh_token: object({
      fields: {
        rotation_type: text({ oneOf: ["rotating", "non-rotating"] }),
        expiration_type: text({ oneOf: ["expiring", "non-expiring"] }),
        leeway: integer({ min: 0, max: MAX_REFRESH_TOKEN_LIFETIME_SECONDS }),
        token_lifetime: refreshSeconds,
        idle_token_lifetime: refreshSeconds,
        infinite_token_lifetime: flag,
        infinite_idle_token_lifetime: flag,
      },
      required: ["rotation_type", "expiration_type"],
      unsupported: ["policies"],
    }),
    oidc_conformant: always(true),
    organization_usage: always("deny"),
    organization_require_behavior: always("no_prompt"),
    compliance_level: orNull(always("none")),
    sso: always(true),
    custom_login_page_on: flag, // it shows a custom page only where there is one
  },
  unsupported: [
    "oidc_logout",
    "oidc_backchannel_logout",
    "session_transfer",
    "client_aliases",
    "allowed_clients",
    "is_token_endpoint_ip_header_trusted",
    "encryption_key",
    "cross_origin_authentication",
    "cross_origin_loc",
    "sso_disabled",
    "custom_login_page",
    "custom_login_page_preview",
    "form_template",
    "addons",
    "mobile",
    "initiate_login_uri",
    "native_social_login",
    "fedcm_login",
    "default_organization",
    "organization_discovery_methods",
    "client_authentication_methods",
    "require_pushed_authorization_requests",
    "require_proof_of_possession",
    "signed_request_object",
    "token_vault_privileged_access",
    "skip_non_verifiable_callback_uri_confirmation_prompt",
    "token_exchange",
    "par_request_expiry",
    "token_quota",
    "resource_server_identifier",
    "identity_assertion_authorization_grant",
    "anonymous_sessions",
    "third_party_security_mode",
    "redirection_policy",
    "express_configuration",
    "b2b_integration_configuration",
    "my_organization_configuration",
    "async_approval_notification_channels",
  ],
};

/** For a creation only: Auth0 changes keys by operations of their own. */
export const NEW_CLIENT_PAYLOAD: Payload = {
  fields: { ...CLIENT_PAYLOAD.fields, client_authentication_methods: checkAuthenticationMethods },
  required: ["name"],
  ...(CLIENT_PAYLOAD.unsupported && { unsupported: CLIENT_PAYLOAD.unsupported }),
};

/** For a change only: the secret of a new application is made here. */
export const CHANGED_CLIENT_PAYLOAD: Payload = {
  ...CLIENT_PAYLOAD,
  fields: { ...CLIENT_PAYLOAD.fields, client_secret: text({ minChars: 16, maxChars: 1024 }) },
};

/**
 * What this call makes of a new application, whatever its type (R; of public ones ?): the dashboard, and a tenant's file,
 * have other defaults.
 */
export function newClientEntry({ client_authentication_methods: methods, ...read }: Fields): Fields {
  if (methods !== undefined && read.token_endpoint_auth_method !== undefined) {
    // (?) the text; that they exclude each other is (D).
    throw invalidBody("token_endpoint_auth_method and client_authentication_methods exclude each other");
  }
  const isPublic =
    read.token_endpoint_auth_method === "none" ||
    (read.token_endpoint_auth_method === undefined && ["spa", "native"].includes(String(read.app_type)));
  return {
    app_type: "regular_web",
    grant_types: ["authorization_code", "implicit", "refresh_token", ...(isPublic ? [] : ["client_credentials"])],
    refresh_token: { rotation_type: "non-rotating", expiration_type: "non-expiring" },
    ...clientEntry(read),
    ...(methods !== undefined && {
      token_endpoint_auth_method: "private_key_jwt",
      public_keys: publicKeysOf(methods as Fields),
    }),
  };
}

/** Checked above, and so here in every tenant. */
const SAID_ALREADY: readonly string[] = [
  "oidc_conformant",
  "sso",
  "custom_login_page_on",
  "organization_usage",
  "organization_require_behavior",
  "compliance_level",
];

/**
 * The fields as the tenant's file writes them.
 *
 * @param before the application that is changed: its lifetimes and metadata stay where they are not named
 */
export function clientEntry(read: Fields, before?: Client): Fields {
  const { client_metadata: metadata, jwt_configuration: jwt, logo_uri: logo, refresh_token: refresh, ...rest } = read;
  const entry = Object.fromEntries(Object.entries(rest).filter(([name]) => !SAID_ALREADY.includes(name)));
  const lifetime = (jwt as Fields | undefined)?.lifetime_in_seconds;
  return {
    ...entry,
    ...(logo !== undefined && { logo_uri: logo === "" ? null : logo }),
    ...(metadata !== undefined && { client_metadata: mergedMetadata(before?.metadata, metadata as Fields | null) }),
    ...(lifetime !== undefined && { id_token_lifetime: lifetime }),
    ...(refresh !== undefined && { refresh_token: refreshTokenEntry(refresh as Fields, before?.refreshToken) }),
  };
}

/** Key by key; null removes one (D). */
function mergedMetadata(before: Fields = {}, given: Fields | null): Fields | null {
  if (given === null) return null;
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== null));
}

function refreshTokenEntry(read: Fields, before: Client["refreshToken"] | undefined): Fields {
  const { infinite_token_lifetime: endless, infinite_idle_token_lifetime: endlessIdle, ...rest } = read;
  const isEndless = read.expiration_type === "non-expiring";
  for (const [name, value] of Object.entries({
    infinite_token_lifetime: endless,
    infinite_idle_token_lifetime: endlessIdle,
  })) {
    if (value === undefined || value === isEndless) continue;
    const problem = `Expected ${isEndless} with expiration_type ${read.expiration_type}; both lifetimes are endless here, or none`;
    throw invalidBody(problem, `refresh_token.${name}`);
  }
  return {
    ...(before && {
      leeway: before.leewaySeconds,
      token_lifetime: before.lifetimeSeconds,
      idle_token_lifetime: before.idleLifetimeSeconds,
    }),
    ...rest,
  };
}

import type { Client, User } from "../tenant/tenant.ts";
import type { ActionRequest, CredentialsExchange, PostLogin } from "./actions.ts";
import { deepFreeze } from "./custom-claims.ts";

export type ActionEvent = Readonly<Record<string, unknown>>;
export type ActionSecrets = Readonly<Record<string, string>>;

/** The one connection there is, by Auth0's name for a new tenant's database of users. */
const CONNECTION = "Username-Password-Authentication";

/** Bodies of token requests hold them, and an Action has no need of them. */
const SENSITIVE: ReadonlySet<string> = new Set([
  "password",
  "client_secret",
  "client_assertion",
  "code",
  "code_verifier",
  "refresh_token",
  "subject_token",
  "actor_token",
]);

/** `event` of `onExecutePostLogin` (D: its names), a frozen copy. What this issuer does not know is left out. */
export function postLoginEvent(given: PostLogin, secrets: ActionSecrets): ActionEvent {
  const { api, client, request, roles, user } = given;
  return frozenCopy({
    ...shared(client, request, secrets),
    user: userObject(user),
    connection: { name: CONNECTION, strategy: "auth0", metadata: {} },
    authentication: { methods: [] },
    authorization: { roles: roles.map(({ name }) => name) },
    ...(api && { resource_server: { identifier: api.identifier } }),
    transaction: {
      acr_values: [],
      prompt: (request.query.prompt ?? "").split(" ").filter((each) => each !== ""),
      protocol: given.protocol,
      requested_scopes: given.requestedScopes,
      ui_locales: (request.query.ui_locales ?? "").split(" ").filter((each) => each !== ""),
      ...named(request.query, ["login_hint", "redirect_uri", "response_mode", "state"]),
      ...(request.query.response_type && { response_type: request.query.response_type.split(" ") }),
    },
    stats: {},
  });
}

/** `event` of `onExecuteCredentialsExchange` (D: its names), a frozen copy. */
export function credentialsExchangeEvent(given: CredentialsExchange, secrets: ActionSecrets): ActionEvent {
  const { api, client, request, scopes } = given;
  return frozenCopy({
    ...shared(client, request, secrets),
    accessToken: { customClaims: {}, scope: scopes },
    resource_server: { identifier: api.identifier },
    transaction: { requested_scopes: (request.body.scope ?? "").split(" ").filter((each) => each !== "") },
  });
}

function shared(client: Client, request: ActionRequest, secrets: ActionSecrets): ActionEvent {
  const body = Object.fromEntries(Object.entries(request.body).filter(([name]) => !SENSITIVE.has(name)));
  return {
    client: { client_id: client.clientId, name: client.name, metadata: client.metadata ?? {} },
    configuration: {},
    request: {
      body,
      geoip: {},
      hostname: request.hostname,
      ip: request.ip,
      method: request.method,
      query: request.query,
      user_agent: request.userAgent,
    },
    secrets,
    tenant: { id: "gatewarden" },
  };
}

function userObject(user: User): ActionEvent {
  const [provider, ...id] = user.userId.split("|");
  const { email, picture } = user;
  return {
    app_metadata: user.appMetadata,
    created_at: user.createdAt,
    ...(email !== undefined && { email }),
    email_verified: user.emailVerified,
    enrolledFactors: [],
    ...(user.familyName !== undefined && { family_name: user.familyName }),
    ...(user.givenName !== undefined && { given_name: user.givenName }),
    identities: [{ connection: CONNECTION, isSocial: false, provider, user_id: id.join("|") || user.userId }],
    multifactor: [],
    name: user.name,
    nickname: user.nickname,
    ...(user.phoneNumber !== undefined && { phone_number: user.phoneNumber }),
    ...(user.phoneVerified !== undefined && { phone_verified: user.phoneVerified }),
    ...(picture !== undefined && { picture }),
    updated_at: user.updatedAt,
    user_id: user.userId,
    user_metadata: user.userMetadata,
    ...(user.username !== undefined && { username: user.username }),
  };
}

function named(from: Readonly<Record<string, string>>, names: readonly string[]): ActionEvent {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}

function frozenCopy(event: ActionEvent): ActionEvent {
  return deepFreeze(structuredClone(event));
}

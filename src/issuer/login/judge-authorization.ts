import {
  type Api,
  type Client,
  findApi,
  findClient,
  isPublicClient,
  type Tenant,
  type User,
} from "../tenant/tenant.ts";
import { decideUserScopes } from "../tokens/decide-scopes.ts";
import type { CodeGrant } from "./authorization-grant.ts";
import {
  authorizationCodeOff,
  callbackMismatch,
  callbackUnusable,
  clientUnknown,
  invalidRequest,
  parameterMissing,
  pkceMissing,
  requestObject,
  responseTypeUnsupported,
  secretInQuery,
  serviceNotFound,
  userAccessRefused,
  webMessageOriginForeign,
  webOriginMissing,
} from "./authorize-refusals.ts";
import { originOf, webMessageOrigins } from "./origins.ts";
import { isRedirectTarget } from "./redirect-target.ts";
import type { PageRefusal, RedirectRefusal } from "./refusals.ts";
import { RESPONSE_MODES, type ResponseMode, type ResponseTarget } from "./respond.ts";

/** A request of /authorize that may be granted once the right person has logged in. */
export interface Authorization {
  readonly target: ResponseTarget;
  /** The request named no redirect_uri: the client's only one was taken. */
  readonly isRedirectUriImplied: boolean;
  readonly client: Client;
  /** Absent when nobody asked for an API. */
  readonly api: Api | undefined;
  readonly requestedScopes: readonly string[];
  readonly prompts: readonly Prompt[];
  readonly maxAgeSeconds: number | undefined;
  readonly loginHint: string | undefined;
  readonly nonce: string | undefined;
  readonly codeChallenge: CodeGrant["codeChallenge"];
}

export type AuthorizationVerdict =
  | { readonly ok: true; readonly authorization: Authorization }
  /** Nobody may be redirected: the client or its callback is not known to be good. */
  | { readonly ok: false; readonly shownTo: "person"; readonly refusal: PageRefusal }
  | {
      readonly ok: false;
      readonly shownTo: "application";
      readonly target: ResponseTarget;
      readonly refusal: RedirectRefusal;
    };

/** `select_account` is a login here: the page is a list of accounts. */
const PROMPTS = ["none", "login", "consent", "select_account"] as const;
type Prompt = (typeof PROMPTS)[number];

const MAX_SCOPES = 200;
const MAX_SHOWN_AUDIENCES = 50;

/**
 * Judges what /authorize was asked. The order of the checks is ours (?), but for this: until client and callback are
 * known to be good, nobody is redirected (RFC 6749 §4.1.2.1). Of the parameters that are not named here, `organization`,
 * `connection`, `screen_hint` and `auth0Client` among them, none decides anything.
 */
export function judgeAuthorization(
  parameters: ReadonlyMap<string, string>,
  { tenant, issuerUrl }: { readonly tenant: Tenant; readonly issuerUrl: string },
): AuthorizationVerdict {
  const addressed = judgeTarget(parameters, tenant);
  if ("reason" in addressed) return { ok: false, shownTo: "person", refusal: addressed };
  const { client, target } = addressed;
  const judged = judgeRequest(parameters, client, { tenant, issuerUrl });
  return "reason" in judged
    ? { ok: false, shownTo: "application", target, refusal: judged }
    : {
        ok: true,
        authorization: { target, client, isRedirectUriImplied: !given(parameters, "redirect_uri"), ...judged },
      };
}

function judgeTarget(
  parameters: ReadonlyMap<string, string>,
  tenant: Tenant,
): { readonly client: Client; readonly target: ResponseTarget } | PageRefusal {
  if (parameters.has("client_secret")) return secretInQuery();
  const requestParameter = ["request", "request_uri"].find((name) => given(parameters, name));
  if (requestParameter !== undefined) return requestObject(requestParameter);

  const clientId = given(parameters, "client_id");
  if (clientId === undefined) return parameterMissing("client_id");
  const client = findClient(tenant, clientId);
  const asked = given(parameters, "redirect_uri");
  if (!client) return clientUnknown(clientId, asked);
  const redirectUri = asked ?? (client.callbacks.length === 1 ? client.callbacks[0] : undefined);
  if (redirectUri === undefined) return parameterMissing("redirect_uri");
  if (!client.callbacks.includes(redirectUri)) return callbackMismatch(client, redirectUri);
  // RFC 6749 §3.1.2: no fragment, or the answer could not be told from it.
  if (!isRedirectTarget(redirectUri) || redirectUri.includes("#")) return callbackUnusable(redirectUri);

  const responseMode = responseModeOf(parameters);
  if (responseMode === "web_message") {
    const origin = originOf(redirectUri);
    if (origin === undefined) return webMessageOriginForeign(redirectUri);
    if (!webMessageOrigins(client).includes(origin)) return webOriginMissing(client, redirectUri, origin);
  }
  const isSilent = words(parameters.get("prompt")).includes("none");
  return { client, target: { redirectUri, responseMode, state: parameters.get("state"), isSilent } };
}

/** The mode to answer in. One that does not exist is refused in the default one. */
function responseModeOf(parameters: ReadonlyMap<string, string>): ResponseMode {
  const asked = RESPONSE_MODES.find((mode) => mode === parameters.get("response_mode"));
  const isInFront = /(^| )(token|id_token)( |$)/.test(parameters.get("response_type") ?? "");
  return asked ?? (isInFront ? "fragment" : "query"); // OAuth 2.0 Multiple Response Type Encoding Practices §5
}

function judgeRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  { tenant, issuerUrl }: { readonly tenant: Tenant; readonly issuerUrl: string },
): Omit<Authorization, "target" | "client" | "isRedirectUriImplied"> | RedirectRefusal {
  const responseType = given(parameters, "response_type");
  if (responseType === undefined) return parameterMissing("response_type");
  if (responseType !== "code") return responseTypeUnsupported(responseType);
  const responseMode = given(parameters, "response_mode");
  if (responseMode !== undefined && !(RESPONSE_MODES as readonly string[]).includes(responseMode)) {
    return invalidRequest(`response_mode must be one of ${RESPONSE_MODES.join(", ")}`);
  }
  if (!client.grantTypes.includes("authorization_code")) return authorizationCodeOff(client);

  const prompts = words(parameters.get("prompt"));
  const isKnown = prompts.every((each): each is Prompt => (PROMPTS as readonly string[]).includes(each));
  if (!isKnown) return invalidRequest(`prompt must be of ${PROMPTS.join(", ")}`);
  if (prompts.includes("none") && prompts.length > 1) return invalidRequest("prompt=none cannot be combined");
  const maxAge = given(parameters, "max_age");
  if (maxAge !== undefined && !/^\d{1,10}$/.test(maxAge)) return invalidRequest("max_age must be a number of seconds");
  const requestedScopes = words(parameters.get("scope"));
  if (requestedScopes.length > MAX_SCOPES) return invalidRequest(`More than ${MAX_SCOPES} scopes`);

  const challenge = judgeCodeChallenge(parameters, isPublicClient(client));
  if ("reason" in challenge) return challenge;

  const audience = audienceOf(parameters, tenant, issuerUrl);
  const api = audience === undefined ? undefined : findApi(tenant, audience);
  if (audience !== undefined && !api) {
    const known = tenant.apis.slice(0, MAX_SHOWN_AUDIENCES).map(({ identifier }) => identifier);
    return serviceNotFound(audience, known);
  }
  // Whether the client may ask for this API's tokens at all, for any user: told before somebody logs in.
  const access = decideUserScopes(tenant, { client, api, user: NOBODY, requested: [] });
  if (!access.ok) return userAccessRefused(access.reason, client.clientId, api?.identifier ?? "");
  return {
    api,
    requestedScopes,
    prompts,
    maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
    loginHint: given(parameters, "login_hint"),
    nonce: given(parameters, "nonce"),
    codeChallenge: challenge.codeChallenge,
  };
}

/**
 * Discovery lists S256 and plain, as Auth0's does (D). Of a public client S256 is required: it has no secret, so that
 * the challenge alone tells it from somebody who has seen the code.
 */
function judgeCodeChallenge(
  parameters: ReadonlyMap<string, string>,
  isPublic: boolean,
): { readonly codeChallenge: CodeGrant["codeChallenge"] } | RedirectRefusal {
  const value = given(parameters, "code_challenge");
  const method = given(parameters, "code_challenge_method") ?? "plain"; // RFC 7636 §4.3
  if (value === undefined) {
    if (isPublic) return pkceMissing();
    return given(parameters, "code_challenge_method")
      ? invalidRequest("code_challenge_method was sent without code_challenge")
      : { codeChallenge: undefined };
  }
  if (method !== "S256" && method !== "plain") return invalidRequest("code_challenge_method must be S256 or plain");
  if (method === "plain" && isPublic) return pkceMissing();
  const form = method === "S256" ? /^[A-Za-z0-9_-]{43}$/ : /^[A-Za-z0-9._~-]{43,128}$/;
  return form.test(value)
    ? { codeChallenge: { method, value } }
    : invalidRequest(`code_challenge is not well-formed for ${method}`);
}

/** /userinfo as the audience means no API: the token is opaque and good for /userinfo (D). */
function audienceOf(parameters: ReadonlyMap<string, string>, tenant: Tenant, issuerUrl: string): string | undefined {
  const audience = given(parameters, "audience") ?? tenant.defaultAudience;
  return audience === "" || audience === `${issuerUrl}userinfo` ? undefined : audience;
}

/** A parameter without a value counts as not sent (RFC 6749 §3.1). */
function given(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  return parameters.get(name) || undefined;
}

function words(text = ""): readonly string[] {
  return [...new Set(text.split(" ").filter((each) => each !== ""))];
}

/** In whose place the client's own access to an API is judged: someone without any permission. */
const NOBODY: User = {
  userId: "",
  name: "",
  nickname: "",
  emailVerified: false,
  createdAt: "",
  updatedAt: "",
  roles: [],
  permissions: {},
  password: "",
  userMetadata: {},
  appMetadata: {},
  isBlocked: true,
  hasMultifactor: false,
};

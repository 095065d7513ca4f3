import { randomBytes } from "node:crypto";
import type { ActionVerdict } from "../actions/actions.ts";
import type { ACTION_REASONS } from "../actions/reasons.ts";
import type { LOGIN_REASONS } from "../login/reasons.ts";
import type { UserScopesVerdict } from "../tokens/decide-scopes.ts";
import type { AssertionVerdict } from "./client-assertion.ts";
import type { TOKEN_ENDPOINT_REASONS } from "./reasons.ts";
import type { RefreshVerdict } from "./refresh-tokens.ts";

/** What /oauth/token answers when it refuses; the body is Auth0's, character for character, where a label says so. */
export interface TokenRefusal {
  /** For events and the doctor, never on the wire. */
  readonly reason: TokenRefusalReason;
  readonly status: number;
  readonly body: {
    readonly error: string;
    readonly error_description: string;
    readonly error_uri?: string;
    readonly mfa_token?: string;
  };
  /** Evidence, as in events. */
  readonly expected?: unknown;
  readonly actual?: unknown;
}

export type TokenRefusalReason =
  | keyof typeof TOKEN_ENDPOINT_REASONS
  | keyof typeof ACTION_REASONS
  // What a login can fail on too.
  | Extract<
      keyof typeof LOGIN_REASONS,
      | "user_access_denied"
      | "user_grant_missing"
      | "user_blocked"
      | "password_wrong"
      | "mfa_required"
      | "secret_in_address"
    >;

const ACCESS_DENIED = "access_denied";
const INVALID_GRANT = "invalid_grant";
const INVALID_REQUEST = "invalid_request";

/** How several missing scopes are listed: one is (C), the separator is (?). */
const SCOPE_SEPARATOR = ", ";

/** (C) Seen in issues of several public projects; the same for a wrong secret and for an unknown client. */
export function clientUnauthorized(): TokenRefusal {
  return refusal("client_unauthorized", 401, ACCESS_DENIED, "Unauthorized");
}

/** The wire says what it says of a wrong secret (?): Auth0's own texts for assertions are not known. */
export function clientAssertionRefused(verdict: Extract<AssertionVerdict, { readonly ok: false }>): TokenRefusal {
  const { expected, because } = verdict;
  const actual = verdict.actual === undefined ? because : { because, value: verdict.actual };
  return {
    ...clientUnauthorized(),
    reason: "client_assertion_refused",
    actual,
    ...(expected !== undefined && { expected }),
  };
}

/** (C) Public issues. */
export function grantTypeOff(grantType: string): TokenRefusal {
  const { reason, status, body } = refusal(
    "grant_type_off",
    403,
    "unauthorized_client",
    `Grant type '${grantType}' not allowed for the client.`,
  );
  return { reason, status, body: { ...body, error_uri: "https://auth0.com/docs/clients/client-grant-types" } };
}

/** (C) Public issues. */
export function audienceMissing(): TokenRefusal {
  return refusal(
    "audience_missing",
    403,
    ACCESS_DENIED,
    "No audience parameter was provided, and no default audience has been configured",
  );
}

/** (C) Public issues, several. */
export function audienceUnknown(audience: string): TokenRefusal {
  return refusal("audience_unknown", 403, ACCESS_DENIED, `Service not enabled within domain: ${audience}`);
}

/**
 * (C) The wording of 2026. Older ones, which people still search for: `Client is not authorized to access "AUD". You
 * might probably want to create a "client-grant" ...`, and in 2024 `... You need to create a "client-grant" ...`.
 */
export function clientGrantMissing(clientId: string, audience: string): TokenRefusal {
  return refusal(
    "client_grant_missing",
    403,
    ACCESS_DENIED,
    `${notAuthorized(clientId, audience)} You need to create a "client-grant" associated to this API.`,
  );
}

/** (?) Auth0's text for an API whose policy is deny_all is not known; this is the beginning of the one above. */
export function clientAccessDenied(clientId: string, audience: string): TokenRefusal {
  return refusal("client_access_denied", 403, ACCESS_DENIED, notAuthorized(clientId, audience));
}

/** (C) The text of /authorize for the same; the status of a token request is (?). */
export function userAccessDenied(
  clientId: string,
  audience: string,
  reason: Extract<UserScopesVerdict, { readonly ok: false }>["reason"],
): TokenRefusal {
  return refusal(reason, 403, INVALID_REQUEST, notAuthorized(clientId, audience));
}

function notAuthorized(clientId: string, audience: string): string {
  return `Client "${clientId}" is not authorized to access resource server "${audience}".`;
}

/** (C) Public issues and logs, several, each with one scope. */
export function scopeNotGranted(missing: readonly string[]): TokenRefusal {
  return refusal(
    "scope_not_granted",
    403,
    ACCESS_DENIED,
    `Client has not been granted scopes: ${missing.join(SCOPE_SEPARATOR)}`,
  );
}

/** (R) Recorded answer, Auth0 Go SDK; the same for each thing that can be wrong with a code (?). */
export function codeInvalid(
  reason: "code_unknown" | "code_expired" | "code_reused" | "code_of_other_client" | "user_unknown" | "user_blocked",
): TokenRefusal {
  return refusal(reason, 403, INVALID_GRANT, "Invalid authorization code");
}

/** (C) Public issues: the two are told by their origins. Where those are one, the whole URLs are: ours. The status is (?). */
export function redirectUriWrong(sent: string, expected: string): TokenRefusal {
  const [sentOrigin, expectedOrigin] = [sent, expected].map((url) => (URL.canParse(url) ? new URL(url).origin : url));
  const isTold = sentOrigin !== expectedOrigin && sentOrigin !== "null" && expectedOrigin !== "null";
  const [told, wanted] = isTold ? [sentOrigin, expectedOrigin] : [sent, expected];
  const description = `The redirect URI is wrong. You sent ${told}, and we expected ${wanted}`;
  return refusal("redirect_uri_mismatch", 403, "unauthorized_client", description);
}

/** (C) auth0-samples/auth0-python-web-app issue 53; the status is (?). */
export function redirectUriMissing(): TokenRefusal {
  const description = "redirect_uri is required if it was included in the authorization request.";
  return refusal("redirect_uri_mismatch", 403, INVALID_GRANT, description);
}

/** (C) Public issues, several. */
export function codeVerifierWrong(): TokenRefusal {
  return refusal("code_verifier_wrong", 403, INVALID_GRANT, "Failed to verify code verifier");
}

/** (C) Public issues; the status is (?). */
export function codeVerifierMissing(): TokenRefusal {
  return refusal("code_verifier_wrong", 400, INVALID_REQUEST, "Parameter 'code_verifier' is required");
}

/** (C) auth0/Auth0.swift issue 819 and others. */
export function refreshTokenInvalid(reason: Extract<RefreshVerdict, { readonly ok: false }>["reason"]): TokenRefusal {
  const code = reason === "other_client" ? "refresh_token_of_other_client" : (`refresh_token_${reason}` as const);
  return refusal(code, 403, INVALID_GRANT, "Unknown or invalid refresh token.");
}

/** (C) Auth0.Android knows the answer by this text and status. */
export function refreshUserUnknown(): TokenRefusal {
  const description = "The refresh_token was generated for a user who doesn't exist anymore.";
  return refusal("user_unknown", 403, INVALID_GRANT, description);
}

/** (C) `invalid_grant` at a refresh, public code that meets it; (D) `unauthorized` at a login. The status is (?). */
export function userBlocked(error: "invalid_grant" | "unauthorized"): TokenRefusal {
  return refusal("user_blocked", 403, error, "user is blocked");
}

/** Ours: Auth0 with refresh tokens for one API (not multi-resource) documents no answer; the code is RFC 8707's. */
export function audienceNotOfToken(granted: string | undefined): TokenRefusal {
  const whose = granted === undefined ? "no API" : `the API "${granted}"`;
  return refusal("audience_not_of_token", 400, "invalid_target", `The refresh token was granted for ${whose}.`);
}

/** (C) Public issues. */
export function passwordWrong(): TokenRefusal {
  return refusal("password_wrong", 403, INVALID_GRANT, "Wrong email or password.");
}

/** (C) Public issues. The token leads nowhere: no factor can be asked for here, and the grants that take it are refused. */
export function mfaRequired(): TokenRefusal {
  const { reason, status, body } = refusal("mfa_required", 403, "mfa_required", "Multifactor authentication required");
  return { reason, status, body: { ...body, mfa_token: randomBytes(MFA_TOKEN_BYTES).toString("base64url") } };
}

const MFA_TOKEN_BYTES = 32;

/** Ours (?). */
export function realmUnknown(): TokenRefusal {
  return refusal("realm_unknown", 400, INVALID_REQUEST, "The realm is unknown.");
}

/** (D) `access_denied` and the Action's own text; the statuses are (?). */
export function refusedByAction(verdict: Extract<ActionVerdict, { readonly ok: false }>): TokenRefusal {
  const { description, error, reason } = verdict;
  return refusal(reason, ACTION_STATUSES.get(error) ?? 403, error, description);
}

const ACTION_STATUSES: ReadonlyMap<string, number> = new Map([
  ["invalid_request", 400],
  ["invalid_scope", 400],
  ["server_error", 500],
]);

/** RFC 6749 §5.2 for the code and status; Auth0's own text is not known (?), so this one says what is the matter. */
export function grantTypeMissing(): TokenRefusal {
  return refusal("grant_type_missing", 400, INVALID_REQUEST, "Missing required parameter: grant_type");
}

/** As for grant_type (?). */
export function parameterMissing(name: string): TokenRefusal {
  return refusal("parameter_missing", 400, INVALID_REQUEST, `Missing required parameter: ${name}`);
}

/** Not Auth0's answer: it supports more grant types than this issuer does yet, and saying so is the honest thing. */
export function grantTypeUnsupported(grantType: string, supported: readonly string[]): TokenRefusal {
  return refusal(
    "grant_type_unsupported",
    400,
    "unsupported_grant_type",
    `Gatewarden's development issuer does not support the grant type '${grantType}'. It supports: ${supported.join(", ")}.`,
  );
}

/** Ours: RFC 6749 §5.2 `invalid_request`, with what is wrong. */
export function requestMalformed(description: string): TokenRefusal {
  return refusal("request_malformed", 400, INVALID_REQUEST, description);
}

/** Ours. */
export function secretInAddress(): TokenRefusal {
  const description =
    "The client_secret was sent in the address, where it is logged. Send it in the body, and rotate it.";
  return refusal("secret_in_address", 400, INVALID_REQUEST, description);
}

/** Ours. */
export function requestTooLarge(limitBytes: number): TokenRefusal {
  return refusal("request_too_large", 413, INVALID_REQUEST, `The request body has more than ${limitBytes} bytes.`);
}

function refusal(reason: TokenRefusalReason, status: number, error: string, description: string): TokenRefusal {
  return { reason, status, body: { error, error_description: description } };
}

import type { TOKEN_ENDPOINT_REASONS } from "./reasons.ts";

/** What /oauth/token answers when it refuses; the body is Auth0's, character for character, where a label says so. */
export interface TokenRefusal {
  /** For events and the doctor, never on the wire. */
  readonly reason: TokenRefusalReason;
  readonly status: number;
  readonly body: { readonly error: string; readonly error_description: string; readonly error_uri?: string };
}

export type TokenRefusalReason = keyof typeof TOKEN_ENDPOINT_REASONS;

const ACCESS_DENIED = "access_denied";

/** How several missing scopes are listed: one is (C), the separator is (?). */
const SCOPE_SEPARATOR = ", ";

/** (C) Seen in issues of several public projects; the same for a wrong secret and for an unknown client. */
export function clientUnauthorized(): TokenRefusal {
  return refusal("client_unauthorized", 401, ACCESS_DENIED, "Unauthorized");
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
    `Client "${clientId}" is not authorized to access resource server "${audience}". You need to create a "client-grant" associated to this API.`,
  );
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

/** RFC 6749 §5.2 for the code and status; Auth0's own text is not known (?), so this one says what is the matter. */
export function grantTypeMissing(): TokenRefusal {
  return refusal("grant_type_missing", 400, "invalid_request", "Missing required parameter: grant_type");
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
  return refusal("request_malformed", 400, "invalid_request", description);
}

/** Ours. */
export function requestTooLarge(limitBytes: number): TokenRefusal {
  return refusal("request_too_large", 413, "invalid_request", `The request body has more than ${limitBytes} bytes.`);
}

function refusal(reason: TokenRefusalReason, status: number, error: string, description: string): TokenRefusal {
  return { reason, status, body: { error, error_description: description } };
}

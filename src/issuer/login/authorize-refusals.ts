import { shortened } from "../redact-event.ts";
import type { Client } from "../tenant/tenant.ts";
import { html } from "./html.ts";
import type { PageRefusal, RedirectRefusal } from "./refusals.ts";

/** What /authorize refuses. Auth0's texts carry a label, the others are ours. */

const MAX_SHOWN_CALLBACKS = 50;

/** (?) The form of Auth0's sentence for a parameter that is not there. */
export function parameterMissing(name: string): PageRefusal & RedirectRefusal {
  const description = `Missing required parameter: ${name}`;
  return { status: 400, reason: "parameters_malformed", error: "invalid_request", description };
}

export function secretInQuery(): PageRefusal {
  const description = "A client secret was sent to /authorize. It is in the browser's history now: rotate it.";
  return { status: 400, reason: "secret_in_address", description };
}

/** Ignoring a signed or pushed request would mean to answer another one than was asked. */
export function requestObject(name: string): PageRefusal {
  const description = `The parameter ${name} is not supported: send the request's parameters themselves.`;
  return { status: 400, reason: "parameters_malformed", description };
}

/** (C) */
export function clientUnknown(clientId: string, redirectUri: string | undefined): PageRefusal {
  const id = isShellSafe(clientId) ? clientId : "ID";
  const url = redirectUri !== undefined && isShellSafe(redirectUri) ? redirectUri : "URL";
  return {
    status: 400,
    reason: "client_unknown",
    description: `Unknown client: ${clientId}`,
    logged: `Unknown client: ${shortened(clientId)}`,
    hint: html`<p>To create it: <code>gatewarden issuer app create NAME --client-id ${id} --callback ${url} --type spa</code></p>`,
  };
}

/** (C) for the sentence; what is beside it is ours. */
export function callbackMismatch({ callbacks }: Client, redirectUri: string): PageRefusal {
  const shown = callbacks.slice(0, MAX_SHOWN_CALLBACKS);
  return {
    status: 403,
    reason: "callback_mismatch",
    description: "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
    hint: html`<p>Found:</p><p><code>${redirectUri}</code></p>
<p>Allowed, compared character for character:</p><ul>${shown.map((each) => html`<li><code>${each}</code></li>`)}</ul>
${callbacks.length === 0 && html`<p>None. Add it to the application's callbacks.</p>`}`,
    expected: shown,
    actual: redirectUri,
  };
}

export function callbackUnusable(redirectUri: string): PageRefusal {
  const description =
    "The callback is listed, and still nobody is sent there: it must be an absolute URL without wildcard and fragment, of a scheme that runs no script.";
  return { status: 403, reason: "callback_unusable", description, actual: redirectUri };
}

export function webMessageOriginForeign(redirectUri: string): PageRefusal {
  const description = "response_mode=web_message needs a callback with an http or https origin.";
  return { status: 403, reason: "callback_unusable", description, actual: redirectUri };
}

export function invalidRequest(description: string): RedirectRefusal {
  return { reason: "parameters_malformed", error: "invalid_request", description };
}

/** (C) the sentence: auth0/auth0-spa-js issue 209 and others, where it is 400. */
export function webOriginMissing({ name, webOrigins }: Client, redirectUri: string, origin: string): PageRefusal {
  return {
    status: 400,
    reason: "web_origin_missing",
    description: `The specified redirect_uri '${redirectUri}' does not have a registered origin.`,
    hint: html`<p>Add <code>${origin}</code> to the web_origins of ${name}.</p>`,
    expected: [...webOrigins.slice(0, MAX_SHOWN_CALLBACKS), origin],
    actual: webOrigins.slice(0, MAX_SHOWN_CALLBACKS),
  };
}

/** Auth0 also knows `token`, `id_token` and their mixtures. OAuth 2.1 drops them, and so does this issuer. */
export function responseTypeUnsupported(responseType: string): RedirectRefusal {
  return {
    reason: "response_type_unsupported",
    error: "unsupported_response_type",
    description: "The development issuer supports response_type=code only",
    expected: "code",
    actual: responseType,
  };
}

/** (C) datawire/ambassador-docs 143 */
export function authorizationCodeOff({ grantTypes }: Client): RedirectRefusal {
  return {
    reason: "grant_type_off",
    error: "unauthorized_client",
    description: "Grant type 'authorization_code' not allowed for the client.",
    expected: "authorization_code",
    actual: grantTypes,
  };
}

export function pkceMissing(): RedirectRefusal {
  return {
    reason: "pkce_missing",
    error: "invalid_request",
    description: "A public client must send code_challenge with code_challenge_method=S256",
  };
}

/** (D) */
export function serviceNotFound(audience: string, known: readonly string[]): RedirectRefusal {
  return {
    reason: "audience_unknown",
    error: "access_denied",
    description: `Service not found: ${audience}`,
    expected: known,
    actual: audience,
  };
}

/** (C) */
export function userAccessRefused(
  reason: "user_access_denied" | "user_grant_missing",
  clientId: string,
  audience: string,
): RedirectRefusal {
  const description = `Client "${clientId}" is not authorized to access resource server "${audience}".`;
  return { reason, error: "invalid_request", description };
}

/** (C) */
export const LOGIN_REQUIRED: RedirectRefusal = {
  reason: "login_required",
  error: "login_required",
  description: "Login required",
};

/** (?) */
export const CONSENT_REQUIRED: RedirectRefusal = {
  reason: "consent_required",
  error: "consent_required",
  description: "Consent required",
};

/** That it is access_denied (D); the sentence (?). */
export const CONSENT_DENIED: RedirectRefusal = {
  reason: "consent_denied",
  error: "access_denied",
  description: "User did not authorize the request",
};

/** (C) community.auth0.com 117905 */
export const USER_BLOCKED: RedirectRefusal = {
  reason: "user_blocked",
  error: "unauthorized",
  description: "user is blocked",
};

/** Ours: Auth0 would ask for the factor. What cannot be asked for is not taken as given. */
export const MFA_REQUIRED: RedirectRefusal = {
  reason: "mfa_required",
  error: "access_denied",
  description: "Multifactor authentication required",
};

/** Whether it can be pasted into a shell and still be what it is. */
function isShellSafe(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9:/._-]{0,200}$/.test(text);
}

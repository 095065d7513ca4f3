/** Codes of refusals and warnings of /oauth/token, /oauth/revoke and /userinfo, with the next move. */
export const TOKEN_ENDPOINT_REASONS = {
  request_malformed: "Correct the request as its error_description says.",
  request_too_large: "Send less: a token request has a few hundred bytes.",
  grant_type_missing: "Send grant_type.",
  grant_type_unsupported: "Use a grant type that discovery lists.",
  parameter_missing: "Send the parameter that the error_description names.",
  client_unauthorized:
    "Compare client_id and client_secret with gatewarden issuer secrets show, and how the client proves itself with its token_endpoint_auth_method.",
  client_assertion_refused:
    "Correct the client_assertion as the event's actual says, and make a new one for each request.",
  grant_type_off: "Add the grant type to the application's grant_types in tenant.yaml.",
  audience_missing: "Send the API's identifier as audience, or set default_audience in tenant.yaml.",
  audience_unknown: "Compare the audience with the API's identifier, character for character; a slash counts.",
  audience_not_of_token: "Ask for the audience of the login, or log in again for the other API.",
  client_grant_missing: "Give the application the API: gatewarden issuer grant CLIENT AUDIENCE --scope SCOPE.",
  client_access_denied: "The API's policy for clients is deny_all: change it in tenant.yaml.",
  scope_not_granted: "Add the scopes to the client grant, or ask for fewer.",
  code_unknown: "Log in again: a code is good for one exchange within 60 seconds, by the client that it was issued to.",
  code_expired: "Exchange the code within 60 seconds; log in again.",
  code_reused:
    "A code is good once: look for a second exchange, such as a reloaded callback page. What the first one got has ended: its refresh token, and its access token at /userinfo; an API takes that one until it expires. Log in again.",
  code_of_other_client: "Exchange a code with the client_id that /authorize was asked with; log in again.",
  redirect_uri_mismatch: "Send the redirect_uri of the /authorize request, character for character; log in again.",
  code_verifier_wrong:
    "Send the code_verifier whose challenge /authorize was given, and none if it was given none; log in again.",
  refresh_token_unknown: "Log in again: the token is not one of this issuer's, or has been ended.",
  refresh_token_expired: "Log in again, or give the application's refresh tokens a longer lifetime in tenant.yaml.",
  refresh_token_reused:
    "A rotated token was used again, so its whole family has ended: keep the newest token only, or set a leeway. Log in again.",
  refresh_token_of_other_client: "Use a refresh token with the client_id that it was issued to.",
  user_unknown: "The user has been deleted from the tenant: log in as another.",
  realm_unknown: "Send Username-Password-Authentication as the realm: it is the only connection here.",
  access_token_refused:
    "Send an access token of this issuer that was granted the scope openid, in an Authorization: Bearer header.",
  origin_not_allowed: "Add the page's origin to the application's web_origins or allowed_origins in tenant.yaml.",
} as const;

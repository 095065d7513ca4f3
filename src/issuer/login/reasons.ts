/** Codes of refusals of /authorize, the login pages and the logouts, with the next move. */
export const LOGIN_REASONS = {
  client_unknown: "Create the application: gatewarden issuer app create NAME --client-id ID --callback URL --type spa.",
  parameters_malformed: "Correct the request as its description says.",
  secret_in_address: "Take client_secret out of the address and rotate it: gatewarden issuer secrets rotate CLIENT.",
  callback_mismatch:
    "Add the redirect_uri to the application's callbacks, character for character; port and slash count.",
  callback_unusable:
    "Use an absolute callback URL without wildcard and fragment, such as http://localhost:3000/callback.",
  web_origin_missing:
    "Add the page's origin, with which the event's expected ends, to the application's web_origins in tenant.yaml: a callback alone lets no page renew in a frame.",
  response_type_unsupported: "Use response_type=code with PKCE, as current SDKs do.",
  pkce_missing: "Send code_challenge and code_challenge_method=S256, or use an SDK that does.",
  user_access_denied: "The API's policy for users is deny_all: change subject_type_authorization of the API.",
  user_grant_missing: "The API wants a client grant for users: gatewarden issuer grant CLIENT AUDIENCE --user.",
  login_required:
    "Log in without prompt=none first. If that was done: application and issuer must be one site, both localhost or both 127.0.0.1.",
  consent_required: "Ask once without prompt=none, so that the user can consent; or set consent: skip in tenant.yaml.",
  consent_denied: "The user declined on the consent page.",
  user_blocked: "Unblock the user, or choose another.",
  mfa_required: "Log in as a user without multifactor in tenant.yaml: this issuer has no second factor to ask for.",
  password_wrong: "Compare email and password with the user's in the tenant.",
  transaction_unknown:
    "Begin again from the application: a login lasts 10 minutes, is good once, and stays in its browser.",
  origin_foreign: "Log in on the issuer's own page, under the address that /authorize was asked with.",
  cookie_ambiguous: "Delete the cookies of this host: another program on it has set one of the same name.",
  scope_dropped: "Define the scope on the API, give the permission or the grant, or ask for less.",
  logout_url_not_listed: "Add the URL to the application's allowed_logout_urls, or without client_id to the tenant's.",
  id_token_hint_invalid: "Send the ID token that this issuer gave the application, or leave id_token_hint out.",
} as const;

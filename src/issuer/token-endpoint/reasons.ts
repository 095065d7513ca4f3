/** Codes of refusals of /oauth/token, /oauth/revoke and /userinfo, with the next move. */
export const TOKEN_ENDPOINT_REASONS = {
  request_malformed: "Correct the request as its error_description says.",
  request_too_large: "Send less: a token request has a few hundred bytes.",
  grant_type_missing: "Send grant_type.",
  grant_type_unsupported: "Use a grant type that discovery lists.",
  client_unauthorized: "Compare client_id and client_secret with gatewarden issuer secrets show.",
  grant_type_off: "Add the grant type to the application's grant_types in tenant.yaml.",
  audience_missing: "Send the API's identifier as audience, or set default_audience in tenant.yaml.",
  audience_unknown: "Compare the audience with the API's identifier, character for character; a slash counts.",
  client_grant_missing: "Give the application the API: gatewarden issuer grant CLIENT AUDIENCE --scope SCOPE.",
  scope_not_granted: "Add the scopes to the client grant, or ask for fewer.",
} as const;

/** Codes of refusals of /authorize, the login pages and the logouts, with the next move. */
export const LOGIN_REASONS = {
  client_unknown: "Create the application: gatewarden issuer app create NAME --client-id ID.",
} as const;

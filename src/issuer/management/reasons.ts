/** Codes of refusals of the Management API, with the next move. */
export const MANAGEMENT_REASONS = {
  management_token_invalid: "Send a token of this issuer whose audience is its URL followed by api/v2/.",
  management_scope_missing:
    "Give the application's client grant for the Management API one of the scopes that are named, and fetch a new token.",
  management_system_api: "Leave the Management API as it is: only client grants for it can be changed.",
  management_request_invalid: "Mend what the message names, as Auth0's Management API v2 describes it.",
  management_not_found: "Look for it in the list of its kind: ids and addresses are compared character for character.",
  management_conflict: "Change the one that exists, or choose another name for the new one.",
  management_not_supported: "Leave it out, or do this step against a real Auth0 tenant.",
} as const;

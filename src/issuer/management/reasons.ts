/** Codes of refusals of the Management API, with the next move. */
export const MANAGEMENT_REASONS = {
  management_token_invalid: "Send a token of this issuer whose audience is its URL followed by api/v2/.",
} as const;

/** Codes of what Actions do, with the next move. */
export const ACTION_REASONS = {
  action_denied: "The Actions file denied it with this text; change the file, or try another user or client.",
  action_failed: "The Actions file could not be run: mend what the terminal shows of it.",
  action_claim_dropped: "Give the claim a namespaced name, such as https://example.com/roles: Auth0 drops this one.",
} as const;

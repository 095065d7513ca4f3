import type { Actions } from "./actions.ts";

/** Without an Actions file: what was decided stands. */
export const NO_ACTIONS: Actions = {
  postLogin: async ({ scopes }) => ({ ok: true, scopes, accessTokenClaims: {}, idTokenClaims: {}, warnings: [] }),
  credentialsExchange: async ({ scopes }) => ({
    ok: true,
    scopes,
    accessTokenClaims: {},
    idTokenClaims: {},
    warnings: [],
  }),
};

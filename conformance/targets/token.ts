import { parseKeySet } from "../../src/token/key-set.ts";
import { matchScopes, type RequiredScopes } from "../../src/token/scopes.ts";
import { type VerifyOptions, verifyJwt } from "../../src/token/verify-jwt.ts";
import { type LongText, longText } from "./long-text.ts";
import { type Members, refuseUnknown } from "./refuse-unknown.ts";

const GIVEN_MEMBERS: Members<Omit<VerifyOptions, "keys"> & { jwks: unknown; scopes: unknown }> = {
  jwks: true,
  scopes: true,
  issuers: true,
  audiences: true,
  algorithms: true,
  requireKid: true,
  clientIdAsAudience: true,
  leewaySeconds: true,
  nowSeconds: true,
};

/**
 * `given: {jwks, issuers, audiences, algorithms?, scopes?, …, nowSeconds}`, `when: {token}` (a LongText) → the
 * verdict, that of the scopes if `scopes` are asked for and the token is good, or `{keySet: reason}` when the key set
 * itself is refused.
 */
export async function askToken(
  given: Readonly<Record<string, unknown>>,
  when: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  refuseUnknown("given", given, GIVEN_MEMBERS);
  refuseUnknown("when", when, { token: true });
  const { jwks, scopes, ...options } = given;
  const parsed = parseKeySet(jwks, { fetchedAtMs: 0 });
  if (!parsed.ok) return { keySet: parsed.reason };
  const token = longText(when.token as LongText);
  const verdict = verifyJwt(token, { ...(options as never as VerifyOptions), keys: parsed.keys });
  return verdict.ok && scopes !== undefined ? matchScopes(verdict.claims, scopes as RequiredScopes) : verdict;
}

import { randomBytes } from "node:crypto";
import { signJwt } from "../../token/sign-jwt.ts";
import { type KeyRing, kidFor } from "../keys/keys.ts";
import type { Api } from "../tenant/tenant.ts";
import type { UnsignedToken } from "./access-token.ts";

export interface SignTokenOptions {
  /** Default: the API's. */
  readonly algorithm?: Api["signingAlg"];
  /** False leaves `kid` out of the header. Default true. */
  readonly hasKid?: boolean;
}

/**
 * Signs with the ring's current key. HS256 tokens are signed with the API's secret and name no key, as on Auth0: there
 * is none in the JWKS that could verify them. An API without a secret gets a random one, known to nobody.
 */
export function signToken(
  { claims, typ }: UnsignedToken,
  api: Api,
  keys: KeyRing,
  { algorithm = api.signingAlg, hasKid = true }: SignTokenOptions = {},
): string {
  const header = { typ }; // undefined leaves it out
  if (algorithm === "HS256") {
    const secret = api.signingSecret === undefined ? randomBytes(32) : Buffer.from(api.signingSecret);
    return signJwt(claims, { algorithm, privateKey: secret, header });
  }
  const { privateKey } = keys.current;
  return signJwt(claims, { algorithm, privateKey, header, ...(hasKid && { kid: kidFor(keys.current, algorithm) }) });
}

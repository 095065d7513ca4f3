import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";

/** /authorize, the login and consent pages, /v2/logout and /oidc/logout; undefined for any other path. */
export async function answerLogin(_request: IssuerRequest, _context: IssuerContext): Promise<IssuerAnswer | undefined> {
  return undefined;
}

import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerAnswer, IssuerRequest } from "../issuer-request.ts";

/** The Management API under /api/v2/; undefined for any other path. */
export async function answerManagement(
  _request: IssuerRequest,
  _context: IssuerContext,
): Promise<IssuerAnswer | undefined> {
  return undefined;
}

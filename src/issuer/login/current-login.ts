import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerRequest } from "../issuer-request.ts";
import { findUser, type User } from "../tenant/tenant.ts";
import { readCookie, SESSION_COOKIE } from "./cookies.ts";
import type { Session } from "./sessions.ts";

/** Who is logged in in this browser. A block ends a user's sessions: they have to log in again, and fail (C). */
export async function currentLogin(
  request: IssuerRequest,
  { state, tenant }: IssuerContext,
): Promise<{ readonly session: Session; readonly user: User } | undefined> {
  const cookie = readCookie(request, SESSION_COOKIE);
  if (!cookie.ok) {
    if (cookie.reason === "ambiguous") {
      const message = `The browser sent two different cookies named "${SESSION_COOKIE}", so nobody counts as logged in.`;
      state.emit({ kind: "warned", reason: "cookie_ambiguous", message });
    }
    return undefined;
  }
  const session = await state.sessions.find(cookie.value);
  if (session === undefined) return undefined;
  const user = findUser(tenant, session.userId);
  if (user !== undefined && !user.isBlocked) return { session, user };
  await state.sessions.end(cookie.value);
  return undefined;
}

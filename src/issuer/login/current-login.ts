import type { IssuerContext } from "../issuer-context.ts";
import type { IssuerRequest } from "../issuer-request.ts";
import { findUser, type User } from "../tenant/tenant.ts";
import { readCookie, SESSION_COOKIE } from "./cookies.ts";
import { sessionHolder } from "./holders.ts";
import type { Session } from "./sessions.ts";

/**
 * Who is logged in in this browser. A block ends a user's sessions: they have to log in again, and fail (C). So do a
 * removal, whoever has the id afterwards, and another password.
 */
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
  const userOf = (userId: string): User | undefined => {
    const user = findUser(tenant, userId);
    return user?.isBlocked ? undefined : user;
  };
  const session = await state.sessions.find(cookie.value, (userId) => {
    const user = userOf(userId);
    return user && sessionHolder(state.tenants, user);
  });
  const user = session && userOf(session.userId);
  return session && user && { session, user };
}

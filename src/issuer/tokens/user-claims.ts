import type { User } from "../tenant/tenant.ts";
import type { TokenClaims } from "./access-token.ts";

/**
 * What the scopes `profile` and `email` tell of a user, in the ID token and at /userinfo alike; (R) recorded answers of
 * /userinfo, for names and forms.
 */
export function userClaims(user: User, scopes: readonly string[]): TokenClaims {
  const { email, emailVerified, name, nickname, picture, updatedAt } = user;
  return {
    ...(scopes.includes("profile") && {
      nickname,
      name,
      ...(picture !== undefined && { picture }),
      updated_at: updatedAt,
    }),
    ...(scopes.includes("email") && email !== undefined && { email, email_verified: emailVerified }),
  };
}

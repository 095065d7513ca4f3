import type { User } from "../tenant/tenant.ts";
import type { TokenClaims } from "./access-token.ts";

/**
 * What the scopes `profile`, `email` and `phone` tell of a user, in the ID token and at /userinfo alike; (R) recorded answers of
 * /userinfo, for names and forms.
 */
export function userClaims(user: User, scopes: readonly string[]): TokenClaims {
  const { email, emailVerified, familyName, givenName, name, nickname, phoneNumber, picture, updatedAt } = user;
  return {
    ...(scopes.includes("profile") && {
      ...(givenName !== undefined && { given_name: givenName }),
      ...(familyName !== undefined && { family_name: familyName }),
      nickname,
      name,
      ...(picture !== undefined && { picture }),
      updated_at: updatedAt,
    }),
    ...(scopes.includes("phone") &&
      phoneNumber !== undefined && { phone_number: phoneNumber, phone_number_verified: user.phoneVerified ?? false }),
    ...(scopes.includes("email") && email !== undefined && { email, email_verified: emailVerified }),
  };
}

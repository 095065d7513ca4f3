import { maskTokens } from "../../lambda/mask-tokens.ts";

/** What stands for an identity in records. */
export const MASKED_IDENTITY = "[identity masked]";
/** Shorter values would tear ordinary words out of a sentence, and guard nothing. */
export const MIN_MASKED_CHARACTERS = 8;

/**
 * Takes a request's identity values out of what a function wrote about it: the Auth0 sample quotes the whole header in
 * its error message (C: auth0-samples/jwt-rsa-aws-custom-authorizer). With and without the scheme in front, and whatever
 * else looks like a token.
 */
export function maskIdentity(text: string, values: readonly string[]): string {
  let masked = text;
  for (const value of values) {
    for (const secret of [value, value.replace(/^\S+\s+/, "")]) {
      if (secret.length >= MIN_MASKED_CHARACTERS) masked = masked.replaceAll(secret, MASKED_IDENTITY);
    }
  }
  return maskTokens(masked);
}

/** The values of a Cookie header, which functions may see one by one. */
export function cookieValues(header: string): string[] {
  return header.split(/; ?/).map((cookie) => cookie.slice(cookie.indexOf("=") + 1));
}

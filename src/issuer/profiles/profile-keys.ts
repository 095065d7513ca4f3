import { createHash } from "node:crypto";
import type { IssuerJwk } from "../keys/keys.ts";
import type { EncryptionKey } from "./encryption-key.ts";
import type { ImitatedProvider } from "./profile-issuers.ts";

type Jwk = Readonly<Record<string, unknown>>;

/**
 * The issuer's keys with each provider's members, so that verifiers meet what trips them there: Cognito (D) and Entra (D)
 * publish several keys, Entra's without `alg`, and Keycloak (C) one for encryption among them.
 */
export function profileKeys(
  profile: ImitatedProvider,
  keys: readonly IssuerJwk[],
  encryption: EncryptionKey | undefined,
): readonly Jwk[] {
  switch (profile) {
    case "cognito":
      return keys.map(({ alg, e, kid, kty, n, use }) => ({ alg, e, kid, kty, n, use }));
    case "okta":
      return keys.map(({ kty, alg, kid, use, e, n }) => ({ kty, alg, kid, use, e, n }));
    case "entra":
      return keys.map(({ kty, use, kid, x5t, n, e, x5c }) => ({ kty, use, kid, x5t, n, e, x5c }));
    case "keycloak":
      return [
        ...(encryption === undefined ? [] : [encryptionJwk(encryption)]),
        ...keys.map(({ kid, kty, alg, use, x5c, n, e }) => ({ kid, kty, alg, use, x5c, ...thumbprints(x5c[0]), n, e })),
      ];
  }
}

function encryptionJwk({ kid, n, e, certificate }: EncryptionKey): Jwk {
  return { kid, kty: "RSA", alg: "RSA-OAEP", use: "enc", x5c: [certificate], ...thumbprints(certificate), n, e };
}

/** RFC 7517 §4.8 and §4.9. */
function thumbprints(certificate: string): Jwk {
  const digest = (name: string): string =>
    createHash(name).update(Buffer.from(certificate, "base64")).digest("base64url");
  return { x5t: digest("sha1"), "x5t#S256": digest("sha256") };
}

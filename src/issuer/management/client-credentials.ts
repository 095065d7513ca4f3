import { createPublicKey } from "node:crypto";
import { jwkThumbprint } from "../../token/generate-signing-key.ts";
import { invalidBody } from "./management-error.ts";
import { type Check, type Fields, list, object, text } from "./payload.ts";

/** Auth0 keeps two (D). */
export const MAX_CLIENT_CREDENTIALS = 2;

const pem: Check = (value, property) => {
  text({ minChars: 1, maxChars: 4096 })(value, property);
  publicJwk(String(value), property);
};

/** `client_authentication_methods` of a new application: the public keys of its `private_key_jwt` assertions. */
export const checkAuthenticationMethods: Check = object({
  fields: {
    private_key_jwt: object({
      fields: {
        credentials: list(
          object({
            fields: {
              credential_type: text({ oneOf: ["public_key"] }),
              name: text({ maxChars: 128 }),
              pem,
              alg: text({ oneOf: ["RS256", "RS384", "PS256"] }),
            },
            required: ["credential_type", "pem"],
            unsupported: ["expires_at", "parse_expiry_from_cert"],
          }),
          { min: 1, max: MAX_CLIENT_CREDENTIALS },
        ),
      },
      required: ["credentials"],
    }),
  },
  required: ["private_key_jwt"],
  unsupported: ["tls_client_auth", "self_signed_tls_client_auth"],
});

/** As the tenant's file writes them: JWKs, each with its thumbprint as `kid`, as Auth0 names them (R: the length of one). */
export function publicKeysOf(methods: Fields): readonly Fields[] {
  const { private_key_jwt: assertions } = methods as {
    readonly private_key_jwt: { readonly credentials: readonly { readonly pem: string; readonly alg?: string }[] };
  };
  return assertions.credentials.map(({ alg = "RS256", pem }) => {
    const jwk = publicJwk(pem, "pem");
    return { ...jwk, kid: jwkThumbprint(jwk), alg };
  });
}

/** Of a public key or a certificate. */
function publicJwk(pem: string, property: string): Fields {
  try {
    if (pem.includes("PRIVATE KEY")) throw new TypeError("a private key");
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "rsa") return key.export({ format: "jwk" }) as Fields;
  } catch {
    // Said below.
  }
  throw invalidBody(
    "Object didn't pass validation for format PEM: an RSA public key or certificate is wanted",
    property,
  );
}

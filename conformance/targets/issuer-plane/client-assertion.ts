import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";

/** The key of applications that prove themselves by signature (`private_key_jwt`). */
export interface AssertionKey {
  /** As JSON, which is YAML too. */
  readonly publicJwk: string;
  sign(claims: Readonly<Record<string, unknown>>): string;
}

let made: AssertionKey | undefined;

/** One for all vectors: it takes a moment to make. */
export function assertionKey(): AssertionKey {
  made ??= makeKey();
  return made;
}

/** RFC 7523 §3, with the audience that Auth0 wants: the tenant's URL. */
export function clientAssertion(clientId: string, audience: string, nowSeconds: number): string {
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + 60,
    jti: randomUUID(),
  };
  return assertionKey().sign(claims);
}

function makeKey(): AssertionKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    publicJwk: JSON.stringify(publicKey.export({ format: "jwk" })),
    sign: (claims) => signed({ alg: "RS256", typ: "JWT" }, claims, privateKey),
  };
}

function signed(header: object, claims: object, key: KeyObject): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

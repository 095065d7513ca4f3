import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  timingSafeEqual,
  verify,
  X509Certificate,
} from "node:crypto";
import type { IssuerJwk } from "../../../src/issuer/keys/keys.ts";

/** What `then` of an issuer's vector is compared with. */
export interface IssuerVectorAnswer {
  readonly status?: number;
  /** By lower-case name; repeated ones are joined with a comma. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body parsed, when it is JSON. */
  readonly json?: unknown;
  /** Where a redirect leads. */
  readonly location?: Location;
  /** The access token: of the answer's JSON, of a redirect, or minted. */
  readonly token?: DecodedToken;
  readonly idToken?: DecodedToken;
  /** What a page that posts to another site would post. */
  readonly form?: { readonly action: string; readonly fields: Readonly<Record<string, string>> };
  /** Which pages the browser has seen on the way: `login`, `consent`. */
  readonly pages?: readonly string[];
  /** Of a key set: its kids, and whether each key's certificate is its own. */
  readonly kids?: readonly string[];
  readonly certificates?: readonly CertificateCheck[];
  /** Our own code of each refusal, for what a client cannot see. It says nothing about Auth0. */
  readonly reasons?: readonly string[];
}

interface Location {
  readonly url: string;
  /** Origin and path, as sent. */
  readonly to: string;
  readonly query: Readonly<Record<string, string>>;
  readonly fragment: Readonly<Record<string, string>>;
}

type DecodedToken =
  /** `verifiedBy` is the key set that the issuer publishes, or the secret of the API that the token is for. */
  | { readonly verifiedBy: "jwks" | "secret" | "nothing"; readonly header: unknown; readonly claims: Claims }
  | { readonly opaque: true; readonly parts: number /** Of an encrypted one. */; readonly header?: unknown };

type Claims = Readonly<Record<string, unknown>>;

interface CertificateCheck {
  readonly isSameKey: boolean;
  readonly isSelfSigned: boolean;
  /** `x5t` is the SHA-1 of the certificate. */
  readonly isThumbprint: boolean;
}

/** Who could verify a token. */
export interface Verifiers {
  readonly jwks: readonly IssuerJwk[];
  /** Of HS256, by API identifier. */
  readonly secrets: ReadonlyMap<string, string>;
}

export function parseLocation(url: string): Location {
  const [beforeFragment = "", fragment = ""] = splitOnce(url, "#");
  const [to = "", query = ""] = splitOnce(beforeFragment, "?");
  return {
    url,
    to,
    query: Object.fromEntries(new URLSearchParams(query)),
    fragment: Object.fromEntries(new URLSearchParams(fragment)),
  };
}

/** @throws Error when a JWT cannot even be read */
export function decodeToken(token: string, { jwks, secrets }: Verifiers): DecodedToken {
  const parts = token.split(".").length;
  const [header64 = "", claims64 = "", signature64 = ""] = token.split(".");
  if (parts !== 3) return { opaque: true, parts, ...(parts === 5 && { header: jsonOf(header64) }) };
  const header = jsonOf(header64) as { alg?: string; kid?: string };
  const claims = jsonOf(claims64) as Claims;
  const signed = Buffer.from(`${header64}.${claims64}`);
  const signature = Buffer.from(signature64, "base64url");
  const key = jwks.find((each) => each.kid === header.kid && each.alg === header.alg);
  if (key !== undefined && verifyRsa(header.alg, signed, key, signature)) {
    return { verifiedBy: "jwks", header, claims };
  }
  const secret = header.alg === "HS256" ? secrets.get(String([claims.aud].flat()[0])) : undefined;
  const mac = createHmac("sha256", secret ?? "")
    .update(signed)
    .digest();
  const isMac = secret !== undefined && mac.length === signature.length && timingSafeEqual(mac, signature);
  return { verifiedBy: isMac ? "secret" : "nothing", header, claims };
}

/** What a verifier that reads `x5c` instead of `n` and `e` relies on. */
export function checkCertificates(keys: readonly IssuerJwk[]): readonly CertificateCheck[] {
  return keys.map(({ n, x5c, x5t }) => {
    const certificate = new X509Certificate(Buffer.from(x5c[0], "base64"));
    return {
      isSameKey: certificate.publicKey.export({ format: "jwk" }).n === n,
      isSelfSigned: certificate.verify(certificate.publicKey),
      isThumbprint: createHash("sha1").update(certificate.raw).digest("base64url") === x5t,
    };
  });
}

function verifyRsa(alg: string | undefined, signed: Buffer, jwk: IssuerJwk, signature: Buffer): boolean {
  const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  if (alg === "RS256") return verify("sha256", signed, key, signature);
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return alg === "PS256" && verify("sha256", signed, pss, signature);
}

function jsonOf(part: string): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

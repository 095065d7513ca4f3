import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AUDIENCE } from "./issuer.ts";

/** `jwt` of a request: a token as an issuer of this server, or somebody else, would have signed it. */
export interface SignedToken {
  /** Name of the issuer, the first segment of its path; default `good`. */
  readonly issuer?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  /**
   * Over `iss`, `aud`, `sub`, `iat` and `exp` (an hour from now). `{"$absent": true}` leaves one out, `{"$now": 60}` is a
   * minute from now.
   */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Issuers that misbehave, each below a path of its own, and what they sign. */
export interface RemoteIssuers {
  /** Of the server; an issuer is `{address}/{name}/`. */
  readonly address: string;
  sign(token: SignedToken): string;
  /** Forgets what each issuer has been asked. */
  forget(): void;
  stop(): Promise<void>;
}

type Reply = { readonly body: string } | "not-found" | "never";

/** The stack parameter that has the address. */
export const ISSUERS_PARAMETER = "Issuers";

/** Bytes of key documents that API Gateway still reads (D). */
const MAX_JWKS_BYTES = 150_000;
const KID = "one";
const ROTATED_KID = "two";

/**
 * Starts them. By name: `good`; `odd-path` (keys at an address that nobody would guess, and other keys where one might);
 * `no-slash` (its name has no trailing slash); `slow-discovery`, `slow-keys` (never answer); `no-discovery`, `no-keys`
 * (404); `large-keys` and `full-keys` (one byte more than is read, and not one more); `other-name` (the discovery
 * document names another issuer); `slashless-name` (that of itself without slash); `recovers` (fails once); `rotates`
 * (has the key `two` from the third answer on); `forgets` (has no key of ours from the second answer on).
 */
export async function startRemoteIssuers(): Promise<RemoteIssuers> {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const second = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid, use: "sig" });
  const own = jwk(rsa.publicKey, KID);
  const next = jwk(second.publicKey, ROTATED_KID);
  const all = [own, next, jwk(ec.publicKey, "ec")];
  const asked = new Map<string, number>();
  const times = (what: string): number => {
    asked.set(what, (asked.get(what) ?? 0) + 1);
    return asked.get(what) ?? 0;
  };
  let address = "";

  const discovery = (name: string): Reply => {
    if (name === "slow-discovery") return "never";
    if (name === "no-discovery" || (name === "recovers" && times(name) === 1)) return "not-found";
    const issuers: Readonly<Record<string, string>> = {
      "no-slash": `${address}/no-slash`,
      "slashless-name": `${address}/slashless-name`,
      "other-name": "https://another.example/",
    };
    const keys = name === "odd-path" ? "some/where/else" : "keys";
    const issuer = issuers[name] ?? `${address}/${name}/`;
    return { body: JSON.stringify({ issuer, jwks_uri: `${address}/${name}/${keys}` }) };
  };
  const keys = (name: string): Reply => {
    if (name === "slow-keys") return "never";
    if (name === "no-keys") return "not-found";
    if (name === "rotates" && times(name) <= 2) return { body: JSON.stringify({ keys: [own] }) };
    if (name === "forgets" && times(name) > 1) return { body: JSON.stringify({ keys: [next] }) };
    const body = JSON.stringify({ keys: all });
    if (name !== "large-keys" && name !== "full-keys") return { body };
    return { body: body.padEnd(MAX_JWKS_BYTES + (name === "large-keys" ? 1 : 0), " ") };
  };
  const replyTo = (url: string): Reply => {
    const [, name = "", rest = ""] = /^\/([^/]+)\/(.*)$/.exec(url) ?? [];
    if (rest === ".well-known/openid-configuration") return discovery(name);
    if (name === "odd-path" && rest === ".well-known/jwks.json") return { body: JSON.stringify({ keys: [next] }) };
    return rest === (name === "odd-path" ? "some/where/else" : "keys") ? keys(name) : "not-found";
  };
  const server = createServer((request, response) => {
    const reply = replyTo(request.url ?? "");
    if (reply === "never") return;
    response.writeHead(reply === "not-found" ? 404 : 200, { "Content-Type": "application/json" });
    response.end(reply === "not-found" ? undefined : reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const signToken = ({ issuer = "good", header = {}, claims = {} }: SignedToken): string => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const iss = issuer === "no-slash" ? `${address}/no-slash` : `${address}/${issuer}/`;
    const usual = { iss, aud: AUDIENCE, sub: "user", iat: nowSeconds, exp: nowSeconds + 3600 };
    const written = { alg: "RS256", typ: "JWT", kid: KID, ...header };
    const signed = [present(written), present({ ...usual, ...claims })]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const { alg, kid } = written;
    const privateKey = kid === ROTATED_KID ? second.privateKey : rsa.privateKey;
    return `${signed}.${signature(alg, signed, privateKey, ec.privateKey).toString("base64url")}`;

    function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
      const entries = Object.entries(members).map(([name, value]) => [name, valueOf(value)] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    }
    function valueOf(value: unknown): unknown {
      if (typeof value !== "object" || value === null) return value;
      if ("$absent" in value) return undefined;
      return "$now" in value ? nowSeconds + Number(value.$now) : value;
    }
  };
  return {
    address,
    sign: signToken,
    forget: () => asked.clear(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function signature(alg: string, text: string, rsa: KeyObject, ec: KeyObject): Buffer {
  const data = Buffer.from(text);
  const hash = `sha${alg.slice(2)}`;
  if (alg === "none") return Buffer.alloc(0);
  if (alg.startsWith("HS")) return createHmac(hash, "secret").update(data).digest();
  if (alg.startsWith("ES")) return sign(hash, data, { key: ec, dsaEncoding: "ieee-p1363" });
  if (alg.startsWith("PS")) return sign(hash, data, { key: rsa, padding: 6, saltLength: Number(alg.slice(2)) / 8 });
  return sign(hash, data, rsa);
}

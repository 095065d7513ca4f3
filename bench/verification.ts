/**
 * Complete verification of an RS256 access token of about 1 KB (signature, issuer, audience, expiry) beside the signature
 * check alone and beside the libraries people use, each set up as its documentation says, keys already at hand. Processor
 * time, so that other processes of the machine do not count.
 */
import { createPublicKey, sign, verify } from "node:crypto";
import { JwtVerifier } from "aws-jwt-verify";
import { createVerifier } from "fast-jwt";
import { createLocalJWKSet, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { JwksClient } from "jwks-rsa";
import { generateSigningKey } from "../src/token/generate-signing-key.ts";
import { parseKeySet } from "../src/token/key-set.ts";
import { signJwt } from "../src/token/sign-jwt.ts";
import { verifyJwt } from "../src/token/verify-jwt.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const ISSUER = "https://tenant.example/";
const AUDIENCE = "https://pets.example";
const TOKENS = 200;
const TOKEN_CHARACTERS = 1000;

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const { privateKey, publicJwk } = await generateSigningKey();
  const jwk = { ...publicJwk, alg: "RS256", use: "sig" };
  const jwks = { keys: [jwk] };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const now = Math.floor(Date.now() / 1000);
  const tokens = Array.from({ length: TOKENS }, (_, index) => {
    const claims = {
      iss: ISSUER,
      sub: `client-${index}@clients`,
      aud: AUDIENCE,
      iat: now,
      exp: now + 3600,
      scope: "read:pets create:pets",
      azp: `client-${index}`,
      gty: "client-credentials",
    };
    const bare = signJwt(claims, { algorithm: "RS256", privateKey, kid: publicJwk.kid }).length;
    const padding = "x".repeat(Math.max(0, Math.floor(((TOKEN_CHARACTERS - bare) * 3) / 4) - 12));
    return signJwt({ ...claims, padding }, { algorithm: "RS256", privateKey, kid: publicJwk.kid });
  });
  const signed = tokens.map((token) => {
    const end = token.lastIndexOf(".");
    return { data: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), "base64url") };
  });
  if (!verify("sha256", signed[0]!.data, publicKey, signed[0]!.signature)) throw new Error("the tokens are not signed");
  if (!sign("sha256", signed[0]!.data, privateKey)) throw new Error("no signature");

  const parsed = parseKeySet(jwks, { fetchedAtMs: Date.now() });
  if (!parsed.ok) throw new Error(parsed.detail);
  const { keys } = parsed;
  const fast = createVerifier({
    key: pem,
    algorithms: ["RS256"],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    cache: false,
  });
  const aws = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}jwks.json` });
  aws.cacheJwks(jwks as Parameters<typeof aws.cacheJwks>[0]);
  const jose = createLocalJWKSet(jwks);
  const client = new JwksClient({
    jwksUri: `${ISSUER}jwks.json`,
    cache: true,
    getKeysInterceptor: async () => [jwk] as never,
  });
  await client.getSigningKey(publicJwk.kid);

  const per = quick ? 200 : 1000;
  /** Microseconds for one, over `per` of them. */
  const timed = (one: (index: number) => unknown) => (): number => {
    const before = process.cpuUsage();
    for (let index = 0; index < per; index++)
      if (one(index % TOKENS) === false) throw new Error("a good token was refused");
    return microseconds(before) / per;
  };
  const timedInTurn = (one: (index: number) => Promise<unknown>) => async (): Promise<number> => {
    const before = process.cpuUsage();
    for (let index = 0; index < per; index++) await one(index % TOKENS);
    return microseconds(before) / per;
  };
  const contenders = [
    {
      name: "crypto.verify alone",
      measure: timed((index) => verify("sha256", signed[index]!.data, publicKey, signed[index]!.signature)),
    },
    {
      name: "gatewarden",
      measure: timed(
        (index) =>
          verifyJwt(tokens[index]!, { keys, issuers: [ISSUER], audiences: [AUDIENCE], nowSeconds: Date.now() / 1000 })
            .ok,
      ),
    },
    { name: "fast-jwt", measure: timed((index) => fast(tokens[index]!)) },
    { name: "aws-jwt-verify", measure: timed((index) => aws.verifySync(tokens[index]!)) },
    {
      name: "jose",
      measure: timedInTurn((index) =>
        jwtVerify(tokens[index]!, jose, { issuer: ISSUER, audience: AUDIENCE, algorithms: ["RS256"] }),
      ),
    },
    {
      name: "jsonwebtoken + jwks-rsa",
      measure: timedInTurn(async (index) => {
        const { header } = jsonwebtoken.decode(tokens[index]!, { complete: true }) as { header: { kid: string } };
        const key = await client.getSigningKey(header.kid);
        return jsonwebtoken.verify(tokens[index]!, key.getPublicKey(), {
          algorithms: ["RS256"],
          issuer: ISSUER,
          audience: AUDIENCE,
        });
      }),
    },
  ];
  // So that all of it is compiled.
  for (const contender of contenders) for (let turn = 0; turn < 4; turn++) await contender.measure();
  const samples = await takeTurns<number>(contenders, quick ? 5 : 41);
  const raw = samplesOf(samples, "crypto.verify alone");
  return [
    { name: "crypto.verify alone", unit: "µs CPU", spread: spreadOf(raw) },
    ...contenders.slice(1).map(({ name }): Figure => {
      const rate = spreadOf(ratios(raw, samplesOf(samples, name)));
      return {
        name: `${name} ÷ crypto.verify alone, by rate`,
        unit: "×",
        spread: rate,
        ...(name === "gatewarden" && { must: { atLeast: 0.78 }, note: "long-run goal 0.85" }),
      };
    }),
  ];
}

function microseconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

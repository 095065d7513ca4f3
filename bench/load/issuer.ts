import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { generateSigningKey } from "../../src/token/generate-signing-key.ts";
import { signJwt } from "../../src/token/sign-jwt.ts";

/** An issuer of the benchmark's own, that counts who asks for its keys. */
export interface BenchIssuer {
  readonly url: string;
  /** The public key, for peers that take a file. */
  readonly publicJwk: Readonly<Record<string, string>>;
  /** `Bearer …` with a good token of about 1 KB; each `index` gives another. `kid` stands for an unknown key. */
  authorization(index: number, kid?: string): string;
  readonly keyFetches: () => number;
  stop(): void;
}

const TOKEN_PADDING = "x".repeat(300);
const LIFETIME_SECONDS = 3600;

export async function startIssuer(audience: string): Promise<BenchIssuer> {
  const { privateKey, publicJwk } = await generateSigningKey();
  let keyFetches = 0;
  const server = createServer((request, response) => {
    const isKeys = request.url?.endsWith("/jwks.json") === true;
    if (isKeys) keyFetches++;
    const jwks_uri = `${url}.well-known/jwks.json`;
    const body = isKeys ? { keys: [{ ...publicJwk, alg: "RS256", use: "sig" }] } : { issuer: url, jwks_uri };
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    publicJwk: publicJwk as unknown as Record<string, string>,
    authorization: (index, kid = publicJwk.kid) => {
      const iat = Math.floor(Date.now() / 1000);
      const claims = {
        iss: url,
        sub: `user-${index}`,
        aud: audience,
        iat,
        exp: iat + LIFETIME_SECONDS,
        padding: TOKEN_PADDING,
      };
      return `Bearer ${signJwt(claims, { algorithm: "RS256", privateKey, kid })}`;
    },
    keyFetches: () => keyFetches,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

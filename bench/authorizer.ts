/**
 * Cold start of the authorizer that ships: CPU time of a fresh process that loads it and answers one TOKEN event with
 * keys fetched over http, less that of a process that loads nothing; beside an authorizer on jsonwebtoken and jwks-rsa,
 * bundled and not. And the sizes of the bundles.
 */
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { generateSigningKey } from "../src/token/generate-signing-key.ts";
import { signJwt } from "../src/token/sign-jwt.ts";
import { bundlePeerAuthorizer, bundleShippedAuthorizer } from "./bundle-handlers.ts";
import { type BenchOptions, type Figure, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const AUDIENCE = "https://pets.example";
const METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abc123/test/GET/pets";

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const shipped = await bundleShippedAuthorizer();
  const peer = await bundlePeerAuthorizer();
  const { privateKey, publicJwk } = await generateSigningKey();
  const server = createServer((_request, response) =>
    response.end(JSON.stringify({ keys: [{ ...publicJwk, alg: "RS256", use: "sig" }] })),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const now = Math.floor(Date.now() / 1000);
  const token = signJwt(
    { iss: issuer, sub: "client@clients", aud: AUDIENCE, iat: now, exp: now + 3600, scope: "read:pets" },
    { algorithm: "RS256", privateKey, kid: publicJwk.kid },
  );
  const env = {
    PATH: process.env.PATH,
    TOKEN_ISSUER: issuer,
    JWKS_URI: `${issuer}.well-known/jwks.json`,
    AUDIENCE,
    EVENT: JSON.stringify({ type: "TOKEN", authorizationToken: `Bearer ${token}`, methodArn: METHOD_ARN }),
  };
  const cpuOf = async (file: string): Promise<number> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, "cold-start/one-event.js"), file],
      { env },
    );
    return Number(/^cpu ([\d.]+)$/m.exec(stdout)?.[1]);
  };
  try {
    const files = {
      nothing: "nothing",
      shipped: shipped.file,
      "peer bundled": peer.file,
      "peer unbundled": join(import.meta.dirname, "cold-start/peer-authorizer.js"),
    };
    const contenders = Object.entries(files).map(([name, file]) => ({ name, measure: () => cpuOf(file) }));
    for (const contender of contenders) await contender.measure();
    const samples = await takeTurns<number>(contenders, quick ? 3 : 21);
    const empty = samplesOf(samples, "nothing");
    const above = (name: string): number[] => samplesOf(samples, name).map((value, round) => value - empty[round]!);
    const median = (name: string): number => spreadOf(above(name)).median;
    return [
      { name: "bundle, minified", unit: "bytes", spread: spreadOf([shipped.bytes]), must: { atMost: 12 * 1024 } },
      { name: "jsonwebtoken + jwks-rsa, bundled and minified", unit: "bytes", spread: spreadOf([peer.bytes]) },
      { name: "empty process", unit: "ms CPU", spread: spreadOf(empty) },
      { name: "cold start over empty", unit: "ms CPU", spread: spreadOf(above("shipped")) },
      { name: "peer bundled over empty", unit: "ms CPU", spread: spreadOf(above("peer bundled")) },
      { name: "peer unbundled over empty", unit: "ms CPU", spread: spreadOf(above("peer unbundled")) },
      {
        name: "cold start ÷ peer bundled",
        unit: "×",
        spread: spreadOf([median("shipped") / median("peer bundled")]),
        must: { atMost: 0.5 },
        note: "of the medians; long-run goal 1/6 of the sample",
      },
      {
        name: "cold start ÷ peer unbundled",
        unit: "×",
        spread: spreadOf([median("shipped") / median("peer unbundled")]),
      },
    ];
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

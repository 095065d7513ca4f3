import { spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AUTHORIZER_BUNDLE_OPTIONS, authorizerEntry } from "./bundle-options.ts";

// A cold start reads all of it.
const CEILING_BYTES = 12 * 1024;
const FORBIDDEN = ["jose", "zod", "ajv", "jsonwebtoken", "fetch(", "evaluatePolicy", "ForAnyValue"];

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" }] };
const server = createServer((_request, response) => response.end(JSON.stringify(jwks)));
let code = "";
let folder = "";
let jwksUri = "";

beforeAll(async () => {
  const { outputFiles } = await build({
    ...AUTHORIZER_BUNDLE_OPTIONS,
    stdin: authorizerEntry(import.meta.dirname),
    write: false,
  });
  code = outputFiles[0]!.text;
  folder = await mkdtemp(join(tmpdir(), "authorizer-"));
  await writeFile(join(folder, "index.js"), code);
  await writeFile(
    join(folder, "run.cjs"),
    `require("./index.js").handler(JSON.parse(process.argv[2])).then((answer) => process.send({ answer }), (error) => process.send({ error: error.message }));`,
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function token(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", kid: "k1" })}.${part({ iss: "https://issuer/", aud: "https://pets", sub: "ann", exp: 4_102_444_800, ...claims })}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** Runs the bundle in a process of its own, with nothing in its environment but what is given. */
async function run(event: object, environment: Record<string, string>) {
  const child = spawn(process.execPath, ["run.cjs", JSON.stringify(event)], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  let log = "";
  child.stdout!.on("data", (chunk) => {
    log += chunk;
  });
  const answer = new Promise<{ answer?: unknown; error?: string }>((resolve) =>
    child.once("message", (message) => resolve(message as object)),
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  const sent = await answer;
  await ended;
  return { ...sent, log };
}

describe("the bundle", () => {
  test("stays under its ceiling and holds none of the forbidden words", () => {
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(CEILING_BYTES);
    expect(code.length).toBeGreaterThan(5_000);
    expect(FORBIDDEN.filter((word) => code.includes(word))).toEqual([]);
  });

  test("needs nothing but Node's own modules", () => {
    const modules = [...code.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(modules).toContain("node:crypto");
    expect(modules.filter((name) => !name?.startsWith("node:"))).toEqual([]);
  });

  const methodArn = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/GET/pets";
  const settings = () => ({ TOKEN_ISSUER: "https://issuer/", AUDIENCE: "https://pets", JWKS_URI: jwksUri });

  test("answers a TOKEN event with keys from a JWKS server", async () => {
    const authorizationToken = `Bearer ${token({ scope: "read:pets" })}`;
    const { answer, log } = await run({ type: "TOKEN", authorizationToken, methodArn }, settings());
    expect(log).toBe("");
    expect(answer).toEqual({
      principalId: "ann",
      policyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: "execute-api:Invoke",
            Resource: "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/*/*",
          },
        ],
      },
      context: { scope: "read:pets", sub: "ann" },
    });
  });

  test("refuses with the exact text, and says why in one line of JSON", async () => {
    const authorizationToken = `Bearer ${token({ aud: "https://other" })}`;
    const { error, log } = await run({ type: "TOKEN", authorizationToken, methodArn }, settings());
    expect(error).toBe("Unauthorized");
    expect(log.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(log)).toMatchObject({ event: "token_refused", reason: "audience_mismatch" });
  });

  test("names the setting that is missing", async () => {
    const { error } = await run({ type: "TOKEN", authorizationToken: "Bearer x", methodArn }, { AUDIENCE: "x" });
    expect(error).toMatch(/^TOKEN_ISSUER is not set/);
  });
});

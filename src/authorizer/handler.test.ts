import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AUTHORIZER_BUNDLE_OPTIONS } from "./bundle-options.ts";
import { type AuthorizerEvent, createAuthorizer as fromSource } from "./handler.ts";
import { compileRules } from "./load-rules.ts";

const keyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const [first, second] = [keyPair(), keyPair()];
const jwksOf = (pair: typeof first) => ({
  keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256" }],
});

let fetches = 0;
let origin = "";
const server = createServer((request, response) => {
  fetches++;
  if (request.url === "/.well-known/openid-configuration") {
    response.end(JSON.stringify({ issuer: `${origin}/`, jwks_uri: `${origin}/second` }));
  } else if (request.url === "/first") response.end(JSON.stringify(jwksOf(first)));
  else if (request.url === "/second") response.end(JSON.stringify(jwksOf(second)));
  else response.writeHead(500).end();
});
let folder = "";
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "authorizer-"));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  fetches = 0;
  lines.length = 0;
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    lines.push(JSON.parse(line));
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/GET/pets";
const nowSeconds = Math.floor(Date.now() / 1000);

function token(claims: object = {}, { privateKey } = first, header: object = { alg: "RS256", kid: "k1" }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const all = { iss: "https://issuer/", aud: "https://pets", sub: "ann", exp: nowSeconds + 600, ...claims };
  const signed = `${part(header)}.${part(all)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

const settings = (more: Record<string, string> = {}) => ({
  TOKEN_ISSUER: "https://issuer/",
  AUDIENCE: "https://pets",
  JWKS_URI: `${origin}/first`,
  LAMBDA_TASK_ROOT: folder,
  ...more,
});
const tokenEvent = (authorizationToken: string): AuthorizerEvent => ({ authorizationToken, methodArn: ARN });
/** The bundle renames properties: what the source does, it must do too. */
async function bundled(): Promise<typeof fromSource> {
  const stdin = { contents: 'export { createAuthorizer } from "./handler.ts";', resolveDir: import.meta.dirname };
  const { outputFiles } = await build({ ...AUTHORIZER_BUNDLE_OPTIONS, stdin, write: false });
  const module = { exports: {} as { createAuthorizer: typeof fromSource } };
  new Function("require", "module", "exports", outputFiles[0]!.text)(
    createRequire(import.meta.url),
    module,
    module.exports,
  );
  return module.exports.createAuthorizer;
}

describe.each([
  ["from source", fromSource],
  ["as bundled", await bundled()],
])("%s", (_, createAuthorizer) => {
  const authorize = (event: AuthorizerEvent, more: Record<string, string> = {}) =>
    createAuthorizer(settings(more))(event);
  const refusal = async (event: AuthorizerEvent, more: Record<string, string> = {}) => {
    await expect(authorize(event, more)).rejects.toThrow(/^Unauthorized$/);
    expect(lines).toHaveLength(1);
    return lines[0];
  };

  describe("a good token", () => {
    test("is answered for TOKEN, REQUEST and both HTTP API events alike", async () => {
      const value = `Bearer ${token({ scope: "read:pets" })}`;
      const events: AuthorizerEvent[] = [
        tokenEvent(value),
        { methodArn: ARN, headers: { Authorization: value }, multiValueHeaders: { Authorization: [value] } },
        { version: "1.0", methodArn: ARN, authorizationToken: value, headers: { Authorization: value } },
        { version: "2.0", routeArn: ARN, headers: { authorization: value } },
      ];
      for (const event of events) {
        const answer = await authorize(event);
        expect(answer).toMatchObject({
          principalId: "ann",
          policyDocument: { Statement: [{ Effect: "Allow", Resource: ARN.replace("GET/pets", "*/*") }] },
          context: { scope: "read:pets", sub: "ann" },
        });
      }
      expect(lines).toEqual([]);
    });

    test("takes one fetch of keys for many calls", async () => {
      const authorizer = createAuthorizer(settings());
      for (let call = 0; call < 5; call++) await authorizer(tokenEvent(`Bearer ${token()}`));
      expect(fetches).toBe(1);
    });

    test("takes none with a keys file", async () => {
      await writeFile(join(folder, "baked.json"), JSON.stringify(jwksOf(first)));
      await authorize(tokenEvent(`Bearer ${token()}`), { KEYS_FILE: "baked.json" });
      expect(fetches).toBe(0);
    });

    test("fills the context with flat values only", async () => {
      const claims = { scp: ["a", "b"], roles: ["x"], address: { city: "y" }, age: 7, admin: true, none: null };
      const { context } = await authorize(tokenEvent(`Bearer ${token(claims)}`), {
        CONTEXT_CLAIMS: "roles, address,age,admin,none,missing",
      });
      expect(context).toEqual({
        scope: "a b",
        sub: "ann",
        roles: '["x"]',
        address: '{"city":"y"}',
        age: 7,
        admin: true,
      });
    });

    test("without a subject is named by its client", async () => {
      const answer = await authorize(tokenEvent(`Bearer ${token({ sub: undefined, client_id: "robot" })}`));
      expect(answer).toMatchObject({ principalId: "robot" });
    });

    test("may come bare only where that is configured", async () => {
      expect(await refusal(tokenEvent(token()))).toMatchObject({ reason: "bearer_missing" });
      expect(await authorize(tokenEvent(token()), { BEARER: "optional" })).toMatchObject({ principalId: "ann" });
      expect(await authorize(tokenEvent(`bearer  ${token()}`))).toMatchObject({ principalId: "ann" });
    });
  });

  describe("a refused token", () => {
    test.each([
      ["audience_mismatch", () => token({ aud: "https://other" })],
      ["token_expired", () => token({ exp: nowSeconds - 60 })],
      ["issuer_mismatch", () => token({ iss: "https://issuer" })],
      ["bad_signature", () => token({}, second)],
      ["key_not_found", () => token({}, first, { alg: "RS256", kid: "k2" })],
      ["algorithm_not_allowed", () => token({}, first, { alg: "none" })],
      ["not_a_jwt", () => "opaque"],
    ])("%s: Unauthorized, and one line that says so without the token", async (reason, make) => {
      const value = make();
      expect(await refusal(tokenEvent(`Bearer ${value}`))).toMatchObject({
        level: "info",
        event: "token_refused",
        reason,
      });
      expect(JSON.stringify(lines)).not.toContain(value.split(".")[1] ?? value);
    });

    test("has expected and actual in its line, without which issuer and slash mistakes are hard to see", async () => {
      expect(await refusal(tokenEvent(`Bearer ${token({ aud: "https://other" })}`))).toEqual({
        level: "info",
        event: "token_refused",
        message: "Token refused: audience mismatch",
        reason: "audience_mismatch",
        claim: "aud",
        expected: ["https://pets"],
        actual: ["https://other"],
      });
    });

    test("may be missing, or sent twice", async () => {
      expect(await refusal({ methodArn: ARN, headers: {} })).toMatchObject({ reason: "token_missing" });
      lines.length = 0;
      const twice = { Authorization: [`Bearer ${token()}`, "Bearer x"] };
      expect(await refusal({ methodArn: ARN, multiValueHeaders: twice })).toMatchObject({ reason: "token_missing" });
    });

    test("is a Deny for HTTP APIs, which would answer 500 to the error", async () => {
      const event: AuthorizerEvent = { version: "2.0", routeArn: ARN, headers: { authorization: "Bearer x" } };
      expect(await authorize(event)).toMatchObject({ policyDocument: { Statement: [{ Effect: "Deny" }] } });
      expect(await authorize(event, { SIMPLE_RESPONSES: "true" })).toEqual({ isAuthorized: false, context: {} });
    });
  });

  describe("what is not the caller's fault", () => {
    test("keys that cannot be had are another error, so that API Gateway answers 500", async () => {
      await expect(authorize(tokenEvent(`Bearer ${token()}`), { JWKS_URI: `${origin}/broken` })).rejects.toThrow(
        "Keys unavailable",
      );
      expect(lines).toMatchObject([{ level: "error", event: "keys_unavailable", reason: "jwks_unreachable" }]);
    });

    test("an event without an ARN is an error before any token is looked at", async () => {
      await expect(authorize({ authorizationToken: "Bearer x" })).rejects.toThrow("methodArn");
    });
  });

  describe("several issuers", () => {
    const both = () => ({ TOKEN_ISSUER: `https://issuer/,${origin}/`, JWKS_URI: `${origin}/first,${origin}/second` });

    test("each is verified with its own keys only", async () => {
      const own = token({ iss: `${origin}/` }, second);
      expect(await authorize(tokenEvent(`Bearer ${own}`), both())).toMatchObject({ principalId: "ann" });
      expect(await refusal(tokenEvent(`Bearer ${token({ iss: `${origin}/` }, first)}`), both())).toMatchObject({
        reason: "bad_signature",
      });
    });

    test("without JWKS_URI the issuer's discovery document names the keys", async () => {
      const more = { TOKEN_ISSUER: `${origin}/`, JWKS_URI: "" };
      const value = token({ iss: `${origin}/` }, second);
      expect(await authorize(tokenEvent(`Bearer ${value}`), more)).toMatchObject({ principalId: "ann" });
    });
  });

  describe("rules", () => {
    beforeAll(async () => {
      const verdict = compileRules([
        { method: "GET", path: "/pets", scopes: ["read:pets"] },
        { method: "POST", path: "/pets", scopes: ["write:pets"] },
      ]);
      await writeFile(join(folder, "petstore.json"), JSON.stringify(verdict.ok && verdict.rules));
      await writeFile(
        join(folder, "raw.json"),
        JSON.stringify([{ method: "GET", path: "/pets", anyValidToken: true }]),
      );
    });
    const value = `Bearer ${token({ scope: "read:pets" })}`;

    test("shape the policy", async () => {
      expect(await authorize(tokenEvent(value), { RULES_FILE: "petstore.json" })).toMatchObject({
        policyDocument: { Statement: [{ Effect: "Allow", Resource: ARN }] },
      });
    });

    test("decide simple responses for the one route", async () => {
      const ask = (routeArn: string) =>
        authorize(
          { version: "2.0", routeArn, headers: { authorization: value } },
          { RULES_FILE: "petstore.json", SIMPLE_RESPONSES: "true" },
        );
      expect(await ask(ARN)).toMatchObject({ isAuthorized: true });
      expect(await ask(ARN.replace("GET", "POST"))).toMatchObject({ isAuthorized: false });
    });

    test("for one method, where that is configured", async () => {
      const more = { RULES_FILE: "petstore.json", POLICY_SCOPE: "method" };
      const post = { authorizationToken: value, methodArn: ARN.replace("GET", "POST") };
      expect(await authorize(post, more)).toMatchObject({ policyDocument: { Statement: [{ Effect: "Deny" }] } });
    });

    test("a rules file that is missing, broken or not compiled opens nothing", () => {
      expect(() => createAuthorizer(settings({ RULES_FILE: "missing.json" }))).toThrow(/^RULES_FILE is "ENOENT/);
      expect(() => createAuthorizer(settings({ RULES_FILE: "raw.json" }))).toThrow(
        /^RULES_FILE is "raw.json", wanted: gatewarden-rules-1/,
      );
    });
  });

  describe("settings", () => {
    test.each([
      ["TOKEN_ISSUER", ""],
      ["AUDIENCE", " , "],
      ["ALGORITHMS", "HS256"],
      ["ALGORITHMS", "RS256,none"],
      ["LEEWAY_SECONDS", "-1"],
      ["LEEWAY_SECONDS", "301"],
      ["LEEWAY_SECONDS", "ten"],
      ["JWKS_URI", "https://a,https://b"],
      ["JWKS_URI", "foo"],
      ["JWKS_URI", "ftp://localhost/keys"],
      ["BEARER", "no"],
      ["POLICY_SCOPE", "all"],
      ["SIMPLE_RESPONSES", "yes"],
      ["KEYS_FILE", "none.json"],
    ])("%s=%j is refused by name", (name, value) => {
      expect(() => createAuthorizer(settings({ [name]: value }))).toThrow(new RegExp(`^${name} is `));
      expect(lines).toMatchObject([{ level: "error", event: "configuration_error" }]);
    });

    test("leeway is 0 unless it is set", async () => {
      const late = `Bearer ${token({ exp: nowSeconds - 5 })}`;
      expect(await refusal(tokenEvent(late))).toMatchObject({ reason: "token_expired" });
      expect(await authorize(tokenEvent(late), { LEEWAY_SECONDS: "60" })).toMatchObject({ principalId: "ann" });
    });

    test("Cognito access tokens pass by client_id where that is configured", async () => {
      const value = `Bearer ${token({ aud: undefined, client_id: "https://pets" })}`;
      expect(await refusal(tokenEvent(value))).toMatchObject({ reason: "audience_missing" });
      expect(await authorize(tokenEvent(value), { CLIENT_ID_AS_AUDIENCE: "true" })).toMatchObject({
        principalId: "ann",
      });
    });
  });
});

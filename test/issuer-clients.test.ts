import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  askForToken,
  CALLBACK,
  call,
  type IssuerProject,
  makeIssuerProject,
  PETS,
  TENANT,
  WEB,
} from "./support/issuer-project.ts";

/*
 * Clients that people really use, each in a process whose only setting is NODE_EXTRA_CA_CERTS, against the issuer's
 * address with TLS.
 */

const AUTH0_LOGIN = fileURLToPath(new URL("./support/auth0-login.ts", import.meta.url));
const AUTH0_MANAGEMENT = fileURLToPath(new URL("./support/auth0-management.ts", import.meta.url));
const OPENID_CLIENT_LOGIN = fileURLToPath(new URL("./support/openid-client-login.ts", import.meta.url));

const SIGNER = "petsSignerPetsSignerPetsSignerPe";
const signing = generateKeyPairSync("rsa", { modulusLength: 2048 });
const SIGNING_TENANT = TENANT.replace(
  "client_grants:\n",
  `  - name: Signer
    client_id: ${SIGNER}
    app_type: regular_web
    token_endpoint_auth_method: private_key_jwt
    public_keys: [./signer.pem] # the private one is with the client
    callbacks: [${CALLBACK}]
    grant_types: [authorization_code, refresh_token, client_credentials]
    refresh_token: { rotation_type: rotating }
client_grants:
  - { application: Signer, audience: "${PETS}", scope: [read:pets] }
`,
);

let gateway: IssuerProject;
beforeAll(async () => {
  gateway = await makeIssuerProject({
    "tenant.yaml": SIGNING_TENANT,
    "signer.pem": signing.publicKey.export({ format: "pem", type: "spki" }),
  });
  await gateway.start(["--issuer-scheme", "https"]);
});
afterAll(() => gateway?.finish());

/** What a script of ours in test/support prints; its standard input is what nobody else may see. */
async function runClient(script: string, args: readonly string[], secret: string, trusts = true) {
  const { stdout: trust } = await gateway.run(["issuer", "trust", "--json"]);
  const { ca } = JSON.parse(trust);
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, ...(trusts && { NODE_EXTRA_CA_CERTS: ca }) },
  });
  child.stdin.end(secret);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  if (!trusts) return { stderr };
  expect(stderr).toBe("");
  const told = JSON.parse(stdout);
  for (const each of told.secrets ?? Object.values(told).flatMap((one) => (one as { secrets: string[] }).secrets)) {
    if (each) gateway.hide(each);
  }
  return told;
}

const domain = (): string => new URL(gateway.ready.issuerTls ?? "").host;

describe("Auth0's own libraries for logins", () => {
  let told: Record<"legacy" | "current", Record<string, unknown>>;
  beforeAll(async () => {
    told = await runClient(AUTH0_LOGIN, [domain(), PETS, WEB, CALLBACK], await gateway.secretOf(WEB));
  });

  test.each(["legacy", "current"] as const)(
    "%s: client credentials, code flow, refresh, user info",
    async (library) => {
      const { own, access, user, refused } = told[library];
      const iss = gateway.ready.issuerTls;
      expect(decodeJwt(own as string)).toMatchObject({ iss, sub: `${WEB}@clients`, aud: PETS, scope: "read:pets" });
      expect(decodeJwt(access as string)).toMatchObject({ iss, sub: "auth0|alice", aud: [PETS, `${iss}userinfo`] });
      expect(decodeJwt(access as string).scope).toBe("openid profile offline_access read:pets");
      expect(user).toMatchObject({ sub: "auth0|alice", name: "Alice" });
      expect(refused).toContain("Unknown or invalid refresh token.");
      for (const token of [own, access] as string[]) {
        for (const base of [gateway.rest, gateway.http]) {
          expect(await call(`${base}/pets`, token)).toMatchObject({ status: 200 });
        }
      }
    },
  );

  test("a process that does not trust the authority is told so", async () => {
    const { stderr } = await runClient(AUTH0_LOGIN, [domain(), PETS, WEB, CALLBACK], "none", false);
    expect(stderr).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to verify/);
  });
});

describe("openid-client with PKCE and private_key_jwt", () => {
  const key = String(signing.privateKey.export({ format: "pem", type: "pkcs8" }));

  test.each(["https", "http"])("over %s: login, rotation, reuse and revocation", async (scheme) => {
    const discovered = gateway.ready.issuerTls ?? "";
    // The other listener is an issuer of its own.
    const issuer = scheme === "https" ? discovered : await httpIssuer();
    const { own, claims, user, isRotated, access, refusals } = await runClient(
      OPENID_CLIENT_LOGIN,
      [issuer, PETS, SIGNER, CALLBACK],
      key,
    );
    expect(decodeJwt(own)).toMatchObject({ iss: issuer, sub: `${SIGNER}@clients`, scope: "read:pets" });
    expect(claims).toMatchObject({ iss: issuer, sub: "auth0|alice", aud: SIGNER, email: "alice@example.com" });
    expect(user).toMatchObject({ name: "Alice", email: "alice@example.com" });
    expect(isRotated).toBe(true);
    expect(decodeJwt(access)).toMatchObject({ iss: issuer, azp: SIGNER });
    const invalid = (error_description: string) => ({ error: "invalid_grant", error_description, status: 403 });
    expect(refusals).toEqual({
      reused: invalid("Unknown or invalid refresh token."),
      killed: invalid("Unknown or invalid refresh token."),
      revoked: invalid("Unknown or invalid refresh token."),
      codeTwice: invalid("Invalid authorization code"),
    });
    const reasons = (await gateway.events()).flatMap((event) => ("reason" in event ? [event.reason] : []));
    expect(reasons).toContain("refresh_token_reused");
  });

  async function httpIssuer(): Promise<string> {
    const kept = JSON.parse(readFileSync(gateway.project.path(".gatewarden/issuer-tenant.json"), "utf8"));
    return (kept.issuerUrls as string[]).find((url) => url.startsWith("http:")) ?? "";
  }
});

describe("Auth0's management client", () => {
  test("sets a tenant up that is in its file, and there after a restart", async () => {
    const clients = JSON.parse((await gateway.run(["issuer", "app", "list", "--json"])).stdout).clients;
    const { client_id } = clients.find(({ name }: { name: string }) => name === "Gatewarden Management");
    const told = await runClient(AUTH0_MANAGEMENT, [domain(), client_id], await gateway.secretOf(client_id));
    expect(told.api).toMatchObject({ identifier: "https://toys.example", signing_alg: "RS256" });
    expect(told.grant).toMatchObject({ audience: "https://toys.example", scope: ["read:toys"] });
    expect(told.totals).toMatchObject({ start: 0, limit: 2, total: 3 });
    expect(told.names).toEqual(["Shopkeeper", "Visitor", "Seller"]);
    expect(told.sellers).toEqual(["carol@toys.example"]);
    expect(told.permissions).toMatchObject([
      { resource_server_identifier: "https://toys.example", permission_name: "sell:toys" },
    ]);
    expect(told.verdicts).toEqual({
      "old, before": "read:toys",
      "old, rotated": "read:toys",
      "new, rotated": "read:toys",
      "old, revoked": "ERR_JWKS_NO_MATCHING_KEY",
      "new, revoked": "read:toys",
    });
    expect([...told.keys].sort()).toEqual(["current", "next", "revoked"]);
    expect(told.revoked).toBe(401);
    expect(told.refused).toEqual({
      statusCode: 403,
      body: {
        statusCode: 403,
        error: "Forbidden",
        message: "Insufficient scope, expected any of: create:resource_servers",
        errorCode: "insufficient_scope",
      },
    });

    const file = readFileSync(gateway.project.path("tenant.yaml"), "utf8");
    for (const comment of SIGNING_TENANT.match(/#.*/g) ?? []) expect(file).toContain(comment);
    expect(file).toContain("https://toys.example");
    expect(file).toContain("carol@toys.example");
    expect(file).toContain("token_lifetime: 600");
    expect(file).not.toContain("Doomed");
    expect(file).not.toContain("Correct-horse-1");
    gateway.hide("Correct-horse-1");

    await gateway.expectNothingLeaked();
    await gateway.stop();
    await gateway.start();
    const { stdout } = await gateway.run(["issuer", "user", "list", "--json"]);
    expect(JSON.parse(stdout).users).toContainEqual(
      expect.objectContaining({ email: "carol@toys.example", roles: ["Seller"] }),
    );
    const token = await askForToken(gateway, {
      grant_type: "client_credentials",
      client_id: told.toyClient,
      client_secret: await gateway.secretOf(told.toyClient),
      audience: "https://toys.example",
    });
    expect(token).toMatchObject({ status: 200, scope: "read:toys" });
    expect(told.secrets).toContain(await gateway.secretOf(told.toyClient));
  });
});

import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePortPair } from "./support/free-port.ts";
import { until } from "./support/http.ts";
import { askForToken, call, type IssuerProject, makeIssuerProject } from "./support/issuer-project.ts";
import { customAuthorizer, mockMethod, openApi } from "./support/project.ts";

/*
 * An authorizer as people have written them for years, with jwks-rsa and jsonwebtoken, of whose environment only
 * JWKS_URI, AUDIENCE and TOKEN_ISSUER are set: it takes what the issuer gives a test application, and nothing else.
 */

const AUDIENCE = "https://walkthrough.example";

const HANDLER = fileURLToPath(new URL("./support/walkthrough-authorizer.ts", import.meta.url));

/** As it is uploaded: one file with its packages, of which jwks-rsa's could not be required on nodejs22.x. */
function bundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [HANDLER],
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

let gateway: IssuerProject;
let clientId: string;
let token: string;
beforeAll(async () => {
  const who = '{"who": "$context.authorizer.principalId", "scope": "$context.authorizer.scope"}';
  gateway = await makeIssuerProject({
    "index.cjs": bundle(),
    "api.json": openApi(
      { "/pets": { get: mockMethod(who, { security: [{ sample: [] }] }) } },
      { sample: customAuthorizer("sample", { authorizerResultTtlInSeconds: 0 }) },
    ),
  });
  gateway.project.write("gatewarden.yaml", {
    files: ["api.json"],
    functions: {
      sample: {
        handler: "index.handler",
        runtime: "nodejs22.x",
        env: {
          TOKEN_ISSUER: "${gatewarden.issuer}",
          JWKS_URI: "${gatewarden.issuer}.well-known/jwks.json",
          AUDIENCE,
        },
      },
    },
  });
  await gateway.start(["--issuer-port", String(await freePortPair())]);
  // The function's AUDIENCE has made the API; its scopes are the developer's to say.
  const create = ["issuer", "api", "create", AUDIENCE, "--name", "Walkthrough", "--scope", "read:pets", "--json"];
  const { code, stdout } = await gateway.run(create);
  expect(code).toBe(0);
  clientId = JSON.parse(stdout).client.client_id;
  const body = { client_id: clientId, client_secret: await gateway.secretOf(clientId), audience: AUDIENCE };
  token = await until("the new scope", async () => {
    const answer = await askForToken(gateway, { ...body, grant_type: "client_credentials" });
    return answer.scope === "read:pets" && answer.access_token;
  });
});
afterAll(() => gateway?.finish());

const get = (bearer?: string) => call(`${gateway.rest}/pets`, bearer);

test("the token of a test application opens the route, and the function's answer says whose it is", async () => {
  expect(await get(token)).toMatchObject({
    status: 200,
    body: `{"who": "${clientId}@clients", "scope": "read:pets"}`,
  });
});

test("context.fail is 401 for each token that jsonwebtoken refuses", async () => {
  expect(await get()).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
  for (const broken of ["--expired", "--wrong-aud", "--wrong-iss", "--bad-signature", "--no-kid", "--opaque"]) {
    const { stdout } = await gateway.run(["token", "--api", AUDIENCE, broken], { isSecret: true });
    expect([broken, await get(gateway.hide(stdout.trim()))]).toMatchObject([
      broken,
      { status: 401, body: '{"message":"Unauthorized"}' },
    ]);
  }
});

test("it picks a rotated key up, and knows a revoked one no more when it asks anew", async () => {
  const old = decodeHeader(token).kid;
  expect((await gateway.run(["issuer", "rotate-key"])).code).toBe(0);
  const fresh = await until("another key", async () => {
    const { stdout } = await gateway.run(["token", "--api", AUDIENCE, "--scope", "read:pets"], { isSecret: true });
    return decodeHeader(stdout.trim()).kid !== old && gateway.hide(stdout.trim());
  });
  expect(decodeJwt(fresh)).toMatchObject({ iss: gateway.issuer, aud: AUDIENCE });
  expect(await get(fresh)).toMatchObject({ status: 200 });
  expect(await get(token)).toMatchObject({ status: 200 });
  expect((await gateway.run(["issuer", "rotate-key", "--revoke", old])).code).toBe(0);
  await gateway.expectNothingLeaked();
  const port = new URL(gateway.issuer).port;
  await gateway.stop();
  await gateway.start(["--issuer-port", port]);
  expect(await get(fresh)).toMatchObject({ status: 200 });
  expect(await get(token)).toMatchObject({ status: 401 });
});

test("nothing keeps a token, though the function logs its whole event", async () => {
  await get(token);
  await until("the log", () => gateway.terminal().includes("authorizationToken"));
  await gateway.expectNothingLeaked();
});

function decodeHeader(jwt: string): { readonly kid: string } {
  return JSON.parse(Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString());
}

import { afterAll, beforeAll, expect, test } from "vitest";
import { type SampleIssuer, sampleApi, sampleClient, sampleIssuer, sampleUser } from "../fixtures/sample-issuer.ts";
import { SAMPLE_CHALLENGE, SAMPLE_VERIFIER } from "../fixtures/sample-login.ts";

let sample: SampleIssuer;
beforeAll(async () => {
  sample = await sampleIssuer({ apis: [sampleApi()], clients: [sampleClient()], users: [sampleUser()] });
});
afterAll(() => sample.close());

const authorize = `/authorize?${new URLSearchParams({
  response_type: "code",
  client_id: sampleClient().clientId,
  redirect_uri: "http://localhost:3000",
  audience: "https://pets.example",
  scope: "openid read:pets",
  code_challenge: SAMPLE_CHALLENGE,
  code_challenge_method: "S256",
})}`;

test("a login ends in tokens at the token endpoint", async () => {
  const started = await sample.ask("GET", authorize);
  const cookie = started.header("set-cookie")!.split(";")[0]!;
  const page = await sample.ask("GET", started.header("location")!, { headers: { Cookie: cookie } });
  const state = /name="state" value="([^"]+)"/.exec(page.text)![1]!;
  const body = new URLSearchParams({ state, user: "auth0|alice" });
  const loggedIn = await sample.ask("POST", "/u/login", { headers: { Cookie: cookie }, body });
  const code = new URL(loggedIn.header("location")!).searchParams.get("code")!;
  const exchange = { grant_type: "authorization_code", client_id: sampleClient().clientId, code };
  const tokens = await sample.ask("POST", "/oauth/token", {
    body: { ...exchange, redirect_uri: "http://localhost:3000", code_verifier: SAMPLE_VERIFIER },
  });
  expect(tokens.status).toBe(200);
  expect(tokens.json()).toMatchObject({ scope: "openid read:pets", token_type: "Bearer" });
});

test("every page and redirect says that this is a development issuer", async () => {
  for (const target of [authorize, "/authorize", "/u/login", "/u/consent", "/v2/logout", "/oidc/logout"]) {
    const answer = await sample.ask("GET", target);
    expect(answer.status).not.toBe(404);
    expect(answer.header("x-dev-issuer")).toBe("gatewarden");
    expect(answer.header("cache-control")).toBe("no-store");
  }
});

test.each([
  ["PUT", "/authorize"],
  ["GET", "/authorize/"],
  ["POST", "/v2/logout"],
  ["GET", "/u/"],
  ["GET", "//authorize"],
])("%s %s is not the login's", async (method, target) => {
  expect((await sample.ask(method, target)).status).toBe(404);
});

test("a page of a name that only resolves to this machine sees no login", async () => {
  expect((await sample.ask("GET", authorize, { headers: { Host: "evil.example" } })).status).toBe(403);
});

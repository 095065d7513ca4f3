import { decodeJwt } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ActionVerdict, CredentialsExchange } from "../actions/actions.ts";
import { NO_ACTIONS } from "../actions/no-actions.ts";
import { sampleApi, sampleClient } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";

const client = sampleClient({
  clientSecret: "m".repeat(64),
  tokenEndpointAuthMethod: "client_secret_basic",
  grantTypes: ["client_credentials"],
});
const grant = { id: "cgr_1", clientId: client.clientId, audience: "https://pets.example", scopes: ["read:pets"] };
let endpoint: SampleTokenEndpoint;
let action: (exchange: CredentialsExchange) => Promise<ActionVerdict>;

beforeEach(async () => {
  action = NO_ACTIONS.credentialsExchange;
  endpoint = await sampleTokenEndpoint(
    { clients: [client], clientGrants: [{ ...grant, subjectType: "client" }] },
    { actions: { ...NO_ACTIONS, credentialsExchange: (exchange) => action(exchange) } },
  );
});
afterEach(() => endpoint.close());

const ask = (parameters: object = {}) =>
  endpoint.token({
    grant_type: "client_credentials",
    client_id: client.clientId,
    client_secret: client.clientSecret,
    audience: "https://pets.example",
    ...parameters,
  });

test("an Action's claims and scopes are in the token; it sees no secret", async () => {
  const seen: CredentialsExchange[] = [];
  action = async (exchange) => {
    seen.push(exchange);
    return {
      ok: true,
      scopes: [],
      accessTokenClaims: { "https://ns/a": 1, sub: "x" },
      idTokenClaims: {},
      warnings: [],
    };
  };
  const { access_token, ...rest } = (await ask()).json();
  expect(rest).toEqual({ expires_in: 86_400, token_type: "Bearer" });
  expect(decodeJwt(access_token)).toMatchObject({ "https://ns/a": 1, sub: `${client.clientId}@clients` });
  expect(seen).toMatchObject([{ scopes: ["read:pets"], request: { hostname: "localhost", method: "POST" } }]);
  expect(JSON.stringify(seen[0]?.request)).not.toContain(client.clientSecret);
});

test("an Action's denial is answered with its code and text", async () => {
  action = async () => ({ ok: false, reason: "action_denied", error: "invalid_scope", description: "Ask for less" });
  expect(await ask()).toMatchObject({
    status: 400,
    text: '{"error":"invalid_scope","error_description":"Ask for less"}',
  });
  expect(endpoint.events).toMatchObject([{ kind: "refused", reason: "action_denied" }]);
});

test("an API whose policy for clients is deny_all gives no token, whatever was granted", async () => {
  expect((await ask()).status).toBe(200);
  endpoint.tenant = { ...endpoint.tenant, apis: [sampleApi({ clientPolicy: "deny_all" })] };
  expect((await ask()).status).toBe(403);
  expect(endpoint.events.at(-1)).toMatchObject({ reason: "client_access_denied" });
});

test("a grant for users is none for the client itself", async () => {
  endpoint.tenant = { ...endpoint.tenant, clientGrants: [{ ...grant, subjectType: "user" }] };
  expect((await ask()).status).toBe(403);
});

test("a public client gets no token for itself, whatever it lists and was granted", async () => {
  const spa = sampleClient({ grantTypes: ["authorization_code", "client_credentials"] });
  endpoint.tenant = { ...endpoint.tenant, clients: [spa] };
  const answer = await ask({ client_secret: undefined });
  expect([answer.status, answer.json()]).toEqual([
    403,
    {
      error: "unauthorized_client",
      error_description: "Grant type 'client_credentials' not allowed for the client.",
      error_uri: "https://auth0.com/docs/clients/client-grant-types",
    },
  ]);
  expect(endpoint.events).toMatchObject([{ reason: "grant_type_off" }]);
  endpoint.tenant = { ...endpoint.tenant, clients: [{ ...client, appType: "spa" }] };
  expect((await ask()).status).toBe(200); // It has a secret, and has shown it.
});

test("an empty audience and scope count as not sent", async () => {
  expect((await ask({ audience: "" })).json().error_description).toMatch(/^No audience parameter was provided/);
  endpoint.tenant = { ...endpoint.tenant, defaultAudience: "https://pets.example" };
  expect((await ask({ audience: "", scope: "" })).json()).toMatchObject({ scope: "read:pets", token_type: "Bearer" });
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: client.clientId,
    client_secret: client.clientSecret,
    audience: "",
    client_assertion: "",
    client_assertion_type: "",
  });
  expect((await endpoint.ask("POST", "/oauth/token", { body })).status).toBe(200);
  body.append("audience", "https://pets.example");
  expect((await endpoint.ask("POST", "/oauth/token", { body })).json().error_description).toBe(
    'The parameter "audience" is repeated',
  );
});

import { afterEach, describe, expect, test } from "vitest";
import { sampleApi, sampleClient, sampleTenant } from "./fixtures/sample-issuer.ts";
import { type SampleManagement, sampleManagement } from "./fixtures/sample-management.ts";
import type { IssuerEvent } from "./issuer-event.ts";
import { redactEvent, redactText, shortened, shownClientId } from "./redact-event.ts";
import type { Client } from "./tenant/tenant.ts";

const secret = "S3cretS3cretS3cretS3cret";
const known = sampleClient({ clientSecret: secret });
const tenant = sampleTenant({ clients: [known] });
const refused = (given: object): IssuerEvent =>
  redactEvent({ kind: "refused", endpoint: "GET /x", reason: "client_unknown", description: "d", ...given }, tenant);

test("a client_id is told in full only where the tenant has such a client", () => {
  expect(shownClientId(known.clientId, tenant)).toBe(known.clientId);
  expect(shownClientId(secret, tenant)).toBe("S3cretS3…");
  expect(shownClientId("short", tenant)).toBe("sh…");
  expect(shownClientId("", tenant)).toBe("…");
  expect(shortened(shortened(secret))).toBe("S3cretS3…");
});

test.each([
  ["http://localhost:3000/?code=abc&x=1#access_token=def", "http://localhost:3000/?code=…&x=1#access_token=…"],
  [`"https://app.example/cb?state=${"s".repeat(30)}" is`, '"https://app.example/cb?state=…" is'],
  [`https://pets.example/${"a1".repeat(20)}/`, "https://pets.example/a1a1a1a1…/"],
  ["urn:uuid:123e4567-e89b-12d3-a456-426614174000", "urn:uuid:123e4567-e89b-12d3-a456-426614174000"],
  [
    "Service not enabled within domain: https://pets.example/",
    "Service not enabled within domain: https://pets.example/",
  ],
])("in %j codes and whatever looks like a secret are cut", (text, told) => {
  expect(redactText(text)).toBe(told);
  expect(redactText(told)).toBe(told);
});

test("a secret of the tenant is cut wherever it stands, however deep and however short", () => {
  const event = refused({
    endpoint: `GET /api/v2/clients/${secret}`,
    description: `Service not found: ${secret}`,
    clientId: secret,
    audience: secret,
    actual: { aud: [secret, { [secret.length]: secret }], n: 1, none: null },
  });
  expect(JSON.stringify(event)).not.toContain(secret);
  expect(event).toMatchObject({ audience: "S3cretS3…", actual: { n: 1, none: null } });
  const warned = redactEvent({ kind: "warned", reason: "scope_dropped", message: `scope ${secret}` }, tenant);
  expect(warned).toMatchObject({ message: "scope S3cretS3…" });
});

test("what the tenant knows stays, however long it is", () => {
  const long = "application-".repeat(5);
  const clients = [sampleClient({ clientId: long })];
  const event = { kind: "refused", endpoint: "GET /x", reason: "client_unknown", clientId: long } as const;
  const description = `Client "${long}" is not authorized`;
  expect(redactEvent({ ...event, description }, sampleTenant({ clients }))).toEqual({ ...event, description });
});

describe("client_id and client_secret swapped", () => {
  let management: SampleManagement;
  afterEach(() => management.close());
  const web = sampleClient({ tokenEndpointAuthMethod: "client_secret_post", clientSecret: "w".repeat(64) });
  const short: Client = {
    ...web,
    grantTypes: ["client_credentials"],
    clientId: "short",
    clientSecret: "ashort-secret-1!",
  };
  const swapped = { client_id: web.clientSecret, client_secret: web.clientId };
  const form = { grant_type: "client_credentials", ...swapped };
  const secretOf = ({ clientId, clientSecret }: Client) => ({ client_id: clientId, client_secret: clientSecret });
  const basic = `Basic ${Buffer.from(`${web.clientSecret}:${web.clientId}`).toString("base64")}`;
  const query = (parameters: Record<string, string>) => String(new URLSearchParams(parameters));

  test.each([
    ["POST", "/oauth/token", { body: form }],
    ["POST", "/oauth/token", { body: { grant_type: "client_credentials" }, headers: { Authorization: basic } }],
    ["POST", "/oauth/token", { body: { ...form, audience: web.clientSecret, client_id: web.clientId } }],
    ["POST", "/oauth/token", { body: { ...form, ...secretOf(short), audience: short.clientSecret } }],
    ["POST", "/oauth/revoke", { body: { ...swapped, token: "x" } }],
    ["GET", `/authorize?${query({ client_id: web.clientSecret, response_type: "code" })}`, {}],
    ["GET", `/v2/logout?${query({ client_id: web.clientSecret })}`, {}],
    ["GET", `/oidc/logout?${query({ id_token_hint: "a.b.c", client_id: web.clientSecret })}`, {}],
    ["GET", `/${web.clientSecret}`, {}],
    ["GET", `//${web.clientSecret}`, {}],
    ["GET", `/api/v2/clients/${web.clientSecret}`, {}],
    ["GET", "/authorize", { headers: { Host: web.clientSecret } }],
  ])("%s %s leave the secret neither in an event nor in the log", async (method, target, sent) => {
    management = await sampleManagement("memory", { tenant: { apis: [sampleApi()], clients: [web, short] } });
    await management.sample.ask(method, target, sent);
    const logs = await management.call("GET", "logs");
    expect(logs.status).toBe(200);
    for (const told of [JSON.stringify(management.sample.events), logs.text]) {
      expect(told).not.toContain(web.clientSecret);
      expect(told).not.toContain(web.clientSecret.slice(0, 20));
      expect(told).not.toContain(short.clientSecret);
    }
  });
});

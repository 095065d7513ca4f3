import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleClient } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";
import type { TokenEndpointAuthMethod } from "../tenant/tenant.ts";

const SECRET = "a:secret/with+all=%s&é";
const METHODS = ["none", "client_secret_post", "client_secret_basic", "private_key_jwt"] as const;
let endpoint: SampleTokenEndpoint;

beforeAll(async () => {
  endpoint = await sampleTokenEndpoint({
    clients: METHODS.map((tokenEndpointAuthMethod) =>
      sampleClient({ clientId: tokenEndpointAuthMethod, clientSecret: SECRET, tokenEndpointAuthMethod }),
    ),
  });
});
afterAll(() => endpoint.close());

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
const encoded = encodeURIComponent;

/** 403 is the refusal of the code, so the client was taken; 401 is the client's own. */
async function statusOf(parameters: object, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const sent = { grant_type: "authorization_code", code: "x", ...parameters };
  return (await endpoint.token(sent, headers)).status;
}

describe.each<[TokenEndpointAuthMethod, { readonly none: number; readonly secret: number }]>([
  ["none", { none: 403, secret: 401 }],
  ["client_secret_post", { none: 401, secret: 403 }],
  ["client_secret_basic", { none: 401, secret: 403 }],
  ["private_key_jwt", { none: 401, secret: 401 }],
])("a client of method %s", (client_id, expected) => {
  test("sends the proof of that method, and a secret in the body or the header alike", async () => {
    expect(await statusOf({ client_id })).toBe(expected.none);
    expect(await statusOf({ client_id, client_secret: "" })).toBe(expected.none);
    expect(await statusOf({ client_id, client_secret: SECRET })).toBe(expected.secret);
    expect(await statusOf({}, { Authorization: basic(client_id, SECRET) })).toBe(expected.secret);
    expect(await statusOf({}, { Authorization: basic(encoded(client_id), encoded(SECRET)) })).toBe(expected.secret);
    expect(await statusOf({ client_id }, { authorization: basic(client_id, SECRET) })).toBe(expected.secret);
  });

  test("is refused with a wrong one", async () => {
    expect(await statusOf({ client_id, client_secret: `${SECRET}x` })).toBe(401);
    expect(await statusOf({}, { Authorization: basic(client_id, "") })).toBe(401);
    const assertion = {
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "a.b.c",
    };
    expect(await statusOf({ client_id, ...assertion })).toBe(401);
  });
});

test("a client that is named nowhere, or by a name that objects have, is unknown", async () => {
  for (const parameters of [{}, { client_id: "" }, { client_id: "__proto__" }, { client_id: "constructor" }]) {
    expect(await statusOf(parameters)).toBe(401);
  }
});

describe("more than one way at once is malformed", () => {
  const post = { client_id: "client_secret_post" };
  const jwt = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "x",
  };
  test.each<[string, object, Readonly<Record<string, string>>, string]>([
    [
      "header and body",
      { ...post, client_secret: SECRET },
      { authorization: basic(post.client_id, SECRET) },
      "Client credentials are in the header and in the body",
    ],
    [
      "header and assertion",
      jwt,
      { authorization: basic(post.client_id, SECRET) },
      "Client credentials are in the header and in the body",
    ],
    [
      "secret and assertion",
      { ...post, client_secret: SECRET, ...jwt },
      {},
      "There are a client_secret and a client_assertion",
    ],
    [
      "an assertion of no type",
      { ...post, client_assertion: "x" },
      {},
      "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ],
    [
      "an assertion of a foreign type",
      { ...post, ...jwt, client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" },
      {},
      "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ],
    [
      "a type without assertion",
      { ...jwt, client_assertion: undefined },
      {},
      "Missing required parameter: client_assertion",
    ],
  ])("%s", async (_, parameters, headers, error_description) => {
    const answer = await endpoint.token({ grant_type: "authorization_code", code: "x", ...parameters }, headers);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ error: "invalid_request", error_description });
  });
});

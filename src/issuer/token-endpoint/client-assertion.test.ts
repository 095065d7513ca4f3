import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signJwt } from "../../token/sign-jwt.ts";
import { SAMPLE_NOW_SECONDS as now, SAMPLE_ISSUER_URL, sampleClient } from "../fixtures/sample-issuer.ts";
import { type SampleTokenEndpoint, sampleTokenEndpoint } from "../fixtures/sample-token-endpoint.ts";
import type { Client } from "../tenant/tenant.ts";
import {
  ASSERTION_CLOCK_SKEW_SECONDS,
  createUsedAssertions,
  MAX_ASSERTION_LIFETIME_SECONDS,
  MAX_JTI_CHARS,
  MAX_USED_ASSERTIONS,
} from "./client-assertion.ts";

const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const clientId = sampleClient().clientId;
let rsa: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
let other: typeof rsa;
let client: Client;
let endpoint: SampleTokenEndpoint;

const jwkOf = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: "jwk" }), ...more });
beforeAll(() => {
  rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  other = generateKeyPairSync("rsa", { modulusLength: 2048 });
});
beforeEach(async () => {
  client = sampleClient({
    tokenEndpointAuthMethod: "private_key_jwt",
    grantTypes: ["client_credentials"],
    publicKeys: [jwkOf(rsa.publicKey, { kid: "k1" })],
  });
  endpoint = await sampleTokenEndpoint({
    clients: [client],
    clientGrants: [
      { id: "cgr_1", clientId, audience: "https://pets.example", scopes: ["read:pets"], subjectType: "client" },
    ],
  });
});
afterEach(() => endpoint.close());

const claims = (more: object = {}) => ({
  iss: clientId,
  sub: clientId,
  aud: SAMPLE_ISSUER_URL,
  exp: now + 60,
  jti: randomUUID(),
  ...more,
});
const signed = (more: object = {}, options: object = {}) =>
  signJwt(claims(more), { algorithm: "RS256", privateKey: rsa.privateKey, kid: "k1", ...options });
const ask = (client_assertion: string, parameters: object = {}) =>
  endpoint.token({
    grant_type: "client_credentials",
    audience: "https://pets.example",
    client_assertion_type: TYPE,
    client_assertion,
    ...parameters,
  });

async function expectRefused(assertion: string, because: unknown): Promise<void> {
  const answer = await ask(assertion);
  expect(answer).toMatchObject({
    status: 401,
    text: '{"error":"access_denied","error_description":"Unauthorized"}',
  });
  const event = endpoint.events.at(-1) as { reason: string; actual: unknown };
  expect(event.reason).toBe("client_assertion_refused");
  expect((event.actual as { because?: string }).because ?? event.actual).toBe(because);
  expect(JSON.stringify(event)).not.toContain(assertion.split(".")[2] || "-");
}

describe("an assertion proves the client", () => {
  test("with and without client_id beside it", async () => {
    expect((await ask(signed())).status).toBe(200);
    expect((await ask(signed(), { client_id: clientId })).status).toBe(200);
  });

  test.each(["RS256", "RS384", "PS256"])("signed with %s", async (algorithm) => {
    expect((await ask(signed({}, { algorithm }))).status).toBe(200);
  });

  test.each([
    SAMPLE_ISSUER_URL,
    SAMPLE_ISSUER_URL.slice(0, -1),
    `${SAMPLE_ISSUER_URL}oauth/token`,
    [SAMPLE_ISSUER_URL],
  ])("for the audience %j", async (aud) => {
    expect((await ask(signed({ aud }))).status).toBe(200);
  });

  test("by any of its keys, named or not", async () => {
    const publicKeys = [jwkOf(other.publicKey, { kid: "k0" }), jwkOf(rsa.publicKey)];
    endpoint.tenant = { ...endpoint.tenant, clients: [{ ...client, publicKeys }] };
    for (const kid of [undefined, "made by somebody else"]) {
      expect((await ask(signed({}, { kid }))).status).toBe(200);
    }
    expect((await ask(signed({}, { kid: "k0" }))).status).toBe(401);
  });

  test("within the tolerance of its clock, and up to the longest lifetime", async () => {
    const ahead = now + ASSERTION_CLOCK_SKEW_SECONDS;
    expect((await ask(signed({ iat: ahead, nbf: ahead }))).status).toBe(200);
    expect((await ask(signed({ exp: now + MAX_ASSERTION_LIFETIME_SECONDS }))).status).toBe(200);
  });
});

describe("an assertion is refused", () => {
  test("the second time", async () => {
    const assertion = signed();
    expect((await ask(assertion)).status).toBe(200);
    await expectRefused(assertion, "assertion_reused");
  });

  test.each<[string, object, string]>([
    ["for another audience", { aud: "https://other/" }, "audience_mismatch"],
    ["for userinfo", { aud: `${SAMPLE_ISSUER_URL}userinfo` }, "audience_mismatch"],
    ["for none", { aud: undefined }, "audience_missing"],
    ["of another issuer", { iss: "other" }, "issuer_mismatch"],
    ["without exp", { exp: undefined }, "claim_missing"],
    ["with exp now", { exp: now }, "token_expired"],
    ["with exp in the past, tolerance or not", { exp: now - 1 }, "token_expired"],
    ["with exp too far away", { exp: now + MAX_ASSERTION_LIFETIME_SECONDS + 1 }, "lifetime_too_long"],
    ["not valid yet", { nbf: now + ASSERTION_CLOCK_SKEW_SECONDS + 1 }, "token_not_yet_valid"],
    ["issued in the future", { iat: now + ASSERTION_CLOCK_SKEW_SECONDS + 1 }, "issued_in_future"],
    ["without jti", { jti: undefined }, "jti_malformed"],
    ["with a jti that is no string", { jti: 1 }, "jti_malformed"],
    ["with a jti that is too long", { jti: "j".repeat(MAX_JTI_CHARS + 1) }, "jti_malformed"],
  ])("%s", async (_, more, because) => {
    await expectRefused(signed(more), because);
  });

  test("signed by another key", async () => {
    await expectRefused(signed({}, { privateKey: other.privateKey }), "bad_signature");
  });

  test("with alg none", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    await expectRefused(`${part({ alg: "none" })}.${part(claims())}.`, "algorithm_not_allowed");
  });

  test("with HS256 and the public key for its secret, in every form", async () => {
    const { publicKey } = rsa;
    const [head, payload] = [{ alg: "HS256", kid: "k1" }, claims()].map((value) =>
      Buffer.from(JSON.stringify(value)).toString("base64url"),
    );
    for (const secret of [
      publicKey.export({ type: "spki", format: "pem" }),
      publicKey.export({ type: "spki", format: "der" }),
      JSON.stringify(jwkOf(publicKey)),
    ]) {
      const mac = createHmac("sha256", secret).update(`${head}.${payload}`).digest("base64url");
      await expectRefused(`${head}.${payload}.${mac}`, "algorithm_not_allowed");
    }
  });

  test("with an algorithm that Auth0 does not take, or that its key is not for", async () => {
    await expectRefused(signed({}, { algorithm: "RS512" }), "algorithm_not_allowed");
    const publicKeys = [jwkOf(rsa.publicKey, { alg: "RS256" })];
    endpoint.tenant = { ...endpoint.tenant, clients: [{ ...client, publicKeys }] };
    await expectRefused(signed({}, { algorithm: "PS256" }), "bad_signature");
  });

  test("that brings its own key, or an extension", async () => {
    const own = { jwk: jwkOf(other.publicKey), jku: "http://localhost/keys" };
    await expectRefused(signed({}, { privateKey: other.privateKey, header: own }), "bad_signature");
    await expectRefused(signed({}, { header: { crit: ["exp"] } }), "crit_unsupported");
  });

  test("whose client has no keys, or unusable ones", async () => {
    const weak = createPrivateKey(
      generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" }),
    );
    for (const publicKeys of [[], [{}], [jwkOf(weak)]]) {
      endpoint.tenant = { ...endpoint.tenant, clients: [{ ...client, publicKeys }] };
      await expectRefused(signed({}, { privateKey: publicKeys.length ? rsa.privateKey : weak }), "bad_signature");
    }
  });

  test("that names no subject, though the request names the client", async () => {
    const answer = await ask(signed({ sub: undefined }), { client_id: clientId });
    expect(answer.status).toBe(401);
    expect(endpoint.events.at(-1)).toMatchObject({ actual: { because: "subject_mismatch" } });
  });

  test("however good, of a client that is to prove itself by another method", async () => {
    for (const tokenEndpointAuthMethod of ["client_secret_post", "client_secret_basic", "none"] as const) {
      endpoint.tenant = { ...endpoint.tenant, clients: [{ ...client, tokenEndpointAuthMethod }] };
      expect((await ask(signed())).status).toBe(401);
    }
  });

  test("that is for another client than it says, as malformed", async () => {
    const answer = await ask(signed(), { client_id: "other" });
    expect(answer.json().error_description).toBe("The client_id and the client_assertion name different clients");
  });

  test("that is no JWT, of no known client, or too long to look at", async () => {
    for (const assertion of ["x", "a.b.c", `${"a".repeat(20_000)}.b.c`, signed({ sub: "unknown", iss: "unknown" })]) {
      expect((await ask(assertion)).status).toBe(401);
    }
    expect((await ask("x", { client_id: clientId })).status).toBe(401);
  });
});

describe("used assertions", () => {
  test("are forgotten when they end, and when too many are remembered no more are taken", () => {
    let nowMs = 0;
    const used = createUsedAssertions({ clock: () => nowMs });
    for (let count = 0; count < MAX_USED_ASSERTIONS; count++) expect(used.use("c", `${count}`, 60)).toBe(true);
    expect(used.use("c", "one more", 60)).toBe(false);
    nowMs = 60_000;
    expect(used.use("c", "one more", 120)).toBe(true);
    expect(used.use("c", "0", 120)).toBe(true);
  });

  test("of one client are not another's", () => {
    const used = createUsedAssertions({ clock: () => 0 });
    expect(used.use("a", "1", 60)).toBe(true);
    expect(used.use("b", "1", 60)).toBe(true);
    expect(used.use("a", "1", 60)).toBe(false);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import {
  AUDIENCE,
  httpRefusalOf,
  ISSUER,
  NOW_MS,
  sampleIssuer,
  sampleRequest,
} from "../../../test/http-api-samples.ts";
import { generateSigningKey, type SigningKey } from "../../token/generate-signing-key.ts";
import { type SignOptions, signJwt } from "../../token/sign-jwt.ts";
import { MAX_REMEMBERED_TOKENS } from "../authorizers/remembered-tokens.ts";
import { Trace } from "../trace.ts";
import { authorizeWithJwt, compileJwtAuthorizer, type JwtAuthorizer } from "./jwt-authorizer.ts";
import type { Caller } from "./request.ts";

const nowSeconds = NOW_MS / 1000;
let issuer: Awaited<ReturnType<typeof sampleIssuer>>;
let otherKey: SigningKey;
beforeAll(async () => {
  issuer = await sampleIssuer();
  otherKey = await generateSigningKey({ kid: "kid:k1" });
});

function compiled(given: { identitySource?: readonly string[]; audience?: readonly string[] } = {}): JwtAuthorizer {
  const verdict = compileJwtAuthorizer({
    authorizerId: "a1",
    name: "auth0",
    authorizerType: "JWT",
    identitySource: given.identitySource ?? ["$request.header.Authorization"],
    jwtConfiguration: { issuer: ISSUER, audience: given.audience ?? [AUDIENCE] },
    enableSimpleResponses: false,
    at: { file: "api.yaml", line: 3, column: 1 },
  });
  if (!verdict.ok) throw new Error(verdict.finding.message);
  return verdict.authorizer;
}

function token(claims: object = {}, options: Partial<SignOptions> = {}): string {
  const all = { iss: ISSUER, aud: AUDIENCE, sub: "ann", iat: nowSeconds - 10, exp: nowSeconds + 600, ...claims };
  return signJwt(all, { algorithm: "RS256", privateKey: issuer.key.privateKey, kid: "k1", ...options });
}

interface Asked {
  readonly sent?: string;
  readonly scopes?: readonly string[];
  readonly authorizer?: JwtAuthorizer;
  readonly query?: string;
  readonly keys?: typeof issuer;
}

function asked({ sent, scopes = [], authorizer = compiled(), query = "", keys = issuer }: Asked) {
  const trace = new Trace(() => 0);
  const request = sampleRequest({ query, headers: sent === undefined ? [] : ["Authorization", sent] });
  const ports = { issuerKeys: keys.issuerKeys, now: () => keys.clock.nowMs };
  return { run: () => authorizeWithJwt(authorizer, scopes, request, ports, trace), trace };
}
const answered = async (given: Asked): Promise<Caller> => asked(given).run();

/** Until it is remembered: the keys are fetched, the token is seen once, then twice. */
async function remember(given: Asked): Promise<void> {
  for (let time = 0; time < 3; time++) await answered(given);
}

/** Status, challenge, log text and reason of a refusal: all that a client and a log see. */
async function refused(given: Asked) {
  const { status, text, wire, evidence } = await httpRefusalOf(asked(given).run);
  return { status, text, challenge: wire.challenge, logged: wire.authorizerError, reason: evidence.reason };
}

describe("a good token", () => {
  test.each([
    ["as it is", (value: string) => value],
    ["with Bearer", (value: string) => `Bearer ${value}`],
    ["with bearer and several blanks", (value: string) => `bearer   ${value}`],
  ])("is taken %s; claims are strings, scopes null on a route without scopes (R)", async (_, send) => {
    const { jwt } = await answered({ sent: send(token({ scope: "read:pets", n: 9999999999 })) });
    expect(jwt?.scopes).toBeNull();
    expect(jwt?.claims).toEqual({
      aud: AUDIENCE,
      exp: String(nowSeconds + 600),
      iat: String(nowSeconds - 10),
      iss: ISSUER,
      n: "9999999999",
      scope: "read:pets",
      sub: "ann",
    });
  });

  test("is found in the query where the identity source says so, and nowhere else", async () => {
    const authorizer = compiled({ identitySource: ["$request.querystring.access_token"] });
    expect(await answered({ authorizer, query: `access_token=${token()}` })).toMatchObject({ jwt: { scopes: null } });
    expect(await refused({ authorizer, sent: token() })).toMatchObject({ reason: "jwt_missing", challenge: "Bearer" });
  });

  test("any one of the route's scopes will do, from scope or else scp; all of the token's are handed on (R)", async () => {
    const scopes = ["write:pets", "read:pets"];
    expect(await answered({ sent: token({ scope: "openid read:pets" }), scopes })).toMatchObject({
      jwt: { scopes: ["openid", "read:pets"] },
    });
    expect(await answered({ sent: token({ scp: ["read:pets"] }), scopes })).toMatchObject({
      jwt: { scopes: ["read:pets"] },
    });
  });

  test("client_id is looked at only where aud is absent (D)", async () => {
    expect(await answered({ sent: token({ aud: undefined, client_id: AUDIENCE }) })).toBeDefined();
    expect(await refused({ sent: token({ aud: "https://other", client_id: AUDIENCE }) })).toMatchObject({
      reason: "audience_mismatch",
    });
  });

  test("seen before needs no promise, and its record says who called", async () => {
    const sent = token({ jti: "again" });
    await answered({ sent });
    const { run, trace } = asked({ sent });
    expect(run()).not.toBeInstanceOf(Promise);
    expect(trace.authorization).toMatchObject({
      type: "JWT",
      authorizerId: "a1",
      authorizerName: "auth0",
      decision: "allow",
      token: { kid: "k1", claims: { sub: "ann" } },
    });
    expect(JSON.stringify(trace.authorization)).not.toContain(sent.split(".")[2]);
  });
});

describe("a refused token", () => {
  const bare = { status: 401, text: "Unauthorized", challenge: "Bearer", logged: "missing: token not provided" };
  test.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["Bearer alone", "Bearer"],
    ["Bearer and a blank", "Bearer "],
  ])("%s: the bare challenge (R)", async (_, sent) => {
    expect(await refused({ ...(sent !== undefined && { sent }), scopes: ["a"] })).toEqual({
      ...bare,
      reason: "jwt_missing",
    });
  });

  const cases: readonly (readonly [string, string, () => string])[] = [
    ["an opaque token (R)", "token contains an invalid number of segments", () => "opaque"],
    ["Basic credentials", "token contains an invalid number of segments", () => "Basic dXNlcjpwYXNz"],
    ["Bearer twice", "tokenstring should not contain 'bearer '", () => `bearer ${token()}`],
    ["an expired token (R)", "the token has expired", () => token({ exp: nowSeconds - 1 })],
    ["a token without exp", "the token has expired", () => token({ exp: undefined })],
    ["one for later", "the token is not valid yet", () => token({ nbf: nowSeconds + 60 })],
    ["one of the future", "the token was issued in the future", () => token({ iat: nowSeconds + 60 })],
    ["another audience (R)", "the token does not have a valid audience", () => token({ aud: "https://other" })],
    ["no audience", "the token does not have a valid audience", () => token({ aud: undefined })],
    [
      "an issuer without its slash",
      "the issuer of the token does not match the configured issuer",
      () => token({ iss: ISSUER.slice(0, -1) }),
    ],
    ["another's signature", "crypto/rsa: verification error", () => token({}, { privateKey: otherKey.privateKey })],
    [
      "no kid",
      "unable to find a key for the token",
      () => signJwt({ iss: ISSUER }, { algorithm: "RS256", privateKey: issuer.key.privateKey }),
    ],
    [
      "alg none",
      "signing method none is invalid",
      () =>
        `${token({}, { header: { alg: "none" } })
          .split(".")
          .slice(0, 2)
          .join(".")}.`,
    ],
    [
      "HS256",
      "signing method HS256 is invalid",
      () => token({}, { algorithm: "HS256", privateKey: Buffer.from("secret") }),
    ],
    ["PS256", "signing method PS256 is invalid", () => token({}, { algorithm: "PS256" })],
    [
      "an alg that would end the quoted text",
      "signing method x is invalid",
      () => token({}, { header: { alg: 'x"' } }),
    ],
  ];
  test.each(cases)("%s: %s", async (_, description, make) => {
    expect(await refused({ sent: `Bearer ${make()}` })).toMatchObject({
      status: 401,
      text: "Unauthorized",
      challenge: `Bearer scope="" error="invalid_token" error_description="${description}"`,
      logged: `invalid_token: ${description}`,
    });
  });

  test("ES256, as captured (R)", async () => {
    const key = await generateSigningKey({ kid: "kid:k1", algorithm: "ES256" });
    const sent = token({}, { algorithm: "ES256", privateKey: key.privateKey });
    expect(await refused({ sent })).toMatchObject({
      challenge: 'Bearer scope="" error="invalid_token" error_description="signing method ES256 is invalid"',
    });
  });

  test("the challenge names the scopes of the route, and not enough of them is 403", async () => {
    const scopes = ["write:pets", "admin"];
    expect(await refused({ sent: token({ exp: 1 }), scopes })).toMatchObject({
      challenge: 'Bearer scope="write:pets admin" error="invalid_token" error_description="the token has expired"',
    });
    expect(await refused({ sent: token({ scope: "read:pets", permissions: ["admin"] }), scopes })).toEqual({
      status: 403,
      text: "Forbidden",
      challenge:
        'Bearer scope="write:pets admin" error="insufficient_scope" error_description="the token does not have the required scopes"',
      logged: "insufficient_scope: the token does not have the required scopes",
      reason: "scope_insufficient",
    });
  });

  test("sent in two headers is none of them", async () => {
    const trace = new Trace(() => 0);
    const request = sampleRequest({ headers: ["Authorization", token(), "Authorization", token()] });
    const ports = { issuerKeys: issuer.issuerKeys, now: () => NOW_MS };
    const refusal = await httpRefusalOf(() => authorizeWithJwt(compiled(), [], request, ports, trace));
    expect(refusal.status).toBe(401);
  });
});

describe("what was good once", () => {
  test("is not good after its end, for another authorizer, or for a route with scopes", async () => {
    const keys = await sampleIssuer({ keys: [issuer.key] });
    const sent = token({ jti: "once" });
    await remember({ sent, keys });
    expect(await refused({ sent, keys, authorizer: compiled({ audience: ["https://other"] }) })).toMatchObject({
      reason: "audience_mismatch",
    });
    expect(await refused({ sent, keys, scopes: ["read:pets"] })).toMatchObject({ status: 403 });
    keys.clock.nowMs += 601_000;
    expect(await refused({ sent, keys })).toMatchObject({ reason: "token_expired" });
  });

  test("is verified again once the issuer's keys are others, even under the same kid", async () => {
    const first = await sampleIssuer({ keys: [issuer.key] });
    const sent = token({ jti: "rotated" });
    await remember({ sent, keys: first });
    const second = await sampleIssuer({ keys: [otherKey] });
    await second.issuerKeys.of(ISSUER).get();
    expect(await refused({ sent, keys: second })).toMatchObject({ reason: "bad_signature" });
  });

  test("a token with the same end as a good one is looked at for itself", async () => {
    const sent = token({ jti: "tail" });
    await remember({ sent });
    const [header, , signature] = sent.split(".");
    const payload = Buffer.from(JSON.stringify({ iss: ISSUER, aud: AUDIENCE, sub: "eve", exp: nowSeconds + 600 }));
    const forged = `${header}.${payload.toString("base64url")}.${signature}`;
    expect(await refused({ sent: forged })).toMatchObject({ reason: "bad_signature" });
  });

  test("more tokens than are remembered are answered all the same", async () => {
    const keys = await sampleIssuer({ keys: [issuer.key] });
    const first = token({ jti: "first" });
    await remember({ sent: first, keys });
    for (let at = 0; at < 3; at++) await answered({ sent: token({ jti: `more ${at}` }), keys });
    expect(MAX_REMEMBERED_TOKENS).toBeGreaterThan(100);
    expect(await answered({ sent: first, keys })).toMatchObject({ jwt: { claims: { jti: "first" } } });
  });
});

describe("the issuer", () => {
  test.each([
    [
      "names itself otherwise (R)",
      { issuer: ISSUER.slice(0, -1), jwks_uri: `${ISSUER}keys` },
      "the issuer in the OIDC discovery endpoint metadata does not match the configured issuer",
    ],
    ["answers no JSON", "<html>", "OIDC discovery endpoint communication error"],
    ["names no keys", { issuer: ISSUER }, "OIDC discovery endpoint communication error"],
  ])("that %s: 401 that says so", async (_, discovery, description) => {
    const keys = await sampleIssuer({ keys: [issuer.key], discovery });
    expect(await refused({ sent: token(), keys })).toMatchObject({
      status: 401,
      challenge: `Bearer scope="" error="invalid_token" error_description="${description}"`,
    });
  });

  test("is asked once for many waiters, and for unknown kids once a minute however many come", async () => {
    const keys = await sampleIssuer({ keys: [issuer.key] });
    await Promise.all(Array.from({ length: 20 }, () => answered({ sent: token(), keys })));
    expect(keys.fetched).toEqual([`${ISSUER}.well-known/openid-configuration`, `${ISSUER}keys.json`]);
    for (let at = 0; at < 100; at++) await refused({ sent: token({}, { kid: `unknown ${at}` }), keys });
    expect(keys.fetched).toHaveLength(4);
    keys.clock.nowMs += 61_000;
    for (let at = 0; at < 100; at++) await refused({ sent: token({}, { kid: `unknown ${at}` }), keys });
    expect(keys.fetched).toHaveLength(6);
    expect(await answered({ sent: token({ exp: nowSeconds + 6000 }), keys })).toBeDefined();
  });
});

test.each([
  [{ identitySource: [] }, "exactly one"],
  [{ identitySource: ["$request.header.A", "$request.header.B"] }, "exactly one"],
  [{ identitySource: ["method.request.header.Authorization"] }, "exactly one"],
  [{ identitySource: ["$context.routeKey"] }, "exactly one"],
  [{ audience: [] }, "no audience"],
])("an authorizer with %j is not compiled: %s", (given, said) => {
  expect(() => compiled(given)).toThrow(said);
});

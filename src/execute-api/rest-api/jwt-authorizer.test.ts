import { beforeAll, describe, expect, test } from "vitest";
import {
  compiled,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import { parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import type { JwtIssuer } from "../../model/rest-api.ts";
import { generateSigningKey, type SigningKey } from "../../token/generate-signing-key.ts";
import type { HttpGet } from "../../token/http-get.ts";
import { type SignOptions, signJwt } from "../../token/sign-jwt.ts";
import { createIssuerKeys, type IssuerKeys } from "../authorizers/issuer-keys.ts";
import { Trace } from "../trace.ts";
import { authorize } from "./authorize.ts";
import { renderGatewayResponse } from "./gateway-response.ts";
import { compileJwtAuthorizer, type JwtAuthorizer } from "./jwt-authorizer.ts";
import type { RestApiRefusal } from "./refusal.ts";
import type { Caller } from "./request.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 1, 2, 3);
const nowSeconds = NOW_MS / 1000;
const AUTH0 = "https://tenant.eu.auth0.com/";
const COGNITO = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
const PETS = "https://pets";
const MOCK = compiled({ type: "MOCK" });

let auth0Key: SigningKey;
let cognitoKey: SigningKey;
let ecKey: SigningKey;
let shared: Issuers;
beforeAll(async () => {
  [auth0Key, cognitoKey, ecKey] = await Promise.all([
    generateSigningKey({ kid: "kid:k1" }),
    generateSigningKey({ kid: "kid:k1" }),
    generateSigningKey({ kid: "kid:ec", algorithm: "ES256" }),
  ]);
  shared = issuers();
});

interface Issuers {
  readonly issuerKeys: IssuerKeys;
  readonly fetched: string[];
  readonly clock: { nowMs: number };
  /** What each publishes; may change. */
  readonly published: Map<string, readonly SigningKey[] | string>;
}

/** Two issuers without a network, whose keys have the same kid. */
function issuers(given: Readonly<Record<string, readonly SigningKey[] | string>> = {}): Issuers {
  // Keys without `alg` are good for every algorithm of their type.
  const published = new Map<string, readonly SigningKey[] | string>(
    Object.entries({ [AUTH0]: [auth0Key, ecKey], [COGNITO]: [cognitoKey], ...given }),
  );
  const fetched: string[] = [];
  const clock = { nowMs: NOW_MS };
  const get: HttpGet = async (url) => {
    fetched.push(url.href);
    for (const [issuer, keys] of published) {
      if (!url.href.startsWith(issuer)) continue;
      if (typeof keys === "string") return { ok: true, body: keys };
      if (!url.pathname.endsWith("/openid-configuration")) {
        const jwks = keys.map(({ publicJwk: { alg, ...jwk } }) => (alg === "ES256" ? { ...jwk, alg } : jwk));
        return { ok: true, body: JSON.stringify({ keys: jwks }) };
      }
      const jwks_uri = `${issuer}${issuer.endsWith("/") ? "" : "/"}jwks.json`;
      return { ok: true, body: JSON.stringify({ issuer, jwks_uri }) };
    }
    return { ok: false, problem: "connection", detail: "ECONNREFUSED" };
  };
  const issuerKeys = createIssuerKeys({
    allowLoopbackHttp: false,
    refusePrivateAddresses: false,
    localIssuers: new Map(),
    get,
    nowMs: () => clock.nowMs,
  });
  return { issuerKeys, fetched, clock, published };
}

function trusting(given: readonly Partial<JwtIssuer>[] = [{}], header = "Authorization"): JwtAuthorizer {
  const authorizer = compileJwtAuthorizer({
    id: "a1",
    name: "jwt",
    type: "JWT",
    identitySource: `method.request.header.${header}`,
    providerARNs: [],
    jwtConfiguration: {
      issuers: given.map((each) => ({ issuer: AUTH0, audience: [PETS], requiredClaims: [], ...each })),
    },
    at: { file: "api.yaml", line: 3, column: 1 },
  });
  if ("rule" in authorizer) throw new Error(authorizer.message);
  return authorizer;
}

function token(claims: object = {}, options: Partial<SignOptions> = {}): string {
  const all = { iss: AUTH0, aud: PETS, sub: "ann", iat: nowSeconds - 10, exp: nowSeconds + 600, ...claims };
  return signJwt(all, { algorithm: "RS256", privateKey: auth0Key.privateKey, kid: "k1", ...options });
}

interface Asked {
  readonly sent?: string | readonly string[];
  readonly header?: string;
  readonly scopes?: readonly string[];
  readonly authorizer?: JwtAuthorizer;
  readonly world?: Issuers;
  readonly resourcePolicy?: Policy;
}

/** Through `authorize`, as a request takes it. */
function asked({ sent, header = "Authorization", scopes = [], authorizer, world = shared, resourcePolicy }: Asked) {
  const ports = samplePorts({ issuerKeys: world.issuerKeys, now: () => world.clock.nowMs });
  const trace = new Trace(() => 0);
  const values = sent === undefined ? [] : typeof sent === "string" ? [sent] : sent;
  const request = sampleRequest({ headers: values.flatMap((value) => [header, value]) });
  const matched = sampleMatched(MOCK, {
    authorization: { type: "JWT", authorizer: authorizer ?? trusting(), scopes },
  });
  const deployment = sampleDeployment(resourcePolicy && { resourcePolicy });
  return { run: () => authorize(request, matched, deployment, ports, trace), trace };
}
const answered = async (given: Asked): Promise<Caller> => asked(given).run();

/** Until it is remembered: the keys are fetched, the token is seen once, then twice. */
async function remember(given: Asked): Promise<void> {
  for (let time = 0; time < 3; time++) await answered(given);
}
const refused = (given: Asked): Promise<RestApiRefusal> => refusalOf(asked(given).run);

/** The answer as a client gets it, without customisation. */
function wire(refusal: RestApiRefusal) {
  const { status, body, errorType, headers } = renderGatewayResponse(
    refusal,
    sampleDeployment(),
    sampleRequest(),
    {},
    {},
  );
  return { status, body, errorType, names: headers.filter((_, at) => at % 2 === 0) };
}

describe("a good token", () => {
  test.each([
    ["as it is", (value: string) => value],
    ["with Bearer", (value: string) => `Bearer ${value}`],
    ["with bearer and several blanks", (value: string) => `bearer   ${value}`],
  ])("is taken %s (?); claims are JSON in $context and have their types in events (D)", async (_, send) => {
    const claims = { version: "42", n: 42, roles: ["user", "editor"], address: { city: "Seattle" } };
    const caller = await answered({ sent: send(token(claims)) });
    expect(caller.eventAuthorizer).toEqual({ claims: expect.objectContaining(claims) });
    expect(caller.authorizer).toEqual({
      claims: expect.objectContaining({
        version: '"42"',
        n: "42",
        roles: '["user","editor"]',
        address: '{"city":"Seattle"}',
        iss: `"${AUTH0}"`,
      }),
    });
  });

  test("is read from the configured header, in any casing, and from nowhere else", async () => {
    const authorizer = trusting([{}], "X-Token");
    expect(await answered({ authorizer, header: "x-token", sent: token() })).toHaveProperty("eventAuthorizer");
    expect((await refused({ authorizer, sent: token() })).evidence.reason).toBe("jwt_missing");
  });

  test("any one of the method's scopes will do, from scope or else scp (D)", async () => {
    const scopes = ["write:pets", "read:pets"];
    await answered({ sent: token({ scope: "openid read:pets" }), scopes });
    await answered({ sent: token({ scp: ["read:pets"] }), scopes });
    await answered({ sent: token({ scp: "openid write:pets" }), scopes });
  });

  test("of Cognito has client_id where others have aud (?), and aud goes first", async () => {
    await answered({ sent: token({ aud: undefined, client_id: PETS }) });
    expect((await refused({ sent: token({ aud: "other", client_id: PETS }) })).evidence.reason).toBe(
      "audience_mismatch",
    );
  });

  test("seen before needs no promise, and its record says who called without the token", async () => {
    const sent = token({ jti: "again" });
    await answered({ sent });
    const { run, trace } = asked({ sent });
    expect(run()).not.toBeInstanceOf(Promise);
    expect(trace.authorization).toMatchObject({
      type: "JWT",
      authorizerId: "a1",
      authorizerName: "jwt",
      decision: "allow",
      token: { kid: "k1", claims: { sub: "ann", iss: AUTH0 } },
    });
    expect(JSON.stringify(trace.authorization)).not.toContain(sent.split(".")[2]);
  });
});

describe("a refused token", () => {
  const unauthorized = { status: 401, body: '{"message":"Unauthorized"}', errorType: "UnauthorizedException" };

  test.each([
    ["no header", undefined, "absent"],
    ["an empty header", "", "empty"],
    ["Bearer alone", "Bearer", "the scheme alone"],
    ["Bearer and a blank", "Bearer ", "the scheme alone"],
  ])("%s is 401 without a challenge (?)", async (_, sent, actual) => {
    const refusal = await refused({ ...(sent !== undefined && { sent }), scopes: ["a"] });
    expect(wire(refusal)).toMatchObject(unauthorized);
    expect(wire(refusal).names).not.toContain("www-authenticate");
    expect(refusal.evidence).toMatchObject({
      reason: "jwt_missing",
      expected: "method.request.header.Authorization",
      actual,
    });
  });

  const cases: readonly (readonly [string, string, () => string])[] = [
    ["an opaque token", "not_a_jwt", () => "opaque"],
    ["Basic credentials", "not_a_jwt", () => "Basic dXNlcjpwYXNz"],
    ["an expired token", "token_expired", () => token({ exp: nowSeconds - 1 })],
    ["a token without exp", "claim_missing", () => token({ exp: undefined })],
    ["one for later", "token_not_yet_valid", () => token({ nbf: nowSeconds + 60 })],
    ["one of the future", "issued_in_future", () => token({ iat: nowSeconds + 60 })],
    ["another audience", "audience_mismatch", () => token({ aud: "https://other" })],
    ["no audience", "audience_missing", () => token({ aud: undefined })],
    ["an issuer without its slash", "issuer_mismatch", () => token({ iss: AUTH0.slice(0, -1) })],
    ["no issuer", "claim_missing", () => token({ iss: undefined })],
    ["a list of issuers", "claim_malformed", () => token({ iss: [AUTH0] })],
    ["another's signature", "bad_signature", () => token({}, { privateKey: cognitoKey.privateKey })],
    ["no kid", "kid_missing", () => signJwt({ iss: AUTH0 }, { algorithm: "RS256", privateKey: auth0Key.privateKey })],
    ["an unknown kid", "key_not_found", () => token({}, { kid: "k2" })],
    [
      "alg none",
      "algorithm_not_allowed",
      () =>
        `${token({}, { header: { alg: "none" } })
          .split(".")
          .slice(0, 2)
          .join(".")}.`,
    ],
    [
      "HS256 with the public key",
      "algorithm_not_allowed",
      () => token({}, { algorithm: "HS256", privateKey: Buffer.from(JSON.stringify(auth0Key.publicJwk)) }),
    ],
    ["PS256, which nobody listed", "algorithm_not_allowed", () => token({}, { algorithm: "PS256" })],
    [
      "ES256, which nobody listed",
      "algorithm_not_allowed",
      () => token({}, { algorithm: "ES256", privateKey: ecKey.privateKey, kid: "ec" }),
    ],
  ];
  test.each(cases)("%s is 401: %s", async (_, reason, make) => {
    const sent = make();
    const { run, trace } = asked({ sent: `Bearer ${sent}` });
    const refusal = await refusalOf(run);
    expect(wire(refusal)).toMatchObject(unauthorized);
    expect(refusal.evidence.reason).toBe(reason);
    expect(trace.authorization).toMatchObject({ type: "JWT", token: { digest: expect.any(String) } });
    expect(trace.authorization).not.toHaveProperty("decision");
    const kept = JSON.stringify([refusal.evidence, trace.authorization]);
    if (sent.length > 20) expect(kept).not.toContain(sent.split(".").at(-1) || sent);
  });

  test("sent in two headers is none of them", async () => {
    expect(await refused({ sent: [token(), token()] })).toMatchObject({ responseType: "UNAUTHORIZED" });
  });

  test("without any of the method's scopes is 403 Forbidden (D), as REST APIs write it (?)", async () => {
    const refusal = await refused({
      sent: token({ scope: "read:pets", permissions: ["admin"] }),
      scopes: ["write:pets", "admin"],
    });
    expect(refusal.responseType).toBe("ACCESS_DENIED");
    expect(wire(refusal)).toMatchObject({
      status: 403,
      body: '{"message":"Forbidden"}',
      errorType: "AccessDeniedException",
    });
    expect(refusal.evidence).toMatchObject({
      reason: "scope_insufficient",
      expected: ["write:pets", "admin"],
      actual: ["read:pets"],
    });
  });
});

describe("several issuers", () => {
  const both = (): JwtAuthorizer => trusting([{}, { issuer: COGNITO, audience: ["client1"] }]);
  const ofCognito = (claims: object = {}, options: Partial<SignOptions> = {}): string =>
    token({ iss: COGNITO, aud: "client1", ...claims }, { privateKey: cognitoKey.privateKey, ...options });

  test("each is trusted with its own keys and audiences", async () => {
    await answered({ authorizer: both(), sent: token() });
    await answered({ authorizer: both(), sent: ofCognito() });
    const reason = async (sent: string) => (await refused({ authorizer: both(), sent })).evidence.reason;
    expect(await reason(token({ aud: "client1" }))).toBe("audience_mismatch");
    expect(await reason(ofCognito({ aud: PETS }))).toBe("audience_mismatch");
    expect(await reason(token({ iss: COGNITO, aud: "client1" }))).toBe("bad_signature");
    expect(await reason(ofCognito({ iss: AUTH0, aud: PETS }))).toBe("bad_signature");
  });

  test("a token of none of them is 401, names them all, and asks nobody for keys", async () => {
    const world = issuers();
    const { evidence, responseType } = await refused({
      authorizer: both(),
      sent: token({ iss: "https://eve/" }),
      world,
    });
    expect(responseType).toBe("UNAUTHORIZED");
    expect(evidence).toMatchObject({ reason: "issuer_mismatch", expected: [AUTH0, COGNITO], actual: "https://eve/" });
    expect(world.fetched).toEqual([]);
  });

  test("one that is away does not trouble the tokens of the other", async () => {
    const world = issuers({ [COGNITO]: "<html>" });
    await answered({ authorizer: both(), sent: token(), world });
    expect((await refused({ authorizer: both(), sent: ofCognito(), world })).responseType).toBe("AUTHORIZER_FAILURE");
  });

  test("a token remembered for one authorizer is judged by the rules of the other", async () => {
    const sent = ofCognito({ jti: "both" });
    await remember({ authorizer: both(), sent });
    expect((await refused({ sent })).evidence.reason).toBe("issuer_mismatch");
  });
});

describe("pinned algorithms", () => {
  test("those that are listed are taken, and no others", async () => {
    const authorizer = trusting([{ algorithms: ["PS256", "ES256"] }]);
    await answered({ authorizer, sent: token({}, { algorithm: "PS256" }) });
    await answered({ authorizer, sent: token({}, { algorithm: "ES256", privateKey: ecKey.privateKey, kid: "ec" }) });
    expect((await refused({ authorizer, sent: token() })).evidence).toMatchObject({
      reason: "algorithm_not_allowed",
      expected: ["PS256", "ES256"],
      actual: "RS256",
    });
  });

  test("a token remembered where its algorithm is taken is refused where it is not", async () => {
    const sent = token({ jti: "pss" }, { algorithm: "PS256" });
    const lenient = trusting([{ algorithms: ["PS256"] }]);
    await remember({ authorizer: lenient, sent });
    expect((await refused({ sent })).evidence.reason).toBe("algorithm_not_allowed");
  });
});

describe("claim rules", () => {
  const strict = (): JwtAuthorizer =>
    trusting([{ requiredClaims: [{ claim: "token_use", values: ["access"] }, { claim: "email" }] }]);

  test("must all hold, also for a token seen before", async () => {
    const sent = token({ token_use: "access", email: "ann@example.com", jti: "rules" });
    await answered({ sent });
    await answered({ authorizer: strict(), sent });
    const other = token({ token_use: "id", email: "ann@example.com", jti: "rules" });
    await answered({ sent: other });
    const refusal = await refused({ authorizer: strict(), sent: other });
    expect(wire(refusal)).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
    expect(refusal.evidence).toMatchObject({
      message: 'token\'s "token_use" is "id", authorizer wants "access"',
      expected: ["access"],
      actual: '"id"',
    });
  });

  test("say what is missing", async () => {
    const { evidence } = await refused({ authorizer: strict(), sent: token({ token_use: "access" }) });
    expect(evidence).toMatchObject({
      reason: "jwt_claim_refused",
      message: 'token has no "email", authorizer wants any value',
      actual: "missing",
    });
  });

  test("never put a claim into a record that records do not keep", async () => {
    const authorizer = trusting([{ requiredClaims: [{ claim: "ssn", values: ["1"] }] }]);
    const { evidence } = await refused({ authorizer, sent: token({ ssn: "078-05-1120" }) });
    expect(evidence.message).toBe('token\'s "ssn" is another string, authorizer wants "1"');
    expect(JSON.stringify(evidence)).not.toContain("078");
  });

  test("come before scopes: a token that is no good is not told which scopes it lacks", async () => {
    const refusal = await refused({ authorizer: strict(), sent: token(), scopes: ["admin"] });
    expect(refusal.responseType).toBe("UNAUTHORIZED");
  });
});

describe("what was good once", () => {
  test("is not good after its end, for another authorizer, or for a method with scopes", async () => {
    const world = issuers();
    const sent = token({ jti: "once" });
    await remember({ sent, world });
    const other = trusting([{ audience: ["https://other"] }]);
    expect((await refused({ sent, world, authorizer: other })).evidence.reason).toBe("audience_mismatch");
    expect((await refused({ sent, world, scopes: ["read:pets"] })).responseType).toBe("ACCESS_DENIED");
    world.clock.nowMs += 601_000;
    expect((await refused({ sent, world })).evidence.reason).toBe("token_expired");
  });

  test("is verified again once the issuer's keys are others, even under the same kid", async () => {
    const sent = token({ jti: "rotated" });
    const before = issuers();
    await remember({ sent, world: before });
    const world = issuers({ [AUTH0]: [cognitoKey] });
    await world.issuerKeys.of(AUTH0).get();
    expect((await refused({ sent, world })).evidence.reason).toBe("bad_signature");
  });

  test("does not let in a token with the same end", async () => {
    const sent = token({ jti: "tail" });
    await remember({ sent });
    const [header, , signature] = sent.split(".");
    const payload = Buffer.from(JSON.stringify({ iss: AUTH0, aud: PETS, sub: "eve", exp: nowSeconds + 600 }));
    const forged = `${header}.${payload.toString("base64url")}.${signature}`;
    expect((await refused({ sent: forged })).evidence.reason).toBe("bad_signature");
  });
});

describe("the issuer", () => {
  test.each([
    [
      "names itself otherwise",
      JSON.stringify({ issuer: COGNITO, jwks_uri: `${COGNITO}/k` }),
      "issuer_mismatch_discovery",
    ],
    ["answers no JSON", "<html>", "discovery_malformed"],
    ["names no keys", JSON.stringify({ issuer: AUTH0 }), "discovery_malformed"],
  ])("that %s: 500, since the token is not at fault (?)", async (_, discovery, reason) => {
    const refusal = await refused({ sent: token(), world: issuers({ [AUTH0]: discovery }) });
    expect(wire(refusal)).toMatchObject({
      status: 500,
      body: '{"message":null}',
      errorType: "AuthorizerFailureException",
    });
    expect(refusal.evidence.reason).toBe(reason);
  });

  test("is asked once for many waiters, and for unknown kids once a minute however many come", async () => {
    const world = issuers();
    await Promise.all(Array.from({ length: 20 }, () => answered({ sent: token(), world })));
    expect(world.fetched).toEqual([`${AUTH0}.well-known/openid-configuration`, `${AUTH0}jwks.json`]);
    for (let at = 0; at < 100; at++) await refused({ sent: token({}, { kid: `unknown ${at}` }), world });
    expect(world.fetched).toHaveLength(4);
    await answered({ sent: token({ jti: "after" }), world });
  });

  test("that rotates its key has it fetched when the first token comes (D)", async () => {
    const world = issuers();
    await answered({ sent: token(), world });
    const next = await generateSigningKey({ kid: "kid:k2" });
    world.published.set(AUTH0, [auth0Key, next]);
    await answered({ sent: token({}, { kid: "k2", privateKey: next.privateKey }), world });
    await answered({ sent: token({ jti: "old key" }), world });
  });
});

describe("with a resource policy", () => {
  function policy(effect: "Allow" | "Deny", resource = "*"): Policy {
    const statement = { Effect: effect, Principal: "*", Action: "execute-api:Invoke", Resource: resource };
    const verdict = parsePolicy({ Version: "2012-10-17", Statement: [statement] }, "resource");
    if (!verdict.ok) throw new Error("the test's policy is wrong");
    return verdict.policy;
  }
  const elsewhere = "arn:aws:execute-api:*:*:other/*";

  test("the token is looked at first, then the policy alone must allow (?)", async () => {
    const sent = token({ jti: "policy" });
    await answered({ sent, resourcePolicy: policy("Allow") });
    // Once with keys to be fetched, once at once.
    for (const world of [issuers(), shared]) {
      const { run, trace } = asked({ sent, resourcePolicy: policy("Allow", elsewhere), world });
      expect(await refusalOf(run)).toMatchObject({
        responseType: "ACCESS_DENIED",
        evidence: { reason: "resource_policy_implicit_deny" },
      });
      expect(trace.authorization).toMatchObject({ type: "JWT", decision: "implicit_deny", token: { kid: "k1" } });
    }
    expect((await refused({ sent, resourcePolicy: policy("Deny") })).evidence.reason).toBe(
      "resource_policy_explicit_deny",
    );
    expect((await refused({ resourcePolicy: policy("Deny") })).responseType).toBe("UNAUTHORIZED");
  });
});

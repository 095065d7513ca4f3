import { describe, expect, test } from "vitest";
import {
  accessToken,
  answered,
  asked,
  CLIENT,
  compile,
  ISSUER,
  idToken,
  nowSeconds,
  OTHER_ISSUER,
  otherKey,
  POOL,
  poolKey,
  refused,
  remember,
  shared,
  trusting,
  UNAUTHORIZED,
  wire,
  world,
} from "../../../test/cognito-samples.ts";
import { refusalOf } from "../../../test/rest-api-samples.ts";
import { parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import type { Authorizer } from "../../model/rest-api.ts";
import { signJwt } from "../../token/sign-jwt.ts";

describe("a method without scopes takes an ID token (D)", () => {
  test.each([
    ["as it is", (value: string) => value],
    ["with Bearer (C)", (value: string) => `Bearer ${value}`],
    ["with bearer and several blanks", (value: string) => `bearer   ${value}`],
  ])("%s; its claims are a flat map of texts (C)", async (_, send) => {
    const caller = await answered({ sent: send(idToken({ "cognito:groups": ["a", "b"], email_verified: true })) });
    expect(caller).toEqual({
      authorizer: {
        claims: {
          iss: ISSUER,
          aud: CLIENT,
          sub: "ann",
          token_use: "id",
          auth_time: String(nowSeconds - 10),
          iat: "Sat Nov 21 01:01:53 UTC 2026",
          exp: "Sat Nov 21 01:12:03 UTC 2026",
          "cognito:groups": "a,b",
          email_verified: "true",
        },
      },
    });
  });

  test("of any app client, from the configured header and no other", async () => {
    const authorizer = trusting({ identitySource: "method.request.header.X-Id-Token" });
    await answered({ authorizer, header: "x-id-token", sent: idToken({ aud: "another client" }) });
    expect((await refused({ authorizer, sent: idToken() })).evidence.reason).toBe("jwt_missing");
  });

  test.each([
    ["an access token", "access", { token_use: "access", scope: "shop/read" }],
    ["a token without token_use, as any other issuer writes it", "missing", { token_use: undefined }],
    ["a token whose token_use is no text", "array", { token_use: ["id"] }],
  ])("%s is 401", async (_, actual, claims) => {
    const refusal = await refused({ sent: idToken(claims) });
    expect(wire(refusal)).toEqual(UNAUTHORIZED);
    expect(refusal.evidence).toMatchObject({ reason: "cognito_id_token_wanted", expected: "id", actual });
  });
});

describe("a method with scopes takes an access token (D)", () => {
  const scopes = ["shop/read", "shop/write"];

  test("that has any one of them", async () => {
    const caller = await answered({ sent: accessToken({ scope: "openid shop/write", version: 2 }), scopes });
    expect(caller.authorizer).toMatchObject({
      claims: { scope: "openid shop/write", version: "2", client_id: CLIENT },
    });
  });

  test("an ID token is 401", async () => {
    const refusal = await refused({ sent: idToken({ scope: "shop/read" }), scopes });
    expect(wire(refusal)).toEqual(UNAUTHORIZED);
    expect(refusal.evidence).toMatchObject({ reason: "cognito_access_token_wanted", expected: "access", actual: "id" });
  });

  test.each([
    ["none of them", { scope: "aws.cognito.signin.user.admin" }, ["aws.cognito.signin.user.admin"]],
    ["a part of one", { scope: "shop/rea shop" }, ["shop/rea", "shop"]],
    ["no scope", {}, []],
    ["them where Cognito writes none", { scp: scopes, permissions: scopes, "cognito:groups": scopes }, []],
    ["a list of them", { scope: scopes }, []],
  ])("one with %s is 401, and not 403 as with JWT authorizers (D)", async (_, claims, actual) => {
    const refusal = await refused({ sent: accessToken(claims), scopes });
    expect(wire(refusal)).toEqual(UNAUTHORIZED);
    expect(refusal.evidence).toMatchObject({ reason: "cognito_scope_insufficient", expected: scopes, actual });
  });
});

describe("identityValidationExpression", () => {
  const authorizer = trusting({ identityValidationExpression: "[0-9]+[a-z]+[0-9]+" });

  test("is for the aud of ID tokens, as a whole, and not for the header (D)", async () => {
    await answered({ authorizer, sent: `Bearer ${idToken()}` });
    for (const aud of ["another", `${CLIENT}x`, [CLIENT, "x"]]) {
      const refusal = await refused({ authorizer, sent: idToken({ aud }) });
      expect(refusal.responseType).toBe("UNAUTHORIZED");
      if (typeof aud === "string")
        expect(refusal.evidence).toMatchObject({ reason: "cognito_validation_failed", actual: aud });
    }
  });

  test("lets no access token in, which has no aud (D)", async () => {
    const refusal = await refused({ authorizer, sent: accessToken({ scope: "shop/read" }), scopes: ["shop/read"] });
    expect(wire(refusal)).toEqual(UNAUTHORIZED);
    expect(refusal.evidence).toMatchObject({ reason: "cognito_validation_failed", actual: "missing" });
  });
});

describe("a token that is no good", () => {
  test.each([
    ["no header", undefined, "absent"],
    ["an empty header", "", "empty"],
    ["Bearer alone", "Bearer", "the scheme alone"],
  ])("%s is 401 and says which kind of token is wanted", async (_, sent, actual) => {
    const refusal = await refused({ ...(sent !== undefined && { sent }) });
    expect(wire(refusal)).toEqual(UNAUTHORIZED);
    expect(refusal.evidence).toMatchObject({
      reason: "jwt_missing",
      actual,
      check: expect.stringContaining("ID token"),
    });
    const scoped = await refused({ ...(sent !== undefined && { sent }), scopes: ["a"] });
    expect(scoped.evidence.check).toContain("access token");
  });

  const cases: readonly (readonly [string, string, () => string])[] = [
    ["an opaque token", "not_a_jwt", () => "opaque"],
    ["another pool's", "issuer_mismatch", () => idToken({ iss: OTHER_ISSUER }, { privateKey: otherKey.privateKey })],
    ["the issuer with a slash", "issuer_mismatch", () => idToken({ iss: `${ISSUER}/` })],
    ["no issuer", "claim_missing", () => idToken({ iss: undefined })],
    ["another's signature", "bad_signature", () => idToken({}, { privateKey: otherKey.privateKey })],
    ["an unknown kid", "key_not_found", () => idToken({}, { kid: "k2" })],
    ["no kid", "kid_missing", () => signJwt({ iss: ISSUER }, { algorithm: "RS256", privateKey: poolKey.privateKey })],
    ["another algorithm", "algorithm_not_allowed", () => idToken({}, { algorithm: "RS512" })],
    [
      "HS256 with the public key",
      "algorithm_not_allowed",
      () => idToken({}, { algorithm: "HS256", privateKey: Buffer.from(JSON.stringify(poolKey.publicJwk)) }),
    ],
    ["no exp", "claim_missing", () => idToken({ exp: undefined })],
    ["issued in the future", "issued_in_future", () => idToken({ iat: nowSeconds + 60 })],
    ["of no client", "audience_missing", () => idToken({ aud: undefined })],
    ["of a client that is no text", "claim_malformed", () => idToken({ aud: 7 })],
  ];
  test.each(cases)("%s is 401: %s", async (_, reason, make) => {
    const sent = make();
    const { run, trace } = asked({ sent: `Bearer ${sent}` });
    const refusal = await refusalOf(run);
    expect(wire(refusal)).toEqual(UNAUTHORIZED);
    expect(refusal.evidence.reason).toBe(reason);
    expect(trace.authorization).toMatchObject({
      type: "COGNITO_USER_POOLS",
      authorizerName: "pools",
      token: { digest: expect.any(String) },
    });
    expect(trace.authorization).not.toHaveProperty("decision");
    const kept = JSON.stringify([refusal.evidence, trace.authorization]);
    if (sent.length > 20) expect(kept).not.toContain(sent.split(".").at(-1));
  });

  test("for its age alone is 401 in other words (C), every time, and also when it was good before", async () => {
    const expired = { ...UNAUTHORIZED, body: '{"message":"The incoming token has expired"}' };
    expect(wire(await refused({ sent: idToken({ exp: nowSeconds }) }))).toEqual(expired);
    const where = world();
    const sent = idToken({ jti: "ages" });
    await remember({ sent, in: where });
    where.clock.nowMs += 600_000;
    const refusal = await refused({ sent, in: where });
    expect(wire(refusal)).toEqual(expired);
    expect(refusal.evidence.reason).toBe("token_expired");
    // Nothing is said of the age of what the pool has not signed.
    const forged = idToken({ exp: nowSeconds - 1 }, { privateKey: otherKey.privateKey });
    expect(wire(await refused({ sent: forged }))).toEqual(UNAUTHORIZED);
  });

  test("sent in two headers is none of them", async () => {
    expect(await refused({ sent: [idToken(), idToken()] })).toMatchObject({ responseType: "UNAUTHORIZED" });
  });
});

describe("with a resource policy", () => {
  function policy(effect: "Allow" | "Deny", resource = "*"): Policy {
    const statement = { Effect: effect, Principal: "*", Action: "execute-api:Invoke", Resource: resource };
    const verdict = parsePolicy({ Version: "2012-10-17", Statement: [statement] }, "resource");
    if (!verdict.ok) throw new Error("the test's policy is wrong");
    return verdict.policy;
  }

  test("the token is looked at first, then the policy alone must allow (D)", async () => {
    const sent = idToken({ jti: "policy" });
    await answered({ sent, resourcePolicy: policy("Allow") });
    const elsewhere = policy("Allow", "arn:aws:execute-api:*:*:other/*");
    // Once with keys to be fetched, once at once.
    for (const where of [world(), shared]) {
      const { run, trace } = asked({ sent, resourcePolicy: elsewhere, in: where });
      expect(await refusalOf(run)).toMatchObject({
        responseType: "ACCESS_DENIED",
        evidence: { reason: "resource_policy_implicit_deny" },
      });
      expect(trace.authorization).toMatchObject({ type: "COGNITO_USER_POOLS", decision: "implicit_deny" });
    }
    expect((await refused({ sent, resourcePolicy: policy("Deny") })).evidence.reason).toBe(
      "resource_policy_explicit_deny",
    );
    expect((await refused({ resourcePolicy: policy("Deny") })).responseType).toBe("UNAUTHORIZED");
  });
});

describe("what cannot be compiled is not served", () => {
  test.each<[string, Partial<Authorizer>, string]>([
    ["no pool", { providerARNs: [] }, "has no user pool"],
    [
      "an ARN of something else",
      { providerARNs: [POOL, "arn:aws:lambda:us-east-1:1:function:f"] },
      "names no user pool",
    ],
    ["an ARN that was not resolved", { providerARNs: ["${PoolArn}"] }, '"${PoolArn}" names no user pool'],
    ["no identity source", { identitySource: "" }, "exactly one header"],
    ["a query parameter", { identitySource: "method.request.querystring.token" }, "exactly one header"],
    ["two headers", { identitySource: "method.request.header.A,method.request.header.B" }, "exactly one header"],
    ["an expression that is none", { identityValidationExpression: "(" }, "no regular expression"],
  ])("%s", (_, given, message) => {
    expect(compile(given)).toMatchObject({
      rule: "authorizer-invalid",
      effect: "route",
      logicalId: "pools",
      message: expect.stringContaining(message),
    });
  });
});

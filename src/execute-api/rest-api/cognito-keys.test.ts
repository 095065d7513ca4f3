import { describe, expect, test } from "vitest";
import {
  AT,
  accessToken,
  answered,
  asked,
  CLIENT,
  ISSUER,
  idToken,
  MOCK,
  NOW_MS,
  nowSeconds,
  OTHER_ISSUER,
  OTHER_POOL,
  otherKey,
  POOL,
  poolKey,
  refused,
  remember,
  shared,
  trusting,
  wire,
  world,
} from "../../../test/cognito-samples.ts";
import { sampleDeployment, sampleMatched, samplePorts, sampleRequest } from "../../../test/rest-api-samples.ts";
import { Trace } from "../trace.ts";
import { authorize } from "./authorize.ts";
import type { CognitoAuthorizer } from "./cognito-authorizer.ts";
import { compileJwtAuthorizer } from "./jwt-authorizer.ts";

describe("several pools", () => {
  const both = (): CognitoAuthorizer => trusting({ providerARNs: [POOL, OTHER_POOL] });

  test("each is trusted with its own keys", async () => {
    const other = { iss: OTHER_ISSUER };
    await answered({ authorizer: both(), sent: idToken() });
    await answered({ authorizer: both(), sent: idToken(other, { privateKey: otherKey.privateKey }) });
    expect((await refused({ authorizer: both(), sent: idToken(other) })).evidence.reason).toBe("bad_signature");
  });

  test("a token of none of them names them all, and asks nobody for keys", async () => {
    const where = world();
    const refusal = await refused({ authorizer: both(), sent: idToken({ iss: "https://eve/" }), in: where });
    expect(refusal.evidence).toMatchObject({ reason: "issuer_mismatch", expected: [ISSUER, OTHER_ISSUER] });
    expect(where.fetched).toEqual([]);
  });

  test("a token remembered for one authorizer is judged by the rules of another", async () => {
    const sent = accessToken({ scope: "shop/read", jti: "shared" });
    await remember({ sent, scopes: ["shop/read"] });
    expect((await refused({ sent })).evidence.reason).toBe("cognito_id_token_wanted");
    expect((await refused({ sent, scopes: ["shop/write"] })).evidence.reason).toBe("cognito_scope_insufficient");
    const elsewhere = trusting({ providerARNs: [OTHER_POOL] });
    expect((await refused({ sent, authorizer: elsewhere })).evidence.reason).toBe("issuer_mismatch");
  });

  test("a token remembered for a Cognito authorizer has its own claims behind a JWT authorizer", async () => {
    const sent = idToken({ jti: "both kinds" });
    await remember({ sent });
    const jwt = compileJwtAuthorizer({
      ...{ id: "a2", name: "jwt", type: "JWT", identitySource: "method.request.header.Authorization", at: AT },
      providerARNs: [],
      jwtConfiguration: { issuers: [{ issuer: ISSUER, audience: [CLIENT], requiredClaims: [] }] },
    });
    if ("rule" in jwt) throw new Error(jwt.message);
    const ports = samplePorts({ issuerKeys: shared.issuerKeys, now: () => NOW_MS });
    const matched = sampleMatched(MOCK, { authorization: { type: "JWT", authorizer: jwt, scopes: [] } });
    const request = sampleRequest({ headers: ["Authorization", sent] });
    const trace = new Trace(() => 0);
    const caller = await authorize(request, matched, sampleDeployment(), ports, trace);
    expect(caller.authorizer).toMatchObject({ claims: { exp: String(nowSeconds + 600) } });
    expect(trace.authorization).toMatchObject({ type: "JWT" });
  });
});

describe("keys", () => {
  test("a token seen before needs no promise, and its record says who called without the token", async () => {
    const sent = idToken({ jti: "again" });
    await answered({ sent });
    const { run, trace } = asked({ sent });
    expect(run()).not.toBeInstanceOf(Promise);
    expect(trace.authorization).toMatchObject({
      type: "COGNITO_USER_POOLS",
      authorizerId: "a1",
      decision: "allow",
      token: { kid: "k1", claims: { sub: "ann", iss: ISSUER, token_use: "id" } },
    });
    expect(JSON.stringify(trace.authorization)).not.toContain(sent.split(".")[2]);
  });

  test("a signature counts for nothing once the pool has other keys", async () => {
    const where = world();
    const sent = idToken({ jti: "rotated" });
    await remember({ sent, in: where });
    where.published.set(ISSUER, otherKey);
    where.clock.nowMs += 300_000;
    // Asked for by a kid that nobody knows.
    await refused({ sent: idToken({}, { kid: "k2" }), in: where });
    expect((await refused({ sent, in: where })).evidence.reason).toBe("bad_signature");
  });

  test("a pool that is away is the authorizer's failure, not the token's (D)", async () => {
    const refusal = await refused({ sent: idToken(), in: world({}) });
    expect(wire(refusal)).toMatchObject({ status: 500, body: '{"message":null}' });
    expect(refusal).toMatchObject({
      responseType: "AUTHORIZER_FAILURE",
      evidence: { reason: "discovery_unreachable" },
    });
  });
});

describe("a pool that another issuer stands in for", () => {
  const local = "http://localhost:4567/us-east-1_abc";
  const authorizer = trusting({}, (arn) => (arn === POOL ? local : undefined));

  test("is known by that issuer's tokens alone", async () => {
    const where = world({ [local]: otherKey, [ISSUER]: poolKey });
    await answered({ authorizer, sent: idToken({ iss: local }, { privateKey: otherKey.privateKey }), in: where });
    expect((await refused({ authorizer, sent: idToken(), in: where })).evidence).toMatchObject({
      reason: "issuer_mismatch",
      expected: [local],
    });
    expect(where.fetched.every((url) => url.startsWith(local))).toBe(true);
  });
});

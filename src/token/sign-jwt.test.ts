import { calculateJwkThumbprint, compactVerify, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import { decodeJwt } from "./decode-jwt.ts";
import { generateSigningKey, jwkThumbprint } from "./generate-signing-key.ts";
import { JWS_ALGORITHMS } from "./jws-algorithm.ts";
import { signJwt } from "./sign-jwt.ts";

const algorithms = JWS_ALGORITHMS;

describe.each(algorithms)("%s", (algorithm) => {
  test("a token we sign verifies with jose", async () => {
    const key = await generateSigningKey({ algorithm });
    const token = signJwt({ sub: "alice" }, { algorithm, privateKey: key.privateKey, kid: key.kid });
    const verified = await compactVerify(token, await importJWK({ ...key.publicJwk }), { algorithms: [algorithm] });
    expect(new TextDecoder().decode(verified.payload)).toBe('{"sub":"alice"}');
    expect(verified.protectedHeader).toEqual({ alg: algorithm, typ: "JWT", kid: key.kid });
  });

  test("the kid is the key's RFC 7638 thumbprint, as jose computes it", async () => {
    const { kid, publicJwk } = await generateSigningKey({ algorithm });
    expect(kid).toBe(await calculateJwkThumbprint({ ...publicJwk }));
    expect(jwkThumbprint(publicJwk)).toBe(kid);
  });
});

test("a published key shows nothing private", async () => {
  const { publicJwk } = await generateSigningKey();
  expect(Object.keys(publicJwk).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
});

test("kids can be random or chosen", async () => {
  const [one, two, mine] = await Promise.all([
    generateSigningKey({ algorithm: "ES256", kid: "random" }),
    generateSigningKey({ algorithm: "ES256", kid: "random" }),
    generateSigningKey({ algorithm: "ES256", kid: "kid:mine" }),
  ]);
  expect(one.kid).not.toBe(two.kid);
  expect(one.kid).toHaveLength(22);
  expect(mine.publicJwk.kid).toBe("mine");
});

test("HS256 signs with a secret, other algorithms refuse one", () => {
  const secret = Buffer.from("secret");
  expect(decodeJwt(signJwt({}, { algorithm: "HS256", privateKey: secret }))).toMatchObject({
    ok: true,
    header: { alg: "HS256", typ: "JWT" },
  });
  expect(() => signJwt({}, { algorithm: "RS256", privateKey: secret })).toThrow("needs a private key");
});

test("header members can be added, replaced and left out", async () => {
  const { privateKey } = await generateSigningKey({ algorithm: "ES256" });
  const token = signJwt({}, { algorithm: "ES256", privateKey, typ: "at+jwt", header: { alg: "none", x: 1 } });
  expect(decodeJwt(token)).toMatchObject({ header: { alg: "none", typ: "at+jwt", x: 1 } });
  expect(Object.keys((decodeJwt(token) as { header: object }).header)).not.toContain("kid");
});

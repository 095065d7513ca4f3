import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { generateSigningKey, type SigningKey } from "./generate-signing-key.ts";
import { MAX_RSA_MODULUS_BITS, MIN_RSA_MODULUS_BITS } from "./jwk.ts";
import { type KeySet, MAX_JWKS_BYTES, MAX_JWKS_KEYS, parseKeySet, refetchedKeySet } from "./key-set.ts";

let rsa: SigningKey;
let ec: SigningKey;
beforeAll(async () => {
  [rsa, ec] = await Promise.all([generateSigningKey(), generateSigningKey({ algorithm: "ES256" })]);
});

const bare = (key: SigningKey) => {
  const { alg: _alg, kid: _kid, use: _use, ...members } = key.publicJwk;
  return members;
};
const parse = (...keys: unknown[]): KeySet => {
  const parsed = parseKeySet({ keys }, { fetchedAtMs: 7 });
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.keys;
};
const problemOf = (key: unknown) => {
  const set = parse(key);
  expect(set.keys).toHaveLength(1 - set.unusable.length);
  return set.unusable[0]?.problem;
};

test("a document becomes keys by kid, as text or parsed", () => {
  const parsed = parseKeySet(JSON.stringify({ keys: [rsa.publicJwk, ec.publicJwk] }), { fetchedAtMs: 7 });
  if (!parsed.ok) throw new Error(parsed.detail);
  expect([...parsed.keys.byKid.keys()]).toEqual([rsa.kid, ec.kid]);
  expect(parsed.keys.byKid.get(rsa.kid)).toMatchObject({ kid: rsa.kid, algorithms: ["RS256"], signatureBytes: 256 });
  expect(parsed.keys.byKid.get(ec.kid)).toMatchObject({ algorithms: ["ES256"], signatureBytes: 64 });
  expect(parsed.keys.fetchedAtMs).toBe(7);
});

test("every parse has an identity of its own, the same keys seen again keep theirs", () => {
  const one = parse(rsa.publicJwk);
  expect(parse(rsa.publicJwk).byKid).not.toBe(one.byKid);
  expect(refetchedKeySet(one, 9).byKid).toBe(one.byKid);
  expect(refetchedKeySet(one, 9)).toEqual({ ...one, fetchedAtMs: 9 });
});

test("a key without alg serves its whole family, one with alg that alone", () => {
  const family = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
  expect(parse(bare(rsa)).keys[0]?.algorithms).toEqual(family);
  expect(parse({ ...bare(rsa), alg: "PS256" }).keys[0]?.algorithms).toEqual(["PS256"]);
  expect(parse(bare(ec)).keys[0]?.algorithms).toEqual(["ES256"]);
});

test("a key that cannot verify a signature is left aside with its reason and does not spoil the others", () => {
  const set = parse(
    { ...rsa.publicJwk, kid: "enc", use: "enc" },
    { kty: "oct", k: "AAAA", kid: "secret" },
    rsa.publicJwk,
  );
  expect([...set.byKid.keys()]).toEqual([rsa.kid]);
  expect(set.unusable).toEqual([
    { kid: "enc", problem: "use" },
    { kid: "secret", problem: "kty" },
  ]);
});

describe("left aside", () => {
  test("what is no JWK", () => {
    for (const junk of [null, 1, "x", [], { kty: "RSA" }, { kty: "RSA", n: 1, e: {} }, { kty: "EC", crv: "P-256" }]) {
      expect(problemOf(junk), JSON.stringify(junk)).toBe("malformed");
    }
    expect(problemOf({})).toBe("kty");
    expect(problemOf({ kty: "__proto__" })).toBe("kty");
    expect(problemOf({ ...ec.publicJwk, x: ec.publicJwk.y })).toBe("malformed"); // a point off the curve
  });
  test("keys whose kid is no string", () => {
    for (const kid of [1, null, ["a"], {}]) expect(problemOf({ ...rsa.publicJwk, kid })).toBe("kid_malformed");
  });
  test("keys for another use", () => {
    expect(problemOf({ ...rsa.publicJwk, use: "enc" })).toBe("use");
    expect(problemOf({ ...rsa.publicJwk, key_ops: ["encrypt"] })).toBe("key_ops");
    expect(problemOf({ ...rsa.publicJwk, key_ops: "verify" })).toBe("key_ops");
    expect(problemOf({ ...rsa.publicJwk, key_ops: ["verify"] })).toBeUndefined();
  });
  test("keys whose alg does not fit their type, HMAC and none among them", () => {
    for (const alg of ["HS256", "none", "ES256", "RSA-OAEP", "", 1, null]) {
      expect(problemOf({ ...rsa.publicJwk, alg }), String(alg)).toBe("algorithm");
    }
    expect(problemOf({ ...ec.publicJwk, alg: "ES384" })).toBe("algorithm");
  });
  test("curves without an algorithm", () => {
    const k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey.export({ format: "jwk" });
    const x25519 = generateKeyPairSync("x25519").publicKey.export({ format: "jwk" });
    expect(problemOf(k1)).toBe("curve");
    expect(problemOf(x25519)).toBe("curve");
    expect(problemOf({ ...ec.publicJwk, crv: ["P-256"] })).toBeDefined();
  });
  test("RSA keys that are too small, too large, or have a trivial exponent", () => {
    const modulus = (bits: number) => {
      const bytes = Buffer.alloc(bits / 8, 0xff);
      return { kty: "RSA", n: bytes.toString("base64url"), e: "AQAB" };
    };
    expect(problemOf(modulus(1024))).toBe("modulus_size");
    expect(problemOf(modulus(MIN_RSA_MODULUS_BITS - 8))).toBe("modulus_size");
    expect(problemOf(modulus(MIN_RSA_MODULUS_BITS))).toBeUndefined();
    expect(problemOf(modulus(MAX_RSA_MODULUS_BITS + 8))).toBe("modulus_size");
    expect(problemOf({ ...rsa.publicJwk, e: "AQ" })).toBe("exponent");
  });
  test("a private key that its issuer publishes", () => {
    expect(problemOf({ ...rsa.publicJwk, ...rsa.privateKey.export({ format: "jwk" }) })).toBe("private_key_published");
  });
});

describe("a kid that occurs twice", () => {
  test("names neither key if they differ", () => {
    const set = parse(rsa.publicJwk, { ...ec.publicJwk, kid: rsa.kid }, ec.publicJwk);
    expect([...set.byKid.keys()]).toEqual([ec.kid]);
    expect(set.keys).toHaveLength(1);
    expect(set.unusable).toEqual([{ kid: rsa.kid, problem: "kid_ambiguous" }]);
  });
  test("stays ambiguous when the first key comes a third time", () => {
    expect(parse(rsa.publicJwk, { ...ec.publicJwk, kid: rsa.kid }, rsa.publicJwk).byKid.size).toBe(0);
  });
  test("with one key is that key, for the algorithms of both entries", () => {
    const set = parse(rsa.publicJwk, { ...rsa.publicJwk, alg: "PS256" });
    expect(set.byKid.get(rsa.kid)?.algorithms).toEqual(["RS256", "PS256"]);
    expect(set.keys).toHaveLength(1);
  });
  test("does not disturb when one of the two is for encryption", () => {
    expect(parse({ ...rsa.publicJwk, use: "enc" }, rsa.publicJwk).byKid.has(rsa.kid)).toBe(true);
  });
});

test("a document that is no key set is refused whole", () => {
  const detailOf = (document: unknown) => {
    const parsed = parseKeySet(document, { fetchedAtMs: 0 });
    return parsed.ok ? "ok" : parsed.detail;
  };
  expect(detailOf("<html>")).toBe("not JSON");
  for (const document of ["{}", "[]", "null", '"keys"', '{"keys":{}}', undefined, 1]) {
    expect(detailOf(document)).toBe('no "keys" array');
  }
  expect(detailOf({ keys: [] })).toBe("ok");
  expect(detailOf({ keys: new Array(MAX_JWKS_KEYS).fill({}) })).toBe("ok");
  expect(detailOf({ keys: new Array(MAX_JWKS_KEYS + 1).fill({}) })).toBe(`more than ${MAX_JWKS_KEYS} keys`);
  expect(detailOf(`{"keys":[]}${" ".repeat(MAX_JWKS_BYTES - 11)}`)).toBe("ok");
  expect(detailOf(`{"keys":[]}${" ".repeat(MAX_JWKS_BYTES - 10)}`)).toBe(`more than ${MAX_JWKS_BYTES} bytes`);
});

test("the prepared key is the published one", () => {
  expect(parse(rsa.publicJwk).keys[0]?.keyObject.equals(createPublicKey(rsa.privateKey))).toBe(true);
});

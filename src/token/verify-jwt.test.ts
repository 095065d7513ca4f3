import { constants, createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { importJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { generateSigningKey, type SigningKey } from "./generate-signing-key.ts";
import { JWS_ALGORITHMS, type JwsAlgorithm, jwsDigest } from "./jws-algorithm.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";
import { signJwt } from "./sign-jwt.ts";
import { MAX_EVIDENCE_CHARS } from "./token-verdict.ts";
import { type VerifyOptions, verifyJwt } from "./verify-jwt.ts";

const algorithms = JWS_ALGORITHMS;
const now = 1_700_000_000;
const claims = { iss: "https://t.example/", aud: "https://pets", sub: "alice", iat: now - 1, exp: now + 60 };

const keyOf = new Map<JwsAlgorithm, SigningKey>();
let rsa: SigningKey;
let keys: KeySet;
let options: VerifyOptions;
beforeAll(async () => {
  for (const key of await Promise.all(
    algorithms.map((algorithm) => generateSigningKey({ algorithm, kid: `kid:${algorithm}` })),
  )) {
    keyOf.set(key.algorithm, key);
  }
  rsa = key("RS256");
  keys = keySet(...[...keyOf.values()].map(({ publicJwk }) => publicJwk));
  options = { keys, issuers: [claims.iss], audiences: [claims.aud], nowSeconds: now };
});

function key(algorithm: JwsAlgorithm): SigningKey {
  const found = keyOf.get(algorithm);
  if (!found) throw new Error(algorithm);
  return found;
}
function keySet(...jwks: unknown[]): KeySet {
  const parsed = parseKeySet({ keys: jwks }, { fetchedAtMs: now * 1000 });
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.keys;
}
function tokenOf(algorithm: JwsAlgorithm, header: object = {}, payload: Record<string, unknown> = claims): string {
  const { privateKey, kid } = key(algorithm);
  return signJwt(payload, { algorithm, privateKey, kid, header: { ...header } });
}
const reasonOf = (token: string, changes: Partial<VerifyOptions> = {}) => {
  const verdict = verifyJwt(token, { ...options, ...changes });
  return verdict.ok ? "ok" : verdict.reason;
};
const encode = (value: object | string) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
/** A token with any header text, signed with the RS256 key as if that header were meant. */
const signedWithHeader = (header: string, payload: string = JSON.stringify(claims)) => {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign("sha256", Buffer.from(input), rsa.privateKey).toString("base64url")}`;
};

describe.each(algorithms)("%s", (algorithm) => {
  test("a token signed by jose verifies", async () => {
    const { privateKey, kid } = key(algorithm);
    const token = await new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey);
    expect(verifyJwt(token, { ...options, algorithms: [algorithm] })).toEqual({
      ok: true,
      header: { alg: algorithm, kid },
      claims,
    });
  });

  test("a token of our own verifies only where the algorithm is listed", () => {
    const token = tokenOf(algorithm);
    expect(reasonOf(token, { algorithms: [algorithm] })).toBe("ok");
    const others = algorithms.filter((each) => each !== algorithm);
    expect(verifyJwt(token, { ...options, algorithms: others })).toEqual({
      ok: false,
      reason: "algorithm_not_allowed",
      expected: others,
      actual: algorithm,
    });
  });

  test("a shortened, lengthened, emptied, zero or foreign signature does not", () => {
    const token = tokenOf(algorithm);
    const at = token.lastIndexOf(".") + 1;
    const signature = Buffer.from(token.slice(at), "base64url");
    const foreign = tokenOf(algorithm, {}, { ...claims, sub: "mallory" });
    const others = [
      signature.subarray(0, -1),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), signature]),
      Buffer.alloc(0),
      Buffer.alloc(signature.length),
      Buffer.alloc(signature.length, 0xff),
      Buffer.from(foreign.slice(foreign.lastIndexOf(".") + 1), "base64url"),
    ];
    for (const other of others) {
      expect(reasonOf(token.slice(0, at) + other.toString("base64url"), { algorithms: [algorithm] })).toBe(
        "bad_signature",
      );
    }
  });

  test("a token whose header names another algorithm's key is refused", () => {
    const { privateKey } = key(algorithm);
    for (const other of algorithms) {
      const token = signJwt(claims, { algorithm, privateKey, kid: other });
      const isSameKind = other === algorithm || (other.startsWith("Ed") && algorithm.startsWith("Ed"));
      const expected = isSameKind ? (other === algorithm ? "ok" : "bad_signature") : "key_unsuitable";
      expect(reasonOf(token, { algorithms }), other).toBe(expected);
    }
  });
});

test("RS256 alone is accepted unless more is listed", () => {
  for (const algorithm of algorithms) {
    expect(reasonOf(tokenOf(algorithm))).toBe(algorithm === "RS256" ? "ok" : "algorithm_not_allowed");
  }
});

describe("algorithm confusion", () => {
  test.each(["none", "None", "NONE", "nOnE", "none ", ""])("alg %j is refused with and without a signature", (alg) => {
    const input = `${encode({ alg, kid: rsa.kid })}.${encode(claims)}`;
    const signed = `${input}.${sign("sha256", Buffer.from(input), rsa.privateKey).toString("base64url")}`;
    for (const token of [`${input}.`, `${input}.AAAA`, signed]) {
      for (const listed of [undefined, algorithms, ["none", alg] as unknown as JwsAlgorithm[]]) {
        expect(reasonOf(token, listed ? { algorithms: listed } : {})).toBe("algorithm_not_allowed");
      }
    }
  });

  test.each(["HS256", "HS384", "HS512"])(
    "%s with the public key as secret is refused, even when listed by mistake",
    (alg) => {
      const publicKey = createPublicKey(rsa.privateKey);
      const { n = "" } = rsa.publicJwk;
      const secrets = [
        publicKey.export({ type: "spki", format: "pem" }),
        publicKey.export({ type: "pkcs1", format: "pem" }),
        publicKey.export({ type: "spki", format: "der" }),
        Buffer.from(n, "base64url"),
        n,
        JSON.stringify(rsa.publicJwk),
        "",
      ];
      for (const secret of secrets) {
        const input = `${encode({ alg, kid: rsa.kid })}.${encode(claims)}`;
        const token = `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest("base64url")}`;
        expect(reasonOf(token)).toBe("algorithm_not_allowed");
        expect(reasonOf(token, { algorithms: [alg] as unknown as JwsAlgorithm[] })).toBe("algorithm_not_allowed");
      }
    },
  );

  test.each(["rs256", "RS256 ", "RS257", "constructor", "__proto__", "toString"])("alg %j is no algorithm", (alg) => {
    expect(
      reasonOf(signedWithHeader(JSON.stringify({ alg, kid: rsa.kid })), { algorithms: [alg as JwsAlgorithm] }),
    ).toBe("algorithm_not_allowed");
  });

  test.each([undefined, null, 1, ["RS256"], { RS256: true }, true])("alg of another type (%j) is refused", (alg) => {
    expect(reasonOf(signedWithHeader(JSON.stringify({ alg, kid: rsa.kid })))).toBe("algorithm_not_allowed");
  });

  test("an RS256 key does not verify PS256 and the other way round, although the key type fits", () => {
    const token = signJwt(claims, { algorithm: "PS256", privateKey: rsa.privateKey, kid: rsa.kid });
    expect(verifyJwt(token, { ...options, algorithms: ["RS256", "PS256"] })).toEqual({
      ok: false,
      reason: "key_unsuitable",
      kid: "RS256",
      problem: "algorithm",
      expected: ["RS256"],
      actual: "PS256",
    });
  });

  test("PSS with another salt length than the digest's is refused", () => {
    const input = `${encode({ alg: "PS256", kid: "PS256" })}.${encode(claims)}`;
    const signed = (saltLength: number) =>
      sign("sha256", Buffer.from(input), {
        key: key("PS256").privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength,
      });
    expect(reasonOf(`${input}.${signed(32).toString("base64url")}`, { algorithms: ["PS256"] })).toBe("ok");
    expect(reasonOf(`${input}.${signed(0).toString("base64url")}`, { algorithms: ["PS256"] })).toBe("bad_signature");
  });
});

describe("key injection", () => {
  test("keys and addresses in the header are not read", async () => {
    const mallory = await generateSigningKey();
    const injected = [
      { jwk: mallory.publicJwk },
      { jku: "http://127.0.0.1:9/jwks.json" },
      { x5u: "http://127.0.0.1:9/cert.pem" },
      { x5c: [encode("certificate")] },
      { x5t: "AAAA" },
    ];
    for (const header of injected) {
      const forged = signJwt(claims, { algorithm: "RS256", privateKey: mallory.privateKey, kid: mallory.kid, header });
      expect(reasonOf(forged)).toBe("key_not_found");
      const borrowed = signJwt(claims, { algorithm: "RS256", privateKey: mallory.privateKey, kid: rsa.kid, header });
      expect(reasonOf(borrowed)).toBe("bad_signature");
      const unnamed = signJwt(claims, { algorithm: "RS256", privateKey: mallory.privateKey, header });
      expect(reasonOf(unnamed)).toBe("kid_missing");
      expect(reasonOf(unnamed, { requireKid: false })).toBe("bad_signature");
      expect(reasonOf(tokenOf("RS256", header))).toBe("ok");
    }
  });
});

describe("critical extensions", () => {
  test.each([{ crit: ["exp"], exp: 1 }, { crit: [] }, { crit: null }, { crit: "b64" }])("%j is refused", (header) => {
    expect(verifyJwt(tokenOf("RS256", header), options)).toEqual({
      ok: false,
      reason: "crit_unsupported",
      member: "crit",
    });
  });
  test.each([true, false])("b64 %j is refused", (b64) => {
    expect(verifyJwt(tokenOf("RS256", { b64 }), options)).toEqual({
      ok: false,
      reason: "crit_unsupported",
      member: "b64",
    });
  });
});

describe("kid", () => {
  test("is required, unless told otherwise and exactly one key suits", () => {
    const token = tokenOf("RS256", { kid: undefined });
    expect(verifyJwt(token, options)).toEqual({ ok: false, reason: "kid_missing", known: algorithms });
    expect(reasonOf(token, { requireKid: false })).toBe("ok");
    expect(reasonOf(token, { requireKid: false, keys: keySet() })).toBe("kid_missing");
    const two = keySet(rsa.publicJwk, { ...key("RS384").publicJwk, alg: "RS256" });
    expect(reasonOf(token, { requireKid: false, keys: two })).toBe("kid_missing");
    const nameless = keySet({ ...rsa.publicJwk, kid: undefined });
    expect(reasonOf(token, { requireKid: false, keys: nameless })).toBe("ok");
    expect(reasonOf(tokenOf("RS256"), { requireKid: false, keys: nameless })).toBe("key_not_found");
  });

  test.each([null, 1, ["RS256"], {}, true])("of another type (%j) is refused", (kid) => {
    expect(reasonOf(tokenOf("RS256", { kid }), { requireKid: false })).toBe("kid_malformed");
  });

  test("that no key has is told with the known ones and their age", () => {
    const kid = "k".repeat(1000);
    expect(verifyJwt(tokenOf("RS256", { kid }), options)).toEqual({
      ok: false,
      reason: "key_not_found",
      kid: "k".repeat(MAX_EVIDENCE_CHARS),
      known: algorithms,
      fetchedAt: new Date(now * 1000),
    });
    for (const name of ["", "__proto__", "constructor", "rs256"]) {
      expect(reasonOf(tokenOf("RS256", { kid: name }))).toBe("key_not_found");
    }
  });

  test("of a key that was left aside says why", () => {
    const encryption = keySet({ ...rsa.publicJwk, use: "enc" });
    expect(verifyJwt(tokenOf("RS256"), { ...options, keys: encryption })).toMatchObject({
      reason: "key_unsuitable",
      problem: "use",
      expected: [],
    });
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const jwk = { ...weak.publicKey.export({ format: "jwk" }), kid: "weak" };
    const token = signJwt(claims, { algorithm: "RS256", privateKey: weak.privateKey, kid: "weak" });
    expect(verifyJwt(token, { ...options, keys: keySet(jwk) })).toMatchObject({ problem: "modulus_size" });
    const unnamed = signJwt(claims, { algorithm: "RS256", privateKey: weak.privateKey });
    expect(reasonOf(unnamed, { keys: keySet({ ...jwk, kid: undefined }), requireKid: false })).toBe("kid_missing");
  });
});

describe("ECDSA", () => {
  test("DER-encoded signatures are refused", () => {
    for (const algorithm of ["ES256", "ES384", "ES512"] as const) {
      const input = `${encode({ alg: algorithm, kid: algorithm })}.${encode(claims)}`;
      const der = sign(jwsDigest(algorithm), Buffer.from(input), key(algorithm).privateKey);
      expect(reasonOf(`${input}.${der.toString("base64url")}`, { algorithms: [algorithm] })).toBe("bad_signature");
    }
  });

  test("a key on another curve does not verify, whatever the header says", () => {
    const { privateKey } = key("ES384");
    const input = `${encode({ alg: "ES256", kid: "ES384" })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
    expect(reasonOf(`${input}.${signature.toString("base64url")}`, { algorithms: ["ES256", "ES384"] })).toBe(
      "key_unsuitable",
    );
  });
});

describe("header text", () => {
  test.each([
    ["an escaped duplicate", `{"alg":"RS256","kid":"RS256","\\u0061lg":"none"}`, "duplicate_member"],
    ["a plain duplicate", `{"alg":"none","alg":"RS256","kid":"RS256"}`, "duplicate_member"],
    ["an escaped name alone", `{"\\u0061lg":"RS256","kid":"RS256"}`, "ok"],
    ["__proto__ instead of members", `{"__proto__":{"alg":"RS256","kid":"RS256"}}`, "algorithm_not_allowed"],
    ["a list", `["RS256"]`, "malformed_json"],
    ["a BOM", `\ufeff{"alg":"RS256","kid":"RS256"}`, "malformed_json"],
    ["NUL at the end", `{"alg":"RS256","kid":"RS256"}\0`, "malformed_json"],
  ])("%s", (_name, header, reason) => {
    expect(reasonOf(signedWithHeader(header))).toBe(reason);
  });
});

test("claims are judged only after the signature, and judged they are", () => {
  expect(reasonOf(tokenOf("RS256", {}, { ...claims, exp: now }))).toBe("token_expired");
  const [header = "", , signature = ""] = tokenOf("RS256").split(".");
  expect(reasonOf(`${header}.${encode({ ...claims, exp: now })}.${signature}`)).toBe("bad_signature");
  expect(reasonOf(tokenOf("RS256", {}, { ...claims, iss: "https://other/" }))).toBe("issuer_mismatch");
  expect(
    reasonOf(
      signedWithHeader(
        `{"alg":"RS256","kid":"RS256"}`,
        `{"iss":"https://t.example/","aud":"https://pets","exp":1e400}`,
      ),
    ),
  ).toBe("claim_malformed");
});

test("no verdict holds a piece of the token", () => {
  const token = tokenOf("RS256");
  const [header = "", payload = "", signature = ""] = token.split(".");
  const refused = [
    token.slice(0, -4),
    `${token}=`,
    `${header}.${payload}`,
    `${token}.${payload}`,
    `${header}.${payload}.${signature.slice(0, -8)}AAAAAAAA`,
    tokenOf("RS256", { kid: "unknown" }),
    tokenOf("RS256", {}, { ...claims, exp: 1 }),
    tokenOf("RS384"),
  ];
  for (const each of refused) {
    const text = JSON.stringify(verifyJwt(each, options));
    expect(text).toContain('"ok":false');
    for (const segment of each.split(".")) expect(text).not.toContain(segment.slice(0, 16));
  }
});

test("changing any one character of a valid token makes it invalid", () => {
  const valid = algorithms.map((algorithm) => tokenOf(algorithm));
  const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"];
  fc.assert(
    fc.property(
      fc.constantFrom(...valid),
      fc.nat(),
      fc.constantFrom(...alphabet),
      fc.constantFrom("replace", "insert", "delete"),
      (token, where, char, how) => {
        const at = where % token.length;
        const changed =
          token.slice(0, at) + (how === "delete" ? "" : char) + token.slice(how === "insert" ? at : at + 1);
        fc.pre(changed !== token);
        expect(reasonOf(changed, { algorithms })).not.toBe("ok");
      },
    ),
    { numRuns: 3000 },
  );
});

test("any string at all gets a verdict", () => {
  const parts = fc.oneof(fc.string(), fc.base64String(), fc.json().map(encode));
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 6 }), (segments) => {
      expect(verifyJwt(segments.join("."), options).ok).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("a header that jose writes with a JWK from our export is understood by both", async () => {
  const imported = await importJWK({ ...rsa.privateKey.export({ format: "jwk" }), alg: "RS256" });
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: rsa.kid, typ: "at+jwt" })
    .sign(imported);
  expect(reasonOf(token)).toBe("ok");
});

import { beforeAll, describe, expect, test } from "vitest";
import { decodeJwt } from "./decode-jwt.ts";
import { discovered, discoveryUrl } from "./discover-jwks-uri.ts";
import { generateSigningKey, type SigningKey } from "./generate-signing-key.ts";
import type { HttpGet, HttpGetResult } from "./http-get.ts";
import { MAX_JWKS_BYTES, parseKeySet } from "./key-set.ts";
import { isLoopback } from "./loopback.ts";
import { parseOnce } from "./parse-once.ts";
import {
  createRemoteKeySet,
  DEFAULT_CACHE_MS,
  DEFAULT_COOLDOWN_MS,
  DEFAULT_MAX_STALE_MS,
  DEFAULT_RETRY_PAUSE_MS,
  DEFAULT_TIMEOUT_MS,
  type RemoteKeySet,
  type RemoteKeySetOptions,
} from "./remote-key-set.ts";
import { signJwt } from "./sign-jwt.ts";
import { chooseKey, type VerifyOptions } from "./verify-jwt.ts";
import { verifyDecodedWithRemoteKeys } from "./verify-with-remote-keys.ts";

const jwksUri = "https://t.example/keys";
let one: SigningKey;
let two: SigningKey;
beforeAll(async () => {
  [one, two] = await Promise.all([generateSigningKey({ kid: "kid:one" }), generateSigningKey({ kid: "kid:two" })]);
});

const jwks = (...keys: SigningKey[]) => JSON.stringify({ keys: keys.map((key) => key.publicJwk) });
const down: HttpGetResult = { ok: false, problem: "connection", detail: "ECONNREFUSED" };

/** An issuer that answers from a table, and a clock that stands still until moved. */
function harness(options: Partial<RemoteKeySetOptions> = {}) {
  const issuer = { answers: new Map<string, string | HttpGetResult>([[jwksUri, jwks(one)]]), urls: [] as string[] };
  const clock = { nowMs: 1_000_000 };
  const get: HttpGet = async (url, limits) => {
    expect(limits).toEqual({ timeoutMs: DEFAULT_TIMEOUT_MS, bodyLimitBytes: MAX_JWKS_BYTES });
    issuer.urls.push(url.href);
    const answer = issuer.answers.get(url.href) ?? { ok: false, problem: "status", detail: "404" };
    return typeof answer === "string" ? { ok: true, body: answer } : answer;
  };
  const remote = createRemoteKeySet({ jwksUri, get, nowMs: () => clock.nowMs, ...options });
  const kids = async (kid?: string) => {
    const verdict = await remote.get(kid);
    return verdict.ok ? [...verdict.keys.byKid.keys()] : verdict.reason;
  };
  return { issuer, clock, remote, kids };
}

describe("cache", () => {
  test("nothing is fetched before it is asked for, then once until the keys are old", async () => {
    const { issuer, clock, remote, kids } = harness();
    expect(remote.current()).toBeUndefined();
    expect(issuer.urls).toEqual([]);
    expect(await kids()).toEqual(["one"]);
    clock.nowMs += DEFAULT_CACHE_MS - 1;
    expect(remote.current()?.byKid.has("one")).toBe(true);
    expect(await kids("one")).toEqual(["one"]);
    expect(issuer.urls).toEqual([jwksUri]);
    clock.nowMs += 1;
    expect(remote.current()).toBeUndefined();
    expect(await kids()).toEqual(["one"]);
    expect(issuer.urls).toHaveLength(2);
  });

  test("many waiters share one fetch", async () => {
    const { issuer, kids } = harness();
    await Promise.all([kids(), kids("one"), kids("unknown"), kids()]);
    expect(issuer.urls).toHaveLength(1);
  });

  test("with parseOnce an unchanged document keeps its identity and grows younger, a changed one is another", async () => {
    const { issuer, clock, remote, kids } = harness({ parseKeys: parseOnce() });
    await kids();
    const first = remote.current()?.byKid;
    clock.nowMs += DEFAULT_CACHE_MS;
    await kids();
    expect(remote.current()?.byKid).toBe(first);
    expect(remote.current()?.fetchedAtMs).toBe(clock.nowMs);
    issuer.answers.set(jwksUri, jwks(one, two));
    clock.nowMs += DEFAULT_CACHE_MS;
    await kids();
    expect(remote.current()?.byKid).not.toBe(first);
  });

  test("a key the issuer withdrew is gone after the next fetch", async () => {
    const { issuer, clock, kids } = harness();
    await kids();
    issuer.answers.set(jwksUri, jwks(two));
    clock.nowMs += DEFAULT_CACHE_MS;
    expect(await kids("one")).toEqual(["two"]);
  });

  test("keys known at build time need no fetch until they are old", async () => {
    const baked = parseKeySet(jwks(one), { fetchedAtMs: 1_000_000 });
    if (!baked.ok) throw new Error(baked.detail);
    const { issuer, clock, remote, kids } = harness({ initialKeys: baked.keys });
    expect(remote.current()?.byKid.has("one")).toBe(true);
    expect(await kids("one")).toEqual(["one"]);
    expect(issuer.urls).toEqual([]);
    clock.nowMs += DEFAULT_CACHE_MS;
    await kids();
    expect(issuer.urls).toHaveLength(1);
  });

  test("a clock set back makes keys old, not eternal", async () => {
    const { clock, remote, kids } = harness();
    await kids();
    clock.nowMs -= 1;
    expect(remote.current()).toBeUndefined();
  });
});

describe("unknown kids", () => {
  test("a rotated key is fetched at once", async () => {
    const { issuer, kids } = harness();
    await kids();
    issuer.answers.set(jwksUri, jwks(one, two));
    expect(await kids("two")).toEqual(["one", "two"]);
  });

  test("invented kids cause one fetch per cool-down, however many come", async () => {
    const { issuer, clock, kids } = harness();
    await kids();
    for (let number = 0; number < 100; number++) expect(await kids(`invented-${number}`)).toEqual(["one"]);
    expect(issuer.urls).toHaveLength(2);
    clock.nowMs += DEFAULT_COOLDOWN_MS - 1;
    await kids("invented");
    expect(issuer.urls).toHaveLength(2);
    clock.nowMs += 1;
    await kids("invented");
    expect(issuer.urls).toHaveLength(3);
  });

  test("a failed fetch for an unknown kid leaves the keys in use and does not start the cool-down", async () => {
    const { issuer, clock, remote, kids } = harness();
    await kids();
    issuer.answers.set(jwksUri, down);
    expect(await remote.get("two")).toMatchObject({ ok: true, failure: { reason: "jwks_unreachable" } });
    issuer.answers.set(jwksUri, jwks(two));
    clock.nowMs += DEFAULT_RETRY_PAUSE_MS;
    expect(await kids("two")).toEqual(["two"]);
  });
});

describe("failures", () => {
  test("are the answer for a short pause, then tried again", async () => {
    const { issuer, clock, remote, kids } = harness();
    issuer.answers.set(jwksUri, down);
    expect(await remote.get()).toEqual({
      ok: false,
      reason: "jwks_unreachable",
      url: jwksUri,
      problem: "connection",
      detail: "ECONNREFUSED",
    });
    issuer.answers.set(jwksUri, jwks(one));
    clock.nowMs += DEFAULT_RETRY_PAUSE_MS - 1;
    expect(await kids()).toBe("jwks_unreachable");
    expect(issuer.urls).toHaveLength(1);
    clock.nowMs += 1;
    expect(await kids()).toEqual(["one"]);
  });

  test("old keys serve on while the issuer is down, up to their bound and not longer", async () => {
    const { issuer, clock, remote, kids } = harness();
    await kids();
    issuer.answers.set(jwksUri, down);
    clock.nowMs += DEFAULT_CACHE_MS + DEFAULT_MAX_STALE_MS - 1;
    expect(await remote.get()).toMatchObject({ ok: true, failure: { reason: "jwks_unreachable" } });
    clock.nowMs += 1;
    expect(await kids()).toBe("jwks_unreachable");
  });

  test("a malformed document does not replace good keys", async () => {
    const { issuer, clock, remote, kids } = harness();
    await kids();
    issuer.answers.set(jwksUri, "<html>maintenance</html>");
    clock.nowMs += DEFAULT_CACHE_MS;
    expect(await remote.get()).toMatchObject({
      ok: true,
      failure: { reason: "jwks_malformed", url: jwksUri, detail: "not JSON" },
    });
  });

  test("an empty key set does: the issuer has withdrawn everything", async () => {
    const { issuer, clock, kids } = harness();
    await kids();
    issuer.answers.set(jwksUri, '{"keys":[]}');
    clock.nowMs += DEFAULT_CACHE_MS;
    expect(await kids()).toEqual([]);
  });

  test("a port that throws is not remembered as a fetch under way", async () => {
    let calls = 0;
    const { remote } = harness({
      get: async () => {
        calls++;
        throw new Error("port");
      },
    });
    await expect(remote.get()).rejects.toThrow("port");
    await expect(remote.get()).rejects.toThrow("port");
    expect(calls).toBe(2);
  });
});

describe("addresses", () => {
  const anyHost = () => true;
  test.each([
    ["http://t.example/keys", undefined, "scheme"],
    ["http://127.0.0.1/keys", undefined, "scheme"],
    ["http://t.example/keys", isLoopback, "scheme"],
    ["http://localhost.example/keys", isLoopback, "scheme"],
    ["http://127.0.0.1.example/keys", isLoopback, "scheme"],
    ["http://128.0.0.1/keys", isLoopback, "scheme"],
    ["ftp://localhost/keys", anyHost, "scheme"],
    ["file:///etc/passwd", anyHost, "scheme"],
    ["https://user:secret@t.example/keys", undefined, "credentials"],
    ["keys", undefined, "not_a_url"],
  ] as const)("%s with allowHttp %o is refused", async (address, allowHttp, problem) => {
    const { issuer, remote } = harness({ jwksUri: address, ...(allowHttp && { allowHttp }) });
    expect(await remote.get()).toMatchObject({ ok: false, reason: "url_refused", problem });
    expect(issuer.urls).toEqual([]);
  });

  test.each([
    ["http://localhost:1/keys", isLoopback],
    ["http://issuer.localhost/keys", isLoopback],
    ["http://127.1.2.3/keys", isLoopback],
    ["http://[::1]:1/keys", isLoopback],
    ["http://t.example/keys", anyHost],
    ["https://t.example/keys", undefined],
  ] as const)("%s with allowHttp %o is asked", async (address, allowHttp) => {
    const { issuer, remote } = harness({ jwksUri: address, ...(allowHttp && { allowHttp }) });
    await remote.get();
    expect(issuer.urls).toEqual([address]);
  });

  test("a redirect has a reason of its own", async () => {
    const { issuer, remote } = harness();
    issuer.answers.set(jwksUri, { ok: false, problem: "redirect", detail: "302" });
    expect(await remote.get()).toMatchObject({ reason: "redirect_refused", detail: "302" });
  });
});

describe("discovery", () => {
  const issuerUrl = "https://t.example/";
  const wellKnown = "https://t.example/.well-known/openid-configuration";
  const discovery = (members: object) => JSON.stringify({ issuer: issuerUrl, jwks_uri: jwksUri, ...members });

  test("the keys come from where the document says", async () => {
    const { issuer, kids } = harness({ jwksUri: discovered(issuerUrl) });
    issuer.answers.set(wellKnown, discovery({}));
    expect(await kids()).toEqual(["one"]);
    expect(issuer.urls).toEqual([wellKnown, jwksUri]);
  });

  test("exactly one slash joins issuer and path", () => {
    expect(discoveryUrl("https://t.example")).toBe(wellKnown);
    expect(discoveryUrl("https://t.example/")).toBe(wellKnown);
    expect(discoveryUrl("https://t.example/realms/a/")).toBe(
      "https://t.example/realms/a/.well-known/openid-configuration",
    );
    expect(discoveryUrl("https://t.example//")).toBe("https://t.example//.well-known/openid-configuration");
  });

  test.each(["https://t.example", "http://t.example/", "https://T.example/", 1, undefined])(
    "a document that names issuer %j is refused",
    async (named) => {
      const { issuer, remote } = harness({ jwksUri: discovered(issuerUrl) });
      issuer.answers.set(wellKnown, discovery({ issuer: named }));
      expect(await remote.get()).toMatchObject({
        ok: false,
        reason: "issuer_mismatch_discovery",
        url: wellKnown,
        expected: issuerUrl,
        actual: typeof named === "string" ? named : named === 1 ? "number" : "missing",
      });
      expect(issuer.urls).toEqual([wellKnown]);
    },
  );

  test.each([
    ["<html>", "not a JSON object"],
    ["[]", "not a JSON object"],
    ['{"issuer":"https://t.example/"}', 'no "jwks_uri"'],
    ['{"issuer":"https://t.example/","jwks_uri":1}', 'no "jwks_uri"'],
  ])("document %s is malformed", async (body, detail) => {
    const { issuer, remote } = harness({ jwksUri: discovered(issuerUrl) });
    issuer.answers.set(wellKnown, body);
    expect(await remote.get()).toEqual({ ok: false, reason: "discovery_malformed", url: wellKnown, detail });
  });

  test("the address it names is held to the same rules", async () => {
    const { issuer, remote } = harness({ jwksUri: discovered(issuerUrl) });
    issuer.answers.set(wellKnown, discovery({ jwks_uri: "http://169.254.169.254/keys" }));
    expect(await remote.get()).toMatchObject({ reason: "url_refused", problem: "scheme" });
  });

  test("a missing document and a missing key set have different reasons", async () => {
    const { issuer, clock, kids } = harness({ jwksUri: discovered(issuerUrl) });
    expect(await kids()).toBe("discovery_unreachable");
    issuer.answers.set(wellKnown, discovery({ jwks_uri: "https://t.example/gone" }));
    clock.nowMs += DEFAULT_RETRY_PAUSE_MS;
    expect(await kids()).toBe("jwks_unreachable");
  });

  test("an issuer with a query or fragment is refused", async () => {
    for (const each of ["https://t.example/?a", "https://t.example/#a"]) {
      const { issuer, remote } = harness({ jwksUri: discovered(each) });
      expect(await remote.get()).toMatchObject({ reason: "url_refused", problem: "query_or_fragment" });
      expect(issuer.urls).toEqual([]);
    }
  });
});

describe("verification with fetched keys", () => {
  const nowSeconds = 1_700_000_000;
  const options = { issuers: ["https://t.example/"], audiences: ["pets"], nowSeconds };
  const claims = { iss: "https://t.example/", aud: "pets", exp: nowSeconds + 60 };
  const verify = (token: string, remote: RemoteKeySet, by: Omit<VerifyOptions, "keys">) => {
    const decoded = decodeJwt(token);
    return decoded.ok ? verifyDecodedWithRemoteKeys(decoded, remote, by, chooseKey) : decoded;
  };
  const tokenBy = (key: SigningKey, header: object = {}) =>
    signJwt(claims, { algorithm: "RS256", privateKey: key.privateKey, kid: key.kid, header: { ...header } });

  test("waits for the first keys and answers without a promise from then on", async () => {
    const { issuer, remote } = harness();
    const first = verify(tokenBy(one), remote, options);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toMatchObject({ ok: true, claims });
    expect(verify(tokenBy(one), remote, options)).toMatchObject({ ok: true });
    expect(issuer.urls).toHaveLength(1);
  });

  test("a token that is refused for what it is causes no fetch", () => {
    const { issuer, remote } = harness();
    for (const token of [
      "opaque",
      "a.b.c",
      tokenBy(one, { alg: "none" }),
      tokenBy(one, { crit: ["x"] }),
      tokenBy(one, { kid: 1 }),
    ]) {
      expect(verify(token, remote, options)).toMatchObject({ ok: false });
    }
    expect(issuer.urls).toEqual([]);
  });

  test("a rotated key is fetched, an invented one ends as key_not_found", async () => {
    const { issuer, remote } = harness();
    await remote.get();
    issuer.answers.set(jwksUri, jwks(one, two));
    expect(await verify(tokenBy(two), remote, options)).toMatchObject({ ok: true });
    expect(await verify(tokenBy(one, { kid: "x" }), remote, options)).toMatchObject({
      reason: "key_not_found",
      known: ["one", "two"],
    });
    expect(issuer.urls).toHaveLength(2);
  });

  test("without keys the fetch's failure is the verdict", async () => {
    const { issuer, remote } = harness();
    issuer.answers.set(jwksUri, down);
    expect(await verify(tokenBy(one), remote, options)).toMatchObject({ reason: "jwks_unreachable" });
  });

  test("a token without kid waits for the first keys too, where none is required", async () => {
    const { issuer, remote } = harness();
    const lenient = { ...options, requireKid: false };
    const token = tokenBy(one, { kid: undefined });
    expect(await verify(token, remote, lenient)).toMatchObject({ ok: true });
    expect(verify(token, remote, options)).toMatchObject({ reason: "kid_missing" });
    expect(issuer.urls).toHaveLength(1);
  });
});

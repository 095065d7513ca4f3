import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fixedTenantStore } from "../fixtures/fixed-tenant-store.ts";
import { granted, type SampleActions, sampleActions } from "../fixtures/sample-actions.ts";
import { managementApi } from "../tenant/management-api.ts";
import { MAX_ACTION_CHANGES, MAX_DENIAL_CHARS } from "./action-api.ts";
import type { PostLogin } from "./actions.ts";
import { MAX_CUSTOM_CLAIMS_BYTES } from "./custom-claims.ts";

let sample: SampleActions;
beforeEach(() => {
  sample = sampleActions();
});
afterEach(() => sample.close());

describe("api", () => {
  const run = (body: string, given: Partial<PostLogin> = {}) =>
    sample.open(sample.postLogin(body)).postLogin(sample.login(given));

  test("sets claims of either token, the last value winning", async () => {
    const verdict = granted(
      await run(`
      api.accessToken.setCustomClaim("https://ns/roles", ["a"]).accessToken.setCustomClaim("https://ns/roles", event.authorization.roles);
      api.accessToken.setCustomClaim("plan", "gold");
      api.idToken.setCustomClaim("https://ns/deep", { a: { b: [1, null] } });`),
    );
    expect(verdict.accessTokenClaims).toEqual({ "https://ns/roles": ["keeper"], plan: "gold" });
    expect(verdict.idTokenClaims).toEqual({ "https://ns/deep": { a: { b: [1, null] } } });
    expect(verdict.warnings).toEqual([]);
  });

  test("may return itself, as one-line Actions do", async () => {
    const file = sample.write(
      'exports.onExecutePostLogin = async (event, api) => api.idToken.setCustomClaim("https://ns/a", 1);',
    );
    expect(granted(await sample.open(file).postLogin(sample.login())).idTokenClaims).toEqual({ "https://ns/a": 1 });
  });

  test("adds and removes scopes, whatever was decided before", async () => {
    const verdict = granted(
      await run(
        'api.accessToken.addScope("admin:pets"); api.accessToken.removeScope("read:pets"); api.accessToken.addScope("x"); api.accessToken.removeScope("x")',
      ),
    );
    expect(verdict.scopes).toEqual(["openid", "admin:pets"]);
    expect(await run('api.accessToken.addScope("two words")')).toMatchObject({ reason: "action_failed" });
  });

  test.each([
    "roles",
    "groups",
    "permissions",
    "sub",
    "aud",
    "gty",
    "sip_anything",
    "x5t#S256",
    "https://auth0.com/a",
    "https://x.auth0.com/a",
    "http://webtask.io",
  ])("drops the claim %s as Auth0 does, and says so", async (name) => {
    const verdict = granted(
      await run(
        `api.accessToken.setCustomClaim(${JSON.stringify(name)}, 1); api.idToken.setCustomClaim(${JSON.stringify(name)}, 1)`,
      ),
    );
    expect(verdict.accessTokenClaims).toEqual({});
    expect(verdict.idTokenClaims).toEqual({});
    expect(verdict.warnings).toHaveLength(2);
    expect(verdict.warnings[0]).toEqual({
      reason: "action_claim_dropped",
      message: expect.stringContaining(`"${name}"`),
    });
    expect(verdict.warnings[0]?.message).toMatch(/namespaced name|host of yours/);
  });

  test("keeps private claims out of tokens for the Management API, but not those of a person's profile", async () => {
    const body =
      'for (const name of ["plan", "email", "https://ns/plan"]) api.accessToken.setCustomClaim(name, 1); api.idToken.setCustomClaim("plan", 1)';
    const verdict = granted(await run(body, { api: managementApi("http://localhost:4567/") }));
    expect(verdict.accessTokenClaims).toEqual({ email: 1, "https://ns/plan": 1 });
    expect(verdict.idTokenClaims).toEqual({ plan: 1 });
    expect(verdict.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining("https://example.com/plan") }),
    ]);
  });

  test("lets no claim's name reach a prototype", async () => {
    const verdict = granted(
      await run(`
      api.accessToken.setCustomClaim("__proto__", { isAdmin: true });
      api.accessToken.setCustomClaim("constructor", { prototype: { isAdmin: true } });
      api.idToken.setCustomClaim("https://ns/a", JSON.parse('{"__proto__":{"isAdmin":true}}'));`),
    );
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    expect(Object.getPrototypeOf(verdict.accessTokenClaims)).toBe(Object.prototype);
    expect(Object.keys(verdict.accessTokenClaims)).toEqual(["constructor"]);
    expect(verdict.warnings).toHaveLength(1);
  });

  test("takes values as JSON has them, at the moment they are given", async () => {
    const verdict = granted(
      await run(`
      const list = [1]; api.idToken.setCustomClaim("https://ns/list", list); list.push(2);
      api.idToken.setCustomClaim("https://ns/date", new Date(0));
      api.idToken.setCustomClaim("https://ns/none", undefined);
      api.idToken.setCustomClaim("https://ns/call", () => 1);`),
    );
    expect(verdict.idTokenClaims).toEqual({ "https://ns/list": [1], "https://ns/date": "1970-01-01T00:00:00.000Z" });
    expect(verdict.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/ns\/none.*undefined is nothing that JSON can hold/),
      expect.stringMatching(/ns\/call.*function is nothing/),
    ]);
    expect(await run('api.idToken.setCustomClaim("https://ns/a", 1n)')).toMatchObject({ reason: "action_failed" });
    expect(await run('const a = {}; a.a = a; api.idToken.setCustomClaim("https://ns/a", a)')).toMatchObject({
      reason: "action_failed",
    });
    expect(await run("api.idToken.setCustomClaim(3, 1)")).toMatchObject({ reason: "action_failed" });
  });

  test("takes no more claims than Auth0 does", async () => {
    const fill = (chars: number) => `api.accessToken.setCustomClaim("https://ns/a", "x".repeat(${chars}));`;
    expect((await run(fill(MAX_CUSTOM_CLAIMS_BYTES - 100) + fill(MAX_CUSTOM_CLAIMS_BYTES - 100))).ok).toBe(true);
    expect(await run(fill(MAX_CUSTOM_CLAIMS_BYTES))).toMatchObject({
      reason: "action_failed",
      description: expect.stringContaining("102400 bytes"),
    });
  });

  test("makes no more changes than its bound", async () => {
    const times = (count: number, change: string) => `for (let i = 0; i < ${count}; i++) ${change};`;
    for (const change of ["api.accessToken.addScope('s' + i)", "api.user.setAppMetadata('n' + i, i)"]) {
      expect((await run(times(MAX_ACTION_CHANGES - 2, change))).ok).toBe(true);
      expect(await run(times(MAX_ACTION_CHANGES + 1, change))).toMatchObject({ reason: "action_failed" });
    }
  });

  test("denies a login with the Action's words", async () => {
    const verdict = await run(
      'api.access.deny("Only on weekdays"); api.access.deny("later"); api.accessToken.addScope("x")',
    );
    expect(verdict).toEqual({
      ok: false,
      reason: "action_denied",
      error: "access_denied",
      description: "Only on weekdays",
    });
    expect(await run(`api.access.deny("x".repeat(5000))`)).toMatchObject({ description: "x".repeat(MAX_DENIAL_CHARS) });
    expect(await run("api.access.deny()")).toMatchObject({ ok: false, reason: "action_denied", description: "" });
  });

  test("denies an exchange with a code and words", async () => {
    const verdict = await sample
      .open(sample.exchange('api.access.deny("invalid_scope", "Not today")'))
      .credentialsExchange(sample.machine());
    expect(verdict).toEqual({ ok: false, reason: "action_denied", error: "invalid_scope", description: "Not today" });
    const odd = await sample
      .open(sample.exchange('api.access.deny("two words", "no")'))
      .credentialsExchange(sample.machine());
    expect(odd).toMatchObject({ ok: false, reason: "action_failed" });
  });

  test.each([
    "api.multifactor.enable('any')",
    "api.redirect.sendUserTo('https://x')",
    "api.authentication.challengeWith({type:'otp'})",
    "api.access.allow()",
    "api.user.setName('x')",
  ])("fails the login at %s, which this issuer cannot do", async (body) => {
    const verdict = await run(body);
    expect(verdict).toMatchObject({
      ok: false,
      reason: "action_failed",
      description: expect.stringContaining("is not supported by the development issuer"),
    });
  });

  test("has for an exchange what Auth0 has for it", async () => {
    const verdict = await sample
      .open(sample.exchange('api.idToken.setCustomClaim("https://ns/a", 1)'))
      .credentialsExchange(sample.machine());
    expect(verdict).toMatchObject({
      ok: false,
      description: "api.idToken is not supported by the development issuer.",
    });
  });

  test("keeps metadata in the tenant, merged, and writes nothing that is there already", async () => {
    const patch = vi.spyOn(sample.tenants, "patch");
    const file = sample.postLogin(
      'api.user.setAppMetadata("plan", "silver"); api.user.setAppMetadata("old", null); api.user.setUserMetadata("seen", { at: 1 })',
    );
    expect((await sample.open(file).postLogin(sample.login())).ok).toBe(true);
    const user = sample.tenants.current().users[0];
    expect(user?.appMetadata).toEqual({ plan: "silver" });
    expect(user?.userMetadata).toEqual({ seen: { at: 1 } });
    expect((await sample.open(file).postLogin(sample.login())).ok).toBe(true);
    expect(patch).toHaveBeenCalledTimes(1);
  });

  test("keeps no metadata of a login that it denies, and fails one whose metadata nobody can keep", async () => {
    await run('api.user.setAppMetadata("plan", "none"); api.access.deny("no")');
    expect(sample.tenants.current().users[0]?.appMetadata).toEqual({ plan: "gold", old: 1 });
    const fixed = sample.open(sample.postLogin('api.user.setAppMetadata("plan", "none")'), {
      tenants: fixedTenantStore(sample.tenants.current()),
    });
    expect(await fixed.postLogin(sample.login())).toMatchObject({ ok: false, reason: "action_failed" });
    expect(await run('api.user.setAppMetadata("__proto__", { isAdmin: true })')).toMatchObject({
      reason: "action_failed",
    });
  });
});

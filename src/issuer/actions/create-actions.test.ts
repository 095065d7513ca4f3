import { chmodSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { granted, type SampleActions, sampleActions } from "../fixtures/sample-actions.ts";
import { sampleClient, sampleUser } from "../fixtures/sample-issuer.ts";
import { MAX_ACTION_FILE_BYTES } from "./action-module.ts";
import type { PostLogin } from "./actions.ts";
import type { ActionsOptions } from "./create-actions.ts";

let sample: SampleActions;
beforeEach(() => {
  sample = sampleActions();
});
afterEach(() => sample.close());

describe("a file", () => {
  const claim = 'api.accessToken.setCustomClaim("https://ns/a", 1)';

  test.each([
    ["of CommonJS", "actions.cjs", `exports.onExecutePostLogin = async (event, api) => { ${claim}; };`],
    [
      "of CommonJS with module.exports",
      "actions.js",
      `const all = { async onExecutePostLogin(event, api) { ${claim}; } }; module.exports = all;`,
    ],
    ["of an ES module", "actions.mjs", `export const onExecutePostLogin = async (event, api) => { ${claim}; };`],
    [
      "of an ES module with a default",
      "actions.mjs",
      `export default { onExecutePostLogin: (event, api) => { ${claim}; } };`,
    ],
  ])("%s is loaded", async (_, name, code) => {
    const verdict = granted(await sample.open(sample.write(code, name)).postLogin(sample.login()));
    expect(verdict.accessTokenClaims).toEqual({ "https://ns/a": 1 });
    expect(sample.trouble).toEqual([]);
  });

  test.each([
    [
      "actions.cjs",
      (value: number) =>
        `exports.onExecutePostLogin = async (e, api) => { api.idToken.setCustomClaim("https://ns/v", ${value}); };`,
    ],
    [
      "actions.mjs",
      (value: number) =>
        `export const onExecutePostLogin = async (e, api) => { api.idToken.setCustomClaim("https://ns/v", ${value}); };`,
    ],
  ] as const)("%s is loaded again after a change, and only then", async (name, code) => {
    const file = sample.write(code(1), name);
    const actions = sample.open(file);
    expect(granted(await actions.postLogin(sample.login())).idTokenClaims).toEqual({ "https://ns/v": 1 });
    writeFileSync(file, code(2));
    utimesSync(file, 1_800_000_000, 1_800_000_000);
    expect(granted(await actions.postLogin(sample.login())).idTokenClaims).toEqual({ "https://ns/v": 2 });
    writeFileSync(file, "not JavaScript at all");
    expect((await actions.postLogin(sample.login())).ok).toBe(false);
    writeFileSync(file, code(3));
    expect(granted(await actions.postLogin(sample.login())).idTokenClaims).toEqual({ "https://ns/v": 3 });
  });

  test("keeps its variables between logins, as Auth0's often do", async () => {
    const file = sample.write(
      'let count = 0; exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim("https://ns/n", ++count); };',
    );
    const actions = sample.open(file);
    await actions.postLogin(sample.login());
    expect(granted(await actions.postLogin(sample.login())).idTokenClaims).toEqual({ "https://ns/n": 2 });
  });

  test.each([
    ["that is not there", undefined, /cannot be read/],
    ["that is no JavaScript", "exports.onExecutePostLogin = async (event, api => {", /cannot be loaded/],
    ["that throws while it is loaded", "throw new Error('no database')", /cannot be loaded: no database/],
    [
      "that exports no Action",
      "exports.onLogin = async () => {};",
      /exports neither onExecutePostLogin nor onExecuteCredentialsExchange/,
    ],
    ["that exports something else by that name", "exports.onExecutePostLogin = 'yes';", /no function/],
    ["that is too large", `// ${"x".repeat(MAX_ACTION_FILE_BYTES)}`, /at most 1048576 are loaded/],
  ])("%s fails every login and every exchange", async (_, code, message) => {
    const actions = sample.open(code === undefined ? join(sample.dir, "none.js") : sample.write(code));
    for (const verdict of [
      await actions.postLogin(sample.login()),
      await actions.credentialsExchange(sample.machine()),
    ]) {
      expect(verdict).toMatchObject({
        ok: false,
        reason: "action_failed",
        error: "access_denied",
        description: expect.stringMatching(message),
      });
    }
    expect(sample.trouble).toHaveLength(2);
  });

  test("may be named later, and another one after that", async () => {
    let named: string | undefined;
    const actions = sample.open(() => named);
    const claims = async () => granted(await actions.postLogin(sample.login())).idTokenClaims;
    expect(await claims()).toEqual({});
    expect(await actions.file?.()).toBeUndefined();
    const code = (value: number) =>
      `exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim("https://ns/v", ${value}); };`;
    named = sample.write(code(1), "one.cjs");
    expect(await claims()).toEqual({ "https://ns/v": 1 });
    named = sample.write(code(2), "two.cjs");
    expect(await claims()).toEqual({ "https://ns/v": 2 });
  });

  test("without a handler for the trigger leaves what was decided", async () => {
    const verdict = await sample.open(sample.postLogin('api.access.deny("no")')).credentialsExchange(sample.machine());
    expect(verdict).toEqual({
      ok: true,
      scopes: ["read:pets"],
      accessTokenClaims: {},
      idTokenClaims: {},
      warnings: [],
    });
  });

  test("with a handler that nothing runs is told of it", async () => {
    await sample
      .open(sample.write("exports.onExecutePostLogin = async () => {}; exports.onContinuePostLogin = async () => {};"))
      .postLogin(sample.login());
    expect(sample.trouble).toEqual([expect.stringContaining("onContinuePostLogin, which this issuer never runs")]);
  });

  test("is described for the Management API", async () => {
    const file = sample.postLogin("");
    expect(await sample.open(file).file?.()).toMatchObject({
      name: "actions.js",
      triggers: ["post-login"],
      code: expect.stringContaining("onExecutePostLogin"),
    });
    expect(await sample.open(join(sample.dir, "none.js")).file?.()).toBeUndefined();
  });
});

describe("event", () => {
  const seen = async (file: string, given: PostLogin) =>
    granted(await sample.open(file).postLogin(given)).idTokenClaims["https://ns/e"];

  test("tells a login who, by what, for what and how", async () => {
    const event = await seen(sample.postLogin('api.idToken.setCustomClaim("https://ns/e", event)'), sample.login());
    expect(event).toMatchObject({
      user: {
        user_id: "auth0|alice",
        email: "alice@pets.example",
        app_metadata: { plan: "gold" },
        identities: [{ provider: "auth0", user_id: "alice" }],
      },
      client: { client_id: sampleClient().clientId, name: "Pets SPA" },
      authorization: { roles: ["keeper"] },
      resource_server: { identifier: "https://pets.example" },
      transaction: {
        requested_scopes: ["openid", "read:pets", "write:pets"],
        protocol: "oidc-basic-profile",
        prompt: ["login"],
        state: "s",
      },
      request: {
        method: "GET",
        hostname: "localhost",
        ip: "127.0.0.1",
        user_agent: "test",
        query: { prompt: "login" },
      },
      secrets: {},
      stats: {},
    });
    expect(JSON.stringify(event)).not.toContain(sampleUser().password);
    expect(JSON.stringify(event)).not.toContain(sampleClient().clientSecret);
  });

  test("without an API has no resource server", async () => {
    const file = sample.postLogin('api.idToken.setCustomClaim("https://ns/e", "resource_server" in event)');
    expect(await seen(file, sample.login({ api: undefined }))).toBe(false);
  });

  test("never holds what a request proves itself with", async () => {
    const request = {
      ...sample.login().request,
      body: { password: "p", client_secret: "s", refresh_token: "r", code: "c", client_id: "i" },
    };
    const file = sample.postLogin('api.idToken.setCustomClaim("https://ns/e", event.request.body)');
    expect(await seen(file, sample.login({ request }))).toEqual({ client_id: "i" });
  });

  test("is a copy that nothing can be written to", async () => {
    const given = sample.login();
    const file = sample.postLogin(`"use strict";
      let frozen = 0;
      for (const change of [() => event.user.email = "x", () => event.user.app_metadata.plan = "x", () => event.authorization.roles.push("admin"), () => event.x = 1])
        try { change(); } catch { frozen++; }
      api.idToken.setCustomClaim("https://ns/e", frozen)`);
    expect(await seen(file, given)).toBe(4);
    expect(given.user.appMetadata).toEqual({ plan: "gold", old: 1 });
    expect(Object.isFrozen(given.user)).toBe(false);
  });

  test("brings the secrets of the state sample.folder", async () => {
    const file = sample.postLogin('api.idToken.setCustomClaim("https://ns/e", event.secrets.KEY)');
    const path = join(sample.folder.path, "action-secrets.json");
    writeFileSync(path, '{"KEY":"value"}', { mode: 0o600 });
    expect(await seen(file, sample.login())).toBe("value");
    writeFileSync(path, '{"KEY":3}');
    expect(await sample.open(file).postLogin(sample.login())).toMatchObject({
      reason: "action_failed",
      description: expect.stringContaining("JSON object of texts"),
    });
    chmodSync(path, 0o644);
    expect(await sample.open(file).postLogin(sample.login())).toMatchObject({ reason: "action_failed" });
  });

  test("tells an exchange its scopes", async () => {
    const file = sample.exchange(
      'api.accessToken.setCustomClaim("https://ns/e", [event.accessToken.scope, event.resource_server.identifier, event.client.client_id])',
    );
    const verdict = granted(await sample.open(file).credentialsExchange(sample.machine()));
    expect(verdict.accessTokenClaims["https://ns/e"]).toEqual([
      ["read:pets"],
      "https://pets.example",
      sampleClient().clientId,
    ]);
  });
});

describe("an Action that fails", () => {
  const run = (body: string, options: Partial<ActionsOptions> = {}) =>
    sample.open(sample.postLogin(body), options).postLogin(sample.login());

  test("by throwing fails the login with its message; the stack is for the terminal", async () => {
    const verdict = await run('throw new Error("The database is away")');
    expect(verdict).toEqual({
      ok: false,
      reason: "action_failed",
      error: "access_denied",
      description: "The database is away",
    });
    expect(sample.trouble).toEqual([
      expect.stringMatching(/post-login failed: Error: The database is away\n\s+at .*actions\.js/),
    ]);
  });

  test.each([
    "throw undefined",
    'throw "text"',
    "throw { toString() { throw 1 } }",
    "await Promise.reject(null)",
    "return (() => { throw new TypeError('t') })()",
  ])("by %s fails the login as well", async (body) => {
    const verdict = await run(body);
    expect(verdict).toMatchObject({ ok: false, reason: "action_failed", description: expect.any(String) });
  });

  test("by never ending is given up, and what it does later counts for nothing", async () => {
    const file = sample.postLogin(`
      await new Promise((resolve) => { globalThis.gatewardenResume = resolve; });
      try { api.accessToken.addScope("late"); } catch (error) { globalThis.gatewardenLate = error.message; }`);
    const verdict = await sample.open(file, { timeLimitMs: 20 }).postLogin(sample.login());
    expect(verdict).toMatchObject({
      ok: false,
      reason: "action_failed",
      description: "The Action took longer than 0.02 seconds.",
    });
    const shared = globalThis as { gatewardenResume?: () => void; gatewardenLate?: string };
    shared.gatewardenResume?.();
    await waitFor(() => expect(shared.gatewardenLate).toMatch(/has ended/));
  });
});

import { renameSync } from "node:fs";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "./support/http.ts";
import {
  authorize,
  CALLBACK,
  call,
  type IssuerProject,
  logIn,
  makeIssuerProject,
  PETS,
  TENANT,
} from "./support/issuer-project.ts";
import { openPerson } from "./support/person.ts";

/* What a person's login gives the browser app, and what the gateway makes of it. */

const EVERYTHING = "openid profile offline_access read:pets create:pets";
const PET = { method: "POST", headers: { "content-type": "application/json" }, body: '{"type":"bird","price":5}' };

let gateway: IssuerProject;
beforeAll(async () => {
  gateway = await makeIssuerProject();
  await gateway.start();
});
afterAll(() => gateway?.finish());

/** Writes the file as editors do: beside it, then over it. */
function replace(name: string, content: string): void {
  gateway.project.write(`.${name}.new`, content);
  renameSync(gateway.project.path(`.${name}.new`), gateway.project.path(name));
}

/** Edits the tenant's file, until the running issuer has looked at it again and something says so. */
async function edit(content: string, isSeen: () => boolean | Promise<boolean> = isReadAgain()): Promise<void> {
  replace("tenant.yaml", content);
  await until("the edit to be seen", async () => {
    // The issuer looks when it is asked something.
    await fetch(`${gateway.issuer}.well-known/openid-configuration`);
    return isSeen();
  });
}

function isReadAgain(): () => Promise<boolean> {
  const changes = gateway.events().then(countOfChanges);
  return async () => countOfChanges(await gateway.events()) > (await changes);
}

function countOfChanges(events: Awaited<ReturnType<IssuerProject["events"]>>): number {
  return events.filter(({ kind }) => kind === "tenant_changed").length;
}

describe("a login that did not ask for the API", () => {
  let token: string;
  beforeAll(async () => {
    const answer = await logIn(gateway, { scope: "openid profile" }, "auth0|alice");
    expect(answer).toMatchObject({ status: 200, scope: "openid profile" });
    token = answer.access_token;
  });

  test("gives an opaque token that is good at userinfo", async () => {
    expect(token.split(".")).toHaveLength(5);
    expect(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString())).toMatchObject({ alg: "dir" });
    const { status, body } = await call(`${gateway.issuer}userinfo`, token);
    expect([status, JSON.parse(body)]).toMatchObject([200, { sub: "auth0|alice", name: "Alice" }]);
  });

  test.each(["rest", "http"] as const)(
    "opens nothing of the %s API, and the record says what to ask for",
    async (kind) => {
      const refused = await call(`${gateway[kind]}/pets`, token);
      expect(refused).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
      const explained = await gateway.run(["explain", refused.requestId, "--json"]);
      expect(explained.code).toBe(0);
      // The function of a REST API says it in its log, the gateway of an HTTP API itself.
      expect(explained.stdout).toMatch(/token is encrypted \(5 segments\), a signed JWT has 3/);
      expect(explained.stdout).toMatch(
        /Ask the issuer for the API's audience: without one Auth0 answers an opaque token/,
      );
      const told = await gateway.run(["explain", refused.requestId]);
      expect(told.stdout).toMatch(/token is encrypted \(5 segments\), a signed JWT has 3/);
      expect(told.stdout).toMatch(/Ask the issuer for the API's audience: without one Auth0 answers an opaque token/);
    },
  );
});

describe("role-based access", () => {
  test("gives Bob what his roles permit of what was asked, and Alice all of it", async () => {
    const bob = await logIn(gateway, { audience: PETS, scope: EVERYTHING }, "auth0|bob");
    expect(bob.scope).toBe("openid profile offline_access read:pets");
    const claims = decodeJwt(bob.access_token);
    expect(claims).toMatchObject({
      iss: gateway.issuer,
      sub: "auth0|bob",
      aud: [PETS, `${gateway.issuer}userinfo`],
      scope: "openid profile offline_access read:pets",
    });
    expect(claims).not.toHaveProperty("permissions");
    expect(claims).not.toHaveProperty("gty");
    const alice = await logIn(gateway, { audience: PETS, scope: EVERYTHING }, "auth0|alice");
    expect(alice.scope).toBe(EVERYTHING);
    for (const base of [gateway.rest, gateway.http]) {
      expect(await call(`${base}/pets`, bob.access_token)).toMatchObject({ status: 200 });
      const refused = await call(`${base}/pets`, bob.access_token, PET);
      expect(refused.status).toBe(403);
      const { stdout } = await gateway.run(["explain", refused.requestId]);
      expect(stdout).toMatch(/principal "auth0\|bob"|"create:pets"/);
      expect((await call(`${base}/pets`, alice.access_token, PET)).status).toBeLessThan(300);
    }
  });

  test("ends and comes back with an edit of the tenant's file, and tells permissions if it is told to", async () => {
    await edit(TENANT.replace("enforce_policies: true", "enforce_policies: false"));
    const free = await logIn(gateway, { audience: PETS, scope: EVERYTHING }, "auth0|bob");
    expect(free.scope).toBe(EVERYTHING);
    expect((await call(`${gateway.http}/pets`, free.access_token, PET)).status).toBe(200);

    await edit(TENANT.replace("token_dialect: access_token", "token_dialect: access_token_authz"));
    const bob = await logIn(gateway, { audience: PETS, scope: "openid" }, "auth0|bob");
    expect(decodeJwt(bob.access_token)).toMatchObject({ scope: "openid", permissions: ["read:pets"] });
    // AWS reads scope, and permissions are none.
    const refused = await call(`${gateway.http}/pets`, bob.access_token);
    expect(refused.status).toBe(403);
    expect((await gateway.run(["explain", refused.requestId])).stdout).toContain('is in "permissions"');

    await edit(TENANT);
    const again = await logIn(gateway, { audience: PETS, scope: EVERYTHING }, "auth0|bob");
    expect(again.scope).toBe("openid profile offline_access read:pets");
  });

  test("an edit that cannot be read changes nothing, one that names nobody gives nothing; both are told with their place", async () => {
    const bobMay = async () => (await logIn(gateway, { audience: PETS, scope: EVERYTHING }, "auth0|bob")).scope;
    const isTold = (told: RegExp) => () => told.test(gateway.terminal());
    await edit(
      TENANT.replace("enforce_policies: true", "enforce_polices: false"),
      isTold(/tenant\.yaml:\d+:5: error [^\n]*enforce_polices/),
    );
    expect(await bobMay()).toBe("openid profile offline_access read:pets");
    await edit(
      TENANT.replace("[Visitor]", "[Visitr]"),
      isTold(/tenant\.yaml:\d+:\d+: error [^\n]*Visitr[^\n]*Visitor/),
    );
    expect(await bobMay()).toBe("openid profile offline_access");
    await edit(TENANT);
    expect(await bobMay()).toBe("openid profile offline_access read:pets");
  });
});

describe("an Actions file", () => {
  const ROLES = `${PETS}/roles`;
  const actions = (extra = "") => `
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.email === "bob@example.com") return api.access.deny("Bob has to call the shop first.");
  api.accessToken.setCustomClaim("${ROLES}", event.authorization.roles);
  api.accessToken.setCustomClaim("roles", event.authorization.roles);${extra}
};`;

  beforeAll(async () => {
    replace("actions.js", actions());
    await edit(`actions: ./actions.js\n${TENANT}`);
  });

  const login = (user: string) => logIn(gateway, { audience: PETS, scope: EVERYTHING }, user);

  test("adds a claim that reaches functions and mapping templates; one of a reserved name is dropped, and told", async () => {
    const { access_token } = await login("auth0|alice");
    const claims = decodeJwt(access_token);
    expect(claims[ROLES]).toEqual(["Shopkeeper"]);
    expect(claims).not.toHaveProperty("roles");
    const seen = await call(`${gateway.http}/pets`, access_token);
    expect(JSON.parse(seen.body)).toMatchObject({ jwt: { claims: { [ROLES]: "[Shopkeeper]", sub: "auth0|alice" } } });
    expect(JSON.parse(seen.body).jwt.claims).not.toHaveProperty("roles");
    const context = await call(`${gateway.rest}/caller`, access_token);
    expect(JSON.parse(context.body)).toEqual({ who: "auth0|alice", roles: '["Shopkeeper"]' });
    await until("the warning", () => /issuer: [^\n]*"?roles"?[^\n]*\[action_claim_dropped\]/.test(gateway.terminal()));
  });

  test("denies a user, and the application is told why", async () => {
    const { callback } = await authorize(gateway.issuer, { audience: PETS }, "auth0|bob", openPerson(CALLBACK));
    expect(Object.fromEntries(callback)).toEqual({
      error: "access_denied",
      error_description: "Bob has to call the shop first.",
      state: "s",
    });
    const [event] = await gateway.events();
    expect(event).toMatchObject({ kind: "refused", reason: "action_denied" });
  });

  test("is in force as soon as it is edited", async () => {
    expect(decodeJwt((await login("auth0|alice")).access_token)).not.toHaveProperty([`${PETS}/edited`]);
    replace("actions.js", actions(`\n  api.accessToken.setCustomClaim("${PETS}/edited", true);`));
    expect(decodeJwt((await login("auth0|alice")).access_token)).toHaveProperty([`${PETS}/edited`], true);
  });
});

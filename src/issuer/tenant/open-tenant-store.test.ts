import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFolder, type StateFolder } from "../state-folder.ts";
import {
  CHECK_INTERVAL_MS,
  type FileTenantStore,
  openTenantStore,
  type TenantStoreOptions,
} from "./open-tenant-store.ts";
import { findClient, type Tenant } from "./tenant.ts";
import type { TenantFinding } from "./tenant-finding.ts";

let dir: string;
let file: string;
let folder: StateFolder;
let nowMs = 1_800_000_000_000;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatewarden-store-"));
  file = join(dir, "tenant.yaml");
  folder = openStateFolder(dir);
});
afterEach(() => rmSync(dir, { recursive: true }));

function open(options: Partial<TenantStoreOptions> = {}): Promise<FileTenantStore> {
  const issuerUrls = ["http://localhost:4567/"];
  return openTenantStore({ file, folder, project: "demo", issuerUrls, clock: () => nowMs, ...options });
}

/** Asks when the file is looked at again. */
function later(store: FileTenantStore): Tenant {
  nowMs += CHECK_INTERVAL_MS;
  return store.current();
}

const pets = { identifier: "https://pets.example", name: "Pets", scopes: ["read:pets", "write:pets"] };

const COMMENTED = `# our tenant
apis:
  # the first
  - identifier: https://pets.example # never called
    name: Pets
    scopes:
      - read:pets # look
      - write:pets # touch
    token_lifetime: 60 # short

# who logs in
users:
  - email: alice@pets.example
    roles: [keeper]
roles:
  - name: keeper # of pets
    permissions:
      https://pets.example: [read:pets, write:pets]
client_grants:
  - application: Web
    audience: https://pets.example
    scope: [read:pets, write:pets]
applications:
  - name: Web
`;

describe("without a file", () => {
  test("there is what the project implies, and the first edit makes the file", async () => {
    const store = await open({ declared: [pets] });
    expect(store.current().apis[0]?.name).toBe("Pets");
    expect(readdirSync(dir)).not.toContain("tenant.yaml");
    const id = await store.create("applications", {
      name: "SPA",
      app_type: "spa",
      callbacks: ["http://localhost:3000"],
    });
    expect(findClient(store.current(), id)).toMatchObject({ name: "SPA", tokenEndpointAuthMethod: "none" });
    expect(readFileSync(file, "utf8")).toBe(
      "applications:\n  - name: SPA\n    app_type: spa\n    callbacks: [http://localhost:3000]\n",
    );
    expect(readdirSync(dir).sort()).toEqual(["issuer", "tenant.yaml"]);
  });

  test("what the project implied is remembered for the command line", async () => {
    await (await open()).declare([pets]);
    expect((await open()).current().apis[0]).toMatchObject({ identifier: pets.identifier, scopes: pets.scopes });
  });

  test("the folder of the file is made", async () => {
    file = join(dir, "a/b/tenant.yaml");
    await (await open()).create("roles", { name: "keeper" });
    expect(readFileSync(file, "utf8")).toContain("keeper");
  });
});

describe("secrets", () => {
  test("are made once, kept outside the file, and the tenant is frozen", async () => {
    writeFileSync(file, "apis: [{identifier: a, signing_alg: HS256}]\napplications: [{name: Web}]\n");
    const tenant = (await open()).current();
    expect(tenant.clients[0]?.clientSecret).toMatch(/^[\w-]{64}$/);
    expect(tenant.apis[0]?.signingSecret).toMatch(/^[\w-]{64}$/);
    expect(tenant.users[0]?.password).toMatch(/^[\w-]{16}$/);
    expect((await open()).current()).toEqual(tenant);
    expect(Object.isFrozen(tenant.users[0]?.appMetadata)).toBe(true);
  });

  test("that an entry brings go to the state folder", async () => {
    const store = await open();
    const secret = "a-secret-of-the-user";
    const client = await store.create("applications", { name: "Web", client_secret: secret });
    await store.create("apis", { identifier: "a", signing_alg: "HS256", signing_secret: secret });
    const user = await store.create("users", { email: "carol@pets.example", password: " a word " });
    expect(findClient(store.current(), client)?.clientSecret).toBe(secret);
    expect(store.current().apis[0]?.signingSecret).toBe(secret);
    expect(store.current().users.find(({ userId }) => userId === user)?.password).toBe(" a word ");
    expect(readFileSync(file, "utf8")).not.toMatch(/secret|word/);
    await expect(store.create("users", { email: "d@pets.example", password: "" })).rejects.toThrow(
      /password is not 1 to/,
    );
    await expect(store.patch("applications", client, { client_secret: "short" })).rejects.toThrow(/16 to 1024/);
    await expect(store.setPassword(user, "x".repeat(1025))).rejects.toMatchObject({ code: "invalid" });
  });

  test("that are replaced are seen by another process", async () => {
    writeFileSync(file, "applications: [{name: Web, client_id: web}]\n");
    const [one, other] = [await open(), await open()];
    const before = findClient(one.current(), "web")?.clientSecret;
    const after = await one.rotateClientSecret("web");
    expect(after).not.toBe(before);
    expect(findClient(one.current(), "web")?.clientSecret).toBe(after);
    expect(findClient(later(other), "web")?.clientSecret).toBe(after);
    await one.setPassword("auth0|alice", "swordfish");
    expect(later(other).users[0]?.password).toBe("swordfish");
    await expect(one.rotateClientSecret("nobody")).rejects.toMatchObject({ code: "unknown" });
    await expect(one.setPassword("nobody", "x")).rejects.toMatchObject({ code: "unknown" });
  });

  test("of what is removed are forgotten", async () => {
    const store = await open();
    const id = await store.create("applications", { name: "Web", client_id: "web" });
    const { clientSecret } = findClient(store.current(), id)!;
    await store.remove("applications", id);
    await store.create("applications", { name: "Web", client_id: "web" });
    expect(findClient(store.current(), id)?.clientSecret).not.toBe(clientSecret);
  });

  test("an emptied secret is refused, since anybody could guess it", async () => {
    await (await open()).create("applications", { name: "Web", client_id: "web" });
    writeFileSync(join(folder.path, "client-secrets/web"), "\n");
    await expect(open()).rejects.toThrow(/is empty/);
  });
});

describe("a file that is edited by hand", () => {
  test("is read again by the first that asks, at most ten times a second", async () => {
    writeFileSync(file, "apis: [{identifier: a}]\n");
    const changes: string[] = [];
    const store = await open({ onChange: (message) => changes.push(message) });
    writeFileSync(file, "apis: [{identifier: bb}]\n");
    nowMs += CHECK_INTERVAL_MS - 1;
    expect(store.current().apis[0]?.identifier).toBe("a");
    nowMs += 1;
    expect(store.current().apis[0]?.identifier).toBe("bb");
    expect(changes).toEqual([`The tenant was read again from ${file}.`]);
  });

  test("keeps the last good tenant while it is broken, and says why once", async () => {
    writeFileSync(file, "apis: [{identifier: a}]\n");
    const troubles: TenantFinding[] = [];
    const store = await open({ onTrouble: (findings) => troubles.push(...findings) });
    writeFileSync(file, "apis: [{identifier: b, nam: x}]\n");
    later(store);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ rule: "tenant-key-unknown", at: { file, line: 1, column: 24 } });
    for (let n = 0; n < 5; n++) {
      nowMs += CHECK_INTERVAL_MS;
      expect(store.current().apis[0]?.identifier).toBe("a");
    }
    await expect(store.create("roles", { name: "R" })).rejects.toThrow(/Mend it first.*Did you mean name/);
    expect(troubles).toHaveLength(1);
    writeFileSync(file, "apis: [{identifier: good}]\n");
    expect(later(store).apis[0]?.identifier).toBe("good");
  });

  test("stops the start when it is broken then", async () => {
    writeFileSync(file, "apis: 7\n");
    await expect(open()).rejects.toThrow(`${file}:1:7: error tenant-value-invalid: apis is 7, wanted a list.`);
  });

  test("that is removed leaves what the project implies", async () => {
    writeFileSync(file, "apis: [{identifier: a}]\n");
    const store = await open({ declared: [pets] });
    rmSync(file);
    expect(later(store).apis[0]?.identifier).toBe(pets.identifier);
  });

  test("a folder in its place is trouble, not a crash", async () => {
    const store = await open();
    const troubles: TenantFinding[] = [];
    const watched = await open({ onTrouble: (findings) => troubles.push(...findings) });
    mkdirSync(file);
    later(watched);
    later(watched);
    expect(troubles).toHaveLength(1);
    await expect(store.create("roles", { name: "R" })).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("an edit", () => {
  test("keeps comments, order and words", async () => {
    writeFileSync(file, COMMENTED);
    chmodSync(file, 0o640);
    const store = await open();
    const [api] = store.current().apis;
    await store.patch("apis", api!.id, { token_lifetime: 120, scopes: ["write:pets", "delete:pets", "read:pets"] });
    await store.create("apis", { identifier: "orders" });
    const expected = COMMENTED.replace("token_lifetime: 60", "token_lifetime: 120")
      .replace(
        "      - read:pets # look\n      - write:pets # touch\n",
        "      - write:pets # touch\n      - delete:pets\n      - read:pets # look\n",
      )
      .replace("# short\n\n# who", "# short\n\n  - identifier: orders\n# who");
    const now = readFileSync(file, "utf8");
    expect(now.replace(/\n+/g, "\n").split("\n").sort()).toEqual(expected.replace(/\n+/g, "\n").split("\n").sort());
    expect(now.indexOf("delete:pets")).toBeGreaterThan(now.indexOf("write:pets # touch"));
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test("an edit that changes nothing leaves the file byte for byte", async () => {
    writeFileSync(file, COMMENTED);
    const store = await open();
    await store.patch("apis", store.current().apis[0]!.id, { token_lifetime: 60 });
    expect(readFileSync(file, "utf8")).toBe(COMMENTED);
  });

  test.each([
    ["lists without indent", "apis:\n- identifier: a\n"],
    ["line ends of Windows", "apis:\r\n  - identifier: a\r\n"],
    ["brackets with spaces", "apis: [ { identifier: a } ]\n"],
  ])("writes as the file is written: %s", async (_, text) => {
    writeFileSync(file, text);
    const store = await open();
    await store.patch("apis", store.current().apis[0]!.id, { name: "A" });
    await store.patch("apis", store.current().apis[0]!.id, { name: null });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("through a link leaves the link", async () => {
    writeFileSync(join(dir, "real.yaml"), "apis: []\n");
    symlinkSync("real.yaml", file);
    await (await open()).create("apis", { identifier: "a" });
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, "real.yaml"), "utf8")).toBe("apis:\n  - identifier: a\n");
  });

  test("refuses what a file may not say, and writes nothing", async () => {
    writeFileSync(file, COMMENTED);
    const store = await open();
    const api = store.current().apis[0]!;
    const refuse = async (edit: Promise<unknown>, code: string, message: RegExp) => {
      const error = await edit.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ name: "TenantError", code });
      expect((error as Error).message).toMatch(message);
    };
    await refuse(store.create("apis", { identifier: "b", token_lifetime: 0 }), "invalid", /whole seconds/);
    await refuse(store.create("apis", { identifier: pets.identifier }), "conflict", /has already/);
    await refuse(store.create("apis", { identifier: "http://localhost:4567/api/v2/" }), "conflict", /Management API/);
    await refuse(
      store.create("client_grants", { client_id: "x", audience: pets.identifier, scope: [] }),
      "invalid",
      /does not exist/,
    );
    await refuse(
      store.create("roles", { name: "R", permissions: { [pets.identifier]: ["fly"] } }),
      "invalid",
      /does not define/,
    );
    await refuse(
      store.create("users", { email: "b@pets.example", roles: ["rol_0000000000000000"] }),
      "invalid",
      /role/,
    );
    await refuse(store.patch("apis", api.id, { identifier: "other" }), "invalid", /cannot be changed/);
    await refuse(store.patch("apis", api.id, { nam: "x" }), "invalid", /Did you mean name/);
    await refuse(store.patch("apis", "nowhere", {}), "unknown", /no entry/);
    await refuse(store.remove("roles", "nowhere"), "unknown", /no entry/);
    const cycle: Record<string, unknown> = { identifier: "c" };
    cycle.scopes = cycle;
    await refuse(store.create("apis", cycle), "invalid", /JSON/);
    await refuse(store.patch("apis", store.current().apis.at(-1)!.id, { name: "Mine" }), "derived", /Management API/);
    expect(readFileSync(file, "utf8")).toBe(COMMENTED);
  });

  test("of strings that YAML could mistake are read back as they were", async () => {
    const store = await open();
    const odd = [
      "yes",
      "null",
      "1e3",
      "0x10",
      "- a",
      "a: b",
      "# c",
      "'q'",
      '"d"',
      "{x}",
      "@",
      "%",
      "~",
      " x ",
      "é😀",
      "a\nb",
      "<<",
      "__proto__",
    ];
    await store.create("users", {
      user_id: "auth0|odd",
      user_metadata: { odd, nested: Object.fromEntries(odd.map((key) => [`k${key}`, key])) },
    });
    const user = store.current().users.find(({ userId }) => userId === "auth0|odd");
    expect(user?.userMetadata.odd).toEqual(odd);
    expect((await open()).current().users.at(-1)?.userMetadata).toEqual(user?.userMetadata);
  });
});

describe("what the project or the defaults imply", () => {
  test("is written down when it is changed, and stays implied in the rest", async () => {
    const store = await open({ declared: [pets] });
    const [api] = store.current().apis;
    const [client] = store.current().clients;
    const [grant] = store.current().clientGrants;
    await store.patch("apis", api!.id, { token_lifetime: 60 });
    await store.patch("client_grants", grant!.id, { scope: ["read:pets"] });
    await store.patch("applications", client!.clientId, { name: "Tester" });
    expect(readFileSync(file, "utf8")).toBe(`apis:
  - identifier: https://pets.example
    token_lifetime: 60
client_grants:
  - application: ${client!.clientId}
    audience: https://pets.example
    scope: [read:pets]
    subject_type: client
applications:
  - name: Tester
    client_id: ${client!.clientId}
    app_type: non_interactive
`);
    expect(store.current().clients.map(({ name }) => name)).toEqual(["Tester", "Gatewarden Management"]);
    expect(store.current().clientGrants[0]?.id).toBe(grant!.id);
    expect(store.current().clientGrants).toHaveLength(2);
    expect(store.current().apis[0]).toMatchObject({ id: api!.id, name: "Pets", scopes: pets.scopes });
  });

  test("can be written down by creating it", async () => {
    const store = await open({ declared: [pets] });
    const before = store.current().apis[0]!.id;
    expect(await store.create("apis", { identifier: pets.identifier, name: "Mine", scopes: ["read:pets"] })).toBe(
      before,
    );
    expect(store.current().apis[0]).toMatchObject({ name: "Mine", scopes: ["read:pets"] });
  });

  test("cannot be removed", async () => {
    const store = await open({ declared: [pets] });
    const { apis, clients, clientGrants } = store.current();
    for (const [section, id] of [
      ["apis", apis[0]!.id],
      ["applications", clients[0]!.clientId],
      ["client_grants", clientGrants[0]!.id],
      ["apis", apis.at(-1)!.id],
      ["applications", clients.at(-1)!.clientId],
    ] as const) {
      await expect(store.remove(section, id)).rejects.toMatchObject({ code: "derived" });
    }
  });

  test("the default users stay when another joins, and go one by one", async () => {
    const store = await open();
    await store.create("users", { email: "carol@pets.example" });
    expect(store.current().users.map(({ email }) => email)).toEqual([
      "alice@example.com",
      "bob@example.com",
      "carol@pets.example",
    ]);
    await store.remove("users", "auth0|bob");
    expect(store.current().users.map(({ nickname }) => nickname)).toEqual(["alice", "carol"]);
    rmSync(file);
    const again = await open();
    await again.create("users", { email: "Alice@example.com", name: "Another" });
    expect(again.current().users.map(({ name }) => name)).toEqual(["Bob", "Another"]);
    rmSync(file);
    const third = await open();
    await third.patch("users", "auth0|bob", { blocked: true });
    expect(third.current().users.map(({ isBlocked }) => isBlocked)).toEqual([false, true]);
    rmSync(file);
    const fourth = await open();
    await fourth.remove("users", "auth0|alice");
    await fourth.remove("users", "auth0|bob");
    expect(fourth.current().users).toEqual([]);
    expect((await open()).current().users).toEqual([]);
  });
});

describe("names and what goes by them", () => {
  test("renaming keeps the ids and the references", async () => {
    writeFileSync(file, COMMENTED);
    const store = await open();
    const { clients, clientGrants, roles, users } = store.current();
    await store.patch("applications", clients[0]!.clientId, { name: "Shop" });
    await store.patch("roles", roles[0]!.id, { name: "warden" });
    await store.patch("users", users[0]!.userId, { email: "alicia@pets.example" });
    const now = store.current();
    expect(now.clients[0]).toMatchObject({
      name: "Shop",
      clientId: clients[0]!.clientId,
      clientSecret: clients[0]!.clientSecret,
    });
    expect(now.clientGrants[0]).toEqual(clientGrants[0]);
    expect(now.roles[0]).toMatchObject({ name: "warden", id: roles[0]!.id });
    expect(now.users[0]).toMatchObject({
      userId: users[0]!.userId,
      roles: [roles[0]!.id],
      password: users[0]!.password,
    });
    expect(store.findings()).toEqual([]);
  });

  test("a client takes its grants with it, a role leaves its users, an API all that names it", async () => {
    writeFileSync(file, `default_audience: https://pets.example\n${COMMENTED}`);
    const store = await open();
    await store.remove("roles", store.current().roles[0]!.id);
    expect(store.current().users[0]?.roles).toEqual([]);
    await store.create("roles", { name: "other", permissions: { [pets.identifier]: ["read:pets"] } });
    await store.remove("applications", store.current().clients[0]!.clientId);
    expect(readFileSync(file, "utf8")).not.toContain("application: Web");
    await store.remove("apis", store.current().apis[0]!.id);
    expect(readFileSync(file, "utf8")).not.toContain(pets.identifier);
    expect(store.findings()).toEqual([]);
  });

  test("a scope that an API loses is lost to grants and roles", async () => {
    writeFileSync(file, COMMENTED);
    const store = await open();
    await store.patch("apis", store.current().apis[0]!.id, { scopes: [{ value: "read:pets", description: "Look" }] });
    expect(store.current().clientGrants[0]?.scopes).toEqual(["read:pets"]);
    expect(store.current().roles[0]?.permissions).toEqual({ [pets.identifier]: ["read:pets"] });
  });
});

describe("several at once", () => {
  test("no edit of two stores on one file is lost", async () => {
    writeFileSync(file, "# kept\n");
    const stores = [await open(), await open(), await open()];
    const names = Array.from({ length: 30 }, (_, n) => `role ${n}`);
    await Promise.all(names.map((name, n) => stores[n % 3]!.create("roles", { name })));
    const now = await open();
    expect(
      now
        .current()
        .roles.map(({ name }) => name)
        .sort(),
    ).toEqual(names.sort());
    expect(readFileSync(file, "utf8")).toContain("# kept");
    expect(readdirSync(dir).sort()).toEqual(["issuer", "tenant.yaml"]);
  });

  test("of two that create the same, one is told so", async () => {
    const stores = [await open(), await open()];
    const results = await Promise.allSettled(stores.map((store) => store.create("apis", { identifier: "a" })));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("a lock that a dead process left is taken over", async () => {
    writeFileSync(`${file}.lock`, "1 dead");
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(`${file}.lock`, longAgo, longAgo);
    await (await open()).create("roles", { name: "R" });
    expect(readdirSync(dir).sort()).toEqual(["issuer", "tenant.yaml"]);
  });
});

test("settings are set and removed", async () => {
  const store = await open({ declared: [pets] });
  await store.patchSettings({ default_audience: pets.identifier, actions: "./actions.js" });
  expect(store.current().defaultAudience).toBe(pets.identifier);
  expect(store.actionsFile()).toBe(join(dir, "actions.js"));
  await expect(store.patchSettings({ default_audience: "nowhere" })).rejects.toMatchObject({ code: "invalid" });
  await store.patchSettings({ default_audience: null, actions: null });
  expect(store.current()).not.toHaveProperty("defaultAudience");
  expect(store.actionsFile()).toBeUndefined();
});

test("a proposal shows the text and writes nothing", async () => {
  writeFileSync(file, COMMENTED);
  const store = await open();
  const { before, after } = store.propose([
    { section: "apis", id: store.current().apis[0]!.id, entry: { token_lifetime: 61 } },
    { section: "roles", entry: { name: "guest" } },
  ]);
  expect(before).toBe(COMMENTED);
  expect(after).toContain("token_lifetime: 61 # short");
  expect(after).toContain("- name: guest");
  expect(readFileSync(file, "utf8")).toBe(COMMENTED);
  expect(() => store.propose([{ section: "roles", entry: { name: "keeper" } }])).toThrow(/has already/);
});

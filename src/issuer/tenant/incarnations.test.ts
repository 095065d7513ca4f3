import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFolder, type StateFolder } from "../state-folder.ts";
import { CHECK_INTERVAL_MS, type FileTenantStore, openTenantStore } from "./open-tenant-store.ts";
import type { Incarnated } from "./tenant-store.ts";

const BOTH =
  "users: [{user_id: auth0|eve}, {user_id: auth0|bob}]\napplications: [{name: Web, client_id: web}, {name: B}]\n";
const WITHOUT = "users: [{user_id: auth0|bob}]\napplications: [{name: B}]\n";

let dir: string;
let file: string;
let folder: StateFolder;
let nowMs = 1_800_000_000_000;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatewarden-incarnations-"));
  file = join(dir, "tenant.yaml");
  folder = openStateFolder(dir);
  writeFileSync(file, BOTH);
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (): Promise<FileTenantStore> =>
  openTenantStore({ file, folder, project: "demo", issuerUrls: ["http://localhost:4567/"], clock: () => nowMs });

/** Somebody saves the file, and a request comes later. */
function save(text: string, store?: FileTenantStore): void {
  writeFileSync(file, text);
  nowMs += CHECK_INTERVAL_MS;
  store?.current();
}

const cases: readonly (readonly [Incarnated, string, object])[] = [
  ["users", "auth0|eve", { user_id: "auth0|eve" }],
  ["applications", "web", { name: "Web", client_id: "web" }],
];

describe.each(cases)("of %s, %s", (section, id, entry) => {
  test("stays over a restart, an edit of the entry and others' going", async () => {
    const store = await open();
    const before = store.incarnationOf(section, id);
    expect(before).toMatch(/^[\w-]{16}$/);
    await store.patch(section, id, { name: "Another" });
    await store.remove("users", "auth0|bob");
    await store.create("users", { email: "carol@pets.example" });
    expect(store.incarnationOf(section, id)).toBe(before);
    expect((await open()).incarnationOf(section, id)).toBe(before);
  });

  test("is another after a removal and a creation, nobody's in between", async () => {
    const store = await open();
    const before = store.incarnationOf(section, id);
    await store.remove(section, id);
    expect(store.incarnationOf(section, id)).toBeUndefined();
    await store.create(section, entry as never);
    expect(store.incarnationOf(section, id)).not.toBe(before);
  });

  test("is another when the file lost the entry for a while, and nobody asked meanwhile", async () => {
    const store = await open();
    const before = store.incarnationOf(section, id);
    save(WITHOUT, store);
    save(BOTH, store);
    expect(store.incarnationOf(section, id)).not.toBe(before);
  });

  test("is another when another process removed and created it between two requests", async () => {
    const store = await open();
    const before = store.incarnationOf(section, id);
    const commandLine = await open();
    await commandLine.remove(section, id);
    await commandLine.create(section, entry as never);
    nowMs += CHECK_INTERVAL_MS;
    store.current();
    expect(store.incarnationOf(section, id)).not.toBe(before);
    expect(store.incarnationOf(section, id)).toBe(commandLine.incarnationOf(section, id));
  });

  test("is another when the entry was missing at a start", async () => {
    const before = (await open()).incarnationOf(section, id);
    save(WITHOUT);
    const store = await open();
    save(BOTH, store);
    expect(store.incarnationOf(section, id)).not.toBe(before);
  });

  test("is another when an edit here is the first to see that the entry is back", async () => {
    const before = (await open()).incarnationOf(section, id);
    save(WITHOUT);
    const store = await open();
    writeFileSync(file, BOTH);
    await store.create("users", { email: "carol@pets.example" });
    expect(store.incarnationOf(section, id)).not.toBe(before);
  });

  test("stays while the file cannot be read", async () => {
    const store = await open();
    const before = store.incarnationOf(section, id);
    save("users: [", store);
    save(BOTH, store);
    expect(store.incarnationOf(section, id)).toBe(before);
  });
});

test("a stranger has none, and none is made for one", async () => {
  const store = await open();
  expect(store.incarnationOf("users", "nobody")).toBeUndefined();
  expect(store.incarnationOf("applications", "nobody")).toBeUndefined();
  expect(readdirSync(folder.path)).not.toContain("incarnations");
});

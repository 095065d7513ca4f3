import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFolder, type StateFolder } from "../state-folder.ts";
import { type KeyRing, KeyRingError, MAX_PREVIOUS_KEYS, MAX_REVOKED_KEYS, openKeyRing } from "./keys.ts";

let folder: StateFolder;
let ring: KeyRing;
let nowMs = 1_800_000_000_000;
beforeEach(async () => {
  folder = openStateFolder(mkdtempSync(join(tmpdir(), "gatewarden-rotation-")));
  ring = await openKeyRing(folder, { clock: () => (nowMs += 1000) });
});
afterEach(() => rmSync(join(folder.path, ".."), { recursive: true }));

const published = (keys: KeyRing) => keys.jwks(["RS256"]).keys.map(({ kid }) => kid);
const states = (keys: KeyRing) => keys.keys().map(({ state }) => state);
const file = () => readFileSync(join(folder.path, "signing-keys.json"), "utf8");

describe("rotate", () => {
  test("the next key signs, the one before stays published, a new next one is made, and a restart knows all", async () => {
    await ring.prepareNext();
    const [before, next] = [ring.current.kid, ring.next!.kid];
    const current = await ring.rotate();
    expect(current.kid).toBe(next);
    expect(ring.current).toBe(current);
    expect(published(ring)).toEqual([next, ring.next!.kid, before]);
    expect(states(ring)).toEqual(["current", "next", "previous"]);
    expect(new Set(published(ring)).size).toBe(3);
    expect(published(await openKeyRing(folder))).toEqual(published(ring));
  });

  test("without a next key yet, one is made", async () => {
    const before = ring.current.kid;
    await ring.rotate();
    expect(ring.current.kid).not.toBe(before);
    expect(states(ring)).toEqual(["current", "next", "previous"]);
  });

  test("all previous keys stay, newest first, up to a bound that says what to do", async () => {
    const were: string[] = [];
    for (let n = 0; n < MAX_PREVIOUS_KEYS; n += 1) {
      were.unshift(ring.current.kid);
      await ring.rotate();
    }
    expect(published(ring).slice(2)).toEqual(were);
    const kept = file();
    await expect(ring.rotate()).rejects.toMatchObject({ code: "too_many_keys", message: /Revoke one/ });
    expect(file()).toBe(kept);
    await ring.revoke(were[0]!);
    await ring.rotate();
  });

  test("says since when and until when a key signed", async () => {
    await ring.rotate();
    const [current, next, previous] = ring.keys();
    expect(Date.parse(previous!.currentSince!)).toBeLessThan(Date.parse(previous!.currentUntil!));
    expect(current!.currentSince).toBe(previous!.currentUntil);
    expect(next!.currentSince).toBeUndefined();
  });
});

describe("revoke", () => {
  test("the key is published no more, and its private half is gone from the disk", async () => {
    const before = ring.current;
    const pkcs8 = before.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
    await ring.rotate();
    expect(file()).toContain(pkcs8);
    await ring.revoke(before.kid);
    expect(published(ring)).toEqual([ring.current.kid, ring.next!.kid]);
    expect(file()).not.toContain(pkcs8);
    const entry = ring.keys().find(({ state }) => state === "revoked")!;
    expect(entry.key).toEqual({ kid: before.kid, certificate: before.certificate });
    expect(entry.revokedAt).toBeDefined();
    expect(states(await openKeyRing(folder))).toEqual(["current", "next", "revoked"]);
  });

  test.each(["current", "next", "revoked", "unknown"])("the %s key is refused, and nothing changes", async (state) => {
    const first = ring.current.kid;
    await ring.rotate();
    if (state === "revoked") await ring.revoke(first);
    const kid = ring.keys().find((each) => each.state === state)?.key.kid ?? "nobody";
    const kept = file();
    const error = await ring.revoke(kid).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KeyRingError);
    const codes = { current: "key_in_use", next: "key_in_use", revoked: "key_revoked", unknown: "key_unknown" };
    expect(error).toMatchObject({ code: codes[state as keyof typeof codes], message: expect.stringContaining(kid) });
    expect(file()).toBe(kept);
  });

  test("the oldest revoked keys are forgotten", async () => {
    const were: string[] = [];
    for (let n = 0; n <= MAX_REVOKED_KEYS; n += 1) {
      were.unshift(ring.current.kid);
      await ring.rotate();
      await ring.revoke(were[0]!);
    }
    const kept = ring.keys().filter(({ state }) => state === "revoked");
    expect(kept.map(({ key }) => key.kid)).toEqual(were.slice(0, MAX_REVOKED_KEYS));
  });
});

describe("several processes", () => {
  test("what another one rotated and revoked is seen without a restart", async () => {
    const other = await openKeyRing(folder);
    const first = ring.current;
    await other.rotate();
    await expect.poll(() => ring.current.kid).toBe(other.current.kid);
    expect(published(ring)).toEqual(published(other));
    expect(published(ring)).toContain(first.kid);
    await other.revoke(first.kid);
    await expect.poll(() => published(ring)).toEqual(published(other));
    expect(published(ring)).not.toContain(first.kid);
  });

  test("what another one did is told once, what this one did is not", async () => {
    const told: string[] = [];
    const watching = await openKeyRing(folder, { onChange: (message) => told.push(message) });
    const first = watching.current.kid;
    await ring.rotate();
    await expect.poll(() => watching.current.kid).toBe(ring.current.kid);
    await ring.revoke(first);
    await expect.poll(() => published(watching)).not.toContain(first);
    watching.jwks(["RS256"]);
    await watching.rotate();
    expect(told).toEqual([
      `Another process rotated the keys: ${ring.keys()[2]!.key.kid} signs from now on.`,
      `Another process revoked ${first}: what it signed is refused from now on.`,
    ]);
  });

  test("what another one did right before an own change is told, too", async () => {
    const told: string[] = [];
    const watching = await openKeyRing(folder, { onChange: (message) => told.push(message) });
    await ring.rotate();
    await watching.revoke(ring.keys().find(({ state }) => state === "previous")!.key.kid);
    expect(told).toEqual([`Another process rotated the keys: ${ring.current.kid} signs from now on.`]);
  });

  test("the file is asked no more than four times a second, and read only when it changed", async () => {
    let reads = 0;
    const read = (name: string) => {
      reads += 1;
      return folder.read(name);
    };
    const counting = { ...folder, read };
    const watching = await openKeyRing(counting);
    const untouched = reads;
    const startedMs = performance.now();
    while (performance.now() - startedMs < 600) watching.jwks(["RS256"]);
    expect(reads).toBe(untouched);
    await ring.rotate();
    await expect.poll(() => watching.current.kid).toBe(ring.current.kid);
    expect(reads).toBe(untouched + 1);
  });

  test("rotating at once, none loses or doubles a key", async () => {
    const source = `
      import { openStateFolder } from ${JSON.stringify(new URL("../state-folder.ts", import.meta.url).href)};
      import { openKeyRing } from ${JSON.stringify(new URL("./keys.ts", import.meta.url).href)};
      const ring = await openKeyRing(openStateFolder(${JSON.stringify(join(folder.path, ".."))}));
      await Promise.all([ring.rotate(), ring.rotate()]);
    `;
    await ring.prepareNext();
    const before = published(ring);
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", source]);
    await Promise.all([run(), run(), run()]);
    const after = published(await openKeyRing(folder));
    expect(after).toHaveLength(2 + 6);
    expect(new Set(after).size).toBe(8);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(readdirSync(folder.path).filter((name) => name.startsWith("signing-keys"))).toEqual(["signing-keys.json"]);
  });

  test("a file spoilt while the server runs takes no key from it, and a change is refused", async () => {
    await ring.prepareNext();
    const kids = published(ring);
    writeFileSync(join(folder.path, "signing-keys.json"), "spoilt", { mode: 0o600 });
    const startedMs = performance.now();
    while (performance.now() - startedMs < 300) expect(published(ring)).toEqual(kids);
    await expect(ring.rotate()).rejects.toMatchObject({ code: "malformed" });
  });
});

describe("a project of the layout before", () => {
  const earlier = { current: "signing-key.json", next: "signing-key.next.json" };

  async function layOutAsBefore(names: readonly ("current" | "next")[]): Promise<readonly string[]> {
    await ring.prepareNext();
    const { keys } = JSON.parse(file()) as { keys: { state: "current" | "next"; kid: string }[] };
    folder.remove("signing-keys.json");
    for (const name of names) {
      const { state, ...key } = keys.find((each) => each.state === name)!;
      folder.write(earlier[state], JSON.stringify(key));
    }
    return keys.map(({ kid }) => kid);
  }

  test("its keys are taken over, once, and stand in one place only", async () => {
    const kids = await layOutAsBefore(["current", "next"]);
    const again = await openKeyRing(folder);
    expect(published(again)).toEqual(kids);
    expect(Object.values(earlier).filter((name) => existsSync(join(folder.path, name)))).toEqual([]);
    expect(statSync(join(folder.path, "signing-keys.json")).mode & 0o777).toBe(0o600);
    await again.rotate();
    expect(again.current.kid).toBe(kids[1]);
  });

  test("without a next key it gets one as any other", async () => {
    const [kid] = await layOutAsBefore(["current"]);
    const again = await openKeyRing(folder);
    expect([again.current.kid, again.next]).toEqual([kid, undefined]);
  });

  test.each(["", "{}", '{"kid":"k","createdAt":"t","privateKey":"AAAA","certificate":"AAAA"}'])(
    "a damaged file of it is an error that names it: %j",
    async (content) => {
      await layOutAsBefore([]);
      folder.write(earlier.current, content);
      await expect(openKeyRing(folder)).rejects.toMatchObject({
        code: "malformed",
        message: expect.stringContaining("signing-key.json holds no usable signing key"),
      });
      expect(existsSync(join(folder.path, "signing-keys.json"))).toBe(false);
    },
  );
});

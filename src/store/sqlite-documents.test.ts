import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { waitFor } from "../../test/support/wait-for.ts";
import { type ChangeFeed, StoreError } from "./documents.ts";
import { describeDocuments } from "./documents-contract.ts";
import { openSqliteDocuments, SCHEMA_VERSION } from "./sqlite-documents.ts";

const folder = mkdtempSync(join(tmpdir(), "gatewarden-store-"));
let files = 0;
const newPath = () => join(folder, `${(files += 1)}`, "state.db");

afterAll(() => rmSync(folder, { recursive: true }));

// A handle hears of its own writes without polling.
describeDocuments("SQLite", async (options) => openSqliteDocuments(newPath(), { ...options, pollIntervalMs: 60_000 }));

describe("the SQLite file", () => {
  test("keeps documents and the feed over a restart", async () => {
    const path = newPath();
    const before = openSqliteDocuments(path);
    await before.put("apis", "petstore", { name: "petstore" }, "absent");
    await before.put("apis", "gone", {}, "absent");
    await before.delete("apis", "gone", 2);
    await before.close();

    const after = openSqliteDocuments(path);
    expect(await after.get("apis", "petstore")).toEqual({ value: { name: "petstore" }, revision: 1 });
    expect(await after.changes(0)).toMatchObject({ changes: [{ id: "petstore" }, { id: "gone" }], sequence: 3 });
    expect(await after.put("apis", "gone", {}, "absent")).toEqual({ ok: true, revision: 4 });
    await after.close();
  });

  test("is seen by two handles at once: values, conflicts and watches", async () => {
    const path = newPath();
    const one = openSqliteDocuments(path, { pollIntervalMs: 5 });
    const two = openSqliteDocuments(path, { pollIntervalMs: 5 });
    const heard: ChangeFeed[] = [];
    two.watch((feed) => heard.push(feed));
    expect(await one.put("apis", "petstore", 1, "absent")).toEqual({ ok: true, revision: 1 });
    expect((await two.get("apis", "petstore"))?.value).toBe(1);
    expect(await two.put("apis", "petstore", 2, "absent")).toMatchObject({ ok: false, reason: "conflict" });
    expect(await two.put("apis", "petstore", 2, 1)).toEqual({ ok: true, revision: 2 });
    expect((await one.get("apis", "petstore"))?.value).toBe(2);
    await one.put("apis", "orders", 3, "absent");
    await waitFor(() => expect(heard.at(-1)).toMatchObject({ sequence: 3 }));
    await Promise.all([one.close(), two.close()]);
  });

  test("a watch that cannot read stands still, which shows as lag, and does not end the process", async () => {
    let nowMs = 1000;
    const path = newPath();
    const store = openSqliteDocuments(path, { clock: () => nowMs, pollIntervalMs: 5 });
    const watch = store.watch(() => {});
    nowMs = 2000;
    await waitFor(() => expect(watch.caughtUpAtMs()).toBe(2000));
    const breaker = new DatabaseSync(path);
    breaker.exec("ALTER TABLE feed RENAME TO feed_elsewhere");
    nowMs = 3000;
    await expect(store.changes(0)).rejects.toThrow(StoreError);
    expect(watch.caughtUpAtMs()).toBe(2000);
    breaker.exec("ALTER TABLE feed_elsewhere RENAME TO feed");
    breaker.close();
    await waitFor(() => expect(watch.caughtUpAtMs()).toBe(3000));
    await store.close();
  });

  test("processes that start and write together lose nothing", async () => {
    const path = newPath();
    const source = `
      import { openSqliteDocuments } from ${JSON.stringify(new URL("./sqlite-documents.ts", import.meta.url).href)};
      const store = openSqliteDocuments(${JSON.stringify(path)});
      for (let n = 0; n < 25; n += 1) {
        for (;;) {
          const found = await store.get("apis", "counter");
          const verdict = await store.put("apis", "counter", (found?.value ?? 0) + 1, found?.revision ?? "absent");
          if (verdict.ok) break;
        }
      }
      await store.close();
    `;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", source]);
    const outputs = await Promise.all(Array.from({ length: 4 }, run));
    const store = openSqliteDocuments(path);
    expect((await store.get("apis", "counter"))?.value).toBe(100);
    await store.close();
    for (const { stderr } of outputs) expect(stderr).not.toContain("SQLite"); // Node 22 would call it experimental.
  });

  test.skipIf(process.platform === "win32")("is for its owner only, with its log, even if it was wider", async () => {
    const path = newPath();
    const first = openSqliteDocuments(path);
    await first.put("apis", "petstore", {}, "absent");
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    for (const suffix of ["", "-wal", "-shm"]) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
    await first.close();
    expect(existsSync(`${path}-wal`)).toBe(false);

    chmodSync(path, 0o644);
    await openSqliteDocuments(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("a path that cannot be written is a StoreError naming path and cause", () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    const path = join(file, "state.db");
    expect(() => openSqliteDocuments(path)).toThrow(
      expect.objectContaining({
        name: "StoreError",
        code: "unusable_path",
        path,
        message: expect.stringMatching(/^Cannot open the store file .*state\.db: (ENOTDIR|EEXIST)/),
      }),
    );
    expect(() => openSqliteDocuments(folder)).toThrow(
      expect.objectContaining({ code: "unusable_path", message: expect.stringContaining("EISDIR") }),
    );
  });

  test("a file that is no SQLite file, or another program's, is left alone", () => {
    const text = join(folder, "notes.txt");
    writeFileSync(text, "These are my notes, and they are longer than an SQLite header would be.\n".repeat(10));
    expect(() => openSqliteDocuments(text)).toThrow(expect.objectContaining({ code: "not_a_store" }));

    const other = join(folder, "other.db");
    const database = new DatabaseSync(other);
    database.exec("CREATE TABLE bookmarks (url TEXT)");
    database.close();
    expect(() => openSqliteDocuments(other)).toThrow(expect.objectContaining({ code: "not_a_store" }));
  });

  test("a newer version's file is refused, saying which", async () => {
    const path = newPath();
    await openSqliteDocuments(path).close();
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    database.close();
    expect(() => openSqliteDocuments(path)).toThrow(
      expect.objectContaining({ code: "store_too_new", message: expect.stringContaining(`${SCHEMA_VERSION + 1}`) }),
    );
  });
});

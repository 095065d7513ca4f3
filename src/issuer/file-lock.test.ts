import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCK_STALE_MS, withFileLock } from "./file-lock.ts";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-lock-"));
  lock = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("many processes that count in one file miss no count", async () => {
  const counter = join(folder, "counter");
  writeFileSync(counter, "0");
  const source = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { withFileLock } from ${JSON.stringify(new URL("./file-lock.ts", import.meta.url).href)};
    for (let n = 0; n < 20; n += 1)
      await withFileLock(${JSON.stringify(lock)}, () =>
        writeFileSync(${JSON.stringify(counter)}, String(Number(readFileSync(${JSON.stringify(counter)}, "utf8")) + 1)));
  `;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", source]);
  await Promise.all([run(), run(), run()]);
  expect(readFileSync(counter, "utf8")).toBe("60");
  expect(readdirSync(folder)).toEqual(["counter"]);
});

test("what a killed process left behind is taken over, once it is old", async () => {
  writeFileSync(lock, "of a killed process");
  const longAgo = new Date(Date.now() - LOCK_STALE_MS - 1000);
  utimesSync(lock, longAgo, longAgo);
  expect(await withFileLock(lock, () => "done")).toBe("done");
  expect(readdirSync(folder)).toEqual([]);
});

test("a lock that is held is waited for", async () => {
  writeFileSync(lock, "of another process");
  let isFree = false;
  const waiting = withFileLock(lock, () => isFree);
  await new Promise((resolve) => setImmediate(resolve));
  isFree = true;
  rmSync(lock);
  expect(await waiting).toBe(true);
});

test("work that throws gives the lock back", async () => {
  const failing = withFileLock(lock, () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(existsSync(lock)).toBe(false);
});

test("a lock that was lost meanwhile stays with the next one", async () => {
  await withFileLock(lock, () => writeFileSync(lock, "the next one's"));
  expect(readFileSync(lock, "utf8")).toBe("the next one's");
});

test("a folder that cannot be used is an error naming the path and the cause", async () => {
  const nowhere = join(folder, "missing", "lock");
  await expect(withFileLock(nowhere, () => "done")).rejects.toMatchObject({
    name: "StateFolderError",
    message: expect.stringMatching(/missing.lock: ENOENT/),
  });
});

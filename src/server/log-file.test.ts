import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../test/support/wait-for.ts";
import { KEPT_LOG_FILES, openLogFile } from "./log-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-log-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : []);

test("a full file becomes .1 and so on, every line stays in order until its file is the oldest and goes", async () => {
  const path = join(folder, "access.log");
  const file = openLogFile(path, { maxWaitingBytes: 1_000_000, maxBytes: 100, onTrouble: () => undefined });
  let written = 0;
  // Until the first line's file was the oldest and is gone; rotation waits until a file is open, which takes turns.
  const hasLostOldest = () => /^line (?!00000)/.test(linesOf(`${path}.${KEPT_LOG_FILES}`)[0] ?? "");
  while (!hasLostOldest() && written < 50_000) {
    for (let count = 0; count < 8; count++) file.write(`line ${String(written++).padStart(5, "0")}`);
    await new Promise(setImmediate);
  }
  expect(hasLostOldest()).toBe(true);
  await file.close();
  const kept: string[] = [];
  for (let age = KEPT_LOG_FILES; age >= 1; age--) kept.push(...linesOf(`${path}.${age}`));
  kept.push(...linesOf(path));
  expect(existsSync(`${path}.${KEPT_LOG_FILES + 1}`)).toBe(false);
  expect(kept.length).toBeLessThan(written);
  const last = kept.length;
  expect(kept).toEqual(Array.from({ length: last }, (_, at) => `line ${String(written - last + at).padStart(5, "0")}`));
});

test("a file that was full before is turned over at the first chance, and its lines are kept", async () => {
  const path = join(folder, "access.log");
  const limits = { maxWaitingBytes: 1_000_000, maxBytes: 10, onTrouble: () => undefined };
  const before = openLogFile(path, limits);
  before.write("old and long enough");
  await before.close();
  const file = openLogFile(path, limits);
  file.write("new 1");
  await waitFor(() => expect(linesOf(path)).toContain("new 1"));
  file.write("new 2");
  await file.close();
  expect([linesOf(`${path}.1`), linesOf(path)]).toEqual([["old and long enough", "new 1"], ["new 2"]]);
});

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../test/support/wait-for.ts";
import { MAX_WAITING_LOG_BYTES, openAccessLogs } from "./access-logs.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-logs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("lines are appended in order, to a file that is its owner's alone, and are there once the logs are closed", async () => {
  const file = join(folder, "access.log");
  for (const round of [1, 2]) {
    const logs = openAccessLogs(() => undefined);
    for (let line = 0; line < 100; line++) logs.write(file, `${round}-${line}`);
    await logs.close();
  }
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(200);
  expect([lines[0], lines.at(-1)]).toEqual(["1-0", "2-99"]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a file that cannot be written is told once, and closing waits for nothing", async () => {
  const told: string[] = [];
  const logs = openAccessLogs((message) => void told.push(message));
  logs.write(join(folder, "no/access.log"), "one");
  await waitFor(() => expect(told).toHaveLength(1));
  logs.write(join(folder, "no/access.log"), "two");
  await logs.close();
  expect(told).toEqual([expect.stringMatching(/no\/access\.log \(ENOENT\)/)]);
});

test("standard output that nobody reads holds back a bounded part", () => {
  const written: string[] = [];
  const stdout = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write: (line: string) => void written.push(line), // never done: a pipe that is full
  });
  const logs = openAccessLogs(() => undefined, stdout);
  const line = "x".repeat(64 * 1024);
  for (let count = 0; count < 1_000; count++) logs.write("-", line);
  expect(stdout.writableLength).toBeLessThanOrEqual(MAX_WAITING_LOG_BYTES + line.length + 1);
  expect(written).toHaveLength(1);
});

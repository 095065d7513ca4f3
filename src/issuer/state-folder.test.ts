import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MAX_STATE_FILE_BYTES, openStateFolder } from "./state-folder.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "gatewarden-state-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

test("what is made once is read from then on, by every later start", async () => {
  const first = openStateFolder(dataDir);
  expect(first.read("secrets/one")).toBeUndefined();
  expect(await first.readOrCreate("secrets/one", async () => "made once")).toBe("made once");
  expect(await first.readOrCreate("secrets/one", () => "made again")).toBe("made once");
  expect(openStateFolder(dataDir).read("secrets/one")).toBe("made once");
});

test("processes that start together agree on one text", async () => {
  const source = `
    import { openStateFolder } from ${JSON.stringify(new URL("./state-folder.ts", import.meta.url).href)};
    const folder = openStateFolder(${JSON.stringify(dataDir)});
    for (let n = 0; n < 50; n += 1) process.stdout.write(await folder.readOrCreate("file-" + n, () => process.pid + " "));
  `;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", source]);
  const outputs = await Promise.all([run(), run(), run()]);
  expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  expect(readdirSync(join(dataDir, "issuer")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test.skipIf(process.platform === "win32")("folders are 0700, files 0600, and git looks away", async () => {
  await openStateFolder(dataDir).readOrCreate("secrets/one", () => "secret");
  const modeOf = (...path: string[]) => statSync(join(dataDir, "issuer", ...path)).mode & 0o777;
  expect([modeOf(), modeOf("secrets"), modeOf("secrets", "one")]).toEqual([0o700, 0o700, 0o600]);
  expect(readFileSync(join(dataDir, "issuer", ".gitignore"), "utf8")).toBe("*\n");
});

test.skipIf(process.platform === "win32")("a file that others can read is refused, with its mode", async () => {
  const folder = openStateFolder(dataDir);
  await folder.readOrCreate("key", () => "secret");
  const path = join(folder.path, "key");
  chmodSync(path, 0o640);
  expect(() => folder.read("key")).toThrow(
    expect.objectContaining({ code: "not_private", path, message: expect.stringContaining("mode 640") }),
  );
  await expect(folder.readOrCreate("key", () => "new")).rejects.toMatchObject({ code: "not_private" });
});

test.skipIf(process.platform === "win32").each([0o777, 0o770, 0o755, 0o701])(
  "a folder of mode %o is refused, since others can use it",
  (mode) => {
    const { path } = openStateFolder(dataDir);
    chmodSync(path, mode);
    expect(() => openStateFolder(dataDir)).toThrow(
      expect.objectContaining({ code: "not_private", path, message: expect.stringContaining("chmod 700") }),
    );
  },
);

test("a file over the bound is not read", () => {
  const folder = openStateFolder(dataDir);
  writeFileSync(join(folder.path, "key"), "x".repeat(MAX_STATE_FILE_BYTES + 1), { mode: 0o600 });
  expect(() => folder.read("key")).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("a file is replaced whole and leaves nothing beside it", () => {
  const folder = openStateFolder(dataDir);
  folder.write("keys/one", "before");
  folder.write("keys/one", "after");
  expect(folder.read("keys/one")).toBe("after");
  expect(readdirSync(join(folder.path, "keys"))).toEqual(["one"]);
  folder.remove("keys/one");
  folder.remove("keys/one");
  expect(folder.read("keys/one")).toBeUndefined();
});

test.skipIf(process.platform === "win32")("what is written is its owner's, unless it is said to be public", () => {
  const folder = openStateFolder(dataDir);
  folder.write("key", "secret");
  folder.write("certificate", "public", 0o644);
  const modeOf = (name: string) => statSync(join(folder.path, name)).mode & 0o777;
  expect([modeOf("key"), modeOf("certificate")]).toEqual([0o600, 0o644]);
});

test("what could not be read again is not written", () => {
  const folder = openStateFolder(dataDir);
  folder.write("key", "before");
  expect(() => folder.write("key", "é".repeat(MAX_STATE_FILE_BYTES / 2 + 1))).toThrow(
    expect.objectContaining({ code: "malformed" }),
  );
  expect(folder.read("key")).toBe("before");
});

test("a path that cannot be used is an error naming path and cause", () => {
  const file = join(dataDir, "a-file");
  writeFileSync(file, "");
  expect(() => openStateFolder(file)).toThrow(
    expect.objectContaining({
      name: "StateFolderError",
      code: "unusable_path",
      message: expect.stringMatching(/a-file.issuer: (ENOTDIR|EEXIST)/),
    }),
  );
});

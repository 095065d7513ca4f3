import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ReadyFile, readReadyFile, removeReadyFile, writeReadyFile } from "./ready-file.ts";
import { StartError } from "./start-error.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-ready-"));
  path = join(folder, "ready.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function ready(pid = process.pid): ReadyFile {
  return {
    gateway: "http://127.0.0.1:1",
    management: null,
    issuer: null,
    issuerTls: null,
    console: null,
    pid,
    apis: [],
  };
}

test("a ready file is JSON, whole, its owner's alone, and leaves nothing beside it", () => {
  writeReadyFile(path, ready());
  writeReadyFile(path, ready());
  expect(readReadyFile(path)).toEqual(ready());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["ready.json"]);
});

test("a link that somebody put where the draft goes is not written through", () => {
  const target = join(folder, "precious");
  writeFileSync(target, "precious");
  symlinkSync(target, `${path}.${process.pid}.tmp`);
  writeReadyFile(path, ready());
  expect(readFileSync(target, "utf8")).toBe("precious");
  expect(readReadyFile(path)).toEqual(ready());
});

test("a draft that a killed process left does not stand in the way", () => {
  writeFileSync(`${path}.${process.pid}.tmp`, "half");
  writeReadyFile(path, ready());
  expect(readReadyFile(path)).toEqual(ready());
});

test("a place that cannot be written is an error that names it and the flag", () => {
  expect(() => writeReadyFile(join(folder, "no/ready.json"), ready())).toThrow(StartError);
  expect(() => writeReadyFile(join(folder, "no/ready.json"), ready())).toThrow(/ready\.json \(ENOENT\).*--ready-file/);
});

test("at exit the file goes, unless another process has written its own", () => {
  writeReadyFile(path, ready());
  removeReadyFile(path);
  expect(readdirSync(folder)).toEqual([]);
  removeReadyFile(path);
  writeReadyFile(path, ready(process.pid + 1));
  removeReadyFile(path);
  expect(readReadyFile(path)?.pid).toBe(process.pid + 1);
});

test.each(["", "{", "null", "[]", '"text"', "{}"])("what is no ready file is read as none: %j", (text) => {
  writeFileSync(path, text);
  expect(readReadyFile(path)).toBeUndefined();
});

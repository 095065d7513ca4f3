import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDataDir, readProjectToken } from "./data-dir.ts";
import { StartError } from "./start-error.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-data-"));
  path = join(folder, "project/.gatewarden");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe("a new data folder", () => {
  test("is its owner's alone, out of git, with a token of 256 bits", () => {
    const { projectToken } = openDataDir(path);
    expect(projectToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect([modeOf(path), modeOf(join(path, "token")), modeOf(join(path, ".gitignore"))]).toEqual([
      "700",
      "600",
      "600",
    ]);
    expect(readFileSync(join(path, ".gitignore"), "utf8")).toBe("*\n");
    expect(readdirSync(path).sort()).toEqual([".gitignore", "token"]);
  });

  test("keeps its token and a .gitignore of the user's", () => {
    const { projectToken } = openDataDir(path);
    writeFileSync(join(path, ".gitignore"), "mine\n");
    expect(openDataDir(path).projectToken).toBe(projectToken);
    expect(readProjectToken(path)).toBe(projectToken);
    expect(readFileSync(join(path, ".gitignore"), "utf8")).toBe("mine\n");
  });
});

describe("a token file that is not ours alone is replaced, not trusted", () => {
  beforeEach(() => mkdirSync(path, { recursive: true }));

  test("an empty one, which anybody may have opened", () => {
    writeFileSync(join(path, "token"), "", { mode: 0o644 });
    const { projectToken } = openDataDir(path);
    expect(projectToken).toHaveLength(43);
    expect(modeOf(join(path, "token"))).toBe("600");
    expect(readProjectToken(path)).toBe(projectToken);
  });

  test("one that others could read, as a checkout from git leaves it", () => {
    writeFileSync(join(path, "token"), "known-to-everybody\n");
    chmodSync(join(path, "token"), 0o644);
    expect(openDataDir(path).projectToken).not.toBe("known-to-everybody");
    expect(modeOf(join(path, "token"))).toBe("600");
  });

  test("a link, whose target keeps its content and its mode", () => {
    const target = join(folder, "precious");
    writeFileSync(target, "precious");
    chmodSync(target, 0o644);
    symlinkSync(target, join(path, "token"));
    expect(openDataDir(path).projectToken).toHaveLength(43);
    expect([readFileSync(target, "utf8"), modeOf(target)]).toEqual(["precious", "644"]);
  });

  test("a link to nothing, whose target is not made", () => {
    symlinkSync(join(folder, "nowhere"), join(path, "token"));
    openDataDir(path);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
    expect(statSync(join(path, "token")).isFile()).toBe(true);
  });
});

test("a place that cannot be used is an error that names it and the flag", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => openDataDir(join(folder, "file/data"))).toThrow(StartError);
  expect(() => openDataDir(join(folder, "file/data"))).toThrow(/file\/data \(ENOTDIR\).*--data-dir/);
});

test("without a token there is none to read", () => {
  expect(readProjectToken(path)).toBeUndefined();
});

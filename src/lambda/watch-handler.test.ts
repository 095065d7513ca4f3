import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { MAX_WATCHED_FILES } from "./limits.ts";
import { findHandlerFiles, watchHandler } from "./watch-handler.ts";

/** A condition comes true when the machine gets round to it. */
const WAIT = { timeout: 15_000 };

const folders: string[] = [];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-test-"));
  folders.push(folder);
});
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test("relative imports are followed in every form and spelling, packages are not", () => {
  write("lib/a.js", 'const b = require("./b"); require("../data.json")');
  write("lib/b/index.ts", "");
  write("data.json", '{"x": "from \'./nothing\'"}');
  write("c.ts", 'import "./handler.mjs"; const late = await import("./d.mjs")');
  write("d.mjs", 'export * from "./e.mjs"; import fs from "node:fs"; import x from "some-package"');
  write("e.mjs", 'import "./missing.js"; import "./node_modules/p/index.js"');
  write("node_modules/p/index.js", "");
  const handler = write("handler.mjs", "import a from './lib/a.js'; import { c } from \"./c.js\"");
  const found = [...findHandlerFiles(handler)].map((file) => relative(folder, file)).sort();
  expect(found).toEqual(["c.ts", "d.mjs", "data.json", "e.mjs", "handler.mjs", "lib/a.js", "lib/b/index.ts"]);
});

test("the number of files is bounded", () => {
  const imports = Array.from({ length: MAX_WATCHED_FILES + 10 }, (_, index) => {
    write(`m/${index}.js`, "");
    return `require("./m/${index}.js")`;
  });
  expect(findHandlerFiles(write("handler.js", imports.join("\n"))).size).toBe(MAX_WATCHED_FILES);
});

test("other files of the folder are not told", async () => {
  const changes: string[] = [];
  const ends = [
    watchHandler(write("handler.js", "1"), () => changes.push("handler")),
    watchHandler(write("other.js", "1"), () => changes.push("other")),
  ];
  write("other.js", "2");
  await expect.poll(() => changes, WAIT).toContain("other");
  await new Promise((resolve) => setImmediate(resolve));
  for (const end of ends) end();
  expect(changes).toEqual(["other"]);
});

test("a change, a replacement and a new import are each told once", async () => {
  const handler = write("handler.js", "1");
  const changes: string[] = [];
  let what = "nothing";
  const end = watchHandler(handler, () => changes.push(what));
  const change = async (name: string, act: () => unknown) => {
    what = name;
    await act();
    await expect.poll(() => changes.at(-1), WAIT).toBe(name);
  };
  await change("written", async () => {
    for (let index = 0; index < 5; index += 1) {
      write("handler.js", `require("./part/a.js") // ${index}`);
      // Lets the system tell each write by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await change("created", () => {
    write("part/a.js", "1");
    write("handler.js", 'require("./part/a.js")');
  });
  await change("part written", () => write("part/a.js", "2"));
  await change("replaced", () => renameSync(write("handler.tmp", "2"), handler));
  end();
  expect(changes).toEqual(["written", "created", "part written", "replaced"]);
});

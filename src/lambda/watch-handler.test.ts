import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { MAX_WATCHED_FILES, WATCH_DEBOUNCE_MS } from "./limits.ts";
import { findHandlerFiles, watchHandler } from "./watch-handler.ts";

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
  await expect.poll(() => changes).toContain("other");
  await new Promise((resolve) => setImmediate(resolve));
  for (const end of ends) end();
  expect(changes).toEqual(["other"]);
});

test("a change, a replacement and a new import are each told once", async () => {
  // A busy machine may let more time pass between two writes than is waited for the next one.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const handler = write("handler.js", "1");
  const changes: string[] = [];
  let what = "nothing";
  const end = watchHandler(handler, () => changes.push(what));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const change = async (name: string, act: () => unknown) => {
    what = name;
    await act();
    while (vi.getTimerCount() === 0) await turn();
    for (let count = 0; count < 10; count++) await turn(); // until all that was noticed is heard
    vi.advanceTimersByTime(WATCH_DEBOUNCE_MS);
    expect(changes.at(-1)).toBe(name);
  };
  await change("written", async () => {
    for (let index = 0; index < 5; index += 1) {
      write("handler.js", `require("./part/a.js") // ${index}`);
      // Lets the system tell each write by itself.
      await turn();
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

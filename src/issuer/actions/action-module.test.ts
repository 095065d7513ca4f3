import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

// Vitest has its own way of loading modules, so Node.js itself is asked here, in a process of its own.
const SCRIPT = `
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
const { moduleUrl, steps } = JSON.parse(process.argv[1]);
const { openActionModule } = await import(moduleUrl);
const modules = new Map();
const results = [];
for (const [index, { file, code, beside }] of steps.entries()) {
  mkdirSync(dirname(file), { recursive: true });
  for (const [name, text] of Object.entries(beside ?? {})) writeFileSync(dirname(file) + "/" + name, text);
  writeFileSync(file, code);
  utimesSync(file, 1800000000 + index, 1800000000 + index);
  const module = modules.get(file) ?? openActionModule(file);
  modules.set(file, module);
  try {
    const { handlers } = await module.load();
    results.push(await handlers["post-login"]({}, {}));
  } catch (error) {
    results.push(error.name + ": " + error.message);
  }
}
console.log(JSON.stringify(results));
`;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gatewarden-action-module-"));
  mkdirSync(join(dir, "esm"));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Step {
  readonly file: string;
  readonly code: string;
  readonly beside?: Readonly<Record<string, string>>;
}

function load(...steps: readonly Step[]): unknown[] {
  const here = import.meta.url;
  const moduleUrl = new URL(`./action-module${here.slice(here.lastIndexOf("."))}`, here).href;
  const asked = JSON.stringify({ moduleUrl, steps: steps.map((step) => ({ ...step, file: join(dir, step.file) })) });
  const flags = ["--no-warnings", "--input-type=module", "--eval", SCRIPT, asked];
  return JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8" }));
}

const commonJs = (value: string) => `exports.onExecutePostLogin = async (event, api) => ${value};`;
const esModule = (value: string) => `export const onExecutePostLogin = async (event, api) => ${value};`;

test("Node.js loads CommonJS and ES modules, each again after a change and not before", () => {
  const counting = "let count = 0; ";
  expect(
    load(
      { file: "a.js", code: commonJs("1") },
      { file: "a.js", code: commonJs("2") },
      { file: "a.js", code: "exports." },
      { file: "a.js", code: commonJs("3") },
      { file: "b.cjs", code: commonJs("4") },
      { file: "b.cjs", code: commonJs("5") },
      { file: "c.mjs", code: esModule("6") },
      { file: "c.mjs", code: esModule("7") },
      { file: "d.js", code: `module.exports = { ["onExecute" + "PostLogin"]: async () => 8 };` },
      { file: "e.mjs", code: "export default { onExecutePostLogin: async () => 9 };" },
      { file: "f.ts", code: "export const onExecutePostLogin = async (event: object): Promise<number> => 10;" },
      { file: "g.cjs", code: `${counting}${commonJs("++count")}` },
      {
        file: "h.cjs",
        code: `const { value } = require("./value.cjs"); ${commonJs("value")}`,
        beside: { "value.cjs": "exports.value = 11;" },
      },
    ),
  ).toEqual([1, 2, expect.stringContaining("cannot be loaded"), 3, 4, 5, 6, 7, 8, 9, 10, 1, 11]);
});

test("a file of CommonJS in a package of ES modules is told how to be mended", () => {
  const [answer] = load({
    file: "esm/actions.js",
    code: commonJs("1"),
    beside: { "package.json": '{"type":"module"}' },
  });
  expect(answer).toMatch(/cannot be loaded: exports is not defined .*Name the file \.cjs/);
});

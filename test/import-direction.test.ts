import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";

/** Every file that is shipped. What lies directly in src/ is a module of its own. */
const files = globSync("src/**/*.ts").filter((file) => !file.endsWith(".test.ts"));
const mayImport = readTable();

test("the table of ARCHITECTURE.md has a row for each module, and no other", () => {
  expect([...mayImport.keys()].sort()).toEqual([...new Set(files.map(moduleOf))].sort());
});

test("every import points down the table", () => {
  expect(files.length).toBeGreaterThan(50);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((to) => moduleOf(to) !== moduleOf(file) && !mayImport.get(moduleOf(file))?.includes(moduleOf(to)))
      .map((to) => `${file} -> ${to}`),
  );
  expect(wrong).toEqual([]);
});

test("the authorizer that ships, tokens and policies use no package at all", () => {
  const pure = files.filter((file) => ["authorizer", "token", "aws", "model"].includes(moduleOf(file)));
  expect(pure.length).toBeGreaterThan(10);
  const packages = pure.flatMap((file) =>
    specifiersOf(file)
      .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
      .map((name) => `${file} -> ${name}`),
  );
  expect(packages).toEqual([]);
});

test("nothing but the command line imports the command line", () => {
  const wrong = globSync("src/**/*.ts").filter(
    (file) => moduleOf(file) !== "cli" && importsOf(file).some((to) => moduleOf(to) === "cli"),
  );
  expect(wrong).toEqual([]);
});

function importsOf(file: string): string[] {
  return specifiersOf(file)
    .filter((name) => name.startsWith("."))
    .map((name) => join(dirname(file), name));
}

function specifiersOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const { module } = parseSync(file, text);
  return [
    ...module.staticImports.map((each) => each.moduleRequest.value),
    ...module.staticExports.flatMap((each) => each.entries.map((entry) => entry.moduleRequest?.value ?? "")),
    // A dynamic import's request is a source range; only literal ones can be judged.
    ...module.dynamicImports.map((each) =>
      text.slice(each.moduleRequest.start, each.moduleRequest.end).replace(/^["'`]|["'`]$/g, ""),
    ),
  ].filter((name) => name !== "");
}

/** Module → what it may import, as the page says it. */
function readTable(): ReadonlyMap<string, readonly string[]> {
  const page = readFileSync("ARCHITECTURE.md", "utf8");
  const [, section = ""] = page.split("## Modules and what each may import");
  const rows = [...section.matchAll(/^\| `([\w.-]+)` *\|[^|]*\| *(.*?) *\|$/gm)];
  const modules = rows.map(([, module = ""]) => module);
  return new Map(
    rows.map(([, module = "", text = ""]) => {
      if (text === "nothing") return [module, []];
      const [, but] = /^everything(?: but (\S+))?$/.exec(text) ?? [];
      const listed = text.startsWith("everything")
        ? modules.filter((each) => each !== but && each !== "index.ts") // which is for other programs
        : text.split(", ");
      const unknown = listed.find((each) => !modules.includes(each));
      if (unknown !== undefined) throw new Error(`the row of ${module} names ${unknown}, which is no module`);
      return [module, listed];
    }),
  );
}

const moduleOf = (file: string): string => relative("src", file).split("/")[0] ?? "";

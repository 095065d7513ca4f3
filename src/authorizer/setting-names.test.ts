import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SETTING_NAMES } from "./setting-names.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort();

test("the names are those of the manual's table, and those that the code reads", () => {
  const table = read("../../docs/authorizer.md").match(/^\| variable[\s\S]*?\n\n/m)?.[0] ?? "";
  const firstCells = table.split("\n").map((row) => row.split("|")[1] ?? "");
  expect(sorted(firstCells.flatMap((cell) => cell.match(/[A-Z_]{4,}/g) ?? []))).toEqual(sorted(SETTING_NAMES));
  const code = read("read-configuration.ts").replace(/\/\*[\s\S]*?\*\//g, "");
  const named = [...code.matchAll(/"([A-Z][A-Z_]{3,})"|environment\.([A-Z_]+)/g)].map(([, a, b]) => a ?? b ?? "");
  // Lambda sets the one, files are missing with the other.
  const others = ["LAMBDA_TASK_ROOT", "ENOENT"];
  expect(sorted(named.filter((name) => !others.includes(name)))).toEqual(sorted(SETTING_NAMES));
});

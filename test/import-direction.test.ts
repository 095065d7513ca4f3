import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";

/** ARCHITECTURE.md's table. Files directly in src/ belong to no module and only re-export. */
const mayImport: Record<string, readonly string[]> = {
  model: [],
  aws: ["model"],
  token: ["model"],
  authorizer: ["token", "aws"],
  template: ["model", "aws"],
  store: ["model"],
  lambda: ["model"],
  "execute-api": ["model", "aws", "token", "lambda", "store"],
  management: ["model", "aws", "token", "template", "lambda", "store"],
  issuer: ["token", "store"],
  doctor: ["model", "aws", "token", "template", "execute-api"],
  server: [
    "model",
    "aws",
    "token",
    "authorizer",
    "template",
    "store",
    "lambda",
    "execute-api",
    "management",
    "issuer",
    "doctor",
  ],
  cli: [
    "model",
    "aws",
    "token",
    "authorizer",
    "template",
    "store",
    "lambda",
    "execute-api",
    "management",
    "issuer",
    "doctor",
    "server",
  ],
};

const files = globSync("src/*/**/*.ts").filter((file) => !file.endsWith(".test.ts"));

test("every import points down the table", () => {
  expect(files.length).toBeGreaterThan(50);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((to) => moduleOf(to) !== moduleOf(file) && !mayImport[moduleOf(file)]?.includes(moduleOf(to)))
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

const moduleOf = (file: string): string => relative("src", file).split("/")[0] ?? "";

import { expect, test } from "vitest";
import { MAX_DOCUMENT_BYTES, readDocument } from "./document.ts";
import { MAX_DOCUMENT_DEPTH, type SourcePath } from "./position-tree.ts";
import { MAX_ALIASED_VALUES } from "./yaml-tree.ts";

function place(file: string, text: string, path: SourcePath): string {
  const verdict = readDocument(file, text);
  if (!verdict.ok) throw new Error(verdict.findings[0]?.message);
  const { line, column } = verdict.document.positionOf(path);
  const key = verdict.document.keyPositionOf(path);
  return `${line}:${column} key ${key.line}:${key.column}`;
}

function problems(file: string, text: string): string[] {
  const verdict = readDocument(file, text);
  if (verdict.ok) return [];
  expect(verdict.findings.every((each) => each.effect === "load" && each.fix !== "")).toBe(true);
  return verdict.findings.map(({ rule, at }) => `${at.line}:${at.column} ${rule}`);
}

function value(file: string, text: string): unknown {
  const verdict = readDocument(file, text);
  return verdict.ok ? verdict.document.value : verdict.findings;
}

const YAML = `a:
  b: one
  list:
    - x
    - {c: 2}
200: ok
base: &base
  timeout: 3
  deep: {er: 1}
copy: *base
merged:
  <<: *base
  own: 1
`;

test.each<[SourcePath, string]>([
  [["a"], "1:1 key 1:1"],
  [["a", "b"], "2:6 key 2:3"],
  [["a", "list"], "3:3 key 3:3"],
  [["a", "list", 0], "4:7 key 4:7"],
  [["a", "list", 1, "c"], "5:11 key 5:8"],
  [["200"], "6:6 key 6:1"],
  [["copy", "timeout"], "8:12 key 8:3"],
  [["merged", "deep", "er"], "9:14 key 9:10"],
  [["merged", "own"], "13:8 key 13:3"],
])("a value in YAML is found at its line and column: %j", (path, expected) => {
  expect(place("api.yaml", YAML, path)).toBe(expected);
});

const JSON_TEXT = `{
  "a": {"b": "one", "list": ["x", {"c": 2}]},
  "quo\\"te": [],
  "empty": {}
}`;

test.each<[SourcePath, string]>([
  [["a"], "2:3 key 2:3"],
  [["a", "b"], "2:14 key 2:9"],
  [["a", "list"], "2:21 key 2:21"],
  [["a", "list", 0], "2:30 key 2:30"],
  [["a", "list", 1, "c"], "2:41 key 2:36"],
  [['quo"te'], "3:3 key 3:3"],
  [["empty"], "4:3 key 4:3"],
])("a value in JSON is found at its line and column: %j", (path, expected) => {
  expect(place("api.json", JSON_TEXT, path)).toBe(expected);
});

test("a path that leads nowhere points at what lacks it", () => {
  expect(place("api.yaml", YAML, ["a", "missing", "deeper"])).toBe("1:1 key 1:1");
  expect(place("api.json", JSON_TEXT, ["a", "missing"])).toBe("2:3 key 2:3");
});

test("JSON and YAML give the same values", () => {
  const json = { a: { b: "one", list: ["x", { c: 2 }], n: null, t: true, f: -1.5e3 }, 'q"': "ä\n" };
  expect(value("api.json", JSON.stringify(json))).toEqual(json);
  expect(value("api.yaml", JSON.stringify(json))).toEqual(json);
  expect(value("api.yaml", "a: {b: one}\nc: ~\nd:\n")).toEqual({ a: { b: "one" }, c: null, d: null });
  expect(value("api.json", '\uFEFF{"a": 1}')).toEqual({ a: 1 });
  expect(value("api.yaml", '{a: 1, "b": 2} # flow YAML')).toEqual({ a: 1, b: 2 });
});

test("a merge key adds what the mapping does not say itself", () => {
  const text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  x: 3\n  <<: [*a, *b]\n";
  expect(value("api.yaml", text)).toMatchObject({ c: { x: 3, y: 1, z: 2 } });
});

test("a key named __proto__ is a key", () => {
  const verdict = readDocument("api.yaml", "__proto__: {polluted: 1}\n");
  expect(verdict.ok && Object.keys(verdict.document.value as object)).toEqual(["__proto__"]);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test.each<[string, string, string[]]>([
  ["api.yaml", "a: 1\nb: [1\nc: 2\n", ["3:1 yaml-syntax"]],
  ["api.yaml", "a: 1\n  b: 2\n", ["1:4 yaml-syntax"]],
  ["api.yaml", "a: 1\n---\nb: 2\n", ["2:1 yaml-syntax"]],
  ["api.yaml", "a: 1\nb: 2\na: 3\n", ["3:1 duplicate-key"]],
  ["api.yaml", "a: !Ref X\n", ["1:4 yaml-tag-unsupported"]],
  ["api.yaml", "a: *nope\n", ["1:4 yaml-alias-unknown"]],
  ["api.yaml", "a: &a [*a]\n", ["1:8 yaml-alias-unknown"]],
  ["api.yaml", "? [a, b]\n: 1\n", ["1:3 yaml-key-not-text"]],
  ["api.yaml", "a:\n  <<: text\n", ["2:3 yaml-merge-invalid"]],
  ["api.json", '{\n  "a": 1,\n}', ["3:1 json-syntax"]],
  ["api.json", '{"a": tru}', ["1:7 json-syntax"]],
  ["api.json", '{"a": "\\x"}', ["1:7 json-syntax"]],
  ["api.json", '{"a": 01}', ["1:8 json-syntax"]],
  ["api.json", '{"a": 1} {', ["1:10 json-syntax"]],
  ["api.json", '{"a": [1, 2}', ["1:12 json-syntax"]],
  ["api.json", "", ["1:1 json-syntax"]],
  ["api.json", '{"a": 1, "\\u0061": 2}', ["1:10 duplicate-key"]],
])("%s %j is refused with its place", (file, text, expected) => {
  expect(problems(file, text)).toEqual(expected);
});

test("nesting is bounded in both languages, and quickly refused", () => {
  const fits = MAX_DOCUMENT_DEPTH - 1;
  expect(problems("api.json", "[".repeat(fits) + "]".repeat(fits))).toEqual([]);
  expect(problems("api.yaml", `a: ${"[".repeat(fits)}${"]".repeat(fits)}`)).toEqual([]);
  expect(problems("api.json", "[".repeat(2_000_000))).toEqual([`1:${MAX_DOCUMENT_DEPTH + 1} document-too-deep`]);
  expect(problems("api.yaml", "- ".repeat(1_000_000))).toMatchObject([expect.stringContaining("document-too-deep")]);
});

test("aliases inside aliases are bounded", () => {
  const levels = "abcdefgh".split("");
  const lines = levels.map((name, index) => {
    const inner = index === 0 ? "x" : `*${levels[index - 1]}`;
    return `${name}: &${name} [${Array(10).fill(inner).join(", ")}]`;
  });
  expect(10 ** levels.length).toBeGreaterThan(MAX_ALIASED_VALUES);
  expect(problems("api.yaml", lines.join("\n"))).toMatchObject([expect.stringContaining("yaml-alias-expansion")]);
  expect(problems("api.yaml", lines.slice(0, 4).join("\n"))).toEqual([]);
});

test("the size is bounded", () => {
  expect(problems("api.yaml", `a: "${"x".repeat(MAX_DOCUMENT_BYTES)}"`)).toEqual(["1:1 document-too-large"]);
});

test("a string of megabytes full of escapes is no trouble", () => {
  expect(problems("api.json", `["${"\\n".repeat(1_000_000)}"]`)).toEqual([]);
});

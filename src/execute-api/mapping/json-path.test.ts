import fc from "fast-check";
import { expect, test } from "vitest";
import { compileJsonPath } from "./json-path.ts";
import { MAX_JSON_PATH_CHARS } from "./parse-json-path.ts";
import { Budget } from "./velocity/budget.ts";
import { parseJson } from "./velocity/parse-json.ts";
import { writeJson } from "./velocity/print-value.ts";
import { TemplateError } from "./velocity/template-error.ts";

const STORE = `{
  "store": {"book": [
    {"title": "A", "price": 8.95, "isbn": "1", "tags": ["x"]},
    {"title": "B", "price": 12.99, "tags": []},
    {"title": "C", "price": 22, "isbn": "3"}
  ], "bicycle": {"color": "red", "price": 19.95}},
  "with-dash": 1, "with space": 2, "10": "ten", "nothing": null, "limit": 10, "it's": 3
}`;

function select(path: string, text = STORE): string | undefined {
  const verdict = compileJsonPath(path);
  if (!verdict.ok) throw new Error(verdict.message);
  const json = parseJson(text);
  if (!json.ok) throw new Error(json.expected);
  const budget = new Budget();
  const value = verdict.path.select(json.value, budget);
  return value === undefined ? undefined : writeJson(value, budget);
}

test.each([
  ["$.store.bicycle.color", '"red"'],
  ["store.bicycle.color", '"red"'],
  ["$['store']['bicycle']['price']", "19.95"],
  ["$.store.book[0].title", '"A"'],
  ["$.store.book[-1].title", '"C"'],
  ["$.store.book[7]", undefined],
  ["$.store.none.x", undefined],
  ["$.nothing", "null"],
  ["$.with-dash", "1"],
  ["$['with space']", "2"],
  ["$['it\\'s']", "3"],
  ["$.10", '"ten"'],
  ["$.store.book[*].title", '["A","B","C"]'],
  ["$.store.book[0,2].title", '["A","C"]'],
  ["$.store.book[0:2].title", '["A","B"]'],
  ["$.store.book[-2:].title", '["B","C"]'],
  ["$.store.book[:1].title", '["A"]'],
  ["$.store.book[::2].title", '["A","C"]'],
  ["$..price", "[8.95,12.99,22,19.95]"],
  ["$..book[0].title", '["A"]'],
  ["$.store.bicycle.*", '["red",19.95]'],
  ["$.store.bicycle['color','price']", '["red",19.95]'],
  ["$.store.book[?(@.price > 10)].title", '["B","C"]'],
  ["$.store.book[?(@.isbn)].title", '["A","C"]'],
  ["$.store.book[?(!(@.isbn))].title", '["B"]'],
  ["$.store.book[?(@.price < $.limit)].title", '["A"]'],
  ["$.store.book[?(@.title == 'B' || @.price >= 22)].title", '["B","C"]'],
  ["$.store.book[?(@.isbn && @.price < 10)].title", '["A"]'],
  ["$.store.book[?(@.title =~ /[ab]/i)].title", '["A","B"]'],
  ["$.store.book[?(@.title in ['A', 'C'])].title", '["A","C"]'],
  ["$.store.book[?(@.title != 'A')].title", '["B","C"]'],
  ["$.store.book.length()", "3"],
  ["$.none[*]", "[]"],
  ["$.constructor", undefined],
  ["$.__proto__", undefined],
])("%s selects %s", (path, expected) => {
  expect(select(path)).toBe(expected);
});

test("only paths of names and indexes are definite", () => {
  const definite = (path: string): boolean | undefined => {
    const verdict = compileJsonPath(path);
    return verdict.ok ? verdict.path.definite : undefined;
  };
  expect(["$", "$.a.b", "$['a'][0]", "$.a.length()"].map(definite)).toEqual([true, true, true, true]);
  expect(["$.*", "$..a", "$.a[0,1]", "$.a[0:1]", "$.a[?(@.b)]"].map(definite)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test.each(["$.a[", "$.", "$..", "$.a[?(@.b", "$.a[?(@.b == )]", "$['a", "$.a[x]", "$.a.b()", "$ x", "$.a[::0]"])(
  "%j is refused",
  (path) => {
    expect(compileJsonPath(path)).toMatchObject({ ok: false });
  },
);

test("paths have bounds", () => {
  expect(compileJsonPath(`$.${"a".repeat(MAX_JSON_PATH_CHARS)}`).ok).toBe(false);
  expect(compileJsonPath(`$[?(${"(".repeat(1000)}`).ok).toBe(false);
  expect(compileJsonPath(`$[?(${"@[?(".repeat(500)}`).ok).toBe(false);
  const wide = JSON.stringify(Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => [1, [2]])));
  expect(() => select("$..*..*..*..*", wide)).toThrow(TemplateError);
});

test("any text is a path or is refused", () => {
  const piece = fc.constantFrom(
    "$",
    ".",
    "..",
    "[",
    "]",
    "*",
    "'a'",
    "a",
    "?(",
    ")",
    "@",
    "&&",
    "==",
    "1",
    ":",
    ",",
    " ",
    "!",
    "/a/",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 15 }), (parts) => {
      const verdict = compileJsonPath(parts.join(""));
      if (verdict.ok) select(parts.join(""));
    }),
    { numRuns: 5000 },
  );
});

import { expect, test } from "vitest";
import { MAX_ENV_FILE_BYTES, readEnvFile } from "./env-file.ts";

function values(text: string): unknown {
  const verdict = readEnvFile(".env", text);
  return verdict.ok ? verdict.values : verdict.findings.map(({ at, message }) => `${at.line}:${at.column} ${message}`);
}

test.each<[string, Record<string, string>]>([
  ["A=1", { A: "1" }],
  ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["# comment\n\n  export A = spaced out  # why\n", { A: "spaced out" }],
  ["A=\nB=#nothing", { A: "", B: "" }],
  ["URL=https://x.test/#part", { URL: "https://x.test/#part" }],
  ["A=a=b=c", { A: "a=b=c" }],
  [`A='lit\\n $B' # comment`, { A: "lit\\n $B" }],
  [`A="one\\ntwo \\"q\\" \\\\ \\$B \\z"`, { A: 'one\ntwo "q" \\ $B \\z' }],
  [`KEY="-----BEGIN\nabc\n-----END"\nB=2`, { KEY: "-----BEGIN\nabc\n-----END", B: "2" }],
  ["\uFEFFA=1", { A: "1" }],
  ["__proto__=1", JSON.parse('{"__proto__": "1"}')],
])("%j is read as %j", (text, expected) => {
  expect(values(text)).toEqual(expected);
});

test.each<[string, string]>([
  ["A=1\nnonsense", "2:1 This line has no =, wanted KEY=VALUE."],
  ["1A=x", '1:1 The name "1A" is not one, wanted letters, digits and _, not beginning with a digit.'],
  ["A=1\n  B='secret", "2:5 The value of B begins with ' and never ends."],
  [`A="secret" tail`, "1:11 The value of A goes on after its closing quote."],
])("%j is refused with its place and without its value", (text, expected) => {
  expect(values(text)).toEqual([expected]);
  expect(String(values(text))).not.toContain("secret");
});

test("a variable set twice takes the later value, with a warning", () => {
  const verdict = readEnvFile(".env", "A=1\nA=2");
  expect(verdict).toMatchObject({ ok: true, values: { A: "2" }, findings: [{ severity: "warning", at: { line: 2 } }] });
});

test("the size is bounded", () => {
  expect(readEnvFile(".env", `A=${"x".repeat(MAX_ENV_FILE_BYTES)}`).ok).toBe(false);
});

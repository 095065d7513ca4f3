import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

const dir = mkdtempSync(join(tmpdir(), "gatewarden-diff-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("equal texts have none", () => {
  expect(unifiedDiff("f", "a\n", "a\n")).toBe("");
});

test("changes far apart are hunks of their own, with three lines around", () => {
  const before = Array.from({ length: 30 }, (_, n) => `line ${n}`);
  const after = before.map((line, n) => (n === 2 ? "two" : line)).filter((_, n) => n !== 25);
  const diff = unifiedDiff("f", `${before.join("\n")}\n`, `${after.join("\n")}\n`);
  expect(diff.match(/^@@.*@@$/gm)).toEqual(["@@ -1,6 +1,6 @@", "@@ -23,7 +23,6 @@"]);
});

const canPatch = spawnSync("patch", ["--version"]).status === 0;

test.skipIf(!canPatch)("patch makes the second text of the first", () => {
  const line = fc.constantFrom("a", "b", "c", "d: e", "");
  const lines = fc.array(line, { minLength: 1, maxLength: 25 }).map((each) => `${each.join("\n")}\n`);
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = unifiedDiff("f", before, after);
      writeFileSync(join(dir, "f"), before);
      if (diff !== "") execFileSync("patch", ["-p0", "--silent", "--force"], { cwd: dir, input: diff });
      expect(readFileSync(join(dir, "f"), "utf8")).toBe(after);
    }),
    { numRuns: 40 },
  );
});

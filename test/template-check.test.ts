import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { functionMethod, makeProject, mockMethod, openApi } from "./support/project.ts";

const project = makeProject({
  "api.json": openApi({
    "/weird": { get: functionMethod("pets", { type: "weird" }) },
    "/none": { get: functionMethod("none") },
    "/good": { get: mockMethod("good") },
  }),
  "table.json": { Resources: { Table: { Type: "AWS::DynamoDB::Table" } } },
  "good.json": openApi({ "/good": { get: mockMethod("good") } }),
});
afterAll(() => project.remove());
const check = (...args: string[]) => commandLine(["template", "check", ...args], { cwd: project.folder });

test("template check lists each finding once, with its place, and exits 1 when one is an error", async () => {
  const { code, stdout } = await check("api.json");
  expect(code).toBe(1);
  const lines = stdout.trim().split("\n");
  expect(lines.filter((line) => line.includes("integration-type-unsupported"))).toHaveLength(1);
  expect(lines.filter((line) => line.includes("function-without-code"))).toHaveLength(1);
  for (const line of lines) expect(line).toMatch(/api\.json:\d+:\d+: (?:error|warning|info) [a-z-]+: /);
});

test("template check of a good file exits 0; --json says the same", async () => {
  expect(await check("good.json", "--json")).toMatchObject({ code: 0, stdout: '{\n  "findings": []\n}\n' });
});

test("template check says what it found when it found nothing, and does not pass where no API is", async () => {
  expect(await check("good.json")).toMatchObject({ code: 0, stdout: "no findings, 1 API\n" });
  expect(await check("table.json")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("No API is in these files"),
  });
});

test("a template's parameter is in vain where the files are OpenAPI", async () => {
  const { code, stdout } = await check("good.json", "--parameter", "Audience=a");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /good\.json:1:1: warning parameter-unknown: The parameter Audience was given, and none of the/,
  );
});

test("the example that wants signatures has nothing to be found fault with", async () => {
  const file = join(import.meta.dirname, "../examples/petstore/petstore-iam.yaml");
  expect(await check(file, "--json")).toMatchObject({ code: 0, stdout: '{\n  "findings": []\n}\n' });
});

test("template check leaves nothing behind, also when a file cannot be read", async () => {
  vi.stubEnv("TMPDIR", project.folder);
  const before = readdirSync(project.folder);
  expect(await check("none.json")).toMatchObject({ code: 2, stderr: expect.stringContaining("ENOENT") });
  await check("good.json");
  vi.unstubAllEnvs();
  expect(readdirSync(project.folder)).toEqual(before);
});

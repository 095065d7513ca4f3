import { appendFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { logLines } from "./log-lines.ts";
import { makeProject, type Project } from "./project.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

test("a line is there once its end is", () => {
  project = makeProject({});
  const file = project.path("access.log");
  expect(logLines(file)).toEqual([]);
  appendFileSync(file, '{"id":1}\n{"id":');
  expect(logLines(file)).toEqual(['{"id":1}']);
  appendFileSync(file, "2}\n");
  expect(logLines(file)).toEqual(['{"id":1}', '{"id":2}']);
});

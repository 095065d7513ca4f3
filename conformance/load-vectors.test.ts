import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { AREAS, loadConformance } from "./load-vectors.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What lies in a file, as text: an object with `then` would look like a promise. */
const STEP = '{"when":{"method":"GET","path":"/"},"then":{"status":200}}';

const vector = (id: string) => ({
  id,
  label: "D",
  source: "a page",
  facts: [],
  subject: "rest-api",
  given: { project: "routing" },
  steps: [JSON.parse(STEP)],
});

/** A conformance folder with one vector in each area, and what else is given. */
function load(files: Readonly<Record<string, unknown>> = {}): ReturnType<typeof loadConformance> {
  const root = mkdtempSync(join(tmpdir(), "gatewarden-vectors-"));
  folders.push(root);
  const areas = Object.fromEntries(AREAS.map((area) => [`${area}/some.json`, [vector(`${area}/some/one`)]]));
  const all = { ...areas, "facts/all.json": [], "deviations.json": [], ...files };
  for (const [file, content] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), JSON.stringify(content));
  }
  return loadConformance(root);
}

test("what is well-formed is read", () => {
  expect(load().vectors).toHaveLength(AREAS.length);
});

test.each([
  [
    "a vector with a misspelt member",
    { "rest-api/some.json": [{ ...vector("rest-api/some/one"), target: ["http"] }] },
    "rest-api/some/one has the unknown member target",
  ],
  [
    "a step with a misspelt member",
    { "rest-api/some.json": [{ ...vector("rest-api/some/one"), steps: [{ ...JSON.parse(STEP), than: {} }] }] },
    "a step of rest-api/some/one has the unknown member than",
  ],
  [
    "a folder that is no area",
    { "websocket-api/some.json": [vector("websocket-api/some/one")] },
    "the folder websocket-api is read by nobody",
  ],
  ["an area without vectors", { "iam/some.json": [] }, "no vector was found in iam"],
  ["two vectors of one name", { "iam/other.json": [vector("iam/some/one")] }, "two vectors are called iam/some/one"],
])("%s is refused", (_, files, message) => {
  expect(() => load(files)).toThrow(message);
});

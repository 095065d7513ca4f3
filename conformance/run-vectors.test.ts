import { expect, test } from "vitest";
import { assignVectors, runVectors } from "./run-vectors.ts";
import type { Target, Vector } from "./vector.ts";

const vector = (id: string, more: Partial<Vector> = {}): Vector => ({
  id,
  label: "D",
  source: "a page",
  facts: [],
  subject: "rest-api",
  given: {},
  steps: [],
  ...more,
});

const target = (name: string, subjects: Target["subjects"], differences: readonly string[] = []): Target => ({
  name,
  subjects,
  run: async () => differences,
  close: async () => {},
});
const targets = [target("in-process", ["rest-api", "token"]), target("http", ["rest-api"])];

test("a vector runs on the targets of its subject, or on those it names", () => {
  const vectors = [vector("both"), vector("one", { targets: ["http"] }), vector("judge", { subject: "token" })];
  expect(assignVectors(vectors, targets).map(({ taken }) => taken.map(({ id }) => id))).toEqual([
    ["both", "judge"],
    ["both", "one"],
  ]);
});

test.each([
  ["names a target that there is not", { targets: ["in-proces"] }, "odd names the target in-proces"],
  ["names one beside another", { targets: ["http", "htttp"] }, "odd names the target htttp"],
  [
    "names a target that does not take its subject",
    { subject: "token", targets: ["http"] },
    "odd names the target http",
  ],
  ["has a subject that nobody takes", { subject: "issuer" }, "no target takes odd"],
  ["names none", { targets: [] }, "no target takes odd"],
] as const)("a vector that %s would show nothing and is refused", async (_, more, message) => {
  await expect(runVectors([vector("plain"), vector("odd", more)], [], targets)).rejects.toThrow(message);
});

test("an unlisted failure and an unlisted success are surprises", async () => {
  const failing = [target("in-process", ["rest-api"], ["status is 500"])];
  expect((await runVectors([vector("a")], [], failing)).surprises).toHaveLength(1);
  expect((await runVectors([vector("a")], [{ id: "a", reason: "later" }], failing)).surprises).toEqual([]);
  const passing = [target("in-process", ["rest-api"])];
  expect((await runVectors([vector("a")], [{ id: "a", reason: "later" }], passing)).surprises).toHaveLength(1);
  expect((await runVectors([vector("a")], [], passing)).surprises).toEqual([]);
});

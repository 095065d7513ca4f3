import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { differences } from "./compare.ts";
import { loadConformance } from "./load-vectors.ts";
import { parityPage } from "./parity-page.ts";
import { assignVectors } from "./run-vectors.ts";
import { createHttpTarget } from "./targets/http.ts";
import { createInProcessTarget } from "./targets/in-process.ts";
import { createIssuerPlaneTarget, createIssuerSocketTarget } from "./targets/issuer-plane/issuer-plane.ts";

const { vectors, facts, deviations } = loadConformance();
const listed = new Set(deviations.map(({ id }) => id));
const targets = [
  await createInProcessTarget(),
  await createHttpTarget(),
  await createIssuerPlaneTarget(),
  await createIssuerSocketTarget(),
];
afterAll(async () => {
  for (const target of targets) await target.close();
});

for (const { target, taken } of assignVectors(vectors, targets)) {
  describe(`vectors, ${target.name}`, () => {
    test("there are some", () => expect(taken.length).toBeGreaterThan(20));
    for (const vector of taken) {
      test(`${vector.id} (${vector.label})${listed.has(vector.id) ? " is a known deviation" : ""}`, async () => {
        const found = await target.run(vector);
        if (listed.has(vector.id)) expect(found, "holds now: take it off deviations.json").not.toEqual([]);
        else expect(found).toEqual([]);
      });
    }
  });
}

test("every fact has a vector, or says why none can show it", () => {
  const shown = new Set(vectors.flatMap((vector) => vector.facts));
  expect(facts.length).toBeGreaterThan(50);
  const without = facts.filter(({ id, unshown }) => !shown.has(id) && !unshown);
  expect(without.map(({ id }) => id)).toEqual([]);
});

test("the parity page is the one these vectors give", () => {
  expect(readFileSync("docs/reference/parity.md", "utf8")).toBe(parityPage(vectors, facts, deviations));
});

describe("the comparison", () => {
  test("finds every kind of difference", () => {
    expect(differences({ a: 1, b: { c: "x" }, d: [1, 2] }, { a: 1, b: { c: "x", more: 1 }, d: [1, 2], e: 1 })).toEqual(
      [],
    );
    expect(differences({ a: 1 }, { a: "1" })).toHaveLength(1);
    expect(differences({ a: [1] }, { a: [1, 2] })).toHaveLength(1);
    expect(differences({ a: { $absent: true } }, { a: null })).toHaveLength(1);
    expect(differences({ a: { $absent: true } }, {})).toEqual([]);
    expect(differences({ a: { $matches: "^x" } }, { a: "ax" })).toHaveLength(1);
    expect(differences({ a: null }, {})).toHaveLength(1);
    expect(differences({ a: { $type: "number" } }, { a: 1 })).toEqual([]);
    expect(differences({ a: { $type: "number" } }, { a: "1" })).toHaveLength(1);
    expect(differences({ a: { $sameAs: "b.c" } }, { a: 1, b: { c: 1 } })).toEqual([]);
    expect(differences({ a: { $sameAs: "b.c" } }, { a: 1, b: { c: 2 } })).toHaveLength(1);
    expect(differences({ a: { $sameAs: "b.c" } }, {})).toHaveLength(1);
    expect(differences({ a: { $exactly: { b: 1 } } }, { a: { b: 1 } })).toEqual([]);
    expect(differences({ a: { $exactly: { b: 1 } } }, { a: { b: 1, c: 2 } })).toHaveLength(1);
    expect(differences({ a: { $exactly: {} } }, { a: null })).toHaveLength(1);
    expect(differences({ a: { $not: 1 } }, { a: 2 })).toEqual([]);
    expect(differences({ a: { $not: 1 } }, { a: 1 })).toHaveLength(1);
    expect(differences({ a: { $not: 1 } }, {})).toHaveLength(1);
  });
});

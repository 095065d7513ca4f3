import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/* Code cites the evidence for what it imitates; a citation that leads nowhere is worse than none. */

const ids = globSync(
  "conformance/{facts,rest-api,http-api,iam,authorizers,policies,token,mapping,issuer}/**/*.json",
).flatMap((file) => {
  const entries: unknown = JSON.parse(readFileSync(file, "utf8"));
  return Array.isArray(entries) ? entries.map((entry: { id: string }) => entry.id) : [];
});
const CITATION = /conformance\/((?:rest-api|http-api|iam|authorizers|policies|token|mapping|issuer)(?:\/[\w-]+)*)/g;

test("every vector or folder of vectors that a comment names exists", () => {
  expect(ids.length).toBeGreaterThan(1000);
  const cited = globSync("src/**/*.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(CITATION)].map(([, id = ""]) => ({ file, id })),
  );
  expect(cited.length).toBeGreaterThan(50);
  const leadsNowhere = cited.filter(
    ({ id }) =>
      !ids.some((each) => each === id || each.startsWith(`${id}/`)) && globSync(`conformance/${id}*`).length === 0,
  );
  expect(leadsNowhere).toEqual([]);
});

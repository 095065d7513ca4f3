/**
 * `npm run conformance`: runs every vector against the targets and prints what differs, the listed deviations, and the
 * facts that have no vector yet. `--parity` writes docs/reference/parity.md from the outcomes.
 * Exits 1 on an unlisted failure or an unlisted success.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConformance } from "./load-vectors.ts";
import { parityPage } from "./parity-page.ts";
import { runVectors } from "./run-vectors.ts";
import { createHttpTarget } from "./targets/http.ts";
import { createInProcessTarget } from "./targets/in-process.ts";
import { createIssuerPlaneTarget, createIssuerSocketTarget } from "./targets/issuer-plane/issuer-plane.ts";

const { vectors, facts, deviations } = loadConformance();
const at = process.argv.indexOf("--package");
const targets = [
  await createInProcessTarget(),
  await createHttpTarget(at < 0 ? undefined : process.argv[at + 1]),
  await createIssuerPlaneTarget(),
  await createIssuerSocketTarget(),
];
try {
  const { outcomes, surprises } = await runVectors(vectors, deviations, targets);
  for (const surprise of surprises) console.log(surprise);
  const shown = new Set(vectors.flatMap((vector) => vector.facts));
  const unshown = facts.filter((fact) => !shown.has(fact.id));
  console.log(`\nFacts without a vector (${unshown.length} of ${facts.length}):`);
  for (const fact of unshown) {
    console.log(`  (${fact.label}) ${fact.id}: ${fact.text}${fact.unshown === undefined ? "" : ` [${fact.unshown}]`}`);
  }
  for (const target of targets) {
    const of = outcomes.filter((outcome) => outcome.target === target.name);
    console.log(
      `${target.name}: ${of.length} vectors, ${of.filter((outcome) => outcome.differences.length > 0).length} differ (${deviations.length} deviations listed)`,
    );
  }
  if (process.argv.includes("--parity"))
    writeFileSync(join(import.meta.dirname, "../docs/reference/parity.md"), parityPage(vectors, facts, deviations));
  process.exitCode = surprises.length > 0 ? 1 : 0;
} finally {
  for (const target of targets) await target.close();
}

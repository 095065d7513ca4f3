import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Members, refuseUnknown } from "./targets/refuse-unknown.ts";
import type { Deviation, Fact, Step, Vector } from "./vector.ts";

export const AREAS = ["rest-api", "http-api", "authorizers", "policies", "token", "iam", "mapping", "issuer"];
/** What else lies here. */
const OTHER_FOLDERS = ["facts", "projects", "targets"];
const VECTOR_MEMBERS: Members<Vector> = {
  id: true,
  label: true,
  source: true,
  facts: true,
  subject: true,
  targets: true,
  given: true,
  steps: true,
};
// biome-ignore lint/suspicious/noThenProperty: nobody awaits it
const STEP_MEMBERS: Members<Step> = { when: true, then: true };

/** Everything under conformance/, checked for what makes it usable as evidence. @throws Error naming the first fault */
export function loadConformance(root = import.meta.dirname): {
  vectors: readonly Vector[];
  facts: readonly Fact[];
  deviations: readonly Deviation[];
} {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isDirectory() && !AREAS.includes(entry.name) && !OTHER_FOLDERS.includes(entry.name))
      throw new Error(`the folder ${entry.name} is read by nobody: it is no area`);
  }
  const vectors = AREAS.flatMap((area) => {
    const found = globSync(`${area}/**/*.json`, { cwd: root })
      .sort()
      .flatMap((file) => read<Vector[]>(root, file));
    if (found.length === 0) throw new Error(`no vector was found in ${area}: a run over nothing shows nothing`);
    return found;
  });
  const facts = globSync("facts/*.json", { cwd: root })
    .sort()
    .flatMap((file) => read<Fact[]>(root, file));
  const deviations = read<Deviation[]>(root, "deviations.json");
  const ids = new Set<string>();
  const known = new Set(facts.map((fact) => fact.id));
  if (known.size !== facts.length) throw new Error("two facts share an id");
  for (const vector of vectors) {
    if (ids.has(vector.id)) throw new Error(`two vectors are called ${vector.id}`);
    ids.add(vector.id);
    refuseUnknown(vector.id, vector, VECTOR_MEMBERS);
    for (const step of vector.steps) refuseUnknown(`a step of ${vector.id}`, step, STEP_MEMBERS);
    if (!["R", "D", "C", "?"].includes(vector.label)) throw new Error(`${vector.id} has the label ${vector.label}`);
    if (!vector.source) throw new Error(`${vector.id} has no source: a case without one is a wish`);
    if (vector.steps.length === 0) throw new Error(`${vector.id} asks nothing`);
    for (const { then } of vector.steps)
      if (Object.keys(then).length === 0) throw new Error(`${vector.id} wants nothing in a step`);
    for (const fact of vector.facts)
      if (!known.has(fact)) throw new Error(`${vector.id} shows the unknown fact ${fact}`);
  }
  const shown = new Set(vectors.flatMap((vector) => vector.facts));
  for (const { id, unshown } of facts) {
    if (unshown !== undefined && shown.has(id)) throw new Error(`${id} has a vector, and says why it has none`);
  }
  for (const { id, reason } of deviations) {
    if (!ids.has(id)) throw new Error(`the deviation ${id} names no vector`);
    if (!reason) throw new Error(`the deviation ${id} has no reason`);
  }
  return { vectors, facts, deviations };
}

function read<Value>(root: string, file: string): Value {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")) as Value;
  } catch (error) {
    throw new Error(`conformance/${file}: ${error instanceof Error ? error.message : error}`);
  }
}

import type { Deviation, Outcome, Target, Vector } from "./vector.ts";

/** Runs each vector on every target that takes its subject. Surprises are what the list of deviations does not say. */
export async function runVectors(
  vectors: readonly Vector[],
  deviations: readonly Deviation[],
  targets: readonly Target[],
): Promise<{ outcomes: readonly Outcome[]; surprises: readonly string[] }> {
  const outcomes: Outcome[] = [];
  for (const target of targets) {
    for (const vector of vectors) {
      if (!target.subjects.includes(vector.subject) || vector.targets?.includes(target.name) === false) continue;
      const differences = await target
        .run(vector)
        .catch((error: unknown) => [
          `could not be run: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
        ]);
      outcomes.push({ vector, target: target.name, differences });
    }
  }
  const idle = targets.find(({ name }) => !outcomes.some(({ target }) => target === name));
  if (outcomes.length === 0 || idle !== undefined) {
    throw new Error(`${idle?.name ?? "no target"} took no vector: a run over nothing shows nothing`);
  }
  const listed = new Map(deviations.map((deviation) => [deviation.id, deviation.reason]));
  const surprises = outcomes.flatMap(({ vector, target, differences }) => {
    const isListed = listed.has(vector.id);
    if (differences.length > 0 && !isListed)
      return [`${target}: ${vector.id} (${vector.label}) differs:\n  ${differences.join("\n  ")}`];
    if (differences.length === 0 && isListed)
      return [`${target}: ${vector.id} holds, though deviations.json lists it: ${listed.get(vector.id)}`];
    return [];
  });
  return { outcomes, surprises };
}

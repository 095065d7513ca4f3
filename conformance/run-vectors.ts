import type { Deviation, Outcome, Target, Vector } from "./vector.ts";

/**
 * Which vectors each target takes: those of its subjects, but what names its targets. @throws Error naming a vector that
 * would not run where it says, or nowhere
 */
export function assignVectors(
  vectors: readonly Vector[],
  targets: readonly Target[],
): readonly { readonly target: Target; readonly taken: readonly Vector[] }[] {
  const isTaker = (target: Target, { subject, targets: named }: Vector): boolean =>
    target.subjects.includes(subject) && named?.includes(target.name) !== false;
  for (const vector of vectors) {
    const takers = targets.filter((target) => isTaker(target, vector)).map(({ name }) => name);
    const idle = vector.targets?.find((name) => !takers.includes(name));
    if (idle !== undefined) {
      throw new Error(`${vector.id} names the target ${idle}, which does not take ${vector.subject} or is none`);
    }
    if (takers.length === 0) throw new Error(`no target takes ${vector.id} of subject ${vector.subject}`);
  }
  return targets.map((target) => ({ target, taken: vectors.filter((vector) => isTaker(target, vector)) }));
}

/** Runs each vector on every target that takes its subject. Surprises are what the list of deviations does not say. */
export async function runVectors(
  vectors: readonly Vector[],
  deviations: readonly Deviation[],
  targets: readonly Target[],
): Promise<{ outcomes: readonly Outcome[]; surprises: readonly string[] }> {
  const outcomes: Outcome[] = [];
  for (const { target, taken } of assignVectors(vectors, targets)) {
    for (const vector of taken) {
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

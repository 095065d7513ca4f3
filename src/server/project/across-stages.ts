import type { Finding } from "../../model/finding.ts";

/** What was found of an API at one of its stages. */
export interface StageFindings {
  readonly stageName: string;
  readonly findings: readonly Finding[];
}

/**
 * The findings of all stages of an API: of those that differ only in the stage that their ARNs name, one, which tells the
 * stages and whose remedy holds for all of them. SAM adds a stage `Stage` to each API of its own.
 */
export function acrossStages(apiId: string, stages: readonly StageFindings[]): readonly Finding[] {
  const all = stages.flatMap(({ stageName, findings }) => findings.map((finding) => ({ stageName, finding })));
  const alike = Map.groupBy(all, ({ stageName, finding: { rule, logicalId, route, at, message } }) =>
    JSON.stringify([rule, logicalId, route, at, withoutStage(message, apiId, stageName)]),
  );
  return [...alike.values()].map((same) => {
    const [first, ...others] = same as [(typeof all)[number], ...typeof all];
    const { finding, stageName } = first;
    if (others.every((other) => other.finding.message === finding.message)) return finding;
    const names = others.map((other) => other.stageName).join(", ");
    return {
      ...finding,
      message: `${finding.message} The same holds at the ${others.length === 1 ? "stage" : "stages"} ${names}.`,
      fix: withoutStage(finding.fix, "${API}", stageName),
    };
  });
}

/** `*` is what a SourceArn for every stage has in its place. */
function withoutStage(text: string, apiId: string, stageName: string): string {
  return text.replaceAll(`:${apiId}/${stageName}/`, () => `:${apiId}/*/`);
}

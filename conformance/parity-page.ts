import type { Deviation, Fact, Vector } from "./vector.ts";

const LABELS = { R: "recorded from AWS", D: "documented by AWS", C: "seen by others", "?": "unverified" } as const;

/** docs/reference/parity.md: which facts are shown by vectors, and where we are known to differ. Computed, never typed. */
export function parityPage(
  vectors: readonly Vector[],
  facts: readonly Fact[],
  deviations: readonly Deviation[],
): string {
  const deviating = new Map(deviations.map(({ id, reason }) => [id, reason]));
  const areas = Map.groupBy(facts, (fact) => fact.id.split("/").slice(0, 2).join("/"));
  const lines = [
    "# Parity with AWS",
    "",
    "Computed from `conformance/` by `npm run conformance -- --parity`. A fact counts as shown when a vector asks for it and the answer is AWS's.",
    "",
    `${vectors.length} vectors: ${Object.entries(LABELS)
      .map(([label, words]) => `${vectors.filter((vector) => vector.label === label).length} ${words} (${label})`)
      .join(", ")}.`,
    "",
    "| area | facts | shown | without a vector |",
    "|---|---|---|---|",
  ];
  const shown = new Set(vectors.filter((vector) => !deviating.has(vector.id)).flatMap((vector) => vector.facts));
  for (const [area, of] of areas) {
    const missing = of.filter((fact) => !shown.has(fact.id));
    lines.push(
      `| ${area} | ${of.length} | ${of.length - missing.length} | ${missing.map((fact) => fact.id.split("/").at(-1)).join(", ") || "none"} |`,
    );
  }
  lines.push("", "## Known deviations", "");
  if (deviations.length === 0) lines.push("None.");
  for (const { id, reason } of deviations) lines.push(`- \`${id}\`: ${reason}`);
  lines.push("", "## Facts", "");
  for (const [area, of] of areas) {
    lines.push(`### ${area}`, "");
    for (const { id, label, text, unshown } of of) {
      const why = unshown === undefined ? "" : ` *${unshown}*`;
      lines.push(`- ${shown.has(id) ? "[x]" : "[ ]"} (${label}) ${text}${why}`);
    }
    lines.push("");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

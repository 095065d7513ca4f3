import type { Deviation, Fact, Vector } from "./vector.ts";

const LABELS = { R: "recorded from PEER", D: "documented by PEER", C: "seen by others", "?": "unverified" } as const;

/** docs/reference/parity.md: which facts are shown by vectors, and where we are known to differ. Computed, never typed. */
export function parityPage(
  vectors: readonly Vector[],
  facts: readonly Fact[],
  deviations: readonly Deviation[],
): string {
  const isOfIssuer = ({ id }: { readonly id: string }): boolean => id.startsWith("issuer/");
  const isOfAws = (each: { readonly id: string }): boolean => !isOfIssuer(each);
  const of = (isWanted: typeof isOfAws) => ({
    vectors: vectors.filter(isWanted),
    facts: facts.filter(isWanted),
    deviations: deviations.filter(isWanted),
  });
  const lines = [
    "# Parity with AWS",
    "",
    "Computed from `conformance/` by `npm run conformance -- --parity`. A fact counts as shown when a vector asks for it and the answer is AWS's.",
    "",
    ...part("AWS", "##", of(isOfAws)),
    "## The development issuer's parity with Auth0",
    "",
    "The same for what imitates Auth0 and, in `issuer/profiles`, other providers.",
    "",
    ...part("Auth0", "###", of(isOfIssuer)),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function part(
  peer: string,
  heading: string,
  given: {
    readonly vectors: readonly Vector[];
    readonly facts: readonly Fact[];
    readonly deviations: readonly Deviation[];
  },
): readonly string[] {
  const { vectors, facts, deviations } = given;
  const deviating = new Map(deviations.map(({ id, reason }) => [id, reason]));
  const areas = Map.groupBy(facts, (fact) => fact.id.split("/").slice(0, 2).join("/"));
  const lines = [
    `${vectors.length} vectors: ${Object.entries(LABELS)
      .map(
        ([label, words]) =>
          `${vectors.filter((vector) => vector.label === label).length} ${words.replace("PEER", peer)} (${label})`,
      )
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
  lines.push("", `${heading} Known deviations`, "");
  if (deviations.length === 0) lines.push("None.");
  for (const { id, reason } of deviations) lines.push(`- \`${id}\`: ${reason}`);
  lines.push("", `${heading} Facts`, "");
  for (const [area, of] of areas) {
    lines.push(`${heading}# ${area}`, "");
    for (const { id, label, text, unshown } of of) {
      const why = unshown === undefined ? "" : ` *${unshown}*`;
      lines.push(`- ${shown.has(id) ? "[x]" : "[ ]"} (${label}) ${text}${why}`);
    }
    lines.push("");
  }
  return lines;
}

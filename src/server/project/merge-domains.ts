import type { CustomDomain } from "../../model/custom-domain.ts";
import type { Finding } from "../../model/finding.ts";
import type { LoadedDomain } from "./load-project.ts";

/**
 * The domains of all files, one of each name. As on AWS one file may declare a domain and others map their APIs to it;
 * two declarations, or two mappings of one key, would take each other's requests and close the domain.
 */
export function mergeDomains(domains: readonly LoadedDomain[], findings: Finding[]): readonly LoadedDomain[] {
  const byName = new Map<string, LoadedDomain[]>();
  for (const loaded of domains) {
    const { domainName } = loaded.domain;
    byName.set(domainName, [...(byName.get(domainName) ?? []), loaded]);
  }
  const merged = [...byName.values()].map((same) => mergeSame(same, findings));
  for (const { domain, refusals } of merged) {
    if (domain.mappings.length === 0 && refusals.length === 0) findings.push(unmapped(domain));
  }
  return merged;
}

function unmapped({ domainName, at }: CustomDomain): Finding {
  return {
    rule: "custom-domain-unmapped",
    severity: "warning",
    effect: "none",
    message: `No API is mapped to the domain ${domainName}: every request to it is refused.`,
    fix: "Map an API to it, or remove it.",
    at,
  };
}

function mergeSame(same: readonly LoadedDomain[], findings: Finding[]): LoadedDomain {
  const declared = same.filter(({ undeclared }) => undeclared === undefined);
  const first = declared[0] ?? (same[0] as LoadedDomain); // a name is there because of a domain
  if (same.length === 1) return first;
  const { domainName } = first.domain;
  const refuse = (rule: string, { domain }: LoadedDomain, message: string, fix: string): Finding => {
    const finding: Finding = { rule, severity: "error", effect: "domain", message, fix, at: domain.at };
    findings.push(finding);
    return finding;
  };
  const refusals = same.flatMap((each) => each.refusals);
  for (const again of declared.slice(1)) {
    const message = `The domain ${domainName} is declared by ${first.domain.at.file} and by ${again.domain.at.file}.`;
    refusals.push(refuse("custom-domain-twice", again, message, "Load one of them, or name another domain."));
  }
  const mappings = [...first.domain.mappings];
  for (const other of same.filter((each) => each !== first)) {
    for (const mapping of other.domain.mappings) {
      if (!mappings.some(({ key }) => key === mapping.key)) {
        mappings.push(mapping);
        continue;
      }
      const message = `The key "${mapping.key}" of ${domainName} is mapped in ${other.domain.at.file} and in another file.`;
      refusals.push(refuse("custom-domain-key-twice", other, message, "Keep one of the two."));
    }
  }
  const domain = { ...first.domain, mappings };
  if (declared.length === 0) return { ...first, domain, refusals };
  const told = new Set(same.map(({ undeclared }) => undeclared));
  for (let at = findings.length - 1; at >= 0; at--) if (told.has(findings[at])) findings.splice(at, 1);
  return { domain, refusals: refusals.filter((finding) => !told.has(finding)) };
}

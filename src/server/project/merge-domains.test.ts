import { expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import type { LoadedDomain } from "./load-project.ts";
import { mergeDomains } from "./merge-domains.ts";

/** A domain as loaded from one file, with a mapping for each key. */
function loaded(
  domainName: string,
  file: string,
  keys: readonly string[],
  more: Partial<LoadedDomain> = {},
): LoadedDomain {
  const mappings = keys.map((key) => ({ key, apiId: `api of ${file}`, stageName: "prod" }));
  return { domain: { domainName, mappings, at: { file, line: 1, column: 1 } }, refusals: [], ...more };
}

function finding(rule: string): Finding {
  return { rule, severity: "warning", effect: "domain", message: rule, fix: "", at: { file: "f", line: 1, column: 1 } };
}

/** A file that only maps its APIs to the domain. */
function mapped(file: string, keys: readonly string[], more: readonly Finding[] = []): LoadedDomain {
  const undeclared = finding(`undeclared in ${file}`);
  return loaded("api.test", file, keys, { undeclared, refusals: [undeclared, ...more] });
}

function merge(...domains: readonly LoadedDomain[]) {
  const findings = domains.flatMap(({ refusals }) => refusals);
  const merged = mergeDomains(domains, findings);
  return {
    merged: merged.map(({ domain, refusals }) => ({
      name: domain.domainName,
      keys: domain.mappings.map(({ key, apiId }) => `${key} → ${apiId}`),
      refusals: refusals.map(({ rule }) => rule),
    })),
    findings: findings.map(({ rule }) => rule),
  };
}

test("domains of different names stay as they are", () => {
  const closed = finding("closed");
  const { merged, findings } = merge(
    loaded("a.test", "a", ["", "v1"]),
    loaded("b.test", "b", [""], { refusals: [closed] }),
  );
  expect(merged).toEqual([
    { name: "a.test", keys: [" → api of a", "v1 → api of a"], refusals: [] },
    { name: "b.test", keys: [" → api of b"], refusals: ["closed"] },
  ]);
  expect(findings).toEqual(["closed"]);
});

test.each([
  ["before", (declared: LoadedDomain, ...others: LoadedDomain[]) => [declared, ...others]],
  ["behind", (declared: LoadedDomain, ...others: LoadedDomain[]) => [...others, declared]],
])(
  "a file may map its APIs to the domain of another, which stands %s it, with all that keeps either closed",
  (_, order) => {
    const declared = loaded("api.test", "a", [""], { refusals: [finding("closed by a")] });
    const { merged, findings } = merge(
      ...order(declared, mapped("b", ["v1"], [finding("closed by b")]), mapped("c", ["v2"])),
    );
    expect(merged).toMatchObject([{ keys: [" → api of a", "v1 → api of b", "v2 → api of c"] }]);
    expect([...(merged[0]?.refusals ?? [])].sort()).toEqual(["closed by a", "closed by b"]);
    expect([...findings].sort()).toEqual(["closed by a", "closed by b"]);
  },
);

test("a domain that no file declares stays closed for each file that maps to it", () => {
  expect(merge(mapped("b", ["v1"]), mapped("c", ["v2"]))).toEqual({
    merged: [
      {
        name: "api.test",
        keys: ["v1 → api of b", "v2 → api of c"],
        refusals: ["undeclared in b", "undeclared in c"],
      },
    ],
    findings: ["undeclared in b", "undeclared in c"],
  });
});

test("a key that two files map closes the domain", () => {
  const { merged, findings } = merge(loaded("api.test", "a", ["v1"]), mapped("b", ["v1"]));
  expect(merged).toMatchObject([{ keys: ["v1 → api of a"], refusals: ["custom-domain-key-twice"] }]);
  expect(findings).toEqual(["custom-domain-key-twice"]);
});

test("two files that declare one domain close it for good: the finding has no name to accept it by", () => {
  const domains = [loaded("api.test", "a", [""]), loaded("api.test", "b", ["v1"])];
  const findings: Finding[] = [];
  expect(mergeDomains(domains, findings)).toMatchObject([{ refusals: [{ rule: "custom-domain-twice" }] }]);
  expect(findings).toMatchObject([{ rule: "custom-domain-twice", effect: "domain", at: { file: "b" } }]);
  expect(findings[0]).not.toHaveProperty("logicalId");
});

test("a domain that nothing is mapped to is told, unless a finding says more", () => {
  expect(merge(loaded("api.test", "a", [])).findings).toEqual(["custom-domain-unmapped"]);
  expect(merge(loaded("api.test", "a", []), mapped("b", [""])).findings).toEqual([]);
  expect(merge(loaded("api.test", "a", [], { refusals: [finding("closed")] })).findings).toEqual(["closed"]);
});

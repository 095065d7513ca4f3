import { describe, expect, test } from "vitest";
import { cpuMs } from "../../test/support/cpu-time.ts";
import { compileRules, MAX_RULE_PATH_CHARACTERS, MAX_RULE_SEGMENTS, MAX_RULE_VALUES, MAX_RULES } from "./load-rules.ts";

const rule = (more: object = {}) => ({ method: "GET", path: "/pets", anyValidToken: true, ...more });
const problems = (file: unknown): string => {
  const verdict = compileRules(file);
  return verdict.ok ? "" : verdict.problems.join("\n");
};
const scoped = (method: string, path: string, scope: string) => ({ method, path, scopes: [scope] });

describe("compileRules", () => {
  test.each([
    ["nothing", undefined, /^the rules file is missing/],
    ["no rules", [], /^the rules file is \[\]/],
    ["an unknown setting", { rules: [rule()], default: "allow" }, /"default" is not known/],
    ["complete as text", { rules: [rule()], complete: "yes" }, /"complete" is "yes"/],
    ["text as a rule", ["GET /pets"], /^rule 1 is "GET \/pets"/],
    ["a lower-case method", [rule({ method: "get" })], /^rule 1 \(get \/pets\): method is "get"/],
    ["no method", [rule({ method: [] })], /empty list/],
    ["a path without slash", [rule({ path: "pets" })], /path is "pets"/],
    ["a trailing slash", [rule({ path: "/pets/" })], /path segment "" is not a name/],
    ["an empty segment", [rule({ path: "//pets" })], /path segment ""/],
    ["a dot segment", [rule({ path: "/a/../b" })], /path segment "\.\."/],
    ["a wildcard", [rule({ path: "/pets/*" })], /path segment "\*"/],
    ["an encoded character", [rule({ path: "/p%65ts" })], /path segment "p%65ts"/],
    ["greedy in the middle", [rule({ path: "/{a+}/b" })], /path segment "\{a\+\}"/],
    ["half a parameter", [rule({ path: "/a{b}" })], /path segment "a\{b\}"/],
    ["no requirement", [{ method: "GET", path: "/pets" }], /nothing is required/],
    ["two kinds at once", [rule({ scopes: ["a"] })], /anyValidToken stands beside/],
    ["anyValidToken false", [rule({ anyValidToken: false })], /anyValidToken is false/],
    ["an unknown requirement", [rule({ scope: "a" })], /"scope" is not known/],
    ["no scopes", [{ ...scoped("GET", "/", "a"), scopes: [] }], /scopes is \[\]/],
    ["scopes as text", [{ ...scoped("GET", "/", "a"), scopes: "a b" }], /scopes is "a b"/],
    ["oneOf", [{ ...scoped("GET", "/", "a"), scopes: { oneOf: ["a"] } }], /scopes is \{"oneOf"/],
    ["null as a claim", [{ method: "GET", path: "/", claims: { a: null } }], /claims\.a is null/],
    ["the same route twice", [rule(), rule({ path: "/pets" })], /name the same route for GET/],
    ["two names of a parameter", [rule({ path: "/{a}" }), rule({ path: "/{b}" })], /name the same route/],
  ])("refuses %s, and says what to write", (_title, file, expected) => {
    expect(problems(file)).toMatch(expected);
  });

  test("a rule for a method goes before one for all methods on the same path", () => {
    for (const order of [1, -1]) {
      const list = [scoped("*", "/pets", "a"), scoped("GET", "/pets", "b")];
      const verdict = compileRules(order > 0 ? list : list.reverse());
      if (!verdict.ok) throw new Error(verdict.problems.join());
      const clause = (method: string) => verdict.rules.requirements[verdict.rules.methods[method]![0]![0]]![0]!.anyOf;
      expect([clause("GET"), clause("PUT")]).toEqual([["b"], ["a"]]);
    }
  });

  test("rules whose patterns cannot be told apart are refused by name, with the next move", () => {
    const nested = [scoped("GET", "/pets/{petId}", "a"), scoped("GET", "/pets/{petId}/owners", "b")];
    expect(problems(nested)).toMatch(
      /^GET: rule 1 \(GET \/pets\/\{petId\}\) and rule 2 \(GET \/pets\/\{petId\}\/owners\) cannot be told apart.*"complete": true/,
    );
    expect(problems({ complete: true, rules: nested })).toBe("");
  });

  test("rules of which one must be denied within what another allows are refused", () => {
    const proxyAndPet = (pet: string[]) => ({
      complete: true,
      rules: [scoped("GET", "/{proxy+}", "admin"), { method: "GET", path: "/pets/{petId}", scopes: pet }],
    });
    expect(problems(proxyAndPet(["user"]))).toMatch(
      /^GET: a token that meets rule 1 \(GET \/\{proxy\+\}\) but not rule 2 \(GET \/pets\/\{petId\}\) has no exact policy/,
    );
    // Whoever meets the first meets the second: no such token.
    expect(problems(proxyAndPet(["user", "admin"]))).toBe("");
  });

  test("an admin area inside a greedy route needs nothing special", () => {
    expect(problems([scoped("*", "/{proxy+}", "user"), scoped("*", "/admin/{proxy+}", "admin")])).toBe("");
  });

  test("everything is bounded", () => {
    expect(problems(new Array(MAX_RULES + 1).fill(rule()))).toMatch(/201 rules, at most 200/);
    expect(problems([rule({ path: `/${"a".repeat(MAX_RULE_PATH_CHARACTERS)}` })])).toMatch(/at most 256 characters/);
    expect(problems([rule({ path: "/a".repeat(MAX_RULE_SEGMENTS + 1) })])).toMatch(/more than 20 segments/);
    expect(problems([{ ...scoped("GET", "/", "a"), scopes: new Array(MAX_RULE_VALUES + 1).fill("a") }])).toMatch(
      /scopes is/,
    );
    const many = Array.from({ length: 30 }, (_, index) => rule({ method: "*", path: `/route${index}` }));
    expect(problems(many)).toMatch(/can make a policy of \d+ bytes/);
  });

  test("two hundred rules for one method compile in moments", () => {
    const many = Array.from({ length: MAX_RULES }, (_, index) => scoped("GET", `/r${index}/{id}/x/{sub}`, `s${index}`));
    const began = cpuMs();
    compileRules({ complete: true, rules: many });
    expect(cpuMs() - began).toBeLessThan(5_000);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluatePolicy } from "../aws/policy/evaluate-policy.ts";
import { parsePolicy } from "../aws/policy/parse-policy.ts";
import type { CompiledRules } from "./compiled-rules.ts";
import { compileRules } from "./load-rules.ts";
import { cutMethodArn, mayCall, type PolicyDocument, policyForMethod, policyForToken } from "./policy-for-token.ts";

const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/";

function compiled(file: unknown): CompiledRules {
  const verdict = compileRules(file);
  if (!verdict.ok) throw new Error(verdict.problems.join("\n"));
  return verdict.rules;
}

function allows(document: PolicyDocument, methodAndPath: string): boolean {
  const parsed = parsePolicy(document, "authorizer");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const request = { action: "execute-api:Invoke", resource: STAGE + methodAndPath };
  return evaluatePolicy([parsed.policy], request).decision === "allow";
}

const arn = (methodAndPath: string) => cutMethodArn(STAGE + methodAndPath)!;
const token = (scope: string) => ({ sub: "ann", scope });

describe("cutMethodArn", () => {
  test("keeps colons, slashes and the default stage", () => {
    expect(cutMethodArn("arn:aws-cn:execute-api:cn-north-1:123456789012:abc/$default/GET/a:b//c/")).toEqual({
      service: "arn:aws-cn:execute-api:",
      stage: "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/$default/",
      method: "GET",
      path: "a:b//c/",
    });
    expect(arn("GET/").path).toBe("");
  });

  test.each(["", "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET", "arn:aws:s3:::bucket/a/b/c"])(
    "answers undefined for %j",
    (text) => {
      expect(cutMethodArn(text)).toBeUndefined();
    },
  );
});

describe("policyForToken", () => {
  test("without rules, every valid token may call everything in its stage and nothing in another", () => {
    const document = policyForToken(undefined, token(""), arn("GET/pets"));
    expect(document).toEqual({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: `${STAGE}*/*` }],
    });
    expect(allows(document, "GET/pets")).toBe(true);
    expect(allows(document, "GET/")).toBe(true);
    const parsed = parsePolicy(document, "authorizer");
    const other = { action: "execute-api:Invoke", resource: `${STAGE.replace("/test/", "/prod/")}GET/pets` };
    expect(parsed.ok && evaluatePolicy([parsed.policy], other).decision).toBe("implicit_deny");
  });

  const pets = compiled([
    { method: "GET", path: "/pets", scopes: ["read:pets"] },
    { method: "POST", path: "/pets", scopes: { allOf: ["read:pets", "write:pets"] } },
    { method: "GET", path: "/pets/{petId}", scopes: ["read:pets"] },
    { method: "GET", path: "/pets/secret", permissions: ["admin"] },
    { method: "*", path: "/me", anyValidToken: true },
  ]);

  test.each([
    ["read:pets", "GET/pets", true],
    ["read:pets", "GET/pets/1", true],
    ["read:pets", "POST/pets", false],
    ["read:pets write:pets", "POST/pets", true],
    ["write:pets", "POST/pets", false],
    ["read:pets", "GET/pets/1/owners", false],
    ["read:pets", "GET/pets/", false],
    ["read:pets", "GET/pets//1", false],
    ["read:pets", "GET/pets/secret", false],
    ["read:pets", "GET/pets/%73ecret", false],
    ["read:pets", "GET/pets/secre%74", false],
    ["read:pets", "GET/pets/secret/", false],
    ["read:pets", "GET/pets/./secret", false],
    ["read:pets", "GET/pets/x%2Fsecret", false],
    ["read:pets", "GET/pets/a%40b", true],
    ["read:pets", "GET/pets/2024-01-01T00:00:00Z", true],
    ["read:pets", "DELETE/pets", false],
    ["", "DELETE/me", true],
    ["", "GET/pets", false],
    ["", "GET/other", false],
  ])("scope %j, %s: %s, by the policy and directly", (scope, methodAndPath, expected) => {
    expect(allows(policyForToken(pets, token(scope), arn("GET/pets")), methodAndPath)).toBe(expected);
    expect(mayCall(pets, token(scope), arn(methodAndPath))).toBe(expected);
  });

  test("the policy of a token is the same whichever method it is asked for", () => {
    const asked = (methodAndPath: string) => policyForToken(pets, token("read:pets"), arn(methodAndPath));
    expect(asked("GET/pets")).toEqual(asked("DELETE/x/y"));
  });

  test("a token that meets no rule gets an explicit deny, not an empty policy", () => {
    const rules = compiled([{ method: "GET", path: "/pets", scopes: ["read:pets"] }]);
    expect(policyForToken(rules, token("x"), arn("GET/pets")).Statement).toEqual([
      { Effect: "Deny", Action: "execute-api:Invoke", Resource: `${STAGE}*` },
    ]);
  });

  test("groups, claims and permissions are compared exactly, with strings and lists", () => {
    const rules = compiled([
      { method: "GET", path: "/g", groups: ["admins"] },
      { method: "GET", path: "/c", claims: { tenant: ["a", "b"], level: 3, "https://x/ok": true } },
    ]);
    const may = (path: string, claims: object) => mayCall(rules, { ...claims }, arn(`GET/${path}`));
    expect(may("g", { "cognito:groups": ["users", "admins"] })).toBe(true);
    expect(may("g", { "cognito:groups": ["admin"] })).toBe(false);
    expect(may("g", { groups: ["admins"] })).toBe(false);
    expect(may("c", { tenant: "b", level: 3, "https://x/ok": true })).toBe(true);
    expect(may("c", { tenant: "b", level: "3", "https://x/ok": true })).toBe(false);
    expect(may("c", { tenant: "b", level: 3 })).toBe(false);
  });
});

describe("policyForMethod", () => {
  test("allows the one method asked for", () => {
    const document = policyForMethod(undefined, token(""), arn("GET/pets/1"));
    expect(document.Statement[0]).toMatchObject({ Effect: "Allow", Resource: `${STAGE}GET/pets/1` });
  });

  test.each(["GET/*", "GET/pets/?", "GET/$" + "{aws:username}"])(
    "never allows %s, which would be a pattern",
    (path) => {
      expect(policyForMethod(undefined, token(""), arn(path)).Statement[0]?.Effect).toBe("Deny");
    },
  );
});

describe("the policy equals the rules", () => {
  interface Rule {
    readonly method: "GET" | "POST" | "*";
    readonly path: string;
    readonly scopes: readonly string[];
  }
  const segment = fc.constantFrom("a", "a", "b", "x:y", "{p}", "{p}");
  const path = fc
    .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
    .map(([segments, greedy]) => `/${[...segments, ...(greedy && segments.length < 3 ? ["{q+}"] : [])].join("/")}`);
  const rule: fc.Arbitrary<Rule> = fc.record({
    method: fc.constantFrom("GET", "GET", "POST", "*"),
    path,
    scopes: fc.subarray(["r", "w", "o"], { minLength: 1, maxLength: 2 }),
  });
  const rules = fc.uniqueArray(rule, { minLength: 1, maxLength: 5, selector: (each) => `${each.method} ${each.path}` });
  const nasty = fc.constantFrom(
    "a",
    "b",
    "x:y",
    "z",
    "a",
    "%61",
    "x%3Ay",
    "x%3ay",
    "",
    ".",
    "..",
    "*",
    "?",
    "a%2Fb",
    "ab",
  );
  const asked = fc
    .tuple(fc.constantFrom("GET", "POST", "PUT"), fc.array(nasty, { maxLength: 5 }))
    .map(([method, segments]) => `${method}/${segments.join("/")}`);

  /** The rules as one would explain them, sharing no code with what is tested. */
  function directly(all: readonly Rule[], scopes: readonly string[], methodAndPath: string): boolean | "no rule" {
    const [method, ...rest] = methodAndPath.split("/");
    const segments = rest.length === 1 && rest[0] === "" ? [] : rest;
    if (segments.some((each) => each === "" || each === "." || each === "..")) return false;
    const matching = all.filter((each) => {
      if (each.method !== method && each.method !== "*") return false;
      const template = each.path === "/" ? [] : each.path.slice(1).split("/");
      const greedy = template.at(-1) === "{q+}";
      if (greedy ? segments.length < template.length : segments.length !== template.length) return false;
      return template.every((part, index) => part.startsWith("{") || part === segments[index]);
    });
    const rank = (each: Rule) =>
      `${each.path
        .replaceAll("{q+}", "3")
        .replaceAll("{p}", "2")
        .replace(/[^/23]+/g, "1")} ${each.method === "*" ? 2 : 1}`;
    const [best] = matching.sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
    if (best === undefined) return "no rule";
    return best.scopes.some((scope) => scopes.includes(scope));
  }

  const isEncoded = (methodAndPath: string, all: readonly Rule[]) => {
    const literals = all.map((each) => each.path.replace(/\{[^}]*\}/g, "")).join("");
    return [...methodAndPath.matchAll(/%../g)].some(([encoded]) => {
      const character = decodeURIComponent(encoded);
      return `${literals}/.`.includes(character);
    });
  };

  test("for every token, route and path, or the rules are refused", () => {
    const tally = { accepted: 0, refused: 0, allowed: 0 };
    fc.assert(
      fc.property(
        rules,
        fc.boolean(),
        fc.subarray(["r", "w", "o"]),
        fc.array(asked, { minLength: 20, maxLength: 40 }),
        (all, complete, scopes, paths) => {
          const verdict = compileRules({ complete, rules: all });
          tally[verdict.ok ? "accepted" : "refused"]++;
          if (!verdict.ok) return;
          const claims = { scope: scopes.join(" ") };
          const document = policyForToken(verdict.rules, claims, arn("GET/"));
          for (const each of paths) {
            const expected = isEncoded(each, all) ? false : directly(all, scopes, each);
            expect(mayCall(verdict.rules, claims, arn(each)), each).toBe(expected === true);
            if (expected === "no rule" && complete) continue;
            const allowed = allows(document, each);
            if (allowed) tally.allowed++;
            expect(allowed, `${each} with ${JSON.stringify({ all, scopes, document }, null, 1)}`).toBe(
              expected === true,
            );
          }
        },
      ),
      { numRuns: 2_000 },
    );
    // A check that refused everything, or allowed nothing, would be no check.
    expect(tally.accepted).toBeGreaterThan(500);
    expect(tally.refused).toBeGreaterThan(100);
    expect(tally.allowed).toBeGreaterThan(1_000);
  });

  test("for every path up to four segments and every token, on rules made to collide", () => {
    const alphabet = ["a", "b", "z"];
    const words = [""];
    for (let depth = 0, level = [""]; depth < 4; depth++) {
      level = level.flatMap((word) => alphabet.map((each) => (word === "" ? each : `${word}/${each}`)));
      words.push(...level);
    }
    const templates = [
      "/",
      "/a",
      "/{p}",
      "/{q+}",
      "/a/{p}",
      "/a/b",
      "/{p}/b",
      "/{p}/{p}",
      "/a/{q+}",
      "/a/{p}/b",
      "/a/{p}/{q+}",
    ];
    let accepted = 0;
    for (const one of templates) {
      for (const two of templates) {
        for (const three of templates) {
          if (new Set([one, two, three]).size < 3) continue;
          const all: Rule[] = [one, two, three].map((each, index) => ({
            method: "GET",
            path: each,
            scopes: ["r", "w", "o"].slice(index, index + 1),
          }));
          const verdict = compileRules(all);
          if (!verdict.ok) continue;
          accepted++;
          for (const scopes of [["r"], ["w"], ["o"], ["r", "w"], ["r", "o"], ["w", "o"], ["r", "w", "o"]]) {
            const document = policyForToken(verdict.rules, { scope: scopes.join(" ") }, arn("GET/"));
            const parsed = parsePolicy(document, "authorizer");
            if (!parsed.ok) throw new Error(parsed.path);
            for (const word of words) {
              const resource = `${STAGE}GET/${word}`;
              const { decision } = evaluatePolicy([parsed.policy], { action: "execute-api:Invoke", resource });
              if ((decision === "allow") !== (directly(all, scopes, `GET/${word}`) === true)) {
                throw new Error(`${word} is ${decision} with ${scopes} under ${JSON.stringify(all)}`);
              }
            }
          }
        }
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });
});

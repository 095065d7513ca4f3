import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allPaths, applyMutation, expectWellFormed, mutation, transposed } from "../../fixtures/mutations.ts";
import { loadRealStack } from "../../fixtures/real-stack.ts";
import { SHOP_STACK } from "../../fixtures/shop-stack.ts";
import { readTemplate } from "../read-template.ts";

/** Sections that a stack may have besides its resources. */
const OTHER_SECTIONS = `
Parameters:
  Level: { Type: Number, Default: 1, MinValue: 0, MaxValue: 5 }
  Zones: { Type: CommaDelimitedList, Default: "a,b", AllowedPattern: "[a-c]", ConstraintDescription: one letter }
  Kind: { Type: String, Default: small, AllowedValues: [small, big], MinLength: 1, MaxLength: 5, NoEcho: true }
Mappings: { Sizes: { small: { Memory: 128 }, big: { Memory: 512 } } }
Conditions:
  IsBig: !Equals [!Ref Kind, big]
  IsOdd: !Or [!Condition IsBig, !And [!Not [!Condition IsBig], !Equals [!Ref Level, 1]]]
Outputs:
  Memory: { Value: !FindInMap [Sizes, !Ref Kind, Memory], Condition: IsOdd, Export: { Name: !Sub "\${AWS::StackName}-memory" } }
  Zone: { Value: !Select [1, !Ref Zones] }
  Block: { Value: !Select [0, !Cidr [10.0.0.0/16, 2, 8]] }
  Names: { Value: !Join ["-", !Split [",", !If [IsBig, "a,b", !ImportValue elsewhere]]] }
  Place: { Value: !Select [0, !GetAZs ""] }
  Text: { Value: !Base64 { "Fn::ToJsonString": { Length: { "Fn::Length": !Ref Zones } } } }
`;

describe("hostile stacks with REST APIs", () => {
  const original = longForm(SHOP_STACK + OTHER_SECTIONS);

  test("a stack with anything replaced, removed or renamed gives findings, never an exception", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...allPaths(original)), mutation()), { minLength: 1, maxLength: 4 }),
        (mutations) => {
          const template: unknown = structuredClone(original);
          for (const [path, change] of mutations) applyMutation(template, path, change);
          const stack = loadRealStack(JSON.stringify(template));
          for (const finding of stack.findings) expectWellFormed(finding);
          for (const { api } of stack.restApis) {
            for (const { resourceMethods } of api.resources) {
              for (const { notServed } of resourceMethods) if (notServed) expect(stack.findings).toContain(notServed);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("no misspelt, broken or missing key opens a method that the stack secures", () => {
    const secured = ["GET /pets", "POST /pets", "GET /pets/{petId}"];
    // What says that a method is open is meant so: the type alone is changed to nothing else than nonsense.
    const places = allPaths(original).filter(([section, id]) => section === "Resources" && id !== "OptionsPets");
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom("transpose", "text", "remove"), (path, how) => {
        const template: unknown = structuredClone(original);
        const last = String(path.at(-1));
        if (how === "remove" && (path.length <= 2 || typeof path.at(-1) === "number")) return;
        const change = {
          text: { replace: "x" },
          transpose: { rename: transposed(last) },
          remove: { remove: true },
        } as const;
        applyMutation(template, path, change[how as keyof typeof change]);
        const stack = loadRealStack(JSON.stringify(template));
        if (stack.findings.some(({ effect }) => effect === "load")) return;
        for (const { api, refusals = [] } of stack.restApis) {
          if (refusals.length > 0) continue;
          const open = api.resources.flatMap(({ path: at, resourceMethods }) =>
            resourceMethods
              .filter(({ authorizationType, notServed }) => authorizationType === "NONE" && notServed === undefined)
              .map(({ httpMethod }) => `${httpMethod} ${at}`),
          );
          expect(
            open.filter((route) => secured.includes(route)),
            `${path.join("/")} ${how}`,
          ).toEqual([]);
          const paths = new Set(
            api.resources.flatMap(({ path: at, resourceMethods }) =>
              resourceMethods.map((each) => `${each.httpMethod} ${at}`),
            ),
          );
          // A secured method that went missing would be answered by {proxy+}, which is open.
          const isRenamed =
            path.includes("PathPart") ||
            path.includes("HttpMethod") ||
            path.includes("ParentId") ||
            path.includes("ResourceId");
          if (!isRenamed)
            expect(
              secured.filter((route) => !paths.has(route)),
              `${path.join("/")} ${how}`,
            ).toEqual([]);
        }
      }),
      { numRuns: 600 },
    );
  });
});

/** A template with its short forms written out, so that it can be written as JSON. */
function longForm(text: string): unknown {
  const read = readTemplate("/project/template.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return JSON.parse(JSON.stringify(read.document.value));
}

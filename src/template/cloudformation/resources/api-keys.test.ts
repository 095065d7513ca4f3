import { describe, expect, test } from "vitest";
import { plainStack } from "../../fixtures/plain-stack.ts";
import { readApiKeys } from "./api-keys.ts";

const VALUE = "a-key-of-more-than-20-characters";

function load(properties: string) {
  const { resources, context, report } = plainStack(
    `Resources:\n  Key: { Type: AWS::ApiGateway::ApiKey, Properties: { ${properties} } }`,
  );
  return { keys: readApiKeys(resources, context), findings: report.findings };
}

test("an API key has an id, a name and a value of its own", () => {
  const { keys, findings } = load(
    `Name: shop, Value: ${VALUE}, Enabled: true, Description: x, CustomerId: c, GenerateDistinctId: true, Tags: [], StageKeys: [{ RestApiId: a, StageName: b }]`,
  );
  expect(findings).toEqual([]);
  expect(keys).toEqual([
    {
      id: expect.stringMatching(/^[a-z0-9]{10}$/),
      name: "shop",
      value: VALUE,
      enabled: true,
      at: { file: "/project/template.yaml", line: 2, column: 3 },
    },
  ]);
});

test("without a value, or with an empty one, a key's value is to be made; its name is made of the stack's", () => {
  for (const properties of ["Enabled: 'true'", "Enabled: true, Value: ''"]) {
    const { keys, findings } = load(properties);
    expect(findings).toEqual([]);
    expect(keys).toEqual([expect.objectContaining({ name: "shop-Key", enabled: true })]);
    expect(keys[0]).not.toHaveProperty("value");
  }
});

test("a key that does not say it is enabled is disabled, and says so", () => {
  for (const properties of ["Name: shop", "Enabled: false"]) {
    const { keys, findings } = load(properties);
    expect(keys).toMatchObject([{ enabled: false }]);
    expect(findings).toMatchObject([{ rule: "api-key-disabled", severity: "info", effect: "none", logicalId: "Key" }]);
  }
});

describe("a key that is not understood is left out", () => {
  test.each([
    "Enabled: maybe",
    "Enabled: true, Value: short-secret-value",
    `Enabled: true, Value: ${"secret-".repeat(19)}`,
    "Enabled: true, Value: { secret-of-mine: 1 }",
    `Enabled: true, Name: ${"n".repeat(1025)}`,
    "Enabled: true, Name: [x]",
    "Enabled: true, Values: x",
  ])("%.60s", (properties) => {
    const { keys, findings } = load(properties);
    expect(keys).toEqual([]);
    expect(findings).toMatchObject([{ severity: "error", effect: "none", logicalId: "Key" }]);
    // What it is worth stays out of messages.
    expect(JSON.stringify(findings)).not.toContain("secret-");
  });
});

test("a value of 20 or 128 characters is one", () => {
  for (const length of [20, 128]) expect(load(`Enabled: true, Value: ${"v".repeat(length)}`).keys).toHaveLength(1);
  for (const length of [19, 129]) expect(load(`Enabled: true, Value: ${"v".repeat(length)}`).keys).toHaveLength(0);
});

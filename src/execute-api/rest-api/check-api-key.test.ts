import { expect, test } from "vitest";
import { compiled, refusalOf, sampleDeployment, sampleMatched, sampleRequest } from "../../../test/rest-api-samples.ts";
import { limitsOf, USAGE_KEY } from "../../../test/usage-plan-samples.ts";
import { checkApiKey, identifiedApiKey } from "./check-api-key.ts";
import { contextVariables } from "./context.ts";
import type { RestDeployment } from "./deployment.ts";
import { authorizerRequestEvent, proxyEvent } from "./proxy-event.ts";
import type { Caller } from "./request.ts";

const MOCK = compiled({ type: "MOCK" });
const limits = limitsOf(
  [
    USAGE_KEY,
    { ...USAGE_KEY, id: "disabled00", name: "disabled", value: "disabled-value-0123456789", enabled: false },
    { ...USAGE_KEY, id: "planless00", name: "planless", value: "planless-value-0123456789" },
    { ...USAGE_KEY, id: "twoplans00", name: "twoplans", value: "twoplans-value-0123456789" },
    { ...USAGE_KEY, id: "sameone000", name: "same one", value: "same-value-0123456789abc" },
    { ...USAGE_KEY, id: "sametwo000", name: "same two", value: "same-value-0123456789abc" },
  ],
  [
    { keyIds: [USAGE_KEY.id, "disabled00", "twoplans00", "sametwo000"] },
    { id: "silver", name: "silver", keyIds: ["twoplans00"] },
    {
      id: "elsewhere",
      name: "elsewhere",
      keyIds: ["planless00"],
      apiStages: [{ apiId: "petstore", stageName: "prod", throttle: {} }],
    },
  ],
).limits;

function check(source: RestDeployment["apiKeySource"], headers: readonly string[], caller: Caller = {}) {
  const matched = sampleMatched(MOCK, { apiKeyRequired: true });
  return checkApiKey(sampleRequest({ headers }), matched, caller, sampleDeployment({ apiKeySource: source }), {
    limits,
  });
}

const refused = (...asked: Parameters<typeof check>) => refusalOf(() => check(...asked));

test("a method that requires no key asks for none, and looks at none", () => {
  const sent = sampleRequest({ headers: ["x-api-key", USAGE_KEY.value] });
  expect(checkApiKey(sent, sampleMatched(MOCK), {}, sampleDeployment(), { limits })).toBeUndefined();
});

test("a key on a plan of the stage is granted, whatever the header's case", () => {
  for (const name of ["x-api-key", "X-API-Key", "X-Api-Key"]) {
    expect(check("HEADER", [name, USAGE_KEY.value])).toMatchObject({
      apiKey: { id: USAGE_KEY.id, value: USAGE_KEY.value },
      planId: "gold",
    });
  }
});

test("no key, and an empty one, are refused", async () => {
  const absent = { reason: "api_key_missing", expected: "x-api-key", actual: "absent" };
  expect(await refused("HEADER", [])).toMatchObject({ responseType: "INVALID_API_KEY", evidence: absent });
  expect((await refused("HEADER", ["x-api-key", ""])).evidence).toMatchObject({ ...absent, actual: "empty" });
});

test("an unknown value is refused, and nothing of it is told", async () => {
  const unknown = await refused("HEADER", ["X-API-Key", "secret-key-value"]);
  expect(unknown).toMatchObject({ responseType: "INVALID_API_KEY", evidence: { reason: "api_key_unknown" } });
  expect(JSON.stringify(unknown.evidence)).not.toContain('value"');
  expect(JSON.stringify(unknown.evidence)).not.toMatch(/secret|-value/);
  for (const near of [USAGE_KEY.id, USAGE_KEY.name, `${USAGE_KEY.value} `, USAGE_KEY.value.toUpperCase()]) {
    expect((await refused("HEADER", ["x-api-key", near])).evidence.reason, near).toBe("api_key_unknown");
  }
});

test.each([
  ["a disabled key", "disabled-value-0123456789", "api_key_disabled"],
  ["a key whose plan has another stage", "planless-value-0123456789", "api_key_not_on_stage"],
  ["a key on two plans of the stage", "twoplans-value-0123456789", "api_key_not_on_stage"],
])("%s is refused by name, its value masked", async (_name, value, reason) => {
  const { responseType, evidence } = await refused("HEADER", ["x-api-key", value]);
  expect({ responseType, reason: evidence.reason }).toEqual({ responseType: "INVALID_API_KEY", reason });
  expect(JSON.stringify(evidence)).not.toContain(value.slice(0, 10));
  expect(evidence.message).toContain(`****${value.slice(-6)}`);
});

test("keys of one value are one key: the plan of one of them is enough (D)", () => {
  expect(check("HEADER", ["x-api-key", "same-value-0123456789abc"])).toMatchObject({ apiKey: { id: "sameone000" } });
});

test("where the authorizer names the key, the header counts for nothing", async () => {
  const fromHeader = await refused("AUTHORIZER", ["X-API-Key", USAGE_KEY.value]);
  expect(fromHeader.evidence).toMatchObject({
    reason: "api_key_missing",
    expected: "usageIdentifierKey from the authorizer",
  });
  const unknown = await refused("AUTHORIZER", [], { usageIdentifierKey: "secret-key-value" });
  expect(unknown.evidence.reason).toBe("api_key_unknown");
  expect(JSON.stringify(unknown.evidence)).not.toContain("secret");
  expect(check("AUTHORIZER", [], { usageIdentifierKey: USAGE_KEY.value })).toMatchObject({ planId: "gold" });
});

test("the key and its id reach the integration and templates, on methods that require one only", () => {
  const request = sampleRequest();
  const matched = sampleMatched(MOCK, { apiKeyRequired: true });
  const deployment = sampleDeployment();
  const told = { apiKey: USAGE_KEY.value, apiKeyId: USAGE_KEY.id };
  const caller = { apiKey: { id: USAGE_KEY.id, value: USAGE_KEY.value } };
  expect(proxyEvent(request, matched, caller, deployment)).toMatchObject({ requestContext: { identity: told } });
  expect(contextVariables({ request, deployment, matched, caller })).toMatchObject({ identity: told });
  const { identity } = contextVariables({ request, deployment, matched, caller: {} });
  expect(identity).not.toHaveProperty("apiKey");
});

test("a REQUEST authorizer is told of a good key that came in the header, and of no other", () => {
  const deployment = sampleDeployment();
  const identityTold = (value: string, apiKeyRequired = true) => {
    const request = sampleRequest({ headers: ["x-api-key", value] });
    const matched = sampleMatched(MOCK, { apiKeyRequired });
    const key = identifiedApiKey(request, matched, deployment, { limits });
    return authorizerRequestEvent(request, matched, deployment, key);
  };
  expect(identityTold(USAGE_KEY.value)).toMatchObject({
    requestContext: { identity: { apiKey: USAGE_KEY.value, apiKeyId: USAGE_KEY.id } },
  });
  for (const event of [identityTold("another"), identityTold(USAGE_KEY.value, false)]) {
    expect(JSON.stringify(event.requestContext)).not.toContain("apiKey");
  }
});

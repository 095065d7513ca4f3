import { expect, test } from "vitest";
import { compiled, refusalOf, sampleDeployment, sampleMatched, sampleRequest } from "../../../test/rest-api-samples.ts";
import { checkApiKey } from "./check-api-key.ts";
import type { RestDeployment } from "./deployment.ts";
import type { Caller } from "./request.ts";

const MOCK = compiled({ type: "MOCK" });

function check(source: RestDeployment["apiKeySource"], headers: readonly string[], caller: Caller = {}) {
  const matched = sampleMatched(MOCK, { apiKeyRequired: true });
  return refusalOf(() =>
    checkApiKey(sampleRequest({ headers }), matched, caller, sampleDeployment({ apiKeySource: source })),
  );
}

test("a method that requires no key asks for none", () => {
  expect(() => checkApiKey(sampleRequest(), sampleMatched(MOCK), {}, sampleDeployment())).not.toThrow();
});

test("a method that requires a key refuses everybody, since no key is known, and says what it read", async () => {
  const absent = { evidence: { reason: "api_key_required", expected: "x-api-key", actual: "absent" } };
  expect(await check("HEADER", [])).toMatchObject({ responseType: "INVALID_API_KEY", ...absent });
  const unknown = await check("HEADER", ["X-API-Key", "secret-key-value"]);
  expect(unknown.evidence).toMatchObject({ actual: "unknown key" });
  expect(JSON.stringify(unknown.evidence)).not.toContain("secret-key-value");
});

test("where the authorizer names the key, the header counts for nothing", async () => {
  const fromHeader = await check("AUTHORIZER", ["X-API-Key", "secret-key-value"]);
  expect(fromHeader.evidence).toMatchObject({ expected: "usageIdentifierKey from the authorizer", actual: "absent" });
  const named = await check("AUTHORIZER", [], { usageIdentifierKey: "secret-key-value" });
  expect(named.evidence).toMatchObject({ actual: "unknown key" });
  expect(JSON.stringify(named.evidence)).not.toContain("secret-key-value");
});

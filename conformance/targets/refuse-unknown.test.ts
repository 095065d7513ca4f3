import { afterAll, beforeAll, expect, test } from "vitest";
import type { Step, Target, Vector } from "../vector.ts";
import { createInProcessTarget } from "./in-process.ts";
import { readQuestion } from "./rest-question.ts";

let target: Target;
beforeAll(async () => {
  target = await createInProcessTarget();
});
afterAll(() => target.close());

const question = { method: "GET", path: "/" };

test("a question of known members is taken", () => {
  const asked = { ...question, sign: { as: "alice", tamper: { path: "/b" } }, jwt: { issuer: "good" } };
  expect(readQuestion(asked)).toBe(asked);
});

test.each([
  [{ ...question, header: {} }, "when has the unknown member header"],
  [{ ...question, sign: { as: "alice", sevice: "s3" } }, "sign has the unknown member sevice"],
  [{ ...question, sign: { as: "alice", tamper: { url: "/" } } }, "tamper has the unknown member url"],
  [{ ...question, jwt: { claim: {} } }, "jwt has the unknown member claim"],
])("what no target reads is refused: %j", (asked, message) => {
  expect(() => readQuestion(asked)).toThrow(message);
});

test.each([
  ["rest-api", { project: "routing", projekt: 1 }, question, "given has the unknown member projekt"],
  ["rest-api", { project: "routing" }, { ...question, heders: {} }, "when has the unknown member heders"],
  ["http-api", {}, { templates: {} }, "when has the unknown member templates"],
  ["token", { jwks: { keys: [] }, issuer: [] }, { token: "" }, "given has the unknown member issuer"],
  ["token", { jwks: { keys: [] } }, { tokens: "" }, "when has the unknown member tokens"],
  ["policy", { policy: [] }, { action: "", resource: "" }, "given has the unknown member policy"],
  ["policy", { policies: [] }, { action: "", resource: "", contexts: {} }, "when has the unknown member contexts"],
  ["sigv4", { credentials: [], wordings: "" }, { method: "", target: "" }, "given has the unknown member wordings"],
  ["sigv4", { credentials: [] }, { method: "", target: "", path: "" }, "when has the unknown member path"],
  ["mapping", { template: "", lang: "vtl" }, {}, "given has the unknown member lang"],
  ["mapping", { template: "" }, { param: {} }, "when has the unknown member param"],
] as const)("%s refuses %j, asked %j", async (subject, given, when, message) => {
  const vector: Vector = {
    id: "odd",
    label: "D",
    source: "a page",
    facts: [],
    subject,
    given,
    steps: [{ when } as Step],
  };
  await expect(target.run(vector)).rejects.toThrow(message);
});

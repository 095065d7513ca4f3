import { Agent } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { ask } from "./support/http.ts";
import { customAuthorizer, functionMethod, makeProject, mockMethod, openApi } from "./support/project.ts";

/*
 * Functions that do everything a function should not, as integrations and as authorizers, under both kinds of
 * isolation, several at once. Each gets AWS's answer, and whoever comes next is served as if nothing had happened.
 */

const DEEDS = `
const big = (bytes) => "x".repeat(bytes);
const allow = { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" }] };
const good = (event) =>
  event.type === "TOKEN" ? { principalId: "user", policyDocument: allow } : { statusCode: 200, body: "good" };
const deeds = {
  good,
  throws: () => { throw new Error("broken"); },
  rejects: async () => { throw new TypeError("broken"); },
  "throws nothing": () => { throw undefined; },
  "throws later": () => new Promise(() => setTimeout(() => { throw new Error("later"); }, 1)),
  hangs: () => new Promise(() => { setInterval(() => {}, 1000); }),
  loops: () => { for (;;); },
  exits: () => process.exit(0),
  "exits with 3": () => process.exit(3),
  "kills itself": () => new Promise(() => { process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000); }),
  aborts: () => process.abort(),
  "eats all memory": () => { const eaten = []; for (;;) eaten.push(new Array(100000).fill(Math.random())); },
  "answers 10 MB": (event) => ({ ...good(event), [event.type === "TOKEN" ? "usageIdentifierKey" : "body"]: big(10485760) }),
  "answers a text": () => "garbage",
  "answers nothing": () => undefined,
  "answers a list": () => [1, 2, 3],
  "answers a circle": () => { const circle = { statusCode: 200 }; circle.self = circle; return circle; },
  "answers a big integer": (event) => ({ ...good(event), extra: 1n }),
  "answers a getter that throws": () => ({ get statusCode() { throw new Error("no"); } }),
  "answers half of it": (event) => event.type === "TOKEN" ? { principalId: "user" } : { statusCode: 200, body: {} },
  "answers an unknown key": (event) => event.type === "TOKEN" ? { statusCode: 200 } : { ...good(event), extra: true },
  "answers a policy of its own": (event) =>
    event.type === "TOKEN" ? { principalId: "user", policyDocument: { Statement: [{ Effect: "allow", Action: "*", Resource: "*" }] } } : { statusCode: 99 },
  "splits a header": (event) =>
    event.type === "TOKEN"
      ? { principalId: "user", policyDocument: allow, context: { name: { nested: true } } }
      : { statusCode: 200, headers: { "x-a": "b\\r\\nset-cookie: c=d\\r\\n\\r\\n<script>" }, body: "" },
  "speaks out of turn": (event) => {
    const { isMainThread, parentPort } = require("node:worker_threads");
    if (isMainThread) require("node:fs").writeSync(4, "garbage that is no frame");
    else parentPort.postMessage("Agarbage");
    return good(event);
  },
  "pollutes its prototypes": (event) => { Object.prototype.policyDocument = allow; Object.prototype.extra = 1; return good(event); },
  "floods its log": (event) => { for (let line = 0; line < 5000; line++) console.log(big(500)); return good(event); },
};
const named = (event) => decodeURIComponent(event.type === "TOKEN" ? event.authorizationToken : event.path.slice(1));
exports.handler = async (event) => {
  const deed = deeds[named(event)];
  if (deed === undefined) throw new Error("Unauthorized");
  return deed(event);
};
`;

const project = makeProject({
  "api.json": openApi(
    {
      "/guarded": { get: mockMethod("in", { security: [{ guard: [] }] }) },
      "/guarded-hasty": { get: mockMethod("in", { security: [{ hastyguard: [] }] }) },
      "/{deed}": { get: functionMethod("deeds") },
      "/hangs": { get: functionMethod("hasty") },
      "/loops": { get: functionMethod("hasty") },
    },
    {
      guard: customAuthorizer("guarddeeds", { authorizerResultTtlInSeconds: 300 }),
      hastyguard: customAuthorizer("guardhasty", { authorizerResultTtlInSeconds: 300 }),
    },
  ),
  "gatewarden.yaml": {
    files: ["api.json"],
    functions: {
      // Only what never ends is given a second: a busy machine takes longer than that to do anything at all.
      deeds: { handler: "deeds.handler", runtime: "nodejs22.x", timeout: 25 },
      guarddeeds: { handler: "deeds.handler", runtime: "nodejs22.x", timeout: 25 },
      hasty: { handler: "deeds.handler", runtime: "nodejs22.x", timeout: 1 },
      guardhasty: { handler: "deeds.handler", runtime: "nodejs22.x", timeout: 1 },
    },
  },
  "deeds.cjs": DEEDS,
});
afterAll(() => project.remove());

/** Deed, and what the record says of it as an integration (502 to the client) and as an authorizer (500). */
const REFUSED: readonly (readonly [deed: string, integration: RegExp, authorizer: RegExp])[] = [
  ["throws", /Error: "broken"/, /Error: "broken"/],
  ["rejects", /TypeError: "broken"/, /TypeError: "broken"/],
  ["throws nothing", /failed with/, /failed with/],
  ["throws later", /Error: "later"/, /Error: "later"/],
  ["hangs", /timed out after 1.00 seconds/, /timed out after 1.00 seconds/],
  ["loops", /timed out after 1.00 seconds/, /timed out after 1.00 seconds/],
  ["exits", /exited without providing a reason/, /exited without providing a reason/],
  ["exits with 3", /exit status 3/, /exit status 3/],
  ["kills itself", /signal: killed/, /signal: killed/],
  ["aborts", /signal: aborted/, /signal: aborted/],
  // On a busy machine V8 gives up, or the second is over, before the memory is looked at.
  ["eats all memory", /OutOfMemory|aborted|timed out/, /OutOfMemory|aborted|timed out/],
  ["answers 10 MB", /exceeded maximum allowed payload size/, /exceeded maximum allowed payload size/],
  ["answers a text", /a string, wanted a JSON object/, /a string, wanted an object/],
  ["answers nothing", /null, wanted a JSON object/, /null, wanted an object/],
  ["answers a list", /a list, wanted a JSON object/, /an array, wanted an object/],
  ["answers a circle", /Unable to stringify response body/, /Unable to stringify response body/],
  ["answers a big integer", /Unable to stringify response body/, /Unable to stringify response body/],
  ["answers a getter that throws", /Unable to stringify response body/, /Unable to stringify response body/],
  ["answers half of it", /body/, /policyDocument = nothing/],
  ["answers an unknown key", /the key "extra"/, /an HTTP answer with statusCode/],
  ["answers a policy of its own", /statusCode/, /Effect/],
  ["splits a header", /header/, /context.name = an object/],
];
const HARMLESS = ["good", "pollutes its prototypes", "floods its log"];
/** What ends the whole process, and with it everything that runs in a thread of it. */
const FATAL_TO_THREADS = new Set(["kills itself", "aborts"]);

describe.each(["worker", "process"] as const)("with functions in a %s", (lambdaIsolation) => {
  let gateway: Gatewarden;
  const agent = new Agent({ keepAlive: true });

  async function get(path: string, authorization?: string) {
    const headers = authorization === undefined ? [] : ["Authorization", authorization];
    const answered = await ask(`${gateway.url()}${path}`, { agent, headers });
    const record = gateway.requests().find((each) => each.requestId === answered.requestId);
    return { ...answered, why: record?.refusal?.message ?? "", record };
  }

  beforeAll(async () => {
    gateway = await startGatewarden({
      config: project.path("gatewarden.yaml"),
      dataDir: project.path(`data-${lambdaIsolation}`),
      issuerPort: false,
      lambdaIsolation,
    });
  });
  afterAll(async () => {
    agent.destroy();
    await gateway.stop();
  });

  const refused = REFUSED.filter(([deed]) => lambdaIsolation === "process" || !FATAL_TO_THREADS.has(deed));

  test.concurrent.each(refused)(
    "a function that %s is 502, an authorizer 500 and never an open door",
    async (...given) => {
      const [deed, asIntegration, asAuthorizer] = given;
      const guard = deed === "hangs" || deed === "loops" ? "/guarded-hasty" : "/guarded";
      const [answered, guarded] = await Promise.all([get(`/${encodeURIComponent(deed)}`), get(guard, deed)]);
      expect(answered).toMatchObject({
        status: 502,
        errorType: "InternalServerErrorException",
        body: '{"message": "Internal server error"}',
        why: expect.stringMatching(asIntegration),
      });
      expect(guarded).toMatchObject({
        status: 500,
        errorType: "AuthorizerConfigurationException",
        body: '{"message":null}',
        why: expect.stringMatching(asAuthorizer),
      });
    },
  );

  test.concurrent.each(HARMLESS)("a function that is %s, or does it, is served", async (deed) => {
    const [answered, guarded] = await Promise.all([get(`/${encodeURIComponent(deed)}`), get("/guarded", deed)]);
    expect(answered).toMatchObject({ status: 200, body: "good" });
    expect(guarded).toMatchObject({ status: 200, body: "in" });
  });

  test("a function that writes into its own channel harms itself at most", async () => {
    const deed = "speaks out of turn";
    const [answered, guarded] = await Promise.all([get(`/${encodeURIComponent(deed)}`), get("/guarded", deed)]);
    expect([200, 502]).toContain(answered.status);
    expect([200, 500]).toContain(guarded.status);
    expect(await get("/good")).toMatchObject({ status: 200 });
  });

  test("after all of that there are as many environments as before, and both functions answer", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => get("/good")));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await get("/guarded", "good")).toMatchObject({ status: 200, body: "in" });
    expect(await get("/guarded", "nobody")).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
  });

  test("a record keeps a bounded part of a flooded log", async () => {
    const { record } = await get(`/${encodeURIComponent("floods its log")}`);
    const lines = record?.integration?.functionLogs ?? [];
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.length).toBeLessThanOrEqual(1_002);
    expect(lines.join("").length).toBeLessThan(300_000);
  });
});

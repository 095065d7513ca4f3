import { Agent } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AuthorizerCache } from "../src/execute-api/authorizers/authorizer-cache.ts";
import { type Gate, openGate } from "./support/gate.ts";
import { ask, inParallel, type Reply, until } from "./support/http.ts";
import { customAuthorizer, makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * Whose verdict is it? The function answers with the identity it was asked about, so that any mix-up shows in the
 * answer's body, and with the call's request id, so that a cached answer shows too.
 */

const WHO = `
exports.handler = async (event, context) => {
  const who = event.type === "TOKEN" ? event.authorizationToken : JSON.stringify([event.multiValueHeaders, event.queryStringParameters]);
  if (who.includes("gated")) await (await fetch(process.env.GATE)).text();
  if (who.includes("stranger")) throw new Error("Unauthorized");
  const Effect = who.includes("denied") ? "Deny" : "Allow";
  return {
    principalId: who.slice(0, 100),
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect, Resource: "*" }] },
    context: { who: Buffer.from(who).toString("hex"), call: process.env.NAME + context.awsRequestId },
  };
};
`;
const BODY = '{"who": "$context.authorizer.who", "call": "$context.authorizer.call"}';
const gatewayResponse = { statusCode: 403, responseTemplates: { "application/json": BODY } };

const guards = {
  kept: customAuthorizer("who", { authorizerResultTtlInSeconds: 300, header: "X-Who" }),
  twin: customAuthorizer("who", { authorizerResultTtlInSeconds: 300, header: "X-Who" }),
  fresh: customAuthorizer("who", { authorizerResultTtlInSeconds: 0, header: "X-Who" }),
  both: customAuthorizer("who", {
    type: "request",
    authorizerResultTtlInSeconds: 300,
    identitySource: "method.request.header.X-A, method.request.header.X-B",
  }),
};
const api = {
  ...openApi(
    Object.fromEntries(
      Object.keys(guards).map((name) => [`/${name}`, { get: mockMethod(BODY, { security: [{ [name]: [] }] }) }]),
    ),
    guards,
  ),
  "x-amazon-apigateway-gateway-responses": { ACCESS_DENIED: gatewayResponse },
};

const project = makeProject({ "api.json": api, "other.json": api, "who.cjs": WHO });
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
let gate: Gate;
let running: TestServer;

beforeAll(async () => {
  gate = await openGate();
  const who = { handler: "who.handler", runtime: "nodejs22.x", timeout: 20, env: { GATE: gate.url, NAME: "who" } };
  project.write("gatewarden.yaml", { files: ["api.json", "other.json"], functions: { who } });
  running = await startTestServer(project);
});
afterAll(async () => {
  gate.stop();
  agent.destroy();
  await running.stop();
  project.remove();
});

const get = (path: string, headers: readonly string[], apiId = "api") =>
  ask(`${running.url(apiId)}${path}`, { agent, headers });
function told(reply: Reply): { who: string; call: string } {
  const { who, call } = JSON.parse(reply.body) as { who: string; call: string };
  return { who: Buffer.from(who, "hex").toString(), call };
}

describe("two identities, a thousand times each and all at once", () => {
  test.each(["kept", "fresh"])("never get each other's verdict or context: %s", async (route) => {
    const mixedUp: string[] = [];
    await inParallel(2_000, 50, async (at) => {
      const isDenied = at % 2 === 1;
      const identity = isDenied ? `denied-bob-${route}` : `alice-${route}`;
      const reply = await get(`/${route}`, ["X-Who", identity]);
      const { who } = told(reply);
      if (reply.status !== (isDenied ? 403 : 200) || who !== identity)
        mixedUp.push(`${identity}: ${reply.status} ${who}`);
    });
    expect(mixedUp).toEqual([]);
  });

  test("whose tokens differ by one character in the middle are two", async () => {
    const half = "x".repeat(2_000);
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const token = `${half}${at % 2 === 0 ? "a" : "b"}${half}`;
        const reply = await get("/kept", ["X-Who", token]);
        return told(reply).who === token;
      }),
    );
    expect(answers).toEqual(Array(40).fill(true));
  });
});

describe("one call under way", () => {
  const { ask: askOnce } = AuthorizerCache.prototype;
  let asked = 0;
  beforeEach(() => {
    asked = 0;
    AuthorizerCache.prototype.ask = function (...given) {
      asked++;
      return askOnce.apply(this, given);
    };
  });
  afterAll(() => {
    AuthorizerCache.prototype.ask = askOnce;
  });
  /** Until so many requests wait for a verdict. The gate sees only the call that they share, not who is still on the way. */
  const waiting = (count: number) => until(`${count} requests to wait`, () => asked === count);

  test("is shared by everybody who asks with the same identity, and by nobody else", async () => {
    const before = gate.calls;
    const same = Array.from({ length: 50 }, () => get("/kept", ["X-Who", "gated-same"]));
    const other = get("/kept", ["X-Who", "gated-other"]);
    await waiting(51);
    await until("both calls", () => gate.waiting === 2);
    gate.open();
    const calls = new Set((await Promise.all(same)).map((reply) => told(reply).call));
    expect(calls.size).toBe(1);
    expect(calls).not.toContain(told(await other).call);
    expect(gate.calls - before).toBe(2);
    const caches = running.server.records
      .list()
      .slice(0, 51)
      .map((record) => record.authorization?.cache);
    expect(caches.filter((cache) => cache === "shared")).toHaveLength(49);
    expect(caches.filter((cache) => cache === "miss")).toHaveLength(2);
  });

  test("is shared by nobody without a time to live", async () => {
    const replies = Array.from({ length: 5 }, () => get("/fresh", ["X-Who", "gated-fresh"]));
    await until("all five calls", () => gate.waiting === 5);
    gate.open();
    expect(new Set((await Promise.all(replies)).map((reply) => told(reply).call)).size).toBe(5);
  });

  test("that fails fails everybody who shares it, and is asked again by the next", async () => {
    const refused = Array.from({ length: 5 }, () => get("/kept", ["X-Who", "gated-stranger"]));
    await waiting(5);
    await until("the call", () => gate.waiting === 1);
    gate.open();
    expect((await Promise.all(refused)).map(({ status }) => status)).toEqual(Array(5).fill(401));
    const again = get("/kept", ["X-Who", "gated-stranger"]);
    await until("the next call", () => gate.waiting === 1);
    gate.open();
    expect(await again).toMatchObject({ status: 401 });
  });

  test("whose client goes away still answers the others", async () => {
    const before = gate.calls;
    const leaving = new AbortController();
    const url = `${running.url("api")}/kept`;
    const left = fetch(url, { headers: { "X-Who": "gated-leaving" }, signal: leaving.signal }).catch(() => "left");
    await until("the call", () => gate.waiting === 1);
    const staying = get("/kept", ["X-Who", "gated-leaving"]);
    await waiting(2);
    leaving.abort();
    expect(await left).toBe("left");
    await get("/kept", ["X-Who", "alice"]); // the end has been seen by then
    gate.open();
    const reply = await staying;
    expect(reply).toMatchObject({ status: 200 });
    expect(running.record(reply.requestId)?.authorization?.cache).toBe("shared");
    expect(gate.calls - before).toBe(1);
  });
});

describe("what is cached", () => {
  const callOf = async (...given: Parameters<typeof get>): Promise<string> => told(await get(...given)).call;

  test("is reused for the same identity under the same authorizer, and for none of its neighbours", async () => {
    const identity = ["X-Who", "neighbour"];
    const first = await callOf("/kept", identity);
    expect(await callOf("/kept", identity)).toBe(first);
    const neighbours = [
      await callOf("/twin", identity),
      await callOf("/kept", identity, "other"),
      await callOf("/twin", identity, "other"),
    ];
    expect(new Set([first, ...neighbours]).size).toBe(4);
    expect(await callOf("/kept", identity)).toBe(first);
  });

  test("is not what a flush of the stage leaves behind, and a flush reaches that stage only", async () => {
    const identity = ["X-Who", "flushed"];
    const [here, there] = [await callOf("/kept", identity), await callOf("/kept", identity, "other")];
    running.server.flushAuthorizers("api", "dev");
    expect(await callOf("/kept", identity)).not.toBe(here);
    expect(await callOf("/kept", identity, "other")).toBe(there);
  });

  test("counts all values of a repeated header, in their order", async () => {
    const a = ["X-Who", "a"];
    const b = ["X-Who", "b"];
    const calls = [
      await callOf("/kept", a),
      await callOf("/kept", b),
      await callOf("/kept", [...a, ...b]),
      await callOf("/kept", [...b, ...a]),
      await callOf("/kept", [...a, ...a]),
      await callOf("/kept", ["X-Who", "a, b"]),
      await callOf("/kept", ["X-Who", "a,b"]),
    ];
    expect(new Set(calls).size).toBe(calls.length);
    expect(await callOf("/kept", ["x-who", "a"])).toBe(calls[0]);
  });

  test("keeps two identity sources apart, however their values are cut", async () => {
    const pairs = [
      ["ab", "c"],
      ["a", "bc"],
      ["a,b", "c"],
      ["1:a", "b"],
      ["a", "1:b"],
      ["c", "ab"],
    ];
    const calls: string[] = [];
    for (const [a = "", b = ""] of pairs) calls.push(await callOf("/both", ["X-A", a, "X-B", b]));
    expect(new Set(calls).size).toBe(pairs.length);
  });

  test.each([
    ["/kept", []],
    ["/kept", ["X-Who", ""]],
    ["/kept", ["X-Who", "  "]],
    ["/fresh", []],
    ["/both", ["X-A", "a"]],
    ["/both", ["X-A", "a", "X-B", ""]],
    ["/both", ["X-B", "b"]],
  ])("is never asked for when an identity source is absent or empty: %s %j", async (path, headers) => {
    const reply = await get(path, headers);
    expect(reply).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}' });
    const record = running.record(reply.requestId);
    expect(record?.refusal?.reason).toBe("identity_source_missing");
    expect(record?.authorization?.latencyMs).toBe(undefined);
  });
});

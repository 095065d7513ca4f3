import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Serving, serve } from "./support/command-line.ts";
import { ask, type Reply } from "./support/http.ts";
import { customAuthorizer, makeProject, mockMethod, openApi, type Project } from "./support/project.ts";

/*
 * A shop sells access to its API: partners get a key, the key has a plan, the plan has a quota and a rate. Everything
 * here is what its owner does: write the files, start the server, hand out keys, look at who used how much.
 */

const keyNeeded = { security: [{ key: [] }] };
const OWN_VALUE = "partner-key-of-twenty-characters-and-more";
const project: Project = makeProject({
  "shop.json": openApi(
    {
      "/pets": {
        get: mockMethod("pets for $context.identity.apiKeyId", keyNeeded),
        post: mockMethod("sold", keyNeeded),
      },
      "/open": { get: mockMethod("open") },
    },
    { key: { type: "apiKey", name: "x-api-key", in: "header" } },
  ),
  "club.json": {
    ...openApi(
      {
        "/pets": {
          get: mockMethod("pets of $context.authorizer.principalId", { security: [{ member: [], key: [] }] }),
        },
      },
      { member: customAuthorizer("member"), key: { type: "apiKey", name: "x-api-key", in: "header" } },
    ),
    "x-amazon-apigateway-api-key-source": "AUTHORIZER",
  },
  "member.cjs": `
exports.handler = async ({ authorizationToken, methodArn }) => ({
  principalId: authorizationToken,
  policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: methodArn }] },
  ...(authorizationToken !== "stranger" && { usageIdentifierKey: process.env["KEY_OF_" + authorizationToken] ?? "no-such-key-at-all-here" }),
});
`,
  "gatewarden.yaml": `
files: [shop.json, club.json]
functions:
  member: {handler: member.handler, runtime: nodejs22.x, env: {KEY_OF_gold: ${OWN_VALUE}}}
stages:
  shop: {name: prod, throttle: {"GET /open": {rateLimit: 0.001, burstLimit: 2}}}
  club: {name: prod}
apiKeys:
  partner: {value: ${OWN_VALUE}}
  mobile: {}
  tablet: {}
  retired: {enabled: false}
  nowhere: {}
usagePlans:
  gold:
    stages: [{api: shop, stage: prod}, {api: club, stage: prod}]
    quota: {limit: 5, period: MONTH}
    keys: [partner, tablet, retired]
  silver:
    stages: [{api: shop, stage: prod, throttle: {"/pets/POST": {rateLimit: 0.001, burstLimit: 1}}}]
    throttle: {rateLimit: 0.001, burstLimit: 3}
    keys: [mobile]
`,
});
let serving: Serving;
let urls: Readonly<Record<string, string>>;

beforeAll(async () => {
  serving = await start();
});
afterAll(async () => {
  await serving?.stop();
  project.remove();
});

async function start(): Promise<Serving> {
  const started = await serve(["dev", "--no-issuer", "--port", "0"], { cwd: project.folder });
  const { apis } = started.json as { apis: { apiId: string; stages: { url: string }[] }[] };
  urls = Object.fromEntries(apis.map(({ apiId, stages }) => [apiId, stages[0]?.url ?? ""]));
  return started;
}

const usage = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await commandLine(["usage", ...args], { cwd: project.folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
};
const keyOf = async (name: string): Promise<string> => (await usage("--show-keys", "--key", name)).trim();
const get = (path: string, key?: string, method = "GET"): Promise<Reply> =>
  ask(`${urls.shop}${path}`, { method, headers: key === undefined ? [] : ["x-api-key", key] });

test("a method that wants a key is closed without one, and to keys that are wrong, retired or on no plan", async () => {
  const forbidden = { status: 403, errorType: "ForbiddenException", body: '{"message":"Forbidden"}' };
  expect(await get("/pets")).toMatchObject(forbidden);
  expect(await get("/pets", "")).toMatchObject(forbidden);
  expect(await get("/pets", "x".repeat(40))).toMatchObject(forbidden);
  expect(await get("/pets", OWN_VALUE.toUpperCase())).toMatchObject(forbidden);
  expect(await get("/pets", await keyOf("retired"))).toMatchObject(forbidden);
  expect(await get("/pets", await keyOf("nowhere"))).toMatchObject(forbidden);
  // In the query nobody looks.
  expect(await get(`/pets?x-api-key=${OWN_VALUE}`)).toMatchObject(forbidden);
  expect((await get("/open")).status).toBe(200);
});

test("values that nobody chose are made, kept, and shown only when asked for", async () => {
  const value = await keyOf("mobile");
  expect(value).toMatch(/^[A-Za-z0-9]{40}$/);
  expect((await usage("--show-keys")).trim().split("\n")).toHaveLength(5);
  expect(await usage()).not.toContain(value);
  expect(await usage("--json")).not.toContain(value);
});

describe("a quota", () => {
  test("is each key's own, whichever API of the plan it calls, and ends in 429", async () => {
    const tablet = await keyOf("tablet");
    const statuses: number[] = [];
    for (let count = 0; count < 6; count++) statuses.push((await get("/pets", tablet)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    const over = await get("/pets", tablet);
    expect(over).toMatchObject({ errorType: "LimitExceededException", body: '{"message":"Limit Exceeded"}' });
    expect(over.headers["retry-after"]).toBeUndefined();
    expect((await get("/pets", OWN_VALUE)).status).toBe(200);
  });

  test("is counted for the key that an authorizer names, without a header", async () => {
    const ask1 = (member: string, ...more: string[]): Promise<Reply> =>
      ask(`${urls.club}/pets`, { headers: ["Authorization", member, ...more] });
    expect(await ask1("gold")).toMatchObject({ status: 200, body: "pets of gold" });
    // The header counts for nothing there.
    expect((await ask1("unknown", "x-api-key", OWN_VALUE)).status).toBe(403);
    expect((await ask1("stranger", "x-api-key", OWN_VALUE)).status).toBe(403);
    for (let count = 0; count < 3; count++) expect((await ask1("gold")).status).toBe(200);
    expect((await ask1("gold")).status).toBe(429);
    // One key, one quota: what was used through the one API is gone at the other.
    expect((await get("/pets", OWN_VALUE)).status).toBe(429);
  });
});

describe("a rate", () => {
  test("of a plan lets a burst through, and its method's own one less", async () => {
    const mobile = await keyOf("mobile");
    expect((await get("/pets", mobile, "POST")).status).toBe(200);
    const own = await get("/pets", mobile, "POST");
    expect(own).toMatchObject({ status: 429, errorType: "TooManyRequestsException" });
    expect(own.body).toBe('{"message":"Too Many Requests"}');
    expect((await get("/pets", mobile)).status).toBe(200);
    expect((await get("/pets", mobile)).status).toBe(200);
    expect((await get("/pets", mobile)).status).toBe(429);
  });

  test("of a stage's method is for all callers together, key or not", async () => {
    // One of its two was used above.
    expect((await get("/open", OWN_VALUE)).status).toBe(200);
    expect((await get("/open")).status).toBe(429);
    const { stdout } = await commandLine(["explain"], { cwd: project.folder });
    expect(stdout).toContain("429 GET /prod/open");
    expect(stdout).toContain("Limit: 0.00 Burst: 2");
  });
});

describe("gatewarden usage", () => {
  test("tells who used how much and what remains", async () => {
    const table = await usage();
    expect(table).toMatch(/^gold +partner +\S+ +5 +5 +0 +5 a month$/m);
    expect(table).toMatch(/^gold +tablet +\S+ +5 +5 +0 +5 a month$/m);
    expect(table).toMatch(/^silver +mobile /m);
    expect(table).toMatch(/^- +nowhere .*on no usage plan$/m);
    expect(table).toMatch(/^gold +retired .*disabled/m);
  });

  test("counts nothing that was refused for its key, day by day as GetUsage has it", async () => {
    const { plans, apiKeys } = JSON.parse(await usage("gold", "--json"));
    const [{ items, startDate, endDate }] = plans;
    expect(Date.parse(endDate) - Date.parse(startDate)).toBe(6 * 86_400_000);
    const daysOf = (wanted: string) => items[apiKeys.find(({ name }: { name: string }) => name === wanted).id] ?? [];
    expect(daysOf("partner")).toEqual([...Array(6).fill([0, 5]), [5, 0]]);
    expect(daysOf("retired").every(([used]: [number, number]) => used === 0)).toBe(true);
  });
});

test("the explanation of a 429 names plan and key id, never the value", async () => {
  const { requestId } = await get("/pets", OWN_VALUE);
  const { stdout } = await commandLine(["explain", requestId], { cwd: project.folder });
  expect(stdout).toContain("quota_exceeded");
  expect(stdout).toContain("Key quota exhausted for Usage Plan ID");
  for (const secret of [OWN_VALUE, await keyOf("mobile")]) expect(`${stdout}${serving.stderr()}`).not.toContain(secret);
});

test("after a restart the keys are the same", async () => {
  const before = await usage("--show-keys");
  await serving.stop();
  serving = await start();
  expect(await usage("--show-keys")).toBe(before);
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject, mockMethod, type Project } from "../../test/support/project.ts";
import { startTestServer, type TestServer } from "../../test/support/server.ts";
import { run } from "./main.ts";

const VALUE = "partner-key-value-0123456789";
const api = {
  openapi: "3.0.1",
  info: { title: "Pet store", version: "1" },
  paths: {
    "/pets": {
      get: { ...mockMethod("$context.identity.apiKeyId $context.identity.apiKey"), security: [{ api_key: [] }] },
      post: mockMethod("open [$context.identity.apiKey]"),
    },
  },
  components: { securitySchemes: { api_key: { type: "apiKey", name: "x-api-key", in: "header" } } },
};
const projectFile = {
  files: ["petstore.json"],
  stages: { petstore: { name: "test", throttle: { "POST /pets": { rateLimit: 1, burstLimit: 2 } } } },
  apiKeys: {
    partner: { value: VALUE },
    mobile: {},
    retired: { value: "retired-key-value-0123456789", enabled: false },
  },
  usagePlans: {
    gold: {
      stages: [{ api: "petstore", stage: "test" }],
      quota: { limit: 3, period: "DAY" },
      keys: ["partner", "retired"],
    },
    silver: {
      stages: [{ api: "petstore", stage: "test" }],
      throttle: { rateLimit: 0.001, burstLimit: 2 },
      keys: ["mobile"],
    },
  },
};

let project: Project;
let server: TestServer;
beforeAll(async () => {
  project = makeProject({ "petstore.json": api, "gatewarden.yaml": projectFile });
  server = await startTestServer(project);
});
afterAll(async () => {
  await server.stop();
  project.remove();
});

async function ask(key?: string, method = "GET") {
  const response = await fetch(`${server.url()}/pets`, {
    method,
    headers: key === undefined ? {} : { "X-API-Key": key },
  });
  const { headers } = response;
  const record = server.record(headers.get("x-amzn-requestid") ?? "");
  return { status: response.status, body: await response.text(), headers, record };
}

/** What a command prints. */
async function gatewarden(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await run(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    env: {},
    cwd: project.folder,
    stdin: async () => "",
  });
  return { code, out, err };
}

test("the project has nothing to be found fault with", () => {
  expect(server.told.findings).toEqual([]);
});

test("without a key 403, with one the answer, and the value stands nowhere it should not", async () => {
  const none = await ask();
  expect(none).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
  expect(none.headers.get("x-amzn-errortype")).toBe("ForbiddenException");
  expect(none.record?.refusal?.reason).toBe("api_key_missing");
  const good = await ask(VALUE);
  expect(good.status).toBe(200);
  expect(good.body).toMatch(new RegExp(`^[a-z0-9]{10} ${VALUE}$`));
  expect(JSON.stringify(good.record)).not.toContain(VALUE);
  expect((await ask("retired-key-value-0123456789")).record?.refusal?.reason).toBe("api_key_disabled");
});

test("a quota ends in 429 Limit Exceeded without Retry-After, with its evidence in the record", async () => {
  expect((await ask(VALUE)).status).toBe(200);
  expect((await ask(VALUE)).status).toBe(200);
  const over = await ask(VALUE);
  expect(over).toMatchObject({ status: 429, body: '{"message":"Limit Exceeded"}' });
  expect(over.headers.get("x-amzn-errortype")).toBe("LimitExceededException");
  expect(over.headers.has("retry-after")).toBe(false);
  expect(over.record?.refusal).toMatchObject({ reason: "quota_exceeded", expected: { limit: 3, period: "DAY" } });
  expect(JSON.stringify(over.record)).not.toContain(VALUE);
});

test("a generated value is kept, printed when asked for, and throttled by its plan", async () => {
  const printed = await gatewarden("usage", "--show-keys", "--key", "mobile");
  expect(printed).toMatchObject({ code: 0, err: "" });
  const value = printed.out.trimEnd();
  expect(value).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(readFileSync(project.path(".gatewarden/api-keys.json"), "utf8")).toContain(value);
  expect([(await ask(value)).status, (await ask(value)).status]).toEqual([200, 200]);
  const over = await ask(value);
  expect(over).toMatchObject({ status: 429, body: '{"message":"Too Many Requests"}' });
  expect(over.headers.get("x-amzn-errortype")).toBe("TooManyRequestsException");
  expect(over.record?.refusal?.reason).toBe("throttled_by_plan");
  // Only where keys are kept.
  const others = readdirSync(project.path(".gatewarden"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "api-keys.json")
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  expect(others.filter((text) => text.includes(value))).toEqual([]);
});

test("a method without a key is throttled by the stage's settings, and a key that is sent counts for nothing", async () => {
  expect((await ask(VALUE, "POST")).body).toBe("open []");
  expect((await ask(undefined, "POST")).status).toBe(200);
  const over = await ask(undefined, "POST");
  expect(over.status).toBe(429);
  expect(over.record?.refusal?.reason).toBe("throttled_by_method");
});

describe("gatewarden usage", () => {
  test("prints what each key used and what remains", async () => {
    const { code, out } = await gatewarden("usage");
    expect(code).toBe(0);
    expect(out).toMatch(/^PLAN +KEY +ID +USED SINCE /);
    expect(out).toMatch(/^gold +partner +\S+ +3 +3 +0 +3 a day$/m);
    expect(out).toMatch(/^silver +mobile +\S+ +3 +3 +- +0.001 a second, 2 at once$/m);
    expect(out).not.toContain(VALUE);
    expect((await gatewarden("usage", "gold")).out).not.toContain("mobile");
  });

  test("gives the shape of GetUsage as JSON", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const { out } = await gatewarden("usage", "gold", "--json", "--from", today, "--to", today);
    const report = JSON.parse(out);
    const partner = report.apiKeys.find((key: { name: string }) => key.name === "partner");
    expect(report.plans).toMatchObject([{ startDate: today, endDate: today, items: { [partner.id]: [[3, 0]] } }]);
    expect(out).not.toContain(VALUE);
  });

  test("names what there is when asked for what is not", async () => {
    expect(await gatewarden("usage", "bronze")).toMatchObject({
      code: 1,
      err: expect.stringContaining("gold, silver"),
    });
    expect(await gatewarden("usage", "--key", "nobody")).toMatchObject({
      code: 1,
      err: expect.stringContaining("partner"),
    });
    expect(await gatewarden("usage", "--from", "yesterday")).toMatchObject({ code: 2 });
  });
});

test("plans that change take effect on reload, and what was used stays used", async () => {
  const { gold } = projectFile.usagePlans;
  const raised = { ...projectFile, usagePlans: { gold: { ...gold, quota: { limit: 4, period: "DAY" } } } };
  project.write("gatewarden.yaml", raised);
  server.server.reload();
  expect((await ask(VALUE)).status).toBe(200);
  expect((await ask(VALUE)).status).toBe(429);
});

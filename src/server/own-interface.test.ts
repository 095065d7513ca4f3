import { describe, expect, test } from "vitest";
import { DecisionRing } from "../execute-api/decision-record.ts";
import type { IncomingRequest } from "../execute-api/transport.ts";
import { IssuerEventRing } from "./issuer/events.ts";
import { answerOwnInterface } from "./own-interface.ts";
import type { UsageQuestion, UsageReport } from "./usage-plans/project-limits.ts";

const options = {
  records: new DecisionRing(10),
  issuerEvents: new IssuerEventRing(),
  projectToken: "project-token",
  metrics: () => "metrics",
  usagePlans: {
    report: async (question: UsageQuestion): Promise<UsageReport> => {
      const { plan, startDate, endDate, includeValues } = question;
      const usage = {
        usagePlanId: "plan1",
        name: "gold",
        keyIds: ["key1"],
        startDate,
        endDate,
        items: { key1: [[3, 7] as const] },
      };
      const apiKeys = [{ id: "key1", name: "mobile", enabled: true, ...(includeValues && { value: "the value" }) }];
      return plan === undefined || plan === "plan1" ? { plans: [usage], apiKeys } : { plans: [], apiKeys: [] };
    },
  },
};

async function ask(target: string, headers: Record<string, string> = {}, method = "GET") {
  const raw = Object.entries({ Host: "127.0.0.1:4566", ...headers }).flat();
  const incoming: IncomingRequest = {
    method,
    target,
    httpVersion: "1.1",
    headers: raw,
    body: Buffer.alloc(0),
    sourceIp: "127.0.0.1",
    scheme: "http",
    receivedAtMs: 0,
  };
  return answerOwnInterface(incoming, options);
}

test("health and metrics are there for everyone on this machine", async () => {
  expect((await ask("/_gatewarden/health")).status).toBe(200);
  expect(await ask("/_gatewarden/metrics")).toMatchObject({ status: 200, body: "metrics" });
});

describe("records need the project token", () => {
  test.each([
    [{}],
    [{ Authorization: "Bearer other" }],
    [{ Authorization: "project-token" }],
    [{ Authorization: "Bearer project-token2" }],
  ])("%j", async (headers) => {
    expect((await ask("/_gatewarden/requests", headers as Record<string, string>)).status).toBe(401);
  });

  test("and are listed with it", async () => {
    expect(await ask("/_gatewarden/requests", { Authorization: "Bearer project-token" })).toMatchObject({
      status: 200,
      body: '{"requests":[]}',
    });
    expect((await ask("/_gatewarden/requests/unknown", { Authorization: "Bearer project-token" })).status).toBe(404);
  });
});

test("the issuer's events are listed with it, and with nothing else", async () => {
  const refused = {
    kind: "refused",
    endpoint: "POST /oauth/token",
    reason: "audience_unknown",
    description: "x",
  } as const;
  options.issuerEvents.add(refused, 0);
  expect((await ask("/_gatewarden/issuer/events")).status).toBe(401);
  const answer = await ask("/_gatewarden/issuer/events", { Authorization: "Bearer project-token" });
  expect(JSON.parse(String(answer.body))).toMatchObject({ events: [{ ...refused, time: "1970-01-01T00:00:00.000Z" }] });
  expect((await ask("/_gatewarden/issuer/events", { Authorization: "Bearer project-token" }, "POST")).status).toBe(405);
});

test("usage is told with it: all plans or one, of days that make sense, values only when asked for", async () => {
  const token = { Authorization: "Bearer project-token" };
  expect((await ask("/_gatewarden/usage")).status).toBe(401);
  const all = await ask("/_gatewarden/usage", token);
  expect(all.status).toBe(200);
  expect(String(all.body)).not.toContain("the value");
  expect(String((await ask("/_gatewarden/usage?includeValues=true", token)).body)).toContain("the value");
  const one = await ask("/_gatewarden/usage/plan1?startDate=2026-11-01&endDate=2026-11-02", token);
  expect(JSON.parse(String(one.body))).toMatchObject({
    usagePlanId: "plan1",
    startDate: "2026-11-01",
    endDate: "2026-11-02",
    items: { key1: [[3, 7]] },
  });
  expect((await ask("/_gatewarden/usage/other", token)).status).toBe(404);
  for (const query of ["startDate=yesterday", "endDate=2026-02-30", "startDate=2026-11-02&endDate=2026-11-01"]) {
    expect((await ask(`/_gatewarden/usage?${query}`, token)).status, query).toBe(400);
  }
  expect((await ask("/_gatewarden/usage?startDate=2020-01-01&endDate=2026-01-01", token)).status).toBe(400);
});

describe("a web page gets nothing", () => {
  test.each([
    ["a rebound name", { Host: "evil.example" }],
    ["a name that only begins like loopback", { Host: "127.0.0.1.evil.example" }],
    ["an origin", { Origin: "http://evil.example" }],
    ["a null origin", { Origin: "null" }],
    ["a cross-site fetch", { "Sec-Fetch-Site": "cross-site" }],
    ["a same-site fetch", { "Sec-Fetch-Site": "same-site" }],
  ])("%s", async (_name, headers) => {
    const answer = await ask("/_gatewarden/requests", { Authorization: "Bearer project-token", ...headers });
    expect(answer.status).toBe(403);
    expect(answer.headers.join("\n").toLowerCase()).not.toContain("access-control");
  });
});

test("only reading is served", async () => {
  expect((await ask("/_gatewarden/health", {}, "POST")).status).toBe(405);
  expect((await ask("/_gatewarden/other")).status).toBe(404);
});

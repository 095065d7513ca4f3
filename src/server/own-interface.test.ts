import { describe, expect, test } from "vitest";
import { DecisionRing } from "../execute-api/decision-record.ts";
import type { IncomingRequest } from "../execute-api/transport.ts";
import { IssuerEventRing } from "./issuer-events.ts";
import { answerOwnInterface } from "./own-interface.ts";

const options = {
  records: new DecisionRing(10),
  issuerEvents: new IssuerEventRing(),
  projectToken: "project-token",
  metrics: () => "metrics",
  allowedHosts: [],
};

function ask(target: string, headers: Record<string, string> = {}, method = "GET") {
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

test("health and metrics are there for everyone on this machine", () => {
  expect(ask("/_gatewarden/health").status).toBe(200);
  expect(ask("/_gatewarden/metrics")).toMatchObject({ status: 200, body: "metrics" });
});

describe("records need the project token", () => {
  test.each([
    [{}],
    [{ Authorization: "Bearer other" }],
    [{ Authorization: "project-token" }],
    [{ Authorization: "Bearer project-token2" }],
  ])("%j", (headers) => {
    expect(ask("/_gatewarden/requests", headers as Record<string, string>).status).toBe(401);
  });

  test("and are listed with it", () => {
    expect(ask("/_gatewarden/requests", { Authorization: "Bearer project-token" })).toMatchObject({
      status: 200,
      body: '{"requests":[]}',
    });
    expect(ask("/_gatewarden/requests/unknown", { Authorization: "Bearer project-token" }).status).toBe(404);
  });
});

test("the issuer's events are listed with it, and with nothing else", () => {
  const refused = {
    kind: "refused",
    endpoint: "POST /oauth/token",
    reason: "audience_unknown",
    description: "x",
  } as const;
  options.issuerEvents.add(refused, 0);
  expect(ask("/_gatewarden/issuer/events").status).toBe(401);
  const answer = ask("/_gatewarden/issuer/events", { Authorization: "Bearer project-token" });
  expect(JSON.parse(String(answer.body))).toMatchObject({ events: [{ ...refused, time: "1970-01-01T00:00:00.000Z" }] });
  expect(ask("/_gatewarden/issuer/events", { Authorization: "Bearer project-token" }, "POST").status).toBe(405);
});

describe("a web page gets nothing", () => {
  test.each([
    ["a rebound name", { Host: "evil.example" }],
    ["a name that only begins like loopback", { Host: "127.0.0.1.evil.example" }],
    ["an origin", { Origin: "http://evil.example" }],
    ["a null origin", { Origin: "null" }],
    ["a cross-site fetch", { "Sec-Fetch-Site": "cross-site" }],
    ["a same-site fetch", { "Sec-Fetch-Site": "same-site" }],
  ])("%s", (_name, headers) => {
    const answer = ask("/_gatewarden/requests", { Authorization: "Bearer project-token", ...headers });
    expect(answer.status).toBe(403);
    expect(answer.headers.join("\n").toLowerCase()).not.toContain("access-control");
  });
});

test("only reading is served", () => {
  expect(ask("/_gatewarden/health", {}, "POST").status).toBe(405);
  expect(ask("/_gatewarden/other").status).toBe(404);
});

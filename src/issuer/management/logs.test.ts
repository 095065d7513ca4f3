import { afterEach, expect, test } from "vitest";
import { type Answered, answered, asRequest, SAMPLE_ISSUER_URL } from "../fixtures/sample-issuer.ts";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";
import type { IssuerContext } from "../issuer-context.ts";
import { answerManagement } from "./answer-management.ts";
import { createEventLog, type EventLog, MAX_LOGGED_EVENTS } from "./event-log.ts";

let management: SampleManagement | undefined;
afterEach(() => {
  management?.close();
  management = undefined;
});

async function ask(path: string, eventLog?: EventLog): Promise<Answered> {
  management ??= await sampleManagement();
  const { sample, tenants, token } = management;
  const state = { tenants, keys: sample.keys, clock: () => sample.clock.nowMs, emit: () => {}, eventLog };
  // What the Management API reads of it.
  const context = { issuerUrl: SAMPLE_ISSUER_URL, tenant: tenants.current(), state } as unknown as IssuerContext;
  const request = asRequest("GET", `/api/v2/${path}`, { headers: { Authorization: `Bearer ${token("read:logs")}` } });
  return answered((await answerManagement(request, context))!);
}

test("an issuer's events are read as Auth0's logs, newest first", async () => {
  const eventLog = createEventLog({ clock: () => 1_800_000_000_000 });
  eventLog.record({
    kind: "token_granted",
    grantType: "client_credentials",
    clientId: "tool",
    audience: "https://pets",
    scope: "read:pets",
    lifetimeSeconds: 60,
  });
  eventLog.record({
    kind: "refused",
    endpoint: "POST /oauth/token",
    reason: "client_unknown",
    description: "Unauthorized",
    clientId: "other",
  });
  const logs = (await ask("logs?per_page=10", eventLog)).json();
  expect(logs).toEqual([
    expect.objectContaining({
      type: "f",
      description: "Unauthorized",
      client_id: "other",
      details: expect.objectContaining({ reason: "client_unknown" }),
    }),
    expect.objectContaining({
      type: "seccft",
      client_id: "tool",
      audience: "https://pets",
      scope: "read:pets",
      date: "2027-01-15T08:00:00.000Z",
    }),
  ]);
  expect((await ask(`logs/${logs[0].log_id}`, eventLog)).json()).toEqual(logs[0]);
  expect((await ask("logs/900", eventLog)).status).toBe(404);
});

test("an issuer that keeps no log says so", async () => {
  expect((await ask("logs")).status).toBe(501);
});

test("the log forgets its oldest events", () => {
  const log = createEventLog();
  for (let index = 0; index <= MAX_LOGGED_EVENTS; index++) log.record({ kind: "keys_changed", message: `${index}` });
  const events = log.events();
  expect(events).toHaveLength(MAX_LOGGED_EVENTS);
  expect(events[0]?.event).toMatchObject({ message: `${MAX_LOGGED_EVENTS}` });
  expect(events.at(-1)?.event).toMatchObject({ message: "1" });
  expect(new Set(events.map(({ id }) => id)).size).toBe(MAX_LOGGED_EVENTS);
});

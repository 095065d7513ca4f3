import { expect, test } from "vitest";
import { ISSUER_EVENTS_KEPT, IssuerEventRing, issuerLine } from "./events.ts";

const refused = {
  kind: "refused",
  endpoint: "POST /oauth/token",
  reason: "audience_unknown",
  description: "Service not enabled within domain: pets",
  clientId: "abc",
  audience: "pets",
} as const;

test("a refusal's line names endpoint, client, audience, what was answered, the next move and the code", () => {
  expect(issuerLine(refused)).toBe(
    "issuer: POST /oauth/token refused for client abc, audience pets: Service not enabled within domain: pets  Compare the audience with the API's identifier, character for character; a slash counts.  [audience_unknown]",
  );
});

test("evidence stands beside what was wanted", () => {
  expect(issuerLine({ ...refused, expected: ["a"], actual: "b" })).toContain('(wanted ["a"], found "b")');
});

test("evidence is told where nothing in particular was wanted", () => {
  expect(issuerLine({ ...refused, actual: "token_expired" })).toContain(": pets (token_expired)  Compare");
});

test("what went well has no line", () => {
  expect(issuerLine({ kind: "logged_in", clientId: "abc", userId: "auth0|alice" })).toBeUndefined();
});

test("no control character reaches the terminal", () => {
  const line = issuerLine({ ...refused, description: "a\u001b[31m\nb" }) ?? "";
  expect([...line].filter((character) => character < " ")).toEqual([]);
});

test("the last events are kept, newest first, with the next move", () => {
  const ring = new IssuerEventRing();
  for (let at = 0; at < ISSUER_EVENTS_KEPT + 3; at++) ring.add({ ...refused, clientId: String(at) }, 1_800_000_000_000);
  const events = ring.list();
  expect(events).toHaveLength(ISSUER_EVENTS_KEPT);
  expect(events[0]).toMatchObject({ clientId: String(ISSUER_EVENTS_KEPT + 2), time: "2027-01-15T08:00:00.000Z" });
  expect(events[0]?.check).toMatch(/a slash counts/);
});

import { expect, test } from "vitest";
import { HeaderFields } from "./header-fields.ts";
import { recordedHeaders } from "./recorded-headers.ts";

const NONE: ReadonlySet<string> = new Set();
const kept = (raw: readonly string[], identity = NONE) => recordedHeaders(new HeaderFields(raw), identity);

test("names are kept in lower case and once, values by allow-list, several of one name together", () => {
  expect(kept(["Host", "h", "ACCEPT", "a/b", "X-Secret", "s", "accept", "c/d"])).toMatchObject({
    headerNames: ["host", "accept", "x-secret"],
    headers: { host: "h", accept: "a/b, c/d" },
  });
});

test("requests that differ in a kept value or a name do not share, those that differ in a dropped value do", () => {
  const first = kept(["Host", "h", "Authorization", "one"]);
  expect(kept(["Host", "h", "Authorization", "another"])).toBe(first);
  expect(kept(["Host", "other", "Authorization", "one"]).headers).toEqual({ host: "other" });
  expect(kept(["Host", "other", "X-Api-Key", "one"]).headerNames).toEqual(["host", "x-api-key"]);
  expect(kept(["Host", "other"]).headerNames).toEqual(["host"]);
});

test("an identity source's value is not kept although another API's request with the same header was", () => {
  const raw = ["Host", "h", "User-Agent", "secret"];
  expect(kept(raw).headers).toEqual({ host: "h", "user-agent": "secret" });
  expect(kept(raw, new Set(["user-agent"])).headers).toEqual({ host: "h" });
});

test("a dropped value that equals nothing does not make a shared list of another length", () => {
  expect(kept(["A", "1", "B", "2"]).headerNames).toEqual(["a", "b"]);
  expect(kept(["A", "1"]).headerNames).toEqual(["a"]);
});

import { expect, test } from "vitest";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { endableToken, MAX_ENDED_TOKENS, openEndedTokens } from "./ended-tokens.ts";

function sample() {
  const documents = createMemoryDocuments();
  const open = () => openEndedTokens({ documents: () => documents, clock: () => 1_000_000 });
  return { documents, ended: open(), open };
}

test("a token that was ended stays so over a restart, and the store does not hold it", async () => {
  const { documents, ended, open } = sample();
  await ended.end(endableToken("a.secret.token", 2000));
  await ended.end(endableToken("a.secret.token", 2000));
  expect(await open().isEnded("a.secret.token")).toBe(true);
  expect(await ended.isEnded("another")).toBe(false);
  expect(JSON.stringify(await documents.list("issuer-ended-tokens"))).not.toContain("secret");
});

test("one that is granted anew is good again, and one that has expired needs no end", async () => {
  const { documents, ended } = sample();
  await ended.end(endableToken("token", 2000));
  await ended.granted(endableToken("token", 2000));
  await ended.granted(endableToken("other", 2000));
  expect(await ended.isEnded("token")).toBe(false);
  await ended.end(endableToken("old", 1000));
  expect((await documents.list("issuer-ended-tokens")).documents).toEqual([]);
});

test("there are never more than the bound", async () => {
  const { documents, ended } = sample();
  for (let count = 0; count < MAX_ENDED_TOKENS + 2; count++) await ended.end(endableToken(`${count}`, 2000));
  const page = await documents.list("issuer-ended-tokens", { limit: 1000 });
  expect([page.documents.length, page.next]).toEqual([MAX_ENDED_TOKENS, undefined]);
  expect(await ended.isEnded(`${MAX_ENDED_TOKENS + 1}`)).toBe(true);
});

import { beforeEach, expect, test } from "vitest";
import type { Documents } from "../../store/documents.ts";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import {
  MAX_KEPT_TOKENS,
  openUserinfoClaims,
  PRUNE_EVERY_WRITES,
  PRUNE_INTERVAL_SECONDS,
  type UserinfoClaims,
} from "./userinfo-claims.ts";

const CLAIMS = { "https://ns/role": "vet" };
const COLLECTION = "issuer-userinfo-claims";
let documents: Documents;
let nowMs: number;
let kept: UserinfoClaims;

beforeEach(() => {
  documents = createMemoryDocuments();
  nowMs = 1_800_000_000_000;
  kept = open();
});

function open(): UserinfoClaims {
  return openUserinfoClaims({ documents: () => documents, clock: () => nowMs });
}

const inSeconds = (seconds: number): number => nowMs / 1000 + seconds;

async function ids(): Promise<readonly string[]> {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await documents.list(COLLECTION, after === undefined ? {} : { after });
    found.push(...page.documents.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return found;
}

test("claims are found by their token, also after a restart, until it ends", async () => {
  await kept.keep("token", CLAIMS, inSeconds(60));
  expect(await kept.find("token")).toEqual(CLAIMS);
  expect(await open().find("token")).toEqual(CLAIMS);
  expect(await kept.find("other")).toEqual({});
  nowMs += 60_000;
  expect(await kept.find("token")).toEqual({});
});

test("the same token kept again has the claims of the last time", async () => {
  await kept.keep("token", CLAIMS, inSeconds(60));
  await kept.keep("token", { "https://ns/role": "owner" }, inSeconds(60));
  expect(await kept.find("token")).toEqual({ "https://ns/role": "owner" });
});

test("no token is in the store, and nothing for one without claims", async () => {
  await kept.keep("secret-token", CLAIMS, inSeconds(60));
  await kept.keep("another", {}, inSeconds(60));
  const { documents: stored } = await documents.list(COLLECTION);
  expect(stored).toHaveLength(1);
  expect(JSON.stringify(stored)).not.toContain("secret-token");
});

test("what has ended is deleted", async () => {
  await kept.keep("short", CLAIMS, inSeconds(1));
  await kept.keep("long", CLAIMS, inSeconds(86_400));
  nowMs += PRUNE_INTERVAL_SECONDS * 1000;
  await kept.keep("new", CLAIMS, inSeconds(60));
  expect(await ids()).toHaveLength(2);
});

test("no more are kept than the limit, and a few writes: the oldest go", async () => {
  for (let count = 0; count < MAX_KEPT_TOKENS + 2 * PRUNE_EVERY_WRITES; count++) {
    await kept.keep(`token ${count}`, CLAIMS, inSeconds(60));
  }
  expect((await ids()).length).toBeLessThanOrEqual(MAX_KEPT_TOKENS + PRUNE_EVERY_WRITES);
  expect(await kept.find("token 0")).toEqual({});
  expect(await kept.find(`token ${MAX_KEPT_TOKENS + 2 * PRUNE_EVERY_WRITES - 1}`)).toEqual(CLAIMS);
});

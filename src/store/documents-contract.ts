import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type ChangeFeed,
  type Documents,
  type Json,
  MAX_CHANGES_LIMIT,
  MAX_LIST_LIMIT,
  MAX_NAME_BYTES,
  MAX_OPERATIONS,
  MAX_VALUE_BYTES,
} from "./documents.ts";

/** As long as a busy machine takes. */
const waitFor = (expectation: () => void): Promise<void> => vi.waitFor(expectation, { timeout: 30_000 });

/** What the suite needs from an engine: a new, empty store that remembers only a few deletions. */
export type OpenEmpty = (options: { readonly tombstonesMax: number }) => Promise<Documents>;

/** What every engine of `Documents` promises. Each engine's test calls this. */
export function describeDocuments(engine: string, openEmpty: OpenEmpty): void {
  describe(`documents in ${engine}`, () => {
    let store: Documents;

    beforeEach(async () => {
      store = await openEmpty({ tombstonesMax: 4 });
    });

    afterEach(async () => {
      await store.close();
    });

    async function create(id: string, value: Json = {}, collection = "apis"): Promise<number> {
      const verdict = await store.put(collection, id, value, "absent");
      if (!verdict.ok) throw new Error(verdict.reason);
      return verdict.revision;
    }

    async function changesSince(since: number, limit?: number): Promise<ChangeFeed & { kind: "changes" }> {
      const feed = await store.changes(since, limit);
      if (feed.kind !== "changes") throw new Error(feed.kind);
      return feed;
    }

    test("a document comes back as it was put, with its revision", async () => {
      const value = {
        text: "Grüße 🐾 \u0000 \ud800",
        list: [1, 2.5, -0.1, true, null, { deep: [] }],
        "": "empty name",
      };
      const revision = await create("petstore", value);
      expect(await store.get("apis", "petstore")).toEqual({ value, revision });
    });

    test.each([null, false, 0, "", [], {}])("%j is a value like any other", async (value) => {
      await create("petstore", value);
      expect((await store.get("apis", "petstore"))?.value).toEqual(value);
    });

    test("a property named __proto__ stays data", async () => {
      await create("petstore", JSON.parse('{"__proto__":{"isAdmin":true}}') as Json);
      const value = (await store.get("apis", "petstore"))?.value as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(["__proto__"]);
      expect(value.isAdmin).toBeUndefined();
    });

    test("a stored value does not change with the object it was put from, nor with one that was read", async () => {
      const value = { stages: ["test"] };
      await create("petstore", value);
      value.stages.push("prod");
      const read = (await store.get("apis", "petstore"))?.value as typeof value;
      read.stages.push("dev");
      expect((await store.get("apis", "petstore"))?.value).toEqual({ stages: ["test"] });
    });

    test("what was never put is undefined", async () => {
      await create("petstore");
      expect(await store.get("apis", "other")).toBeUndefined();
      expect(await store.get("other", "petstore")).toBeUndefined();
      expect(await store.get("apis", "")).toBeUndefined();
    });

    test("a put with an outdated revision is a conflict that names both revisions, and changes nothing", async () => {
      const first = await create("petstore", 1);
      const second = await store.put("apis", "petstore", 2, first);
      expect(second.ok).toBe(true);
      const verdict = await store.put("apis", "petstore", 3, first);
      expect(verdict).toEqual({
        ok: false,
        reason: "conflict",
        conflicts: [
          { index: 0, collection: "apis", id: "petstore", expected: first, actual: second.ok && second.revision },
        ],
      });
      expect((await store.get("apis", "petstore"))?.value).toBe(2);
    });

    test("a document that is there cannot be created again, and one that is absent cannot be changed", async () => {
      const revision = await create("petstore");
      expect(await store.put("apis", "petstore", {}, "absent")).toMatchObject({ conflicts: [{ actual: revision }] });
      expect(await store.put("apis", "other", {}, revision)).toMatchObject({ conflicts: [{ actual: "absent" }] });
      expect(await store.delete("apis", "other", revision)).toMatchObject({ conflicts: [{ actual: "absent" }] });
    });

    test("a deleted document is gone, and made again it has a new revision", async () => {
      const first = await create("petstore");
      expect(await store.delete("apis", "petstore", first + 1)).toMatchObject({ ok: false, reason: "conflict" });
      expect(await store.delete("apis", "petstore", first)).toMatchObject({ ok: true });
      expect(await store.get("apis", "petstore")).toBeUndefined();
      expect((await store.list("apis")).documents).toEqual([]);
      const second = await create("petstore");
      expect(second).toBeGreaterThan(first);
      expect(await store.put("apis", "petstore", {}, first)).toMatchObject({ ok: false, reason: "conflict" });
    });

    test("of many writers with the same revision one wins", async () => {
      const revision = await create("counter", 0);
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.put("apis", "counter", n, revision)),
      );
      expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
    });

    test("pages follow the ids' UTF-8 bytes and end without a next", async () => {
      const ids = ["a", "B", "é", "\uffee", "🐾", "a b", "10", "9"];
      for (const id of ids) await create(id);
      await create("elsewhere", {}, "stages");
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.list("apis", after === undefined ? { limit: 3 } : { limit: 3, after });
        expect(page.documents.length).toBeLessThanOrEqual(3);
        found.push(...page.documents.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      expect(found).toEqual([...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    });

    test("a page has at most the limit's documents, whatever was asked for", async () => {
      for (let batch = 0; batch < 2; batch += 1) {
        const operations = Array.from({ length: MAX_OPERATIONS }, (_, n) => ({
          kind: "put" as const,
          collection: "apis",
          id: `${batch}-${n}`,
          value: n,
          expected: "absent" as const,
        }));
        expect(await store.transact(operations)).toMatchObject({ ok: true });
      }
      const page = await store.list("apis", { limit: 5000 });
      expect(page.documents).toHaveLength(MAX_LIST_LIMIT);
      expect(page.next).toBe(page.documents.at(-1)?.id);
    });

    test("a transaction is all or nothing, and names every conflict", async () => {
      const petstore = await create("petstore", 1);
      const verdict = await store.transact([
        { kind: "put", collection: "apis", id: "petstore", value: 2, expected: petstore },
        { kind: "put", collection: "stages", id: "test", value: 2, expected: 7_000 },
        { kind: "check", collection: "apis", id: "other", expected: "absent" },
        { kind: "delete", collection: "apis", id: "gone", expected: 8_000 },
      ]);
      expect(verdict).toEqual({
        ok: false,
        reason: "conflict",
        conflicts: [
          { index: 1, collection: "stages", id: "test", expected: 7_000, actual: "absent" },
          { index: 3, collection: "apis", id: "gone", expected: 8_000, actual: "absent" },
        ],
      });
      expect(await store.get("apis", "petstore")).toEqual({ value: 1, revision: petstore });
      expect((await changesSince(petstore)).changes).toEqual([]);
    });

    test("a transaction answers each operation's revision", async () => {
      const petstore = await create("petstore", 1);
      const old = await create("old", 1);
      const verdict = await store.transact([
        { kind: "check", collection: "apis", id: "petstore", expected: petstore },
        { kind: "check", collection: "apis", id: "absent", expected: "absent" },
        { kind: "put", collection: "apis", id: "new", value: 2, expected: "absent" },
        { kind: "delete", collection: "apis", id: "old", expected: old },
      ]);
      expect(verdict).toEqual({ ok: true, revisions: [petstore, 0, old + 1, old + 2] });
      expect(await store.get("apis", "petstore")).toEqual({ value: 1, revision: petstore });
      expect(await store.get("apis", "new")).toEqual({ value: 2, revision: old + 1 });
      expect(await store.get("apis", "old")).toBeUndefined();
      expect(await store.transact([])).toEqual({ ok: true, revisions: [] });
    });

    test("a value over the bound is refused with its size", async () => {
      const value = "x".repeat(MAX_VALUE_BYTES - 1); // two quotes make it one too many
      expect(await store.put("apis", "petstore", value, "absent")).toEqual({
        ok: false,
        reason: "value_too_large",
        index: 0,
        actualBytes: MAX_VALUE_BYTES + 1,
        limitBytes: MAX_VALUE_BYTES,
      });
      expect(await store.put("apis", "petstore", value.slice(1), "absent")).toMatchObject({ ok: true });
    });

    test.each(["", "a\0b", "line\nbreak", "\ud800", "é".repeat(MAX_NAME_BYTES / 2 + 1)])(
      "the name %j is refused",
      async (name) => {
        const refusal = { ok: false, reason: "name_not_allowed", index: 0, name };
        expect(await store.put("apis", name, {}, "absent")).toEqual(refusal);
        expect(await store.put(name, "petstore", {}, "absent")).toEqual(refusal);
        expect(await store.get("apis", name)).toBeUndefined();
      },
    );

    test("a name that is not well-formed finds nothing, also not what it would become in UTF-8", async () => {
      await create("\ufffd");
      expect(await store.get("apis", "\ud800")).toBeUndefined();
    });

    test("too many operations, and two on one document, are refused", async () => {
      const operation = { kind: "put", collection: "apis", id: "petstore", value: 1, expected: "absent" } as const;
      expect(await store.transact([operation, operation])).toEqual({
        ok: false,
        reason: "document_repeated",
        index: 1,
      });
      const many = Array.from({ length: MAX_OPERATIONS + 1 }, (_, n) => ({ ...operation, id: `${n}` }));
      expect(await store.transact(many)).toEqual({
        ok: false,
        reason: "too_many_operations",
        actual: MAX_OPERATIONS + 1,
        limit: MAX_OPERATIONS,
      });
    });

    test("a value that is not JSON is our bug and throws", async () => {
      await expect(store.put("apis", "petstore", undefined as unknown as Json, "absent")).rejects.toThrow(TypeError);
    });

    test("the feed has each document once, with its latest change, in order", async () => {
      const first = await create("petstore", 1);
      await create("orders");
      await store.put("apis", "petstore", 2, first);
      const orders = await store.get("apis", "orders");
      await store.delete("apis", "orders", orders!.revision);
      expect(await store.changes(0)).toEqual({
        kind: "changes",
        changes: [
          { sequence: first + 2, collection: "apis", id: "petstore", kind: "put" },
          { sequence: first + 3, collection: "apis", id: "orders", kind: "delete" },
        ],
        sequence: first + 3,
        more: false,
      });
      expect((await changesSince(first + 2)).changes).toHaveLength(1);
      expect((await changesSince(first + 3)).changes).toEqual([]);
    });

    test("a document that changes again moves to the feed's end", async () => {
      const a = await create("a");
      await create("b");
      await store.put("apis", "a", {}, a);
      expect((await changesSince(0)).changes.map(({ id }) => id)).toEqual(["b", "a"]);
      expect((await changesSince(a + 1)).changes.map(({ id }) => id)).toEqual(["a"]);
    });

    test("a long feed is read in parts", async () => {
      for (const id of ["a", "b", "c"]) await create(id);
      const first = await changesSince(0, 2);
      expect(first).toMatchObject({ changes: [{ id: "a" }, { id: "b" }], more: true });
      const second = await changesSince(first.sequence, 2);
      expect(second).toMatchObject({ changes: [{ id: "c" }], more: false });
    });

    test("a reader that missed forgotten deletions is told to start over", async () => {
      const start = await create("first");
      for (let n = 0; n < 6; n += 1) {
        const revision = await create(`short-lived-${n}`);
        await store.delete("apis", `short-lived-${n}`, revision);
      }
      const feed = await store.changes(start);
      expect(feed).toEqual({ kind: "start_over", sequence: start + 12 });
      expect((await changesSince(feed.sequence)).changes).toEqual([]);
      expect((await changesSince(0)).changes[0]).toMatchObject({ id: "first" });
    });

    test("a reader of another store's future is told to start over", async () => {
      const revision = await create("petstore");
      expect(await store.changes(revision + 1)).toEqual({ kind: "start_over", sequence: revision });
    });

    test("a watch hears of what comes after it, never of a refused write, and is silent once stopped", async () => {
      const before = await create("before");
      const heard: ChangeFeed[] = [];
      const watch = store.watch((feed) => heard.push(feed));
      await store.put("apis", "before", {}, before + 100);
      await create("petstore");
      await waitFor(() => expect(heard).toHaveLength(1));
      expect(heard[0]).toMatchObject({ changes: [{ id: "petstore", kind: "put" }], sequence: before + 1 });
      watch.stop();
      const second = store.watch((feed) => heard.push(feed));
      await create("orders");
      await waitFor(() => expect(heard).toHaveLength(2));
      second.stop();
    });

    test("a watch is not called for a write that it was stopped after, nor for a transaction that only checks", async () => {
      const heard: ChangeFeed[] = [];
      const stopped = store.watch((feed) => heard.push(feed));
      const other = store.watch((feed) => heard.push(feed));
      const written = store.put("apis", "petstore", {}, "absent");
      stopped.stop();
      await written;
      await store.transact([{ kind: "check", collection: "apis", id: "other", expected: "absent" }]);
      await create("orders");
      await waitFor(() => expect(heard.at(-1)).toMatchObject({ changes: [{ id: "orders" }] }));
      expect(heard).toHaveLength(2);
      other.stop();
    });

    test("a watch hears everything of a past longer than one part of the feed", async () => {
      const first = await create("first");
      const operations = Array.from({ length: MAX_CHANGES_LIMIT }, (_, n) => ({
        kind: "put" as const,
        collection: "apis",
        id: `${n}`,
        value: n,
        expected: "absent" as const,
      }));
      await store.transact(operations);
      await create("last");
      const heard: string[] = [];
      store.watch((feed) => heard.push(...(feed.kind === "changes" ? feed.changes.map(({ id }) => id) : [])), {
        since: first,
      });
      await waitFor(() => expect(heard.at(-1)).toBe("last"));
      expect(heard).toHaveLength(MAX_CHANGES_LIMIT + 1);
    });

    test("a watch can begin in the past, and knows when it has caught up", async () => {
      const first = await create("a");
      await create("b");
      const heard: string[] = [];
      const startedAtMs = Date.now();
      const watch = store.watch(
        (feed) => heard.push(...(feed.kind === "changes" ? feed.changes.map(({ id }) => id) : [])),
        { since: first },
      );
      await waitFor(() => expect(heard).toEqual(["b"]));
      await waitFor(() => expect(watch.caughtUpAtMs()).toBeGreaterThanOrEqual(startedAtMs));
    });
  });
}

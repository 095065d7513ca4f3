import { type Documents, MAX_LIST_LIMIT, type StoredDocument } from "../../store/documents.ts";

/**
 * Makes room for one more document in a collection that holds at most `limit`: those written least recently go. Called
 * by a person's clicks only, so reading the whole collection costs nothing that matters.
 */
export async function keepNewest(documents: Documents, collection: string, limit: number): Promise<void> {
  const all: StoredDocument[] = [];
  let after: string | undefined;
  do {
    const page = await documents.list(collection, { limit: MAX_LIST_LIMIT, ...(after !== undefined && { after }) });
    all.push(...page.documents);
    after = page.next;
  } while (after !== undefined);
  const oldestFirst = all.sort((one, other) => one.revision - other.revision);
  for (const { id, revision } of oldestFirst.slice(0, Math.max(0, all.length - limit + 1))) {
    await documents.delete(collection, id, revision); // a conflict means that it is in use after all
  }
}

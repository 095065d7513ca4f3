import { type KeySetParse, parseKeySet, refetchedKeySet } from "./key-set.ts";

/**
 * A parseKeySet for one issuer that gives the keys of an unchanged document again, with the new time: for createRemoteKeySet
 * where signatures are remembered by `byKid`, which they then outlive a fetch with.
 */
export function parseOnce(): typeof parseKeySet {
  let last: unknown;
  let parsed: KeySetParse | undefined;
  return (document, { fetchedAtMs }) => {
    if (parsed?.ok && document === last) return { ok: true, keys: refetchedKeySet(parsed.keys, fetchedAtMs) };
    last = document;
    parsed = parseKeySet(document, { fetchedAtMs });
    return parsed;
  };
}

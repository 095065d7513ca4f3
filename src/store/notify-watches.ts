import type { ChangeFeed, ChangeListener, Watch, WatchOptions } from "./documents.ts";

/** The watches of one open store: each has its own place in the feed and is told from there, in order. */
export interface Watches {
  add(listener: ChangeListener, options?: WatchOptions): Watch;
  /** Something may have changed. Listeners run in a later microtask. */
  notify(): void;
  readonly size: number;
  close(): void;
}

/**
 * @param readFeed the engine's feed, read synchronously; when it throws, the watch stays behind until the next notify
 * @param now the current sequence number
 */
export function createWatches(
  readFeed: (since: number) => ChangeFeed,
  now: () => number,
  clock: () => number,
  onSizeChange: () => void = () => {},
): Watches {
  interface Place {
    readonly listener: ChangeListener;
    sequence: number;
    caughtUpAtMs: number;
    isScheduled: boolean;
  }
  const places = new Set<Place>();

  function schedule(place: Place): void {
    if (place.isScheduled) return;
    place.isScheduled = true;
    // One microtask per listener: one that throws is our bug and surfaces as such, without holding up the others.
    queueMicrotask(() => {
      place.isScheduled = false;
      if (!places.has(place)) return;
      const feed = tryRead(place.sequence);
      if (feed === undefined) return;
      place.sequence = feed.sequence;
      const hasMore = feed.kind === "changes" && feed.more;
      if (hasMore) schedule(place);
      else place.caughtUpAtMs = clock();
      if (feed.kind === "start_over" || feed.changes.length > 0) place.listener(feed);
    });
  }

  function tryRead(since: number): ChangeFeed | undefined {
    try {
      return readFeed(since);
    } catch {
      return undefined; // caughtUpAtMs stands still, which is how a reader learns that its feed lags.
    }
  }

  return {
    add(listener, options = {}) {
      const place: Place = {
        listener,
        sequence: options.since ?? now(),
        caughtUpAtMs: options.since === undefined ? clock() : 0,
        isScheduled: false,
      };
      places.add(place);
      onSizeChange();
      if (options.since !== undefined) schedule(place);
      return {
        stop() {
          places.delete(place);
          onSizeChange();
        },
        caughtUpAtMs: () => place.caughtUpAtMs,
      };
    },
    notify() {
      for (const place of places) schedule(place);
    },
    get size() {
      return places.size;
    },
    close() {
      places.clear();
      onSizeChange();
    },
  };
}

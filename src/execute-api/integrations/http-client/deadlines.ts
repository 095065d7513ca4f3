import type { Exchange } from "./exchange.ts";

interface Lane {
  /** In order of their deadlines, since all of a lane wait equally long. */
  readonly exchanges: Set<Exchange>;
}

/**
 * The exchanges under way, and their time limits. One lazy timer per length of time instead of one per exchange: nearly
 * all integrations share a timeout and nearly none reaches it, and setting and clearing a timer costs more than parsing
 * a response. A timer finds out when it fires who is still there.
 */
export class Deadlines {
  readonly #lanes = new Map<number, Lane>();

  add(exchange: Exchange): void {
    const { timeoutMs } = exchange.request;
    let lane = this.#lanes.get(timeoutMs);
    if (lane === undefined) {
      lane = { exchanges: new Set() };
      this.#lanes.set(timeoutMs, lane);
      this.#wait(timeoutMs, lane, timeoutMs);
    }
    lane.exchanges.add(exchange);
  }

  delete(exchange: Exchange): void {
    this.#lanes.get(exchange.request.timeoutMs)?.exchanges.delete(exchange);
  }

  /** Every exchange under way. */
  all(): Exchange[] {
    return [...this.#lanes.values()].flatMap((lane) => [...lane.exchanges]);
  }

  #wait(timeoutMs: number, lane: Lane, delayMs: number): void {
    // Unreferenced: an exchange under way has a socket that keeps the process alive.
    setTimeout(() => this.#expire(timeoutMs, lane), Math.max(1, Math.ceil(delayMs))).unref();
  }

  #expire(timeoutMs: number, lane: Lane): void {
    for (const exchange of lane.exchanges) {
      const leftMs = exchange.startedMs + timeoutMs - performance.now();
      if (leftMs > 0) {
        this.#wait(timeoutMs, lane, leftMs);
        return;
      }
      exchange.timeOut();
    }
    this.#lanes.delete(timeoutMs);
  }
}

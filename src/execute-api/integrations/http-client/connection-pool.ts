import { type HttpClientLimits, IDLE_SWEEP_INTERVAL_MS } from "./client-limits.ts";
import { type ConnectionEvents, HttpConnection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";

interface Origin {
  readonly key: string;
  readonly open: Set<HttpConnection>;
  /** Used from the end: the most recently used connection is the least likely to be dead. */
  readonly idle: HttpConnection[];
  /** First in, first served. */
  readonly waiting: Set<Exchange>;
}

/** RFC 9110 §9.2.2: carrying one of these out twice is the same as once. */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Keeps connections per origin and hands exchanges to them. A reused connection may be dead without our knowing. Then
 * an idempotent request is sent once more on a new connection; any other is reported lost, because it may have been
 * carried out. What is known to be dead before writing is never written to.
 */
export class ConnectionPool {
  readonly #limits: HttpClientLimits;
  readonly #ca: string | readonly string[] | undefined;
  readonly #origins = new Map<string, Origin>();
  readonly #originOf = new WeakMap<HttpConnection, Origin>();
  #open = 0;
  #waiting = 0;
  #sweep: NodeJS.Timeout | undefined;

  readonly #events: ConnectionEvents = {
    onIdle: (connection) => this.#release(connection),
    onStale: (exchange) => this.#retry(exchange),
    onClosed: (connection) => this.#closed(connection),
  };

  constructor(limits: HttpClientLimits, ca: string | readonly string[] | undefined) {
    this.#limits = limits;
    this.#ca = ca;
  }

  get stats(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    let idle = 0;
    for (const origin of this.#origins.values()) idle += origin.idle.length;
    return { open: this.#open, idle, waiting: this.#waiting };
  }

  /** Sends the exchange now, or as soon as a connection is to be had. */
  submit(exchange: Exchange): void {
    const { url, insecureSkipVerification } = exchange.request;
    const key = `${url.scheme}${insecureSkipVerification === true ? "+insecure" : ""}://${url.hostname}:${url.port}`;
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = { key, open: new Set(), idle: [], waiting: new Set() };
      this.#origins.set(key, origin);
    }
    const idle = this.#takeIdle(origin);
    if (idle !== undefined) {
      idle.start(exchange);
    } else if (this.#hasRoom(origin)) {
      this.#connect(origin, exchange);
    } else if (this.#waiting >= this.#limits.waiting) {
      exchange.settle({ outcome: "queue_full", detail: `${this.#waiting} requests wait for a connection already` });
    } else {
      origin.waiting.add(exchange);
      this.#waiting++;
    }
  }

  /** Takes a settled exchange out of the queue it may be in. */
  forget(exchange: Exchange): void {
    if (this.#waiting === 0) return;
    for (const origin of this.#origins.values()) {
      if (origin.waiting.delete(exchange)) this.#waiting--;
    }
  }

  closeIdle(): void {
    for (const origin of this.#origins.values()) this.#closeIdleOf(origin);
  }

  #closeIdleOf(origin: Origin): void {
    while (origin.idle.length > 0) origin.idle.pop()?.destroy();
  }

  #takeIdle(origin: Origin): HttpConnection | undefined {
    if (origin.idle.length === 0) return undefined;
    const now = performance.now();
    for (;;) {
      const connection = origin.idle.pop();
      if (connection === undefined || connection.isUsable(now)) return connection;
      connection.destroy();
    }
  }

  #hasRoom(origin: Origin): boolean {
    if (origin.open.size >= this.#limits.connectionsPerOrigin) return false;
    return this.#open < this.#limits.connections || this.#closeOneIdle();
  }

  /** Makes room by closing the connection that has been idle longest at some origin. */
  #closeOneIdle(): boolean {
    for (const origin of this.#origins.values()) {
      const oldest = origin.idle.shift();
      if (oldest === undefined) continue;
      oldest.destroy();
      return this.#open < this.#limits.connections;
    }
    return false;
  }

  #connect(origin: Origin, exchange: Exchange): void {
    const { url, insecureSkipVerification = false } = exchange.request;
    const options = { url, insecureSkipVerification, ca: this.#ca, limits: this.#limits };
    const connection = new HttpConnection(options, exchange, this.#events);
    this.#originOf.set(connection, origin);
    this.#origins.set(origin.key, origin); // closing its last dead connection may have removed it
    origin.open.add(connection);
    this.#open++;
  }

  #release(connection: HttpConnection): void {
    const origin = this.#originOf.get(connection) as Origin; // every connection is entered by #connect
    const next = this.#nextWaiting(origin);
    if (next !== undefined) {
      connection.start(next);
      return;
    }
    origin.idle.push(connection);
    this.#sweep ??= setInterval(() => this.#closeExpired(), IDLE_SWEEP_INTERVAL_MS).unref();
    if (this.#waiting > 0) this.#serveWaiting();
  }

  #retry(exchange: Exchange): boolean {
    if (exchange.hasRetried || !idempotent.has(exchange.request.method)) return false;
    exchange.hasRetried = true;
    exchange.connection = undefined;
    const { url, insecureSkipVerification } = exchange.request;
    const key = `${url.scheme}${insecureSkipVerification === true ? "+insecure" : ""}://${url.hostname}:${url.port}`;
    const origin = this.#origins.get(key);
    // One dead connection means a backend that went away: its siblings are dead too.
    if (origin !== undefined) this.#closeIdleOf(origin);
    this.submit(exchange);
    return true;
  }

  #closed(connection: HttpConnection): void {
    const origin = this.#originOf.get(connection);
    if (origin === undefined || !origin.open.delete(connection)) return;
    this.#open--;
    const at = origin.idle.indexOf(connection);
    if (at >= 0) origin.idle.splice(at, 1);
    if (this.#waiting > 0) this.#serveWaiting();
    if (origin.open.size === 0 && origin.waiting.size === 0) this.#origins.delete(origin.key);
  }

  /** Opens connections for those who wait, as far as there is room, one origin after the other. */
  #serveWaiting(): void {
    for (const origin of [...this.#origins.values()]) {
      while (origin.waiting.size > 0 && this.#hasRoom(origin)) {
        const next = this.#nextWaiting(origin);
        if (next !== undefined) this.#connect(origin, next);
      }
    }
  }

  #nextWaiting(origin: Origin): Exchange | undefined {
    for (const exchange of origin.waiting) {
      origin.waiting.delete(exchange);
      this.#waiting--;
      return exchange;
    }
    return undefined;
  }

  #closeExpired(): void {
    const now = performance.now();
    let left = 0;
    for (const origin of [...this.#origins.values()]) {
      for (const connection of [...origin.idle]) {
        if (connection.isUsable(now)) left++;
        else connection.destroy();
      }
    }
    if (left === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }
}

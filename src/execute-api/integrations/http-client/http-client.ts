import { defaultHttpClientLimits, type HttpClientLimits, TIMEOUT_LIMIT_MS } from "./client-limits.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchange } from "./exchange.ts";
import type { HttpRequest, HttpResult } from "./http-exchange.ts";
import { writeRequest } from "./write-request.ts";

export interface HttpClientOptions {
  readonly limits?: Partial<HttpClientLimits>;
  /** PEM certificates to trust instead of Node's own list. */
  readonly ca?: string | readonly string[];
}

export interface HttpClient {
  /** One request, one result. Never rejects, never follows a redirect, never decodes content. */
  request(request: HttpRequest): Promise<HttpResult>;
  /** Connections open and idle, and requests waiting for one. */
  stats(): { readonly open: number; readonly idle: number; readonly waiting: number };
  /** Ends everything: requests under way resolve as `aborted`, as do all later ones. */
  close(): void;
}

/**
 * An HTTP/1.1 client for integrations, on plain sockets with keep-alive: what `http.request` costs on top matters
 * on every proxied call, and a strict reading of responses keeps one backend's answer from reaching another's caller.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const limits = { ...defaultHttpClientLimits, ...options.limits };
  const pool = new ConnectionPool(limits, options.ca);
  const deadlines = new Deadlines();
  let isClosed = false;

  function settled(exchange: Exchange): void {
    deadlines.delete(exchange);
    pool.forget(exchange);
  }

  return {
    request(request) {
      if (isClosed) return Promise.resolve({ outcome: "aborted", detail: "the client is closed" });
      if (request.signal?.aborted) return Promise.resolve({ outcome: "aborted", detail: "the caller gave up" });
      const bytes = writeRequest(request);
      if (!bytes.ok) return Promise.resolve({ outcome: "invalid_request", detail: bytes.detail });
      if (!(request.timeoutMs > 0 && request.timeoutMs <= TIMEOUT_LIMIT_MS)) {
        return Promise.resolve({
          outcome: "invalid_request",
          detail: "timeoutMs is not a positive number of milliseconds",
        });
      }
      return new Promise((resolve) => {
        const exchange = new Exchange(request, bytes, resolve, settled);
        deadlines.add(exchange);
        pool.submit(exchange);
      });
    },
    stats: () => pool.stats,
    close() {
      isClosed = true;
      for (const exchange of deadlines.all()) exchange.abort("the client was closed");
      pool.closeIdle();
    },
  };
}

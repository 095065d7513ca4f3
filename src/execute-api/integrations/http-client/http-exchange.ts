import type { RawHeaders } from "../../transport.ts";

export interface HttpRequest {
  /** As it goes on the wire, e.g. `GET`. */
  readonly method: string;
  readonly url: HttpOrigin;
  /** Path and query exactly as they go on the wire, e.g. `/pets?type=dog`. */
  readonly path: string;
  /**
   * Written in this order and casing. `Host` is derived from `url` when absent; Content-Length is the client's own (a
   * given one must be right and is rewritten); Transfer-Encoding is refused.
   */
  readonly headers: RawHeaders;
  readonly body?: Buffer;
  /** For everything together: waiting for a connection, connecting, sending, receiving. */
  readonly timeoutMs: number;
  /** Accepts any certificate. Connections made so are never shared with requests that verify. */
  readonly insecureSkipVerification?: boolean;
  readonly signal?: AbortSignal;
}

export interface HttpOrigin {
  readonly scheme: "http" | "https";
  /** A name, an IPv4 address, or an IPv6 address with or without brackets. */
  readonly hostname: string;
  readonly port: number;
}

export type HttpResult =
  | HttpResponse
  /** `timeoutMs` passed. `phase` is what was being waited for. */
  | { readonly outcome: "timeout"; readonly phase: TimeoutPhase; readonly detail: string }
  /** No connection: refused, unreachable, the name does not resolve. `code` is Node's, e.g. `ECONNREFUSED`. */
  | { readonly outcome: "connect_failed"; readonly code: string; readonly detail: string }
  /** Connected, but the TLS handshake failed or the certificate is not acceptable. `code` e.g. `CERT_HAS_EXPIRED`. */
  | { readonly outcome: "tls_failed"; readonly code: string; readonly detail: string }
  /** What came back is not one well-formed HTTP/1.x response. */
  | { readonly outcome: "malformed_response"; readonly detail: string }
  /** The connection ended before the response did. The request may or may not have been carried out. */
  | { readonly outcome: "connection_lost"; readonly code: string; readonly detail: string }
  | { readonly outcome: "response_too_large"; readonly detail: string }
  /** Not sent: something in the request cannot be put on the wire safely. */
  | { readonly outcome: "invalid_request"; readonly detail: string }
  /** Not sent: too many requests wait for a connection already. */
  | { readonly outcome: "queue_full"; readonly detail: string }
  /** The caller's signal fired, or the client was closed. */
  | { readonly outcome: "aborted"; readonly detail: string };

export type TimeoutPhase = "queue" | "connect" | "response_head" | "response_body";

export interface HttpResponse {
  readonly outcome: "response";
  readonly status: number;
  readonly reason: string;
  /** As received: wire order and casing, latin1, values without surrounding blanks. Nothing is removed. */
  readonly headers: RawHeaders;
  /** Without transfer coding; content codings (gzip) are left as they are. */
  readonly body: Buffer;
  readonly timings: HttpTimings;
}

/** Milliseconds. */
export interface HttpTimings {
  /** Until a connection was at hand (a new one: connected and secured). 0 for a reused one. */
  readonly connectMs: number;
  /** From the start to the end of the response's head. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly isReused: boolean;
}

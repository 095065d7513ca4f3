/** Everything the client bounds. All of these are ours: AWS documents none of them except where it says so. */
export interface HttpClientLimits {
  /** Open connections to one origin; further requests to it wait. */
  readonly connectionsPerOrigin: number;
  /** Open connections altogether; idle ones to other origins make room first. */
  readonly connections: number;
  /** Requests that may wait for a connection, altogether. */
  readonly waiting: number;
  /** An idle connection is not used again after this long. A backend's shorter `Keep-Alive: timeout` wins. */
  readonly idleMs: number;
  /** Status line and header block, interim (1xx) responses and chunk trailers included. */
  readonly responseHeadBytes: number;
  readonly responseHeaderCount: number;
  readonly responseBodyBytes: number;
}

export const CONNECTIONS_PER_ORIGIN_LIMIT = 64;
export const CONNECTION_LIMIT = 512;
export const WAITING_LIMIT = 1_024;
/** Shorter than the 5 s after which a Node backend closes: a reused connection then rarely turns out to be dead. */
export const IDLE_MS = 4_000;
/** A backend that announces `Keep-Alive: timeout=N` is believed, less this. */
export const IDLE_HINT_MARGIN_MS = 1_000;
/** How often connections idle for too long are closed. */
export const IDLE_SWEEP_INTERVAL_MS = 1_000;
export const RESPONSE_HEAD_LIMIT_BYTES = 65_536;
export const RESPONSE_HEADER_COUNT_LIMIT = 500;
/** Payload size (D: API Gateway quotas, "10 MB"). */
export const RESPONSE_BODY_LIMIT_BYTES = 10_485_760;
/** Chunk extensions mean nothing to anyone; more than this of them in one response is an attack. */
export const CHUNK_EXTENSION_LIMIT_BYTES = 16_384;
/** One chunk-size line. */
export const CHUNK_LINE_LIMIT_BYTES = 4_096;
/** A timer cannot wait longer than 2^31-1 ms. */
export const TIMEOUT_LIMIT_MS = 2_147_483_647;

export const defaultHttpClientLimits: HttpClientLimits = {
  connectionsPerOrigin: CONNECTIONS_PER_ORIGIN_LIMIT,
  connections: CONNECTION_LIMIT,
  waiting: WAITING_LIMIT,
  idleMs: IDLE_MS,
  responseHeadBytes: RESPONSE_HEAD_LIMIT_BYTES,
  responseHeaderCount: RESPONSE_HEADER_COUNT_LIMIT,
  responseBodyBytes: RESPONSE_BODY_LIMIT_BYTES,
};

/** Everything the listener bounds. Each value has a default below and can be changed per listener. */
export interface ListenerLimits {
  /** Request line and header block together; the parser keeps no more than this in memory. */
  readonly headBytes: number;
  /** All header values of a request together. */
  readonly headerValueBytes: number;
  readonly headerCount: number;
  /** Length of the request target (path and query). */
  readonly targetChars: number;
  readonly bodyBytes: number;
  /** From the first byte of a request (or the accepted connection) to the end of its headers. */
  readonly headTimeoutMs: number;
  /** From the first byte of a request to the end of its body. The handler's own time does not count. */
  readonly requestTimeoutMs: number;
  readonly keepAliveIdleMs: number;
  /** A client that stops reading its answer is cut off after this long without progress. */
  readonly writeStallMs: number;
  readonly connections: number;
  /** How long `stop()` waits for answers in flight. */
  readonly stopGraceMs: number;
}

/** 8,192 for edge and private endpoints, 10,240 for Regional ones (D: API Gateway quotas); the wider one is taken. */
export const TARGET_LIMIT_CHARS = 10_240;
/** "Total combined size of all header values" (D: API Gateway quotas). */
export const HEADER_VALUES_LIMIT_BYTES = 10_240;
/** Ours: target, header values, and room for names and separators. */
export const HEAD_LIMIT_BYTES = 32_768;
/** Ours. More are refused; dropping what is over it would be a request that nobody sent. */
export const HEADER_COUNT_LIMIT = 200;
/** Payload size (D: API Gateway quotas, "10 MB"; the number in the answer's text is (C)). */
export const BODY_LIMIT_BYTES = 10_485_760;
export const HEAD_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 60_000;
export const KEEP_ALIVE_IDLE_MS = 60_000;
export const WRITE_STALL_MS = 30_000;
export const CONNECTION_LIMIT = 10_000;
export const STOP_GRACE_MS = 10_000;
/** How often connections are checked against their time limits: a limit is kept to within two of these. */
export const TIMEOUT_CHECK_INTERVAL_MS = 500;
/** After a refusal that closes, unread bytes are taken in for this long so that the refusal is not lost to a reset. */
export const LINGER_MS = 1_000;
export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
/** Chunk extensions mean nothing to anyone; more than this of them in one request is an attack. */
export const CHUNK_EXTENSION_LIMIT_BYTES = 16_384;
/** One chunk-size line. */
export const CHUNK_LINE_LIMIT_BYTES = 4_096;

export const defaultListenerLimits: ListenerLimits = {
  headBytes: HEAD_LIMIT_BYTES,
  headerValueBytes: HEADER_VALUES_LIMIT_BYTES,
  headerCount: HEADER_COUNT_LIMIT,
  targetChars: TARGET_LIMIT_CHARS,
  bodyBytes: BODY_LIMIT_BYTES,
  headTimeoutMs: HEAD_TIMEOUT_MS,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  keepAliveIdleMs: KEEP_ALIVE_IDLE_MS,
  writeStallMs: WRITE_STALL_MS,
  connections: CONNECTION_LIMIT,
  stopGraceMs: STOP_GRACE_MS,
};

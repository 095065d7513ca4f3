/**
 * The data plane's whole view of HTTP: a plain request in, a plain answer out. The engine that parses and writes
 * HTTP sits behind this and can be replaced without touching a decision.
 */
export interface IncomingRequest {
  /** As sent, e.g. `GET`. */
  readonly method: string;
  /** The request target exactly as on the wire, in origin form: raw path and query, e.g. `/test/pets?type=dog`. */
  readonly target: string;
  readonly httpVersion: string;
  readonly headers: RawHeaders;
  /** Empty buffer when there was none. Already within the transport's limit. */
  readonly body: Buffer;
  /** The client's address: the socket's, unless a trusted proxy says otherwise. */
  readonly sourceIp: string;
  readonly scheme: "http" | "https";
  /** Epoch milliseconds at which the request head was complete. */
  readonly receivedAtMs: number;
}

export interface Answer {
  readonly status: number;
  /** Without Date, Connection, Content-Length and Transfer-Encoding: those are the transport's. */
  readonly headers: RawHeaders;
  readonly body: Buffer | string;
}

/** Names and values alternating, in wire order and wire casing, repeated names repeated (Node's rawHeaders form). */
export type RawHeaders = readonly string[];

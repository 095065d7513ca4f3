/**
 * The issuer's whole view of HTTP, in the same shapes as the data plane's transport, so that one engine can serve both
 * without either plane knowing the other.
 */
export interface IssuerRequest {
  /** As sent, e.g. `POST`. */
  readonly method: string;
  /** The request target in origin form, exactly as on the wire. */
  readonly target: string;
  /** Names and values alternating (Node's rawHeaders form). */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface IssuerAnswer {
  readonly status: number;
  /** Without Date, Connection, Content-Length and Transfer-Encoding: those are the transport's. */
  readonly headers: readonly string[];
  readonly body: Buffer | string;
}

/** Every value of a header, by its name in lower case. */
export function headerValues(request: IssuerRequest, name: string): readonly string[] {
  return request.headers.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name);
}

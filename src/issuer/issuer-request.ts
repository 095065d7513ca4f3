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

/** Method and path exactly as on the wire: Auth0 does not normalise `//.well-known/...` either (C). HEAD counts as GET. */
export function methodAndPath({ method, target }: IssuerRequest): string {
  return `${method === "HEAD" ? "GET" : method} ${target.split("?", 1)[0]}`;
}

export const NO_STORE: readonly string[] = ["cache-control", "no-store"];

export function jsonAnswer(status: number, body: unknown, headers: readonly string[] = []): IssuerAnswer {
  return { status, headers: ["content-type", "application/json", ...headers], body: JSON.stringify(body) };
}

/** As those of Auth0's answers that name the charset (R: the Management API, /userinfo). */
export function utf8JsonAnswer(status: number, body: unknown, headers: readonly string[] = []): IssuerAnswer {
  const type = ["content-type", "application/json; charset=utf-8"];
  return { status, headers: [...type, ...headers], body: JSON.stringify(body) };
}

export function textAnswer(status: number, body: string): IssuerAnswer {
  return { status, headers: ["content-type", "text/plain; charset=utf-8", ...NO_STORE], body };
}

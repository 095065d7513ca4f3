import type { ServerResponse } from "node:http";
import type { Answer } from "../../execute-api/transport.ts";
import type { TransportRefusal } from "./transport-refusal.ts";

/** Up to here head and body are written as one string; above, copying costs more than a second buffer in the write. */
const ONE_WRITE_LIMIT_BYTES = 16_384;

/**
 * Writes an answer with the headers that are the transport's: Date, Content-Length, Connection (R: API Gateway sends
 * these three, and no Keep-Alive). Everything goes out as latin1, so header bytes from 0x80 up leave as they came in.
 * @throws what node:http throws for a status, header name or value that cannot be on the wire; nothing is written then.
 */
export function writeAnswer(response: ServerResponse, answer: Answer, isHead: boolean, keepAlive: boolean): void {
  const { status, body } = answer;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new RangeError(`status ${status} is not a final HTTP status`);
  }
  const headers = withoutTransportHeaders(answer.headers);
  const hasNoBody = status === 204 || status === 304; // RFC 9110 §6.4.1, and §8.6: no Content-Length with a 204
  const length = hasNoBody ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.length;
  if (!hasNoBody) headers.push("Content-Length", String(length));
  headers.push("Connection", keepAlive ? "keep-alive" : "close");
  response.writeHead(status, headers);

  if (isHead || length === 0) response.end();
  else if (typeof body === "string" && body.length === length) response.end(body, "latin1");
  else {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (length <= ONE_WRITE_LIMIT_BYTES) response.end(bytes.toString("latin1"), "latin1");
    else response.end(bytes);
  }
}

/** The same as raw bytes, for when there is no request object to answer. */
export function refusalBytes(refusal: TransportRefusal): string {
  const reason = { 400: "Bad Request", 408: "Request Timeout", 413: "Content Too Large" }[refusal.status] ?? "Refused";
  return [
    `HTTP/1.1 ${refusal.status} ${reason}`,
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${refusal.contentType}`,
    `Content-Length: ${Buffer.byteLength(refusal.body)}`,
    "Connection: close",
    "",
    refusal.body,
  ].join("\r\n");
}

export function refusalAnswer(refusal: TransportRefusal): Answer {
  return { status: refusal.status, headers: ["Content-Type", refusal.contentType], body: refusal.body };
}

function withoutTransportHeaders(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string; // an odd length is refused by writeHead below
    if (isTransportHeader(name)) continue;
    kept.push(name, headers[at + 1] as string);
  }
  return kept;
}

function isTransportHeader(name: string): boolean {
  switch (name.length) {
    case 4:
      return name.toLowerCase() === "date";
    case 7:
      return name.toLowerCase() === "trailer" || name.toLowerCase() === "upgrade";
    case 10:
      return name.toLowerCase() === "connection" || name.toLowerCase() === "keep-alive";
    case 14:
      return name.toLowerCase() === "content-length";
    case 17:
      return name.toLowerCase() === "transfer-encoding";
    default:
      return false;
  }
}

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Answer } from "../../execute-api/transport.ts";
import { fieldName, fieldValue } from "./field-syntax.ts";
import type { TransportRefusal } from "./transport-refusal.ts";

/** Up to here head and body are written as one string; above, copying costs more than a second buffer in the write. */
const ONE_WRITE_LIMIT_BYTES = 16_384;

/**
 * Writes an answer with the headers that are the transport's: Date, Content-Length, Connection (R: API Gateway sends
 * these three, and no Keep-Alive). Everything goes out as latin1, so header bytes from 0x80 up leave as they came in.
 * @throws RangeError for a status, header name or value that cannot be on the wire; nothing is written then.
 */
export function writeAnswer(socket: Socket, answer: Answer, isHead: boolean, keepAlive: boolean): void {
  const { status, headers, body } = answer;
  let head = statusLine(status);
  if (headers.length % 2 !== 0) throw new RangeError("a header name has no value");
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string; // even index below an even length
    const value = headers[at + 1] as string;
    if (isTransportHeader(name)) continue;
    if (!fieldName.test(name)) throw new RangeError("a header name holds characters that are not allowed in one");
    if (!fieldValue.test(value)) {
      throw new RangeError(`the value of header ${name} holds characters that are not allowed in one`);
    }
    head += `${name}: ${value}\r\n`;
  }
  const hasNoBody = status === 204 || status === 304; // RFC 9110 §6.4.1, and §8.6: no Content-Length with a 204
  const length = hasNoBody ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.length;
  if (!hasNoBody) head += `Content-Length: ${length}\r\n`;
  head += keepAlive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  head += dateAndEmptyLine();

  if (isHead || length === 0) {
    socket.write(head, "latin1");
  } else if (typeof body === "string" && body.length === length) {
    socket.write(head + body, "latin1");
  } else {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (length <= ONE_WRITE_LIMIT_BYTES) {
      socket.write(head + bytes.toString("latin1"), "latin1");
    } else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(bytes);
      socket.uncork();
    }
  }
}

export function refusalAnswer(refusal: TransportRefusal): Answer {
  return { status: refusal.status, headers: ["Content-Type", refusal.contentType], body: refusal.body };
}

const statusLines: string[] = [];

function statusLine(status: number): string {
  const line = statusLines[status];
  if (line !== undefined) return line;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new RangeError(`status ${status} is not a final HTTP status`);
  }
  return (statusLines[status] = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`);
}

let dateSecond = 0;
let dateLine = "";

function dateAndEmptyLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateLine = `Date: ${new Date(second * 1000).toUTCString()}\r\n\r\n`;
  }
  return dateLine;
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

import type { HttpOrigin, HttpRequest } from "./http-exchange.ts";

/** A request as it goes on the wire. `body` is separate only when copying it would cost more than a second buffer. */
export type RequestBytes =
  | { readonly ok: true; readonly head: string | Buffer; readonly body: Buffer | undefined; readonly closes: boolean }
  | { readonly ok: false; readonly detail: string };

const ONE_WRITE_LIMIT_BYTES = 16_384;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5, bytes from 0x80 up included: what could end a line or a message is not among these. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const requestTarget = /^\/[\x21-\x7e]*$/;
const hostName = /^(?:[A-Za-z0-9._-]{1,255}|[0-9A-Fa-f:.]{2,45}|\[[0-9A-Fa-f:.]{2,45}\])$/;

/**
 * Serializes a request, refusing whatever could be read as a second one: line ends or NUL in any part, a target that
 * is not a path, two Hosts, framing headers that do not fit the body.
 */
export function writeRequest(request: HttpRequest): RequestBytes {
  const { method, path, url, headers, body } = request;
  if (!token.test(method) || method === "CONNECT") return refuse("the method is not a method");
  if (!requestTarget.test(path)) return refuse("the path does not begin with / or holds characters that need encoding");
  if (!hostName.test(url.hostname)) return refuse("the host name is not a name or address");
  if (!Number.isInteger(url.port) || url.port < 1 || url.port > 65_535) return refuse("the port is not in 1-65535");
  if (headers.length % 2 !== 0) return refuse("a header name has no value");

  const bodyLength = body === undefined ? 0 : body.length;
  let lines = "";
  let hasHost = false;
  let hasLength = false;
  let closes = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string; // even index below an even length
    const value = headers[at + 1] as string;
    if (!token.test(name)) return refuse("a header name holds characters that are not allowed in one");
    if (!fieldValue.test(value))
      return refuse(`the value of header ${name} holds characters that are not allowed in one`);
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === "host") {
          if (hasHost) return refuse("there is more than one Host header");
          hasHost = true;
        }
        break;
      case 7:
        if (name.toLowerCase() === "upgrade") return refuse("Upgrade is not spoken");
        break;
      case 10:
        if (name.toLowerCase() === "connection") {
          const option = value.toLowerCase();
          if (option === "close") closes = true;
          else if (option !== "keep-alive") return refuse("the Connection header is neither keep-alive nor close");
        }
        break;
      case 14:
        if (name.toLowerCase() === "content-length") {
          if (hasLength || value !== String(bodyLength))
            return refuse("the Content-Length header does not fit the body");
          hasLength = true;
        }
        break;
      case 17:
        if (name.toLowerCase() === "transfer-encoding") return refuse("bodies are sent with Content-Length only");
        break;
    }
    lines += `${name}: ${value}\r\n`;
  }

  const host = hasHost ? "" : `Host: ${hostHeader(url)}\r\n`;
  // RFC 9110 §8.6: a method that usually has a body says so when it has none.
  const saysLength = !hasLength && (bodyLength > 0 || method === "POST" || method === "PUT" || method === "PATCH");
  const length = saysLength ? `Content-Length: ${bodyLength}\r\n` : "";
  const head = `${method} ${path} HTTP/1.1\r\n${host}${lines}${length}\r\n`;
  if (body === undefined || bodyLength === 0) return { ok: true, head, body: undefined, closes };
  if (bodyLength > ONE_WRITE_LIMIT_BYTES) return { ok: true, head, body, closes };
  const whole = Buffer.allocUnsafe(head.length + bodyLength);
  whole.write(head, "latin1");
  body.copy(whole, head.length);
  return { ok: true, head: whole, body: undefined, closes };
}

/** The Host header for an origin, e.g. `example.com:8080`, `[::1]`; the port only when it is not the scheme's own. */
export function hostHeader(url: HttpOrigin): string {
  const name = url.hostname.includes(":") && !url.hostname.startsWith("[") ? `[${url.hostname}]` : url.hostname;
  const isOwnPort = url.port === (url.scheme === "https" ? 443 : 80);
  return isOwnPort ? name : `${name}:${url.port}`;
}

function refuse(detail: string): RequestBytes {
  return { ok: false, detail };
}

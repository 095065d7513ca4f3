import type { Answer } from "../../execute-api/transport.ts";

/** What the transport itself answers, before any handler has seen the request. The connection is closed after it. */
export interface TransportRefusal {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What AWS answers to a request line that is too long is unknown (?). */
export const TARGET_TOO_LONG_STATUS = 414;
/** What status AWS answers to an oversized header block is unknown (?); the text was captured (C). */
export const HEADERS_TOO_LARGE_STATUS = 431;
const PLAIN_TEXT = "text/plain; charset=utf-8";

/** A request that is not well-formed HTTP. The text is ours and says what is wrong; it never repeats what was sent. */
export function badRequest(reason: string): TransportRefusal {
  return { status: 400, contentType: PLAIN_TEXT, body: `${reason}\n` };
}

/** `HTTP header is larger than 10240 bytes.` (C: seen with tokens that carry too many claims). */
export function headersTooLarge(limitBytes: number): TransportRefusal {
  const body = `HTTP header is larger than ${limitBytes} bytes.`;
  return { status: HEADERS_TOO_LARGE_STATUS, contentType: PLAIN_TEXT, body };
}

export function tooManyHeaders(limit: number): TransportRefusal {
  return { status: HEADERS_TOO_LARGE_STATUS, contentType: PLAIN_TEXT, body: `More than ${limit} headers.\n` };
}

export function targetTooLong(limitChars: number): TransportRefusal {
  const body = `The request target is longer than ${limitChars} characters.\n`;
  return { status: TARGET_TOO_LONG_STATUS, contentType: PLAIN_TEXT, body };
}

/**
 * 413, `content-type: text; charset=utf-8`, plain text, none of the x-amzn headers (C: capture of an edge endpoint).
 * This never reaches the REQUEST_TOO_LARGE gateway response.
 */
export function bodyTooLarge(limitBytes: number): TransportRefusal {
  const body = `HTTP content length exceeded ${limitBytes} bytes.`;
  return { status: 413, contentType: "text; charset=utf-8", body };
}

export function requestTimeout(): TransportRefusal {
  return { status: 408, contentType: PLAIN_TEXT, body: "The request did not arrive in time.\n" };
}

export function expectationFailed(): TransportRefusal {
  return { status: 417, contentType: PLAIN_TEXT, body: "The only expectation understood is 100-continue.\n" };
}

/** The handler threw, or its answer cannot be written. One space after the colon, as AWS writes it: 36 bytes (R). */
export const internalServerError: Answer = {
  status: 500,
  headers: ["Content-Type", "application/json"],
  body: '{"message": "Internal server error"}',
};

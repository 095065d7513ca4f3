import type { Answer } from "../transport.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { HttpApiRequest } from "./request.ts";

/** Anything thrown that is no refusal is our defect: a 500 like AWS's own, with the request id to find it by. */
export function asRefusal(error: unknown): HttpApiRefusal {
  if (error instanceof HttpApiRefusal) return error;
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new HttpApiRefusal(500, "Internal Server Error", {
    reason: "internal_error",
    message: `defect in the gateway: ${what}`,
  });
}

/** `{"message":"…"}` without blanks (R). conformance/http-api/response-headers */
export function errorAnswer({ status, text, wire }: HttpApiRefusal): Answer {
  const headers: string[] = [];
  if (wire.hasNoContentType === undefined) headers.push("content-type", "application/json");
  if (wire.challenge !== undefined) headers.push("www-authenticate", wire.challenge);
  return { status, headers, body: JSON.stringify({ message: text }) };
}

/** On every response; the only id that HTTP APIs send (R), whatever a backend says of it. */
export function withRequestId(answer: Answer, { requestId }: HttpApiRequest): Answer {
  const headers: string[] = [];
  for (let at = 0; at < answer.headers.length; at += 2) {
    const name = answer.headers[at] as string;
    if (name.toLowerCase() !== "apigw-requestid") headers.push(name, answer.headers[at + 1] as string);
  }
  headers.push("apigw-requestid", requestId);
  return { ...answer, headers };
}

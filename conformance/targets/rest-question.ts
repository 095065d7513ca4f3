import type { RawHeaders } from "../../src/execute-api/transport.ts";

/** `when` of a rest-api step. */
export interface RestQuestion {
  readonly method: string;
  /** Inside the stage, raw, with query. */
  readonly path: string;
  /** Default: the project's stage. */
  readonly stage?: string;
  /** A list repeats the header. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text, a text so many times over for bodies too large to write down, or bytes that are no text. */
  readonly body?: string | { readonly text: string; readonly times: number } | { readonly base64: string };
  /** Seconds the gateway's clock moves on before this step; vectors that use it run in process only. */
  readonly afterSeconds?: number;
  /** Empties the stage's authorizer cache before this step (FlushStageAuthorizersCache). */
  readonly afterFlush?: boolean;
}

/** What `then` of a rest-api step is compared with. */
export interface RestAnswer {
  readonly status: number;
  /** Lower-case names; repeated values joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Lower-case header name → the name as sent. */
  readonly casing: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bodyBytes: number;
  readonly bodyBase64: string;
  /** The body parsed, undefined when it is not JSON. */
  readonly json: unknown;
  /** The decision record. */
  readonly record: unknown;
}

export const API_ID = "api";
export const STAGE = "test";

export function flatHeaders(question: RestQuestion): string[] {
  return Object.entries(question.headers ?? {}).flatMap(([name, values]) =>
    (typeof values === "string" ? [values] : values).flatMap((value) => [name, value]),
  );
}

export function bodyOf({ body = "" }: RestQuestion): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  return "base64" in body ? Buffer.from(body.base64, "base64") : Buffer.from(body.text.repeat(body.times));
}

export function restAnswer(status: number, raw: RawHeaders, content: Buffer, record: unknown): RestAnswer {
  const headers: Record<string, string> = {};
  const casing: Record<string, string> = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    casing[name] = raw[at] as string;
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${raw[at + 1]}` : (raw[at + 1] as string);
  }
  const body = content.toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const bodyBase64 = content.toString("base64");
  return { status, headers, casing, body, bodyBytes: content.length, bodyBase64, json, record };
}

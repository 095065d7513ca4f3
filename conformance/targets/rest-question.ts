import type { RawHeaders } from "../../src/execute-api/transport.ts";
import type { MintOptions } from "../../src/issuer/mint-token.ts";
import type { Vector } from "../vector.ts";
import { AUDIENCE } from "./issuer.ts";

/** `when` of a rest-api or http-api step. */
export interface RestQuestion {
  readonly method: string;
  /** Inside the stage, raw, with query. */
  readonly path: string;
  /** Default: the project's stage; of an HTTP API `$default`, which has no segment in the path. */
  readonly stage?: string;
  /** Minted for the request and put where `${token}` stands in its headers and path. */
  readonly token?: MintOptions;
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

/** By one of these a record is found. */
export const REQUEST_ID_HEADERS = ["x-amzn-requestid", "apigw-requestid"];

export const API_ID = "api";
export const STAGE = "test";

const TOKEN_PLACE = "${token}";

/** The question with a token in its place, if it asks for one. */
export function withToken(question: RestQuestion, mint: (options: MintOptions) => string): RestQuestion {
  if (question.token === undefined) return question;
  const token = mint({ api: AUDIENCE, ...question.token });
  const filled = JSON.parse(JSON.stringify([question.path, question.headers ?? {}]).replaceAll(TOKEN_PLACE, token));
  return { ...question, path: filled[0], headers: filled[1] };
}

/** Stage and path as they stand behind the API's address. */
export function targetOf({ stage, path }: RestQuestion, subject: Vector["subject"]): string {
  if (subject === "http-api") return stage === undefined ? path : `/${stage}${path}`;
  return `/${stage ?? STAGE}${path}`;
}

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

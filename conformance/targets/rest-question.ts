import type { RawHeaders } from "../../src/execute-api/transport.ts";
import type { MintOptions } from "../../src/issuer/tokens/mint-token.ts";
import type { Vector } from "../vector.ts";
import { AUDIENCE } from "./issuer.ts";
import { type LongText, longText } from "./long-text.ts";
import { type Members, refuseUnknown } from "./refuse-unknown.ts";
import type { RemoteIssuers, SignedToken } from "./remote-issuers.ts";
import type { Signing } from "./sign-question.ts";

/** `when` of a rest-api or http-api step. */
export interface RestQuestion {
  readonly method: string;
  /** Inside the stage, raw, with query. */
  readonly path: string;
  /** Default: the project's stage; of an HTTP API `$default`, which has no segment in the path. */
  readonly stage?: string;
  /** The custom domain that is asked: `path` then is the whole path, and the domain's mappings choose API and stage. */
  readonly domain?: string;
  /** Minted for the request and put where `${token}` stands in its headers and path. */
  readonly token?: MintOptions;
  /** The same, signed by one of the remote issuers. */
  readonly jwt?: SignedToken;
  /** Signed with SigV4 once all else is in its place. */
  readonly sign?: Signing;
  /** A list repeats the header. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text, also one too large to write down, or bytes that are no text. */
  readonly body?: LongText | { readonly base64: string };
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
  /** What the stage's access log got for the request, undefined without a line. */
  readonly log: string | undefined;
  /** The same parsed, undefined when it is not JSON. */
  readonly logJson: unknown;
}

/** By one of these a record is found. */
export const REQUEST_ID_HEADERS = ["x-amzn-requestid", "apigw-requestid"];

export const API_ID = "api";
export const STAGE = "test";

/** `given` of a rest-api or http-api vector. */
export const API_MEMBERS = { project: true } as const;

const QUESTION_MEMBERS: Members<RestQuestion> = {
  method: true,
  path: true,
  stage: true,
  domain: true,
  token: true,
  jwt: true,
  sign: true,
  headers: true,
  body: true,
  afterSeconds: true,
  afterFlush: true,
};
const JWT_MEMBERS: Members<SignedToken> = { issuer: true, header: true, claims: true };
const SIGNING_MEMBERS: Members<Signing> = {
  as: true,
  form: true,
  at: true,
  region: true,
  service: true,
  secret: true,
  sessionToken: true,
  sessionName: true,
  sessionPolicy: true,
  endedSeconds: true,
  ofIdentityPool: true,
  signedHeaders: true,
  expires: true,
  payload: true,
  contentSha256: true,
  tamper: true,
};
const TAMPER_MEMBERS: Members<NonNullable<Signing["tamper"]>> = { method: true, path: true, headers: true, body: true };

/** `when` of a rest-api or http-api step. @throws Error naming a member that no target reads */
export function readQuestion(when: object): RestQuestion {
  const question = when as RestQuestion;
  refuseUnknown("when", question, QUESTION_MEMBERS);
  refuseUnknown("jwt", question.jwt, JWT_MEMBERS);
  refuseUnknown("sign", question.sign, SIGNING_MEMBERS);
  refuseUnknown("tamper", question.sign?.tamper, TAMPER_MEMBERS);
  return question;
}

const TOKEN_PLACE = "${token}";

/** The question with a token in its place, if it asks for one. */
export function withToken(
  question: RestQuestion,
  mint: (options: MintOptions) => string,
  issuers: RemoteIssuers,
): RestQuestion {
  const { jwt } = question;
  if (question.token === undefined && jwt === undefined) return question;
  const token = jwt === undefined ? mint({ api: AUDIENCE, ...question.token }) : issuers.sign(jwt);
  const filled = JSON.parse(JSON.stringify([question.path, question.headers ?? {}]).replaceAll(TOKEN_PLACE, token));
  return { ...question, path: filled[0], headers: filled[1] };
}

/** Stage and path as they stand behind the API's address. */
export function targetOf({ stage, path }: RestQuestion, subject: Vector["subject"]): string {
  if (subject === "http-api") return stage === undefined ? path : `/${stage}${path}`;
  return `/${stage ?? STAGE}${path}`;
}

/** The stage whose authorizer cache `afterFlush` empties. */
export function stageOf({ stage }: RestQuestion, subject: Vector["subject"]): string {
  return stage ?? (subject === "http-api" ? "$default" : STAGE);
}

export function flatHeaders(question: RestQuestion): string[] {
  return Object.entries(question.headers ?? {}).flatMap(([name, values]) =>
    (typeof values === "string" ? [values] : values).flatMap((value) => [name, value]),
  );
}

export function bodyOf({ body = "" }: RestQuestion): Buffer {
  if (typeof body === "object" && "base64" in body) return Buffer.from(body.base64, "base64");
  return Buffer.from(longText(body));
}

export function restAnswer(
  status: number,
  raw: RawHeaders,
  content: Buffer,
  record: unknown,
  log: string | undefined,
): RestAnswer {
  const headers: Record<string, string> = {};
  const casing: Record<string, string> = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    casing[name] = raw[at] as string;
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${raw[at + 1]}` : (raw[at + 1] as string);
  }
  const body = content.toString("utf8");
  const bodyBase64 = content.toString("base64");
  const [json, logJson] = [parsed(body), parsed(log)];
  return { status, headers, casing, body, bodyBytes: content.length, bodyBase64, json, record, log, logJson };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

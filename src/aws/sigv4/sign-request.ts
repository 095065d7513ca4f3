import { hash } from "node:crypto";
import { formatAmzDate } from "./amz-date.ts";
import {
  CanonicalHeaders,
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  compareTexts,
  encodeText,
  readQuery,
  stringToSign,
} from "./canonical-request.ts";
import { ALGORITHM, MAX_EXPIRES_SECONDS } from "./judge-claim.ts";
import { ALGORITHM_PARAMETER, SIGNATURE_PARAMETER, TOKEN_PARAMETER } from "./parse-presigned.ts";
import type { SignedRequest, SigningCredential } from "./signature-verdict.ts";
import { SigningKeys } from "./signing-keys.ts";

export interface SigningOptions {
  readonly region: string;
  /** E.g. `execute-api`. */
  readonly service: string;
  readonly nowMs: number;
  /** Where the signature goes: an Authorization header, or the query of a presigned URL. */
  readonly form: "header" | "query";
  /** Of the query form; default 900, as JavaScript's signer has it (C). */
  readonly expiresSeconds?: number;
  /**
   * Signed besides host, X-HTTP-Method-Override, content-type and `x-amz-*`; of the query form besides the first two. Those
   * that are absent are left out.
   */
  readonly signedHeaders?: readonly string[];
  /** Kept between calls by who signs much. */
  readonly signingKeys?: SigningKeys;
}

const DEFAULT_EXPIRES_SECONDS = 900;
/** Replaced where a request has them from an earlier signing. */
const SIGNING_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);
/** What chooses the API and the method. */
const ALWAYS_SIGNED: ReadonlySet<string> = new Set(["host", "x-http-method-override"]);
const SIGNING_PARAMETERS: ReadonlySet<string> = new Set([
  ALGORITHM_PARAMETER,
  SIGNATURE_PARAMETER,
  TOKEN_PARAMETER,
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
]);

/**
 * The request with a SigV4 signature, made by the code that verifies them. Method, path and body stay as they are, and a
 * signature that is there already is replaced. Throws a RangeError for a request without Host or a lifetime that AWS
 * would refuse.
 *
 *     signRequest({ method: "GET", target: "/prod/pets", headers: ["Host", host], body: Buffer.alloc(0) }, credential,
 *       { region: "us-east-1", service: "execute-api", nowMs: Date.now(), form: "header" })
 */
export function signRequest(
  request: SignedRequest,
  credential: SigningCredential,
  options: SigningOptions,
): SignedRequest {
  const sent = unsigned(request);
  if (new CanonicalHeaders(sent.headers).get("host") === undefined)
    throw new RangeError("a request is signed with its Host header");
  return options.form === "header" ? signInHeader(sent, credential, options) : signInQuery(sent, credential, options);
}

function signInHeader(request: SignedRequest, credential: SigningCredential, options: SigningOptions): SignedRequest {
  const { accessKeyId, sessionToken } = credential;
  const dateTime = formatAmzDate(options.nowMs);
  const headers = [...request.headers, "X-Amz-Date", dateTime];
  if (sessionToken !== undefined) headers.push("X-Amz-Security-Token", sessionToken);
  headers.push("X-Amz-Content-Sha256", hash("sha256", request.body, "hex"));
  const values = new CanonicalHeaders(headers);
  const names = namesToSign(values, options.signedHeaders, true);
  const signed = { ...request, headers };
  const signature = sign(signed, values, names, credential, options);
  const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scopeOf(options)}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...signed, headers: [...headers, "Authorization", authorization] };
}

function signInQuery(request: SignedRequest, credential: SigningCredential, options: SigningOptions): SignedRequest {
  const { accessKeyId, sessionToken } = credential;
  const expiresSeconds = options.expiresSeconds ?? DEFAULT_EXPIRES_SECONDS;
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw new RangeError(`a presigned request lasts 1 to ${MAX_EXPIRES_SECONDS} seconds, not ${expiresSeconds}`);
  }
  const values = new CanonicalHeaders(request.headers);
  const names = namesToSign(values, options.signedHeaders, false);
  const parameters: [name: string, value: string][] = [
    [ALGORITHM_PARAMETER, ALGORITHM],
    ["X-Amz-Credential", `${accessKeyId}/${scopeOf(options)}`],
    ["X-Amz-Date", formatAmzDate(options.nowMs)],
    ["X-Amz-Expires", String(expiresSeconds)],
    ["X-Amz-SignedHeaders", names.join(";")],
  ];
  if (sessionToken !== undefined) parameters.push([TOKEN_PARAMETER, sessionToken]);
  const added = parameters.map(([name, value]) => `${name}=${encodeText(value)}`).join("&");
  const { path, rawQuery } = splitTarget(request.target);
  const signed = { ...request, target: `${path}?${rawQuery === "" ? "" : `${rawQuery}&`}${added}` };
  const signature = sign(signed, values, names, credential, options);
  return { ...signed, target: `${signed.target}&${SIGNATURE_PARAMETER}=${signature}` };
}

function sign(
  request: SignedRequest,
  values: CanonicalHeaders,
  names: readonly string[],
  credential: SigningCredential,
  options: SigningOptions,
): string {
  const { path, rawQuery } = splitTarget(request.target);
  const canonical = canonicalRequest({
    method: request.method,
    path: canonicalPath(path),
    query: canonicalQuery(readQuery(rawQuery)),
    headers: canonicalHeaders(names, values),
    signedHeaders: names.join(";"),
    payloadHash: hash("sha256", request.body, "hex"),
  });
  const dateTime = formatAmzDate(options.nowMs);
  const { region, service, signingKeys = new SigningKeys() } = options;
  const key = signingKeys.of(credential, { date: dateTime.slice(0, 8), region, service });
  return key.sign(stringToSign(dateTime, scopeOf(options), canonical));
}

function scopeOf({ nowMs, region, service }: SigningOptions): string {
  return `${formatAmzDate(nowMs).slice(0, 8)}/${region}/${service}/aws4_request`;
}

function namesToSign(values: CanonicalHeaders, more: readonly string[] = [], signsAll: boolean): readonly string[] {
  const wanted = new Set(more.map((name) => name.toLowerCase()));
  return values
    .names()
    .filter(
      (name) =>
        ALWAYS_SIGNED.has(name) ||
        wanted.has(name) ||
        (signsAll && (name === "content-type" || name.startsWith("x-amz-"))),
    )
    .sort(compareTexts);
}

/** Without what an earlier signing added. */
function unsigned(request: SignedRequest): SignedRequest {
  const headers: string[] = [];
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at] as string;
    if (!SIGNING_HEADERS.has(name.toLowerCase())) headers.push(name, request.headers[at + 1] as string);
  }
  const { path, rawQuery } = splitTarget(request.target);
  const pieces = readQuery(rawQuery);
  const kept = pieces.filter(({ name }) => !SIGNING_PARAMETERS.has(name));
  const target =
    kept.length === pieces.length ? request.target : joinTarget(path, kept.map(({ raw }) => raw).join("&"));
  return { ...request, headers, target };
}

function splitTarget(target: string): { readonly path: string; readonly rawQuery: string } {
  const question = target.indexOf("?");
  return question < 0
    ? { path: target, rawQuery: "" }
    : { path: target.slice(0, question), rawQuery: target.slice(question + 1) };
}

function joinTarget(path: string, rawQuery: string): string {
  return rawQuery === "" ? path : `${path}?${rawQuery}`;
}

import { createHash, createHmac } from "node:crypto";
import type { SigningCredential } from "../../src/aws/sigv4/signature-verdict.ts";
import { bodyOf, flatHeaders, type RestQuestion } from "./rest-question.ts";

/**
 * How a step signs its request. The signer is the harness's own, written from AWS's description: one that shared the
 * judge's canonical request would agree with it about anything.
 */
export interface Signing extends Omit<Caller, "name"> {
  /** A user of the project, or `role/NAME` for a new session; of another account with `ACCOUNT/` before it. */
  readonly as: string;
  /** Default `header`. */
  readonly form?: "header" | "query";
  /** Seconds from the gateway's clock, default 0. */
  readonly at?: number;
  readonly region?: string;
  readonly service?: string;
  /** Instead of the caller's own: a wrong one. */
  readonly secret?: string;
  /** Instead of the caller's own, null to leave it out. */
  readonly sessionToken?: string | null;
  /** Default: host, and what the request has of content-type and x-amz-…. */
  readonly signedHeaders?: readonly string[];
  /** Of the query form, default 900. */
  readonly expires?: number;
  /** Instead of the hash of the body, e.g. `UNSIGNED-PAYLOAD`. */
  readonly payload?: string;
  /** Sends x-amz-content-sha256, signed. */
  readonly contentSha256?: boolean;
  /** What is sent instead of what was signed. */
  readonly tamper?: Pick<Partial<RestQuestion>, "method" | "path" | "headers" | "body">;
}

/** A user by name, or a session of `role/NAME` that begins now; of another account, `ACCOUNT/NAME` and `ACCOUNT/role/NAME`. */
export interface Caller {
  readonly name: string;
  /** Default `conformance`. */
  readonly sessionName?: string;
  /** A document that limits the session further. */
  readonly sessionPolicy?: unknown;
  /** A session that ended so long ago; `in-process` only. */
  readonly endedSeconds?: number;
  /** A session that an identity pool gave out, its provider and user made up; `in-process` only. */
  readonly ofIdentityPool?: boolean;
}

export type CredentialOf = (caller: Caller) => SigningCredential | Promise<SigningCredential>;

/** Where the request goes, as the client writes it. */
interface Address {
  readonly host: string;
  /** The whole target for a path inside the stage. */
  readonly targetOf: (question: RestQuestion) => string;
}

const PLACE = /\$\{(now|today|key:([^}]+?))([+-]\d+)?\}/g;

/**
 * The question with the times and access keys in place of `${now}`, `${now-600}`, `${today}` and `${key:NAME}` in its
 * headers and path, and signed if it says so.
 */
export async function withSignature(
  question: RestQuestion,
  nowMs: number,
  credentialOf: CredentialOf,
  address: Address,
): Promise<RestQuestion> {
  const filled = await withPlaces(question, nowMs, credentialOf);
  const { sign } = filled;
  if (sign === undefined) return filled;
  const credential = await credentialOf({ ...sign, name: sign.as });
  const signed = sign.form === "query" ? inQuery(filled, sign) : inHeader(filled, sign);
  const { tamper = {} } = sign;
  return { ...signed, ...tamper, headers: { ...signed.headers, ...tamper.headers } };

  function inHeader(asked: RestQuestion, signing: Signing): RestQuestion {
    const date = dateTime(nowMs + (signing.at ?? 0) * 1000);
    const token = tokenOf(signing, credential);
    const headers = {
      ...asked.headers,
      "X-Amz-Date": date,
      ...(token !== undefined && { "X-Amz-Security-Token": token }),
      ...(signing.contentSha256 && { "X-Amz-Content-Sha256": payloadOf(asked, signing) }),
    };
    const { scope, names, signature } = compute({ ...asked, headers }, signing, date);
    const parts = [
      `Credential=${credential.accessKeyId}/${scope}`,
      `SignedHeaders=${names.join(";")}`,
      `Signature=${signature}`,
    ];
    return { ...asked, headers: { ...headers, Authorization: `AWS4-HMAC-SHA256 ${parts.join(", ")}` } };
  }

  function inQuery(asked: RestQuestion, signing: Signing): RestQuestion {
    const date = dateTime(nowMs + (signing.at ?? 0) * 1000);
    const token = tokenOf(signing, credential);
    const parameters = {
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": `${credential.accessKeyId}/${scopeOf(signing, date)}`,
      "X-Amz-Date": date,
      "X-Amz-Expires": String(signing.expires ?? 900),
      "X-Amz-SignedHeaders": signedNames(asked, signing).join(";"),
      ...(token !== undefined && { "X-Amz-Security-Token": token }),
    };
    const query = Object.entries(parameters).map(([name, value]) => `${name}=${encode(value)}`);
    const path = `${asked.path}${asked.path.includes("?") ? "&" : "?"}${query.join("&")}`;
    const { signature } = compute({ ...asked, path }, signing, date);
    return { ...asked, path: `${path}&X-Amz-Signature=${signature}` };
  }

  function compute(asked: RestQuestion, signing: Signing, date: string) {
    const scope = scopeOf(signing, date);
    const names = signedNames(asked, signing);
    const [path = "/", query = ""] = address.targetOf(asked).split(/\?(.*)/s, 2);
    const sent = ["Host", asked.domain ?? address.host, ...flatHeaders(asked)];
    const canonical = [
      asked.method,
      canonicalPath(path),
      canonicalQuery(query),
      ...names.map((name) => `${name}:${valuesOf(sent, name)}`),
      "",
      names.join(";"),
      payloadOf(asked, signing),
    ].join("\n");
    const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
    let key: Buffer = Buffer.from(`AWS4${signing.secret ?? credential.secretAccessKey}`);
    for (const part of scope.split("/")) key = hmac(key, part);
    return { scope, names, signature: hmac(key, toSign).toString("hex") };
  }
}

async function withPlaces(question: RestQuestion, nowMs: number, credentialOf: CredentialOf): Promise<RestQuestion> {
  const text = JSON.stringify([question.path, question.headers ?? {}]);
  const keys = new Map<string, string>();
  for (const [, , name] of text.matchAll(PLACE)) {
    if (name !== undefined) keys.set(name, (await credentialOf({ name })).accessKeyId);
  }
  const [path, headers] = JSON.parse(
    text.replaceAll(PLACE, (_, what: string, name: string | undefined, seconds = "0") => {
      if (name !== undefined) return keys.get(name) ?? "";
      const date = dateTime(nowMs + Number(seconds) * 1000);
      return what === "today" ? date.slice(0, 8) : date;
    }),
  );
  return { ...question, path, headers };
}

function tokenOf({ sessionToken }: Signing, credential: SigningCredential): string | undefined {
  return sessionToken === undefined ? credential.sessionToken : (sessionToken ?? undefined);
}

function scopeOf({ region = "us-east-1", service = "execute-api" }: Signing, date: string): string {
  return `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
}

function signedNames(asked: RestQuestion, { signedHeaders }: Signing): readonly string[] {
  const names = Object.keys(asked.headers ?? {}).map((name) => name.toLowerCase());
  return signedHeaders ?? ["host", ...names.filter((name) => /^(?:content-type|x-amz-.*)$/.test(name))].sort();
}

function payloadOf(asked: RestQuestion, { payload }: Signing): string {
  return payload ?? sha256(bodyOf(asked));
}

function valuesOf(headers: readonly string[], wanted: string): string {
  const values = headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === wanted);
  return values.map((value) => value.trim().replace(/ +/g, " ")).join(",");
}

/** Encoded as it stands, which doubles what was encoded already. */
function canonicalPath(path: string): string {
  return path.split("/").map(encode).join("/");
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", value = ""] = pair.split(/=(.*)/s, 2);
      return `${encode(decode(name))}=${encode(decode(value))}`;
    });
  return pairs.sort().join("&");
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `YYYYMMDDTHHMMSSZ` */
function dateTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import aws4 from "aws4";

/** What `credentialsOf` gives and a signer needs. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Unsigned {
  readonly method?: string;
  /** Names and values in turn; Host is added. */
  readonly headers?: readonly string[];
  readonly body?: string;
  /** When it is signed; now by default. */
  readonly date?: Date;
  readonly region?: string;
  /** Instead of the URL's own: what the client believes it speaks to. */
  readonly host?: string;
}

/** Ready for `ask(url, signed)`. */
export interface Signed {
  readonly url: string;
  readonly method: string;
  /** Path and query as they go over the wire. */
  readonly target: string;
  readonly headers: readonly string[];
  readonly body?: string;
}

/** With the signer of AWS's SDK for JavaScript, which signs path and query as they are in the URL. */
export async function signedBySdk(key: KeyPair, url: string, unsigned: Unsigned = {}): Promise<Signed> {
  const { method = "GET", body, date, host } = unsigned;
  const { origin, target, path, query, urlHost } = parts(url);
  const { headers } = await sdkSigner(key, unsigned).sign(
    {
      method,
      protocol: "http:",
      hostname: urlHost,
      path,
      query,
      headers: { ...toRecord(unsigned.headers), host: host ?? urlHost },
      ...(body !== undefined && { body }),
    },
    date && { signingDate: date },
  );
  return { url: origin, method, target, headers: toList(headers), ...(body !== undefined && { body }) };
}

/** The same as a link: everything in the query, valid for `expiresIn` seconds. */
export async function presignedBySdk(
  key: KeyPair,
  url: string,
  expiresIn: number,
  unsigned: Unsigned = {},
): Promise<Signed> {
  const { method = "GET", date, host } = unsigned;
  const { origin, path, query, urlHost } = parts(url);
  const request = { method, protocol: "http:", hostname: urlHost, path, query, headers: { host: host ?? urlHost } };
  const signed = await sdkSigner(key, unsigned).presign(request, { expiresIn, ...(date && { signingDate: date }) });
  const pairs = Object.entries(signed.query ?? {}).flatMap(([name, value]) =>
    [value ?? ""].flat().map((one) => `${encode(name)}=${encode(one)}`),
  );
  return { url: origin, method, target: `${path}?${pairs.join("&")}`, headers: ["Host", host ?? urlHost] };
}

/** With aws4, a signer that many use without the SDK. */
export function signedByAws4(key: KeyPair, url: string, { region = "us-east-1", ...unsigned }: Unsigned = {}): Signed {
  const { method = "GET", body } = unsigned;
  const { origin, target, urlHost } = parts(url);
  const signed = aws4.sign(
    {
      service: "execute-api",
      region,
      host: unsigned.host ?? urlHost,
      method,
      path: target,
      headers: toRecord(unsigned.headers),
      ...(body !== undefined && { body }),
    },
    key,
  );
  const headers = Object.entries((signed.headers ?? {}) as Record<string, string>)
    .filter(([name]) => name.toLowerCase() !== "content-length")
    .flatMap(([name, value]) => [name, String(value)]);
  return { url: origin, method, target: signed.path ?? target, headers, ...(body !== undefined && { body }) };
}

/** The same request with one header replaced, or, without a value, taken away. */
export function withHeader<Request extends Signed>(request: Request, name: string, value?: string): Request {
  const kept = request.headers.flatMap((text, at) =>
    at % 2 === 0 && text.toLowerCase() !== name.toLowerCase() ? [text, request.headers[at + 1] ?? ""] : [],
  );
  return { ...request, headers: value === undefined ? kept : [...kept, name, value] };
}

export function headerOf({ headers }: Signed, name: string): string {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name.toLowerCase());
  return headers[at + 1] ?? "";
}

function sdkSigner(credentials: KeyPair, { region = "us-east-1" }: Unsigned): SignatureV4 {
  return new SignatureV4({ service: "execute-api", region, credentials, sha256: Sha256 });
}

/** By hand: a URL object would tidy up the path. */
function parts(url: string) {
  const [, origin = "", urlHost = "", target = ""] = /^(https?:\/\/([^/?]+))(.*)$/.exec(url) ?? [];
  const [path = "", rawQuery] = target.split(/\?(.*)/s);
  const query: Record<string, string[]> = {};
  for (const piece of rawQuery?.split("&") ?? []) {
    const [name = "", value = ""] = piece.split(/=(.*)/s);
    query[decode(name)] = [...(query[decode(name)] ?? []), decode(value)];
  }
  return { origin, urlHost, target, path, query };
}

const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

function toRecord(list: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ""]] : [])));
}

function toList(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).flat();
}

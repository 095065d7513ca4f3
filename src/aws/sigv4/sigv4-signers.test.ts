import { execFile, execFileSync } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import aws4 from "aws4";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bareRequest, HOST, KEY, NOW_MS, SESSION, verify } from "../../../test/sigv4-samples.ts";
import { canonicalPath, canonicalQuery, readQuery } from "./canonical-request.ts";
import type { SignedRequest, SigningCredential } from "./signature-verdict.ts";

/*
 * The cases of AWS's public test suite by name, with requests of our own as they go over the wire (the suite's are not
 * encoded), and the canonical line each is about.
 */
interface SuiteCase {
  readonly name: string;
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly text?: string;
  readonly path?: string;
  readonly query?: string;
}

const CASES: readonly SuiteCase[] = [
  { name: "get-vanilla", target: "/", path: "/", query: "" },
  { name: "get-vanilla-query", target: "/?Param1=value1", query: "Param1=value1" },
  { name: "get-vanilla-empty-query-key", target: "/?Param1=", query: "Param1=" },
  {
    name: "get-vanilla-query-order-key",
    target: "/?Param1=value2&Param1=Value1",
    query: "Param1=Value1&Param1=value2",
  },
  { name: "get-vanilla-query-order-key-case", target: "/?b=1&B=2&a=3", query: "B=2&a=3&b=1" },
  { name: "get-vanilla-query-order-value", target: "/?p=value2&p=value1", query: "p=value1&p=value2" },
  {
    name: "get-vanilla-query-order-encoded",
    target: "/?Param-3=a&Param=b&%E1%88%B4=c&Param_=d",
    query: "%E1%88%B4=c&Param=b&Param-3=a&Param_=d",
  },
  { name: "get-vanilla-query-unreserved", target: "/?-._~09AZaz=-._~09AZaz", query: "-._~09AZaz=-._~09AZaz" },
  { name: "get-vanilla-utf8-query", target: "/?%E1%88%B4=bar", query: "%E1%88%B4=bar" },
  { name: "get-unreserved", target: "/-._~0123456789ABCXYZabcxyz", path: "/-._~0123456789ABCXYZabcxyz" },
  { name: "get-utf8", target: "/%E1%88%B4", path: "/%25E1%2588%25B4" },
  {
    name: "get-header-key-duplicate",
    target: "/",
    headers: ["My-Header1", "value2", "My-Header1", "value2", "My-Header1", "value1"],
  },
  { name: "get-header-value-order", target: "/", headers: ["My-Header1", "4", "My-Header1", "1", "My-Header1", "3"] },
  { name: "get-header-value-trim", target: "/", headers: ["My-Header1", " value1 ", "My-Header2", ' "a   b   c"'] },
  { name: "post-vanilla", method: "POST", target: "/" },
  { name: "post-vanilla-query", method: "POST", target: "/?Param1=value1" },
  { name: "post-vanilla-empty-query-value", method: "POST", target: "/?Param1", query: "Param1=" },
  { name: "post-header-key-sort", method: "POST", target: "/", headers: ["My-Header1", "value1", "Accept", "*/*"] },
  { name: "post-header-key-case", method: "POST", target: "/", headers: ["MY-HEADER1", "value1"] },
  { name: "post-header-value-case", method: "POST", target: "/", headers: ["My-Header1", "VALUE1"] },
  {
    name: "post-x-www-form-urlencoded",
    method: "POST",
    target: "/",
    headers: ["Content-Type", "application/x-www-form-urlencoded"],
    text: "Param1=value1",
  },
  {
    name: "post-x-www-form-urlencoded-parameters",
    method: "POST",
    target: "/",
    headers: ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"],
    text: "Param1=value1",
  },
  { name: "normalize-path/get-slash", target: "//", path: "/" },
  { name: "normalize-path/get-slashes", target: "//example//", path: "/example/" },
  { name: "normalize-path/get-relative", target: "/example/..", path: "/" },
  { name: "normalize-path/get-relative-relative", target: "/example1/example2/../..", path: "/" },
  { name: "normalize-path/get-slash-dot-slash", target: "/./", path: "/" },
  { name: "normalize-path/get-slash-pointless-dot", target: "/./example", path: "/example" },
  { name: "normalize-path/get-space", target: "/example%20space/", path: "/example%2520space/" },
  { name: "normalize-path/get-special-characters", target: "/example/$delete", path: "/example/%24delete" },
  { name: "escaped slash", target: "/prod/mypath%2Fnext", path: "/prod/mypath%252Fnext" },
  { name: "plus in the path", target: "/prod/a+b", path: "/prod/a%2Bb" },
];

function requestOf({ method = "GET", target, headers = [], text = "" }: SuiteCase): SignedRequest {
  return bareRequest({ method, target, headers: ["Host", HOST, ...headers], text });
}

/** What a signer that takes an object of headers and one of the query is given. */
function asObjects({ target, headers }: SignedRequest) {
  const [path = "", rawQuery = ""] = target.split("?");
  const fields: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase();
    fields[name] = name in fields ? `${fields[name]},${headers[at + 1]}` : headers[at + 1]!;
  }
  const query: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    if (!Object.hasOwn(query, name)) query[name] = [];
    query[name]!.push(value);
  }
  return { path, rawQuery, fields, query };
}

/** A signer's new headers beside those that were sent: repeated ones stay repeated. */
function withNew(request: SignedRequest, signed: Readonly<Record<string, unknown>>): SignedRequest {
  const sent = new Set(request.headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
  const added = Object.entries(signed).filter(([name]) => !sent.has(name.toLowerCase()));
  return { ...request, headers: [...request.headers, ...added.flatMap(([name, value]) => [name, String(value)])] };
}

test.each(CASES)("$name has the canonical path and query", ({ target, path, query }) => {
  const [wirePath = "", rawQuery = ""] = target.split("?");
  if (path !== undefined) expect(canonicalPath(wirePath)).toBe(path);
  if (query !== undefined) expect(canonicalQuery(readQuery(rawQuery))).toBe(query);
});

describe.each([
  ["a long-lived key", KEY],
  ["a session", SESSION],
] as const)("@smithy/signature-v4 with %s", (_, credential) => {
  const signer = new SignatureV4({
    credentials: credential,
    region: "us-east-1",
    service: "execute-api",
    sha256: Sha256,
  });
  const signingDate = new Date(NOW_MS);

  test.each(CASES)("signs $name in the header", async (each) => {
    const request = requestOf(each);
    const { path, fields, query } = asObjects(request);
    const signed = await signer.sign(
      {
        method: request.method,
        protocol: "https:",
        hostname: HOST,
        path,
        query,
        headers: fields,
        body: each.text ?? "",
      },
      { signingDate },
    );
    expect(verify(withNew(request, signed.headers))).toMatchObject({ ok: true, form: "header" });
  });

  test.each(CASES)("presigns $name", async (each) => {
    const request = requestOf(each);
    const { path, fields, query, rawQuery } = asObjects(request);
    const signed = await signer.presign(
      {
        method: request.method,
        protocol: "https:",
        hostname: HOST,
        path,
        query,
        headers: fields,
        body: each.text ?? "",
      },
      { signingDate, hoistableHeaders: new Set() },
    );
    const added = Object.entries(signed.query ?? {})
      .filter(([name]) => name.startsWith("X-Amz-"))
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    const target = `${path}?${[rawQuery, ...added].filter((piece) => piece !== "").join("&")}`;
    expect(verify({ ...request, target })).toMatchObject({ ok: true, form: "query" });
  });
});

/** aws4 takes a path as wire text; it signs a form's charset and every header it is given. */
describe.each([
  ["a long-lived key", KEY],
  ["a session", SESSION],
] as const)("aws4 with %s", (_, credential: SigningCredential) => {
  const sign = (each: SuiteCase, signQuery: boolean) => {
    const request = requestOf(each);
    const { fields } = asObjects(request);
    const signed = aws4.sign(
      {
        method: request.method,
        host: HOST,
        path: request.target,
        service: "execute-api",
        region: "us-east-1",
        headers: { ...fields, ...(signQuery ? {} : { "X-Amz-Date": "20150830T123600Z" }) },
        body: each.text ?? "",
        ...(signQuery && { signQuery: true }),
      },
      credential,
    );
    return { request, signed };
  };

  test.each(CASES)("signs $name in the header", (each) => {
    const { request, signed } = sign(each, false);
    expect(
      verify(withNew({ ...request, target: signed.path ?? "" }, signed.headers as Record<string, unknown>)),
    ).toMatchObject({
      ok: true,
      form: "header",
    });
  });

  test.each(CASES.filter(({ headers, text }) => headers === undefined && text === undefined))(
    "presigns $name",
    (each) => {
      const { request, signed } = sign(each, true);
      const date = /X-Amz-Date=(\d{8}T\d{6}Z)/.exec(signed.path ?? "")![1]!;
      const nowMs = Date.parse(date.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z"));
      // It signs at the present time, and only there.
      const credentialNow = { ...credential, expiresAtMs: nowMs + 1 };
      const verdict = verify(
        withNew({ ...request, target: signed.path ?? "" }, signed.headers as Record<string, unknown>),
        {
          nowMs,
          find: () => credentialNow,
        },
      );
      expect(verdict).toMatchObject({ ok: true, form: "query" });
    },
  );
});

const hasCurl = supportsSigV4();
if (!hasCurl) console.warn("curl --aws-sigv4 is not compared: this machine has no curl that knows it");

function supportsSigV4(): boolean {
  try {
    return execFileSync("curl", ["--help", "all"], { encoding: "utf8" }).includes("--aws-sigv4");
  } catch {
    return false;
  }
}

/**
 * curl signs the path and query as they are sent, neither encoded once more nor sorted (8.x learned both in part): it
 * agrees where the canonical form is the wire form, and elsewhere it is told which mistake it made.
 */
describe.runIf(hasCurl)("curl --aws-sigv4", () => {
  const received: SignedRequest[] = [];
  const server = createServer(async (incoming: IncomingMessage, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    received.push({
      method: incoming.method!,
      target: incoming.url!,
      headers: incoming.rawHeaders,
      body: Buffer.concat(chunks),
    });
    outgoing.end();
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  async function signedByCurl(target: string, options: readonly string[] = []): Promise<SignedRequest> {
    const { port } = server.address() as AddressInfo;
    const args = ["--silent", "--show-error", "--path-as-is", "--globoff", "--max-time", "10", "--noproxy", "*"];
    args.push("--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", `${KEY.accessKeyId}:${KEY.secretAccessKey}`);
    await promisify(execFile)("curl", [...args, ...options, `http://127.0.0.1:${port}${target}`]);
    return received.pop()!;
  }

  test.each([
    ["/prod/pets", []],
    ["/prod/pets/", []],
    ["/prod/pets?a=1&b=2", []],
    ["/prod/pets", ["--data", '{"name":"Rex"}', "--header", "Content-Type: application/json"]],
    ["/prod/pets/1", ["--request", "DELETE"]],
    ["/prod/-._~09AZaz", []],
  ])("agrees on %s %j", async (target, options) => {
    expect(verify(await signedByCurl(target, options), { nowMs: Date.now() })).toMatchObject({ ok: true });
  });

  test("an escape in the path is signed once or twice, by its version: both are recognised", async () => {
    const verdict = verify(await signedByCurl("/prod/a%20b"), { nowMs: Date.now() });
    if (verdict.ok) return;
    expect(verdict.mismatch?.inferred).toEqual([expect.stringContaining("the path was encoded once")]);
  });

  test("an unsorted query is sorted or not, by its version: both are recognised", async () => {
    const verdict = verify(await signedByCurl("/prod/pets?b=2&a=1"), { nowMs: Date.now() });
    if (verdict.ok) return;
    expect(verdict.mismatch?.inferred).toEqual([expect.stringContaining("in the order of the URL")]);
  });
});

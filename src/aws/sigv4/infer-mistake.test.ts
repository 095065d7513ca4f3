import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { bareRequest, DATE, HOST, KEY, SCOPE, verify, withHeader } from "../../../test/sigv4-samples.ts";
import { type CanonicalParts, canonicalRequest, EMPTY_BODY_HASH, stringToSign } from "./canonical-request.ts";
import { MAX_TRIED_CHARACTERS } from "./infer-mistake.ts";
import type { SignedRequest } from "./signature-verdict.ts";
import { SigningKeys } from "./signing-keys.ts";

/** What a client signed, and what it sent. */
function infer(
  signed: Partial<CanonicalParts>,
  sent: Parameters<typeof bareRequest>[0] = {},
  signedHeaders = "host;x-amz-date",
) {
  const host = sent?.headers?.[1] ?? HOST;
  const parts: CanonicalParts = {
    method: sent.method ?? "GET",
    path: "/prod/pets",
    query: "",
    headers: `host:${host}\nx-amz-date:${DATE}\n`,
    signedHeaders,
    payloadHash: hash("sha256", sent.text ?? ""),
    ...signed,
  };
  const key = new SigningKeys().of(KEY, { date: DATE.slice(0, 8), region: "us-east-1", service: "execute-api" });
  const signature = key.sign(stringToSign(DATE, SCOPE, canonicalRequest(parts)));
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/${SCOPE}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  const request: SignedRequest = withHeader(
    withHeader(bareRequest(sent), "X-Amz-Date", DATE),
    "Authorization",
    authorization,
  );
  const verdict = verify(request);
  return verdict.ok ? "accepted" : (verdict.mismatch?.inferred ?? verdict.reason);
}

const prefixed = { target: "/_aws/execute-api/abc123/prod/a%20b" };

test.each<
  [name: string, signed: Partial<CanonicalParts>, sent: Parameters<typeof bareRequest>[0], expected: readonly string[]]
>([
  [
    "encoded once",
    { path: "/prod/a%20b" },
    { target: "/prod/a%20b" },
    ["the path was encoded once: encode each segment of the path that is sent once more"],
  ],
  [
    "decoded",
    { path: "/prod/%40x" },
    { target: "/prod/%40x" },
    ["the path was encoded once: encode each segment of the path that is sent once more"],
  ],
  [
    "decoded and encoded",
    { path: "/prod/a%2Bb" },
    { target: "/prod/a%2bb" },
    ["the path was signed decoded and encoded once"],
  ],
  [
    "not normalised",
    { path: "/prod//p%40ts" },
    { target: "/prod//p@ts" },
    ["the path was not normalised before signing"],
  ],
  ["as sent", { path: "/prod//p@ts" }, { target: "/prod//p@ts" }, ["the path was signed as sent"]],
  ["slash", { path: "/prod/pets/" }, {}, ["the path was signed with a final slash"]],
  ["no slash", { path: "/prod/pets" }, { target: "/prod/pets/" }, ["the path was signed without its final slash"]],
  ["without stage", { path: "/pets" }, {}, ['the path was signed without "/prod" at its beginning']],
  [
    "without prefix",
    { path: "/prod/a%2520b" },
    prefixed,
    ['the path was signed without "/_aws/execute-api/abc123" at its beginning'],
  ],
  [
    "without prefix, encoded once",
    { path: "/a%20b" },
    prefixed,
    ['the path was signed without "/_aws/execute-api/abc123/prod" at its beginning, and encoded once'],
  ],
  ["unsigned payload", { payloadHash: "UNSIGNED-PAYLOAD" }, { text: "x" }, ["the body was signed as UNSIGNED-PAYLOAD"]],
  ["empty body", { payloadHash: EMPTY_BODY_HASH }, { text: "x" }, ["the body was signed as empty"]],
  [
    "unsorted",
    { query: "b=1&a=2" },
    { target: "/prod/pets?b=1&a=2" },
    ["the query was signed in the order of the URL, not sorted"],
  ],
  ["no query", { query: "" }, { target: "/prod/pets?b=1&a=2" }, ["the query was not signed"]],
  [
    "raw query",
    { query: "b=a/b&a=2" },
    { target: "/prod/pets?b=a/b&a=2" },
    ["the query was signed as sent, not encoded"],
  ],
  [
    "sorted raw query",
    { query: "a=2&b=a/b" },
    { target: "/prod/pets?b=a/b&a=2" },
    ["the query was signed sorted and not encoded"],
  ],
  [
    "plus",
    { query: "a=1%2B2&b=c%2Fd" },
    { target: "/prod/pets?b=c/d&a=1+2" },
    ["a + in the query was signed as %2B, it means a blank"],
  ],
  [
    "no port",
    { headers: `host:h\nx-amz-date:${DATE}\n` },
    { headers: ["Host", "h:4566"] },
    ['the host was signed as "h", the request has "h:4566"'],
  ],
  [
    "port",
    { headers: `host:h:443\nx-amz-date:${DATE}\n` },
    { headers: ["Host", "h"] },
    ['the host was signed as "h:443", the request has "h"'],
  ],
  [
    "forwarded",
    { headers: `host:public\nx-amz-date:${DATE}\n` },
    { headers: ["Host", "h", "X-Forwarded-Host", "public"] },
    ['the host was signed as "public", the request has "h"'],
  ],
  ["method", { method: "GET" }, { method: "HEAD" }, ['the method was signed as "GET"']],
  [
    "override",
    { method: "PATCH" },
    { method: "POST", headers: ["Host", HOST, "X-HTTP-Method-Override", "PATCH"] },
    ['the method was signed as "PATCH"'],
  ],
  ["another secret", { payloadHash: "x" }, {}, []],
])("%s", (_, signed, sent, expected) => {
  expect(infer(signed, sent)).toEqual(expected);
});

test("a list of headers out of order that was signed in this order", () => {
  expect(infer({ headers: `x-amz-date:${DATE}\nhost:${HOST}\n` }, {}, "x-amz-date;host")).toEqual([
    "SignedHeaders is not in lower case, in order and without repetition",
    "the headers were signed in the order and case of SignedHeaders",
  ]);
});

test("headers that were lost are named, so many and no more", () => {
  const lost = Array.from({ length: 10 }, (_, at) => `a${at}`).join(";");
  expect(infer({}, {}, `${lost};host;x-amz-date`)).toEqual([
    "a0, a1, a2, a3, a4, a5, a6, a7 and 2 more signed and not in the request: lost on the way, or never sent",
  ]);
});

test("a request that is long is not tried, so that no caller makes it costly", () => {
  const path = (characters: number): string => `/prod/${"p".repeat(characters)}`;
  const found = (characters: number) => infer({ path: `${path(characters)}/` }, { target: path(characters) });
  expect(found(MAX_TRIED_CHARACTERS - 1_000)).toEqual(["the path was signed with a final slash"]);
  expect(found(MAX_TRIED_CHARACTERS)).toEqual([]);
  expect(MAX_TRIED_CHARACTERS).toBe(8_192);
});

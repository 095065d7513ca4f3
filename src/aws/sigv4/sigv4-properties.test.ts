import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bareRequest,
  DATE,
  HOST,
  headerOf,
  KEY,
  NOW_MS,
  SESSION,
  SIGNING,
  verify,
  withHeader,
} from "../../../test/sigv4-samples.ts";
import { canonicalPath, canonicalQuery, readQuery } from "./canonical-request.ts";
import { type SigningOptions, signRequest } from "./sign-request.ts";
import type { SignedRequest, SigningCredential } from "./signature-verdict.ts";

const RUNS = { numRuns: 200 };

const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
const trick = fc.constantFrom(
  "%",
  "%2",
  "%2F",
  "%2f",
  "%25",
  "%252F",
  "%00",
  "%FF",
  "%zz",
  "+",
  "//",
  "/./",
  "/../",
  "/..",
  ".",
  "~",
  ";",
  "|",
  "&",
  "=",
  "==",
);
const wireText = (without: RegExp) =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: printable }, trick), { maxLength: 24 })
    .map((parts) => parts.join("").replace(without, ""));
const path = wireText(/[?#]/g).map((text) => `/${text}`);
const query = fc.oneof(fc.constant(undefined), wireText(/#/g));
const headerValue = fc
  .array(
    fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const headerName = fc.constantFrom("Content-Type", "X-One", "x-two", "X-THREE", "Cookie", "Accept", "X-Amz-Meta");
const headers = fc
  .array(fc.tuple(headerName, headerValue), { maxLength: 6 })
  .map((pairs) => ["Host", HOST, ...pairs.flat()]);
const bare = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"),
    path,
    query,
    headers,
    body: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  })
  .map(
    ({ path, query, ...rest }): SignedRequest => ({ ...rest, target: query === undefined ? path : `${path}?${query}` }),
  );
const signing = fc.record({
  form: fc.constantFrom("header", "query"),
  credential: fc.constantFrom(KEY, SESSION),
  signedHeaders: fc.subarray(["x-one", "x-two", "x-three", "cookie", "accept"]),
});

interface Signed {
  readonly request: SignedRequest;
  readonly credential: SigningCredential;
}

const signed = fc.tuple(bare, signing).map(([request, { credential, form, signedHeaders }]): Signed => {
  const options: SigningOptions = { ...SIGNING, form: form as SigningOptions["form"], signedHeaders };
  return { request: signRequest(request, credential, options), credential };
});

test("a signed request is accepted, whatever its path, query, headers and body, in both forms", () => {
  fc.assert(
    fc.property(signed, ({ request, credential }) => {
      expect(verify(request)).toMatchObject({ ok: true, credential });
    }),
    { numRuns: 700 },
  );
});

/** Replaces one character by another one. */
function changeAt(text: string, at: number, to: string): string {
  const index = at % text.length;
  return text.slice(0, index) + (text[index] === to ? (to === "x" ? "y" : "x") : to) + text.slice(index + 1);
}

/** The same in AWS's eyes: `//` for `/`, `%41` for `A` in a query. Nothing else may be exchanged. */
function isSameTarget(one: string, other: string): boolean {
  const parts = (target: string): string => {
    const [path = "", ...rest] = target.split("?");
    return `${canonicalPath(path)}?${canonicalQuery(readQuery(rest.join("?")))}`;
  };
  return parts(one) === parts(other);
}

test("a changed byte of path or query is not accepted, but for what is the same path or query", () => {
  fc.assert(
    fc.property(signed, fc.nat(), printable, ({ request }, at, to) => {
      const target = `/${changeAt(request.target.slice(1) || "x", at, to)}`;
      fc.pre(!isSameTarget(target, request.target));
      expect(verify({ ...request, target }).ok).toBe(false);
    }),
    { numRuns: 700 },
  );
});

test("another method, another body, another host, a changed or dropped signed header are not accepted", () => {
  fc.assert(
    fc.property(signed, fc.nat(), ({ request }, at) => {
      expect(verify({ ...request, method: request.method === "GET" ? "POST" : "GET" }).ok).toBe(false);
      expect(verify({ ...request, body: Buffer.concat([request.body, Buffer.from("x")]) }).ok).toBe(false);
      const verdict = verify(request);
      if (!verdict.ok) throw new Error(verdict.message);
      const name = verdict.signedHeaders[at % verdict.signedHeaders.length]!;
      expect(verify(withHeader(request, name, undefined)).ok, name).toBe(false);
      expect(verify(withHeader(request, name, `${headerOf(request, name)}x`)).ok, name).toBe(false);
      expect(verify({ ...request, headers: [...request.headers, name, "x"] }).ok, name).toBe(false);
    }),
    RUNS,
  );
});

test("another secret, region, service or day is not accepted", () => {
  fc.assert(
    fc.property(signed, ({ request, credential }) => {
      expect(
        verify(request, { find: () => ({ ...credential, secretAccessKey: `${credential.secretAccessKey}x` }) }).ok,
      ).toBe(false);
      expect(verify(request, { region: "us-east-2" }).ok).toBe(false);
      expect(verify(request, { service: "s3" }).ok).toBe(false);
      expect(verify(request, { nowMs: NOW_MS + 86_400_000 }).ok).toBe(false);
      expect(verify(request, { nowMs: NOW_MS - 86_400_000 }).ok).toBe(false);
    }),
    RUNS,
  );
});

test("a changed byte of the Authorization header is not accepted", () => {
  fc.assert(
    fc.property(bare, fc.nat(), printable, (request, at, to) => {
      const sent = signRequest(request, KEY, SIGNING);
      const authorization = headerOf(sent, "authorization");
      const changed = changeAt(authorization, at, to);
      // What stands between the parameters may be a comma, a blank or both, as anywhere.
      fc.pre(changed.split(/[ ,]+/).join(" ") !== authorization.split(/[ ,]+/).join(" "));
      expect(verify(withHeader(sent, "authorization", changed)).ok).toBe(false);
    }),
    { numRuns: 700 },
  );
});

const parameterText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    "",
    "host",
    "AKIDEXAMPLE",
    `AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request`,
    "0".repeat(64),
    DATE,
    "Host;date",
    ";;;",
    "__proto__",
    "constructor",
  ),
);
const garbage = fc.record({
  authorization: fc.option(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(
          fc.tuple(fc.constantFrom("Credential", "SignedHeaders", "Signature", "credential", "", "X"), parameterText),
          { maxLength: 8 },
        )
        .map((pairs) => `AWS4-HMAC-SHA256 ${pairs.map(([name, value]) => `${name}=${value}`).join(", ")}`),
    ),
  ),
  query: fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.tuple(
          fc.constantFrom("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token"),
          parameterText,
        ),
        { maxLength: 10 },
      )
      .map((pairs) =>
        ["X-Amz-Algorithm=AWS4-HMAC-SHA256", ...pairs.map(([name, value]) => `X-Amz-${name}=${value}`)].join("&"),
      ),
    fc.constant(""),
  ),
  headers: fc.array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom("X-Amz-Date", DATE, "Host", "x-amz-security-token", "Date", "X-Amz-Content-Sha256"),
    ),
    { maxLength: 9 },
  ),
  method: fc.string({ maxLength: 6 }),
  path: fc.string({ unit: "binary", maxLength: 30 }),
});

test("garbage is never accepted, never throws, and always has a reason and AWS's answer", () => {
  fc.assert(
    fc.property(
      garbage,
      fc.constantFrom("current", "before-2023"),
      ({ authorization, query, headers, method, path }, wording) => {
        const request = bareRequest({
          method,
          target: `${path}?${query}`,
          headers: authorization === null ? headers : ["Authorization", authorization, "X-Amz-Date", DATE, ...headers],
        });
        const verdict = verify(request, { wording: wording as "current" });
        if (verdict.ok) throw new Error("accepted");
        expect(verdict.reason).toMatch(/^[a-z_]+$/);
        expect(verdict.error.errorType).toMatch(/Exception$/);
      },
    ),
    { numRuns: 1_500 },
  );
});

test("a good signature with parameters repeated or put in another order: in the header the last counts, in the query the first", () => {
  const sent = signRequest(bareRequest(), KEY, SIGNING);
  const authorization = headerOf(sent, "authorization");
  const [scheme = "", ...parameters] = authorization.split(/,? /);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(parameters, { minLength: 3 }),
      fc.constantFrom(...parameters),
      (order, repeated) => {
        const wrong = `${repeated.split("=")[0]}=wrong`;
        const good = withHeader(sent, "authorization", `${scheme} ${[wrong, ...order].join(",")}`);
        expect(verify(good).ok).toBe(true);
        expect(verify(withHeader(sent, "authorization", `${scheme} ${[...order, wrong].join(",")}`)).ok).toBe(false);
      },
    ),
  );
  const { target } = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" });
  const [path, rawQuery = ""] = target.split("?");
  fc.assert(
    fc.property(
      fc.shuffledSubarray(rawQuery.split("&"), { minLength: 6 }),
      fc.constantFrom("Credential", "Date", "Signature", "Expires"),
      (order, name) => {
        expect(verify(bareRequest({ target: `${path}?${order.join("&")}` })).ok).toBe(true);
        // Whichever counts, the signature covers both.
        expect(verify(bareRequest({ target: `${path}?X-Amz-${name}=1&${order.join("&")}` })).ok).toBe(false);
        expect(verify(bareRequest({ target: `${path}?${order.join("&")}&X-Amz-${name}=1` })).ok).toBe(false);
      },
    ),
  );
});

import { hash } from "node:crypto";
import { expect, test } from "vitest";
import {
  bareRequest,
  DATE,
  HOST,
  headerOf,
  KEY,
  SCOPE,
  SESSION,
  SIGNING,
  signedRequest,
  verify,
} from "../../../test/sigv4-samples.ts";
import { signRequest } from "./sign-request.ts";

test("in the header: host, content-type and x-amz-* are signed, more on request, and the rest stays as it was", () => {
  const headers = ["Host", HOST, "Content-Type", "text/plain", "Accept", "*/*", "X-Amz-Meta", "m", "X-Other", "o"];
  const bare = bareRequest({ method: "POST", target: "/prod/a%20b?x=1", headers, text: "body" });
  const signed = signRequest(bare, SESSION, { ...SIGNING, signedHeaders: ["Accept", "absent"] });
  expect(signed).toMatchObject({ method: "POST", target: bare.target, body: bare.body });
  expect(signed.headers.slice(0, -2)).toEqual([
    ...headers,
    ...["X-Amz-Date", DATE, "X-Amz-Security-Token", SESSION.sessionToken],
    ...["X-Amz-Content-Sha256", hash("sha256", "body")],
  ]);
  expect(headerOf(signed, "authorization")).toMatch(
    new RegExp(
      `^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/${SCOPE}, SignedHeaders=accept;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta;x-amz-security-token, Signature=[0-9a-f]{64}$`,
    ),
  );
});

test("makes the signature that others make", () => {
  expect(headerOf(signedRequest(), "authorization")).toMatch(
    /838217b2adbfd3efd66deaf0ea3959dd600ff842d23e86b098576616615e4f48$/,
  );
  expect(signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" }).target).toMatch(
    /&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=0a861384903ec7ccc21c98969d38ef25dda7cc4a594684ad83284e15674965c1$/,
  );
});

test("replaces an earlier signature, in either form", () => {
  const again = { ...SIGNING, nowMs: SIGNING.nowMs + 60_000 };
  const inHeader = signRequest(signRequest(signedRequest(), SESSION, SIGNING), KEY, again);
  expect(inHeader).toEqual(signRequest(bareRequest(), KEY, again));
  const presigned = signRequest(bareRequest({ target: "/prod/pets?a=+" }), SESSION, { ...SIGNING, form: "query" });
  const inQuery = signRequest(presigned, KEY, { ...again, form: "query", expiresSeconds: 1 });
  expect(inQuery.target).toMatch(/^\/prod\/pets\?a=\+&X-Amz-Algorithm=/);
  expect(verify(inQuery, { nowMs: again.nowMs }).ok).toBe(true);
  expect(signRequest(signRequest(bareRequest(), SESSION, { ...SIGNING, form: "query" }), KEY, SIGNING)).toEqual(
    signedRequest(),
  );
});

test("will not sign without Host, or for a lifetime that AWS refuses", () => {
  expect(() => signRequest(bareRequest({ headers: [] }), KEY, SIGNING)).toThrow(RangeError);
  for (const expiresSeconds of [0, 604_801, 1.5, Number.NaN]) {
    expect(() => signRequest(bareRequest(), KEY, { ...SIGNING, form: "query", expiresSeconds })).toThrow(RangeError);
  }
});

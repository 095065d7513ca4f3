import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  bareRequest,
  DATE,
  HOST,
  headerOf,
  KEY,
  NOW_MS,
  SCOPE,
  SESSION,
  SIGNING,
  signedRequest,
  verify,
  withHeader,
} from "../../../test/sigv4-samples.ts";
import { SIGNATURE_REASONS } from "./reasons.ts";
import { signRequest } from "./sign-request.ts";
import type { SignedRequest, SigningCredential } from "./signature-verdict.ts";

const authorized = (signedHeaders: string, signature: string, credential = `${KEY.accessKeyId}/${SCOPE}`): string =>
  `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;

describe("signatures that two other signers made of the same requests", () => {
  const WITH_HASH = "host;x-amz-content-sha256;x-amz-date";
  const JSON_TYPE = ["Content-Type", "application/json"];
  test.each([
    ["/prod/pets", WITH_HASH, "838217b2adbfd3efd66deaf0ea3959dd600ff842d23e86b098576616615e4f48"],
    ["/prod/pets", "host;x-amz-date", "c054015bb7165e49359e83bdb87ed6979ee61a9edec9af831e2ac98672763f64"],
    ["/prod/pets/a%20b%2Fc", WITH_HASH, "0fe5e30b3e53f5d15da018b9e595deae88a5fa71079567c23ad3f76ed8395714"],
    ["/prod/pets/a%20b%2Fc", "host;x-amz-date", "3029a41d9326f4d2320d0e77aa1ce952126adeb238ce553507139329a47e08e6"],
    ["/prod/pets?b=2+3&a=y&a=x&%24f=", WITH_HASH, "da4cb1883ce2e4a1d1147838453370c2f895ed9d001700de77d2a056f503f661"],
  ])("GET %s signing %s", (target, signedHeaders, signature) => {
    const headers = ["Host", HOST, "X-Amz-Date", DATE, "Authorization", authorized(signedHeaders, signature)];
    if (signedHeaders === WITH_HASH) headers.push("x-amz-content-sha256", hash("sha256", ""));
    expect(verify(bareRequest({ target, headers }))).toEqual({
      ok: true,
      credential: KEY,
      form: "header",
      scope: { date: "20150830", region: "us-east-1", service: "execute-api" },
      signedHeaders: signedHeaders.split(";"),
      signedAtMs: NOW_MS,
    });
  });

  test("POST with a body to @connections", () => {
    const text = '{"x":1}';
    const signature = "e9cd4467d2123254bf98ed250046191af9b3e21e301ac6b3d0d8a5ff680e7740";
    const headers = ["Host", HOST, ...JSON_TYPE, "X-Amz-Date", DATE, "X-Amz-Content-Sha256", hash("sha256", text)];
    headers.push("Authorization", authorized(`content-type;${WITH_HASH}`, signature));
    const request = bareRequest({ method: "POST", target: "/prod/@connections/abc=", headers, text });
    expect(verify(request).ok).toBe(true);
    expect(verify({ ...request, body: Buffer.from('{"x":2}') }).ok).toBe(false);
  });

  const presigned = (signature: string): SignedRequest =>
    bareRequest({
      target: `/prod/pets?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F${SCOPE.replaceAll("/", "%2F")}&X-Amz-Date=${DATE}&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`,
    });

  test("presigned GET over the hash of no body", () => {
    const signature = "0a861384903ec7ccc21c98969d38ef25dda7cc4a594684ad83284e15674965c1";
    expect(verify(presigned(signature))).toMatchObject({ ok: true, form: "query", signedHeaders: ["host"] });
    expect(verify({ ...presigned(signature), body: Buffer.from("x") }).ok).toBe(false);
  });

  test("presigned GET over UNSIGNED-PAYLOAD is refused, and says so", () => {
    const verdict = verify(presigned("8e1a095982323266ed2f502f8c620dd78e10aa32b32a269d0d8c6da23b9d3cf3"));
    expect(verdict).toMatchObject({
      ok: false,
      reason: "payload_unsigned",
      actual: "UNSIGNED-PAYLOAD",
      expected: hash("sha256", ""),
      error: { errorType: "InvalidSignatureException" },
    });
  });
});

describe("AWS's order of checks: with everything wrong, mending one mistake shows the next", () => {
  const EXPIRED = "20150830T123059Z";
  const wrongScope = "20150829/eu-west-1/s3/aws4";
  const steps: readonly [reason: string, authorization: string | undefined, date: string | undefined][] = [
    ["signature_missing", undefined, undefined],
    ["authorization_not_key_value", "AWS4-X Credential=a, oops", undefined],
    ["authorization_incomplete", "AWS4-X Credential=a", undefined],
    ["authorization_incomplete", "AWS4-X Credential=a, SignedHeaders=a, Signature=x", undefined],
    ["signature_algorithm_unsupported", "AWS4-X Credential=a, SignedHeaders=a, Signature=x", "x"],
    ["host_not_signed", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=a, Signature=x", "x"],
    ["signature_date_malformed", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", "x"],
    ["signature_expired", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", EXPIRED],
    ["signature_not_yet_current", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", "20150830T124101Z"],
    ["credential_malformed", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=x", DATE],
    ["credential_scope_wrong", authorized("host", "x", `ASIANOBODY/${wrongScope}`), DATE],
    ["session_token_invalid", authorized("host", "x", `ASIANOBODY/${SCOPE}`), DATE],
    ["access_key_unknown", authorized("host", "x", `AKIANOBODY/${SCOPE}`), DATE],
    ["signature_mismatch", authorized("host", "x"), DATE],
  ];
  test.each(steps)("in the header: %s", (reason, authorization, date) => {
    const headers = ["Host", HOST];
    if (authorization !== undefined) headers.push("Authorization", authorization);
    if (date !== undefined) headers.push("X-Amz-Date", date);
    expect(verify(bareRequest({ headers }))).toMatchObject({ ok: false, reason });
  });

  const SIGNED = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Signature=x&X-Amz-SignedHeaders=host`;
  const querySteps: readonly [reason: string, query: string][] = [
    ["query_signature_incomplete", "X-Amz-Algorithm=AWS4-X&X-Amz-Credential=a&X-Amz-Expires=0"],
    ["signature_algorithm_unsupported", `${SIGNED.replace("HMAC-SHA256", "X")}&X-Amz-Date=x&X-Amz-Expires=0`],
    ["host_not_signed", `${SIGNED.replace("=host", "=a")}&X-Amz-Date=x&X-Amz-Expires=0`],
    ["signature_date_malformed", `${SIGNED}&X-Amz-Date=x&X-Amz-Expires=0`],
    ["presigned_expires_invalid", `${SIGNED}&X-Amz-Date=${EXPIRED}&X-Amz-Expires=0`],
    ["signature_expired", `${SIGNED}&X-Amz-Date=${EXPIRED}&X-Amz-Expires=1`],
    ["credential_malformed", `${SIGNED}&X-Amz-Date=${DATE}&X-Amz-Expires=1`],
  ];
  test.each(querySteps)("in the query: %s", (reason, query) => {
    expect(verify(bareRequest({ target: `/prod/pets?${query}` }))).toMatchObject({ ok: false, reason });
  });

  const sessionSteps: readonly [reason: string, token: string | undefined, known: SigningCredential | undefined][] = [
    ["session_token_invalid", undefined, undefined],
    ["access_key_unknown", "x", undefined],
    ["session_token_invalid", "x", SESSION],
    ["session_expired", SESSION.sessionToken, { ...SESSION, expiresAtMs: 0 }],
    ["signature_mismatch", SESSION.sessionToken, SESSION],
  ];
  test.each(sessionSteps)("of a session: %s", (reason, token, known) => {
    const authorization = authorized("host", "x", `${SESSION.accessKeyId}/${SCOPE}`);
    const headers = ["Host", HOST, "Authorization", authorization, "X-Amz-Date", DATE];
    const request = withHeader(bareRequest({ headers }), "X-Amz-Security-Token", token);
    expect(verify(request, { find: () => known })).toMatchObject({ ok: false, reason });
  });

  test("the table has the reasons in this order", () => {
    const table = Object.keys(SIGNATURE_REASONS);
    for (const some of [steps, querySteps, sessionSteps]) {
      // A session's token is looked at before its key and after it.
      const places = [...new Set(some.map(([reason]) => table.indexOf(reason)))];
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      expect(places).not.toContain(-1);
    }
  });
});

describe("AWS's texts", () => {
  const errorOf = (request: SignedRequest, options = {}) => {
    const verdict = verify(request, options);
    return verdict.ok ? "accepted" : `${verdict.error.errorType}: ${verdict.error.message}`;
  };
  const dated = (date: string): SignedRequest => withHeader(signedRequest(), "x-amz-date", date);
  const scoped = (scope: string): SignedRequest =>
    withHeader(signedRequest(), "authorization", authorized("host", "x", `AKIDEXAMPLE/${scope}`));

  test("of what stands before a signature", () => {
    expect(errorOf(bareRequest())).toBe("MissingAuthenticationTokenException: Missing Authentication Token");
    expect(errorOf(withHeader(signedRequest(), "authorization", authorized("date", "x")))).toBe(
      "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    expect(errorOf(scoped("a/b"))).toBe(
      "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/a/b'",
    );
  });

  test("of dates: what is no ISO-8601 basic format, what is old, what is early", () => {
    expect(errorOf(dated("2015-08-30T12:36:00Z"))).toBe(
      "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See http://en.wikipedia.org/wiki/ISO_8601",
    );
    expect(errorOf(dated("20150830T123059Z"))).toBe(
      "InvalidSignatureException: Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)",
    );
    expect(errorOf(dated("20150830T124101Z"))).toBe(
      "InvalidSignatureException: Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z (20150830T123600Z + 5 min.)",
    );
  });

  test("of scopes: all that is wrong in one, region and service with their blank", () => {
    expect(errorOf(scoped("20150830/eu-west-1/execute-api/aws4_request"))).toBe(
      "InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'. ",
    );
    expect(errorOf(scoped("20150829/eu-west-1/s3/aws5"))).toBe(
      "InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'. Credential should be scoped to correct service: 'execute-api'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'.",
    );
  });

  test("of a signature that does not match: both blocks in full", () => {
    const body = { method: "POST", text: "{}", headers: ["Host", HOST, "Content-Type", "application/json"] };
    const request = withHeader(signedRequest(body), "host", "other.example");
    const hashed = hash("sha256", "{}");
    const canonical = `POST\n/prod/pets\n\ncontent-type:application/json\nhost:other.example\nx-amz-content-sha256:${hashed}\nx-amz-date:${DATE}\n\ncontent-type;host;x-amz-content-sha256;x-amz-date\n${hashed}`;
    expect(errorOf(request)).toBe(
      `InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n${DATE}\n${SCOPE}\n${hash("sha256", canonical)}'\n`,
    );
  });

  test("of keys and tokens", () => {
    const unrecognized = "UnrecognizedClientException: The security token included in the request is invalid.";
    expect(errorOf(signedRequest(), { find: () => undefined })).toBe(unrecognized);
    const ofSession = signRequest(bareRequest(), SESSION, SIGNING);
    expect(errorOf(withHeader(ofSession, "x-amz-security-token", "another"))).toBe(unrecognized);
    expect(errorOf(ofSession, { find: () => ({ ...SESSION, expiresAtMs: NOW_MS }) })).toBe(
      "ExpiredTokenException: The security token included in the request is expired",
    );
  });
});

describe("the clock", () => {
  test.each([
    [-300_000, true],
    [-301_000, false],
    [300_999, true],
    [301_000, false],
  ])("%i ms away is %s", (skewMs, isGood) => {
    expect(verify(signedRequest(), { nowMs: NOW_MS + skewMs }).ok).toBe(isGood);
  });

  test("a clock that is no number refuses", () => {
    expect(verify(signedRequest(), { nowMs: Number.NaN })).toMatchObject({ ok: false, reason: "signature_expired" });
  });

  test("X-Amz-Date comes before Date, and two of them are none", () => {
    const request = signedRequest();
    expect(verify(withHeader(request, "Date", "nonsense")).ok).toBe(true);
    const twice = { ...request, headers: [...request.headers, "X-Amz-Date", DATE] };
    expect(verify(twice)).toMatchObject({ ok: false, reason: "signature_date_malformed" });
  });

  test("Date alone will do", () => {
    const dated = withHeader(bareRequest(), "Date", DATE);
    const request = withHeader(
      signRequest(dated, KEY, { ...SIGNING, signedHeaders: ["date"] }),
      "x-amz-date",
      undefined,
    );
    // Signed with X-Amz-Date, which is gone: found, and refused for the header that is missing.
    expect(verify(request)).toMatchObject({ ok: false, reason: "signature_mismatch" });
  });

  test("a presigned request lives as long as it says", () => {
    const request = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query", expiresSeconds: 3_600 });
    expect(verify(request, { nowMs: NOW_MS + 3_600_000 }).ok).toBe(true);
    expect(verify(request, { nowMs: NOW_MS + 3_601_000 })).toMatchObject({ reason: "signature_expired" });
    expect(verify(request, { nowMs: NOW_MS - 301_000 })).toMatchObject({ reason: "signature_not_yet_current" });
  });

  test.each(["0", "-1", "604801", "1.5", "", "1e3", "NaN", "9".repeat(400)])(
    "X-Amz-Expires=%s is refused",
    (expires) => {
      const { target } = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" });
      expect(
        verify(bareRequest({ target: target.replace("X-Amz-Expires=900", `X-Amz-Expires=${expires}`) })),
      ).toMatchObject({
        ok: false,
        reason: "presigned_expires_invalid",
        error: { errorType: "IncompleteSignatureException" },
      });
    },
  );
});

describe("session tokens", () => {
  const inHeader = signRequest(bareRequest(), SESSION, SIGNING);
  const inQuery = signRequest(bareRequest(), SESSION, { ...SIGNING, form: "query" });

  test("are good signed, and good appended after signing", () => {
    expect(verify(inHeader).ok).toBe(true);
    expect(verify(inQuery).ok).toBe(true);
    const { sessionToken = "", ...long } = SESSION;
    expect(verify(withHeader(signRequest(bareRequest(), long, SIGNING), "X-Amz-Security-Token", sessionToken)).ok).toBe(
      true,
    );
    const { target } = signRequest(bareRequest(), long, { ...SIGNING, form: "query" });
    const appended = `${target}&X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`;
    expect(verify(bareRequest({ target: appended })).ok).toBe(true);
    expect(verify(bareRequest({ target: `${appended}&X-Amz-Security-Token=x` })).ok).toBe(false);
  });

  test.each([undefined, "", "undefined", "null", "another"])("%j for a session's key is refused", (token) => {
    const verdict = verify(withHeader(inHeader, "x-amz-security-token", token));
    expect(verdict).toMatchObject({ ok: false, reason: "session_token_invalid" });
    expect(JSON.stringify(verdict)).not.toContain("another");
  });

  test("with a long-lived key, twice, or in two places are refused", () => {
    const invalid = { ok: false, reason: "session_token_invalid" };
    expect(verify(withHeader(signedRequest(), "x-amz-security-token", "x"))).toMatchObject(invalid);
    const token = SESSION.sessionToken!;
    const twice = { ...inHeader, headers: [...inHeader.headers, "X-Amz-Security-Token", token] };
    expect(verify(twice)).toMatchObject(invalid);
    expect(verify(withHeader(inQuery, "x-amz-security-token", "x"))).toMatchObject(invalid);
  });

  test("a key that is found without its token, or with an end that is no time, is refused", () => {
    const { sessionToken: _, ...tokenless } = SESSION;
    expect(verify(inHeader, { find: () => tokenless }).ok).toBe(false);
    expect(verify(inHeader, { find: () => ({ ...SESSION, expiresAtMs: Number.NaN }) }).ok).toBe(false);
  });
});

describe("the body", () => {
  test("is hashed whatever x-amz-content-sha256 says", () => {
    const request = signedRequest({ method: "POST", text: "paid: 1" });
    expect(verify(request).ok).toBe(true);
    expect(verify({ ...request, body: Buffer.from("paid: 2") })).toMatchObject({
      ok: false,
      reason: "signature_mismatch",
    });
  });

  test.each(["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])(
    "%s is refused by name",
    (mark) => {
      const verdict = verify(withHeader(signedRequest({ text: "x" }), "x-amz-content-sha256", mark));
      expect(verdict).toMatchObject({ ok: false, reason: "payload_unsigned", actual: mark });
    },
  );

  test("a declared hash that is not the body's is refused though nobody signed it", () => {
    const signedWithout = withHeader(
      bareRequest({ headers: ["Host", HOST, "X-Amz-Date", DATE] }),
      "authorization",
      authorized("host;x-amz-date", "c054015bb7165e49359e83bdb87ed6979ee61a9edec9af831e2ac98672763f64"),
    );
    expect(verify(signedWithout).ok).toBe(true);
    expect(verify(withHeader(signedWithout, "x-amz-content-sha256", hash("sha256", "y"))).ok).toBe(false);
    expect(verify(withHeader(signedWithout, "x-amz-content-sha256", hash("sha256", "").toUpperCase())).ok).toBe(false);
  });
});

describe("what is signed", () => {
  test("a header signed and taken away, even an empty one, is missed", () => {
    const request = signRequest(withHeader(bareRequest(), "X-Empty", ""), KEY, {
      ...SIGNING,
      signedHeaders: ["x-empty"],
    });
    expect(verify(request).ok).toBe(true);
    expect(verify(withHeader(request, "x-empty", undefined))).toMatchObject({
      ok: false,
      mismatch: {
        inferred: [expect.stringContaining("x-empty signed and not in the request"), "x-empty signed as empty"],
      },
    });
  });

  test.each([
    "x-amz-date;host;x-amz-content-sha256",
    "host;host;x-amz-content-sha256;x-amz-date",
    "Host;x-amz-content-sha256;x-amz-date",
    ";host;x-amz-content-sha256;x-amz-date",
    "host;x-amz-content-sha256;x-amz-date;",
  ])("SignedHeaders %j is not the canonical list, and refused whatever was signed", (list) => {
    const request = signedRequest();
    const changed = headerOf(request, "authorization").replace("host;x-amz-content-sha256;x-amz-date", list);
    expect(verify(withHeader(request, "authorization", changed))).toMatchObject({
      ok: false,
      reason: "signature_mismatch",
      mismatch: { inferred: [expect.stringContaining("SignedHeaders is not in lower case")] },
    });
  });

  test(":authority stands for Host", () => {
    const request = signedRequest();
    const verdict = verify(withHeader(request, "authorization", authorized(":authority;x-amz-date", "0".repeat(64))));
    expect(verdict).toMatchObject({
      ok: false,
      mismatch: { canonicalRequest: expect.stringContaining(`\n:authority:${HOST}\n`) },
    });
  });

  test("a signature in capitals, of another length or of look-alike letters is none", () => {
    const request = signedRequest();
    const authorization = headerOf(request, "authorization");
    const signature = authorization.slice(-64);
    const lookAlike = [...signature].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100)).join("");
    for (const other of [signature.toUpperCase(), signature.slice(1), `${signature}0`, "", lookAlike]) {
      expect(verify(withHeader(request, "authorization", authorization.replace(signature, other))).ok, other).toBe(
        false,
      );
    }
  });

  test("header and query signature at once are refused", () => {
    const { target } = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" });
    expect(verify({ ...signedRequest(), target })).toMatchObject({ ok: false, reason: "signature_twice" });
    expect(verify(withHeader(bareRequest({ target }), "authorization", ""))).toMatchObject({
      reason: "signature_twice",
    });
  });

  test("SigV4A is refused by name", () => {
    const authorization = headerOf(signedRequest(), "authorization").replace(
      "AWS4-HMAC-SHA256",
      "AWS4-ECDSA-P256-SHA256",
    );
    expect(verify(withHeader(signedRequest(), "authorization", authorization))).toMatchObject({
      reason: "signature_algorithm_unsupported",
      actual: "AWS4-ECDSA-P256-SHA256",
      error: { message: "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'." },
    });
  });

  test("in the query form only the first signature is left out", () => {
    const { target } = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" });
    expect(verify(bareRequest({ target })).ok).toBe(true);
    expect(verify(bareRequest({ target: `${target}&X-Amz-Signature=x` })).ok).toBe(false);
  });

  test("in the header form X-Amz-Signature of the query is signed like the rest", () => {
    const request = signedRequest({ target: "/prod/pets?X-Amz-Signature=one" });
    expect(verify(request).ok).toBe(true);
    expect(verify({ ...request, target: "/prod/pets?X-Amz-Signature=two" }).ok).toBe(false);
  });
});

describe("what may be recorded", () => {
  test("of a mismatch: security token, cookies and unknown values are masked, the client's error is whole", () => {
    const headers = ["Host", HOST, "Cookie", "sid=cookie-secret", "X-Amz-Meta", "meta-secret"];
    const target = "/prod/pets?access_token=query-secret&flag=";
    const sent = signRequest(bareRequest({ headers, target }), SESSION, { ...SIGNING, signedHeaders: ["cookie"] });
    const verdict = verify({ ...sent, method: "DELETE" });
    if (verdict.ok || verdict.mismatch === undefined) throw new Error("accepted");
    const { error, ...recorded } = verdict;
    expect(verdict.mismatch.canonicalRequest).toContain("access_token=[masked]&flag=\n");
    expect(verdict.mismatch.canonicalRequest).toContain(`host:${HOST}\n`);
    for (const secret of ["cookie-secret", "meta-secret", "query-secret", "session-token", "session/secret"]) {
      expect(JSON.stringify(recorded)).not.toContain(secret);
    }
    expect(error.message).toContain("cookie:sid=cookie-secret\n");
  });

  test("a secret sent in place of the key id is in no message", () => {
    for (const secret of [KEY.secretAccessKey, "abcd/efgh", "abcdefghijklmnopqrstuvwxyz0123456789ABCD"]) {
      const verdict = verify(
        withHeader(signedRequest(), "authorization", authorized("host", "x", `${secret}/${SCOPE}`)),
      );
      if (verdict.ok) throw new Error("accepted");
      const { error: _, ...recorded } = verdict;
      expect(JSON.stringify(recorded)).not.toContain(secret);
      expect(JSON.stringify(recorded)).not.toContain(secret.split("/").at(-1));
    }
  });
});

import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sampleRequest } from "../../../test/rest-api-samples.ts";
import { refuseAsUnsigned } from "./signature-refusal.ts";

const EVIDENCE = {
  unsigned: { reason: "iam_unsigned", message: "unsigned" },
  notSigV4: { reason: "iam_bearer_token", message: "no signature" },
  signed: "unknown key",
} as const;
const MALFORMED = (header: string): string =>
  `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hash("sha256", header, "base64")}'.`;

function refuse(headers: readonly string[], rawQuery = "") {
  const { responseType, wire, evidence } = refuseAsUnsigned(sampleRequest({ headers, rawQuery }), EVIDENCE);
  return { responseType, ...wire, reason: evidence.reason, said: evidence.message };
}

test("without credentials it is a missing token (R)", () => {
  expect(refuse([])).toEqual({
    responseType: "MISSING_AUTHENTICATION_TOKEN",
    reason: "iam_unsigned",
    said: "unsigned",
  });
});

describe("an Authorization header that is no signature (C)", () => {
  test.each(["Bearer a.b.c", "Bearer a.b.c, d=e", "Basic dXNlcg", "a b c"])(
    "%s: a piece without an equal sign, told by its digest only",
    (header) => {
      const refused = refuse(["Authorization", header]);
      expect(refused).toMatchObject({
        errorType: "IncompleteSignatureException",
        message: MALFORMED(header),
        reason: "iam_bearer_token",
      });
      expect(JSON.stringify(refused)).not.toContain(header);
    },
  );

  test.each(["token", "", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 "])(
    "%j: nothing after the first word, so every parameter is missing",
    (header) => {
      expect(refuse(["Authorization", header])).toMatchObject({
        errorType: "IncompleteSignatureException",
        message: `Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=${hash("sha256", header, "base64")}`,
      });
    },
  );

  test("a date in either header is found, and what is missing is named in AWS's order", () => {
    for (const date of ["X-Amz-Date", "Date"]) {
      const { message } = refuse(["Authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=b", date, "x"]);
      expect(message).toMatch(/^Authorization header requires 'SignedHeaders' parameter\. \(Hashed/);
    }
  });

  test("of several headers the last one is read", () => {
    expect(refuse(["Authorization", "a=b", "authorization", "Bearer x"]).message).toBe(MALFORMED("Bearer x"));
  });
});

describe("a complete signature lets nobody in: no key is known", () => {
  const refused = {
    responseType: "DEFAULT_4XX",
    status: 403,
    errorType: "UnrecognizedClientException",
    reason: "iam_unknown_key",
    said: "unknown key",
  };

  test("in the header", () => {
    const header = "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0";
    expect(refuse(["Authorization", header, "X-Amz-Date", "x"])).toMatchObject(refused);
  });

  test("in the query", () => {
    const names = ["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"];
    expect(refuse([], names.map((name) => `X-Amz-${name}=x`).join("&"))).toMatchObject(refused);
  });
});

test("an incomplete signature in the query names what is missing, and no header", () => {
  expect(refuse([], "X-Amz-Algorithm=x&X-Amz-Date=x")).toMatchObject({
    errorType: "IncompleteSignatureException",
    message:
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
    reason: "iam_unsigned",
  });
});

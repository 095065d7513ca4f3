import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bareRequest, DATE, HOST, signedRequest, verify, withHeader } from "../../../test/sigv4-samples.ts";
import { MAX_AUTHORIZATION_CHARS, MAX_AUTHORIZATION_PARAMETERS } from "./parse-authorization.ts";
import { MAX_SIGNED_HEADERS } from "./signature-claim.ts";
import type { SignatureWording } from "./signature-verdict.ts";

const digest = (text: string): string => hash("sha256", text, "base64");

function refuse(authorization: string, headers: readonly string[] = [], wording: SignatureWording = "current") {
  const request = bareRequest({ headers: ["Host", HOST, "Authorization", authorization, ...headers] });
  const verdict = verify(request, { wording });
  if (verdict.ok) throw new Error("accepted");
  return verdict;
}

const ALL_MISSING =
  "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";

describe("a header that is no signature (C)", () => {
  test.each([
    ["Bearer abc.def.ghi", "abc.def.ghi", "Bearer"],
    ["Bearer a.b.c, d=e", "a.b.c", "Bearer"],
    ["Basic dXNlcg", "dXNlcg", "Basic"],
    ["a b c", "b", "something without a known scheme"],
    ["Authorization: AWS4-HMAC-SHA256, Credential=x", "AWS4-HMAC-SHA256", "something without a known scheme"],
    ["Authorization: AWS4-HMAC-SHA256 Credential=x", "AWS4-HMAC-SHA256", "something without a known scheme"],
    [
      "AWS4-HMAC-SHA256 Credential=not valid/20180109/us-east-1/sts/aws4_request, SignedHeaders=host",
      "valid/20180109/us-east-1/sts/aws4_request",
      "AWS4-HMAC-SHA256",
    ],
    ["AWS4-HMAC-SHA256 Credential=a,", "", "AWS4-HMAC-SHA256"],
  ])("%s: a piece without an equal sign", (authorization, piece, scheme) => {
    const { error, ...recorded } = refuse(authorization);
    expect(recorded).toMatchObject({ reason: "authorization_not_key_value", actual: scheme });
    expect(error).toEqual({
      errorType: "IncompleteSignatureException",
      message: `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${digest(authorization)}'.`,
    });
    expect(refuse(authorization, [], "before-2023").error.message).toBe(
      `'${piece}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`,
    );
  });

  test("the digest is the one that AWS gave for a known header", () => {
    expect(refuse("Bearer abc.def.ghi").error.message).toContain("'UxOF3HMhATMMq+KaaPX3QIBX1wJiIP+fN+V4AUACHEY='");
  });

  test.each(["token", "", "Bearer", "AWS4-HMAC-SHA256", "Basic dXNlcjpwYXNz=="])(
    "%j: every parameter is missing",
    (authorization) => {
      const { error, ...recorded } = refuse(authorization);
      expect(recorded.reason).toBe("authorization_incomplete");
      expect(error).toEqual({
        errorType: "IncompleteSignatureException",
        message: `${ALL_MISSING} (Hashed with SHA-256 and encoded with Base64) Authorization=${digest(authorization)}`,
      });
      expect(refuse(authorization, [], "before-2023").error.message).toBe(
        `${ALL_MISSING} Authorization=${authorization}`,
      );
    },
  );

  test.each([
    "Bearer eyJ.secret",
    "eyJ.secret",
    "Basic secret==",
    "secret=x",
    "eyJsecret Credential=a, SignedHeaders=a, Signature=secret",
  ])("%s: its value is in the answer at most, never in what is recorded", (authorization) => {
    const { error: _, ...recorded } = refuse(authorization, ["X-Amz-Date", DATE], "before-2023");
    expect(JSON.stringify(recorded)).not.toContain("secret");
  });
});

test("what is missing is named in AWS's order, and either date header will do", () => {
  for (const date of ["X-Amz-Date", "Date"]) {
    expect(refuse("AWS4-HMAC-SHA256 Credential=a, Signature=b", [date, "x"]).error.message).toMatch(
      /^Authorization header requires 'SignedHeaders' parameter\. \(Hashed/,
    );
  }
  expect(refuse("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b").error.message).toMatch(
    /^Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header\. \(Hashed/,
  );
});

test("of several headers the last one is read (?)", () => {
  expect(refuse("a=b", ["authorization", "Bearer x"]).error.message).toContain(digest("Bearer x"));
  const request = signedRequest();
  expect(verify({ ...request, headers: ["Authorization", "Bearer x", ...request.headers] }).ok).toBe(true);
  expect(verify({ ...request, headers: [...request.headers, "AUTHORIZATION", "Bearer x"] }).ok).toBe(false);
});

describe("bounds", () => {
  test("a header as long as allowed is read, a longer one is not", () => {
    const fitting = "Bearer ".padEnd(MAX_AUTHORIZATION_CHARS, "x=");
    expect(refuse(fitting).reason).toBe("authorization_incomplete");
    expect(refuse(`${fitting}x`)).toMatchObject({
      reason: "authorization_not_key_value",
      message: `Authorization header has ${MAX_AUTHORIZATION_CHARS + 1} characters, at most ${MAX_AUTHORIZATION_CHARS} are read`,
    });
  });

  test("parameters", () => {
    const many = (count: number) => `AWS4-HMAC-SHA256 ${Array.from({ length: count }, () => "a=b").join(",")}`;
    expect(refuse(many(MAX_AUTHORIZATION_PARAMETERS)).reason).toBe("authorization_incomplete");
    expect(refuse(many(MAX_AUTHORIZATION_PARAMETERS + 1)).reason).toBe("authorization_not_key_value");
  });

  test("signed headers", () => {
    const list = (count: number) => Array.from({ length: count }, (_, at) => `h${at}`).join(";");
    const header = (count: number) => `AWS4-HMAC-SHA256 Credential=a, SignedHeaders=${list(count)}, Signature=b`;
    expect(refuse(header(MAX_SIGNED_HEADERS), ["Date", DATE]).reason).toBe("host_not_signed");
    expect(refuse(header(MAX_SIGNED_HEADERS + 1), ["Date", DATE])).toMatchObject({
      reason: "authorization_incomplete",
      actual: MAX_SIGNED_HEADERS + 1,
    });
  });
});

test("commas with, without and around blanks separate", () => {
  const request = signedRequest();
  const authorization = request.headers.at(-1)!;
  for (const separator of [",", ", ", " , ", ",\t"]) {
    expect(verify(withHeader(request, "authorization", authorization.replaceAll(", ", separator))).ok, separator).toBe(
      true,
    );
  }
});

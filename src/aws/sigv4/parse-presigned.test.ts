import { expect, test } from "vitest";
import { bareRequest, KEY, SIGNING, verify } from "../../../test/sigv4-samples.ts";
import { MAX_PRESIGNED_PARAMETERS } from "./parse-presigned.ts";
import { signRequest } from "./sign-request.ts";
import { MAX_SIGNED_HEADERS } from "./signature-claim.ts";

function refuse(query: string) {
  const verdict = verify(bareRequest({ target: `/prod/pets?${query}` }));
  if (verdict.ok) throw new Error("accepted");
  return verdict;
}

test("all that is missing is named in AWS's order", () => {
  expect(refuse("X-Amz-Algorithm=x&X-Amz-Date=x")).toMatchObject({
    reason: "query_signature_incomplete",
    error: {
      errorType: "IncompleteSignatureException",
      message:
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
    },
  });
});

test("without X-Amz-Algorithm, or with another spelling of it, there is no signature", () => {
  const { target } = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" });
  const query = target.split("?")[1]!;
  expect(refuse(query.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "")).reason).toBe("signature_missing");
  expect(refuse(query.replace("X-Amz-Algorithm", "x-amz-algorithm")).reason).toBe("signature_missing");
  expect(refuse(query.replace("X-Amz-Signature", "x-amz-signature")).reason).toBe("query_signature_incomplete");
});

test("names and values may be escaped in any way: they are read decoded", () => {
  const { target } = signRequest(bareRequest(), KEY, { ...SIGNING, form: "query" });
  const escaped = target.replace("X-Amz-Algorithm", "X%2dAmz%2DAlgorithm").replace("us-east-1", "us%2deast-1");
  expect(verify(bareRequest({ target: escaped })).ok).toBe(true);
});

test("bounds: parameters and signed headers", () => {
  const enough = "X-Amz-Algorithm=x";
  const padding = (count: number) => Array.from({ length: count - 1 }, () => "&a=b").join("");
  expect(refuse(enough + padding(MAX_PRESIGNED_PARAMETERS)).error.message).toContain("X-Amz-Credential");
  expect(refuse(enough + padding(MAX_PRESIGNED_PARAMETERS + 1))).toMatchObject({
    actual: MAX_PRESIGNED_PARAMETERS + 1,
  });
  const list = Array.from({ length: MAX_SIGNED_HEADERS + 1 }, (_, at) => `h${at}`).join("%3B");
  const all = `${enough}&X-Amz-Credential=a&X-Amz-Signature=a&X-Amz-Date=a&X-Amz-SignedHeaders=${list}`;
  expect(refuse(all)).toMatchObject({ reason: "query_signature_incomplete", actual: MAX_SIGNED_HEADERS + 1 });
});

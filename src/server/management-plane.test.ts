import { expect, test } from "vitest";
import { HeaderFields } from "../execute-api/header-fields.ts";
import { answerManagement } from "./management-plane.ts";

const CREDENTIAL =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00";

function ask(headers: readonly string[]) {
  const incoming = {
    method: "GET",
    target: "/restapis",
    httpVersion: "1.1",
    headers,
    body: Buffer.alloc(0),
    sourceIp: "127.0.0.1",
    scheme: "http" as const,
    receivedAtMs: 0,
  };
  return answerManagement(incoming, new HeaderFields(headers));
}

test("a management call is told that it is not served, as AWS's errors are told apart", () => {
  const { status, headers, body } = ask(["Authorization", CREDENTIAL]);
  expect(status).toBe(501);
  expect(headers).toEqual(["Content-Type", "application/json", "x-amzn-ErrorType", "NotImplementedException"]);
  expect(String(body)).toContain("apigateway GET /restapis");
});

test("what is no management call is not found, and is no error of AWS's", () => {
  const { status, headers, body } = ask([]);
  expect(status).toBe(404);
  expect(headers).toEqual(["Content-Type", "application/json"]);
  expect(String(body)).toContain("/_aws/execute-api/");
});

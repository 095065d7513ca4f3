import { describe, expect, test } from "vitest";
import { formatArn, lambdaFunctionArnOf, maskAccount, methodArn, parseArn } from "./arn.ts";

const api = { partition: "aws", region: "us-east-1", accountId: "123456789012", apiId: "abcdef1234", stage: "test" };
const uri = (functionArn: string) =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
const pets = "arn:aws:lambda:us-east-1:123456789012:function:pets";

describe("parseArn", () => {
  test("splits on the first five colons only, so a timestamp in the path survives", () => {
    const text = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/GET/at/2024-01-01T00:00:00Z";
    expect(parseArn(text)?.resource).toBe("abcdef1234/test/GET/at/2024-01-01T00:00:00Z");
    expect(formatArn(parseArn(text)!)).toBe(text);
  });

  test.each(["", "arn", "arn:aws:lambda", "nra:aws:s3:::bucket", "arn:aws:s3::"])(
    "answers undefined for %j",
    (text) => {
      expect(parseArn(text)).toBeUndefined();
    },
  );

  test("empty region and account are allowed, as in S3's ARNs", () => {
    expect(parseArn("arn:aws:s3:::bucket")).toMatchObject({ region: "", accountId: "", resource: "bucket" });
  });
});

describe("methodArn", () => {
  test("has one slash between verb and path, and the root ends in the verb and a slash", () => {
    expect(methodArn({ ...api, method: "GET", path: "/pets/42" })).toBe(
      "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/GET/pets/42",
    );
    expect(methodArn({ ...api, method: "GET", path: "/" })).toMatch(/\/test\/GET\/$/);
  });

  test("leaves further slashes and colons of the path as they are", () => {
    expect(methodArn({ ...api, method: "GET", path: "//a:b" })).toMatch(/\/GET\/\/a:b$/);
  });
});

describe("lambdaFunctionArnOf", () => {
  test("reads the function out of an invocation URI and out of a plain ARN", () => {
    expect(lambdaFunctionArnOf(uri(pets))).toEqual({ functionArn: pets });
    expect(lambdaFunctionArnOf(pets)).toEqual({ functionArn: pets });
  });

  test("separates a version or alias", () => {
    expect(lambdaFunctionArnOf(uri(`${pets}:live`))).toEqual({ functionArn: pets, qualifier: "live" });
  });

  test("keeps a stage variable in the name", () => {
    const written = "arn:aws:lambda:us-east-1:123456789012:function:$" + "{stageVariables.fn}";
    expect(lambdaFunctionArnOf(uri(written))?.functionArn).toBe(written);
  });

  test.each([
    "http://example.com",
    uri(""),
    uri(`${pets}:`),
    uri(`${pets}:live:more`),
    "arn:aws:apigateway:us-east-1:s3:path/2015-03-31/functions/x/invocations",
    uri(pets).replace("/invocations", ""),
  ])("answers undefined for %s", (text) => {
    expect(lambdaFunctionArnOf(text)).toBeUndefined();
  });
});

test("maskAccount leaves the last four digits", () => {
  expect(maskAccount("arn:aws:execute-api:us-east-1:123456781234:abc/test/GET/a:b")).toBe(
    "arn:aws:execute-api:us-east-1:********1234:abc/test/GET/a:b",
  );
});

import { describe, expect, it } from "vitest";
import { sampleDeployment, sampleMatched, sampleRequest } from "../../../test/rest-api-samples.ts";
import type { CompiledIntegration } from "./deployment.ts";
import { traceId } from "./header-rules.ts";
import { authorizerRequestEvent, proxyEvent } from "./proxy-event.ts";

const integration = { type: "AWS_PROXY" } as CompiledIntegration;

describe("the event of a Lambda proxy integration", () => {
  it("has exactly AWS's keys in AWS's order, nulls for what is empty", () => {
    const request = sampleRequest({ headers: ["Host", "petstore.execute-api.localhost"] });
    const event = proxyEvent(request, sampleMatched(integration), {}, sampleDeployment());
    expect(JSON.stringify(event)).toBe(
      JSON.stringify({
        resource: "/pets/{petId}",
        path: "/pets/42",
        httpMethod: "GET",
        headers: {
          Host: "petstore.execute-api.localhost",
          "X-Amzn-Trace-Id": traceId(request),
          "X-Forwarded-For": "203.0.113.7",
          "X-Forwarded-Port": "443",
          "X-Forwarded-Proto": "https",
        },
        multiValueHeaders: {
          Host: ["petstore.execute-api.localhost"],
          "X-Amzn-Trace-Id": [traceId(request)],
          "X-Forwarded-For": ["203.0.113.7"],
          "X-Forwarded-Port": ["443"],
          "X-Forwarded-Proto": ["https"],
        },
        queryStringParameters: null,
        multiValueQueryStringParameters: null,
        pathParameters: null,
        stageVariables: null,
        requestContext: {
          resourceId: "res123",
          resourcePath: "/pets/{petId}",
          httpMethod: "GET",
          extendedRequestId: "abcDEF123456=",
          requestTime: "21/Nov/2026:01:02:03 +0000",
          path: "/test/pets/42",
          accountId: "000000000000",
          protocol: "HTTP/1.1",
          stage: "test",
          domainPrefix: "petstore",
          requestTimeEpoch: request.requestTimeEpoch,
          requestId: "0f5a3c1e-8b7d-4c2a-9e6f-112233445566",
          identity: {
            cognitoIdentityPoolId: null,
            cognitoIdentityId: null,
            principalOrgId: null,
            cognitoAuthenticationType: null,
            userArn: null,
            userAgent: "curl/8",
            accountId: null,
            caller: null,
            sourceIp: "203.0.113.7",
            accessKey: null,
            cognitoAuthenticationProvider: null,
            user: null,
          },
          domainName: "petstore.execute-api.localhost",
          deploymentId: "dep123",
          apiId: "petstore",
        },
        body: null,
        isBase64Encoded: false,
      }),
    );
  });

  it("keeps the client's casing, the last value in the single maps and all in the others", () => {
    const request = sampleRequest({
      rawQuery: "type=cat&type=dog&q=a%2Bb+c",
      headers: [
        "tEsT-HEADeR",
        "1",
        "test-header",
        "2",
        "Content-Encoding",
        "deflate",
        "Via",
        "1.1 x",
        "Referer",
        "https://example.com/",
      ],
    });
    const event = proxyEvent(
      request,
      sampleMatched(integration, { pathParameters: { petId: "a%2Fb" } }),
      {},
      sampleDeployment({ stageVariables: { v: "1" } }),
    );
    expect(event).toMatchObject({
      headers: { "tEsT-HEADeR": "2", "Content-Encoding": "deflate", Via: "1.1 x", Referer: "https://example.com/" },
      multiValueHeaders: { "tEsT-HEADeR": ["1", "2"] },
      queryStringParameters: { type: "dog", q: "a+b c" },
      multiValueQueryStringParameters: { type: ["cat", "dog"], q: ["a+b c"] },
      pathParameters: { petId: "a%2Fb" },
      stageVariables: { v: "1" },
    });
  });

  it("keeps names like __proto__ as data", () => {
    const request = sampleRequest({ rawQuery: "__proto__=x", headers: ["__proto__", "y"] });
    const event = JSON.stringify(proxyEvent(request, sampleMatched(integration), {}, sampleDeployment()));
    expect(event).toContain('"queryStringParameters":{"__proto__":"x"}');
    expect(event).toContain('"headers":{"__proto__":"y"');
  });

  it("is base64 exactly when the Content-Type is a binary media type", () => {
    const binary = sampleDeployment({ binaryMediaTypes: ["image/png"] });
    const png = sampleRequest({ headers: ["Content-Type", "image/png"], body: Buffer.from([0x89, 0xff]) });
    expect(proxyEvent(png, sampleMatched(integration), {}, binary)).toMatchObject({
      body: "if8=",
      isBase64Encoded: true,
    });
    expect(proxyEvent(png, sampleMatched(integration), {}, sampleDeployment())).toMatchObject({
      isBase64Encoded: false,
    });
    const text = sampleRequest({ headers: ["Content-Type", "text/plain"], body: "hi" });
    expect(proxyEvent(text, sampleMatched(integration), {}, binary)).toMatchObject({
      body: "hi",
      isBase64Encoded: false,
    });
  });

  it("appends the client's address to X-Forwarded-For", () => {
    const request = sampleRequest({ headers: ["X-Forwarded-For", "198.51.100.1", "x-forwarded-proto", "gopher"] });
    const event = proxyEvent(request, sampleMatched(integration), {}, sampleDeployment());
    expect(event.headers).toMatchObject({
      "X-Forwarded-For": "198.51.100.1, 203.0.113.7",
      "X-Forwarded-Proto": "https",
    });
  });

  it("carries what the Lambda authorizer said and hides a signature, not a Bearer token", () => {
    const authorizer = { scope: "read", n: "1", nothing: null, principalId: "user|a1", integrationLatency: 3 };
    const event = proxyEvent(
      sampleRequest({ headers: ["Authorization", "Bearer t"] }),
      sampleMatched(integration),
      { authorizer },
      sampleDeployment(),
    );
    expect(event.requestContext).toMatchObject({ authorizer });
    expect(event.headers).toHaveProperty("Authorization", "Bearer t");
    const signed = sampleRequest({ headers: ["Authorization", "AWS4-HMAC-SHA256 Credential=x"] });
    expect(proxyEvent(signed, sampleMatched(integration), {}, sampleDeployment()).headers).not.toHaveProperty(
      "Authorization",
    );
  });
});

describe("the event of a REQUEST authorizer", () => {
  it("has empty objects instead of nulls, no body, and the method ARN", () => {
    const event = authorizerRequestEvent(
      sampleRequest({ body: "secret" }),
      sampleMatched(integration),
      sampleDeployment(),
    );
    expect(Object.keys(event)).toEqual([
      "type",
      "methodArn",
      "resource",
      "path",
      "httpMethod",
      "headers",
      "multiValueHeaders",
      "queryStringParameters",
      "multiValueQueryStringParameters",
      "pathParameters",
      "stageVariables",
      "requestContext",
    ]);
    expect(event).toMatchObject({
      type: "REQUEST",
      methodArn: "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets/42",
      queryStringParameters: {},
      multiValueQueryStringParameters: {},
      pathParameters: {},
      stageVariables: {},
    });
    expect(event.requestContext).not.toHaveProperty("authorizer");
  });
});

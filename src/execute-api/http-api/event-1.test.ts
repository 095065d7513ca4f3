import { expect, test } from "vitest";
import {
  NOW_MS,
  REQUEST_ID,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
  sampleRoute,
} from "../../../test/http-api-samples.ts";
import { proxyEvent1 } from "./event-1.ts";

const HEADERS = [
  "accept-Encoding",
  "gzip",
  "X-Amzn-Trace-Id",
  "Root=1-a-b",
  "x-twice",
  "1",
  "X-Twice",
  "2",
  "Cookie",
  "a=1",
];

test("the event of format 1.0 is the captured one: explicit nulls, some names with capitals, the stage in the path (R)", () => {
  const deployment = sampleDeployment({ stageName: "dev" });
  const request = sampleRequest({ path: "/handler/", headers: HEADERS }, deployment);
  const route = sampleRoute("ANY /handler/{proxy+}");
  const event = proxyEvent1(request, sampleMatched({ route, pathParameters: { proxy: "" } }), {}, deployment);
  expect(JSON.parse(JSON.stringify(event))).toEqual({
    version: "1.0",
    resource: "/handler/{proxy+}",
    path: "/dev/handler/",
    httpMethod: "GET",
    headers: {
      Host: "abc123.execute-api.us-east-1.amazonaws.com",
      "accept-encoding": "gzip",
      "X-Amzn-Trace-Id": "Root=1-a-b",
      "x-twice": "2",
      cookie: "a=1",
      "X-Forwarded-For": "192.0.2.1",
      "X-Forwarded-Port": "443",
      "X-Forwarded-Proto": "https",
    },
    multiValueHeaders: {
      Host: ["abc123.execute-api.us-east-1.amazonaws.com"],
      "accept-encoding": ["gzip"],
      "X-Amzn-Trace-Id": ["Root=1-a-b"],
      "x-twice": ["1", "2"],
      cookie: ["a=1"],
      "X-Forwarded-For": ["192.0.2.1"],
      "X-Forwarded-Port": ["443"],
      "X-Forwarded-Proto": ["https"],
    },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    requestContext: {
      accountId: "123456789012",
      apiId: "abc123",
      domainName: "abc123.execute-api.us-east-1.amazonaws.com",
      domainPrefix: "abc123",
      extendedRequestId: REQUEST_ID,
      httpMethod: "GET",
      identity: {
        accessKey: null,
        accountId: null,
        caller: null,
        cognitoAmr: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: "192.0.2.1",
        user: null,
        userAgent: "",
        userArn: null,
      },
      path: "/dev/handler/",
      protocol: "HTTP/1.1",
      requestId: REQUEST_ID,
      requestTime: "21/Nov/2026:01:02:03 +0000",
      requestTimeEpoch: NOW_MS,
      resourceId: "ANY /handler/{proxy+}",
      resourcePath: "/handler/{proxy+}",
      stage: "dev",
    },
    pathParameters: { proxy: "" },
    stageVariables: null,
    body: null,
    isBase64Encoded: false,
  });
});

test("the default route is $default three times (R), repeated parameters are last and all, claims stand in the authorizer", () => {
  const matched = sampleMatched({ route: sampleRoute("$default"), pathParameters: {} });
  const jwt = { claims: { sub: "ann" }, scopes: ["a"] };
  const request = sampleRequest({ query: "a=1&a=2" });
  expect(proxyEvent1(request, matched, { jwt }, sampleDeployment())).toMatchObject({
    resource: "$default",
    pathParameters: null,
    queryStringParameters: { a: "2" },
    multiValueQueryStringParameters: { a: ["1", "2"] },
    requestContext: { resourceId: "$default", resourcePath: "$default", authorizer: jwt },
  });
  const caller = { lambda: { plan: "gold" }, principalId: "ann" };
  expect(proxyEvent1(request, matched, caller, sampleDeployment())).toMatchObject({
    requestContext: { authorizer: { plan: "gold", principalId: "ann" } },
  });
});

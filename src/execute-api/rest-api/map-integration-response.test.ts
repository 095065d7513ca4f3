import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  compiled,
  exchange,
  FUNCTION_URI,
  functionAnswering,
  headerOf,
  refusalOf,
  sampleDeployment,
  samplePorts,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import type { IntegrationResponse } from "../../model/rest-api.ts";
import { traceId } from "./header-rules.ts";

const response = (given: Partial<IntegrationResponse> = {}): IntegrationResponse => ({
  statusCode: "200",
  responseParameters: {},
  responseTemplates: {},
  ...given,
});
const mock = (responses: IntegrationResponse[], template = "{statusCode: 200}") =>
  compiled({ type: "MOCK", requestTemplates: { "application/json": template }, integrationResponses: responses });
const custom = (responses: IntegrationResponse[]) =>
  compiled({ type: "AWS", httpMethod: "POST", uri: FUNCTION_URI, integrationResponses: responses });
const proxy = compiled({ type: "AWS_PROXY", httpMethod: "POST", uri: FUNCTION_URI });
const answering = (output: unknown) =>
  samplePorts({ lambda: functionAnswering({ outcome: "success", payload: JSON.stringify(output) }).lambda });
const failing = (errorMessage: string) =>
  samplePorts({
    lambda: functionAnswering({
      outcome: "function_error",
      functionError: "Unhandled",
      errorType: "Error",
      errorMessage,
      payload: JSON.stringify({ errorMessage }),
    }).lambda,
  });

describe("base headers", () => {
  it("of a mock have no trace id", async () => {
    const answer = await exchange({ integration: mock([response()]) });
    expect(answer).toEqual({
      status: 200,
      headers: [
        "Content-Type",
        "application/json",
        "x-amzn-RequestId",
        "0f5a3c1e-8b7d-4c2a-9e6f-112233445566",
        "x-amz-apigw-id",
        "abcDEF123456=",
      ],
      body: "",
    });
  });

  it("of functions have one", async () => {
    const request = sampleRequest();
    for (const integration of [proxy, custom([response()])]) {
      const answer = await exchange({ integration, request, ports: answering({}) });
      expect(headerOf(answer.headers, "X-Amzn-Trace-Id")).toEqual([traceId(request)]);
      expect(headerOf(answer.headers, "Content-Type")).toEqual(["application/json"]);
    }
  });
});

describe("Lambda proxy answers", () => {
  it("have their fields under the client's names and their own Content-Type", async () => {
    const answer = await exchange({
      integration: proxy,
      ports: answering({
        headers: {
          "content-type": "text/html",
          Date: "d",
          Server: "s",
          Connection: "c",
          "WWW-Authenticate": "Basic",
          "X-Amzn-Trace-Id": "mine",
          "x-amzn-RequestId": "r",
          "Transfer-Encoding": "chunked",
        },
        multiValueHeaders: { "Set-Cookie": ["a", "b"] },
      }),
    });
    expect(headerOf(answer.headers, "Content-Type")).toEqual(["text/html"]);
    expect(headerOf(answer.headers, "Set-Cookie")).toEqual(["a", "b"]);
    for (const name of ["Date", "Server", "Connection", "WWW-Authenticate", "x-amzn-RequestId"]) {
      expect(headerOf(answer.headers, `x-amzn-Remapped-${name}`)).toHaveLength(1);
    }
    expect(headerOf(answer.headers, "WWW-Authenticate")).toEqual([]);
    expect(headerOf(answer.headers, "Transfer-Encoding")).toEqual([]);
    expect(headerOf(answer.headers, "X-Amzn-Trace-Id")).not.toContain("mine");
  });

  it("in base64 are decoded only for a client that accepts a binary media type", async () => {
    const ports = answering({ body: "aGk=", isBase64Encoded: true });
    const deployment = sampleDeployment({ binaryMediaTypes: ["image/*"] });
    const accepting = sampleRequest({ headers: ["Accept", "image/png"] });
    expect((await exchange({ integration: proxy, ports, deployment, request: accepting })).body).toEqual(
      Buffer.from("hi"),
    );
    expect((await exchange({ integration: proxy, ports, deployment })).body).toBe("aGk=");
    const broken = answering({ body: "no base64!", isBase64Encoded: true });
    expect(
      await refusalOf(() => exchange({ integration: proxy, ports: broken, deployment, request: accepting })),
    ).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "binary_conversion_failed" },
    });
  });
});

describe("which response answers", () => {
  it("is the first whose pattern matches the whole errorMessage, else the default", async () => {
    const integration = custom([
      response(),
      response({ statusCode: "400", selectionPattern: ".*four hundred.*" }),
      response({ statusCode: "404", selectionPattern: "not found" }),
    ]);
    const statusFor = async (ports: ReturnType<typeof samplePorts>) => (await exchange({ integration, ports })).status;
    expect(await statusFor(failing("this is four hundred indeed"))).toBe(400);
    expect(await statusFor(failing("not found"))).toBe(404);
    expect(await statusFor(failing("it was not found"))).toBe(200);
    expect(await statusFor(answering({ errorMessage: "not found" }))).toBe(200);
  });

  it("goes by the status of a mock", async () => {
    const integration = mock(
      [response({ statusCode: "404", selectionPattern: "4\\d{2}" }), response()],
      "{statusCode: 418}",
    );
    expect((await exchange({ integration })).status).toBe(404);
  });

  it("must exist", async () => {
    const refusal = await refusalOf(() => exchange({ integration: mock([response({ selectionPattern: "404" })]) }));
    expect(refusal).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "integration_no_matching_response" },
    });
    expect((await refusalOf(() => exchange({ integration: mock([]) }))).evidence.reason).toBe(
      "integration_no_matching_response",
    );
  });

  it("must name a declared method response", async () => {
    const refusal = await refusalOf(() => exchange({ integration: mock([response({ statusCode: "503" })]) }));
    expect(refusal).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      evidence: { reason: "integration_response_undeclared", actual: "503" },
    });
  });

  it("is not sought without end in an errorMessage that a pattern cannot bear", async () => {
    const integration = custom([response({ selectionPattern: "(a+)+$" }), response()]);
    const refusal = await refusalOf(() => exchange({ integration, ports: failing(`${"a".repeat(5_000)}b`) }));
    expect(refusal.evidence.reason).toBe("integration_no_matching_response");
  });
});

describe("templates and mappings", () => {
  it("render the payload and map headers from every source", async () => {
    const integration = custom([
      response({
        responseTemplates: {
          "application/json": `{"name": $input.json('$.pet.name'), "id": "$input.params('petId')"}`,
        },
        responseParameters: {
          "method.response.header.X-Name": "integration.response.body.pet.name",
          "method.response.header.X-Type": "integration.response.header.Content-Type",
          "method.response.header.X-Static": "'s'",
          "method.response.header.X-Id": "method.request.path.petId",
          "method.response.header.X-None": "integration.response.header.Nope",
          "method.response.header.Date": "'d'",
        },
      }),
    ]);
    const answer = await exchange({
      integration,
      ports: answering({ pet: { name: "Rex" } }),
      method: { pathParameters: { petId: "42" } },
    });
    expect(answer.body).toBe('{"name": "Rex", "id": "42"}');
    expect(headerOf(answer.headers, "X-Name")).toEqual(["Rex"]);
    expect(headerOf(answer.headers, "X-Type")).toEqual(["application/json"]);
    expect(headerOf(answer.headers, "X-Static")).toEqual(["s"]);
    expect(headerOf(answer.headers, "X-Id")).toEqual(["42"]);
    expect(headerOf(answer.headers, "X-None")).toEqual([]);
    expect(headerOf(answer.headers, "x-amzn-Remapped-Date")).toEqual(["d"]);
  });

  it("are chosen by the first media type of Accept, else application/json, else the first", async () => {
    const both = mock([response({ responseTemplates: { "text/html": "<p>", "application/json": "{}" } })]);
    const one = mock([response({ responseTemplates: { "text/html": "<p>" } })]);
    const bodyFor = async (integration: typeof both, accept?: string) =>
      exchange({ integration, request: sampleRequest({ headers: accept === undefined ? [] : ["Accept", accept] }) });
    expect((await bodyFor(both, "text/html, */*")).body).toBe("<p>");
    expect((await bodyFor(both, "image/png, text/html")).body).toBe("{}");
    expect((await bodyFor(both)).body).toBe("{}");
    const only = await bodyFor(one);
    expect(only.body).toBe("<p>");
    expect(headerOf(only.headers, "Content-Type")).toEqual(["text/html"]);
  });

  it("a mapped Content-Type replaces the default", async () => {
    const answer = await exchange({
      integration: mock([
        response({
          responseTemplates: { "application/json": "<p>" },
          responseParameters: { "method.response.header.Content-Type": "'text/html'" },
        }),
      ]),
    });
    expect(headerOf(answer.headers, "Content-Type")).toEqual(["text/html"]);
  });

  it("what a template overrides wins, and a request template's overrides last until the answer", async () => {
    const fromRequest = mock(
      [response({ responseTemplates: { "application/json": "path was $context.requestOverride.path.x" } })],
      `#set($context.requestOverride.path.x = "y")#set($context.responseOverride.status = 404){"statusCode": 200}`,
    );
    expect(await exchange({ integration: fromRequest })).toMatchObject({ status: 404, body: "path was y" });
    const untemplated = mock([response()], `#set($context.responseOverride.header.x-a = "b"){"statusCode": 200}`);
    expect(headerOf((await exchange({ integration: untemplated })).headers, "x-a")).toEqual(["b"]);
    const constant = mock(
      [response({ responseTemplates: { "application/json": "fixed" } })],
      '#set($context.responseOverride.status = 404){"statusCode": 200}',
    );
    expect(await exchange({ integration: constant })).toMatchObject({ status: 404, body: "fixed" });
    const fromResponse = mock([
      response({
        responseParameters: { "method.response.header.X-A": "'mapped'" },
        responseTemplates: {
          "application/json": `#set($context.responseOverride.header.x-a = "over")#set($context.responseOverride.status = 400)x`,
        },
      }),
    ]);
    const answer = await exchange({ integration: fromResponse });
    expect(answer.status).toBe(400);
    expect(headerOf(answer.headers, "x-a")).toEqual(["over"]);
  });

  it.each([99, 600, "abc"])("an overridden status of %s is ignored", async (status) => {
    const integration = mock([
      response({ responseTemplates: { "application/json": `#set($context.responseOverride.status = "${status}")x` } }),
    ]);
    expect((await exchange({ integration })).status).toBe(200);
  });

  it("a header that would split the answer fails it", async () => {
    const mapped = mock([
      response({ responseParameters: { "method.response.header.x": "method.request.querystring.q" } }),
    ]);
    const overridden = mock([
      response({
        responseTemplates: { "application/json": `#set($context.responseOverride.header.x = $input.params('q'))` },
      }),
    ]);
    for (const integration of [mapped, overridden]) {
      const refusal = await refusalOf(() =>
        exchange({ integration, request: sampleRequest({ rawQuery: "q=a%0d%0aSet-Cookie:%20x=y" }) }),
      );
      expect(refusal).toMatchObject({
        responseType: "API_CONFIGURATION_ERROR",
        evidence: { reason: "parameter_mapping_failed" },
      });
    }
  });

  it("a template that fails, or a mapping over a payload that is no JSON, answers 500", async () => {
    const failed = mock([
      response({
        responseTemplates: {
          "application/json": `#set($context.responseOverride.status = 200)#set($context.responseOverride.status = 201)`,
        },
      }),
    ]);
    expect((await refusalOf(() => exchange({ integration: failed }))).evidence.reason).toBe("response_template_failed");
    const integration = custom([
      response({ responseParameters: { "method.response.header.x": "integration.response.body.a" } }),
    ]);
    const ports = samplePorts({ lambda: functionAnswering({ outcome: "success", payload: "{no" }).lambda });
    expect((await refusalOf(() => exchange({ integration, ports }))).evidence.reason).toBe("parameter_mapping_failed");
  });

  it("contentHandling decodes and encodes payloads", async () => {
    const decode = custom([response({ contentHandling: "CONVERT_TO_BINARY" })]);
    const ports = samplePorts({ lambda: functionAnswering({ outcome: "success", payload: "aGk=" }).lambda });
    expect((await exchange({ integration: decode, ports })).body).toEqual(Buffer.from("hi"));
    const withTemplate = custom([
      response({ contentHandling: "CONVERT_TO_BINARY", responseTemplates: { "application/json": "$input.body" } }),
    ]);
    expect((await refusalOf(() => exchange({ integration: withTemplate, ports }))).evidence.reason).toBe(
      "response_template_failed",
    );
  });
});

it("answers are compressed when the API says so and the client wants it", async () => {
  const integration = mock([response({ responseTemplates: { "application/json": "hello" } })]);
  const deployment = sampleDeployment({ minimumCompressionSize: 0 });
  const answer = await exchange({
    integration,
    deployment,
    request: sampleRequest({ headers: ["Accept-Encoding", "gzip"] }),
  });
  expect(gunzipSync(answer.body as Buffer).toString()).toBe("hello");
  expect(headerOf(answer.headers, "Content-Encoding")).toEqual(["gzip"]);
});

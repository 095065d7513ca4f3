import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
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
import type { InvokeResult } from "../../lambda/invoke.ts";
import type { Integration } from "../../model/rest-api.ts";
import { createHttpClient, type HttpClient } from "../integrations/http-client/http-client.ts";
import { Trace } from "../trace.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:pets";
const proxy = compiled({ type: "AWS_PROXY", httpMethod: "POST", uri: FUNCTION_URI, timeoutInMillis: 1_000 });
const custom = (given: Partial<Integration> = {}) =>
  compiled({
    type: "AWS",
    httpMethod: "POST",
    uri: FUNCTION_URI,
    integrationResponses: [{ statusCode: "200", responseParameters: {}, responseTemplates: {} }],
    ...given,
  });

type Outcome = Partial<InvokeResult> & Pick<InvokeResult, "outcome">;
const FAILED: Outcome = {
  outcome: "function_error",
  functionError: "Unhandled",
  payload: '{"errorMessage":"boom"}',
  errorType: "Error",
  errorMessage: "boom",
};

describe("a Lambda function", () => {
  it("is invoked with the event and the integration's timeout", async () => {
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: '{"statusCode":201,"body":"hi"}' });
    const ports = samplePorts({ lambda });
    const trace = new Trace(ports.monotonic);
    const answer = await exchange({ integration: proxy, ports, trace });
    expect(answer).toMatchObject({ status: 201, body: "hi" });
    expect(calls).toMatchObject([{ arn: ARN, options: { invocationType: "RequestResponse", waitMs: 1_000 } }]);
    expect(trace.integration).toEqual({ type: "AWS_PROXY", target: ARN, status: 201, latencyMs: 5, functionLogs: [] });
  });

  it.each<[string, Outcome, object]>([
    [
      "a failed proxy function is 502",
      FAILED,
      {
        responseType: "INTEGRATION_FAILURE",
        wire: { status: 502, message: "Internal server error" },
        evidence: { reason: "lambda_function_error" },
      },
    ],
    [
      "a malformed proxy answer is 502",
      { outcome: "success", payload: '{"wrongValue":1}' },
      {
        responseType: "INTEGRATION_FAILURE",
        wire: { status: 502, message: "Internal server error" },
        evidence: { reason: "lambda_proxy_malformed" },
      },
    ],
    [
      "a function without code is 500",
      { outcome: "not_found", functionArn: ARN, message: "no code" },
      { responseType: "API_CONFIGURATION_ERROR", wire: { status: 500 }, evidence: { reason: "lambda_not_invocable" } },
    ],
    [
      "a throttled function is 500",
      { outcome: "throttled", functionArn: ARN, message: "busy" },
      {
        responseType: "INTEGRATION_FAILURE",
        wire: { status: 500, message: "Internal server error" },
        evidence: { reason: "lambda_throttled" },
      },
    ],
    [
      "one that takes too long is 504",
      { outcome: "caller_timeout", waitedMs: 1_000 },
      { responseType: "INTEGRATION_TIMEOUT", wire: {}, evidence: { reason: "integration_timed_out" } },
    ],
    [
      "a payload that Lambda does not take is 413",
      { outcome: "request_too_large", sizeBytes: 7, limitBytes: 6 },
      { responseType: "REQUEST_TOO_LARGE", wire: {}, evidence: { reason: "lambda_payload_too_large" } },
    ],
  ])("%s", async (_title, result, refused) => {
    const { lambda } = functionAnswering(result);
    expect(await refusalOf(() => exchange({ integration: proxy, ports: samplePorts({ lambda }) }))).toMatchObject(
      refused,
    );
  });

  it("leaves its log lines in the record, also when it failed", async () => {
    const { lambda } = functionAnswering({ ...FAILED, logs: ["line"] } as Outcome);
    const ports = samplePorts({ lambda });
    const trace = new Trace(ports.monotonic);
    await refusalOf(() => exchange({ integration: proxy, ports, trace }));
    expect(trace.integration).toMatchObject({ functionLogs: ["line"] });
  });

  it("that fails behind a custom integration is mapped by its errorMessage, payload as it is", async () => {
    const { lambda } = functionAnswering(FAILED);
    const integration = custom({
      integrationResponses: [
        { statusCode: "200", responseParameters: {}, responseTemplates: {} },
        {
          statusCode: "500",
          selectionPattern: ".*oom",
          responseParameters: { "method.response.header.x-error": "integration.response.header.X-Amz-Function-Error" },
          responseTemplates: {},
        },
      ],
    });
    const answer = await exchange({ integration, ports: samplePorts({ lambda }) });
    expect(answer).toMatchObject({ status: 500, body: '{"errorMessage":"boom"}' });
    expect(headerOf(answer.headers, "x-error")).toEqual(["Unhandled"]);
  });

  it("called as Event answers at once with nothing", async () => {
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: "null" });
    const answer = await exchange({
      integration: custom({ requestParameters: { "integration.request.header.X-Amz-Invocation-Type": "'Event'" } }),
      ports: samplePorts({ lambda }),
    });
    expect(calls[0]?.options?.invocationType).toBe("Event");
    expect(answer).toMatchObject({ status: 200, body: "" });
  });

  it("behind a custom integration is not called with a payload that is no JSON", async () => {
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: "null" });
    const answer = await exchange({
      integration: custom(),
      request: sampleRequest({ body: "s3cr3t" }),
      ports: samplePorts({ lambda }),
    });
    expect(calls).toEqual([]);
    expect(answer.body).toContain("Could not parse request body into json");
    expect(answer.body).not.toContain("s3cr3t");
  });
});

describe("an HTTP endpoint", () => {
  const running: (Server | TcpServer | HttpClient)[] = [];
  afterEach(async () => {
    for (const each of running.splice(0)) {
      if ("request" in each) each.close();
      else await new Promise((resolve) => each.close(resolve));
    }
  });

  async function listening<Listening extends Server | TcpServer>(server: Listening): Promise<number> {
    running.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  async function backend(
    handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  ): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => handle(request, response, Buffer.concat(chunks).toString()));
    });
    return `http://127.0.0.1:${await listening(server)}`;
  }

  function ports() {
    const http = createHttpClient();
    // Closed before the servers, which wait for their connections.
    running.unshift(http);
    return samplePorts({ http });
  }

  const echo = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    response.writeHead(request.url?.includes("teapot") ? 400 : 200, {
      "Content-Type": "application/json",
      "X-Backend": "1",
      "x-amzn-RequestId": "backend-id",
      Via: "1.1 b",
    });
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  };

  it("behind HTTP_PROXY sees the request and is answered through", async () => {
    const origin = await backend(echo);
    const integration = compiled({
      type: "HTTP_PROXY",
      httpMethod: "ANY",
      uri: `${origin}/{proxy}`,
      requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
    });
    const used = ports();
    const trace = new Trace(used.monotonic);
    const answer = await exchange({
      integration,
      trace,
      ports: used,
      method: { pathParameters: { proxy: "a/teapot%20b" } },
      request: sampleRequest({
        method: "PUT",
        rawQuery: "a=1&a=2",
        body: "hello",
        headers: ["Content-Type", "text/plain", "X-Pet", "dog", "Host", "gateway"],
      }),
    });
    const seen = JSON.parse(answer.body.toString());
    expect(answer.status).toBe(400);
    expect(seen).toMatchObject({ method: "PUT", url: "/a/teapot%20b?a=1&a=2", body: "hello" });
    expect(seen.headers).toMatchObject({
      "x-pet": "dog",
      "content-type": "text/plain",
      accept: "application/json",
      "user-agent": "AmazonAPIGateway_petstore",
      "x-amzn-apigateway-api-id": "petstore",
      host: origin.slice("http://".length),
    });
    expect(headerOf(answer.headers, "X-Backend")).toEqual(["1"]);
    expect(headerOf(answer.headers, "Via")).toEqual([]);
    expect(headerOf(answer.headers, "x-amzn-RequestId")).toEqual(["0f5a3c1e-8b7d-4c2a-9e6f-112233445566"]);
    expect(headerOf(answer.headers, "x-amzn-Remapped-x-amzn-RequestId")).toEqual(["backend-id"]);
    expect(headerOf(answer.headers, "x-amzn-Remapped-Date")).toHaveLength(1);
    expect(headerOf(answer.headers, "Date")).toEqual([]);
    expect(headerOf(answer.headers, "X-Amzn-Trace-Id")).toEqual([]);
    expect(trace.integration).toMatchObject({ type: "HTTP_PROXY", status: 400, target: `PUT ${origin}/a/teapot%20b` });
  });

  it("behind HTTP is mapped by its status; a default alone answers with its own status", async () => {
    const origin = await backend(echo);
    const answer = await exchange({
      integration: compiled({
        type: "HTTP",
        httpMethod: "GET",
        uri: `${origin}/teapot`,
        integrationResponses: [
          {
            statusCode: "200",
            responseParameters: { "method.response.header.X-B": "integration.response.header.X-Backend" },
            responseTemplates: {},
          },
        ],
      }),
      ports: ports(),
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ method: "GET" });
    expect(headerOf(answer.headers, "X-B")).toEqual(["1"]);
    expect(headerOf(answer.headers, "X-Backend")).toEqual([]);
    expect(headerOf(answer.headers, "X-Amzn-Trace-Id")).toHaveLength(1);
  });

  it("whose answer is gzip reaches the client of HTTP_PROXY decoded, without Content-Encoding", async () => {
    const origin = await backend((_request, response) => {
      response.writeHead(200, { "Content-Encoding": "gzip" });
      response.end(gzipSync("plain"));
    });
    const answer = await exchange({
      integration: compiled({ type: "HTTP_PROXY", httpMethod: "GET", uri: origin }),
      ports: ports(),
    });
    expect(answer.body.toString()).toBe("plain");
    expect(headerOf(answer.headers, "Content-Encoding")).toEqual([]);
  });

  it("keeps binary answers only for clients that accept a binary media type", async () => {
    const png = Buffer.from([0x89, 0x50, 0xff]);
    const origin = await backend((_request, response) => {
      response.writeHead(200, { "Content-Type": "image/png" });
      response.end(png);
    });
    const integration = compiled({ type: "HTTP_PROXY", httpMethod: "GET", uri: origin });
    const deployment = sampleDeployment({ binaryMediaTypes: ["image/png"] });
    const used = ports();
    const binary = await exchange({
      integration,
      deployment,
      ports: used,
      request: sampleRequest({ headers: ["Accept", "image/png"] }),
    });
    const text = await exchange({
      integration,
      deployment,
      ports: used,
      request: sampleRequest({ headers: ["Accept", "text/html, image/png"] }),
    });
    expect(binary.body).toEqual(png);
    expect(text.body).toBe(png.toString("base64"));
  });

  it("that does not answer in time is 504, the client told so", async () => {
    const origin = await backend(() => undefined);
    const refusal = await refusalOf(() =>
      exchange({
        integration: compiled({ type: "HTTP_PROXY", httpMethod: "GET", uri: origin, timeoutInMillis: 50 }),
        ports: ports(),
      }),
    );
    expect(refusal).toMatchObject({
      responseType: "INTEGRATION_TIMEOUT",
      evidence: { reason: "integration_timed_out" },
    });
  });

  it("that is not there, or breaks the connection, is 504 of another kind", async () => {
    const closed = createTcpServer();
    const port = await listening(closed);
    running.splice(running.indexOf(closed), 1);
    await new Promise((resolve) => closed.close(resolve));
    const gone = await refusalOf(() =>
      exchange({
        integration: compiled({ type: "HTTP", httpMethod: "GET", uri: `http://127.0.0.1:${port}/` }),
        ports: ports(),
      }),
    );
    expect(gone).toMatchObject({
      responseType: "INTEGRATION_FAILURE",
      evidence: { reason: "integration_unreachable", actual: "ECONNREFUSED" },
    });

    const breaking = createTcpServer((socket) => socket.on("data", () => socket.destroy()));
    const breakingPort = await listening(breaking);
    const broken = await refusalOf(() =>
      exchange({
        integration: compiled({ type: "HTTP", httpMethod: "POST", uri: `http://127.0.0.1:${breakingPort}/` }),
        ports: ports(),
      }),
    );
    expect(broken).toMatchObject({
      responseType: "INTEGRATION_FAILURE",
      evidence: { reason: "integration_unreachable" },
    });
  });

  it("keeps what its Connection header names to itself", async () => {
    const origin = await backend((_request, response) => {
      response.writeHead(200, { Connection: "close, X-Hop", "X-Hop": "1", "X-Far": "2" });
      response.end();
    });
    const integration = compiled({ type: "HTTP_PROXY", httpMethod: "GET", uri: origin });
    const answer = await exchange({ integration, ports: ports() });
    expect(headerOf(answer.headers, "X-Hop")).toEqual([]);
    expect(headerOf(answer.headers, "X-Far")).toEqual(["2"]);
  });

  it("is not followed elsewhere", async () => {
    const origin = await backend((_request, response) => {
      response.writeHead(302, { Location: "http://127.0.0.1:1/" });
      response.end();
    });
    const answer = await exchange({
      integration: compiled({ type: "HTTP_PROXY", httpMethod: "GET", uri: origin }),
      ports: ports(),
    });
    expect(answer.status).toBe(302);
    expect(headerOf(answer.headers, "Location")).toEqual(["http://127.0.0.1:1/"]);
  });
});

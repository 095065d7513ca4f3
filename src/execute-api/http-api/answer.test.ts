import { describe, expect, test } from "vitest";
import {
  httpPorts,
  NO_MAPPING,
  sampleApi,
  sampleDeployment,
  sampleIntegration,
  sampleRoute,
} from "../../../test/http-api-samples.ts";
import { functionAnswering } from "../../../test/rest-api-samples.ts";
import type { InvokeResult } from "../../lambda/invoke.ts";
import type { HttpApiStage } from "../../model/http-api.ts";
import type { DecisionRecord } from "../decision-record.ts";
import type { HttpResult } from "../integrations/http-client/http-exchange.ts";
import type { InvokeRefusal } from "../invoke-access.ts";
import type { Ports } from "../ports.ts";
import { answer } from "./answer.ts";
import { compile } from "./compile.ts";
import type { CompiledRoute, HttpApiDeployment, HttpProxyIntegration } from "./deployment.ts";
import { compileProxyEndpoint } from "./proxy-endpoint.ts";

const ID = "VMLn2ibAgi0EP-Q=";

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

async function ask(deployment: HttpApiDeployment, sent: Sent = {}, given: Partial<Ports> = {}) {
  const records: DecisionRecord[] = [];
  const lines: string[] = [];
  const { method = "GET", path = "/pets/42", query = "", headers = [], body = "" } = sent;
  const ports = httpPorts({
    record: (record) => void records.push(record),
    writeAccessLog: (_, line) => void lines.push(line),
    ...given,
  });
  const incoming = {
    method,
    target: path,
    httpVersion: "1.1",
    headers: ["Host", "h.example", ...headers],
    body: Buffer.from(body),
    sourceIp: "192.0.2.1",
    scheme: "https",
    receivedAtMs: ports.now(),
  } as const;
  const {
    status,
    headers: answered,
    body: answeredBody,
  } = await answer(incoming, { path, rawQuery: query }, deployment, ports);
  return { answer: { status, headers: answered, body: answeredBody.toString() }, record: records[0], records, lines };
}

const lambdaAnswering = (result: Partial<InvokeResult> & { outcome: InvokeResult["outcome"] }) =>
  functionAnswering(result as Parameters<typeof functionAnswering>[0]);
const routed = (route: CompiledRoute, more: Partial<HttpApiDeployment> = {}) =>
  sampleDeployment({ routeList: [route], ...more });
const error = (message: string, type = true) => ({
  headers: [...(type ? ["content-type", "application/json"] : []), "apigw-requestid", ID],
  body: JSON.stringify({ message }),
});

const REFUSED: InvokeRefusal = {
  rule: "invoke-permission-missing",
  cause: "f",
  evidence: { message: "no permission", check: "Add it." },
};

describe("an open route to a function", () => {
  test("answers what the function says, with the request id, and leaves one record", async () => {
    const { lambda, calls } = lambdaAnswering({ outcome: "success", payload: '{"statusCode":201,"body":"made"}' });
    const { answer: answered, record, records } = await ask(sampleDeployment(), {}, { lambda });
    expect(answered).toEqual({
      status: 201,
      headers: ["content-type", "text/plain; charset=utf-8", "apigw-requestid", ID],
      body: "made",
    });
    expect(calls).toHaveLength(1);
    expect(records).toHaveLength(1);
    expect(record).toMatchObject({
      requestId: ID,
      api: { apiId: "abc123", type: "HTTP" },
      stage: "$default",
      route: { resourcePath: "/pets/{id}", httpMethod: "GET" },
      authorization: { type: "NONE" },
      integration: { type: "AWS_PROXY", status: 201 },
      answer: { status: 201 },
    });
  });

  test.each([
    [
      "fails (R)",
      { outcome: "function_error", functionError: "Unhandled", errorType: "E", errorMessage: "m", payload: "{}" },
      500,
      "Internal Server Error",
      "lambda_function_error",
    ],
    [
      "answers nonsense (D)",
      { outcome: "success", payload: '{"statusCode":"no"}' },
      500,
      "Internal Server Error",
      "lambda_answer_malformed",
    ],
    [
      "has no code",
      { outcome: "not_found", functionArn: "f", message: "m" },
      500,
      "Internal Server Error",
      "lambda_not_invocable",
    ],
    [
      "is throttled",
      { outcome: "throttled", functionArn: "f", message: "m" },
      503,
      "Service Unavailable",
      "lambda_throttled",
    ],
  ] as const)("that %s: the status and text of AWS, and our reason", async (_, result, status, text, reason) => {
    const { lambda } = lambdaAnswering(result as never);
    const asked = await ask(sampleDeployment(), {}, { lambda });
    expect(asked.answer).toEqual({ status, ...error(text) });
    expect(asked.record?.refusal?.reason).toBe(reason);
  });

  test("that does not answer in time: 503 without a content type (R)", async () => {
    const { lambda } = lambdaAnswering({ outcome: "caller_timeout", waitedMs: 30_000, requestId: "r", logs: [] });
    expect((await ask(sampleDeployment(), {}, { lambda })).answer).toEqual({
      status: 503,
      ...error("Service Unavailable", false),
    });
  });

  test("that may not be invoked: 500, the recorded log text, no call (R)", async () => {
    const { lambda, calls } = lambdaAnswering({ outcome: "success", payload: "{}" });
    const integration = sampleIntegration({ invokeRefusal: REFUSED });
    const accessLog = {
      destination: "-",
      format: (context: Readonly<Record<string, unknown>>) => String(context.integrationErrorMessage),
    };
    const asked = await ask(routed(sampleRoute("GET /pets/{id}", { integration }), { accessLog }), {}, { lambda });
    expect(asked.answer).toEqual({ status: 500, ...error("Internal Server Error") });
    expect(asked.lines).toEqual([
      "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again.",
    ]);
    expect(calls).toEqual([]);
  });

  test.each([
    ['it said "no"', "it said 'no'"],
    ["C:\\", "C:'"],
  ])("fails with %s: its log text fits between the quotes of a JSON log format", async (errorMessage, logged) => {
    const failed = { functionError: "Unhandled", errorType: "E", errorMessage, payload: "{}" } as const;
    const { lambda } = lambdaAnswering({ outcome: "function_error", requestId: "r", logs: [], ...failed });
    const accessLog = {
      destination: "-",
      format: (context: Readonly<Record<string, unknown>>) => `{"error":"${context.integrationErrorMessage}"}`,
    };
    const asked = await ask(sampleDeployment({ accessLog }), {}, { lambda });
    expect(JSON.parse(asked.lines[0] ?? "").error).toContain(`failed with E: '${logged}'`);
  });
});

test("the log says neither of a missing route nor of a missing signature that it was ACCESS_DENIED", async () => {
  const accessLog = {
    destination: "-",
    format: ({ error }: Readonly<Record<string, unknown>>) => JSON.stringify(error),
  };
  const iam = routed(sampleRoute("GET /pets/{id}", { authorization: { type: "AWS_IAM" } }), { accessLog });
  expect((await ask(iam)).lines).toEqual([JSON.stringify({ message: "Forbidden", messageString: '"Forbidden"' })]);
  expect((await ask(iam, { path: "/none" })).lines).toEqual([
    JSON.stringify({ message: "Not Found", messageString: '"Not Found"' }),
  ]);
});

describe("what no route takes", () => {
  test("is 404 (R), and the record says what was near", async () => {
    const asked = await ask(sampleDeployment(), { path: "/pets/42/" });
    expect(asked.answer).toEqual({ status: 404, ...error("Not Found") });
    expect(asked.record?.refusal).toMatchObject({ reason: "http_route_not_found" });
    expect(asked.record?.refusal?.message).toContain("a trailing slash makes another path");
    const post = await ask(sampleDeployment(), { method: "POST" });
    expect(post.record?.refusal?.message).toContain("the path has routes for GET");
  });
});

test("a route that is not understood answers 501 and says where", async () => {
  const notServed = {
    rule: "odd",
    severity: "error",
    effect: "route",
    message: "odd.",
    fix: "Mend.",
    at: { file: "a.yaml", line: 7, column: 3 },
  } as const;
  const asked = await ask(routed(sampleRoute("GET /pets/{id}", { notServed })));
  expect(asked.answer.status).toBe(501);
  expect(asked.answer.body).toContain("a.yaml:7:3");
  expect(asked.record?.refusal?.reason).toBe("not_served");
});

test("a route with AWS_IAM refuses everybody with a bare Forbidden (C), and the record knows a Bearer token", async () => {
  const route = sampleRoute("GET /pets/{id}", { authorization: { type: "AWS_IAM" } });
  const asked = await ask(routed(route), { headers: ["Authorization", "Bearer x"] });
  expect(asked.answer).toEqual({ status: 403, ...error("Forbidden") });
  expect(asked.record?.refusal).toMatchObject({ reason: "iam_bearer_token" });
});

test("a route without target is 500 (?)", async () => {
  const { integration: _, ...route } = sampleRoute();
  expect((await ask(routed(route))).answer.status).toBe(500);
});

describe("HTTP_PROXY", () => {
  function proxy(given: Partial<HttpProxyIntegration> = {}): HttpApiDeployment {
    const endpoint = compileProxyEndpoint("http://back.example/v1/{id}", "/pets/{id}", {});
    if (!endpoint.ok) throw new Error(endpoint.problem.message);
    const integration: HttpProxyIntegration = {
      type: "HTTP_PROXY",
      method: "ANY",
      endpoint: endpoint.value,
      timeoutMs: 1000,
      ...NO_MAPPING,
      ...given,
    };
    return routed(sampleRoute("ANY /pets/{id}", { integration }));
  }
  function backend(result: Partial<HttpResult> & { outcome: HttpResult["outcome"] }) {
    const asked: Parameters<Ports["http"]["request"]>[0][] = [];
    const request: Ports["http"]["request"] = async (given) => {
      asked.push(given);
      return result as HttpResult;
    };
    return { asked, http: { request, stats: () => ({ open: 0, idle: 0, waiting: 0 }), close: () => undefined } };
  }
  const found = {
    outcome: "response",
    status: 404,
    headers: ["X-Back", "1", "Connection", "close", "apigw-requestid", "no"],
    body: Buffer.from("gone"),
  } as const;

  test("passes the whole request on and the whole response back, connection fields apart (D, R)", async () => {
    const { asked, http } = backend(found);
    const sent = {
      method: "POST",
      query: "a=1",
      body: "x",
      headers: ["Authorization", "Bearer t", "X-Forwarded-For", "203.0.113.9", "X-Own", "1", "Content-Length", "1"],
    };
    const { answer: answered, record } = await ask(proxy(), sent, { http });
    expect(asked[0]).toMatchObject({
      method: "POST",
      path: "/v1/42?a=1",
      url: { hostname: "back.example" },
      timeoutMs: 1000,
    });
    expect(asked[0]?.headers).toEqual([
      "authorization",
      "Bearer t",
      "x-own",
      "1",
      "forwarded",
      "for=203.0.113.9, by=_gateway;for=192.0.2.1;host=h.example;proto=https",
      "via",
      "HTTP/1.1 AmazonAPIGateway",
    ]);
    expect(answered).toEqual({ status: 404, headers: ["x-back", "1", "apigw-requestid", ID], body: "gone" });
    expect(record?.integration).toMatchObject({ target: "POST http://back.example/v1/42", status: 404 });
  });

  test.each([
    ["unreachable", { outcome: "connect_failed", code: "ECONNREFUSED", detail: "refused" }, true],
    ["too slow (R)", { outcome: "timeout", phase: "response_head", detail: "late" }, false],
  ] as const)("a backend that is %s: 503", async (_, result, hasType) => {
    const { http } = backend(result as never);
    expect((await ask(proxy(), {}, { http })).answer).toEqual({
      status: 503,
      ...error("Service Unavailable", hasType),
    });
  });
});

describe("compile", () => {
  const stage: HttpApiStage = {
    stageName: "$default",
    variables: {},
    isDeployed: true,
    routeSettings: {},
    at: { file: "a", line: 1, column: 1 },
  };
  const options = {
    region: "us-east-1",
    accountId: "123456789012",
    partition: "aws",
    deploymentId: "d1",
    hasFunction: () => true,
    accepts: () => false,
  };
  const rules = (findings: readonly { rule: string; effect: string }[]) =>
    findings.map(({ rule, effect }) => `${rule}/${effect}`);

  test("an API becomes a deployment; a preflight without route is answered by the gateway", async () => {
    const api = sampleApi(["GET /pets/{id}"], {
      corsConfiguration: { allowOrigins: ["https://app.example"], allowMethods: ["GET"] },
    });
    const { deployment, findings } = compile(api, stage, options);
    expect(findings).toEqual([]);
    const headers = ["Origin", "https://app.example", "Access-Control-Request-Method", "GET"];
    const preflight = await ask(deployment as HttpApiDeployment, { method: "OPTIONS", headers });
    expect(preflight.answer).toMatchObject({ status: 204, body: "" });
    expect(preflight.answer.headers).toContain("access-control-allow-methods");
    const notFound = await ask(deployment as HttpApiDeployment, { path: "/none", headers });
    expect(notFound.answer.headers).toContain("access-control-allow-origin");
  });

  test.each([
    ["a stage without deployment", sampleApi(["GET /a"]), { isDeployed: false }, "stage-not-deployed/none", false],
    ["two routes in one place", sampleApi(["GET /{a}", "GET /{b}"]), {}, "route-conflict/api", false],
    [
      "credentials for any origin",
      sampleApi(["GET /a"], { corsConfiguration: { allowOrigins: ["*"], allowCredentials: true } }),
      {},
      "cors-invalid/api",
      false,
    ],
    [
      "scopes without JWT",
      sampleApi(["GET /a"], {}, { authorizationScopes: ["x"] }),
      {},
      "scopes-without-jwt/route",
      true,
    ],
    [
      "a JWT route without authorizer",
      sampleApi(["GET /a"], {}, { authorizationType: "JWT", authorizerId: "none" }),
      {},
      "authorizer-unknown/route",
      true,
    ],
    [
      "a target that is not there",
      sampleApi(["GET /a"], {}, { integrationId: "none" }),
      {},
      "integration-unknown/route",
      true,
    ],
    [
      "limits of 0",
      sampleApi(["GET /a"]),
      { defaultRouteSettings: { throttlingRateLimit: 0, throttlingBurstLimit: 0 } },
      "throttle-refuses-all/none",
      true,
    ],
  ] as const)("%s is found, and never opens a route", async (_, api, changed, expected, isServed) => {
    const { deployment, findings } = compile(api, { ...stage, ...changed }, options);
    expect(rules(findings)).toEqual([expected]);
    expect(deployment !== undefined).toBe(isServed);
    if (deployment && expected.endsWith("/route"))
      expect((await ask(deployment, { path: "/a" })).answer.status).toBe(501);
  });

  test("a function without code, or that nothing permits to invoke, is no open door", async () => {
    const noCode = compile(sampleApi(["GET /a"]), stage, { ...options, hasFunction: () => false });
    expect(rules(noCode.findings)).toEqual(["function-without-code/route"]);
    const denied = compile(sampleApi(["GET /a"]), stage, { ...options, access: { roles: [], permissions: [] } });
    expect((await ask(denied.deployment as HttpApiDeployment, { path: "/a" })).record?.refusal?.reason).toBe(
      "lambda_not_permitted",
    );
  });
});

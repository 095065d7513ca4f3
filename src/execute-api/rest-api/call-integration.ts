import type { InvokeResult } from "../../lambda/invoke.ts";
import { maskIdentity } from "../authorizers/mask-identity.ts";
import type { HttpResult } from "../integrations/http-client/http-exchange.ts";
import { REST_INVOKE_REFUSED_LOG_TEXT } from "../invoke-access.ts";
import { refuseInvoke } from "../invoke-checks.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import type { RawHeaders } from "../transport.ts";
import type { CompiledMethod, HttpIntegration, LambdaIntegration, RestDeployment } from "./deployment.ts";
import { identityValues } from "./identity-values.ts";
import type { SentRequest, SentToEndpoint, SentToFunction } from "./map-integration-request.ts";
import { type ProxyResponse, parseProxyResponse } from "./proxy-response.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/** What an integration answered. */
export type ReceivedResponse =
  | ReceivedFromMock
  | ReceivedFromEndpoint
  | ReceivedFromFunction
  | ReceivedFromProxyFunction;

export interface ReceivedFromMock {
  readonly type: "MOCK";
  readonly status: number;
}

export interface ReceivedFromEndpoint {
  readonly type: "HTTP" | "HTTP_PROXY";
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Buffer;
}

export interface ReceivedFromFunction {
  readonly type: "AWS";
  /** Lambda's own status: 200, 202 for an `Event` invocation, 400 for a payload that is no JSON. */
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: string;
  /** `errorMessage` of a failed function, empty otherwise: what selection patterns look at (D). */
  readonly errorMessage: string;
}

export interface ReceivedFromProxyFunction {
  readonly type: "AWS_PROXY";
  readonly response: ProxyResponse;
}

/** A missing permission (C: sal-blog.com/iam-api-gateway-500error), and a function without code, of which AWS's answer is (?). */
const NOT_INVOCABLE_RESPONSE_TYPE = "API_CONFIGURATION_ERROR";
const NOT_INVOCABLE_STATUS = 500;
/** A throttled function is a 500 of the type INTEGRATION_FAILURE (C: three reports). */
const THROTTLED_STATUS = 500;
/** A failed or malformed proxy function (R). */
const BAD_PROXY_STATUS = 502;

const INTERNAL_SERVER_ERROR = "Internal server error";

/**
 * Calls the integration and answers what came back, or refuses as AWS does when nothing usable did.
 * conformance/rest-api/integration-failures
 */
export function callIntegration(
  sent: SentRequest,
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  caller: Caller,
  deployment: Pick<RestDeployment, "identityHeaders">,
  ports: Ports,
  trace: Trace,
): ReceivedResponse | Promise<ReceivedResponse> {
  /** What a function wrote, without what the request says of its caller; the values are looked up at the first use. */
  let values: readonly string[] | undefined;
  const mask = (text: string): string => {
    values ??= [...identityValues(request, matched, deployment), ...(caller.apiKey ? [caller.apiKey.value] : [])];
    return maskIdentity(text, values);
  };
  switch (sent.type) {
    case "MOCK":
      trace.integration = { type: "MOCK", status: sent.status };
      return sent;
    case "HTTP":
    case "HTTP_PROXY":
      return callEndpoint(sent, matched.method.integration as HttpIntegration, ports, trace); // sent says so
    case "AWS":
    case "AWS_PROXY":
      // sent says so
      return callFunction(sent, matched.method.integration as LambdaIntegration, caller, mask, ports, trace);
  }
}

async function callEndpoint(
  sent: SentToEndpoint,
  integration: HttpIntegration,
  ports: Ports,
  trace: Trace,
): Promise<ReceivedFromEndpoint> {
  const { endpoint, timeoutMs, insecureSkipVerification } = integration;
  if (!endpoint.ok) throw new Error("a request to an invalid address was mapped");
  // Without the query: it may hold anything.
  const target = `${sent.httpMethod} ${endpoint.uri.originText}${sent.target.split("?", 1)[0]}`;
  const began = ports.monotonic();
  const result = await ports.http.request({
    method: sent.httpMethod,
    url: endpoint.uri.origin,
    path: sent.target,
    headers: sent.headers,
    timeoutMs,
    ...(sent.body !== undefined && { body: sent.body }),
    ...(insecureSkipVerification && { insecureSkipVerification }),
  });
  const latencyMs = Math.round(ports.monotonic() - began);
  trace.integration = {
    type: sent.type,
    target,
    latencyMs,
    ...(result.outcome === "response" && { status: result.status }),
  };
  if (result.outcome !== "response") throw endpointRefusal(result, target, timeoutMs);
  return { type: sent.type, status: result.status, headers: result.headers, body: result.body };
}

function endpointRefusal(
  result: Exclude<HttpResult, { outcome: "response" }>,
  target: string,
  timeoutMs: number,
): RestApiRefusal {
  switch (result.outcome) {
    case "timeout":
      return new RestApiRefusal("INTEGRATION_TIMEOUT", {
        reason: "integration_timed_out",
        message: `${target} did not answer within ${timeoutMs} ms (${result.detail})`,
        expected: `≤ ${timeoutMs} ms`,
        actual: result.phase,
      });
    case "invalid_request":
      return new RestApiRefusal("API_CONFIGURATION_ERROR", {
        reason: "parameter_mapping_failed",
        message: `${target} was not called: ${result.detail}`,
      });
    case "connect_failed":
    case "tls_failed":
    case "connection_lost":
      return unreachable(`${target} could not be reached: ${result.detail}`, result.code);
    case "malformed_response":
    case "response_too_large":
    case "queue_full":
    case "aborted":
      return unreachable(`${target} gave no usable answer: ${result.detail}`, result.outcome);
  }
}

function unreachable(message: string, actual: string): RestApiRefusal {
  return new RestApiRefusal("INTEGRATION_FAILURE", { reason: "integration_unreachable", message, actual });
}

async function callFunction(
  sent: SentToFunction,
  integration: LambdaIntegration,
  caller: Caller,
  mask: (text: string) => string,
  ports: Ports,
  trace: Trace,
): Promise<ReceivedFromFunction | ReceivedFromProxyFunction> {
  const { functionArn, timeoutMs } = integration;
  const refused = refuseInvoke(integration, caller.iam, ports.now());
  if (refused !== undefined) {
    trace.integration = { type: sent.type, target: functionArn };
    throw new RestApiRefusal(
      NOT_INVOCABLE_RESPONSE_TYPE,
      { reason: "lambda_not_permitted", ...refused },
      { status: NOT_INVOCABLE_STATUS, message: INTERNAL_SERVER_ERROR, loggedError: REST_INVOKE_REFUSED_LOG_TEXT },
    );
  }
  if (sent.type === "AWS") {
    const problem = jsonProblem(sent.payload);
    if (problem !== undefined) {
      // Lambda itself refuses it, and that answer is mapped like any other (C).
      trace.integration = { type: sent.type, target: functionArn, status: 400 };
      const body = JSON.stringify({ Type: "User", message: `Could not parse request body into json: ${problem}` });
      return { type: "AWS", status: 400, headers: INVOKE_HEADERS, body, errorMessage: "" };
    }
  }
  const began = ports.monotonic();
  const result = await ports.lambda.invoke(functionArn, sent.payload, {
    invocationType: sent.invocationType,
    waitMs: timeoutMs,
  });
  const latencyMs = Math.round(ports.monotonic() - began);
  const functionLogs = "logs" in result ? result.logs.map(mask) : [];
  trace.integration = { type: sent.type, target: functionArn, latencyMs, functionLogs };
  const answered = result.outcome === "success" || result.outcome === "function_error";
  if (!answered) throw functionRefusal(result, functionArn, timeoutMs);
  if (sent.type === "AWS_PROXY") return proxyAnswer(result, functionArn, mask, trace);
  const status = sent.invocationType === "Event" ? 202 : 200;
  trace.integration = { ...trace.integration, status };
  return {
    type: "AWS",
    status,
    headers:
      result.outcome === "function_error"
        ? [...INVOKE_HEADERS, "X-Amz-Function-Error", result.functionError]
        : INVOKE_HEADERS,
    body: sent.invocationType === "Event" ? "" : result.payload,
    errorMessage: result.outcome === "function_error" ? result.errorMessage : "",
  };
}

/** Of Lambda's Invoke answer, what mappings may read as `integration.response.header.…` (D). */
const INVOKE_HEADERS: RawHeaders = ["Content-Type", "application/json", "X-Amz-Executed-Version", "$LATEST"];

function proxyAnswer(
  result: Extract<InvokeResult, { outcome: "success" | "function_error" }>,
  functionArn: string,
  mask: (text: string) => string,
  trace: Trace,
): ReceivedFromProxyFunction {
  if (result.outcome === "function_error") {
    throw new RestApiRefusal(
      "INTEGRATION_FAILURE",
      {
        reason: "lambda_function_error",
        message: `${functionArn} failed with ${mask(result.errorType)}: ${JSON.stringify(mask(result.errorMessage).slice(0, 300))}`,
        expected: "a proxy response",
        actual: result.functionError,
      },
      { status: BAD_PROXY_STATUS, message: INTERNAL_SERVER_ERROR },
    );
  }
  const verdict = parseProxyResponse(result.payload);
  if (!verdict.ok) {
    throw new RestApiRefusal(
      "INTEGRATION_FAILURE",
      {
        reason: "lambda_proxy_malformed",
        message: `${functionArn} answered ${verdict.what} = ${mask(verdict.found)}, wanted ${verdict.wanted}`,
        expected: verdict.wanted,
        actual: mask(verdict.found),
      },
      { status: BAD_PROXY_STATUS, message: INTERNAL_SERVER_ERROR },
    );
  }
  trace.integration = { type: "AWS_PROXY", ...trace.integration, status: verdict.response.status };
  return { type: "AWS_PROXY", response: verdict.response };
}

function functionRefusal(
  result: Exclude<InvokeResult, { outcome: "success" | "function_error" }>,
  functionArn: string,
  timeoutMs: number,
): RestApiRefusal {
  switch (result.outcome) {
    case "caller_timeout":
      return new RestApiRefusal("INTEGRATION_TIMEOUT", {
        reason: "integration_timed_out",
        message: `${functionArn} did not answer within ${timeoutMs} ms`,
        expected: `≤ ${timeoutMs} ms`,
        actual: `${result.waitedMs} ms`,
      });
    case "not_found":
      return new RestApiRefusal(
        NOT_INVOCABLE_RESPONSE_TYPE,
        { reason: "lambda_not_invocable", message: `${functionArn}: ${result.message}` },
        { status: NOT_INVOCABLE_STATUS, message: INTERNAL_SERVER_ERROR },
      );
    case "throttled":
      return new RestApiRefusal(
        "INTEGRATION_FAILURE",
        { reason: "lambda_throttled", message: `${functionArn}: ${result.message}` },
        { status: THROTTLED_STATUS, message: INTERNAL_SERVER_ERROR },
      );
    case "request_too_large":
      return new RestApiRefusal("REQUEST_TOO_LARGE", {
        reason: "lambda_payload_too_large",
        message: `the payload for ${functionArn} has ${result.sizeBytes} bytes, Lambda takes ${result.limitBytes}`,
        expected: result.limitBytes,
        actual: result.sizeBytes,
      });
  }
}

/** Kinds only: the payload may hold anything. */
function jsonProblem(payload: string): string | undefined {
  try {
    JSON.parse(payload);
    return undefined;
  } catch {
    return "Unexpected character";
  }
}

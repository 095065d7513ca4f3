import type { InvokeResult } from "../../lambda/invoke.ts";
import { maskIdentity } from "../authorizers/mask-identity.ts";
import { INVOKE_REFUSED_LOG_TEXT } from "../invoke-access.ts";
import { refuseInvoke } from "../invoke-checks.ts";
import { logText } from "../log-text.ts";
import type { Ports } from "../ports.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import type { Trace } from "../trace.ts";
import type { Answer } from "../transport.ts";
import { callEndpoint } from "./call-endpoint.ts";
import type { HttpApiDeployment, LambdaProxyIntegration } from "./deployment.ts";
import { proxyEvent1 } from "./event-1.ts";
import { proxyEvent2 } from "./event-2.ts";
import { parseFunctionAnswer1 } from "./function-answer-1.ts";
import { parseFunctionAnswer2 } from "./function-answer-2.ts";
import { identityValues } from "./identity-values.ts";
import { applyRequestMapping, applyResponseMapping } from "./parameter-mapping.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";

/** A function that Lambda throttles (?): 500 or 503. */
const THROTTLED_STATUS = 503;
const MAX_QUOTED_CHARACTERS = 300;

/**
 * Calls the route's integration, with parameter mappings both ways, and answers what it answered; or refuses as AWS does
 * when nothing usable came. conformance/http-api/function-failures
 */
export async function callIntegration(
  request: HttpApiRequest,
  matched: MatchedRoute,
  caller: Caller,
  deployment: HttpApiDeployment,
  ports: Ports,
  trace: Trace,
): Promise<Answer> {
  const { integration, routeKey } = matched.route;
  if (integration === undefined) {
    throw internalServerError({
      reason: "integration_missing",
      message: `route ${routeKey} has no target`,
      expected: "integrations/INTEGRATION_ID",
    });
  }
  const sources = { request, matched, caller, deployment };
  const mapped = applyRequestMapping(integration.requestMapping, sources);
  const answer =
    integration.type === "AWS_PROXY"
      ? await callFunction(integration, mapped.request, sources, ports, trace)
      : await callEndpoint(integration, mapped, matched, ports, trace);
  return applyResponseMapping(integration.responseMapping, answer, sources);
}

/** Takes what the request says of its caller out of what a function wrote; the values are looked up at the first use. */
function identityMask(
  request: HttpApiRequest,
  matched: MatchedRoute,
  deployment: HttpApiDeployment,
): (text: string) => string {
  let values: readonly string[] | undefined;
  return (text) => {
    values ??= identityValues(request, matched, deployment);
    return maskIdentity(text, values);
  };
}

interface Around {
  /** As it came, whatever mappings have made of it. */
  readonly request: HttpApiRequest;
  readonly matched: MatchedRoute;
  readonly caller: Caller;
  readonly deployment: HttpApiDeployment;
}

async function callFunction(
  integration: LambdaProxyIntegration,
  request: HttpApiRequest,
  { request: asSent, matched, caller, deployment }: Around,
  ports: Ports,
  trace: Trace,
): Promise<Answer> {
  const { functionArn, payloadFormatVersion, timeoutMs } = integration;
  const refused = refuseInvoke(integration, caller.iam, ports.now());
  if (refused !== undefined) {
    trace.integration = { type: "AWS_PROXY", target: functionArn };
    throw internalServerError({ reason: "lambda_not_permitted", ...refused }, INVOKE_REFUSED_LOG_TEXT);
  }
  const isFormat2 = payloadFormatVersion === "2.0";
  const event = (isFormat2 ? proxyEvent2 : proxyEvent1)(request, matched, caller, deployment);
  const began = ports.monotonic();
  const result = await ports.lambda.invoke(functionArn, JSON.stringify(event), { waitMs: timeoutMs });
  const latencyMs = Math.round(ports.monotonic() - began);
  const logs = "logs" in result ? result.logs : [];
  const mask = identityMask(asSent, matched, deployment);
  const functionLogs = logs.map(mask);
  trace.integration = { type: "AWS_PROXY", target: functionArn, latencyMs, functionLogs };
  if (result.outcome !== "success") throw refusalFor(result, functionArn, timeoutMs, mask);
  const parsed = (isFormat2 ? parseFunctionAnswer2 : parseFunctionAnswer1)(result.payload);
  if (!parsed.ok) {
    const evidence = {
      reason: "lambda_answer_malformed",
      message: `${functionArn} answered ${parsed.what} = ${mask(parsed.found)}, wanted ${parsed.wanted}`,
      expected: parsed.wanted,
      actual: mask(parsed.found),
    } as const;
    throw internalServerError(evidence, evidence.message);
  }
  trace.integration = { ...trace.integration, status: parsed.answer.status };
  return parsed.answer;
}

function internalServerError(evidence: RefusalEvidence, integrationError?: string): HttpApiRefusal {
  return new HttpApiRefusal(
    500,
    "Internal Server Error",
    evidence,
    // Single quotes: what we say in our own words must not end a text of a JSON log format.
    integrationError === undefined ? {} : { integrationError: logText(integrationError) },
  );
}

function refusalFor(
  result: Exclude<InvokeResult, { outcome: "success" }>,
  functionArn: string,
  timeoutMs: number,
  mask: (text: string) => string,
): HttpApiRefusal {
  switch (result.outcome) {
    // The function's own timeout is an error of the function (R).
    case "function_error": {
      const said = mask(result.errorMessage).slice(0, MAX_QUOTED_CHARACTERS);
      const message = `${functionArn} failed with ${mask(result.errorType)}: ${JSON.stringify(said)}`;
      const { functionError } = result;
      return internalServerError({ reason: "lambda_function_error", message, actual: functionError }, message);
    }
    case "caller_timeout":
      return timedOut(functionArn, timeoutMs, `${result.waitedMs} ms`);
    case "not_found":
      return internalServerError({ reason: "lambda_not_invocable", message: `${functionArn}: ${result.message}` });
    case "throttled":
      return new HttpApiRefusal(THROTTLED_STATUS, "Service Unavailable", {
        reason: "lambda_throttled",
        message: `${functionArn}: ${result.message}`,
      });
    case "request_too_large":
      return new HttpApiRefusal(413, "Request Entity Too Large", {
        reason: "lambda_payload_too_large",
        message: `the payload for ${functionArn} has ${result.sizeBytes} bytes, Lambda takes ${result.limitBytes}`,
        expected: result.limitBytes,
        actual: result.sizeBytes,
      });
  }
}

/** 503 without a content type (R); 504 is a REST API's. */
export function timedOut(target: string, timeoutMs: number, actual: string): HttpApiRefusal {
  return new HttpApiRefusal(
    503,
    "Service Unavailable",
    {
      reason: "integration_timed_out",
      message: `${target} did not answer within ${timeoutMs} ms`,
      expected: `≤ ${timeoutMs} ms`,
      actual,
    },
    { hasNoContentType: true },
  );
}

import type { Ports } from "../ports.ts";
import { Trace } from "../trace.ts";
import type { Answer, IncomingRequest } from "../transport.ts";
import { accessLogContext } from "./access-log-context.ts";
import { authorize } from "./authorize.ts";
import { callIntegration } from "./call-integration.ts";
import { checkApiKey } from "./check-api-key.ts";
import { contextVariables } from "./context.ts";
import { decompressRequest } from "./decompress-request.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { renderGatewayResponse } from "./gateway-response.ts";
import { mapIntegrationRequest } from "./map-integration-request.ts";
import { mapIntegrationResponse } from "./map-integration-response.ts";
import { matchResource } from "./match-resource.ts";
import { notServedAnswer } from "./not-served.ts";
import { readRequest, type StageTarget } from "./read-request.ts";
import { recordDecision } from "./record-decision.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";
import { throttle } from "./throttle.ts";
import { validateMethodRequest } from "./validate-method-request.ts";

/** Answers one request to a stage of a REST API. The order is AWS's; conformance/rest-api/order holds the evidence. */
export async function answer(
  incoming: IncomingRequest,
  target: StageTarget,
  deployment: RestDeployment,
  ports: Ports,
): Promise<Answer> {
  const trace = new Trace(ports.monotonic);
  const request = readRequest(incoming, target, ports);
  let matched: MatchedMethod<CompiledMethod> | undefined;
  let caller: Caller | undefined;
  try {
    const matching = matchResource(request, deployment, ports);
    matched = matching instanceof Promise ? await matching : matching;
    if (matched.method.notServed) return finish(notServedAnswer(matched.method.notServed, request));
    const authorized = authorize(request, matched, deployment, ports, trace);
    // Waiting for what is there already costs a turn of the event loop's queue.
    caller = authorized instanceof Promise ? await authorized : authorized;
    trace.ended("authorize");
    const grant = checkApiKey(request, matched, caller, deployment, ports);
    if (grant !== undefined) caller = { ...caller, apiKey: grant.apiKey };
    const limited = throttle(request, matched, grant, deployment, ports);
    if (limited instanceof Promise) await limited;
    const opened = decompressRequest(request);
    validateMethodRequest(opened, matched);
    const sent = mapIntegrationRequest(opened, matched, caller, deployment);
    trace.ended("integration request");
    const calling = callIntegration(sent, request, matched, caller, deployment, ports, trace);
    const received = calling instanceof Promise ? await calling : calling;
    trace.ended("integration");
    const mapped = mapIntegrationResponse(received, sent, request, matched, caller, deployment);
    trace.ended("integration response");
    return finish(mapped);
  } catch (error) {
    const refusal = asRefusal(error);
    trace.ended("refused");
    const context = contextVariables({ request, deployment, matched, caller });
    const rendered = renderGatewayResponse(refusal, deployment, request, context, matched?.pathParameters ?? {});
    return finish(rendered, refusal, rendered.errorType);
  }

  function finish(answered: Answer, refusal?: RestApiRefusal, errorType?: string): Answer {
    const decided = { request, deployment, matched, caller, answer: answered, refusal, errorType, trace };
    ports.record(recordDecision(decided));
    if (deployment.accessLog) {
      ports.writeAccessLog(deployment.accessLog.destination, deployment.accessLog.format(accessLogContext(decided)));
    }
    return answered;
  }
}

/** Anything thrown that is no refusal is our defect: a 500 like AWS's own, with the request id to find it by. */
function asRefusal(error: unknown): RestApiRefusal {
  if (error instanceof RestApiRefusal) return error;
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RestApiRefusal("DEFAULT_5XX", { reason: "internal_error", message: `defect in the gateway: ${what}` });
}

/** What is known of a request once it is answered. */
export interface Decided {
  readonly request: RestRequest;
  readonly deployment: RestDeployment;
  readonly matched: MatchedMethod<CompiledMethod> | undefined;
  readonly caller: Caller | undefined;
  readonly answer: Answer;
  readonly refusal: RestApiRefusal | undefined;
  readonly errorType: string | undefined;
  readonly trace: Trace;
}

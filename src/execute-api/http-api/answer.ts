import type { Ports } from "../ports.ts";
import { Trace } from "../trace.ts";
import type { Answer, IncomingRequest } from "../transport.ts";
import { accessLogContext } from "./access-log-context.ts";
import { authorize } from "./authorize.ts";
import { callIntegration } from "./call-integration.ts";
import { answerPreflight, withCors } from "./cors.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { asRefusal, errorAnswer, withRequestId } from "./error-answer.ts";
import { matchRoute } from "./match-route.ts";
import { notServedAnswer } from "./not-served.ts";
import { readRequest, type StageTarget } from "./read-request.ts";
import { recordDecision } from "./record-decision.ts";
import type { HttpApiRefusal } from "./refusal.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";
import { throttle } from "./throttle.ts";

/** Answers one request to a stage of an HTTP API. The order is AWS's; conformance/http-api holds the evidence. */
export async function answer(
  incoming: IncomingRequest,
  target: StageTarget,
  deployment: HttpApiDeployment,
  ports: Ports,
): Promise<Answer> {
  const trace = new Trace(ports.monotonic);
  const request = readRequest(incoming, target, deployment, ports);
  let matched: MatchedRoute | undefined;
  let caller: Caller | undefined;
  try {
    matched = matchRoute(request, deployment);
    if (matched === undefined) return finish(answerPreflight(request, deployment));
    if (matched.route.notServed) return finish(notServedAnswer(matched.route.notServed));
    const limited = throttle(matched.route, ports);
    if (limited instanceof Promise) await limited;
    const authorized = authorize(request, matched, deployment, ports, trace);
    caller = authorized instanceof Promise ? await authorized : authorized;
    trace.ended("authorize");
    const answered = await callIntegration(request, matched, caller, deployment, ports, trace);
    trace.ended("integration");
    return finish(withCors(answered, request, deployment));
  } catch (error) {
    const refusal = asRefusal(error);
    trace.ended("refused");
    return finish(withCors(errorAnswer(refusal), request, deployment, true), refusal);
  }

  function finish(unnamed: Answer, refusal?: HttpApiRefusal): Answer {
    const answered = withRequestId(unnamed, request);
    const decided = { request, deployment, matched, caller, answer: answered, refusal, trace };
    ports.record(recordDecision(decided));
    if (deployment.accessLog) {
      ports.writeAccessLog(deployment.accessLog.destination, deployment.accessLog.format(accessLogContext(decided)));
    }
    return answered;
  }
}

/** What is known of a request once it is answered. */
export interface Decided {
  readonly request: HttpApiRequest;
  readonly deployment: HttpApiDeployment;
  readonly matched: MatchedRoute | undefined;
  readonly caller: Caller | undefined;
  readonly answer: Answer;
  readonly refusal: HttpApiRefusal | undefined;
  readonly trace: Trace;
}

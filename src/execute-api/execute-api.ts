import type { Ports } from "./ports.ts";
import { GATEWAY_REASONS } from "./reasons.ts";
import { answer as answerRest } from "./rest-api/answer.ts";
import type { RestDeployment } from "./rest-api/deployment.ts";
import type { Answer, IncomingRequest } from "./transport.ts";

/**
 * The data plane: which deployment each stage of each API points to, and the way in for requests. Deploying swaps one
 * immutable value for another; requests under way finish on the one they began with.
 */
export class ExecuteApi {
  readonly #ports: Ports;
  readonly #stages = new Map<string, Map<string, RestDeployment>>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Points a stage at a deployment, creating the stage if need be. */
  deploy(deployment: RestDeployment): void {
    const stages = this.#stages.get(deployment.apiId) ?? new Map<string, RestDeployment>();
    stages.set(deployment.stageName, deployment);
    this.#stages.set(deployment.apiId, stages);
  }

  /** Takes an API out of service; its next request is one to an unknown API. */
  remove(apiId: string): void {
    this.#stages.delete(apiId);
  }

  /** What is deployed where. */
  *deployments(): Generator<RestDeployment> {
    for (const stages of this.#stages.values()) yield* stages.values();
  }

  /** FlushStageAuthorizersCache (D). */
  flushAuthorizers(apiId: string, stageName: string): void {
    this.#ports.authorizerCache.flushStage(`${apiId}/${stageName}`);
  }

  /**
   * Answers a request for an API. `target` begins with the stage, raw as on the wire; extra leading slashes are
   * accepted (R). Undefined when no such API is deployed.
   */
  answer(apiId: string, target: string, incoming: IncomingRequest): Promise<Answer> | Answer | undefined {
    const stages = this.#stages.get(apiId);
    if (stages === undefined) return undefined;
    const question = target.indexOf("?");
    const rawPath = question < 0 ? target : target.slice(0, question);
    let start = 0;
    while (rawPath.charCodeAt(start) === 47) start++;
    const slash = rawPath.indexOf("/", start);
    const stageName = slash < 0 ? rawPath.slice(start) : rawPath.slice(start, slash);
    const deployment = stages.get(stageName);
    if (deployment === undefined) return this.#unknownStage(stageName, stages, incoming);
    const rest = slash < 0 ? "/" : rawPath.slice(slash);
    return answerRest(
      incoming,
      {
        requestPath: `/${stageName}${slash < 0 ? "" : rest}`,
        path: rest,
        rawQuery: question < 0 ? "" : target.slice(question + 1),
      },
      deployment,
      this.#ports,
    );
  }

  /** 403 `{"message":"Forbidden"}` (C); status and error type (?). conformance/rest-api/not-found/unknown-stage */
  #unknownStage(stageName: string, stages: ReadonlyMap<string, RestDeployment>, incoming: IncomingRequest): Answer {
    const { newRequestId, newExtendedRequestId, record } = this.#ports;
    const requestId = newRequestId();
    const extendedRequestId = newExtendedRequestId();
    const body = '{"message":"Forbidden"}';
    const [deployment] = stages.values();
    const known = [...stages.keys()];
    if (deployment !== undefined) {
      record({
        requestId,
        extendedRequestId,
        time: new Date(incoming.receivedAtMs).toISOString(),
        api: { apiId: deployment.apiId, name: deployment.apiName, type: "REST" },
        stage: stageName,
        deploymentId: "",
        request: {
          method: incoming.method,
          path: `/${stageName}`,
          queryNames: [],
          headerNames: incoming.headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()),
          headers: {},
          sourceIp: incoming.sourceIp,
        },
        answer: { status: 403, errorType: "ForbiddenException", bodyBytes: body.length },
        refusal: {
          reason: "unknown_stage",
          message: `no stage "${stageName}" is deployed (${known.join(", ")} is)`,
          check: GATEWAY_REASONS.unknown_stage,
          expected: known,
          actual: stageName,
        },
        steps: [],
      });
    }
    return {
      status: 403,
      headers: [
        "Content-Type",
        "application/json",
        "x-amzn-RequestId",
        requestId,
        "x-amzn-ErrorType",
        "ForbiddenException",
        "x-amz-apigw-id",
        extendedRequestId,
      ],
      body,
    };
  }
}

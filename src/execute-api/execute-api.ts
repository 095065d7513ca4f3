import type { RefusalRecord } from "./decision-record.ts";
import { HeaderFields } from "./header-fields.ts";
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
   * accepted (R). An API may have its default endpoint, `{apiId}.execute-api.…`, disabled; other names of it are custom.
   * Undefined when no such API is deployed.
   */
  answer(
    apiId: string,
    target: string,
    incoming: IncomingRequest,
    endpoint: "default" | "custom" = "default",
  ): Promise<Answer> | Answer | undefined {
    const stages = this.#stages.get(apiId);
    if (stages === undefined) return undefined;
    const question = target.indexOf("?");
    const rawPath = question < 0 ? target : target.slice(0, question);
    let start = 0;
    while (rawPath.charCodeAt(start) === 47) start++;
    const slash = rawPath.indexOf("/", start);
    const stageName = slash < 0 ? rawPath.slice(start) : rawPath.slice(start, slash);
    const deployment = stages.get(stageName);
    if (endpoint === "default") {
      for (const each of stages.values()) {
        if (each.disableExecuteApiEndpoint) return this.#forbid(stageName, each, incoming, endpointDisabled(each));
      }
    }
    if (deployment === undefined) {
      const [any] = stages.values();
      return this.#forbid(stageName, any, incoming, unknownStage(stageName, [...stages.keys()]));
    }
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

  /**
   * 403 `{"message":"Forbidden"}`: of an unknown stage (C), status and error type (?); of a disabled endpoint (D), body
   * and error type (?). conformance/rest-api/not-found/unknown-stage
   */
  #forbid(
    stageName: string,
    deployment: RestDeployment | undefined,
    incoming: IncomingRequest,
    refusal: RefusalRecord,
  ): Answer {
    const { newRequestId, newExtendedRequestId, record } = this.#ports;
    const requestId = newRequestId();
    const extendedRequestId = newExtendedRequestId();
    const body = '{"message":"Forbidden"}';
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
          headerNames: new HeaderFields(incoming.headers).names(),
          headers: {},
          sourceIp: incoming.sourceIp,
        },
        answer: { status: 403, errorType: "ForbiddenException", bodyBytes: body.length },
        refusal,
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

function unknownStage(stageName: string, known: readonly string[]): RefusalRecord {
  return {
    reason: "unknown_stage",
    message: `no stage "${stageName}" is deployed (${known.join(", ")} is)`,
    check: GATEWAY_REASONS.unknown_stage,
    expected: known,
    actual: stageName,
  };
}

function endpointDisabled({ apiName }: RestDeployment): RefusalRecord {
  return {
    reason: "default_endpoint_disabled",
    message: `${apiName} has disableExecuteApiEndpoint, so it answers at its custom domains only`,
    check: GATEWAY_REASONS.default_endpoint_disabled,
  };
}

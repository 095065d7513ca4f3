import type { RefusalRecord } from "./decision-record.ts";
import { HeaderFields } from "./header-fields.ts";
import { answer as answerHttp } from "./http-api/answer.ts";
import type { HttpApiDeployment } from "./http-api/deployment.ts";
import type { Ports } from "./ports.ts";
import { GATEWAY_REASONS } from "./reasons.ts";
import { answer as answerRest } from "./rest-api/answer.ts";
import type { RestDeployment } from "./rest-api/deployment.ts";
import type { Answer, IncomingRequest } from "./transport.ts";

type Deployment = RestDeployment | HttpApiDeployment;

/**
 * The data plane: which deployment each stage of each API points to, and the way in for requests. Deploying swaps one
 * immutable value for another; requests under way finish on the one they began with.
 */
export class ExecuteApi {
  readonly #ports: Ports;
  readonly #stages = new Map<string, Map<string, Deployment>>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Points a stage at a deployment, creating the stage if need be. */
  deploy(deployment: Deployment): void {
    const stages = this.#stages.get(deployment.apiId) ?? new Map<string, Deployment>();
    stages.set(deployment.stageName, deployment);
    this.#stages.set(deployment.apiId, stages);
  }

  /** Takes an API out of service; its next request is one to an unknown API. */
  remove(apiId: string): void {
    this.#stages.delete(apiId);
  }

  /** Takes one stage out of service, and with the last one the API. */
  removeStage(apiId: string, stageName: string): void {
    const stages = this.#stages.get(apiId);
    stages?.delete(stageName);
    if (stages?.size === 0) this.#stages.delete(apiId);
  }

  /** What is deployed where. */
  *deployments(): Generator<Deployment> {
    for (const stages of this.#stages.values()) yield* stages.values();
  }

  /** FlushStageAuthorizersCache of REST APIs, ResetAuthorizersCache of HTTP APIs (D). */
  flushAuthorizers(apiId: string, stageName: string): void {
    this.#ports.authorizerCache.flushStage(`${apiId}/${stageName}`);
    this.#ports.requestAuthorizerCache.flushStage(`${apiId}/${stageName}`);
  }

  /**
   * Answers a request for an API. `target` begins with the stage, raw as on the wire; extra leading slashes are
   * accepted (R). An API may have its default endpoint, `{apiId}.execute-api.…`, disabled; other names of it are custom.
   * Undefined when no such API is deployed. Of an HTTP API addressed by `path`, `$default` may be written as the stage.
   */
  answer(
    apiId: string,
    target: string,
    incoming: IncomingRequest,
    endpoint: "default" | "custom" = "default",
    addressedBy: "host" | "path" = "host",
  ): Promise<Answer> | Answer | undefined {
    const stages = this.#stages.get(apiId);
    if (stages === undefined) return undefined;
    const question = target.indexOf("?");
    const rawPath = question < 0 ? target : target.slice(0, question);
    const [first] = stages.values();
    if (first?.type === "HTTP") {
      const rawQuery = question < 0 ? "" : target.slice(question + 1);
      return this.#answerHttp(stages, rawPath, rawQuery, incoming, endpoint, addressedBy);
    }
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
    if (deployment.type === "HTTP") return undefined; // not reached: an API is of one type
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

  /** The first segment chooses the stage if it names one, else `$default` has the whole path (D). */
  #answerHttp(
    stages: ReadonlyMap<string, Deployment>,
    rawPath: string,
    rawQuery: string,
    incoming: IncomingRequest,
    endpoint: "default" | "custom",
    addressedBy: "host" | "path",
  ): Promise<Answer> | Answer {
    const path = rawPath.startsWith("/") ? rawPath : `/${rawPath}`;
    const slash = path.indexOf("/", 1);
    const segment = slash < 0 ? path.slice(1) : path.slice(1, slash);
    const isNamed = stages.has(segment) && (segment !== "$default" || addressedBy === "path");
    const stageName = isNamed ? segment : "$default";
    for (const each of endpoint === "default" ? stages.values() : []) {
      if (each.disableExecuteApiEndpoint) return this.#notFound(path, each, incoming, endpointDisabled(each));
    }
    const deployment = stages.get(stageName);
    if (deployment?.type !== "HTTP") {
      const [any] = stages.values();
      const refusal: RefusalRecord = {
        reason: "http_stage_not_found",
        message: `the API has no $default stage and "${segment}" is no stage of it (${[...stages.keys()].join(", ")})`,
        check: GATEWAY_REASONS.http_stage_not_found,
        expected: [...stages.keys()],
        actual: segment,
      };
      return this.#notFound(path, any, incoming, refusal);
    }
    const inside = !isNamed ? path : slash < 0 ? "/" : path.slice(slash);
    return answerHttp(incoming, { path: inside, rawQuery }, deployment, this.#ports);
  }

  /** 404 of an HTTP API without a stage for the request (D, R), or with its endpoint disabled (C). */
  #notFound(
    path: string,
    deployment: Deployment | undefined,
    incoming: IncomingRequest,
    refusal: RefusalRecord,
  ): Answer {
    const requestId = this.#ports.newExtendedRequestId();
    const body = '{"message":"Not Found"}';
    if (deployment !== undefined) {
      this.#ports.record({
        requestId,
        extendedRequestId: requestId,
        time: new Date(incoming.receivedAtMs).toISOString(),
        api: { apiId: deployment.apiId, name: deployment.apiName, type: "HTTP" },
        stage: "",
        deploymentId: "",
        request: {
          method: incoming.method,
          path,
          queryNames: [],
          headerNames: new HeaderFields(incoming.headers).names(),
          headers: {},
          sourceIp: incoming.sourceIp,
        },
        answer: { status: 404, bodyBytes: body.length },
        refusal,
        steps: [],
      });
    }
    return { status: 404, headers: ["content-type", "application/json", "apigw-requestid", requestId], body };
  }

  /**
   * 403 `{"message":"Forbidden"}`: of an unknown stage (C), status and error type (?); of a disabled endpoint (D), body
   * and error type (?). conformance/rest-api/not-found/unknown-stage
   */
  #forbid(
    stageName: string,
    deployment: Deployment | undefined,
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

function endpointDisabled({ apiName }: Deployment): RefusalRecord {
  return {
    reason: "default_endpoint_disabled",
    message: `${apiName} has disableExecuteApiEndpoint, so it answers at its custom domains only`,
    check: GATEWAY_REASONS.default_endpoint_disabled,
  };
}

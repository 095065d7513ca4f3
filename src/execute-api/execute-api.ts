import type { CustomDomain } from "../model/custom-domain.ts";
import { formatFinding } from "../model/finding.ts";
import { CustomDomains, type MatchedMapping, type RoutedDomain, selectMapping } from "./custom-domains.ts";
import type { DecisionRecord, RefusalRecord } from "./decision-record.ts";
import { HeaderFields } from "./header-fields.ts";
import { answer as answerHttp } from "./http-api/answer.ts";
import type { HttpApiDeployment } from "./http-api/deployment.ts";
import { malformedTarget } from "./malformed-target.ts";
import type { Ports } from "./ports.ts";
import { GATEWAY_REASONS } from "./reasons.ts";
import { answer as answerRest } from "./rest-api/answer.ts";
import type { RestDeployment } from "./rest-api/deployment.ts";
import type { Answer, IncomingRequest, RawHeaders } from "./transport.ts";

type Deployment = RestDeployment | HttpApiDeployment;

/**
 * The data plane: which deployment each stage of each API points to, and the way in for requests. Deploying swaps one
 * immutable value for another; requests under way finish on the one they began with.
 */
export class ExecuteApi {
  readonly #ports: Ports;
  readonly #stages = new Map<string, Map<string, Deployment>>();
  #domains = new CustomDomains([]);

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

  /** Registers these custom domains in place of all others. */
  registerDomains(domains: readonly CustomDomain[]): void {
    this.#domains = new CustomDomains(domains);
  }

  get domains(): readonly CustomDomain[] {
    return this.#domains.all;
  }

  /** The custom domain of a host name, given in lower case and without port. */
  domainOf(hostname: string): RoutedDomain | undefined {
    return this.#domains.find(hostname);
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
    const wrong = malformedTarget(target);
    if (wrong !== undefined) return this.#malformed(wrong, first && apiOf(first), rawPath, incoming);
    if (first?.type === "HTTP") {
      const rawQuery = question < 0 ? "" : target.slice(question + 1);
      return this.#answerHttp(stages, rawPath, rawQuery, incoming, endpoint, addressedBy);
    }
    if (endpoint === "default") {
      for (const each of stages.values()) {
        if (each.disableExecuteApiEndpoint) {
          const { stageName } = splitStage(rawPath);
          return this.#forbid(apiOf(each), stageName, `/${stageName}`, incoming, endpointDisabled(each));
        }
      }
    }
    return this.#answerRest(stages, rawPath, question < 0 ? "" : target.slice(question + 1), incoming);
  }

  /**
   * Answers a request to a custom domain: its mappings choose API and stage, whatever the API's default endpoint says.
   * Undefined when the API that is mapped is not deployed. conformance/rest-api/custom-domain, conformance/http-api/custom-domain
   */
  answerDomain(routed: RoutedDomain, incoming: IncomingRequest): Promise<Answer> | Answer | undefined {
    const { domainName, notServed } = routed.domain;
    const { target } = incoming;
    const question = target.indexOf("?");
    const rawPath = question < 0 ? target : target.slice(0, question);
    const domainAsApi = { apiId: "", name: domainName, type: "REST" } as const;
    const wrong = malformedTarget(target);
    if (wrong !== undefined) return this.#malformed(wrong, domainAsApi, rawPath, incoming);
    if (notServed !== undefined) {
      const refusal = { reason: "not_served", message: formatFinding(notServed), check: GATEWAY_REASONS.not_served };
      const body = JSON.stringify({ message: `Not served here: ${refusal.message}` });
      const more = ["x-gatewarden-rule", notServed.rule];
      return this.#refuse({ status: 501, body, more }, domainAsApi, "", rawPath, incoming, refusal);
    }
    const selected = selectMapping(routed, rawPath);
    if (selected === undefined) {
      return this.#forbid(domainAsApi, "", rawPath, incoming, unmappedPath(routed.domain, rawPath));
    }
    const { apiId, stageName, key } = selected.mapping;
    const stages = this.#stages.get(apiId);
    const [first] = stages?.values() ?? [];
    if (stages === undefined || first === undefined) return undefined;
    const rawQuery = question < 0 ? "" : target.slice(question + 1);
    const mapping: MatchedMapping = { domainName, key, path: rawPath };
    if (first.type === "REST" && stageName === undefined) {
      return this.#answerRest(stages, selected.rest, rawQuery, incoming, mapping);
    }
    const deployment = stages.get(stageName ?? "");
    if (deployment?.type === "HTTP") {
      return answerHttp(incoming, { path: selected.rest, rawQuery, mapping }, deployment, this.#ports);
    }
    if (deployment?.type === "REST") {
      const inside = { requestPath: rawPath, path: selected.rest, rawQuery, mapping };
      return answerRest(incoming, inside, deployment, this.#ports);
    }
    const refusal = unknownStage(stageName ?? "", [...stages.keys()]);
    return first.type === "HTTP"
      ? this.#notFound(rawPath, first, incoming, refusal)
      : this.#forbid(apiOf(first), stageName ?? "", rawPath, incoming, refusal);
  }

  /** The first segment names the stage (D). */
  #answerRest(
    stages: ReadonlyMap<string, Deployment>,
    rawPath: string,
    rawQuery: string,
    incoming: IncomingRequest,
    mapping?: MatchedMapping,
  ): Promise<Answer> | Answer {
    const { stageName, rest } = splitStage(rawPath);
    const deployment = stages.get(stageName);
    if (deployment?.type !== "REST") {
      const [any] = stages.values();
      const refusal = unknownStage(stageName, [...stages.keys()]);
      const path = mapping === undefined ? `/${stageName}` : mapping.path;
      return this.#forbid(any && apiOf(any), stageName, path, incoming, refusal);
    }
    const requestPath = mapping === undefined ? `/${stageName}${rest}` : mapping.path;
    const inside = { requestPath, path: rest === "" ? "/" : rest, rawQuery, ...(mapping && { mapping }) };
    return answerRest(incoming, inside, deployment, this.#ports);
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
   * and error type (?); of a path that no mapping of a custom domain takes (?).
   * conformance/rest-api/not-found/unknown-stage, conformance/rest-api/custom-domain/unmapped-path
   */
  #forbid(
    api: DecisionRecord["api"] | undefined,
    stageName: string,
    path: string,
    incoming: IncomingRequest,
    refusal: RefusalRecord,
  ): Answer {
    const forbidden = {
      status: 403,
      body: '{"message":"Forbidden"}',
      more: ["x-amzn-ErrorType", "ForbiddenException"],
    };
    return this.#refuse({ ...forbidden, errorType: "ForbiddenException" }, api, stageName, path, incoming, refusal);
  }

  /** 400 of the front end (C), whose body is not known: this one is ours. */
  #malformed(wrong: string, api: DecisionRecord["api"] | undefined, path: string, incoming: IncomingRequest): Answer {
    const refusal = { reason: "target_malformed", message: wrong, check: GATEWAY_REASONS.target_malformed } as const;
    const body = JSON.stringify({ message: `Not served: ${wrong}.` });
    return this.#refuse({ status: 400, body, more: [] }, api, "", path, incoming, refusal);
  }

  #refuse(
    wire: { readonly status: number; readonly body: string; readonly more: RawHeaders; readonly errorType?: string },
    api: DecisionRecord["api"] | undefined,
    stageName: string,
    path: string,
    incoming: IncomingRequest,
    refusal: RefusalRecord,
  ): Answer {
    const { status, body, more, errorType } = wire;
    const requestId = this.#ports.newRequestId();
    const extendedRequestId = this.#ports.newExtendedRequestId();
    if (api !== undefined) {
      this.#ports.record({
        requestId,
        extendedRequestId,
        time: new Date(incoming.receivedAtMs).toISOString(),
        api,
        stage: stageName,
        deploymentId: "",
        request: {
          method: incoming.method,
          path,
          queryNames: [],
          headerNames: new HeaderFields(incoming.headers).names(),
          headers: {},
          sourceIp: incoming.sourceIp,
        },
        answer: { status, ...(errorType !== undefined && { errorType }), bodyBytes: Buffer.byteLength(body) },
        refusal,
        steps: [],
      });
    }
    const ids = ["x-amzn-RequestId", requestId, ...more, "x-amz-apigw-id", extendedRequestId];
    return { status, headers: ["Content-Type", "application/json", ...ids], body };
  }
}

function apiOf({ apiId, apiName, type }: Deployment): DecisionRecord["api"] {
  return { apiId, name: apiName, type };
}

/** The first segment and what follows, perhaps nothing. Extra slashes in front are accepted (R). */
function splitStage(rawPath: string): { readonly stageName: string; readonly rest: string } {
  let start = 0;
  while (rawPath.charCodeAt(start) === 47) start++;
  const slash = rawPath.indexOf("/", start);
  return slash < 0
    ? { stageName: rawPath.slice(start), rest: "" }
    : { stageName: rawPath.slice(start, slash), rest: rawPath.slice(slash) };
}

function unmappedPath({ domainName, mappings }: CustomDomain, path: string): RefusalRecord {
  const keys = mappings.map(({ key }) => `/${key}`);
  return {
    reason: "domain_path_unmapped",
    message: `no API mapping of ${domainName} takes ${path} (${keys.join(", ") || "it has none"})`,
    check: GATEWAY_REASONS.domain_path_unmapped,
    expected: keys,
    actual: path,
  };
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

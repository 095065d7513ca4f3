import { lambdaFunctionArnOf, parseArn } from "../../aws/arn.ts";
import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { Integration, IntegrationResponse, Method, RestApi } from "../../model/rest-api.ts";
import { asFieldValue, breaksField } from "../header-text.ts";
import { parseEndpointUri } from "../integrations/endpoint-uri.ts";
import { compileJavaRegex } from "../mapping/velocity/java-regex.ts";
import { fillStageVariables } from "../stage-variables.ts";
import { type BodyValidator, BodyValidators } from "./body-validator.ts";
import { compileParameterMappings, compileTemplates, type ParameterMapping } from "./compile-mapping.ts";
import type {
  CompiledIntegration,
  CompiledIntegrationResponse,
  HttpIntegration,
  LambdaIntegration,
  MockIntegration,
  RequestValidation,
  RequiredParameter,
} from "./deployment.ts";
import { responseHeaderName } from "./header-rules.ts";
import { type MockStatusVerdict, parseMockStatus } from "./parse-mock-status.ts";

export interface CompileIntegrationOptions {
  /** As findings name it, e.g. `GET /pets`. */
  readonly route?: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Where a finding points; the integration's own place when absent. */
  readonly position?: SourcePosition;
}

export type CompiledIntegrationVerdict =
  | { readonly ok: true; readonly integration: CompiledIntegration }
  | { readonly ok: false; readonly finding: Finding };

export type CompiledValidationVerdict =
  | { readonly ok: true; readonly validation?: RequestValidation }
  | { readonly ok: false; readonly finding: Finding };

/** Timeouts outside this range are refused by AWS when they are set (D); milliseconds. */
export const INTEGRATION_TIMEOUT_RANGE = { min: 50, max: 29_000 } as const;

/** A route that cannot be served as written: it answers 501 and this says why. */
class Unserved extends Error {
  readonly rule: string;
  readonly fix: string;
  constructor(rule: string, message: string, fix: string) {
    super(message);
    this.rule = rule;
    this.fix = fix;
  }
}

/**
 * Compiles one integration for a stage: templates, mappings, patterns and addresses are parsed here and nowhere else.
 * What is not understood becomes the finding of its route.
 */
export function compileIntegration(
  integration: Integration,
  options: CompileIntegrationOptions,
): CompiledIntegrationVerdict {
  try {
    return { ok: true, integration: compile(integration, options) };
  } catch (error) {
    if (!(error instanceof Unserved)) throw error;
    return { ok: false, finding: findingOf(error, options.position ?? integration.at, options.route) };
  }
}

function compile(integration: Integration, options: CompileIntegrationOptions): CompiledIntegration {
  const { type, timeoutInMillis, contentHandling, passthroughBehavior } = integration;
  if (integration.connectionType === "VPC_LINK") {
    throw new Unserved(
      "integration-vpc-link-unsupported",
      "The integration goes through a VPC link, which does not exist here.",
      "Use connectionType INTERNET and an address that this machine reaches.",
    );
  }
  if (timeoutInMillis < INTEGRATION_TIMEOUT_RANGE.min || timeoutInMillis > INTEGRATION_TIMEOUT_RANGE.max) {
    throw new Unserved(
      "integration-timeout-invalid",
      `timeoutInMillis is ${timeoutInMillis}, ${INTEGRATION_TIMEOUT_RANGE.min}–${INTEGRATION_TIMEOUT_RANGE.max} are allowed.`,
      "Set a timeout in that range.",
    );
  }
  const isProxy = type === "AWS_PROXY" || type === "HTTP_PROXY";
  // Proxy integrations know neither templates nor integration responses (D): what stands there has no effect.
  const requestTemplates = demand(
    compileTemplates(isProxy ? {} : integration.requestTemplates),
    "mapping-template-invalid",
    "Correct the template.",
  );
  const mappings = demand(
    compileParameterMappings(integration.requestParameters, "request", type),
    "parameter-mapping-invalid",
    "Correct the mapping.",
  );
  const base = {
    passthroughBehavior,
    requestTemplates,
    // The others have no effect on a function's event or a mock (R), but a forbidden one fails the request all the same (R).
    requestParameters:
      type === "AWS_PROXY" || type === "MOCK" ? mappings.filter((mapping) => mapping.isForbidden) : mappings,
    ...(contentHandling !== undefined && { contentHandling }),
    responses: isProxy ? [] : integration.integrationResponses.map((response) => compileResponse(response, type)),
    timeoutMs: timeoutInMillis,
  };
  switch (type) {
    case "MOCK": {
      const constantStatus = new Map<(typeof requestTemplates.inOrder)[number], MockStatusVerdict>();
      for (const each of requestTemplates.inOrder) {
        if (each.template.constant !== undefined) constantStatus.set(each, parseMockStatus(each.template.constant));
      }
      return { ...base, type, constantStatus } satisfies MockIntegration;
    }
    case "HTTP":
    case "HTTP_PROXY": {
      const uri = fillStageVariables(integration.uri ?? "", options.stageVariables);
      const endpoint = parseEndpointUri(uri);
      if (!endpoint.ok && endpoint.reason !== "invalid") {
        throw new Unserved(
          `integration-uri-${endpoint.reason === "credentials" ? "credentials" : "placeholder-in-host"}`,
          `The integration's address cannot be served: ${endpoint.message}.`,
          "Correct the address.",
        );
      }
      return {
        ...base,
        type,
        httpMethod: integration.httpMethod ?? "ANY",
        endpoint,
        insecureSkipVerification: integration.insecureSkipVerification,
      } satisfies HttpIntegration;
    }
    case "AWS":
    case "AWS_PROXY": {
      const uri = fillStageVariables(integration.uri ?? "", options.stageVariables);
      const lambda = lambdaFunctionArnOf(uri);
      // A bare function ARN is not an integration URI (R: `AWS ARN for integration must contain path or action`).
      if (lambda === undefined || parseArn(uri)?.service !== "apigateway") {
        throw new Unserved(
          "integration-service-unsupported",
          `The integration's URI is ${JSON.stringify(uri)}; of AWS's services only Lambda functions are run here.`,
          "Use arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations.",
        );
      }
      return {
        ...base,
        type,
        httpMethod: integration.httpMethod ?? "POST",
        functionArn: lambda.functionArn,
      } satisfies LambdaIntegration;
    }
  }
}

function compileResponse(
  response: IntegrationResponse,
  type: CompiledIntegration["type"],
): CompiledIntegrationResponse {
  const { statusCode, selectionPattern, contentHandling } = response;
  if (!/^[1-5]\d\d$/.test(statusCode)) {
    throw new Unserved(
      "integration-response-status-invalid",
      `An integration response has the status ${JSON.stringify(statusCode)}, three digits are wanted.`,
      "Use a status of 100–599.",
    );
  }
  const responseParameters = demand(
    compileParameterMappings(response.responseParameters, "response", type),
    "parameter-mapping-invalid",
    "Correct the mapping.",
  );
  const responseTemplates = demand(
    compileTemplates(response.responseTemplates),
    "mapping-template-invalid",
    "Correct the template.",
  );
  const constantHeaders = constantHeadersOf(responseParameters, type);
  const base = {
    statusCode,
    responseParameters,
    responseTemplates,
    ...(constantHeaders && { constantHeaders }),
    ...(contentHandling !== undefined && { contentHandling }),
  };
  if (selectionPattern === undefined || selectionPattern === "") return base;
  const compiled = compileJavaRegex(selectionPattern);
  if (!compiled.ok) {
    throw new Unserved(
      "selection-pattern-invalid",
      `The selection pattern ${JSON.stringify(selectionPattern)} cannot be used: ${compiled.message}.`,
      "Write it as a Java regular expression.",
    );
  }
  return { ...base, pattern: compiled.regex };
}

/** All header fields of a response whose mappings are static, under the client's names; undefined when one is not. */
function constantHeadersOf(
  mappings: readonly ParameterMapping[],
  type: CompiledIntegration["type"],
): string[] | undefined {
  const headers: string[] = [];
  for (const { source, target } of mappings) {
    if (source.kind !== "static" || breaksField(source.value)) return undefined;
    const name = responseHeaderName(type, target.name);
    if (name !== undefined && source.value !== "") headers.push(name, asFieldValue(source.value));
  }
  return headers;
}

type ApiModels = Pick<RestApi, "models" | "requestValidators">;

/** The compiled models of an API, shared by its methods for as long as the API is compiled. */
const validatorsOfApi = new WeakMap<ApiModels, BodyValidators>();

/**
 * Compiles what the method's request validator asks for. A validator or model that is not there, or not understood, is
 * the finding of the route.
 */
export function compileRequestValidation(method: Method, api: ApiModels, route?: string): CompiledValidationVerdict {
  if (method.requestValidatorId === undefined) return { ok: true };
  try {
    const validator = api.requestValidators.find((each) => each.id === method.requestValidatorId);
    if (validator === undefined) {
      throw new Unserved(
        "request-validator-unknown",
        `The request validator ${JSON.stringify(method.requestValidatorId)} does not exist in this API.`,
        "Name one that does.",
      );
    }
    if (!validator.validateRequestBody && !validator.validateRequestParameters) return { ok: true };
    const requiredParameters = validator.validateRequestParameters ? requiredParametersOf(method) : [];
    const bodyValidators = validator.validateRequestBody ? bodyValidatorsOf(method, api) : undefined;
    return { ok: true, validation: { requiredParameters, ...(bodyValidators && { bodyValidators }) } };
  } catch (error) {
    if (!(error instanceof Unserved)) throw error;
    return { ok: false, finding: findingOf(error, method.at, route) };
  }
}

function requiredParametersOf(method: Method): readonly RequiredParameter[] {
  const required = Object.keys(method.requestParameters).filter((key) => method.requestParameters[key] === true);
  return required.toSorted().map((key) => {
    const parts = /^method\.request\.(header|path|querystring)\.(.+)$/.exec(key);
    if (parts === null) {
      throw new Unserved(
        "request-parameter-invalid",
        `The required parameter ${JSON.stringify(key)} is none of a request.`,
        "Write method.request.{header|path|querystring}.{name}.",
      );
    }
    const location = parts[1] as RequiredParameter["location"]; // the expression lists exactly these
    return { location, name: parts[2] as string };
  });
}

function bodyValidatorsOf(method: Method, api: ApiModels): ReadonlyMap<string, BodyValidator> {
  let validators = validatorsOfApi.get(api);
  if (validators === undefined) {
    validators = new BodyValidators(api);
    validatorsOfApi.set(api, validators);
  }
  const byType = new Map<string, BodyValidator>();
  for (const [contentType, modelName] of Object.entries(method.requestModels)) {
    const verdict = validators.of(modelName);
    if (!verdict.ok)
      throw new Unserved(
        "request-model-invalid",
        `Request bodies cannot be validated: ${verdict.message}.`,
        "Correct the model.",
      );
    byType.set(contentType === "$default" ? contentType : contentType.toLowerCase(), verdict.validator);
  }
  return byType;
}

function demand<Value>(
  compiled: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string },
  rule: string,
  fix: string,
): Value {
  if (!compiled.ok) throw new Unserved(rule, `${compiled.message}.`, fix);
  return compiled.value;
}

function findingOf(unserved: Unserved, at: SourcePosition, route: string | undefined): Finding {
  const { rule, message, fix } = unserved;
  return { rule, severity: "error", effect: "route", message, fix, at, ...(route !== undefined && { route }) };
}

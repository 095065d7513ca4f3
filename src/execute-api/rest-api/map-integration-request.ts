import { isHeaderName } from "../header-text.ts";
import { encodeQueryText, fillEndpointUri, type PlaceholderValue } from "../integrations/endpoint-uri.ts";
import type { OverriddenParameters, Overrides } from "../mapping/context-overrides.ts";
import { type MappingOutcome, renderMappingTemplate } from "../mapping/render-mapping-template.ts";
import { TemplateError } from "../mapping/velocity/template-error.ts";
import { convertRequestBody, isBinaryMediaType } from "./binary-media.ts";
import { asHeaderValues, type CompiledTemplate, evaluateMapping, requestTemplate } from "./compile-mapping.ts";
import type {
  CompiledIntegration,
  CompiledMethod,
  HttpIntegration,
  LambdaIntegration,
  MockIntegration,
  RestDeployment,
} from "./deployment.ts";
import { endpointHeaders, isForbiddenTarget, takesBody } from "./header-rules.ts";
import { MappingValues } from "./mapping-values.ts";
import { type MockStatusVerdict, parseMockStatus } from "./parse-mock-status.ts";
import { proxyEvent } from "./proxy-event.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/** What is sent to an integration, once mapped. */
export type SentRequest = SentToMock | SentToEndpoint | SentToFunction;

interface SentBase {
  /** What the request template overrode, for the response template to read (R). */
  readonly overrides: Overrides | undefined;
  /** Set by the request template; takes effect even without a response template (R). */
  readonly responseOverride: MappingOutcome["responseOverride"] | undefined;
}

export interface SentToMock extends SentBase {
  readonly type: "MOCK";
  readonly status: number;
}

export interface SentToEndpoint extends SentBase {
  readonly type: "HTTP" | "HTTP_PROXY";
  readonly httpMethod: string;
  /** Path and query as they go on the wire. */
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
}

export interface SentToFunction extends SentBase {
  readonly type: "AWS" | "AWS_PROXY";
  readonly payload: string;
  readonly invocationType: "RequestResponse" | "Event";
}

/** A mapped or overridden value may be this many characters long; more is refused like any other failed mapping. */
export const MAPPED_VALUE_LIMIT_CHARS = 65_536;

/**
 * The integration request: parameter mappings, then the template, then what the template overrides, which wins (D).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
 * conformance/rest-api/integration-request
 */
export function mapIntegrationRequest(
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  caller: Caller,
  deployment: RestDeployment,
): SentRequest {
  const { integration } = matched.method;
  const step = {
    request,
    matched,
    caller,
    deployment,
    values: new MappingValues(request, matched, caller, deployment),
  };
  switch (integration.type) {
    case "MOCK":
      return toMock(integration, step);
    case "HTTP":
    case "HTTP_PROXY":
      return toEndpoint(integration, step);
    case "AWS":
    case "AWS_PROXY":
      return toFunction(integration, step);
  }
}

interface Step {
  readonly request: RestRequest;
  readonly matched: MatchedMethod<CompiledMethod>;
  readonly caller: Caller;
  readonly deployment: RestDeployment;
  readonly values: MappingValues;
}

function toMock(integration: MockIntegration, step: Step): SentToMock {
  if (integration.requestParameters.length > 0) mapParameters(integration, step);
  const template = templateFor(integration, step);
  const constant = template && integration.constantStatus.get(template);
  if (constant !== undefined) {
    return { type: "MOCK", status: statusOf(constant), overrides: undefined, responseOverride: undefined };
  }
  const { body, outcome } = mapBody(integration, template, step);
  const status = statusOf(parseMockStatus(typeof body === "string" ? body : body.toString("utf8")));
  return { type: "MOCK", status, overrides: outcome?.overrides, responseOverride: outcome?.responseOverride };
}

function statusOf(verdict: MockStatusVerdict): number {
  if (verdict.ok) return verdict.status;
  throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
    reason: "mock_status_unparsable",
    message: `the mock's request template yielded ${verdict.found}, wanted a JSON object with an integer statusCode`,
    expected: '{"statusCode": 200}',
    actual: verdict.found,
  });
}

function toEndpoint(integration: HttpIntegration, step: Step): SentToEndpoint {
  const { request, deployment } = step;
  const { endpoint, type } = integration;
  if (!endpoint.ok) throw invalidUri(endpoint.message);
  const mapped = mapParameters(integration, step);
  const template = type === "HTTP" ? templateFor(integration, step) : undefined;
  const { body, outcome } = mapBody(integration, template, step);
  if (outcome !== undefined) override(mapped, outcome, type);
  const filled = fillEndpointUri(endpoint.uri, (name) => mapped.path.get(name));
  if (!filled.ok)
    throw invalidUri(
      `the address has {${filled.missing}} and nothing maps integration.request.path.${filled.missing} to a value`,
    );
  const httpMethod = integration.httpMethod === "ANY" ? request.method : integration.httpMethod;
  return {
    type,
    httpMethod,
    target: withQuery(filled.target, endpoint.uri.hasQuery, [
      ...(type === "HTTP_PROXY" && request.rawQuery !== "" ? [queryAsSent(request.rawQuery)] : []),
      ...mapped.query.flatMap(({ name, values }) =>
        values.map((value) => `${encodeQueryText(name)}=${encodeQueryText(value)}`),
      ),
    ]),
    headers: endpointHeaders({
      type,
      apiId: deployment.apiId,
      request,
      mapped: mapped.headers.flatMap(({ name, values }) => values.flatMap((value) => [name, value])),
    }),
    body: takesBody(httpMethod) && body.length > 0 ? Buffer.from(body as string) : undefined,
    overrides: outcome?.overrides,
    responseOverride: outcome?.responseOverride,
  };
}

function toFunction(integration: LambdaIntegration, step: Step): SentToFunction {
  if (integration.httpMethod !== "POST") {
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "integration_method_not_post",
      message: `the Lambda integration's httpMethod is ${integration.httpMethod}, Lambda takes POST only`,
      expected: "POST",
      actual: integration.httpMethod,
    });
  }
  const mapped = mapParameters(integration, step);
  if (integration.type === "AWS_PROXY") {
    const event = proxyEvent(step.request, step.matched, step.caller, step.deployment);
    return {
      type: "AWS_PROXY",
      payload: JSON.stringify(event),
      invocationType: "RequestResponse",
      overrides: undefined,
      responseOverride: undefined,
    };
  }
  const { body, outcome } = mapBody(integration, templateFor(integration, step), step);
  if (outcome !== undefined) override(mapped, outcome, "AWS");
  const invocationType = mapped.headers
    .find(({ name }) => name.toLowerCase() === "x-amz-invocation-type")
    ?.values.at(-1);
  const payload = typeof body === "string" ? body : body.toString("utf8");
  return {
    type: "AWS",
    // A function always gets a JSON document: nothing is `{}` (R).
    payload: payload.trim() === "" ? "{}" : payload,
    invocationType: invocationType === "Event" ? "Event" : "RequestResponse",
    overrides: outcome?.overrides,
    responseOverride: outcome?.responseOverride,
  };
}

interface MappedValues {
  readonly name: string;
  readonly values: readonly string[];
}

interface MappedParameters {
  headers: MappedValues[];
  query: MappedValues[];
  readonly path: Map<string, PlaceholderValue>;
}

function mapParameters(integration: CompiledIntegration, step: Step): MappedParameters {
  const mapped: MappedParameters = { headers: [], query: [], path: new Map() };
  for (const mapping of integration.requestParameters) {
    const value = evaluateMapping(mapping, step.values);
    if (!value.ok) throw failedMapping(value.status, value.message);
    if (value.values.length === 0) continue;
    const { name, location } = mapping.target;
    const values = value.values.map((each) => bounded(name, each));
    if (location === "header") mapped.headers.push({ name, values });
    else if (location === "querystring") mapped.query.push({ name, values });
    else {
      const isEncoded = mapping.source.kind === "parameter" && mapping.source.location === "path";
      mapped.path.set(name, { text: values.at(-1) ?? "", isEncoded });
    }
  }
  return mapped;
}

/** What the template assigned wins over the mappings (D). */
function override(mapped: MappedParameters, outcome: MappingOutcome, type: CompiledIntegration["type"]): void {
  const { header, querystring, path } = outcome.requestOverride;
  for (const [name, values] of listed(header)) {
    if (isForbiddenTarget(type, name)) throw failedMapping(500, `${name} header already present`);
    if (!isHeaderName(name)) throw failedMapping(500, `${JSON.stringify(name.slice(0, 80))} is no header name`);
    const fields = asHeaderValues(name, values);
    if (!fields.ok) throw failedMapping(500, fields.message);
    mapped.headers = mapped.headers.filter((other) => other.name.toLowerCase() !== name.toLowerCase());
    mapped.headers.push({ name, values: fields.values });
  }
  for (const [name, values] of listed(querystring)) {
    mapped.query = mapped.query.filter((other) => other.name !== name);
    mapped.query.push({ name, values });
  }
  for (const [name, values] of listed(path)) mapped.path.set(name, { text: values.at(-1) ?? "", isEncoded: false });
}

function* listed(parameters: OverriddenParameters): Generator<readonly [string, readonly string[]]> {
  for (const [name, value] of parameters) {
    yield [name, (typeof value === "string" ? [value] : value).map((each) => bounded(name, each))];
  }
}

function bounded(name: string, value: string): string {
  if (value.length <= MAPPED_VALUE_LIMIT_CHARS) return value;
  throw failedMapping(
    500,
    `the value for ${name} has ${value.length} characters, ${MAPPED_VALUE_LIMIT_CHARS} are allowed`,
  );
}

/** The template for the request's Content-Type, or undefined when the body passes as it is; 415 when it may not (D). */
function templateFor(integration: CompiledIntegration, { request }: Step): CompiledTemplate | undefined {
  const contentType = request.headers.last("content-type");
  const template = requestTemplate(integration.requestTemplates, contentType);
  if (template !== undefined) return template;
  const { passthroughBehavior, requestTemplates } = integration;
  if (passthroughBehavior === "WHEN_NO_MATCH") return undefined;
  if (passthroughBehavior === "WHEN_NO_TEMPLATES" && requestTemplates.inOrder.length === 0) return undefined;
  const declared = requestTemplates.inOrder.map((each) => each.contentType);
  throw new RestApiRefusal("UNSUPPORTED_MEDIA_TYPE", {
    reason: "media_type_unsupported",
    message: `no request template for ${JSON.stringify((contentType ?? "application/json").slice(0, 120))} and passthroughBehavior is ${passthroughBehavior}`,
    expected: declared.length === 0 ? "a request template" : declared,
    actual: contentType?.slice(0, 120) ?? "no Content-Type",
  });
}

function mapBody(
  integration: CompiledIntegration,
  template: CompiledTemplate | undefined,
  { request, deployment, values }: Step,
): { readonly body: Buffer | string; readonly outcome: MappingOutcome | undefined } {
  const isBinary =
    request.body.length > 0 && isBinaryMediaType(request.headers.last("content-type"), deployment.binaryMediaTypes);
  const converted = convertRequestBody(request.body, isBinary, integration.contentHandling);
  if (!converted.ok) {
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "binary_conversion_failed",
      message: `the request body cannot be converted (${integration.contentHandling}): ${converted.detail}`,
      expected: "base64",
    });
  }
  if (template === undefined) return { body: converted.body, outcome: undefined };
  if (typeof converted.body !== "string") {
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "request_template_failed",
      message: `the request template for ${template.contentType} cannot read a binary body: set contentHandling to CONVERT_TO_TEXT`,
      expected: "text",
      actual: "binary",
    });
  }
  try {
    const outcome = renderMappingTemplate(template.template, {
      body: converted.body,
      params: template.template.constant === undefined ? values.params() : NO_PARAMS,
      context: template.template.constant === undefined ? values.context : NO_CONTEXT,
      stageVariables: values.stageVariables,
    });
    return { body: outcome.output, outcome };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "request_template_failed",
      message: `the request template for ${template.contentType} failed: ${error.message}`,
      actual: error.reason,
    });
  }
}

const NO_PARAMS = { path: {}, querystring: {}, header: {} };
const NO_CONTEXT = {};

/** `Invalid JSON in request body` is the client's fault (C), everything else the API's. */
function failedMapping(status: 400 | 500, message: string): RestApiRefusal {
  return status === 400
    ? new RestApiRefusal(
        "DEFAULT_4XX",
        {
          reason: "request_body_not_json",
          message: "a parameter mapping reads the body as JSON and it is not JSON",
          expected: "JSON",
        },
        { message },
      )
    : new RestApiRefusal("API_CONFIGURATION_ERROR", { reason: "parameter_mapping_failed", message });
}

function invalidUri(message: string): RestApiRefusal {
  return new RestApiRefusal("API_CONFIGURATION_ERROR", { reason: "integration_uri_invalid", message });
}

function withQuery(target: string, hasQuery: boolean, pairs: readonly string[]): string {
  return pairs.length === 0 ? target : `${target}${hasQuery ? "&" : "?"}${pairs.join("&")}`;
}

/** The client's query as it was sent; octets that no request line may hold are encoded. */
function queryAsSent(rawQuery: string): string {
  return /^[\x21\x22\x24-\x7e]*$/.test(rawQuery)
    ? rawQuery
    : rawQuery.replace(
        /[^\x21\x22\x24-\x7e]/g,
        (sign) => `%${(sign.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, "0")}`,
      );
}

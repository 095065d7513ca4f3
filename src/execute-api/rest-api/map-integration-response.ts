import { gunzipSync, inflateSync } from "node:zlib";
import { isHeaderName } from "../header-text.ts";
import { type MappingOutcome, renderMappingTemplate } from "../mapping/render-mapping-template.ts";
import { Budget } from "../mapping/velocity/budget.ts";
import { TemplateError } from "../mapping/velocity/template-error.ts";
import type { Answer, RawHeaders } from "../transport.ts";
import {
  convertResponseBody,
  decodeBase64,
  isBinaryMediaType,
  passesAsText,
  type ResponseConversion,
} from "./binary-media.ts";
import type {
  ReceivedFromEndpoint,
  ReceivedFromFunction,
  ReceivedFromMock,
  ReceivedResponse,
} from "./call-integration.ts";
import { asHeaderValues, type CompiledTemplate, evaluateMapping, responseTemplate } from "./compile-mapping.ts";
import { compressAnswer } from "./compress-answer.ts";
import type { CompiledIntegration, CompiledIntegrationResponse, CompiledMethod, RestDeployment } from "./deployment.ts";
import { hasTraceHeader, responseHeaderName, traceId } from "./header-rules.ts";
import type { SentRequest } from "./map-integration-request.ts";
import { MappingValues } from "./mapping-values.ts";
import type { ProxyResponse } from "./proxy-response.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";

/** Whether a template keyed by another type than application/json gives the answer that Content-Type (?). */
const TEMPLATE_KEY_SETS_CONTENT_TYPE = true;

/** A compressed HTTP_PROXY answer may become this large, in bytes (the payload limit, D: 10 MB). */
export const DECODED_ANSWER_LIMIT_BYTES = 10_485_760;

const DEFAULT_CONTENT_TYPE = "application/json";

/**
 * The integration response and method response: which response matches, its parameter mappings, its template, what the
 * templates override, binary conversion, header names, compression. Answers without Date, Connection, Content-Length.
 * conformance/rest-api/integration-response
 */
export function mapIntegrationResponse(
  received: ReceivedResponse,
  sent: SentRequest,
  request: RestRequest,
  matched: MatchedMethod<CompiledMethod>,
  caller: Caller,
  deployment: RestDeployment,
): Answer {
  const step = { request, matched, caller, deployment, sent };
  const answer = answerOf(received, step);
  return deployment.minimumCompressionSize === undefined
    ? answer
    : compressAnswer(answer, deployment.minimumCompressionSize, request.headers.last("accept-encoding"));
}

interface Step {
  readonly request: RestRequest;
  readonly matched: MatchedMethod<CompiledMethod>;
  readonly caller: Caller;
  readonly deployment: RestDeployment;
  readonly sent: SentRequest;
}

function answerOf(received: ReceivedResponse, step: Step): Answer {
  switch (received.type) {
    case "AWS_PROXY":
      return answerOfProxyFunction(received.response, step);
    case "HTTP_PROXY":
      return answerOfProxyEndpoint(received, step);
    default:
      return mappedAnswer(received, step);
  }
}

function answerOfProxyFunction(response: ProxyResponse, step: Step): Answer {
  const { request, deployment } = step;
  let body: Buffer | string = response.body;
  // Decoded only for a client that accepts a binary media type; any other gets the base64 text (R).
  if (response.isBase64Encoded && isBinaryMediaType(request.headers.last("accept"), deployment.binaryMediaTypes)) {
    const decoded = decodeBase64(body);
    if (!decoded.ok) throw notConvertible("the function says isBase64Encoded", decoded.detail);
    body = decoded.body;
  }
  return {
    status: response.status,
    headers: clientHeaders("AWS_PROXY", response.headers, DEFAULT_CONTENT_TYPE, request),
    body,
  };
}

function answerOfProxyEndpoint(received: ReceivedFromEndpoint, step: Step): Answer {
  const { request, deployment, matched } = step;
  const conversion = conversionOf(received.headers, matched.method.integration.contentHandling, request, deployment);
  const payload = decoded(received);
  const converted = passesAsText(payload, conversion)
    ? ({ ok: true, body: payload } as const)
    : convertResponseBody(payload, conversion);
  if (!converted.ok) throw notConvertible("binary media types", converted.detail);
  return {
    status: received.status,
    headers: clientHeaders("HTTP_PROXY", received.headers, DEFAULT_CONTENT_TYPE, request),
    body: converted.body,
  };
}

function conversionOf(
  headers: RawHeaders,
  handling: ResponseConversion["handling"],
  request: RestRequest,
  { binaryMediaTypes }: RestDeployment,
): ResponseConversion {
  return {
    hasBinaryTypes: binaryMediaTypes.length > 0,
    isBinary: isBinaryMediaType(lastOf(headers, "content-type"), binaryMediaTypes),
    acceptsBinary: isBinaryMediaType(request.headers.last("accept"), binaryMediaTypes),
    handling,
  };
}

/**
 * The client does not get to see Content-Encoding (R), so a body that is so encoded is decoded for it (?); a body that
 * only claims to be stays as it is.
 */
function decoded({ headers, body }: ReceivedFromEndpoint): Buffer {
  const coding = lastOf(headers, "content-encoding")?.trim().toLowerCase();
  if (body.length === 0 || (coding !== "gzip" && coding !== "x-gzip" && coding !== "deflate")) return body;
  const options = { maxOutputLength: DECODED_ANSWER_LIMIT_BYTES };
  try {
    return coding === "deflate" ? inflateSync(body, options) : gunzipSync(body, options);
  } catch (error) {
    if (!(error instanceof RangeError)) return body;
    throw new RestApiRefusal("INTEGRATION_FAILURE", {
      reason: "integration_unreachable",
      message: `the backend's ${coding} answer is larger than ${DECODED_ANSWER_LIMIT_BYTES} bytes once decoded`,
      expected: `≤ ${DECODED_ANSWER_LIMIT_BYTES} bytes`,
    });
  }
}

function mappedAnswer(received: ReceivedFromMock | ReceivedFromEndpoint | ReceivedFromFunction, step: Step): Answer {
  const { request, matched, sent } = step;
  const response = selectResponse(received, matched);
  const template = responseTemplate(response.responseTemplates, request.headers.last("accept"));
  const contentType = contentTypeOf(template);
  if (
    response.constantHeaders !== undefined &&
    sent.overrides === undefined &&
    template?.template.constant !== undefined &&
    response.contentHandling === undefined
  ) {
    // Nothing depends on the request or the backend.
    return {
      status: Number(response.statusCode),
      headers: withBase(response.constantHeaders, contentType, received.type, request),
      body: template.template.constant,
    };
  }
  const body = payloadOf(received, response, step, template !== undefined);
  const values = new MappingValues(request, matched, step.caller, step.deployment, {
    headers: received.type === "MOCK" ? [] : received.headers,
    body:
      received.type === "MOCK"
        ? ""
        : typeof received.body === "string"
          ? received.body
          : received.body.toString("utf8"),
  });
  const outcome = template === undefined ? undefined : render(template, body, values, sent);
  const mapped = mapHeaders(response, values);
  // A response template starts from what the request template overrode, so its outcome holds both.
  const responseOverride = outcome === undefined ? sent.responseOverride : outcome.responseOverride;
  if (responseOverride !== undefined) override(mapped, responseOverride);
  const fields: string[] = [];
  for (const { name, values: all } of mapped) {
    const seen = responseHeaderName(received.type, name);
    if (seen !== undefined) for (const value of all) fields.push(seen, value);
  }
  return {
    status: responseOverride?.status ?? Number(response.statusCode),
    headers: withBase(fields, contentType, received.type, request),
    body: outcome === undefined ? body : outcome.output,
  };
}

/**
 * The first response whose pattern matches the whole selection value, else the default one (D). The value is the
 * errorMessage of a failed function, else the status.
 */
function selectResponse(
  received: ReceivedFromMock | ReceivedFromEndpoint | ReceivedFromFunction,
  { method }: MatchedMethod<CompiledMethod>,
): CompiledIntegrationResponse {
  const value = received.type === "AWS" ? received.errorMessage : String(received.status);
  const { responses } = method.integration;
  const response =
    responses.find((each) => each.pattern !== undefined && matches(each, value)) ??
    responses.find((each) => each.pattern === undefined);
  if (response === undefined) {
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "integration_no_matching_response",
      message: `no integration response matches ${received.type === "AWS" ? "the function's errorMessage" : `status ${received.status}`} and none is the default`,
      expected:
        responses.length === 0 ? "an integration response" : "a default integration response (no selection pattern)",
      actual: received.status,
    });
  }
  if (!method.methodResponses.has(response.statusCode)) {
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "integration_response_undeclared",
      message: `the integration response answers ${response.statusCode}, which no method response declares`,
      expected: [...method.methodResponses],
      actual: response.statusCode,
    });
  }
  return response;
}

function matches({ pattern }: CompiledIntegrationResponse, value: string): boolean {
  if (pattern === undefined) return false;
  try {
    return pattern.matches(value, new Budget());
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
      reason: "integration_no_matching_response",
      message: `a selection pattern takes too long on ${value.length} characters: ${error.message}`,
    });
  }
}

function payloadOf(
  received: ReceivedFromMock | ReceivedFromEndpoint | ReceivedFromFunction,
  response: CompiledIntegrationResponse,
  { request, deployment }: Step,
  isMapped: boolean,
): Buffer | string {
  if (received.type === "MOCK") return "";
  const conversion = conversionOf(received.headers, response.contentHandling, request, deployment);
  const { body } = received;
  if (!isMapped && typeof body !== "string" && passesAsText(body, conversion)) return body;
  const converted = convertResponseBody(body, conversion);
  if (!converted.ok)
    throw notConvertible(`contentHandling ${response.contentHandling ?? "is absent"}`, converted.detail);
  return converted.body;
}

function render(
  template: CompiledTemplate,
  body: Buffer | string,
  values: MappingValues,
  sent: SentRequest,
): MappingOutcome {
  if (typeof body !== "string")
    throw failedTemplate(template, "it cannot read a binary payload: set contentHandling to CONVERT_TO_TEXT");
  const isConstant = template.template.constant !== undefined;
  try {
    return renderMappingTemplate(template.template, {
      body,
      params: isConstant ? NO_PARAMS : values.params(),
      context: isConstant ? NO_CONTEXT : values.context,
      stageVariables: values.stageVariables,
      overridesSoFar: sent.overrides,
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw failedTemplate(template, error.message);
  }
}

const NO_PARAMS = { path: {}, querystring: {}, header: {} };
const NO_CONTEXT = {};

function failedTemplate(template: CompiledTemplate, message: string): RestApiRefusal {
  return new RestApiRefusal("API_CONFIGURATION_ERROR", {
    reason: "response_template_failed",
    message: `the response template for ${template.contentType} failed: ${message}`,
  });
}

interface MappedHeader {
  readonly name: string;
  readonly values: readonly string[];
}

function mapHeaders(response: CompiledIntegrationResponse, values: MappingValues): MappedHeader[] {
  const mapped: MappedHeader[] = [];
  for (const mapping of response.responseParameters) {
    const value = evaluateMapping(mapping, values);
    if (!value.ok)
      throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
        reason: "parameter_mapping_failed",
        message: value.message,
      });
    if (value.values.length > 0) mapped.push({ name: mapping.target.name, values: value.values });
  }
  return mapped;
}

/** What a template assigned wins over the mapping of the same header (D). */
function override(mapped: MappedHeader[], responseOverride: MappingOutcome["responseOverride"]): void {
  for (const [name, value] of responseOverride.header) {
    const fields = isHeaderName(name)
      ? asHeaderValues(name, typeof value === "string" ? [value] : value)
      : { ok: false as const, message: `${JSON.stringify(name.slice(0, 80))} is no header name` };
    if (!fields.ok)
      throw new RestApiRefusal("API_CONFIGURATION_ERROR", {
        reason: "parameter_mapping_failed",
        message: fields.message,
      });
    const at = mapped.findIndex((other) => other.name.toLowerCase() === name.toLowerCase());
    if (at >= 0) mapped.splice(at, 1);
    mapped.push({ name, values: fields.values });
  }
}

/** Stays application/json unless a mapping (R), or the template's own key, says otherwise. */
function contentTypeOf(template: CompiledTemplate | undefined): string {
  if (!TEMPLATE_KEY_SETS_CONTENT_TYPE || template === undefined || template.contentType === "$default")
    return DEFAULT_CONTENT_TYPE;
  return template.contentType;
}

/** The integration's own fields under the names the client sees. */
function clientHeaders(
  type: CompiledIntegration["type"],
  raw: RawHeaders,
  contentType: string,
  request: RestRequest,
): string[] {
  const fields: string[] = [];
  const hopByHop =
    type === "HTTP_PROXY"
      ? lastOf(raw, "connection")
          ?.toLowerCase()
          .split(/\s*,\s*/)
      : undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const own = raw[at] as string;
    // What Connection names was meant for this hop only (RFC 9110 §7.6.1).
    if (hopByHop?.includes(own.toLowerCase())) continue;
    const name = responseHeaderName(type, own);
    if (name !== undefined) fields.push(name, raw[at + 1] as string);
  }
  return withBase(fields, contentType, type, request);
}

/** The base headers of every answer, then the others; a Content-Type among them wins over the default. */
function withBase(
  fields: readonly string[],
  contentType: string,
  type: CompiledIntegration["type"],
  request: RestRequest,
): string[] {
  const headers = hasOwnContentType(fields) ? [] : ["Content-Type", contentType];
  headers.push("x-amzn-RequestId", request.requestId, "x-amz-apigw-id", request.extendedRequestId);
  if (hasTraceHeader(type)) headers.push("X-Amzn-Trace-Id", traceId(request));
  for (const field of fields) headers.push(field);
  return headers;
}

function hasOwnContentType(fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (name.length === 12 && name.toLowerCase() === "content-type") return true;
  }
  return false;
}

function lastOf(raw: RawHeaders, lowerCaseName: string): string | undefined {
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if ((raw[at] as string).toLowerCase() === lowerCaseName) return raw[at + 1];
  }
  return undefined;
}

function notConvertible(why: string, detail: string): RestApiRefusal {
  return new RestApiRefusal("API_CONFIGURATION_ERROR", {
    reason: "binary_conversion_failed",
    message: `the integration's payload cannot be converted (${why}): ${detail}`,
    expected: "base64",
  });
}

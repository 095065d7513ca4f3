import type { GatewayResponseType } from "../../model/rest-api.ts";
import type { Answer } from "../transport.ts";
import type { ContextVariables } from "./context.ts";
import { errorVariables } from "./context.ts";
import type { RestDeployment } from "./deployment.ts";
import type { RestApiRefusal } from "./refusal.ts";
import type { RestRequest } from "./request.ts";

/** A customised gateway response. It is complete in itself and inherits nothing from DEFAULT_4XX/5XX (R). */
export interface CompiledGatewayResponse {
  /** Absent keeps the refused type's own status. */
  readonly status?: number;
  readonly headers: readonly {
    readonly name: string;
    readonly value: (values: GatewayResponseValues) => string | undefined;
  }[];
  /** In the order written; a default template for application/json stands here when none was given (R). */
  readonly templates: readonly {
    readonly contentType: string;
    readonly render: (values: GatewayResponseValues) => string;
  }[];
}

/** What templates and header mappings of gateway responses may read: `$context`, `$stageVariables`, `$method.request`. */
export interface GatewayResponseValues {
  readonly context: ContextVariables;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly request: RestRequest;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface BuiltIn {
  readonly status: number;
  readonly errorType: string;
  readonly message: string | null;
  /** Errors of the execution itself have one space after the colon, refusals before it none (R for 500, C). */
  readonly spaced: boolean;
}

const refusedBefore = (status: number, errorType: string, message: string | null): BuiltIn => ({
  status,
  errorType,
  message,
  spaced: false,
});
const failedWhile = (status: number, errorType: string, message: string): BuiltIn => ({
  status,
  errorType,
  message,
  spaced: true,
});

/** Statuses (R), error types and messages (labels per row of conformance/rest-api/gateway-responses). */
const BUILT_IN: Readonly<Record<GatewayResponseType, BuiltIn>> = {
  ACCESS_DENIED: refusedBefore(403, "AccessDeniedException", "User is not authorized to access this resource"),
  API_CONFIGURATION_ERROR: failedWhile(500, "InternalServerErrorException", "Internal server error"),
  AUTHORIZER_CONFIGURATION_ERROR: refusedBefore(500, "AuthorizerConfigurationException", null),
  // Error type and message (?)
  AUTHORIZER_FAILURE: refusedBefore(500, "AuthorizerFailureException", null),
  BAD_REQUEST_BODY: failedWhile(400, "BadRequestException", "Invalid request body"),
  BAD_REQUEST_PARAMETERS: failedWhile(400, "BadRequestException", "Missing required request parameters"),
  DEFAULT_4XX: refusedBefore(400, "BadRequestException", "Bad Request"),
  DEFAULT_5XX: failedWhile(500, "InternalServerErrorException", "Internal server error"),
  EXPIRED_TOKEN: refusedBefore(403, "ExpiredTokenException", "The security token included in the request is expired"),
  INTEGRATION_FAILURE: failedWhile(504, "InternalServerErrorException", "Network error communicating with endpoint"),
  INTEGRATION_TIMEOUT: failedWhile(504, "InternalServerErrorException", "Endpoint request timed out"),
  INVALID_API_KEY: refusedBefore(403, "ForbiddenException", "Forbidden"),
  INVALID_SIGNATURE: refusedBefore(
    403,
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  ),
  MISSING_AUTHENTICATION_TOKEN: refusedBefore(
    403,
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
  ),
  QUOTA_EXCEEDED: refusedBefore(429, "LimitExceededException", "Limit Exceeded"),
  REQUEST_TOO_LARGE: failedWhile(413, "BadRequestException", "Request Too Long"),
  // Error type and message (?)
  RESOURCE_NOT_FOUND: refusedBefore(404, "NotFoundException", "Not Found"),
  THROTTLED: refusedBefore(429, "TooManyRequestsException", "Too Many Requests"),
  UNAUTHORIZED: refusedBefore(401, "UnauthorizedException", "Unauthorized"),
  // Byte form (?)
  UNSUPPORTED_MEDIA_TYPE: refusedBefore(415, "BadRequestException", "Unsupported Media Type"),
  WAF_FILTERED: refusedBefore(403, "ForbiddenException", "Forbidden"),
};

/**
 * Of a token without any of the method's scopes, the one ACCESS_DENIED that no policy decided: documented as `403
 * Forbidden` (D: rest-api-jwt-authorizer-methods), the body made from that, with a small `message` (?).
 */
export const SCOPE_REFUSAL_MESSAGE = "Forbidden";

/**
 * Customising these has no effect (D: Developer Guide, "Gateway response types"); that the defaults do not reach them
 * either is (?). conformance/rest-api/gateway-responses/too-large-not-customisable
 */
const NOT_CUSTOMISABLE: ReadonlySet<GatewayResponseType> = new Set(["REQUEST_TOO_LARGE"]);

/**
 * What the client gets for a refusal: the type's own customisation, else that of DEFAULT_4XX or DEFAULT_5XX, else the
 * built-in answer (R). The un-customised ACCESS_DENIED of a policy has a capital `Message` (C).
 */
export function renderGatewayResponse(
  refusal: RestApiRefusal,
  deployment: RestDeployment,
  request: RestRequest,
  context: ContextVariables,
  pathParameters: Readonly<Record<string, string>>,
): Answer & { readonly errorType: string } {
  const builtIn = BUILT_IN[refusal.responseType];
  const errorType = refusal.wire.errorType ?? builtIn.errorType;
  const message = refusal.wire.message === undefined ? builtIn.message : refusal.wire.message;
  const ownStatus = refusal.wire.status ?? builtIn.status;
  const customised = NOT_CUSTOMISABLE.has(refusal.responseType)
    ? undefined
    : (deployment.gatewayResponses.get(refusal.responseType) ??
      deployment.gatewayResponses.get(ownStatus < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX"));
  const base = [
    "x-amzn-RequestId",
    request.requestId,
    "x-amzn-ErrorType",
    errorType,
    "x-amz-apigw-id",
    request.extendedRequestId,
  ];
  if (customised === undefined) {
    const isCapital = refusal.responseType === "ACCESS_DENIED" && message !== SCOPE_REFUSAL_MESSAGE;
    const key = isCapital ? "Message" : "message";
    const body = `{"${key}":${builtIn.spaced ? " " : ""}${JSON.stringify(message)}}`;
    return { status: ownStatus, headers: ["Content-Type", "application/json", ...base], body, errorType };
  }
  const values: GatewayResponseValues = {
    context: {
      ...context,
      ...(refusal.wire.authorizerContext && { authorizer: refusal.wire.authorizerContext }),
      error: errorVariables(refusal, message),
    },
    stageVariables: deployment.stageVariables,
    request,
    pathParameters,
  };
  const template = chooseTemplate(customised, request.headers.last("accept"));
  const headers = ["Content-Type", template?.contentType ?? "application/json", ...base];
  for (const { name, value } of customised.headers) {
    const text = value(values);
    if (text !== undefined) setHeader(headers, name, text);
  }
  return { status: customised.status ?? ownStatus, headers, body: template?.render(values) ?? "", errorType };
}

/** By the request's Accept, else application/json, else the first (?). */
function chooseTemplate(response: CompiledGatewayResponse, accept: string | undefined) {
  const wanted = accept?.split(",", 1)[0]?.split(";", 1)[0]?.trim().toLowerCase();
  return (
    response.templates.find((template) => template.contentType.toLowerCase() === wanted) ??
    response.templates.find((template) => template.contentType.toLowerCase() === "application/json") ??
    response.templates[0]
  );
}

/** Replaces a field of the same name or appends it; a line break in a mapped value would split the answer, so it ends there. */
function setHeader(headers: string[], name: string, value: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not reach the wire
  const text = value.replace(/[\u0000-\u0008\u000a-\u001f\u007f].*$/s, "");
  const lower = name.toLowerCase();
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === lower) {
      headers[at + 1] = text;
      return;
    }
  }
  headers.push(name, text);
}

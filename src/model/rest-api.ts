import type { Finding, SourcePosition } from "./finding.ts";

/*
 * A REST API as the API Gateway SDK spells it (https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html),
 * whole and unresolved: what a template describes and what a deployment is compiled from.
 */

export type HttpMethod = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT";
export const HTTP_METHODS: readonly HttpMethod[] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

export interface RestApi {
  readonly apiId: string;
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
  readonly binaryMediaTypes: readonly string[];
  readonly minimumCompressionSize?: number;
  readonly apiKeySource: "HEADER" | "AUTHORIZER";
  readonly disableExecuteApiEndpoint: boolean;
  /** The resource policy as a parsed JSON document, `execute-api:/…` short forms not yet expanded. */
  readonly policy?: unknown;
  readonly resources: readonly Resource[];
  readonly authorizers: readonly Authorizer[];
  readonly models: readonly Model[];
  readonly requestValidators: readonly RequestValidator[];
  readonly gatewayResponses: readonly GatewayResponse[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface Resource {
  readonly id: string;
  /** Full template path, e.g. `/pets/{petId}` or `/{proxy+}`; `/` for the root. */
  readonly path: string;
  readonly resourceMethods: readonly Method[];
}

export type AuthorizationType = "NONE" | "AWS_IAM" | "CUSTOM" | "COGNITO_USER_POOLS" | "JWT";

export interface Method {
  readonly httpMethod: HttpMethod | "ANY";
  readonly authorizationType: AuthorizationType;
  /** Id of an entry in `RestApi.authorizers`; present when the type needs one. */
  readonly authorizerId?: string;
  readonly authorizationScopes: readonly string[];
  readonly apiKeyRequired: boolean;
  readonly operationName?: string;
  readonly requestValidatorId?: string;
  /** `method.request.{header|querystring|path}.{name}` → required. */
  readonly requestParameters: Readonly<Record<string, boolean>>;
  /** Content type → model name. */
  readonly requestModels: Readonly<Record<string, string>>;
  readonly methodResponses: readonly MethodResponse[];
  /** Absent when the file declares none: the route then cannot be deployed and answers 501. */
  readonly methodIntegration?: Integration;
  readonly at: SourcePosition;
  /** Set when something in this method is not understood: it answers 501 and this finding says why. */
  readonly notServed?: Finding;
}

export interface MethodResponse {
  readonly statusCode: string;
  /** `method.response.header.{name}` → required (AWS ignores the flag). */
  readonly responseParameters: Readonly<Record<string, boolean>>;
  readonly responseModels: Readonly<Record<string, string>>;
}

export type ContentHandling = "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";

export interface Integration {
  readonly type: "AWS" | "AWS_PROXY" | "HTTP" | "HTTP_PROXY" | "MOCK";
  readonly httpMethod?: string;
  readonly uri?: string;
  readonly credentials?: string;
  readonly connectionType: "INTERNET" | "VPC_LINK";
  readonly connectionId?: string;
  readonly passthroughBehavior: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  readonly contentHandling?: ContentHandling;
  /** 50–29000, default 29000. */
  readonly timeoutInMillis: number;
  readonly requestParameters: Readonly<Record<string, string>>;
  readonly requestTemplates: Readonly<Record<string, string>>;
  readonly integrationResponses: readonly IntegrationResponse[];
  readonly insecureSkipVerification: boolean;
  readonly at: SourcePosition;
}

export interface IntegrationResponse {
  readonly statusCode: string;
  /** Java regular expression over the whole selection value; absent or empty marks the default. */
  readonly selectionPattern?: string;
  readonly responseParameters: Readonly<Record<string, string>>;
  readonly responseTemplates: Readonly<Record<string, string>>;
  readonly contentHandling?: ContentHandling;
}

export interface Authorizer {
  readonly id: string;
  readonly name: string;
  readonly type: "TOKEN" | "REQUEST" | "COGNITO_USER_POOLS" | "JWT";
  readonly authType?: string;
  readonly authorizerUri?: string;
  readonly authorizerCredentials?: string;
  /** Comma-separated `method.request.header.X`, `method.request.querystring.x`, `stageVariables.x`, `context.x`. */
  readonly identitySource?: string;
  readonly identityValidationExpression?: string;
  /** 0–3600; absent means AWS's default of 300. */
  readonly authorizerResultTtlInSeconds?: number;
  readonly providerARNs: readonly string[];
  /** Of type JWT. */
  readonly jwtConfiguration?: JwtConfiguration;
  readonly at: SourcePosition;
}

/**
 * Whose tokens a JWT authorizer takes
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-jwt-authorizer.html). AWS has published no shape
 * of it yet: all names but `issuers` and `issuer` are ours, and template/openapi/jwt-authorizer.ts translates them.
 */
export interface JwtConfiguration {
  readonly issuers: readonly JwtIssuer[];
}

export interface JwtIssuer {
  /** Equals the token's `iss` byte for byte, and finds the discovery document. */
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Absent: those that are taken where nothing is said. */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** All of them must hold. */
  readonly requiredClaims: readonly RequiredClaim[];
}

/** What may sign a token: never a shared secret, never nobody. */
export const JWT_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** A claim that a token must carry; with values, one of them, or in a list at least one of them. */
export interface RequiredClaim {
  readonly claim: string;
  readonly values?: readonly (string | number | boolean)[];
}

export interface Model {
  readonly name: string;
  readonly contentType: string;
  /** The JSON Schema (draft 4) as a parsed document; `$ref`s in any of AWS's forms, unresolved. */
  readonly schema: unknown;
}

export interface RequestValidator {
  readonly id: string;
  readonly name: string;
  readonly validateRequestBody: boolean;
  readonly validateRequestParameters: boolean;
}

export interface GatewayResponse {
  readonly responseType: GatewayResponseType;
  /** Absent keeps the type's own status. */
  readonly statusCode?: string;
  readonly responseParameters: Readonly<Record<string, string>>;
  readonly responseTemplates: Readonly<Record<string, string>>;
}

/** The 21 types, in the order AWS's own enum error lists them. conformance/rest-api/gateway-responses */
export const GATEWAY_RESPONSE_TYPES = [
  "REQUEST_TOO_LARGE",
  "RESOURCE_NOT_FOUND",
  "AUTHORIZER_CONFIGURATION_ERROR",
  "MISSING_AUTHENTICATION_TOKEN",
  "BAD_REQUEST_BODY",
  "INVALID_SIGNATURE",
  "INVALID_API_KEY",
  "BAD_REQUEST_PARAMETERS",
  "AUTHORIZER_FAILURE",
  "UNAUTHORIZED",
  "INTEGRATION_TIMEOUT",
  "ACCESS_DENIED",
  "DEFAULT_4XX",
  "DEFAULT_5XX",
  "WAF_FILTERED",
  "QUOTA_EXCEEDED",
  "THROTTLED",
  "API_CONFIGURATION_ERROR",
  "UNSUPPORTED_MEDIA_TYPE",
  "INTEGRATION_FAILURE",
  "EXPIRED_TOKEN",
] as const;
export type GatewayResponseType = (typeof GATEWAY_RESPONSE_TYPES)[number];

/** A named pointer to a deployment, with the settings that need no new deployment. */
export interface Stage {
  readonly stageName: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly accessLog?: AccessLogSettings;
  /** By resource path and verb as declared: `pets~1{petId}/GET`, the path without its leading slash; for all methods `*` twice (R). */
  readonly methodSettings?: Readonly<Record<string, MethodSettings>>;
}

/** The settings of a stage's methods that decide here. */
export interface MethodSettings {
  readonly throttlingBurstLimit?: number;
  /** Requests per second. */
  readonly throttlingRateLimit?: number;
}

export interface AccessLogSettings {
  /** One line of `$context.…` variables; must contain `$context.requestId` or `$context.extendedRequestId`. */
  readonly format: string;
  /** A file path, or `-` for standard output. */
  readonly destination: string;
}

import type { Finding, SourcePosition } from "./finding.ts";
import type { AccessLogSettings, HttpMethod } from "./rest-api.ts";

/*
 * An HTTP API as the API Gateway V2 SDK spells it
 * (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html), whole and unresolved: what a template
 * describes and what a deployment is compiled from.
 */

export interface HttpApi {
  readonly apiId: string;
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
  readonly corsConfiguration?: CorsConfiguration;
  readonly disableExecuteApiEndpoint: boolean;
  readonly routes: readonly Route[];
  readonly integrations: readonly Integration[];
  readonly authorizers: readonly Authorizer[];
  readonly tags: Readonly<Record<string, string>>;
  readonly at: SourcePosition;
}

/** Absent lists are not configured, which is not the same as empty. */
export interface CorsConfiguration {
  readonly allowCredentials?: boolean;
  readonly allowHeaders?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowOrigins?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Seconds. */
  readonly maxAge?: number;
}

export interface Route {
  readonly routeId: string;
  /** `$default`, or a method (`ANY` included), one blank and a path such as `/pets/{petId}` or `/{proxy+}`. */
  readonly routeKey: string;
  readonly authorizationType: "NONE" | "AWS_IAM" | "CUSTOM" | "JWT";
  /** Id of an entry in `HttpApi.authorizers`; present when the type is CUSTOM or JWT. */
  readonly authorizerId?: string;
  readonly authorizationScopes: readonly string[];
  readonly operationName?: string;
  /** Of the route's target `integrations/{integrationId}`; a route without target answers 500 (?). */
  readonly integrationId?: string;
  readonly at: SourcePosition;
  /** Set when something in this route is not understood: it answers 501 and this finding says why. */
  readonly notServed?: Finding;
}

export type RouteMethod = HttpMethod | "ANY";
export type PayloadFormatVersion = "1.0" | "2.0";

export interface Integration {
  readonly integrationId: string;
  readonly integrationType: "AWS_PROXY" | "HTTP_PROXY";
  /** A function ARN or its full invocation ARN; a URL, which may hold `{param}` and `${stageVariables.x}`. */
  readonly integrationUri: string;
  /** Of HTTP_PROXY; `ANY` takes the client's. */
  readonly integrationMethod?: string;
  readonly payloadFormatVersion: PayloadFormatVersion;
  /** The role the gateway assumes to invoke; without it the function's own policy decides. */
  readonly credentialsArn?: string;
  /** 50–30000, default 30000 (D). */
  readonly timeoutInMillis: number;
  /** `append|overwrite|remove:header.NAME` and so on → value expression. */
  readonly requestParameters: Readonly<Record<string, string>>;
  /** Status code → `append|overwrite|remove:header.NAME` or `overwrite:statuscode` → value expression. */
  readonly responseParameters: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** `tlsConfig.serverNameToVerify` */
  readonly serverNameToVerify?: string;
  readonly at: SourcePosition;
  /** Not understood: the routes that target it answer 501. */
  readonly notServed?: Finding;
}

export interface Authorizer {
  readonly authorizerId: string;
  readonly name: string;
  readonly authorizerType: "JWT" | "REQUEST";
  /** JWT: exactly one of `$request.header.NAME`, `$request.querystring.NAME`. REQUEST: any number, also `$context.…` and `$stageVariables.…`. */
  readonly identitySource: readonly string[];
  readonly jwtConfiguration?: { readonly issuer: string; readonly audience: readonly string[] };
  /** Full invocation ARN. */
  readonly authorizerUri?: string;
  readonly authorizerPayloadFormatVersion?: PayloadFormatVersion;
  /** 0–3600; absent means no caching (D by omission, ?). */
  readonly authorizerResultTtlInSeconds?: number;
  readonly enableSimpleResponses: boolean;
  readonly authorizerCredentialsArn?: string;
  readonly at: SourcePosition;
  /** Not understood: the routes behind it answer 501. */
  readonly notServed?: Finding;
}

/** A named pointer to a deployment of an HTTP API, `$default` included. */
export interface HttpApiStage {
  readonly stageName: string;
  readonly variables: Readonly<Record<string, string>>;
  /** False for a stage that neither deploys by itself nor names a deployment: it serves nothing. */
  readonly isDeployed: boolean;
  readonly accessLog?: AccessLogSettings;
  readonly defaultRouteSettings?: RouteSettings;
  /** By route key. */
  readonly routeSettings: Readonly<Record<string, RouteSettings>>;
  readonly at: SourcePosition;
}

export interface RouteSettings {
  readonly throttlingBurstLimit?: number;
  /** Requests per second. */
  readonly throttlingRateLimit?: number;
}

import type { Policy } from "../../aws/policy/policy.ts";
import type { Finding } from "../../model/finding.ts";
import type { ContentHandling, GatewayResponseType } from "../../model/rest-api.ts";
import type { EndpointUri } from "../integrations/endpoint-uri.ts";
import type { InvokeTerms } from "../invoke-checks.ts";
import type { Bucket } from "../limits/limits.ts";
import type { JavaRegex } from "../mapping/velocity/java-regex.ts";
import type { BodyValidator } from "./body-validator.ts";
import type { CognitoAuthorizer } from "./cognito-authorizer.ts";
import type { CompiledTemplate, ParameterMapping, TemplateByType } from "./compile-mapping.ts";
import type { CompiledGatewayResponse } from "./gateway-response.ts";
import type { JwtAuthorizer } from "./jwt-authorizer.ts";
import type { LambdaAuthorizer } from "./lambda-authorizer.ts";
import type { MockStatusVerdict } from "./parse-mock-status.ts";
import type { ResourceTree } from "./resource-tree.ts";

/**
 * An immutable snapshot of one API at one stage, fully parsed: all regular expressions, policies, templates and routes
 * are compiled here once, and the hot path only reads. AWS's own notion of a deployment, so drafts stay invisible.
 */
export interface RestDeployment {
  readonly type: "REST";
  readonly apiId: string;
  readonly apiName: string;
  readonly stageName: string;
  readonly deploymentId: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly tree: ResourceTree<CompiledMethod>;
  readonly gatewayResponses: ReadonlyMap<GatewayResponseType, CompiledGatewayResponse>;
  readonly binaryMediaTypes: readonly string[];
  readonly minimumCompressionSize?: number;
  readonly apiKeySource: "HEADER" | "AUTHORIZER";
  /** The API answers at its custom domains only. */
  readonly disableExecuteApiEndpoint?: true;
  readonly resourcePolicy?: Policy;
  readonly accessLog?: AccessLog;
  /** Lower-case names of headers that any authorizer of this API reads: never kept in a record. */
  readonly identityHeaders: ReadonlySet<string>;
}

export interface AccessLog {
  readonly destination: string;
  readonly format: (context: Readonly<Record<string, unknown>>) => string;
}

export type MethodAuthorization =
  | { readonly type: "NONE" }
  | { readonly type: "AWS_IAM" }
  | { readonly type: "CUSTOM"; readonly authorizer: LambdaAuthorizer }
  | {
      readonly type: "COGNITO_USER_POOLS";
      readonly authorizer: CognitoAuthorizer;
      /** None asks for an ID token, else an access token needs any one of them. */
      readonly scopes: readonly string[];
    }
  | {
      readonly type: "JWT";
      readonly authorizer: JwtAuthorizer;
      /** A token needs any one of them; none asks for none. */
      readonly scopes: readonly string[];
    };

export interface CompiledMethod {
  readonly resourceId: string;
  readonly resourcePath: string;
  /** As declared: a verb or `ANY`. */
  readonly httpMethod: string;
  readonly authorization: MethodAuthorization;
  readonly apiKeyRequired: boolean;
  /** Of the method, or of the stage. */
  readonly throttle?: Bucket;
  readonly validation?: RequestValidation;
  readonly integration: CompiledIntegration;
  /** Status codes a method response is declared for. */
  readonly methodResponses: ReadonlySet<string>;
  /** Not understood: answers 501 and says why. */
  readonly notServed?: Finding;
}

export interface RequestValidation {
  /** Required parameters, ordered by their full `method.request.…` key (R). */
  readonly requiredParameters: readonly RequiredParameter[];
  /** Content type (or `$default`) → validator; absent when the body is not validated. */
  readonly bodyValidators?: ReadonlyMap<string, BodyValidator>;
}

export interface RequiredParameter {
  readonly location: "header" | "path" | "querystring";
  readonly name: string;
}

export type CompiledIntegration = MockIntegration | HttpIntegration | LambdaIntegration;

interface IntegrationBase {
  readonly passthroughBehavior: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  readonly requestTemplates: TemplateByType;
  readonly requestParameters: readonly ParameterMapping[];
  readonly contentHandling?: ContentHandling;
  readonly responses: readonly CompiledIntegrationResponse[];
  readonly timeoutMs: number;
}

export interface MockIntegration extends IntegrationBase {
  readonly type: "MOCK";
  /** What constant request templates yield, read once. */
  readonly constantStatus: ReadonlyMap<CompiledTemplate, MockStatusVerdict>;
}

export interface HttpIntegration extends IntegrationBase {
  readonly type: "HTTP" | "HTTP_PROXY";
  /** Integration method; `ANY` takes the client's. */
  readonly httpMethod: string;
  /** With stage variables filled in; `{name}` placeholders stand for `integration.request.path.name`. */
  readonly endpoint: CompiledEndpoint;
  readonly insecureSkipVerification: boolean;
}

/** An address that stage variables made invalid fails each request with 500 (R). */
export type CompiledEndpoint =
  | { readonly ok: true; readonly uri: EndpointUri }
  | { readonly ok: false; readonly message: string };

export interface LambdaIntegration extends IntegrationBase, InvokeTerms {
  readonly type: "AWS" | "AWS_PROXY";
  readonly httpMethod: string;
  readonly functionArn: string;
}

export interface CompiledIntegrationResponse {
  readonly statusCode: string;
  /** The whole selection value must match (D); absent marks the default. */
  readonly pattern?: JavaRegex;
  readonly responseParameters: readonly ParameterMapping[];
  /** The mapped header fields under the names the client sees, when all of them are static. */
  readonly constantHeaders?: readonly string[];
  readonly responseTemplates: TemplateByType;
  readonly contentHandling?: ContentHandling;
}

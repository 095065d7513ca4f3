import type { Finding } from "../../model/finding.ts";
import type { PayloadFormatVersion, RouteMethod } from "../../model/http-api.ts";
import type { InvokeRefusal } from "../invoke-access.ts";
import type { InvokeTerms } from "../invoke-checks.ts";
import type { Bucket } from "../limits/limits.ts";
import type { Cors } from "./cors.ts";
import type { JwtAuthorizer } from "./jwt-authorizer.ts";
import type { RequestMapping, ResponseMapping } from "./parameter-mapping.ts";
import type { ProxyEndpoint } from "./proxy-endpoint.ts";
import type { RequestAuthorizer } from "./request-authorizer.ts";
import type { RouteTable } from "./route-table.ts";

/** An immutable snapshot of one HTTP API at one stage, fully parsed: the hot path only reads it. */
export interface HttpApiDeployment {
  readonly type: "HTTP";
  readonly apiId: string;
  readonly apiName: string;
  /** `$default` or a name. */
  readonly stageName: string;
  readonly deploymentId: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly routes: RouteTable;
  readonly cors?: Cors;
  /** The API answers at its custom domains only. */
  readonly disableExecuteApiEndpoint?: true;
  readonly accessLog?: AccessLog;
  /** Lower-case names of headers that any authorizer of this API reads: never kept in a record. */
  readonly identityHeaders: ReadonlySet<string>;
}

export interface AccessLog {
  readonly destination: string;
  readonly format: (context: Readonly<Record<string, unknown>>) => string;
}

export interface CompiledRoute {
  readonly routeId: string;
  /** As declared, e.g. `GET /pets/{petId}` or `$default`. */
  readonly routeKey: string;
  /** Absent for `$default`. */
  readonly method?: RouteMethod;
  /** The route's path template; `$default` for the default route, as in `resource` of a 1.0 event (R). */
  readonly path: string;
  readonly authorization: RouteAuthorization;
  /** Absent when the route has no target: it answers 500 (?). */
  readonly integration?: CompiledIntegration;
  readonly throttle?: Bucket;
  /** Not understood: answers 501 and says why. */
  readonly notServed?: Finding;
}

export type RouteAuthorization =
  | { readonly type: "NONE" }
  | { readonly type: "AWS_IAM" }
  | { readonly type: "CUSTOM"; readonly authorizer: RequestAuthorizer; readonly invokeRefusal?: InvokeRefusal }
  | { readonly type: "JWT"; readonly authorizer: JwtAuthorizer; readonly scopes: readonly string[] };

export type CompiledIntegration = LambdaProxyIntegration | HttpProxyIntegration;

interface IntegrationBase {
  readonly timeoutMs: number;
  readonly requestMapping: RequestMapping;
  readonly responseMapping: ResponseMapping;
}

export interface LambdaProxyIntegration extends IntegrationBase, InvokeTerms {
  readonly type: "AWS_PROXY";
  readonly functionArn: string;
  readonly payloadFormatVersion: PayloadFormatVersion;
}

export interface HttpProxyIntegration extends IntegrationBase {
  readonly type: "HTTP_PROXY";
  /** `ANY` takes the client's. */
  readonly method: string;
  readonly endpoint: ProxyEndpoint;
}

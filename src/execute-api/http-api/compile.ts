import { lambdaFunctionArnOf } from "../../aws/arn.ts";
import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { Authorizer, HttpApi, HttpApiStage, Integration, Route, RouteMethod } from "../../model/http-api.ts";
import type { InvokeAccess } from "../../model/invoke-access.ts";
import { InvokeChecks } from "../invoke-checks.ts";
import type { Bucket } from "../limits/limits.ts";
import { compileAccessLogFormat } from "../mapping/context-variables.ts";
import { fillStageVariables } from "../stage-variables.ts";
import { type Cors, compileCors } from "./cors.ts";
import type {
  AccessLog,
  CompiledIntegration,
  CompiledRoute,
  HttpApiDeployment,
  RouteAuthorization,
} from "./deployment.ts";
import { compileJwtAuthorizer } from "./jwt-authorizer.ts";
import { compileRequestMapping, compileResponseMapping } from "./parameter-mapping.ts";
import { compileProxyEndpoint } from "./proxy-endpoint.ts";
import { compileRequestAuthorizer } from "./request-authorizer.ts";
import { RouteTable } from "./route-table.ts";
import { compileThrottles } from "./throttle.ts";

export interface HttpApiCompileOptions {
  readonly region: string;
  readonly accountId: string;
  readonly partition: string;
  readonly deploymentId: string;
  readonly hasFunction: (functionArn: string) => boolean;
  readonly accepts: (finding: Finding) => boolean;
  /** Absent: invoking is not held against the files. */
  readonly access?: InvokeAccess;
}

export interface CompiledHttpApi {
  readonly deployment?: HttpApiDeployment;
  readonly findings: readonly Finding[];
}

/** Quotas (D): routes and authorizers can be raised, so more of them is a warning; the others are fixed. */
export const MAX_ROUTES = 300;
export const MAX_AUTHORIZERS = 10;
export const MAX_AUDIENCES = 50;
export const MAX_ROUTE_SCOPES = 10;

interface Facts extends HttpApiCompileOptions {
  readonly apiId: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly invokes: InvokeChecks;
}

/** What AWS answers where it may not invoke a function (D). */
const NOT_PERMITTED_ANSWER = '500 {"message":"Internal Server Error"}';

/** Makes an immutable deployment of an HTTP API at a stage. What is not understood in a route makes it answer 501. */
export function compile(api: HttpApi, stage: HttpApiStage, options: HttpApiCompileOptions): CompiledHttpApi {
  const { apiId } = api;
  const findings: Finding[] = [];
  const place = { ...options, apiId, stageName: stage.stageName, stageVariables: stage.variables };
  const facts: Facts = { ...place, invokes: new InvokeChecks(place) };
  const note = (rule: string, severity: Finding["severity"], effect: Finding["effect"], message: string, fix: string) =>
    findings.push({ rule, severity, effect, message, fix, at: stage.at, logicalId: apiId });
  if (!stage.isDeployed) {
    note(
      "stage-not-deployed",
      "error",
      "none",
      `Stage ${stage.stageName} neither deploys by itself nor names a deployment: it serves nothing.`,
      "Set AutoDeploy to true, or name a deployment.",
    );
    return { findings };
  }
  if (api.routes.length > MAX_ROUTES)
    note(
      "quota-routes",
      "warning",
      "none",
      `${api.routes.length} routes, the quota is ${MAX_ROUTES}.`,
      "Ask AWS to raise it.",
    );
  if (api.authorizers.length > MAX_AUTHORIZERS)
    note(
      "quota-authorizers",
      "warning",
      "none",
      `${api.authorizers.length} authorizers, the quota is ${MAX_AUTHORIZERS}.`,
      "Ask AWS to raise it.",
    );

  const routes = new RouteTable();
  const throttleOf = compileThrottles(api, stage);
  const warned = new Set<Bucket>();
  for (const route of api.routes) {
    const throttle = throttleOf(route.routeKey);
    const compiled = compileRoute(api, route, throttle, facts);
    if (compiled.notServed) findings.push(compiled.notServed);
    if (throttle !== undefined && (throttle.rate === 0 || throttle.burst === 0) && !warned.has(throttle)) {
      warned.add(throttle);
      note(
        "throttle-refuses-all",
        "warning",
        "none",
        `The limit of ${throttle.origin} has rate ${throttle.rate} and burst ${throttle.burst}: every request is answered 429.`,
        "Set both limits, or neither.",
      );
    }
    const conflict = routes.add(compiled);
    if (conflict !== undefined)
      findings.push({
        rule: "route-conflict",
        severity: "error",
        effect: "api",
        message: `${conflict.message}.`,
        fix: "Remove one of the routes.",
        at: route.at,
        logicalId: apiId,
      });
  }
  findings.push(...facts.invokes.findings());
  for (const key of Object.keys(stage.routeSettings)) {
    if (!api.routes.some((route) => route.routeKey === key))
      note(
        "route-settings-unknown",
        "warning",
        "none",
        `Unable to find Route by key ${key} within the provided RouteSettings.`,
        "Correct the route key.",
      );
  }
  let cors: Cors | undefined;
  if (api.corsConfiguration !== undefined) {
    const verdict = compileCors(api.corsConfiguration);
    if (verdict.ok) cors = verdict.cors;
    else note("cors-invalid", "error", "api", `${verdict.message}.`, "Name the origins, or leave credentials out.");
  }
  let accessLog: AccessLog | undefined;
  if (stage.accessLog !== undefined) {
    const format = compileAccessLogFormat(stage.accessLog.format);
    if (format.ok) accessLog = { destination: stage.accessLog.destination, format: format.render };
    else
      note(
        "access-log-format-invalid",
        "error",
        "none",
        `The access log format is not usable: ${format.message}; nothing is logged.`,
        "Correct the format.",
      );
  }
  if (findings.some((finding) => finding.effect === "api" && !options.accepts(finding))) return { findings };
  const { partition, region, accountId, deploymentId } = options;
  return {
    findings,
    deployment: {
      type: "HTTP",
      apiId,
      apiName: api.name,
      stageName: stage.stageName,
      deploymentId,
      partition,
      region,
      accountId,
      stageVariables: stage.variables,
      routes,
      ...(cors && { cors }),
      ...(api.disableExecuteApiEndpoint && { disableExecuteApiEndpoint: true as const }),
      ...(accessLog && { accessLog }),
      identityHeaders: identityHeadersOf(api.authorizers),
    },
  };
}

function compileRoute(api: HttpApi, route: Route, throttle: Bucket | undefined, facts: Facts): CompiledRoute {
  const { routeId, routeKey } = route;
  const [method, path = "$default"] = routeKey === "$default" ? [] : routeKey.split(" ");
  const base = {
    routeId,
    routeKey,
    ...(method !== undefined && { method: method as RouteMethod }),
    path,
    ...(throttle && { throttle }),
  };
  // notServed answers first; AWS_IAM refuses what is not served, should that ever change.
  const refused = (finding: Finding): CompiledRoute => ({
    ...base,
    authorization: { type: "AWS_IAM" },
    notServed: { ...finding, effect: "route", route: routeKey },
  });
  if (route.notServed) return refused(route.notServed);
  const authorization = compileAuthorization(api, route, facts);
  if ("rule" in authorization) return refused(authorization);
  if (route.integrationId === undefined) return { ...base, authorization };
  const integration = api.integrations.find((each) => each.integrationId === route.integrationId);
  if (integration === undefined)
    return refused(
      routeFinding(
        "integration-unknown",
        `Invalid Integration identifier specified ${route.integrationId}.`,
        "Define it.",
        route.at,
      ),
    );
  if (integration.notServed) return refused(integration.notServed);
  const compiled = compileIntegration(integration, route, base.method, path, facts);
  return "rule" in compiled ? refused(compiled) : { ...base, authorization, integration: compiled };
}

function compileAuthorization(api: HttpApi, route: Route, facts: Facts): RouteAuthorization | Finding {
  const { authorizationType: type, authorizationScopes: scopes } = route;
  if (scopes.length > 0 && type !== "JWT") {
    return routeFinding(
      "scopes-without-jwt",
      "Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization types",
      "Remove the scopes, or use a JWT authorizer.",
      route.at,
    );
  }
  if (type === "NONE" || type === "AWS_IAM") return { type };
  const authorizer = api.authorizers.find((each) => each.authorizerId === route.authorizerId);
  if ((type !== "JWT" && type !== "CUSTOM") || authorizer?.authorizerType !== (type === "JWT" ? "JWT" : "REQUEST")) {
    // Text (R) for JWT; for CUSTOM its like (?)
    const valid = type === "JWT" ? "JWT" : "custom";
    return routeFinding(
      "authorizer-unknown",
      `Invalid authorizer ID specified. Setting the authorization type to ${type} requires a valid ${valid} authorizer.`,
      "Name an authorizer of that type.",
      route.at,
    );
  }
  if (authorizer.notServed) return authorizer.notServed;
  if (type === "JWT") {
    if (scopes.length > MAX_ROUTE_SCOPES)
      return routeFinding(
        "quota-route-scopes",
        `${route.routeKey} has ${scopes.length} scopes, at most ${MAX_ROUTE_SCOPES} are allowed.`,
        "Remove some.",
        route.at,
      );
    const audiences = authorizer.jwtConfiguration?.audience.length ?? 0;
    if (audiences > MAX_AUDIENCES)
      return routeFinding(
        "quota-audiences",
        `Authorizer ${authorizer.name} has ${audiences} audiences, at most ${MAX_AUDIENCES} are allowed.`,
        "Remove some.",
        authorizer.at,
      );
    const jwt = compileJwtAuthorizer(authorizer);
    return jwt.ok ? { type, authorizer: jwt.authorizer, scopes } : jwt.finding;
  }
  const request = compileRequestAuthorizer(authorizer, facts);
  if (!request.ok) return request.finding;
  const terms = facts.invokes.judge({
    uri: authorizer.authorizerUri ?? "",
    source: `authorizers/${authorizer.authorizerId}`,
    credentials: authorizer.authorizerCredentialsArn,
    hasIamCaller: false,
  });
  const { name, at } = authorizer;
  facts.invokes.note(terms, { subject: `authorizer "${name}"`, answer: NOT_PERMITTED_ANSWER, at, logicalId: name });
  return { type, authorizer: request.authorizer, ...(terms.invokeRefusal && { invokeRefusal: terms.invokeRefusal }) };
}

function compileIntegration(
  integration: Integration,
  route: Route,
  method: RouteMethod | undefined,
  path: string,
  facts: Facts,
): CompiledIntegration | Finding {
  const requestMapping = compileRequestMapping(integration.requestParameters);
  if (!requestMapping.ok) return { ...routeFinding("", "", "", integration.at), ...requestMapping.problem };
  const responseMapping = compileResponseMapping(integration.responseParameters);
  if (!responseMapping.ok) return { ...routeFinding("", "", "", integration.at), ...responseMapping.problem };
  const base = {
    timeoutMs: integration.timeoutInMillis,
    requestMapping: requestMapping.value,
    responseMapping: responseMapping.value,
  };
  if (integration.integrationType === "HTTP_PROXY") {
    const endpoint = compileProxyEndpoint(integration.integrationUri, path, facts.stageVariables);
    if (!endpoint.ok) return { ...routeFinding("", "", "", integration.at), ...endpoint.problem };
    if (integration.serverNameToVerify !== undefined) {
      const message = "tlsConfig.serverNameToVerify is not supported: another name would be verified.";
      return routeFinding("tls-server-name-unsupported", message, "Remove tlsConfig.", integration.at);
    }
    return { ...base, type: "HTTP_PROXY", method: integration.integrationMethod ?? "ANY", endpoint: endpoint.value };
  }
  const functionArn = lambdaFunctionArnOf(
    fillStageVariables(integration.integrationUri, facts.stageVariables),
  )?.functionArn;
  if (functionArn === undefined)
    return routeFinding(
      "integration-uri-invalid",
      `integrationUri ${JSON.stringify(integration.integrationUri)} names no Lambda function.`,
      "Write a function ARN.",
      integration.at,
    );
  if (!facts.hasFunction(functionArn)) {
    return routeFinding(
      "function-without-code",
      `No code is known for function ${functionArn}.`,
      `Give it in gatewarden.yaml: functions: {${functionArn.split(":").at(-1)}: {handler: path/to/file.handler}}.`,
      integration.at,
    );
  }
  // The verb of `ANY` is written `*`; the default route's source is `$default/$default` (D).
  const source =
    method === undefined ? "$default/$default" : `${facts.stageName}/${method === "ANY" ? "*" : method}${path}`;
  const terms = facts.invokes.judge({
    uri: integration.integrationUri,
    source,
    credentials: integration.credentialsArn,
    hasIamCaller: route.authorizationType === "AWS_IAM",
  });
  facts.invokes.note(terms, {
    subject: route.routeKey,
    answer: NOT_PERMITTED_ANSWER,
    at: route.at,
    logicalId: facts.apiId,
  });
  return {
    ...base,
    type: "AWS_PROXY",
    functionArn,
    payloadFormatVersion: integration.payloadFormatVersion,
    ...terms,
  };
}

function routeFinding(rule: string, message: string, fix: string, at: SourcePosition): Finding {
  return { rule, severity: "error", effect: "route", message, fix, at };
}

function identityHeadersOf(authorizers: readonly Authorizer[]): ReadonlySet<string> {
  const prefix = "$request.header.";
  const sources = authorizers.flatMap((authorizer) => authorizer.identitySource);
  const names = sources
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length).toLowerCase());
  return new Set(["authorization", "cookie", "x-api-key", "x-amz-security-token", ...names]);
}

import { hash } from "node:crypto";
import { lambdaFunctionArnOf } from "../../aws/arn.ts";
import { formatPolicyProblem, parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Policy } from "../../aws/policy/policy.ts";
import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { InvokeAccess } from "../../model/invoke-access.ts";
import type { Authorizer, Method, RestApi, Stage } from "../../model/rest-api.ts";
import { authorizerCachePrefix } from "../authorizers/authorizer-cache.ts";
import { InvokeChecks } from "../invoke-checks.ts";
import { compileAccessLogFormat } from "../mapping/context-variables.ts";
import { fillStageVariables } from "../stage-variables.ts";
import { compileWholeMatch } from "../whole-match.ts";
import { apiPosition } from "./api-position.ts";
import { type CognitoAuthorizer, compileCognitoAuthorizer } from "./cognito-authorizer.ts";
import { compileGatewayResponses } from "./compile-gateway-response.ts";
import { compileIntegration, compileRequestValidation } from "./compile-integration.ts";
import { NO_TEMPLATES } from "./compile-mapping.ts";
import type {
  AccessLog,
  CompiledIntegration,
  CompiledMethod,
  MethodAuthorization,
  RestDeployment,
} from "./deployment.ts";
import { parseIdentitySources } from "./identity-source.ts";
import { compileJwtAuthorizer, type JwtAuthorizer } from "./jwt-authorizer.ts";
import type { LambdaAuthorizer } from "./lambda-authorizer.ts";
import { compileMethodThrottles } from "./method-throttle.ts";
import { ResourceTree } from "./resource-tree.ts";

export interface CompileOptions {
  readonly region: string;
  readonly accountId: string;
  readonly partition: string;
  readonly deploymentId: string;
  /** Whether code for a function is known; routes whose function has none answer 501. */
  readonly hasFunction: (functionArn: string) => boolean;
  /** The issuer that stands in for a Cognito user pool, by the pool's ARN; undefined: the pool's own. */
  readonly issuerOfUserPool?: (userPoolArn: string) => string | undefined;
  /** `RULE@LogicalId` pairs the user accepts. */
  readonly accepts: (finding: Finding) => boolean;
  /** Absent: invoking is not held against the files. */
  readonly access?: InvokeAccess;
}

export interface Compiled {
  /** Absent when something that decides access API-wide is not understood and not accepted. */
  readonly deployment?: RestDeployment;
  readonly findings: readonly Finding[];
}

/** AWS's default time to keep an authorizer's result (D), and its bounds (D). */
const DEFAULT_RESULT_TTL_SECONDS = 300;
const MAX_RESULT_TTL_SECONDS = 3600;

/**
 * Makes an immutable deployment of an API at a stage: everything is parsed here, once. What is not understood inside one
 * route makes that route answer 501; what is not understood and decides access API-wide keeps the API from being served.
 */
export function compile(api: RestApi, stage: Stage, options: CompileOptions): Compiled {
  const findings: Finding[] = [];
  const place = { ...options, apiId: api.apiId, stageName: stage.stageName, stageVariables: stage.variables };
  const facts: Facts = { ...place, invokes: new InvokeChecks(place) };
  const authorizers = new Map<string, CompiledAuthorizer | Finding>();
  for (const authorizer of api.authorizers) authorizers.set(authorizer.id, compileAuthorizer(authorizer, facts));

  const throttleOf = compileMethodThrottles(api, stage);
  const tree = new ResourceTree<CompiledMethod>();
  const asked = new Set<unknown>();
  for (const resource of api.resources) {
    for (const method of resource.resourceMethods) {
      const bare = compileMethod(api, resource.id, resource.path, method, authorizers, facts);
      const throttle = throttleOf(resource.path, method.httpMethod);
      const compiled = throttle === undefined ? bare : { ...bare, throttle };
      if (compiled.notServed) findings.push(compiled.notServed);
      tree.add(resource.path, method.httpMethod, compiled);
      if (compiled.authorization.type === "CUSTOM") asked.add(compiled.authorization.authorizer);
    }
  }
  for (const { id, name, at } of api.authorizers) {
    const compiled = authorizers.get(id);
    if (compiled === undefined || !asked.has(compiled) || !("functionArn" in compiled)) continue;
    facts.invokes.note(compiled, {
      subject: `authorizer "${name}"`,
      answer: '500 {"message":null}',
      at,
      logicalId: name,
    });
  }
  findings.push(...facts.invokes.findings());
  const gatewayResponses = compileGatewayResponses(api);
  findings.push(...gatewayResponses.findings);
  const resourcePolicy = compileResourcePolicy(api, facts);
  if (resourcePolicy !== undefined && "rule" in resourcePolicy) findings.push(resourcePolicy);
  const accessLog = compileAccessLog(api, stage);
  if (accessLog !== undefined && "rule" in accessLog) findings.push(accessLog);

  if (findings.some((finding) => finding.effect === "api" && !options.accepts(finding))) return { findings };
  return {
    findings,
    deployment: {
      type: "REST",
      apiId: api.apiId,
      apiName: api.name,
      stageName: stage.stageName,
      deploymentId: options.deploymentId,
      partition: options.partition,
      region: options.region,
      accountId: options.accountId,
      stageVariables: stage.variables,
      tree,
      gatewayResponses: gatewayResponses.compiled,
      binaryMediaTypes: api.binaryMediaTypes,
      ...(api.minimumCompressionSize !== undefined && { minimumCompressionSize: api.minimumCompressionSize }),
      apiKeySource: api.apiKeySource,
      ...(api.disableExecuteApiEndpoint && { disableExecuteApiEndpoint: true as const }),
      ...(resourcePolicy !== undefined && !("rule" in resourcePolicy) && { resourcePolicy }),
      ...(accessLog !== undefined && !("rule" in accessLog) && { accessLog }),
      identityHeaders: identityHeadersOf([...authorizers.values()]),
    },
  };
}

type CompiledAuthorizer = LambdaAuthorizer | CognitoAuthorizer | JwtAuthorizer;

interface Facts extends CompileOptions {
  readonly apiId: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly invokes: InvokeChecks;
}

function compileMethod(
  api: RestApi,
  resourceId: string,
  resourcePath: string,
  method: Method,
  authorizers: ReadonlyMap<string, CompiledAuthorizer | Finding>,
  facts: Facts,
): CompiledMethod {
  const route = `${method.httpMethod} ${resourcePath}`;
  const base = {
    resourceId,
    resourcePath,
    httpMethod: method.httpMethod,
    apiKeyRequired: method.apiKeyRequired,
    methodResponses: new Set(method.methodResponses.map((response) => response.statusCode)),
  };
  const refused = (finding: Finding): CompiledMethod => ({
    ...base,
    // Never reached: notServed answers first. AWS_IAM refuses what is not served, should that ever change.
    authorization: { type: "AWS_IAM" },
    integration: NO_INTEGRATION,
    notServed: { ...finding, route },
  });
  if (method.notServed) return refused(method.notServed);
  const authorization = compileAuthorization(method, route, authorizers, facts);
  if ("rule" in authorization) return refused(authorization);
  if (method.methodIntegration === undefined) {
    return refused(
      routeFinding(
        "integration-missing",
        `${route} has no integration; AWS refuses to deploy such a method.`,
        "Add x-amazon-apigateway-integration.",
        method.at,
      ),
    );
  }
  const integration = compileIntegration(method.methodIntegration, facts);
  if (!integration.ok) return refused(integration.finding);
  if ("functionArn" in integration.integration && !facts.hasFunction(integration.integration.functionArn)) {
    return refused(functionMissing(integration.integration.functionArn, method.methodIntegration.at));
  }
  const validation = compileRequestValidation(method, api);
  if (!validation.ok) return refused(validation.finding);
  return {
    ...base,
    authorization,
    integration: withInvokeTerms(integration.integration, method, resourcePath, facts),
    ...(validation.validation && { validation: validation.validation }),
  };
}

/** The source is the method as declared, `ANY` literally, and the path as its template (C: a real log shows `ANY/{resource+}`). */
function withInvokeTerms(
  integration: CompiledIntegration,
  { httpMethod, authorizationType, methodIntegration, at }: Method,
  resourcePath: string,
  { invokes, stageName, apiId }: Facts,
): CompiledIntegration {
  if (!("functionArn" in integration)) return integration;
  const terms = invokes.judge({
    uri: methodIntegration?.uri ?? "",
    source: `${stageName}/${httpMethod}${resourcePath}`,
    credentials: methodIntegration?.credentials,
    hasIamCaller: authorizationType === "AWS_IAM",
  });
  const answer = '500 {"message": "Internal server error"}';
  invokes.note(terms, { subject: `${httpMethod} ${resourcePath}`, answer, at, logicalId: apiId });
  return { ...integration, ...terms };
}

const NO_INTEGRATION = {
  type: "MOCK",
  passthroughBehavior: "NEVER",
  requestTemplates: NO_TEMPLATES,
  requestParameters: [],
  responses: [],
  timeoutMs: 0,
  constantStatus: new Map(),
} as const;

function compileAuthorization(
  method: Method,
  route: string,
  authorizers: ReadonlyMap<string, CompiledAuthorizer | Finding>,
  facts: Facts,
): MethodAuthorization | Finding {
  switch (method.authorizationType) {
    case "NONE":
      return { type: "NONE" };
    case "AWS_IAM":
      return { type: "AWS_IAM" };
    case "CUSTOM":
    case "COGNITO_USER_POOLS":
    case "JWT": {
      const authorizer = authorizers.get(method.authorizerId ?? "");
      if (authorizer === undefined) {
        return routeFinding(
          "authorizer-unknown",
          `${route} names the authorizer ${JSON.stringify(method.authorizerId)}, which the file does not define.`,
          "Define it, or name one that exists.",
          method.at,
        );
      }
      if ("rule" in authorizer) return authorizer;
      const wanted = authorizer.type === "TOKEN" || authorizer.type === "REQUEST" ? "CUSTOM" : authorizer.type;
      if (wanted !== method.authorizationType) {
        return routeFinding(
          "authorizer-type-mismatch",
          `${route} has authorization type ${method.authorizationType}, and its authorizer "${authorizer.name}" is of type ${authorizer.type}.`,
          `Make it ${wanted}, or name another authorizer.`,
          method.at,
        );
      }
      const scopes = method.authorizationScopes;
      if (authorizer.type === "COGNITO_USER_POOLS") return { type: "COGNITO_USER_POOLS", authorizer, scopes };
      if (authorizer.type === "JWT") return { type: "JWT", authorizer, scopes };
      if (!facts.hasFunction(authorizer.functionArn)) return functionMissing(authorizer.functionArn, method.at);
      return { type: "CUSTOM", authorizer };
    }
    default:
      return routeFinding(
        "authorization-type-unsupported",
        `${route} has authorization type ${method.authorizationType}, which is not served; NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS and JWT are.`,
        "Use one of those.",
        method.at,
      );
  }
}

function compileAuthorizer(authorizer: Authorizer, facts: Facts): CompiledAuthorizer | Finding {
  if (authorizer.type === "JWT") return compileJwtAuthorizer(authorizer);
  if (authorizer.type === "COGNITO_USER_POOLS") return compileCognitoAuthorizer(authorizer, facts.issuerOfUserPool);
  const problem = (message: string, fix: string): Finding => ({
    ...routeFinding("authorizer-invalid", `Authorizer "${authorizer.name}": ${message}`, fix, authorizer.at),
    logicalId: authorizer.name,
  });
  if (authorizer.type !== "TOKEN" && authorizer.type !== "REQUEST") {
    return problem(
      `type ${authorizer.type} is not served; TOKEN, REQUEST, COGNITO_USER_POOLS and JWT are.`,
      "Use one of those.",
    );
  }
  const uri = fillStageVariables(authorizer.authorizerUri ?? "", facts.stageVariables);
  const functionArn = lambdaFunctionArnOf(uri)?.functionArn;
  if (functionArn === undefined) {
    return problem(
      `authorizerUri ${JSON.stringify(uri)} names no Lambda function.`,
      "Write arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations.",
    );
  }
  const sources = parseIdentitySources(authorizer.identitySource);
  if (!sources.ok)
    return problem(
      `identity source ${JSON.stringify(sources.found)} is not understood, wanted ${sources.wanted}.`,
      "Correct identitySource.",
    );
  const ttlSeconds = authorizer.authorizerResultTtlInSeconds ?? DEFAULT_RESULT_TTL_SECONDS;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > MAX_RESULT_TTL_SECONDS) {
    return problem(
      `authorizerResultTtlInSeconds is ${ttlSeconds}, wanted 0 to ${MAX_RESULT_TTL_SECONDS}.`,
      "Correct the TTL.",
    );
  }
  if (authorizer.type === "TOKEN" && (sources.sources.length !== 1 || sources.sources[0]?.kind !== "header")) {
    return problem(
      `a TOKEN authorizer reads exactly one header, identitySource is ${JSON.stringify(authorizer.identitySource)}.`,
      "Write method.request.header.NAME.",
    );
  }
  if (authorizer.type === "REQUEST" && sources.sources.length === 0 && ttlSeconds > 0) {
    return problem(
      "a REQUEST authorizer that caches needs an identity source.",
      "Name the identity sources, or set authorizerResultTtlInSeconds to 0.",
    );
  }
  const expression = authorizer.type === "TOKEN" ? authorizer.identityValidationExpression : undefined;
  // Java's matches: the whole value (?), peers disagree; the stricter reading.
  const validation = expression === undefined || expression === "" ? undefined : compileWholeMatch(expression);
  if (validation !== undefined && !validation.ok) {
    return problem(
      `identityValidationExpression ${JSON.stringify(expression)} is no regular expression (${validation.message}).`,
      "Correct the expression.",
    );
  }
  const revision = hash("sha256", JSON.stringify([authorizer, functionArn]), "base64url").slice(0, 22);
  return {
    id: authorizer.id,
    name: authorizer.name,
    type: authorizer.type,
    functionArn,
    identitySources: sources.sources,
    ...(validation !== undefined &&
      expression !== undefined && { validation: { expression, matches: validation.matches } }),
    ...facts.invokes.judge({
      uri,
      source: `authorizers/${authorizer.id}`,
      credentials: authorizer.authorizerCredentials,
      hasIamCaller: false,
    }),
    ttlMs: ttlSeconds * 1000,
    cachePrefix: authorizerCachePrefix(facts.apiId, facts.stageName, authorizer.id, revision),
    stageKey: `${facts.apiId}/${facts.stageName}`,
  };
}

function compileResourcePolicy(api: RestApi, facts: Facts): Policy | Finding | undefined {
  if (api.policy === undefined) return undefined;
  const verdict = parsePolicy(api.policy, "resource", { api: facts });
  if (verdict.ok) return verdict.policy;
  return {
    rule: "resource-policy-not-understood",
    severity: "error",
    effect: "api",
    message: `The resource policy is not understood: ${formatPolicyProblem(verdict)}.`,
    fix: "Correct x-amazon-apigateway-policy.",
    at: apiPosition(api),
    logicalId: api.apiId,
  };
}

function compileAccessLog(api: RestApi, stage: Stage): AccessLog | Finding | undefined {
  if (stage.accessLog === undefined) return undefined;
  const format = compileAccessLogFormat(stage.accessLog.format);
  if (format.ok) return { destination: stage.accessLog.destination, format: format.render };
  return {
    rule: "access-log-format-invalid",
    severity: "error",
    effect: "none",
    message: `The access log format of ${api.apiId}/${stage.stageName} is not usable: ${format.message}; nothing is logged.`,
    fix: "Correct stages.…accessLog.format in gatewarden.yaml.",
    at: { file: "gatewarden.yaml", line: 1, column: 1 },
  };
}

function functionMissing(functionArn: string, at: SourcePosition): Finding {
  const name = functionArn.split(":").at(-1);
  return routeFinding(
    "function-without-code",
    `No code is known for function ${functionArn}.`,
    `Give it in gatewarden.yaml: functions: {${name}: {handler: path/to/file.handler}}.`,
    at,
  );
}

function routeFinding(rule: string, message: string, fix: string, at: SourcePosition): Finding {
  return { rule, severity: "error", effect: "route", message, fix, at };
}

function identityHeadersOf(authorizers: readonly (CompiledAuthorizer | Finding)[]): ReadonlySet<string> {
  const names = authorizers.flatMap((authorizer) => {
    if ("rule" in authorizer) return [];
    if ("lowerCaseHeader" in authorizer) return authorizer.lowerCaseHeader;
    return authorizer.identitySources
      .filter((source) => source.kind === "header")
      .map((source) => source.name.toLowerCase());
  });
  return new Set(["authorization", "cookie", "x-api-key", "x-amz-security-token", ...names]);
}

import { SigningKeys } from "../src/aws/sigv4/signing-keys.ts";
import { AuthorizerCache } from "../src/execute-api/authorizers/authorizer-cache.ts";
import { HeaderFields } from "../src/execute-api/header-fields.ts";
import { RequestLimits } from "../src/execute-api/limits/request-limits.ts";
import type { Ports } from "../src/execute-api/ports.ts";
import { parseQueryString } from "../src/execute-api/query-string.ts";
import { callIntegration } from "../src/execute-api/rest-api/call-integration.ts";
import { compileIntegration } from "../src/execute-api/rest-api/compile-integration.ts";
import type { CompiledIntegration, CompiledMethod, RestDeployment } from "../src/execute-api/rest-api/deployment.ts";
import { mapIntegrationRequest } from "../src/execute-api/rest-api/map-integration-request.ts";
import { mapIntegrationResponse } from "../src/execute-api/rest-api/map-integration-response.ts";
import { RestApiRefusal } from "../src/execute-api/rest-api/refusal.ts";
import type { Caller, MatchedMethod, RestRequest } from "../src/execute-api/rest-api/request.ts";
import { ResourceTree } from "../src/execute-api/rest-api/resource-tree.ts";
import { Trace } from "../src/execute-api/trace.ts";
import type { Answer } from "../src/execute-api/transport.ts";
import type { InvokeOptions, InvokeResult, LambdaInvoker } from "../src/lambda/invoke.ts";
import type { Integration, Method, RestApi } from "../src/model/rest-api.ts";
import { createMemoryEphemeral } from "../src/store/memory-ephemeral.ts";

/** A request to `GET /test/pets/42`, with the parts a test is about replaced. */
export function sampleRequest(
  given: Partial<Omit<RestRequest, "headers" | "body" | "query">> & {
    headers?: readonly string[];
    body?: string | Buffer;
  } = {},
): RestRequest {
  const { headers = [], body = "", ...rest } = given;
  const rawQuery = given.rawQuery ?? "";
  const requestPath = given.requestPath ?? `/test${given.path ?? "/pets/42"}`;
  return {
    incoming: {
      method: given.method ?? "GET",
      target: rawQuery === "" ? requestPath : `${requestPath}?${rawQuery}`,
      httpVersion: "1.1",
      headers,
      body: Buffer.from(body as string),
      sourceIp: given.sourceIp ?? "203.0.113.7",
      scheme: given.scheme ?? "http",
      receivedAtMs: Date.UTC(2026, 10, 21, 1, 2, 3),
    },
    method: "GET",
    path: "/pets/42",
    requestPath,
    requestId: "0f5a3c1e-8b7d-4c2a-9e6f-112233445566",
    extendedRequestId: "abcDEF123456=",
    requestTimeEpoch: Date.UTC(2026, 10, 21, 1, 2, 3),
    sourceIp: "203.0.113.7",
    userAgent: "curl/8",
    domainName: "petstore.execute-api.localhost",
    scheme: "http",
    ...rest,
    rawQuery,
    query: parseQueryString(rawQuery),
    headers: new HeaderFields(headers),
    body: typeof body === "string" ? Buffer.from(body) : body,
  };
}

export function sampleDeployment(given: Partial<RestDeployment> = {}): RestDeployment {
  return {
    type: "REST",
    apiId: "petstore",
    apiName: "Pet store",
    stageName: "test",
    deploymentId: "dep123",
    partition: "aws",
    region: "us-east-1",
    accountId: "000000000000",
    stageVariables: {},
    tree: new ResourceTree(),
    gatewayResponses: new Map(),
    binaryMediaTypes: [],
    apiKeySource: "HEADER",
    identityHeaders: new Set(),
    ...given,
  };
}

export function sampleMatched(
  integration: CompiledIntegration,
  given: Partial<CompiledMethod> & { pathParameters?: Record<string, string> } = {},
): MatchedMethod<CompiledMethod> {
  const { pathParameters = {}, ...method } = given;
  return {
    method: {
      resourceId: "res123",
      resourcePath: "/pets/{petId}",
      httpMethod: "GET",
      authorization: { type: "NONE" },
      apiKeyRequired: false,
      integration,
      methodResponses: new Set(["200"]),
      ...method,
    },
    pathParameters,
    methodArn: "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets/42",
    otherArns: undefined,
  };
}

export function sampleIntegration(given: Partial<Integration> & Pick<Integration, "type">): Integration {
  return {
    connectionType: "INTERNET",
    passthroughBehavior: "WHEN_NO_MATCH",
    timeoutInMillis: 29_000,
    requestParameters: {},
    requestTemplates: {},
    integrationResponses: [],
    insecureSkipVerification: false,
    at: { file: "api.yaml", line: 12, column: 3 },
    ...given,
  };
}

export function sampleApi(given: Partial<RestApi> = {}): RestApi {
  return {
    apiId: "petstore",
    name: "Pet store",
    binaryMediaTypes: [],
    apiKeySource: "HEADER",
    disableExecuteApiEndpoint: false,
    resources: [],
    authorizers: [],
    models: [],
    requestValidators: [],
    gatewayResponses: [],
    tags: {},
    ...given,
  };
}

/** A `GET` that is open to everybody and answers by a mock. */
export function sampleMethod(given: Partial<Method> = {}): Method {
  return {
    httpMethod: "GET",
    authorizationType: "NONE",
    authorizationScopes: [],
    apiKeyRequired: false,
    requestParameters: {},
    requestModels: {},
    methodResponses: [],
    methodIntegration: sampleIntegration({ type: "MOCK" }),
    at: { file: "api.yaml", line: 7, column: 3 },
    ...given,
  };
}

/** Compiles an integration or fails the test with its finding. */
export function compiled(
  integration: Partial<Integration> & Pick<Integration, "type">,
  stageVariables: Readonly<Record<string, string>> = {},
): CompiledIntegration {
  const verdict = compileIntegration(sampleIntegration(integration), { route: "GET /pets/{petId}", stageVariables });
  if (!verdict.ok) throw new Error(verdict.finding.message);
  return verdict.integration;
}

/** No API key is known, and only the account's limit holds. */
export function sampleLimits(clock?: () => number): RequestLimits {
  const now = clock ?? Date.now;
  const store = createMemoryEphemeral({ clock: now });
  return new RequestLimits({ store, usageStore: createMemoryEphemeral({ clock: now }), now });
}

/** Ports without a network: functions answer what is given, HTTP what `http` says. */
export function samplePorts(given: Partial<Ports> = {}): Ports {
  let clock = 0;
  const none = (): never => {
    throw new Error("this test does not reach that port");
  };
  return {
    lambda: { invoke: none, has: () => true },
    http: { request: none, stats: none, close: () => undefined },
    authorizerCache: new AuthorizerCache(),
    requestAuthorizerCache: new AuthorizerCache(),
    issuerKeys: { of: none, contact: none },
    identities: { find: () => undefined, refresh: async () => false },
    signingKeys: new SigningKeys(),
    signatureWording: "current",
    limits: sampleLimits(),
    now: () => Date.UTC(2026, 10, 21, 1, 2, 3),
    monotonic: () => (clock += 5),
    newRequestId: () => "0f5a3c1e-8b7d-4c2a-9e6f-112233445566",
    newExtendedRequestId: () => "abcDEF123456=",
    record: () => undefined,
    writeAccessLog: () => undefined,
    ...given,
  };
}

export interface Exchange {
  readonly integration: CompiledIntegration;
  readonly request?: RestRequest;
  readonly method?: Partial<CompiledMethod> & { pathParameters?: Record<string, string> };
  readonly caller?: Caller;
  readonly deployment?: RestDeployment;
  readonly ports?: Ports;
  readonly trace?: Trace;
}

/** The steps from the integration request to the mapped answer. */
export async function exchange(given: Exchange): Promise<Answer> {
  const request = given.request ?? sampleRequest();
  const matched = sampleMatched(given.integration, {
    methodResponses: new Set(["200", "201", "302", "400", "404", "500"]),
    ...given.method,
  });
  const deployment = given.deployment ?? sampleDeployment();
  const caller = given.caller ?? {};
  const ports = given.ports ?? samplePorts();
  const sent = mapIntegrationRequest(request, matched, caller, deployment);
  const trace = given.trace ?? new Trace(ports.monotonic);
  const received = await callIntegration(sent, request, matched, caller, deployment, ports, trace);
  return mapIntegrationResponse(received, sent, request, matched, caller, deployment);
}

/** What a step refused with; fails the test when it did not refuse. */
export async function refusalOf(run: () => unknown): Promise<RestApiRefusal> {
  try {
    await run();
  } catch (error) {
    if (error instanceof RestApiRefusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The values of a header, in any casing. */
export function headerOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name.toLowerCase());
}

/** A function that answers the same to everybody; `calls` is what it was given. */
export function functionAnswering(result: Partial<InvokeResult> & Pick<InvokeResult, "outcome">) {
  const calls: { arn: string; payload: string; options: InvokeOptions | undefined }[] = [];
  const lambda: LambdaInvoker = {
    has: () => true,
    async invoke(arn, payload, options) {
      calls.push({ arn, payload, options });
      return { requestId: "r", durationMs: 1, cold: false, logs: [], ...result } as InvokeResult; // the rest of the shape
    },
  };
  return { calls, lambda };
}

export const FUNCTION_URI =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:pets/invocations";

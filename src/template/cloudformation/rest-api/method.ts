import { HTTP_METHODS, type Method, type MethodResponse } from "../../../model/rest-api.ts";
import { emptyMethod, notServed } from "../../openapi/load-method.ts";
import { PARAMETER_NAME } from "../../openapi/parameter-map.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readStatusCode, readText, readWord } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { ResourceProblems, readTextList, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";
import type { Authorizers } from "./authorizer.ts";
import { readIntegration } from "./integration.ts";
import { DEFAULT_MODEL_NAMES } from "./model.ts";

const KEYS = new Set([
  "ApiKeyRequired",
  "AuthorizationScopes",
  "AuthorizationType",
  "AuthorizerId",
  "HttpMethod",
  "Integration",
  "MethodResponses",
  "OperationName",
  "RequestModels",
  "RequestParameters",
  "RequestValidatorId",
  "ResourceId",
  "RestApiId",
]);
const RESPONSE_KEYS = new Set(["ResponseModels", "ResponseParameters", "StatusCode"]);
const HTTP_METHOD_WORDS = [...HTTP_METHODS, "ANY"] as const;
const AUTHORIZATION_TYPES = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"] as const;
const REQUEST_PARAMETER = /^method\.request\.(header|querystring|path)\.(.+)$/;
const RESPONSE_PARAMETER = /^method\.response\.(header)\.(.+)$/;

/** What a method may name. */
export interface MethodNeighbours {
  readonly authorizers: Authorizers;
  readonly modelNames: ReadonlySet<string>;
  readonly validatorIds: ReadonlySet<string>;
}

export interface MethodRead {
  readonly method: Method;
  /** False when the method stands for any verb of its resource, since its own cannot be read. */
  readonly isVerbKnown: boolean;
}

/**
 * Reads an AWS::ApiGateway::Method. Whatever is not understood inside it is a finding, and the method then answers 501.
 */
export function readMethod(
  resource: StackResource,
  path: string,
  neighbours: MethodNeighbours,
  context: Pick<StackContext, "report">,
): MethodRead {
  const { properties, logicalId, at } = resource;
  const problems = new ResourceProblems(resource);
  const { invalid } = problems;
  const methodNode = properties.get("HttpMethod");
  if (!methodNode) problems.missing("HttpMethod", HTTP_METHOD_WORDS.join(", "));
  const httpMethod = readWord(methodNode, HTTP_METHOD_WORDS, invalid);
  const route = context.report.route(`${httpMethod ?? "ANY"} ${path}`);
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The method ${logicalId} has the unknown property ${show(child.name)}, which may decide who gets in.`;
    problems.add("method-property-unknown", child, message, fix);
  });
  const authorization = readAuthorization(resource, neighbours, problems, (finding) => route.refuseWith(finding));
  const apiKeyRequired = readBoolean(properties.get("ApiKeyRequired"), invalid) ?? false;
  const operationName = readText(properties.get("OperationName"), invalid);
  const requestValidatorId = readValidatorId(properties.get("RequestValidatorId"), neighbours, problems);
  const requestParameters = readRequestParameters(properties.get("RequestParameters"), problems);
  const requestModels = readModels(properties.get("RequestModels"), neighbours, problems);
  const methodResponses = readMethodResponses(properties.get("MethodResponses"), neighbours, problems);
  for (const problem of problems.all) route.refuse(problem);
  if (httpMethod === undefined) {
    return { method: { ...emptyMethod("ANY", at), ...notServed(route) }, isVerbKnown: false };
  }
  const methodIntegration = readIntegration(resource, route);
  const method: Method = {
    httpMethod,
    ...authorization,
    apiKeyRequired,
    ...(operationName === undefined ? {} : { operationName }),
    ...(requestValidatorId === undefined ? {} : { requestValidatorId }),
    requestParameters,
    requestModels,
    methodResponses,
    ...(methodIntegration === undefined ? {} : { methodIntegration }),
    at,
    ...notServed(route),
  };
  return { method, isVerbKnown: true };
}

type MethodAuthorization = Pick<Method, "authorizationType" | "authorizerId" | "authorizationScopes">;

function readAuthorization(
  { properties, logicalId }: StackResource,
  { authorizers }: MethodNeighbours,
  problems: ResourceProblems,
  refuseWith: (finding: NonNullable<Method["notServed"]>) => void,
): MethodAuthorization {
  const { invalid } = problems;
  const typeNode = properties.get("AuthorizationType");
  // (D) Required: a method without it is not taken for an open one.
  if (!typeNode) problems.missing("AuthorizationType", AUTHORIZATION_TYPES.join(", "));
  const authorizationType = readWord(typeNode, AUTHORIZATION_TYPES, invalid) ?? "NONE";
  const idNode = properties.get("AuthorizerId");
  const authorizerId = readText(idNode, invalid);
  const scopesNode = properties.get("AuthorizationScopes");
  const authorizationScopes = readTextList(scopesNode, invalid) ?? [];
  const takesScopes = authorizationType === "COGNITO_USER_POOLS" || authorizationType === "JWT";
  if (authorizationScopes.length > 0 && !takesScopes) {
    // (D) Only Cognito and JWT authorizers check scopes.
    const message = `The method ${logicalId} names scopes, and nothing checks them with AuthorizationType ${authorizationType}.`;
    problems.add("method-scopes-unchecked", scopesNode, message, "Check them in the authorizer, and remove them here.");
  }
  if (authorizationType === "NONE" || authorizationType === "AWS_IAM") {
    if (idNode) {
      // The method would be open while its author thinks that an authorizer guards it.
      const message = `The method ${logicalId} names an authorizer, and its AuthorizationType is ${typeNode ? authorizationType : "not set"}.`;
      problems.add("method-authorizer-without-type", idNode, message, "Set AuthorizationType: CUSTOM.");
    }
    return { authorizationType, authorizationScopes };
  }
  const used = authorizerId === undefined ? undefined : authorizers.use(authorizerId);
  if (used === undefined) {
    const message = `AuthorizerId of ${logicalId} is ${show(idNode?.value)}, wanted the id of an authorizer of this API.`;
    problems.add("method-authorizer-unknown", idNode ?? typeNode, message, "Write Ref: AUTHORIZER.");
  } else {
    if (used.refusal) refuseWith(used.refusal);
    const { authorizer } = used;
    const wanted = authorizer?.type === "TOKEN" || authorizer?.type === "REQUEST" ? "CUSTOM" : authorizer?.type;
    if (wanted !== undefined && wanted !== authorizationType) {
      const message = `AuthorizationType of ${logicalId} is ${authorizationType}, and the authorizer ${authorizer?.name} has the type ${authorizer?.type}.`;
      problems.add("method-authorizer-mismatch", typeNode, message, `Write ${wanted}, or name another authorizer.`);
    }
  }
  return { authorizationType, authorizationScopes, ...(authorizerId === undefined ? {} : { authorizerId }) };
}

function readValidatorId(
  node: SourceNode | undefined,
  { validatorIds }: MethodNeighbours,
  problems: ResourceProblems,
): string | undefined {
  const id = readText(node, problems.invalid);
  if (id === undefined || validatorIds.has(id)) return id;
  const message = `RequestValidatorId is ${show(id)}, which is no request validator of this API.`;
  problems.add("request-validator-unknown", node, message, "Write Ref: REQUEST_VALIDATOR.");
  return undefined;
}

/** `method.request.{header|querystring|path}.NAME` → required. */
function readRequestParameters(node: SourceNode | undefined, problems: ResourceProblems): Record<string, boolean> {
  const locations = new Map<string, string>();
  return readFlags(node, REQUEST_PARAMETER, "method.request.header|querystring|path.NAME", problems, (child, match) => {
    const [, location = "", name = ""] = match;
    const other = locations.get(name);
    if (other !== undefined && other !== location) {
      // (R) AWS's text.
      const message = `${name} is a parameter twice (AWS: Parameter names must be unique across querystring, header and path).`;
      problems.add("parameter-invalid", child, message, "Rename one of the two.");
    }
    locations.set(name, location);
  });
}

function readFlags(
  node: SourceNode | undefined,
  form: RegExp,
  wanted: string,
  problems: ResourceProblems,
  check: (child: SourceNode, match: RegExpExecArray) => void,
): Record<string, boolean> {
  if (node && !node.isMapping) problems.invalid(node, show(node.value), "a mapping");
  const entries: [string, boolean][] = [];
  for (const child of node?.entries() ?? []) {
    const match = form.exec(child.name);
    if (match === null || !PARAMETER_NAME.test(match[2] ?? "")) {
      const message = `The parameter is ${show(child.name)}, wanted ${wanted}.`;
      problems.add("parameter-invalid", child, message, "Correct the name.");
      continue;
    }
    check(child, match);
    entries.push([child.name, readBoolean(child, problems.invalid) ?? true]);
  }
  return Object.fromEntries(entries);
}

/** Content type → model name. */
function readModels(
  node: SourceNode | undefined,
  { modelNames }: MethodNeighbours,
  problems: ResourceProblems,
): Record<string, string> {
  if (node && !node.isMapping) problems.invalid(node, show(node.value), "a mapping of content types to models");
  const entries: [string, string][] = [];
  for (const child of node?.entries() ?? []) {
    const name = readText(child, problems.invalid);
    if (name === undefined) continue;
    if (!modelNames.has(name) && !DEFAULT_MODEL_NAMES.has(name)) {
      const message = `The model ${show(name)} for ${child.name} is no model of this API.`;
      problems.add("model-unknown", child, message, "Write Ref: MODEL, or define the model.");
      continue;
    }
    entries.push([child.name, name]);
  }
  return Object.fromEntries(entries);
}

function readMethodResponses(
  node: SourceNode | undefined,
  neighbours: MethodNeighbours,
  problems: ResourceProblems,
): MethodResponse[] {
  if (node && !node.isList) problems.invalid(node, show(node.value), "a list");
  return (node?.items() ?? []).flatMap((item): MethodResponse[] => {
    if (!item.isMapping) problems.invalid(item, show(item.value), "a mapping with StatusCode");
    eachUnknownKey(item, RESPONSE_KEYS, (child, fix) => {
      const message = `A method response has the unknown property ${show(child.name)}.`;
      problems.add("method-property-unknown", child, message, fix);
    });
    const statusNode = item.get("StatusCode");
    if (item.isMapping && !statusNode) problems.missing("MethodResponses.StatusCode", "a status from 100 to 599");
    const statusCode = readStatusCode(statusNode, problems.invalid);
    if (statusCode === undefined) return [];
    const wanted = "method.response.header.NAME";
    return [
      {
        statusCode,
        responseParameters: readFlags(item.get("ResponseParameters"), RESPONSE_PARAMETER, wanted, problems, () => {}),
        responseModels: readModels(item.get("ResponseModels"), neighbours, problems),
      },
    ];
  });
}

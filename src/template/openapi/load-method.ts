import type { Method } from "../../model/rest-api.ts";
import type { RouteReport } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";
import { eachUnknownField } from "./extensions.ts";
import { readIntegration } from "./integration.ts";
import type { LoadContext } from "./load-context.ts";
import { readMethodRequest } from "./method-request.ts";
import { readMethodResponses } from "./method-responses.ts";
import { readMethodSecurity } from "./method-security.ts";
import type { ModelTable } from "./model-table.ts";
import type { RequestValidators } from "./request-validators.ts";
import type { SecuritySchemes } from "./security-schemes.ts";

/** What operations refer to. */
export interface Shared {
  readonly schemes: SecuritySchemes;
  readonly models: ModelTable;
  readonly validators: RequestValidators;
}

export interface LoadedMethod {
  readonly method: Method;
  /** The file says who may call it, if only that everybody may. */
  readonly isSecurityStated: boolean;
}

/** Reads one operation. Whatever is not understood inside it is a finding, and the method then answers 501. */
export function loadMethod(
  context: LoadContext,
  shared: Shared,
  pathItem: SourceNode,
  operation: SourceNode,
  httpMethod: Method["httpMethod"],
  route: RouteReport,
): LoadedMethod {
  const at = operation.keyAt();
  if (!operation.isMapping) {
    const message = `${route.route} is ${show(operation.value)}, wanted a mapping.`;
    route.refuse({ rule: "openapi-shape", at, message, fix: "Write the operation, at least with an integration." });
    return { method: { ...emptyMethod(httpMethod, at), ...notServed(route) }, isSecurityStated: true };
  }
  eachUnknownField(operation, "operation", (problem) => route.refuse(problem));
  const security = readMethodSecurity(context, shared.schemes, operation, route);
  const request = readMethodRequest(context, shared.models, pathItem, operation, route);
  const requestValidatorId = shared.validators.idFor(operation, route);
  const methodResponses = readMethodResponses(context, shared.models, operation, route);
  const methodIntegration = readIntegration(operation, route);
  const operationName = operation.get("operationId")?.value;
  const { authorizationType, authorizerId, authorizationScopes, apiKeyRequired } = security;
  const method: Method = {
    httpMethod,
    authorizationType,
    ...(authorizerId === undefined ? {} : { authorizerId }),
    authorizationScopes,
    apiKeyRequired,
    ...(typeof operationName === "string" ? { operationName } : {}),
    ...(requestValidatorId === undefined ? {} : { requestValidatorId }),
    ...request,
    methodResponses,
    ...(methodIntegration === undefined ? {} : { methodIntegration }),
    at,
    ...notServed(route),
  };
  return { method, isSecurityStated: security.isStated };
}

/** A method that only says why it is not served. */
export function emptyMethod(httpMethod: Method["httpMethod"], at: Method["at"]): Method {
  return {
    httpMethod,
    authorizationType: "NONE",
    authorizationScopes: [],
    apiKeyRequired: false,
    requestParameters: {},
    requestModels: {},
    methodResponses: [],
    at,
  };
}

export function notServed(route: RouteReport): Pick<Method, "notServed"> {
  return route.notServed ? { notServed: route.notServed } : {};
}

import { firstMediaType } from "./binary-media.ts";
import type { BodyValidator } from "./body-validator.ts";
import type { CompiledMethod, RequestValidation, RequiredParameter } from "./deployment.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { MatchedMethod, RestRequest } from "./request.ts";

/**
 * The method's request validator: parameters first, then the body (R).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 * conformance/rest-api/validation
 */
export function validateMethodRequest(request: RestRequest, matched: MatchedMethod<CompiledMethod>): void {
  const { validation } = matched.method;
  if (validation === undefined) return;
  checkParameters(validation.requiredParameters, request, matched.pathParameters);
  if (validation.bodyValidators !== undefined) checkBody(validation.bodyValidators, request);
}

/** Required ones must be there and not blank (D); the answer names all that are not (R). */
function checkParameters(
  required: RequestValidation["requiredParameters"],
  request: RestRequest,
  pathParameters: Readonly<Record<string, string>>,
): void {
  const missing = required.filter((parameter) => isBlank(valueOf(parameter, request, pathParameters)));
  if (missing.length === 0) return;
  const message = `Missing required request parameters: [${missing.map((parameter) => parameter.name).join(", ")}]`;
  const names = missing.map((parameter) => `method.request.${parameter.location}.${parameter.name}`);
  throw new RestApiRefusal(
    "BAD_REQUEST_PARAMETERS",
    {
      reason: "request_parameters_missing",
      message: `missing or blank: ${names.join(", ")}`,
      expected: required.map((parameter) => `method.request.${parameter.location}.${parameter.name}`),
      actual: { missing: names },
    },
    { message },
  );
}

function valueOf(
  parameter: RequiredParameter,
  request: RestRequest,
  pathParameters: Readonly<Record<string, string>>,
): string | undefined {
  switch (parameter.location) {
    case "header":
      return request.headers.last(parameter.name.toLowerCase());
    case "path":
      return pathParameters[parameter.name];
    case "querystring":
      return request.query.get(parameter.name)?.at(-1);
  }
}

function isBlank(value: string | undefined): boolean {
  return value === undefined || value.trim() === "";
}

function checkBody(validators: ReadonlyMap<string, BodyValidator>, request: RestRequest): void {
  const contentType = firstMediaType(request.headers.last("content-type")) ?? "application/json";
  // Without a model for its Content-Type a body is not validated (D): the passthrough rules decide.
  const validator = validators.get(contentType) ?? validators.get("$default");
  if (validator === undefined) return;
  const verdict = validator.validate(request.body.toString("utf8"));
  if (verdict.ok) return;
  throw new RestApiRefusal(
    "BAD_REQUEST_BODY",
    {
      reason: "request_body_invalid",
      message: `the body does not satisfy model "${validator.modelName}" for ${contentType}`,
      expected: `model "${validator.modelName}"`,
      actual: verdict.violations,
    },
    { validationErrorString: verdict.validationErrorString },
  );
}

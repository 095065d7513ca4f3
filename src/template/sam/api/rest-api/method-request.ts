import { isMapping } from "../../../source-node.ts";
import { isTruthy, member } from "../../intrinsic.ts";
import type { SamRefusal } from "../../sam-refusal.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { INTEGRATION, type Route } from "../definition-paths.ts";
import { isOpenApi3 } from "../openapi-version.ts";
import { type Subject, worded } from "../subject.ts";
import type { RestDefinition } from "./definition.ts";

/** `RequestModel` of an event: the body's model, and what is validated of a request. */
export function addRequestModel(definition: RestDefinition, route: Route, event: Made, api: Made): void {
  const { subject } = definition;
  const request = event.RequestModel;
  if (!isTruthy(request)) return;
  if (!isMapping(request)) throw subject.refusal("Property 'RequestModel' should be a map.", [event, "RequestModel"]);
  const name = request.Model;
  if (!isTruthy(name)) return;
  const unable = (what: string, why: string, key = "Model"): SamRefusal =>
    subject.refusal(
      `Unable to set ${what}RequestModel [${worded(name)}] on API method [${route.method}] for path [${route.path}] ${why}`,
      [request, key],
    );
  const models = api.Models;
  if (!isTruthy(models)) throw unable("", "because the related API does not define any Models.");
  if (!isMapping(models)) throw unable("", "because the related API Models defined is of invalid type.");
  if (typeof name !== "string") throw unable("", "because the related API does not contain valid Models.");
  if (!isTruthy(member(models, name))) throw unable("", "because it wasn't defined in the API's Models.");
  setBodyModel(definition, route, name.toLowerCase(), member(request, "Required"));

  const body = member(request, "ValidateBody");
  const parameters = member(request, "ValidateParameters");
  if (body === undefined && parameters === undefined) return;
  for (const [key, value] of Object.entries({ ValidateBody: body, ValidateParameters: parameters })) {
    if (value === undefined || typeof value === "boolean") continue;
    const why = "ValidateBody and ValidateParameters must be a boolean type, strings or intrinsics are not supported.";
    throw unable("Validator to ", why, key);
  }
  setValidator(definition, route, body === true, parameters === true);
}

function setBodyModel(definition: RestDefinition, route: Route, name: string, required: unknown): void {
  const { body } = definition;
  const wanted = required === undefined ? {} : { required };
  for (const method of definition.definitions(route.path, route.method)) {
    if (member(body, "swagger") !== undefined) {
      const schema = mapping({ $ref: `#/definitions/${name}` });
      addParameter(definition, method, mapping({ in: "body", name, schema, ...wanted }), route);
    } else if (isTruthy(body.openapi) && isOpenApi3(body.openapi)) {
      const schema = mapping({ $ref: `#/components/schemas/${name}` });
      method.requestBody = mapping({
        content: mapping({ "application/json": mapping({ schema }) }),
        ...wanted,
      });
      definition.subject.sam.origins.set(method, "requestBody", route.at);
    }
  }
}

function setValidator(definition: RestDefinition, route: Route, ofBody: boolean, ofParameters: boolean): void {
  const names = ["no-validation", "body-only", "params-only", "body-and-params"] as const;
  const name = names[(ofBody ? 1 : 0) + (ofParameters ? 2 : 0)]!;
  const validators = definition.part("x-amazon-apigateway-request-validators");
  if (!isTruthy(validators[name])) {
    validators[name] = mapping({ validateRequestBody: ofBody, validateRequestParameters: ofParameters });
    definition.subject.sam.origins.set(validators, name, route.at);
  }
  for (const method of definition.definitions(route.path, route.method)) {
    method["x-amazon-apigateway-request-validator"] = name;
  }
}

/** `RequestParameters` of an event: names, or names with what is wanted of them. */
export function addRequestParameters(definition: RestDefinition, route: Route, event: Made): void {
  const { subject } = definition;
  const listed = event.RequestParameters;
  if (!isTruthy(listed)) return;
  if (!Array.isArray(listed)) {
    throw subject.refusal("Property 'RequestParameters' should be a list.", [event, "RequestParameters"]);
  }
  const wanted = listed.map((parameter, index) => readParameter(subject, parameter, [listed, index]));
  for (const method of definition.definitions(route.path, route.method)) {
    if (!Object.hasOwn(method, "parameters")) method.parameters = [];
    for (const { location, name, required, isCacheKey, id } of wanted) {
      addParameter(definition, method, mapping({ in: location, name, required, type: "string" }), route);
      if (!isCacheKey) continue;
      const integration = method[INTEGRATION] as Made;
      const keys = integration.cacheKeyParameters;
      integration.cacheKeyParameters = [...(Array.isArray(keys) ? keys : []), id];
    }
  }
}

interface WantedParameter {
  /** As integrations name it, e.g. `method.request.header.Authorization`. */
  readonly id: string;
  readonly location: string;
  readonly name: string;
  readonly required: unknown;
  readonly isCacheKey: boolean;
}

function readParameter(subject: Subject, parameter: unknown, where: readonly [unknown[], number]): WantedParameter {
  const invalid = (message: string): SamRefusal =>
    subject.refusal(`Invalid value for 'RequestParameters' property. ${message}`, where);
  if (typeof parameter !== "string" && !isMapping(parameter)) {
    throw invalid("Property must be either a string or an object");
  }
  const id = typeof parameter === "string" ? parameter : (Object.keys(parameter)[0] ?? "");
  const settings = typeof parameter === "string" ? {} : parameter[id];
  const [, location, name] = /^method\.request\.(querystring|path|header)\.(.*)$/s.exec(id) ?? [];
  if (location === undefined || name === undefined) {
    throw invalid(
      "Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.",
    );
  }
  if (!isMapping(settings) || !Object.keys(settings).every((key) => key === "Required" || key === "Caching")) {
    throw invalid("Values must be an object, e.g { Required: true, Caching: false }");
  }
  return {
    id,
    location: location === "querystring" ? "query" : location,
    name,
    required: settings.Required ?? false,
    isCacheKey: isTruthy(settings.Caching),
  };
}

function addParameter(definition: RestDefinition, method: Made, parameter: Made, route: Route): void {
  const { origins } = definition.subject.sam;
  if (!Object.hasOwn(method, "parameters")) method.parameters = [];
  const parameters = method.parameters;
  if (!Array.isArray(parameters)) {
    throw definition.subject.structureRefusal(
      `Parameters of method ${route.method} for path ${route.path} must be a list`,
      [method, "parameters"],
    );
  }
  origins.set(parameters, parameters.push(parameter) - 1, route.at);
}

import { isMapping, kindOf } from "../../../source-node.ts";
import { isIntrinsic, isTruthy, member } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { type Subject, worded } from "../subject.ts";
import { isRestDefinition, RestDefinition } from "./definition.ts";

const PROPERTIES = ["ResponseParameters", "ResponseTemplates", "StatusCode"];
const PREFIXES = { Headers: "header.", Paths: "path.", QueryStrings: "querystring." };

/** Writes `GatewayResponses` of AWS::Serverless::Api into its definition. */
export function addGatewayResponses(subject: Subject, properties: Made): void {
  const responses = properties.GatewayResponses;
  if (!isTruthy(responses)) return;
  const where = [properties, "GatewayResponses"] as const;
  const body = properties.DefinitionBody;
  if (!isTruthy(body)) {
    throw subject.refusal(
      "GatewayResponses works only with inline Swagger specified in 'DefinitionBody' property.",
      where,
    );
  }
  if (!isMapping(responses)) throw subject.refusal("Property 'GatewayResponses' should be a map.", where);
  for (const type of Object.keys(responses)) checkResponse(subject, responses, type);
  if (!isRestDefinition(body)) {
    throw subject.refusal(
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
      where,
    );
  }
  const made = new RestDefinition(subject, body).part("x-amazon-apigateway-gateway-responses");
  for (const type of Object.keys(responses)) {
    made[type] = gatewayResponse(subject, type, responses[type] as Made);
    subject.sam.origins.set(made, type, subject.place([responses, type]));
  }
}

function checkResponse(subject: Subject, responses: Made, type: string): void {
  const response = responses[type];
  const where = [responses, type] as const;
  if (isIntrinsic(response)) {
    throw subject.refusal(
      "Unable to set GatewayResponses attribute because intrinsic functions are not supported for this field.",
      where,
    );
  }
  if (!isMapping(response)) {
    throw subject.refusal(
      `Invalid property type '${kindOf(response)}' for GatewayResponses. Expected an object of type 'GatewayResponse'.`,
      where,
    );
  }
  const unknown = Object.keys(response).find((key) => !PROPERTIES.includes(key));
  if (unknown !== undefined) {
    throw subject.refusal(`Invalid property '${unknown}' in 'GatewayResponses' property '${type}'.`, [
      response,
      unknown,
    ]);
  }
}

function gatewayResponse(subject: Subject, type: string, response: Made): Made {
  const parameters = response.ResponseParameters;
  const status = member(response, "StatusCode");
  if (isTruthy(parameters) && !isMapping(parameters)) {
    const message = `Property 'GatewayResponses.${type}.ResponseParameters' should be a map.`;
    throw subject.refusal(message, [response, "ResponseParameters"]);
  }
  if (isTruthy(status) && !/^[0-9]{1,3}$/.test(worded(status))) {
    throw subject.refusal("Property 'StatusCode' must be numeric", [response, "StatusCode"]);
  }
  const templates = response.ResponseTemplates;
  const made = mapping({
    responseParameters: isTruthy(parameters) ? prefixed(subject, parameters as Made) : mapping({}),
    responseTemplates: isTruthy(templates) ? templates : mapping({}),
  });
  if (status !== undefined && status !== "") made.statusCode = worded(status);
  return made;
}

function prefixed(subject: Subject, parameters: Made): Made {
  const wrong = Object.keys(parameters).find((key) => !Object.hasOwn(PREFIXES, key));
  if (wrong !== undefined) throw subject.refusal(`Invalid gateway response parameter '${wrong}'`, [parameters, wrong]);
  const made = mapping({});
  for (const [key, prefix] of Object.entries(PREFIXES)) {
    if (!Object.hasOwn(parameters, key)) continue;
    const values = parameters[key];
    if (!isMapping(values)) {
      throw subject.refusal(`Property 'ResponseParameters.${key}' should be a map.`, [parameters, key]);
    }
    for (const name of Object.keys(values)) {
      made[`gatewayresponse.${prefix}${name}`] = values[name];
      subject.sam.origins.set(made, `gatewayresponse.${prefix}${name}`, subject.place([values, name]));
    }
  }
  return made;
}

import { isMapping } from "../../source-node.ts";
import { isTruthy, member } from "../intrinsic.ts";
import { resolveParameters } from "../parameters.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { REST_API_PROPERTIES } from "./api-properties.ts";
import { definitionAt } from "./definition-location.ts";
import { versionText } from "./openapi-version.ts";
import { putResource } from "./put-resource.ts";
import { addAuth, putAuthorizerPermissions, readAuth } from "./rest-api/auth.ts";
import { addCors } from "./rest-api/cors.ts";
import {
  asOpenApi3,
  disableDefaultEndpoint,
  isRestDefinition,
  RestDefinition,
  settleVersion,
  withSlashes,
} from "./rest-api/definition.ts";
import { putRestDomain } from "./rest-api/domain.ts";
import { addGatewayResponses } from "./rest-api/gateway-responses.ts";
import { putDeploymentAndStage, restTags } from "./rest-api/stage.ts";
import { putUsagePlan } from "./rest-api/usage-plan.ts";
import { orRefuse, Subject } from "./subject.ts";

/**
 * Expands AWS::Serverless::Api, after all functions: RestApi in its place, Deployment, Stage, permissions of authorizers,
 * usage plan, custom domain.
 */
export function expandRestApi(sam: SamTemplate, logicalId: string): void {
  const body = sam.resource(logicalId);
  if (body === undefined) return;
  orRefuse(sam, () => expand(new SamResource(sam, logicalId, body)));
}

function expand(resource: SamResource): void {
  settleVersion(resource.properties);
  resource.check(REST_API_PROPERTIES);
  const { sam, logicalId, properties } = resource;
  const subject = Subject.resource(sam, logicalId);
  for (const name of ["BinaryMediaTypes", "Domain", "Auth"]) {
    if (Object.hasOwn(properties, name)) properties[name] = resolveParameters(properties[name], sam);
  }
  checkTogether(subject, properties);
  const auth = writeDefinition(subject, properties);
  const restApi = restApiProperties(subject, properties);
  putResource(subject, logicalId, "AWS::ApiGateway::RestApi", resource.attributes(), restApi);

  const carried = resource.passthrough();
  const made = [sam.resource(logicalId)];
  made.push(...putRestDomain(subject, properties, carried));
  const stage = putDeploymentAndStage(subject, properties, restApi, carried);
  made.push(sam.resource(stage));
  if (auth) {
    putAuthorizerPermissions(subject, auth, carried);
    made.push(...putUsagePlan(subject, auth, stage, carried));
  }
  propagateTags(properties, made);
}

function checkTogether(subject: Subject, properties: Made): void {
  const { DefinitionUri: uri, DefinitionBody: body, MergeDefinitions: merge, OpenApiVersion: version } = properties;
  if (isTruthy(uri) && isTruthy(body)) {
    throw subject.refusal("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.", [
      properties,
      "DefinitionUri",
    ]);
  }
  if (isTruthy(uri) && isTruthy(merge)) {
    throw subject.refusal("Cannot set 'MergeDefinitions' to True when using `DefinitionUri`.", [
      properties,
      "MergeDefinitions",
    ]);
  }
  if (isTruthy(version) && !/^[2-3](?:\.\d)(?:\.\d)?$/.test(versionText(version))) {
    throw subject.refusal("The OpenApiVersion value must be of the format '3.0.0'.", [properties, "OpenApiVersion"]);
  }
}

/** Writes everything that API Gateway reads from the definition into it, in SAM's order. */
function writeDefinition(subject: Subject, properties: Made): Made | undefined {
  addCors(subject, properties);
  const auth = readAuth(subject, properties);
  if (auth) addAuth(subject, properties, auth);
  addGatewayResponses(subject, properties);
  const body = properties.DefinitionBody;
  if (isTruthy(properties.BinaryMediaTypes) && isTruthy(body)) {
    const definition = new RestDefinition(subject, body);
    const types = withSlashes(properties.BinaryMediaTypes);
    definition.body["x-amazon-apigateway-binary-media-types"] = types;
    const at = subject.place([properties, "BinaryMediaTypes"]);
    subject.sam.origins.set(definition.body, "x-amazon-apigateway-binary-media-types", at);
  }
  addModels(subject, properties);
  const isDisabled = member(properties, "DisableExecuteApiEndpoint");
  if (isDisabled !== undefined) {
    const where = [properties, "DisableExecuteApiEndpoint"] as const;
    if (!isTruthy(body)) {
      throw subject.refusal("DisableExecuteApiEndpoint works only within 'DefinitionBody' property.", where);
    }
    disableDefaultEndpoint(new RestDefinition(subject, body), isDisabled, subject.place(where));
  }
  return auth;
}

function addModels(subject: Subject, properties: Made): void {
  const { Models: models, DefinitionBody: body } = properties;
  if (!isTruthy(models)) return;
  const where = [properties, "Models"] as const;
  if (!isTruthy(body)) {
    throw subject.refusal("Models works only with inline Swagger specified in 'DefinitionBody' property.", where);
  }
  if (!isRestDefinition(body)) {
    throw subject.refusal(
      "Unable to add Models definitions because 'DefinitionBody' does not contain a valid Swagger definition.",
      where,
    );
  }
  if (!isMapping(models)) throw subject.refusal("Invalid value for 'Models' property", where);
  const wrong = Object.keys(models).find((name) => !isMapping(models[name]));
  if (wrong !== undefined) throw subject.refusal("Invalid value for 'Models' property", [models, wrong]);
  const definitions = new RestDefinition(subject, body).part("definitions");
  for (const name of Object.keys(models)) {
    const schema = models[name] as Made;
    if (!isTruthy(schema.type)) {
      throw subject.structureRefusal(
        "'Models' schema is missing 'type'.",
        [models, name],
        "Add type: object, or what it is.",
      );
    }
    definitions[name.toLowerCase()] = schema;
    subject.sam.origins.set(definitions, name.toLowerCase(), subject.place([models, name]));
  }
  asOpenApi3(subject, body, member(properties, "OpenApiVersion"));
}

/** Properties of the made API that stand under another name in what they are made of. */
const COMES_FROM: Readonly<Record<string, string>> = {
  Body: "DefinitionBody",
  BodyS3Location: "DefinitionUri",
  Parameters: "EndpointConfiguration",
};

/** What stands in AWS::ApiGateway::RestApi. */
function restApiProperties(subject: Subject, properties: Made): Made {
  const { sam } = subject;
  const restApi = mapping({
    BinaryMediaTypes: properties.BinaryMediaTypes,
    MinimumCompressionSize: properties.MinimumCompressionSize,
  });
  addEndpoint(subject, properties, restApi);
  const body = properties.DefinitionBody;
  if (isTruthy(properties.DefinitionUri)) Object.assign(restApi, definitionAt(subject, properties));
  else if (isTruthy(body)) {
    if (isMapping(body)) asOpenApi3(subject, body, member(properties, "OpenApiVersion"));
    restApi.Body = body;
  }
  const names = [
    "FailOnWarnings",
    "Name",
    "Description",
    "Mode",
    "ApiKeySourceType",
    "Policy",
    "SecurityPolicy",
    "EndpointAccessMode",
  ];
  for (const name of names) if (isTruthy(properties[name])) restApi[name] = properties[name];
  for (const name of Object.keys(restApi)) {
    const from = COMES_FROM[name] ?? name;
    if (Object.hasOwn(properties, from)) sam.origins.set(restApi, name, subject.place([properties, from]));
  }
  return restApi;
}

/** Partitions without edge-optimized endpoints (C). */
const REGIONAL_ONLY = /^aws-(?:iso|us-gov$|cn$|eusc$)/;

function addEndpoint(subject: Subject, properties: Made, restApi: Made): void {
  const given = properties.EndpointConfiguration;
  if (!isTruthy(given)) {
    if (!REGIONAL_ONLY.test(subject.sam.place.partition)) return;
    restApi.Parameters = mapping({ endpointConfigurationTypes: "REGIONAL" });
    restApi.EndpointConfiguration = mapping({ Types: ["REGIONAL"] });
    return;
  }
  const type = isTruthy(member(given, "Type")) ? member(given, "Type") : given;
  const endpoint = mapping({ Types: [type] });
  restApi.Parameters = mapping({ endpointConfigurationTypes: type });
  restApi.EndpointConfiguration = endpoint;
  if (type === given || !isMapping(given)) return;
  const vpcKeys = ["VPCEndpointIds", "VpcEndpointIds"].filter((key) => Object.hasOwn(given, key));
  if (vpcKeys.length > 1) {
    throw subject.refusal(
      "'VPCEndpointIds' and 'VpcEndpointIds' cannot be used together in EndpointConfiguration.",
      [given, "VPCEndpointIds"],
      "Keep VpcEndpointIds.",
    );
  }
  if (vpcKeys[0] !== undefined) endpoint.VpcEndpointIds = isTruthy(given[vpcKeys[0]]) ? given[vpcKeys[0]] : null;
  if (Object.hasOwn(given, "IpAddressType")) endpoint.IpAddressType = given.IpAddressType;
}

const WITH_TAGS = [
  "RestApi",
  "Stage",
  "DomainName",
  "DomainNameV2",
  "UsagePlan",
  "ApiKey",
  "DomainNameAccessAssociation",
];

function propagateTags(properties: Made, made: readonly (Made | undefined)[]): void {
  if (!isTruthy(properties.PropagateTags) || !isTruthy(properties.Tags)) return;
  for (const resource of made) {
    if (resource && WITH_TAGS.some((name) => resource.Type === `AWS::ApiGateway::${name}`)) {
      (resource.Properties as Made).Tags = restTags(properties.Tags);
    }
  }
}

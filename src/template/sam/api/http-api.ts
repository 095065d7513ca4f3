import { isMapping } from "../../source-node.ts";
import { isNoValue, isTruthy, member, ref } from "../intrinsic.ts";
import { hashedLogicalId } from "../logical-id.ts";
import { resolveParameters } from "../parameters.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { HTTP_API_PROPERTIES } from "./api-properties.ts";
import { putAuthorizerPermission } from "./authorizer-function.ts";
import { definitionAt } from "./definition-location.ts";
import { keysInOrder } from "./expansion-order.ts";
import { type HttpAuthorizer, httpSecurityScheme, readHttpAuthorizers } from "./http-api/authorizer.ts";
import { addHttpCors } from "./http-api/cors.ts";
import { DEFAULT_PATH, HttpDefinition, hasDefaultTitle, isHttpDefinition } from "./http-api/definition.ts";
import { setHttpDefaultAuthorizer } from "./http-api/security.ts";
import { putHttpDomain } from "./http-domain.ts";
import { putResource } from "./put-resource.ts";
import { orRefuse, Subject } from "./subject.ts";

const CREATED_BY = "httpapi:createdBy";
const DEFAULT_STAGE = "$default";

/** Expands AWS::Serverless::HttpApi, after all functions: Api in its place, Stage, permissions of authorizers, domain. */
export function expandHttpApi(sam: SamTemplate, logicalId: string): void {
  const body = sam.resource(logicalId);
  if (body === undefined) return;
  orRefuse(sam, () => expand(new SamResource(sam, logicalId, body)));
}

function expand(resource: SamResource): void {
  resource.check(HTTP_API_PROPERTIES);
  const { sam, logicalId, properties } = resource;
  const subject = Subject.resource(sam, logicalId);
  for (const name of ["CorsConfiguration", "Domain"]) {
    if (Object.hasOwn(properties, name)) properties[name] = resolveParameters(properties[name], sam);
  }
  if (isTruthy(properties.DefinitionUri) && isTruthy(properties.DefinitionBody)) {
    throw subject.refusal("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.", [
      properties,
      "DefinitionUri",
    ]);
  }
  addHttpCors(subject, properties);
  const authorizers = addAuth(subject, properties);
  const tags = addTags(subject, properties);
  addEndpointSetting(subject, properties);
  addInfo(subject, properties, "title", "Name");
  addInfo(subject, properties, "description", "Description");
  renameDefaultPath(properties, sam);
  putResource(subject, logicalId, "AWS::ApiGatewayV2::Api", resource.attributes(), apiProperties(subject, properties));

  const carried = resource.passthrough();
  putHttpDomain(subject, properties, domainTags(properties, tags), carried);
  for (const { name, config, at } of authorizers) {
    if (!isTruthy(config.FunctionArn) || !isTruthy(config.EnableFunctionDefaultPermissions)) continue;
    const functionArn = config.FunctionArn;
    const partition = "${AWS::Partition}";
    putAuthorizerPermission(subject, { name, functionArn, partition, attributes: carried, at });
  }
  putStage(subject, properties, tags, carried);
}

function addAuth(subject: Subject, properties: Made): HttpAuthorizer[] {
  const { Auth: auth, DefinitionBody: body } = properties;
  if (!isTruthy(auth)) return [];
  const where = [properties, "Auth"] as const;
  if (!isTruthy(body)) {
    throw subject.refusal("Auth works only with inline OpenApi specified in the 'DefinitionBody' property.", where);
  }
  if (!isMapping(auth)) throw subject.refusal("Property 'Auth' should be a map.", where);
  const known = ["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"];
  const unknown = Object.keys(auth).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw subject.refusal("Invalid value for 'Auth' property", [auth, unknown], `Remove ${unknown}.`);
  }
  if (!isHttpDefinition(body)) {
    throw subject.refusal(
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid OpenApi definition.",
      where,
    );
  }
  const definition = new HttpDefinition(subject, body);
  const authorizers = readHttpAuthorizers(subject, auth);
  for (const authorizer of authorizers) {
    definition.addSecurityScheme(authorizer.name, httpSecurityScheme(subject, authorizer), authorizer.at);
  }
  addDefaultAuthorizer(definition, auth, authorizers);
  return authorizers;
}

function addDefaultAuthorizer(definition: HttpDefinition, auth: Made, authorizers: readonly HttpAuthorizer[]): void {
  const { subject } = definition;
  const name = auth.DefaultAuthorizer;
  const where = [auth, "DefaultAuthorizer"] as const;
  if (!isTruthy(name) || isNoValue(name)) return;
  if (typeof name !== "string") {
    throw subject.refusal("Property 'Auth.DefaultAuthorizer' should be a string.", where);
  }
  const authorizer = authorizers.find((each) => each.name === name);
  if (authorizer === undefined) {
    throw subject.refusal(
      `Unable to set DefaultAuthorizer because '${name}' was not defined in 'Authorizers'.`,
      where,
      name === "AWS_IAM" ? "Add EnableIamAuthorizer: true." : "Define it, or name one that is.",
    );
  }
  for (const path of definition.names()) setHttpDefaultAuthorizer(definition, path, authorizer, subject.place(where));
}

/** Writes the tags, SAM's own among them, into the definition; undefined where that cannot be. */
function addTags(subject: Subject, properties: Made): Made | undefined {
  const { Tags: given, DefinitionBody: body } = properties;
  const where = [properties, "Tags"] as const;
  if (isTruthy(given) && !isTruthy(body)) {
    throw subject.refusal("Tags works only with inline OpenApi specified in the 'DefinitionBody' property.", where);
  }
  if (isTruthy(given) && !isHttpDefinition(body)) {
    throw subject.refusal(
      "Unable to add `Tags` because 'DefinitionBody' does not contain a valid OpenApi definition.",
      where,
    );
  }
  if (!isHttpDefinition(body)) return isMapping(given) ? given : undefined;
  const tags = isTruthy(given) && isMapping(given) ? given : mapping({});
  tags[CREATED_BY] = "SAM";
  if (!isTruthy(body.tags)) body.tags = [];
  const listed = body.tags;
  if (!Array.isArray(listed)) {
    throw subject.structureRefusal(`Tags in OpenApi DefinitionBody needs to be a list.`, [body, "tags"]);
  }
  for (const name of keysInOrder(tags)) {
    const same = listed.find((each) => member(each, "name") === name);
    if (isMapping(same)) same["x-amazon-apigateway-tag-value"] = tags[name];
    else {
      const index = listed.push(mapping({ name, "x-amazon-apigateway-tag-value": tags[name] })) - 1;
      subject.sam.origins.set(listed, index, subject.sam.at(tags, name, subject.at));
    }
  }
  return tags;
}

/** A domain made by SAM says so, and has the API's tags where the API has some. */
function domainTags(properties: Made, tags: Made | undefined): Made {
  const isPropagated = member(properties, "DefinitionBody") !== undefined && isTruthy(properties.Tags);
  return isPropagated && tags ? tags : mapping({ [CREATED_BY]: "SAM" });
}

function addEndpointSetting(subject: Subject, properties: Made): void {
  const isDisabled = member(properties, "DisableExecuteApiEndpoint");
  if (isDisabled === undefined) return;
  const where = [properties, "DisableExecuteApiEndpoint"] as const;
  if (!isTruthy(properties.DefinitionBody)) {
    throw subject.refusal("DisableExecuteApiEndpoint works only within 'DefinitionBody' property.", where);
  }
  const definition = new HttpDefinition(subject, properties.DefinitionBody);
  const { body } = definition;
  if (!Object.hasOwn(body, "servers")) body.servers = [mapping({})];
  const servers = body.servers;
  const invalid = "Value of 'servers' item must be a dictionary according to Swagger spec.";
  if (!Array.isArray(servers)) throw subject.structureRefusal(invalid, [body, "servers"]);
  for (const [index, server] of servers.entries()) {
    if (!isMapping(server)) throw subject.structureRefusal(invalid, [servers, index]);
    const settings = definition.part("x-amazon-apigateway-endpoint-configuration", server);
    settings.disableExecuteApiEndpoint = isDisabled;
    subject.sam.origins.set(settings, "disableExecuteApiEndpoint", subject.place(where));
  }
}

/** `Name` and `Description` become the document's own, which must have none yet. */
function addInfo(subject: Subject, properties: Made, key: "title" | "description", from: "Name" | "Description"): void {
  const value = properties[from];
  if (!isTruthy(value)) return;
  const where = [properties, from] as const;
  const body = properties.DefinitionBody;
  if (!isTruthy(body) || !isMapping(body)) {
    throw subject.refusal(`${from} works only with inline OpenApi specified in the 'DefinitionBody' property.`, where);
  }
  const info = member(body, "info");
  if (info !== undefined && !isMapping(info)) {
    throw subject.refusal("Invalid 'DefinitionBody': The value of 'info' should be a map.", [body, "info"]);
  }
  const isFree = key === "title" ? hasDefaultTitle(body) : !isTruthy(member(info, "description"));
  if (!isFree) {
    throw subject.refusal(
      `Unable to set ${from} because it is already defined within inline OpenAPI specified in the 'DefinitionBody' property.`,
      where,
      `Remove it, or info.${key} of the definition.`,
    );
  }
  const made = new HttpDefinition(subject, body).part("info");
  made[key] = value;
  subject.sam.origins.set(made, key, subject.place(where));
}

/** With FailOnWarnings a path `$default` would fail the import, which `/$default` does not (C). */
function renameDefaultPath(properties: Made, sam: SamTemplate): void {
  const paths = member(properties.DefinitionBody, "paths");
  if (!isTruthy(properties.FailOnWarnings) || !isMapping(paths) || !Object.hasOwn(paths, DEFAULT_PATH)) return;
  paths[`/${DEFAULT_PATH}`] = paths[DEFAULT_PATH];
  sam.origins.set(paths, `/${DEFAULT_PATH}`, sam.at(paths, DEFAULT_PATH));
  delete paths[DEFAULT_PATH];
}

function apiProperties(subject: Subject, properties: Made): Made {
  const { origins } = subject.sam;
  const api = mapping({});
  if (isTruthy(properties.FailOnWarnings)) {
    api.FailOnWarnings = properties.FailOnWarnings;
    origins.set(api, "FailOnWarnings", subject.place([properties, "FailOnWarnings"]));
  }
  if (isTruthy(properties.DefinitionUri)) Object.assign(api, definitionAt(subject, properties));
  else if (isTruthy(properties.DefinitionBody)) api.Body = properties.DefinitionBody;
  else {
    throw subject.refusal(
      "'DefinitionUri' or 'DefinitionBody' are required properties of an 'AWS::Serverless::HttpApi'. Add a value for one of these properties or add a 'HttpApi' event to an 'AWS::Serverless::Function'.",
    );
  }
  const from = isTruthy(properties.DefinitionUri) ? "DefinitionUri" : "DefinitionBody";
  for (const key of ["Body", "BodyS3Location"]) origins.set(api, key, subject.place([properties, from]));
  return api;
}

function putStage(subject: Subject, properties: Made, tags: Made | undefined, carried: Made): void {
  const { logicalId, sam } = subject;
  const name = isTruthy(properties.StageName) ? properties.StageName : DEFAULT_STAGE;
  const stage = mapping({ ApiId: ref(logicalId), StageName: name, Tags: tags, AutoDeploy: true });
  for (const key of ["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]) {
    if (member(properties, key) === undefined) continue;
    stage[key] = properties[key];
    sam.origins.set(stage, key, subject.place([properties, key]));
  }
  const at = subject.place([properties, "StageName"]);
  putResource(subject, stageIdOf(logicalId, name), "AWS::ApiGatewayV2::Stage", carried, stage, at);
}

/** A stage whose name is an intrinsic function is the API's only one, so it needs no name in its id. */
function stageIdOf(logicalId: string, name: unknown): string {
  if (name === DEFAULT_STAGE) return `${logicalId}ApiGatewayDefaultStage`;
  if (typeof name !== "string") return `${logicalId}Stage`;
  return /^[\p{L}\p{N}]+$/u.test(name) ? `${logicalId}${name}Stage` : hashedLogicalId(`${logicalId}Stage`, name);
}

import { isMapping } from "../../source-node.ts";
import { putHttpDomain } from "../api/http-domain.ts";
import { Subject } from "../api/subject.ts";
import type { Expansion } from "../expansion.ts";
import { isIntrinsic, isTruthy, join, member, ref, sub } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import { resolveParameters } from "../parameters.ts";
import { BOOLEAN, MAPPING, type PropertyTypes, required, TEXT, TEXT_OR_MAPPING } from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

const WEBSOCKET_PROPERTIES: PropertyTypes = {
  ApiKeySelectionExpression: TEXT,
  AccessLogSettings: MAPPING,
  Auth: MAPPING,
  DefaultRouteSettings: MAPPING,
  Description: TEXT,
  DisableExecuteApiEndpoint: BOOLEAN,
  Domain: MAPPING,
  DisableSchemaValidation: BOOLEAN,
  FailOnWarnings: BOOLEAN,
  IpAddressType: TEXT,
  Name: TEXT,
  PropagateTags: BOOLEAN,
  Routes: required(MAPPING),
  RouteSettings: MAPPING,
  RouteSelectionExpression: required(TEXT),
  StageName: TEXT_OR_MAPPING,
  StageVariables: MAPPING,
  Tags: MAPPING,
};

const CREATED_BY = "websocketapi:createdBy";
const SPECIAL_ROUTES = ["$connect", "$disconnect", "$default"];
const INVOCATIONS = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions";
const EXECUTE_API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}";

/**
 * Expands an AWS::Serverless::WebSocketApi: API, stage, and for every route its integration and permission. What is
 * made carries on no attributes of the resource but DependsOn (C: aws-sam-translator 1.110).
 */
export function expandWebSocketApi({ sam }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  resource.check(WEBSOCKET_PROPERTIES);
  for (const name of ["Auth", "Domain", "Routes"]) {
    if (Object.hasOwn(resource.properties, name)) {
      resource.properties[name] = resolveParameters(resource.properties[name], sam);
    }
  }
  const routes = resource.get("Routes");
  if (!isMapping(routes) || !isTruthy(routes)) {
    throw resource.refusal("WebSocket API must have at least one route.", "Add a route.", "Routes");
  }
  checkSettings(resource, routes);
  const tags = mapping({ ...(resource.get("Tags") as Made | undefined), [CREATED_BY]: "SAM" });
  const propagates = isTruthy(resource.get("PropagateTags")) && isTruthy(resource.get("Tags"));
  const madeTags = propagates ? tags : mapping({ [CREATED_BY]: "SAM" });
  const api = websocketApi(resource, tags);
  putHttpDomain(Subject.resource(sam, logicalId), resource.properties, madeTags, mapping({}));
  const stage = websocketStage(resource, madeTags);
  const made = [api, ...Object.keys(routes).flatMap((key) => routeResources(resource, routes, key)), stage];
  const routeIds = made.filter(({ type }) => type === "AWS::ApiGatewayV2::Route").map((each) => each.logicalId);
  if (isTruthy(resource.get("RouteSettings"))) stage.attributes.DependsOn = routeIds;
  return [...made, ...connectAuthorizer(resource)];
}

function checkSettings(resource: SamResource, routes: Made): void {
  const addressType = resource.get("IpAddressType");
  if (addressType !== undefined && !isIntrinsic(addressType) && addressType !== "ipv4" && addressType !== "dualstack") {
    throw resource.refusal("IpAddressType must be 'ipv4' or 'dualstack'.", "Write one of them.", "IpAddressType");
  }
  if (isTruthy(member(resource.get("Domain"), "MutualTlsAuthentication"))) {
    const message = "Mutual TLS domain name association is not supported for Websocket APIs.";
    throw resource.refusal(message, "Remove MutualTlsAuthentication.", "Domain");
  }
  if (isTruthy(resource.get("Auth")) && !Object.hasOwn(routes, "$connect")) {
    const message = "Authorization is only available if there is a $connect route.";
    throw resource.refusal(message, "Add the route $connect.", "Auth");
  }
  if (resource.get("StageName") === "$default") {
    const message = "Stages cannot be named $default for WebSocket APIs.";
    throw resource.refusal(message, "Name the stage otherwise.", "StageName");
  }
}

function websocketApi(resource: SamResource, tags: Made): MadeResource {
  const { logicalId } = resource;
  const properties = mapping({ Name: resource.get("Name") ?? logicalId, ProtocolType: "WEBSOCKET", Tags: tags });
  for (const name of [
    "ApiKeySelectionExpression",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "IpAddressType",
    "RouteSelectionExpression",
  ]) {
    properties[name] = resource.get(name);
  }
  const dependsOn = member(resource.body, "DependsOn");
  const attributes = mapping(dependsOn === undefined ? {} : { DependsOn: dependsOn });
  const api = resource.make(logicalId, "AWS::ApiGatewayV2::Api", properties, attributes);
  for (const name of Object.keys(properties)) resource.cameFrom(api, name, name);
  return api;
}

function websocketStage(resource: SamResource, tags: Made): MadeResource {
  const { logicalId } = resource;
  const name = resource.get("StageName") ?? "default";
  const part = typeof name === "string" ? name : "";
  const properties = mapping({ ApiId: ref(logicalId), StageName: name, AutoDeploy: true, Tags: tags });
  for (const each of ["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]) {
    properties[each] = resource.get(each);
  }
  const stageId = `${logicalId}${part === "default" ? "Default" : part}Stage`;
  const stage = resource.make(stageId, "AWS::ApiGatewayV2::Stage", properties, mapping({}));
  for (const each of Object.keys(properties)) resource.cameFrom(stage, each, each);
  return stage;
}

/** Route, integration and permission. */
function routeResources(resource: SamResource, routes: Made, key: string): MadeResource[] {
  const { logicalId, sam } = resource;
  const route = routes[key];
  const at = sam.at(routes, key, resource.placeOf("Routes"));
  if (!isMapping(route)) {
    throw resource.refusal(`Property 'Routes.${key}' should be a map.`, "Write a mapping.", [routes, key]);
  }
  const base = logicalId + nameOfRoute(resource, routes, key);
  if (isTruthy(route.RequestParameters) && key !== "$connect") {
    const message = "Request parameters are only supported for the $connect route in WebSocket APIs.";
    throw resource.refusal(message, "Remove them.", [route, "RequestParameters"]);
  }
  const authorization = authorizationOf(resource, key);
  if (!Object.hasOwn(route, "FunctionArn")) {
    throw resource.refusal("Route must have associated function.", "Add FunctionArn.", [routes, key]);
  }
  const make = (suffix: string, type: string, properties: Made): MadeResource => {
    return { logicalId: base + suffix, type, properties, attributes: mapping({}), at };
  };
  const settings = mapping({});
  for (const name of [
    "ApiKeyRequired",
    "ModelSelectionExpression",
    "OperationName",
    "RequestModels",
    "RouteResponseSelectionExpression",
  ]) {
    settings[name] = route[name];
  }
  if (isTruthy(route.RequestParameters)) settings.RequestParameters = route.RequestParameters;
  const uri = sub(`${INVOCATIONS}/\${FunctionArn}/invocations`, mapping({ FunctionArn: route.FunctionArn }));
  return [
    make(
      "Route",
      "AWS::ApiGatewayV2::Route",
      mapping({
        ApiId: ref(logicalId),
        RouteKey: key,
        ...settings,
        ...authorization,
        Target: join("/", ["integrations", ref(`${base}Integration`)]),
      }),
    ),
    make(
      "Integration",
      "AWS::ApiGatewayV2::Integration",
      mapping({
        ApiId: ref(logicalId),
        IntegrationType: "AWS_PROXY",
        IntegrationUri: uri,
        TimeoutInMillis: route.IntegrationTimeout,
      }),
    ),
    make(
      "Permission",
      "AWS::Lambda::Permission",
      mapping({
        Action: "lambda:InvokeFunction",
        FunctionName: route.FunctionArn,
        Principal: "apigateway.amazonaws.com",
        SourceArn: routeArn(resource, key),
      }),
    ),
  ];
}

function nameOfRoute(resource: SamResource, routes: Made, key: string): string {
  const name = SPECIAL_ROUTES.includes(key) ? key.slice(1) : key;
  if (/^[\p{L}\p{N}]+$/u.test(name)) return name.charAt(0).toUpperCase() + name.slice(1).toLowerCase();
  const message = `Route key '${key}' must be alphanumeric. Only $connect, $disconnect, and $default special routes are supported.`;
  throw resource.refusal(message, "Use letters and digits.", [routes, key]);
}

function routeArn(resource: SamResource, key: string): Made {
  const { logicalId } = resource;
  const stage = resource.get("StageName") ?? "default";
  const isText = typeof stage === "string";
  const text = `${EXECUTE_API}:\${${logicalId}.ApiId}/${isText ? stage : "${__StageName__}"}/${key}`;
  return sub(text, isText ? undefined : mapping({ __StageName__: stage }));
}

/** What the Auth of the API makes of a route: only the connection itself is authorized. */
function authorizationOf(resource: SamResource, key: string): Made {
  const auth = resource.get("Auth");
  if (!isMapping(auth) || !isTruthy(auth)) return {};
  checkAuth(resource, auth);
  if (key !== "$connect") return {};
  const type = auth.AuthType;
  if (type === "CUSTOM")
    return { AuthorizationType: type, AuthorizerId: ref(`${resource.logicalId}ConnectAuthorizer`) };
  return { AuthorizationType: type === "AWS_IAM" ? type : "NONE" };
}

function checkAuth(resource: SamResource, auth: Made): void {
  const type = auth.AuthType;
  const refuse = (message: string, fix: string) => resource.refusal(message, fix, [auth, "AuthType"]);
  if (!isTruthy(type)) {
    throw refuse("AuthType must be specified for additional auth configurations.", "Add AuthType.");
  }
  const upper = typeof type === "string" ? type.toUpperCase() : "";
  if (upper !== "NONE" && upper !== "AWS_IAM" && upper !== "CUSTOM") {
    throw refuse("AuthType is not one of AWS_IAM, CUSTOM or NONE.", "Write one of them.");
  }
  if (upper === "CUSTOM" && !isTruthy(auth.AuthArn)) {
    throw refuse("AuthArn must be specified if AuthType is CUSTOM.", "Add the authorizer function's ARN.");
  }
  if (upper !== "CUSTOM" && Object.keys(auth).length > 1) {
    throw refuse(`No additional configurations supported for AuthType ${upper}.`, "Remove them.");
  }
}

/** The Lambda authorizer of $connect, and the permission to call it unless a role does. */
function connectAuthorizer(resource: SamResource): MadeResource[] {
  const auth = resource.get("Auth");
  if (!isMapping(auth) || auth.AuthType !== "CUSTOM") return [];
  const { logicalId } = resource;
  const authorizerId = `${logicalId}ConnectAuthorizer`;
  const arn = auth.AuthArn;
  const properties = mapping({
    ApiId: ref(logicalId),
    AuthorizerType: "REQUEST",
    AuthorizerUri: sub(`${INVOCATIONS}/\${AuthArn}/invocations`, mapping({ AuthArn: arn })),
    AuthorizerCredentialsArn: auth.InvokeRole,
    IdentitySource: auth.IdentitySource,
    Name: isTruthy(auth.Name) ? auth.Name : authorizerId,
  });
  const made = [resource.make(authorizerId, "AWS::ApiGatewayV2::Authorizer", properties, mapping({}))];
  if (isTruthy(auth.InvokeRole)) return made;
  const permission = mapping({
    Action: "lambda:InvokeFunction",
    FunctionName: arn,
    Principal: "apigateway.amazonaws.com",
    SourceArn: sub(`${EXECUTE_API}:\${__ApiId__}/authorizers/*`, mapping({ __ApiId__: ref(logicalId) })),
  });
  return [
    ...made,
    resource.make(`${logicalId}AuthorizerPermission`, "AWS::Lambda::Permission", permission, mapping({})),
  ];
}

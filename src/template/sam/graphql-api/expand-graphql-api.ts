import { isMapping } from "../../source-node.ts";
import { expandConnector } from "../connector/expand-connector.ts";
import type { Expansion } from "../expansion.ts";
import { assumableBy } from "../function/execution-role.ts";
import { getAtt, isTruthy, member, ref, sub } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import {
  ANYTHING,
  BOOLEAN_OR_MAPPING,
  MAPPING,
  type PropertyTypes,
  required,
  strict,
  TEXT,
} from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { tagList } from "../tag-list.ts";
import { authenticationOf } from "./authentication.ts";
import { checkShape, GRAPHQL_SHAPES, type Shape } from "./graphql-shape.ts";
import { functionsAndResolvers } from "./resolvers.ts";

const GRAPHQL_PROPERTIES: PropertyTypes = {
  Name: ANYTHING,
  Tags: strict(MAPPING),
  XrayEnabled: ANYTHING,
  Auth: required(strict(MAPPING)),
  SchemaInline: strict(TEXT),
  SchemaUri: strict(TEXT),
  Logging: strict(BOOLEAN_OR_MAPPING),
  DataSources: strict(MAPPING),
  Functions: strict(MAPPING),
  Resolvers: strict(MAPPING),
  ApiKeys: strict(MAPPING),
  DomainName: strict(MAPPING),
  Cache: strict(MAPPING),
  Visibility: ANYTHING,
  OwnerContact: ANYTHING,
  IntrospectionConfig: ANYTHING,
  QueryDepthLimit: ANYTHING,
  ResolverCountLimit: ANYTHING,
};

/** Makes a resource that carries on what the GraphQL API has. */
type Make = (suffix: string, type: string, properties: Made) => MadeResource;

/** Expands an AWS::Serverless::GraphQLApi into resources of AppSync, of which nothing is served here. */
export function expandGraphQlApi(expansion: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(expansion.sam, logicalId, body);
  resource.check(GRAPHQL_PROPERTIES);
  for (const [name, shape] of Object.entries(GRAPHQL_SHAPES)) checkShape(resource, name, shape as Shape);
  const apiId = getAtt(logicalId, "ApiId");
  const make: Make = (suffix, type, properties) =>
    resource.make(logicalId + suffix, `AWS::AppSync::${type}`, properties, resource.attributes());
  const connect = (id: string, source: Made, destination: Made, permissions: unknown) =>
    connector(expansion, resource, id, { Source: source, Destination: destination, Permissions: permissions });

  const { properties, functions } = authenticationOf(resource);
  const { logConfig, role } = logging(resource);
  const name = resource.get("Name");
  const api = make("", "GraphQLApi", mapping({ ...properties, Name: isTruthy(name) ? name : logicalId }));
  api.properties.XrayEnabled = resource.get("XrayEnabled");
  api.properties.LogConfig = logConfig;
  for (const each of ["Visibility", "OwnerContact", "IntrospectionConfig", "QueryDepthLimit", "ResolverCountLimit"]) {
    if (isTruthy(resource.get(each))) api.properties[each] = resource.get(each);
  }
  const createdBy = mapping({ Key: "graphqlapi:createdBy", Value: "SAM" });
  api.properties.Tags = [...tagList(resource.get("Tags")), createdBy];
  const authorized = functions.flatMap((arn, index) =>
    connect(
      `${logicalId}ToLambdaAuthConnector${index + 1}`,
      { Type: "AWS::AppSync::GraphQLApi", Arn: ref(logicalId), ResourceId: apiId },
      { Type: "AWS::Lambda::Function", Arn: arn },
      ["Write"],
    ),
  );
  const dataSources = dataSourceResources(resource, make, apiId, connect);
  return [
    api,
    schema(resource, make, apiId),
    ...authorized,
    ...(role === undefined ? [] : [role]),
    ...keysCacheAndDomain(resource, make, apiId),
    ...dataSources.resources,
    ...functionsAndResolvers(resource, apiId, dataSources.names),
  ];
}

function connector(expansion: Expansion, resource: SamResource, id: string, properties: Made): MadeResource[] {
  const body = mapping({ Type: "AWS::Serverless::Connector", Properties: mapping(properties) });
  return expandConnector(expansion, id, body).map((made) => ({ ...made, at: resource.at }));
}

function logging(resource: SamResource): { readonly logConfig?: Made; readonly role?: MadeResource } {
  const given = resource.get("Logging");
  if (given === false) return {};
  const level = member(given, "FieldLogLevel");
  const excludes = member(given, "ExcludeVerboseContent");
  const logConfig = mapping({
    ...(isTruthy(excludes) && { ExcludeVerboseContent: excludes }),
    FieldLogLevel: isTruthy(level) ? level : "ALL",
    CloudWatchLogsRoleArn: member(given, "CloudWatchLogsRoleArn"),
  });
  if (isTruthy(logConfig.CloudWatchLogsRoleArn)) return { logConfig };
  const roleId = `${resource.logicalId}CloudWatchRole`;
  logConfig.CloudWatchLogsRoleArn = getAtt(roleId, "Arn");
  const properties = mapping({
    AssumeRolePolicyDocument: assumableBy("appsync.amazonaws.com"),
    ManagedPolicyArns: [sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs")],
  });
  return { logConfig, role: resource.make(roleId, "AWS::IAM::Role", properties, resource.attributes()) };
}

function schema(resource: SamResource, make: Make, apiId: Made): MadeResource {
  const inline = resource.get("SchemaInline");
  const uri = resource.get("SchemaUri");
  if (isTruthy(inline) && isTruthy(uri)) {
    const message = "Both 'SchemaInline' and 'SchemaUri' cannot be defined at the same time.";
    throw resource.refusal(message, "Keep one of them.", "SchemaUri");
  }
  if (!isTruthy(inline) && !isTruthy(uri)) {
    throw resource.refusal("One of 'SchemaInline' or 'SchemaUri' must be set.", "Add the schema.");
  }
  return make("Schema", "GraphQLSchema", mapping({ ApiId: apiId, Definition: inline, DefinitionS3Location: uri }));
}

function keysCacheAndDomain(resource: SamResource, make: Make, apiId: Made): MadeResource[] {
  const made: MadeResource[] = [];
  for (const [name, key] of entriesOf(resource.get("ApiKeys"))) {
    const { ApiKeyId: id, Description: description, ExpiresOn: expires } = key;
    const properties = mapping({ ApiId: apiId, ApiKeyId: id, Description: description, Expires: expires });
    made.push(make(name, "ApiKey", properties));
  }
  const cache = resource.get("Cache");
  if (isTruthy(cache)) made.push(make("ApiCache", "ApiCache", mapping({ ApiId: apiId, ...(cache as Made) })));
  const domain = resource.get("DomainName");
  if (isTruthy(domain)) {
    const association = mapping({ ApiId: apiId, DomainName: ref(`${resource.logicalId}DomainName`) });
    made.push(make("DomainName", "DomainName", mapping({ ...(domain as Made) })));
    made.push(make("DomainNameApiAssociation", "DomainNameApiAssociation", association));
  }
  return made;
}

type Connect = (id: string, source: Made, destination: Made, permissions: unknown) => MadeResource[];

/** Data sources with their roles, and what functions name them by. */
function dataSourceResources(
  resource: SamResource,
  make: Make,
  apiId: Made,
  connect: Connect,
): { readonly resources: readonly MadeResource[]; readonly names: ReadonlyMap<string, unknown> } {
  const given = resource.get("DataSources");
  const resources: MadeResource[] = [];
  const names = new Map<string, unknown>();
  const add = (kind: "DynamoDB" | "Lambda", name: string, source: Made, properties: Made, target: Made) => {
    const suffix = `${name}${kind}DataSource`;
    const logicalId = resource.logicalId + suffix;
    const permissions = kind === "Lambda" ? ["Write"] : (source.Permissions ?? ["Read", "Write"]);
    const given = source.ServiceRoleArn;
    const made = mapping({
      ApiId: apiId,
      Name: isTruthy(source.Name) ? source.Name : name,
      Description: source.Description,
      ServiceRoleArn: isTruthy(given) ? given : getAtt(`${logicalId}Role`, "Arn"),
      ...properties,
    });
    resources.push(make(suffix, "DataSource", made));
    names.set(name, getAtt(logicalId, "Name"));
    if (isTruthy(given)) return;
    const role = mapping({ AssumeRolePolicyDocument: assumableBy("appsync.amazonaws.com") });
    resources.push(resource.make(`${logicalId}Role`, "AWS::IAM::Role", role, resource.attributes()));
    const from = {
      Type: "AWS::AppSync::DataSource",
      Arn: getAtt(logicalId, "DataSourceArn"),
      RoleName: ref(`${logicalId}Role`),
    };
    resources.push(
      ...connect(`${logicalId}To${kind === "Lambda" ? "Lambda" : "Table"}Connector`, from, target, permissions),
    );
  };
  for (const [name, source] of entriesOf(member(given, "DynamoDb"))) {
    const arn = isTruthy(source.TableArn) ? source.TableArn : tableArn(source);
    const properties = { Type: "AMAZON_DYNAMODB", DynamoDBConfig: dynamoDbConfig(source) };
    add("DynamoDB", name, source, properties, { Type: "AWS::DynamoDB::Table", Arn: arn });
  }
  for (const [name, source] of entriesOf(member(given, "Lambda"))) {
    const arn = source.FunctionArn;
    const properties = { Type: "AWS_LAMBDA", LambdaConfig: mapping({ LambdaFunctionArn: arn }) };
    add("Lambda", name, source, properties, { Type: "AWS::Lambda::Function", Arn: arn });
  }
  return { resources, names };
}

function regionOf(source: Made): unknown {
  return isTruthy(source.Region) ? source.Region : ref("AWS::Region");
}

function tableArn(source: Made): Made {
  return sub(
    "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}",
    mapping({ __TableName__: source.TableName, __Region__: regionOf(source) }),
  );
}

function dynamoDbConfig(source: Made): Made {
  const config = mapping({ AwsRegion: regionOf(source), TableName: source.TableName });
  for (const name of ["UseCallerCredentials", "Versioned"]) if (isTruthy(source[name])) config[name] = source[name];
  if (isTruthy(source.DeltaSync)) config.DeltaSyncConfig = source.DeltaSync;
  return config;
}

function entriesOf(value: unknown): [string, Made][] {
  return isMapping(value) ? (Object.entries(value) as [string, Made][]) : [];
}

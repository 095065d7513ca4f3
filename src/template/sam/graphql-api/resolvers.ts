import { isMapping } from "../../source-node.ts";
import { getAtt, isTruthy, member } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import type { SamRefusal } from "../sam-refusal.ts";
import { resourceRefusal, type SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { withoutNothing } from "./authentication.ts";

/** A resolver without code hands on what the last function of its pipeline gives. */
const PASSING_CODE = `
export function request(ctx) {
    return {};
}

export function response(ctx) {
    return ctx.prev.result;
}
`;

/** The functions of a GraphQL API, the resolvers that call them in a row, and the data source of those that have none. */
export function functionsAndResolvers(
  resource: SamResource,
  apiId: Made,
  dataSources: ReadonlyMap<string, unknown>,
): MadeResource[] {
  const { logicalId } = resource;
  const made: MadeResource[] = [];
  const functionIds = new Map<string, unknown>();
  const noneId = `${logicalId}NoneDataSource`;
  let usesNone = false;

  const functions = resource.get("Functions") as Made | undefined;
  for (const [name, config] of entriesOf(functions)) {
    const refuse = refusing(resource, name, [functions as Made, name]);
    if (isTruthy(config.Id)) {
      if (Object.values(config).filter((value) => value !== null).length > 1) {
        throw refuse("'Id' cannot be defined with other properties in Function.", "Remove the others.");
      }
      functionIds.set(name, config.Id);
      continue;
    }
    const code = codeOf(config, refuse);
    if (code === undefined) throw refuse("One of 'InlineCode' or 'CodeUri' must be set.", "Add the code.");
    const source = config.DataSource;
    if (!isTruthy(source)) throw refuse("'DataSource' must be set.", "Name a data source, or NONE.");
    const isNone = typeof source === "string" && source.toLowerCase() === "none";
    usesNone ||= isNone;
    const sourceName = isNone ? getAtt(noneId, "Name") : typeof source === "string" ? dataSources.get(source) : source;
    if (sourceName === undefined) {
      const message = `Either define DataSource '${String(source)}' in 'DataSources' or use intrinsic function like GetAtt, ImportValue, Sub or another one to reference a DataSource defined outside of this GraphQLApi resource.`;
      throw refuse(message, "Define it under DataSources.");
    }
    const properties = mapping({
      ApiId: apiId,
      Name: isTruthy(config.Name) ? config.Name : name,
      ...code,
      DataSourceName: sourceName,
      MaxBatchSize: config.MaxBatchSize,
      Description: config.Description,
      Runtime: runtimeOf(config, name, refuse),
      ...(isTruthy(config.Sync) && { SyncConfig: withoutNothing(config.Sync as Made) }),
    });
    functionIds.set(name, getAtt(logicalId + name, "FunctionId"));
    made.push(
      resource.make(logicalId + name, "AWS::AppSync::FunctionConfiguration", properties, resource.attributes()),
    );
  }

  const resolvers = resource.get("Resolvers");
  for (const [type, fields] of entriesOf(resolvers)) {
    for (const [name, config] of entriesOf(fields)) {
      made.push(resolver(resource, apiId, { type, name, config, fields }, functionIds));
    }
  }
  if (!usesNone) return made;
  const none = mapping({ ApiId: apiId, Name: noneId, Type: "NONE" });
  return [...made, resource.make(noneId, "AWS::AppSync::DataSource", none, resource.attributes())];
}

interface ResolverField {
  readonly type: string;
  readonly name: string;
  readonly config: Made;
  readonly fields: Made;
}

function resolver(
  resource: SamResource,
  apiId: Made,
  { type, name, config, fields }: ResolverField,
  functionIds: ReadonlyMap<string, unknown>,
): MadeResource {
  const { logicalId } = resource;
  const refuse = refusing(resource, name, [fields, name]);
  const code = codeOf(config, refuse);
  const runtime = code ? runtimeOf(config, name, refuse) : mapping({ Name: "APPSYNC_JS", RuntimeVersion: "1.0.0" });
  const pipeline = config.Pipeline;
  if (!Array.isArray(pipeline) || pipeline.length === 0) {
    const message = `Resolver '${name}' must have Pipeline defined. Unit resolvers are not supported. If you need a Unit resolver you can use AppSync resource.`;
    throw refuse(message, "Name functions in Pipeline.");
  }
  const functions = pipeline.map((each) => {
    if (functionIds.has(each)) return functionIds.get(each);
    throw refuse(`Function '${String(each)}' does not exist.`, "Define it under Functions.");
  });
  const caching = config.Caching;
  const properties = mapping({
    ApiId: apiId,
    FieldName: isTruthy(config.FieldName) ? config.FieldName : name,
    TypeName: type,
    ...(code ?? { Code: PASSING_CODE }),
    Runtime: runtime,
    Kind: "PIPELINE",
    PipelineConfig: mapping({ Functions: functions }),
    ...(isTruthy(caching) && { CachingConfig: withoutNothing(caching as Made) }),
    ...(isTruthy(config.MaxBatchSize) && { MaxBatchSize: config.MaxBatchSize }),
  });
  const attributes = mapping({ ...resource.attributes(), DependsOn: [`${logicalId}Schema`] });
  return resource.make(logicalId + type + name, "AWS::AppSync::Resolver", properties, attributes);
}

type Refuse = (message: string, fix: string) => SamRefusal;

/** SAM blames the function or resolver by its own name. */
function refusing(resource: SamResource, name: string, [container, key]: [object, string]): Refuse {
  const at = resource.sam.at(container, key, resource.at);
  return (message, fix) => resourceRefusal(name, at, message, fix);
}

function codeOf(config: Made, refuse: Refuse): Made | undefined {
  const { InlineCode: inline, CodeUri: uri } = config;
  if (isTruthy(inline) && isTruthy(uri)) {
    throw refuse("Both 'InlineCode' and 'CodeUri' cannot be defined at the same time.", "Keep one of them.");
  }
  if (isTruthy(inline)) return { Code: inline };
  return isTruthy(uri) ? { CodeS3Location: uri } : undefined;
}

function runtimeOf(config: Made, name: string, refuse: Refuse): Made {
  const runtime = config.Runtime;
  if (!isTruthy(runtime)) throw refuse(`'Runtime' must be defined as a property in ${name}.`, "Add Runtime.");
  return mapping({ Name: member(runtime, "Name"), RuntimeVersion: member(runtime, "Version") });
}

function entriesOf(value: unknown): [string, Made][] {
  return isMapping(value) ? (Object.entries(value) as [string, Made][]) : [];
}

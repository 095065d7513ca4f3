import { isMapping, show } from "../source-node.ts";
import { asText, isIntrinsic } from "./intrinsic.ts";
import { SamRefusal } from "./sam-refusal.ts";
import { resourceRefusal } from "./sam-resource.ts";
import { type Made, mapping, type SamTemplate } from "./sam-template.ts";

/**
 * Which properties may stand in Globals, by section (D: SAM specification, Globals; C: aws-sam-translator 1.110).
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
 */
const SECTIONS: Readonly<Record<string, string>> = {
  Function:
    "Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags PropagateTags Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference RolePath PermissionsBoundary ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig FileSystemConfigs CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig DurableConfig CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished VersionDeletionPolicy",
  Api: "Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Domain AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode",
  HttpApi:
    "Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain RouteSettings FailOnWarnings PropagateTags",
  SimpleTable: "SSESpecification",
  StateMachine: "PropagateTags",
  LayerVersion: "PublishLambdaVersion",
  CapacityProvider: "VpcConfig OperatorRole Tags InstanceRequirements ScalingConfig KmsKeyArn PropagateTags",
  WebSocketApi:
    "AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint DisableSchemaValidation Domain FailOnWarnings IpAddressType PropagateTags RouteSelectionExpression RouteSettings StageVariables Tags",
};

/** Merges the Globals section into every resource of its type, and takes it away. */
export function mergeGlobals(sam: SamTemplate): void {
  const globals = readGlobals(sam);
  for (const logicalId of Object.keys(sam.resources)) {
    const resource = sam.resource(logicalId);
    const section = sectionOf(resource?.Type);
    if (resource === undefined || section === undefined || !Object.hasOwn(globals, section)) continue;
    const merged = merge(
      sam,
      applicableGlobals(sam, logicalId, resource, globals[section] as Made),
      propertiesOf(resource),
    );
    const at = sam.at(resource, "Properties", sam.resourceAt(logicalId));
    resource.Properties = merged;
    sam.origins.set(resource, "Properties", at);
  }
  delete sam.body.Globals;
}

/** The section that Globals has for a resource's type. */
function sectionOf(type: unknown): string | undefined {
  if (typeof type !== "string" || !type.startsWith("AWS::Serverless::")) return undefined;
  return type.slice("AWS::Serverless::".length);
}

function propertiesOf(resource: Made): unknown {
  return Object.hasOwn(resource, "Properties") ? resource.Properties : mapping({});
}

function readGlobals(sam: SamTemplate): Made {
  if (!Object.hasOwn(sam.body, "Globals")) return mapping({});
  const globals = sam.body.Globals;
  const refusal = (container: object, key: string, message: string, fix: string) =>
    new SamRefusal(sam.at(container, key), "sam-globals-invalid", `'Globals' section is invalid. ${message}`, fix);
  if (!isMapping(globals)) {
    throw refusal(sam.body, "Globals", "It must be a non-empty dictionary", `Write a mapping; found ${show(globals)}.`);
  }
  for (const [name, properties] of Object.entries(globals)) {
    if (!Object.hasOwn(SECTIONS, name)) {
      const sections = Object.keys(SECTIONS).sort().map(quoted).join(", ");
      throw refusal(
        globals,
        name,
        `'${name}' is not supported. Must be one of the following values - [${sections}]`,
        "Move it to the resources themselves.",
      );
    }
    if (!isMapping(properties)) {
      throw refusal(
        globals,
        name,
        "Value of ${section} must be a dictionary",
        `Write a mapping of ${name} properties.`,
      );
    }
    const supported = (SECTIONS[name] as string).split(" ");
    for (const key of Object.keys(properties)) {
      if (supported.includes(key)) continue;
      throw refusal(
        properties,
        key,
        `'${key}' is not a supported property of '${name}'. Must be one of the following values - [${supported.map(quoted).join(", ")}]`,
        "Move it to the resources themselves.",
      );
    }
  }
  return globals;
}

function quoted(text: string): string {
  return `'${text}'`;
}

/** What of a section counts for one resource, which may have IgnoreGlobals. */
function applicableGlobals(sam: SamTemplate, logicalId: string, resource: Made, section: Made): Made {
  const ignored = Object.hasOwn(resource, "IgnoreGlobals") ? resource.IgnoreGlobals : undefined;
  delete resource.IgnoreGlobals;
  if (!ignored || (Array.isArray(ignored) && ignored.length === 0)) return section;
  if (ignored === "*") return mapping({});
  const at = sam.at(resource, "IgnoreGlobals", sam.resourceAt(logicalId));
  const invalid = `Resource ${logicalId} has invalid resource attribute 'IgnoreGlobals'`;
  if (!Array.isArray(ignored)) {
    throw resourceRefusal(logicalId, at, `${invalid}.`, 'Write "*" or a list of property names.');
  }
  const rest = mapping({});
  for (const key of Object.keys(section)) {
    rest[key] = section[key];
    sam.origins.set(rest, key, sam.at(section, key));
  }
  for (const key of ignored) {
    if (typeof key !== "string" || !Object.hasOwn(rest, key)) {
      const fix = "Name properties that Globals has for this type.";
      throw resourceRefusal(logicalId, at, `${invalid} on item '${asText(key)}'.`, fix);
    }
    delete rest[key];
  }
  return rest;
}

/**
 * Mappings are merged, lists appended to the global ones, and of anything else the resource's own counts. Values of
 * Globals are shared, not copied: what SAM writes into one resource's is seen by the next (C: aws-sam-translator).
 */
function merge(sam: SamTemplate, global: unknown, own: unknown): unknown {
  if (Array.isArray(global) && Array.isArray(own)) {
    const merged: unknown[] = [];
    for (const list of [global, own]) {
      for (let index = 0; index < list.length; index++) {
        sam.origins.set(merged, merged.length, sam.at(list, index));
        merged.push(list[index]);
      }
    }
    return merged;
  }
  if (!isPlainMapping(global) || !isPlainMapping(own)) return own;
  const merged = mapping({});
  for (const key of Object.keys(global)) {
    sam.origins.set(merged, key, sam.at(global, key));
    merged[key] = global[key];
  }
  for (const key of Object.keys(own)) {
    merged[key] = Object.hasOwn(global, key) ? merge(sam, global[key], own[key]) : own[key];
    sam.origins.set(merged, key, sam.at(own, key));
  }
  return merged;
}

function isPlainMapping(value: unknown): value is Made {
  return isMapping(value) && !isIntrinsic(value);
}

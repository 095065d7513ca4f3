import {
  ANYTHING,
  BOOLEAN,
  BOOLEAN_OR_MAPPING,
  INTEGER,
  LIST,
  MAPPING,
  type PropertyTypes,
  required,
  strict,
  TEXT,
  TEXT_OR_MAPPING,
} from "../property-types.ts";

/** Says that SAM itself may add paths to the definition: it made it. */
export const MANAGED = "__MANAGE_SWAGGER";

/** What AWS::Serverless::Api takes (C: aws-sam-translator 1.110). */
export const REST_API_PROPERTIES: PropertyTypes = {
  [MANAGED]: BOOLEAN,
  Name: TEXT_OR_MAPPING,
  StageName: required(TEXT_OR_MAPPING),
  Tags: MAPPING,
  PropagateTags: BOOLEAN,
  DefinitionBody: MAPPING,
  DefinitionUri: TEXT_OR_MAPPING,
  MergeDefinitions: strict(BOOLEAN),
  CacheClusterEnabled: BOOLEAN,
  CacheClusterSize: TEXT,
  Variables: MAPPING,
  EndpointConfiguration: TEXT_OR_MAPPING,
  MethodSettings: LIST,
  BinaryMediaTypes: LIST,
  MinimumCompressionSize: INTEGER,
  Cors: TEXT_OR_MAPPING,
  Auth: MAPPING,
  GatewayResponses: MAPPING,
  AccessLogSetting: MAPPING,
  CanarySetting: MAPPING,
  TracingEnabled: BOOLEAN,
  OpenApiVersion: TEXT,
  Models: MAPPING,
  Domain: MAPPING,
  FailOnWarnings: BOOLEAN,
  Description: TEXT,
  Mode: TEXT,
  DisableExecuteApiEndpoint: BOOLEAN,
  ApiKeySourceType: TEXT,
  AlwaysDeploy: strict(BOOLEAN),
  Policy: TEXT_OR_MAPPING,
  SecurityPolicy: TEXT,
  EndpointAccessMode: TEXT,
};

/** What an event of type Api takes (C). */
export const REST_EVENT_PROPERTIES: PropertyTypes = {
  Path: required(TEXT),
  Method: required(TEXT),
  RestApiId: required(TEXT),
  Stage: TEXT,
  Auth: MAPPING,
  RequestModel: MAPPING,
  RequestParameters: LIST,
  TimeoutInMillis: INTEGER,
  ResponseTransferMode: TEXT,
};

/** What an event of type Api of a state machine takes (C). */
export const STATE_MACHINE_EVENT_PROPERTIES: PropertyTypes = {
  Path: required(TEXT),
  Method: required(TEXT),
  RestApiId: required(TEXT),
  Stage: TEXT,
  Auth: MAPPING,
  UnescapeMappingTemplate: strict(BOOLEAN),
};

/** What AWS::Serverless::HttpApi takes (C). */
export const HTTP_API_PROPERTIES: PropertyTypes = {
  [MANAGED]: BOOLEAN,
  Name: ANYTHING,
  StageName: TEXT_OR_MAPPING,
  Tags: MAPPING,
  PropagateTags: BOOLEAN,
  DefinitionBody: MAPPING,
  DefinitionUri: TEXT_OR_MAPPING,
  StageVariables: MAPPING,
  CorsConfiguration: BOOLEAN_OR_MAPPING,
  AccessLogSettings: MAPPING,
  DefaultRouteSettings: MAPPING,
  Auth: MAPPING,
  RouteSettings: MAPPING,
  Domain: MAPPING,
  FailOnWarnings: BOOLEAN,
  Description: TEXT,
  DisableExecuteApiEndpoint: BOOLEAN,
};

/** What an event of type HttpApi takes (C). */
export const HTTP_EVENT_PROPERTIES: PropertyTypes = {
  Path: TEXT,
  Method: TEXT,
  ApiId: TEXT,
  Stage: TEXT,
  Auth: MAPPING,
  TimeoutInMillis: INTEGER,
  RouteSettings: MAPPING,
  PayloadFormatVersion: TEXT,
};

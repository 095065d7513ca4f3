import { isMapping } from "../../source-node.ts";
import type { SamResource } from "../sam-resource.ts";

/** What a value below a GraphQL API's properties must look like. */
export type Shape =
  | "anything"
  | "text"
  | "text or function"
  | "boolean"
  | { readonly oneOf: readonly string[] }
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly members: Readonly<Record<string, Shape>>; readonly required?: readonly string[] }
  | { readonly either: readonly [Shape, Shape] };

/** Refuses the first member that is unknown, missing or of the wrong shape, by its path. */
export function checkShape(resource: SamResource, name: string, shape: Shape): void {
  const value = resource.get(name);
  if (value === undefined) return;
  const wrong = wrongPlace(value, shape, name, [resource.properties, name]);
  if (wrong === undefined) return;
  const fix = "See AWS::Serverless::GraphQLApi in the SAM specification.";
  throw resource.refusal(`Property '${wrong.path}' is invalid.`, fix, wrong.where);
}

interface Wrong {
  readonly path: string;
  readonly where: readonly [object, string | number];
}

function wrongPlace(value: unknown, shape: Shape, path: string, where: Wrong["where"]): Wrong | undefined {
  const here = { path, where };
  if (shape === "anything") return undefined;
  if (shape === "text") return typeof value === "string" ? undefined : here;
  if (shape === "text or function") return typeof value === "string" || isMapping(value) ? undefined : here;
  if (shape === "boolean") return typeof value === "boolean" ? undefined : here;
  if ("oneOf" in shape) return typeof value === "string" && shape.oneOf.includes(value) ? undefined : here;
  if ("either" in shape) {
    const [one, other] = shape.either;
    return wrongPlace(value, other, path, where) && wrongPlace(value, one, path, where);
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) return here;
    return first(value.map((item, index) => wrongPlace(item, shape.list, `${path}.${index}`, [value, index])));
  }
  if (!isMapping(value)) return here;
  if ("map" in shape) {
    return first(Object.keys(value).map((key) => wrongPlace(value[key], shape.map, `${path}.${key}`, [value, key])));
  }
  const { members, required = [] } = shape;
  return first([
    ...Object.keys(members).map((key): Wrong | undefined => {
      const given = Object.hasOwn(value, key) ? value[key] : undefined;
      const at: Wrong = { path: `${path}.${key}`, where: [value, key] };
      if (given === undefined || given === null) return required.includes(key) ? { ...at, where } : undefined;
      return wrongPlace(given, members[key] as Shape, at.path, at.where);
    }),
    ...Object.keys(value).map((key): Wrong | undefined =>
      Object.hasOwn(members, key) ? undefined : { path: `${path}.${key}`, where: [value, key] },
    ),
  ]);
}

function first(found: readonly (Wrong | undefined)[]): Wrong | undefined {
  return found.find((each) => each !== undefined);
}

function members(names: string, required = ""): Shape {
  const all = [...names.split(" "), ...required.split(" ")].filter((name) => name !== "");
  return { members: Object.fromEntries(all.map((name) => [name, "anything"])), required: required.split(" ") };
}

const AUTHORIZER: Readonly<Record<string, Shape>> = {
  Type: { oneOf: ["AWS_IAM", "API_KEY", "AWS_LAMBDA", "OPENID_CONNECT", "AMAZON_COGNITO_USER_POOLS"] },
  LambdaAuthorizer: members("AuthorizerResultTtlInSeconds IdentityValidationExpression", "AuthorizerUri"),
  OpenIDConnect: members("AuthTTL ClientId IatTTL Issuer"),
  UserPool: members("AppIdClientRegex AwsRegion DefaultAction", "UserPoolId"),
};

const RUNTIME = members("", "Name Version");
const SYNC: Shape = {
  members: {
    ConflictDetection: "anything",
    ConflictHandler: "anything",
    LambdaConflictHandlerConfig: members("", "LambdaConflictHandlerArn"),
  },
  required: ["ConflictDetection"],
};

/** By property (C: aws-sam-translator 1.110). */
export const GRAPHQL_SHAPES: Readonly<Record<string, Shape>> = {
  Auth: {
    members: { ...AUTHORIZER, Additional: { list: { members: AUTHORIZER, required: ["Type"] } } },
    required: ["Type"],
  },
  XrayEnabled: "boolean",
  Logging: { either: [members("CloudWatchLogsRoleArn ExcludeVerboseContent FieldLogLevel"), "boolean"] },
  DataSources: {
    members: {
      DynamoDb: {
        map: {
          members: {
            TableName: "anything",
            ServiceRoleArn: "anything",
            TableArn: "anything",
            Permissions: { list: { oneOf: ["Read", "Write"] } },
            Name: "anything",
            Description: "anything",
            Region: "anything",
            DeltaSync: members("", "BaseTableTTL DeltaSyncTableName DeltaSyncTableTTL"),
            UseCallerCredentials: "anything",
            Versioned: "anything",
          },
          required: ["TableName"],
        },
      },
      Lambda: { map: members("ServiceRoleArn Name Description", "FunctionArn") },
    },
  },
  Functions: {
    map: {
      members: {
        DataSource: "text or function",
        Runtime: RUNTIME,
        InlineCode: "anything",
        CodeUri: "anything",
        Description: "anything",
        MaxBatchSize: "anything",
        Name: "text",
        Id: "anything",
        Sync: SYNC,
      },
    },
  },
  Resolvers: {
    map: {
      map: {
        members: {
          FieldName: "text",
          Caching: { members: { Ttl: "anything", CachingKeys: { list: "anything" } }, required: ["Ttl"] },
          InlineCode: "anything",
          CodeUri: "anything",
          MaxBatchSize: "anything",
          Pipeline: { list: "text" },
          Runtime: RUNTIME,
          Sync: SYNC,
        },
      },
    },
  },
  ApiKeys: { map: members("ApiKeyId Description ExpiresOn") },
  DomainName: members("Description", "CertificateArn DomainName"),
  Cache: members("AtRestEncryptionEnabled TransitEncryptionEnabled", "ApiCachingBehavior Ttl Type"),
};

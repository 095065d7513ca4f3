/*
 * What connectors allow between resources of two types (D: SAM Developer Guide, connector reference; C:
 * aws-sam-translator 1.110). In texts `%{Source.Arn}` and the like stand for what is known of the connected resources.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/reference-sam-connector.html
 */

export interface ProfileStatement {
  readonly actions: string | readonly string[];
  readonly on: string | readonly string[];
  /** Of a resource's own policy: who, and on behalf of what. */
  readonly service?: string;
}

export interface PermissionStatement {
  readonly principal: string;
  readonly sourceArn: string;
  readonly sourceAccount?: string;
}

/** By the connector's permission: Read, Write. */
type Categories<Statement> = Readonly<Record<string, readonly Statement[]>>;

export type Profile =
  | {
      readonly kind: "role policy";
      /** Whose role it is. */
      readonly of: "source" | "destination";
      readonly categories: Categories<ProfileStatement>;
      /** The only sets of permissions that may be given, each sorted. */
      readonly sets?: readonly (readonly string[])[];
      /** What must not be made before the policy. */
      readonly neededBy?: "event source mapping" | "source";
    }
  | { readonly kind: "queue policy"; readonly categories: Categories<ProfileStatement> }
  | { readonly kind: "topic policy"; readonly categories: Categories<ProfileStatement> }
  | { readonly kind: "permission"; readonly categories: Categories<PermissionStatement> };

const DESTINATION = "%{Destination.Arn}";

function allow(service: string, actions: string, on: ProfileStatement["on"] = [DESTINATION]): ProfileStatement {
  return { actions: actions.split(" ").map((action) => `${service}:${action}`), on };
}

function byRoleOfSource(categories: Categories<ProfileStatement>): Profile {
  return { kind: "role policy", of: "source", categories };
}

function permission(principal: string, sourceArn = "%{Source.Arn}"): Profile {
  return { kind: "permission", categories: { Write: [{ principal: `${principal}.amazonaws.com`, sourceArn }] } };
}

const WITH_CHILDREN = [DESTINATION, `${DESTINATION}/*`];
const WITH_INDEXES = [DESTINATION, `${DESTINATION}/index/*`];
const INVOKE = allow("lambda", "InvokeAsync InvokeFunction");
const PUT_EVENTS = byRoleOfSource({ Write: [allow("events", "PutEvents")] });
const PUBLISH = byRoleOfSource({ Write: [allow("sns", "Publish")] });
const IN_ACCOUNT = "${AWS::Region}:${AWS::AccountId}";
const EXECUTIONS = [`arn:\${AWS::Partition}:states:${IN_ACCOUNT}:execution:%{Destination.Name}:*`];
const EXECUTION_RULE = [
  `arn:\${AWS::Partition}:events:${IN_ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`,
];
const OF_API = permission(
  "apigateway",
  `arn:\${AWS::Partition}:execute-api:${IN_ACCOUNT}:%{Source.ResourceId}/%{Source.Qualifier}`,
);

const BUCKET = byRoleOfSource({
  Read: [
    allow(
      "s3",
      "GetObject GetObjectAcl GetObjectLegalHold GetObjectRetention GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionForReplication GetObjectVersionTorrent ListBucket ListBucketMultipartUploads ListBucketVersions ListMultipartUploadParts",
      WITH_CHILDREN,
    ),
  ],
  Write: [
    allow(
      "s3",
      "AbortMultipartUpload DeleteObject DeleteObjectVersion PutObject PutObjectLegalHold PutObjectRetention RestoreObject",
      WITH_CHILDREN,
    ),
  ],
});

const TABLE = byRoleOfSource({
  Read: [allow("dynamodb", "GetItem Query Scan BatchGetItem ConditionCheckItem PartiQLSelect", WITH_INDEXES)],
  Write: [
    allow(
      "dynamodb",
      "PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert PartiQLUpdate",
      WITH_INDEXES,
    ),
  ],
});

function ownPolicy(kind: "queue policy" | "topic policy", service: string): Profile {
  const actions = kind === "queue policy" ? "sqs:SendMessage" : "sns:Publish";
  return { kind, categories: { Write: [{ actions, on: DESTINATION, service: `${service}.amazonaws.com` }] } };
}

/** By the source's type, then the destination's. */
export const PROFILES: Readonly<Record<string, Readonly<Record<string, Profile>>>> = {
  "AWS::DynamoDB::Table": {
    "AWS::Lambda::Function": {
      kind: "role policy",
      of: "destination",
      neededBy: "event source mapping",
      categories: {
        Read: [allow("dynamodb", "DescribeStream GetRecords GetShardIterator ListStreams", ["%{Source.Arn}/stream/*"])],
      },
    },
  },
  "AWS::Events::Rule": {
    "AWS::SNS::Topic": ownPolicy("topic policy", "events"),
    "AWS::Events::EventBus": PUT_EVENTS,
    "AWS::StepFunctions::StateMachine": byRoleOfSource({ Write: [allow("states", "StartExecution")] }),
    "AWS::Lambda::Function": permission("events"),
    "AWS::SQS::Queue": ownPolicy("queue policy", "events"),
  },
  "AWS::Lambda::Function": {
    "AWS::Lambda::Function": byRoleOfSource({ Write: [INVOKE] }),
    "AWS::S3::Bucket": BUCKET,
    "AWS::DynamoDB::Table": TABLE,
    "AWS::SQS::Queue": byRoleOfSource({
      Read: [allow("sqs", "ReceiveMessage GetQueueAttributes")],
      Write: [allow("sqs", "DeleteMessage SendMessage ChangeMessageVisibility PurgeQueue")],
    }),
    "AWS::SNS::Topic": PUBLISH,
    "AWS::StepFunctions::StateMachine": byRoleOfSource({
      Write: [allow("states", "StartExecution StartSyncExecution"), allow("states", "StopExecution", EXECUTIONS)],
      Read: [
        allow("states", "DescribeStateMachine ListExecutions"),
        allow("states", "DescribeExecution DescribeStateMachineForExecution GetExecutionHistory", EXECUTIONS),
      ],
    }),
    "AWS::Events::EventBus": PUT_EVENTS,
    "AWS::Location::PlaceIndex": byRoleOfSource({
      Read: [
        allow(
          "geo",
          "DescribePlaceIndex GetPlace SearchPlaceIndexForPosition SearchPlaceIndexForSuggestions SearchPlaceIndexForText",
        ),
      ],
    }),
  },
  "AWS::ApiGatewayV2::Api": { "AWS::Lambda::Function": OF_API },
  "AWS::ApiGateway::RestApi": { "AWS::Lambda::Function": OF_API },
  "AWS::SNS::Topic": {
    "AWS::SQS::Queue": ownPolicy("queue policy", "sns"),
    "AWS::Lambda::Function": permission("sns"),
  },
  "AWS::SQS::Queue": {
    "AWS::Lambda::Function": {
      kind: "role policy",
      of: "destination",
      neededBy: "event source mapping",
      sets: [["Read", "Write"]],
      categories: {
        Write: [allow("sqs", "DeleteMessage", ["%{Source.Arn}"])],
        Read: [allow("sqs", "ReceiveMessage GetQueueAttributes", ["%{Source.Arn}"])],
      },
    },
  },
  "AWS::S3::Bucket": {
    "AWS::Lambda::Function": {
      kind: "permission",
      categories: {
        Write: [{ principal: "s3.amazonaws.com", sourceArn: "%{Source.Arn}", sourceAccount: "${AWS::AccountId}" }],
      },
    },
  },
  "AWS::StepFunctions::StateMachine": {
    "AWS::Lambda::Function": byRoleOfSource({ Write: [INVOKE] }),
    "AWS::SNS::Topic": PUBLISH,
    "AWS::SQS::Queue": byRoleOfSource({ Write: [allow("sqs", "SendMessage")] }),
    "AWS::S3::Bucket": BUCKET,
    "AWS::DynamoDB::Table": TABLE,
    "AWS::StepFunctions::StateMachine": {
      kind: "role policy",
      of: "source",
      neededBy: "source",
      sets: [["Read"], ["Read", "Write"]],
      categories: {
        Read: [allow("states", "DescribeExecution", EXECUTIONS), allow("events", "DescribeRule", EXECUTION_RULE)],
        Write: [
          allow("states", "StartExecution"),
          allow("states", "StopExecution", EXECUTIONS),
          allow("events", "PutTargets PutRule", EXECUTION_RULE),
        ],
      },
    },
    "AWS::Events::EventBus": PUT_EVENTS,
  },
  "AWS::AppSync::DataSource": {
    "AWS::DynamoDB::Table": TABLE,
    "AWS::Lambda::Function": byRoleOfSource({
      Write: [allow("lambda", "InvokeAsync InvokeFunction", [DESTINATION, `${DESTINATION}:*`])],
    }),
    "AWS::Events::EventBus": PUT_EVENTS,
  },
  "AWS::AppSync::GraphQLApi": {
    "AWS::Lambda::Function": permission(
      "appsync",
      `arn:\${AWS::Partition}:appsync:${IN_ACCOUNT}:apis/%{Source.ResourceId}`,
    ),
  },
};

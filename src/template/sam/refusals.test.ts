import { describe, expect, test } from "vitest";
import { readTemplate } from "../cloudformation/read-template.ts";
import { SourceNode } from "../source-node.ts";
import { expandSam } from "./expand-sam.ts";

/*
 * What SAM's translator refuses is refused in its words (the message of aws-sam-translator 1.110), at the value that is
 * wrong.
 */

const PLACE = { region: "us-east-1", accountId: "123456789012", partition: "aws", stackName: "shop" };

/** Findings that stop the load, as `line:column message`. The text begins on line 1; the Transform is its last line. */
function refusalsOf(text: string): string[] {
  const read = readTemplate("/project/template.yaml", `${text.trimStart()}\nTransform: AWS::Serverless-2016-10-31\n`);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const options = { parameters: {}, place: PLACE, baseFolder: "/project" };
  const { findings } = expandSam(SourceNode.root(read.document), options);
  return findings
    .filter(({ effect }) => effect === "load")
    .map(({ at, message }) => `${at.line}:${at.column} ${message}`);
}

/** A function with these lines among its properties, the first on line 7. */
function withProperties(properties: string): string {
  const indented = properties.trim().split("\n").join("\n      ");
  return `
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      ${indented}
`;
}

/** A function with one event, whose properties begin on line 11. */
function withEvent(type: string, properties: string): string {
  const indented = properties.trim().split("\n").join("\n      ");
  return withProperties(`InlineCode: x
Events:
  Given:
    Type: ${type}
    Properties:
      ${indented}`);
}

describe("templates that SAM refuses", () => {
  test.for([
    ["no resources", "Resources: {}", "1:1 Structure of the SAM template is invalid. 'Resources' section is required"],
    [
      "a resource that is no mapping",
      "Resources:\n  A: text",
      "2:6 Structure of the SAM template is invalid. All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.",
    ],
    [
      "a section that nobody reads",
      "Global: { HttpApi: { Auth: {} } }\nResources: { A: { Type: AWS::SNS::Topic } }",
      "1:1 Global is no section of the template that SAM reads.",
    ],
    [
      "an attribute of a resource that nobody reads",
      "Resources:\n  A:\n    Type: AWS::Serverless::HttpApi\n    Propertes:\n      Auth: {}",
      "4:5 Propertes is no attribute of A that SAM reads.",
    ],
    [
      "a member of an event that nobody reads",
      "Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties:\n      InlineCode: x\n      Handler: i.h\n      Runtime: nodejs22.x\n      Events:\n        All:\n          Type: HttpApi\n          Propertes: { Path: /a, Method: get }",
      "11:11 Propertes is no member of the event All that SAM reads.",
    ],
    [
      "a loop of resources",
      "Resources:\n  Fn::ForEach::Functions: [Name, [A, B], {}]",
      "2:3 Fn::ForEach::Functions makes resources before SAM expands them, which is not done here.",
    ],
    [
      "a condition that is no name",
      "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Condition: [a]",
      "4:5 Structure of the SAM template is invalid. Every Condition member must be a string.",
    ],
    [
      "properties that are no mapping",
      "Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties: [a]",
      "4:5 Resource with id [A] is invalid. Attribute 'Properties' should be a map.",
    ],
    [
      "a type that SAM does not have",
      "Resources:\n  A:\n    Type: AWS::Serverless::Functoin",
      "3:11 A is of type AWS::Serverless::Functoin, which SAM does not have.",
    ],
    [
      "a section that Globals do not have",
      "Globals:\n  Table: {}\nResources: { A: { Type: AWS::SNS::Topic } }",
      "2:3 'Globals' section is invalid. 'Table' is not supported. Must be one of the following values - ['Api', 'CapacityProvider', 'Function', 'HttpApi', 'LayerVersion', 'SimpleTable', 'StateMachine', 'WebSocketApi']",
    ],
    [
      "a property that Globals do not take",
      "Globals:\n  SimpleTable:\n    TableName: t\nResources: { A: { Type: AWS::SNS::Topic } }",
      "3:16 'Globals' section is invalid. 'TableName' is not a supported property of 'SimpleTable'. Must be one of the following values - ['SSESpecification']",
    ],
    [
      "a logical id with other than letters and digits",
      "Resources:\n  A-B:\n    Type: AWS::Serverless::SimpleTable",
      "2:3 Resource with id [A-B] is invalid. Logical ids must be alphanumeric.",
    ],
    [
      "a key of a table without a type",
      "Resources:\n  T:\n    Type: AWS::Serverless::SimpleTable\n    Properties:\n      PrimaryKey: { Name: a, Typ: b }",
      "5:7 Resource with id [T] is invalid. Property 'PrimaryKey.Type' is required.",
    ],
    [
      "a layer's retention that is neither",
      "Resources:\n  L:\n    Type: AWS::Serverless::LayerVersion\n    Properties:\n      ContentUri: s3://b/k\n      RetentionPolicy: Keep",
      "6:24 Resource with id [L] is invalid. 'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].",
    ],
    [
      "a state machine without a definition",
      "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties: {}",
      "2:3 Resource with id [M] is invalid. Either 'Definition' or 'DefinitionUri' property must be specified.",
    ],
    [
      "a connector between what cannot be connected",
      "Resources:\n  C:\n    Type: AWS::Serverless::Connector\n    Properties:\n      Source: { Id: T }\n      Destination: { Id: T }\n      Permissions: [Write]\n  T: { Type: AWS::SNS::Topic }",
      "6:7 Resource with id [C] is invalid. Unable to create connector from AWS::SNS::Topic to AWS::SNS::Topic; it's not supported or the template is invalid.",
    ],
  ] as const)("%s", ([, text, expected]) => {
    expect(refusalsOf(text)).toEqual([expected]);
  });

  test("a made resource whose logical id the user has taken", () => {
    const text = `${withProperties("InlineCode: x")}  WorkRole: { Type: AWS::IAM::Role }\n`;
    expect(refusalsOf(text)).toEqual([
      '8:3 Transforming resource with id [Work] attempts to create a new resource with id [WorkRole] and type "AWS::IAM::Role". A resource with that id already exists within this template. Please use a different id for that resource.',
    ]);
  });

  test("all wrong resources are named at once", () => {
    const text = "Resources:\n  A: { Type: AWS::Serverless::Function }\n  B: { Type: AWS::Serverless::LayerVersion }";
    expect(refusalsOf(text)).toEqual([
      "2:3 Resource with id [A] is invalid. Only one of 'InlineCode' or 'CodeUri' can be set.",
      "3:3 Resource with id [B] is invalid. Missing required property 'ContentUri'.",
    ]);
  });
});

/** Properties, where they are wrong, and what SAM says. */
const WRONG_FUNCTIONS = [
  ["InlineCode: x\nHandlr: h", "8:15 ", "property Handlr not defined for resource of type AWS::Serverless::Function"],
  ["InlineCode: x\nTags: [a]", "8:7 ", "Property 'Tags' should be a map."],
  ["InlineCode: x\nRole: [a]", "8:7 ", "Property 'Role' should be a string."],
  ["InlineCode: x\nEvents: { A: x, B: y }", "8:7 ", "Type of property 'Events' is invalid."],
  [
    "InlineCode: x\nTags: { lambda:createdBy: me }",
    "8:33 ",
    "lambda:createdBy is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input.",
  ],
  [
    "CodeUri: http://example.com/code.zip",
    "7:16 ",
    "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.",
  ],
  ["CodeUri: { Bucket: b }", "7:7 ", "'CodeUri' requires Bucket and Key properties to be specified."],
  ["InlineCode: x\nPackageType: Tar", "8:20 ", "invalid 'PackageType' : Tar"],
  [
    "InlineCode: x\nPolicies:\n  - AWSLambdaExecute\n  - { Unknown: {} }",
    "10:11 ",
    "Policy at index 1 in the 'Policies' property is not valid",
  ],
  [
    "InlineCode: x\nPolicies:\n  - S3ReadPolicy: {}",
    "9:11 ",
    "Following required parameters of template 'S3ReadPolicy' don't have values: ['BucketName']",
  ],
  [
    "InlineCode: x\nPolicies:\n  - S3ReadPolicy:",
    "9:11 ",
    "Must specify valid parameter values for policy template 'S3ReadPolicy'",
  ],
  [
    "InlineCode: x\nAutoPublishAlias: 12 34",
    "8:25 ",
    "AutoPublishAlias name ('12 34') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.",
  ],
  [
    "InlineCode: x\nAutoPublishAlias: !GetAtt A.B",
    "8:33 ",
    "'AutoPublishAlias' must be a string or a Ref to a template parameter",
  ],
  [
    "InlineCode: x\nDeploymentPreference: { Type: AllAtOnce }",
    "8:7 ",
    "'DeploymentPreference' requires AutoPublishAlias property to be specified.",
  ],
  [
    "InlineCode: x\nVersionDeletionPolicy: Keep",
    "8:30 ",
    "Property 'VersionDeletionPolicy' should be a one of the strings: 'Delete' or 'Retain'.",
  ],
  [
    "InlineCode: x\nFunctionUrlConfig:\n  AuthType: OPEN",
    "9:19 ",
    "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.",
  ],
  [
    "InlineCode: x\nFunctionUrlConfig:\n  AuthType: NONE\n  Cors: { MaxAge: long }",
    "10:25 ",
    "MaxAge must be of type int.",
  ],
  [
    "InlineCode: x\nDeadLetterQueue: { Type: S3, TargetArn: a }",
    "8:32 ",
    "'DeadLetterQueue' requires Type of ['SQS', 'SNS']",
  ],
  [
    "InlineCode: x\nEventInvokeConfig:\n  DestinationConfig:\n    OnSuccess: { Type: Lambda }",
    "10:30 ",
    "Destination is required if Type is not ['SQS', 'SNS']",
  ],
  [
    "InlineCode: x\nTenancyConfig: { TenantIsolationMode: PER_TENANT }\nSnapStart: { ApplyOn: None, X: y }",
    "9:7 ",
    "SnapStart is not supported for functions enabled with tenancy configuration.",
  ],
] as const;

describe("functions that SAM refuses", () => {
  const cases = WRONG_FUNCTIONS.map(([properties, place, message]) => ({ properties, place, message }));

  test.for(cases)("$message", ({ properties, place, message }) => {
    expect(refusalsOf(withProperties(properties))).toEqual([`${place}Resource with id [Work] is invalid. ${message}`]);
  });
});

/** Type and properties, where they are wrong, and what SAM says. */
const WRONG_EVENTS = [
  ["SQL", "Queue: q", "10:17 ", "Resource dict has missing or invalid value for key Type. Event Type is: SQL."],
  ["S3", "Bucket: !Ref Nowhere\nEvents: x", "12:26 ", "S3 events must reference an S3 bucket in the same template."],
  [
    "Schedule",
    "Schedule: rate(1 day)\nState: x\nEnabled: true",
    "14:22 ",
    "State and Enabled Properties cannot both be specified.",
  ],
  ["SQS", "Queue: q\nFilterCriteria: { A: b, C: d }", "13:13 ", "FilterCriteria field has a wrong format"],
  ["MQ", "Broker: b", "9:9 ", "No SourceAccessConfigurations for Amazon MQ event provided."],
  ["SNS", "Topic: t\nSqsSubscription: { QueueUrl: u, A: b }", "13:13 ", "No QueueARN or QueueURL provided."],
] as const;

describe("events that SAM refuses", () => {
  const cases = WRONG_EVENTS.map(([type, properties, place, message]) => ({ type, properties, place, message }));

  test.for(cases)("$type: $message", ({ type, properties, place, message }) => {
    expect(refusalsOf(withEvent(type, properties))).toEqual([
      `${place}Resource with id [Work] is invalid. Event with id [Given] is invalid. ${message}`,
    ]);
  });

  test("a property that the event does not have is blamed on the event's own logical id", () => {
    expect(refusalsOf(withEvent("SQS", "Queue: q\nQueu: r"))).toEqual([
      "13:19 Resource with id [WorkGiven] is invalid. property Queu not defined for resource of type SQS",
    ]);
  });
});

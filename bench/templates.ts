/** Loading templates of 2,000 resources beside the YAML parser alone on the same text. */
import { join } from "node:path";
import { parseDocument } from "yaml";
import { loadStack } from "../src/template/cloudformation/load-stack.ts";
import { readTemplate } from "../src/template/cloudformation/read-template.ts";
import { STACK_READERS } from "../src/template/cloudformation/stack-readers.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const RESOURCES = 2000;
const CODE = join(import.meta.dirname, "project");
/** The parser is told of short forms as well, else it would spend its time on warnings. */
const SHORT_FORMS = ["!Ref", "!Sub", "!Join", "!GetAtt"].flatMap((tag) => [
  { tag, resolve: (value: string) => value },
  { tag, collection: "seq" as const, resolve: (value: unknown) => value },
]);

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const count = quick ? 200 : RESOURCES;
  for (const [kind, text] of [
    ["an HTTP API's routes", httpApi(count)],
    ["a REST API's resources and methods", restApi(count / 2)],
    ["SAM functions, two events each", samFunctions(count)],
  ] as const) {
    const contenders = [
      { name: "parser", measure: () => timed(() => parseDocument(text, { customTags: SHORT_FORMS }).toJS()) },
      { name: "load", measure: () => timed(() => load(text)) },
    ];
    for (const contender of contenders) contender.measure();
    const samples = await takeTurns<number>(contenders, quick ? 3 : 9);
    figures.push({
      name: `load ${count} resources (${kind}) ÷ YAML parser`,
      unit: "×",
      spread: spreadOf(ratios(samplesOf(samples, "load"), samplesOf(samples, "parser"))),
      must: { atMost: 2 },
    });
  }
  return figures;
}

/** Milliseconds. */
function timed(run: () => unknown): number {
  const began = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - began) / 1e6;
}

function load(text: string): void {
  const read = readTemplate("/project/template.yaml", text);
  if (!read.ok) throw new Error("the template cannot be read");
  const stack = loadStack(
    read.document,
    {
      place: { region: "us-east-1", accountId: "000000000000", partition: "aws", stackName: "bench" },
      parameters: {},
      dataDir: "/project/.gatewarden",
      // Code is not written anew for every load; there is some in this folder.
      materialize: { inlineCode: () => CODE, zip: () => CODE },
      readFile: () => undefined,
    },
    STACK_READERS,
  );
  const wrong = stack.findings.find(({ effect }) => effect !== "none");
  if (wrong !== undefined) throw new Error(`the template was refused: ${wrong.message}`);
  if (stack.httpApis.length + stack.restApis.length !== 1) throw new Error("the template gives no API");
}

const HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\n';

function httpApi(count: number): string {
  const routes = Array.from(
    { length: count },
    (_, index) => `  Route${index}:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: !Sub "GET /pets${index}/{id}"
      Target: !Join ["/", [integrations, !Ref Backend]]
`,
  );
  return `${HEAD}Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: bench, ProtocolType: HTTP } }
  Backend:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Api, IntegrationType: HTTP_PROXY, IntegrationUri: "http://h/", IntegrationMethod: ANY, PayloadFormatVersion: "1.0" }
${routes.join("")}`;
}

function restApi(count: number): string {
  const pairs = Array.from(
    { length: count },
    (_, index) => `  Pets${index}:
    Type: AWS::ApiGateway::Resource
    Properties:
      RestApiId: !Ref Api
      ParentId: !GetAtt Api.RootResourceId
      PathPart: pets${index}
  GetPets${index}:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pets${index}
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: { Type: MOCK, RequestTemplates: { application/json: '{"statusCode": 200}' } }
`,
  );
  return `${HEAD}Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: bench } }
${pairs.join("")}`;
}

/** Functions as people write them, with settings, a policy and two events: SAM makes five or six resources of each. */
function samFunctions(count: number): string {
  const functions = Array.from(
    { length: count },
    (_, index) => `  Pets${index}:
    Type: AWS::Serverless::Function
    Properties:
      Description: Lists and keeps pets of kind ${index}
      Handler: hello.handler
      InlineCode: exports.handler = async () => "ok";
      MemorySize: 256
      Timeout: 10
      Environment:
        Variables:
          TABLE_NAME: !Ref Table
          LOG_LEVEL: info
          KIND: pets-${index}
      Policies:
        - AWSXRayDaemonWriteAccess
        - Statement:
            - Effect: Allow
              Action: [dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query]
              Resource: !GetAtt Table.Arn
      Tags:
        team: pets
        cost-center: "42"
      Events:
        List:
          Type: HttpApi
          Properties:
            Path: /pets${index}
            Method: get
        Add:
          Type: HttpApi
          Properties:
            Path: /pets${index}
            Method: post
            TimeoutInMillis: 5000
`,
  );
  return `${HEAD}Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x } }
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: {} }
${functions.join("")}`;
}

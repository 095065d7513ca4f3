import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import { readTemplate } from "../cloudformation/read-template.ts";
import { allPaths, applyMutation, expectWellFormed, mutation, transposed } from "../fixtures/mutations.ts";
import { loadRealStack } from "../fixtures/real-stack.ts";
import { SourceNode } from "../source-node.ts";
import { expandSam } from "./expand-sam.ts";
import { expandToJson } from "./expand-to-json.ts";

const FILE = "/project/template.yaml";
const OPTIONS = {
  parameters: {},
  place: { region: "us-east-1", accountId: "123456789012", partition: "aws", stackName: "shop" },
  baseFolder: "/project",
};
const TRANSFORM = "Transform: AWS::Serverless-2016-10-31\n";

type Resources = Record<string, { Type: string; Properties: Record<string, unknown>; [attribute: string]: unknown }>;

function expand(text: string, parameters: Readonly<Record<string, string>> = {}, place = OPTIONS.place) {
  const read = readTemplate(FILE, TRANSFORM + text);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const { document, findings } = expandSam(SourceNode.root(read.document), { ...OPTIONS, parameters, place });
  const { Resources: resources } = document.value as { Resources: Resources };
  return { document, findings, resources };
}

/** Where a finding stands, as `line:column`, not counting the Transform's line. */
function placeOf({ at }: Pick<Finding, "at">): string {
  return `${at.line - 1}:${at.column}`;
}

const FUNCTION = `
Resources:
  Work:
    Type: AWS::Serverless::Function
    Condition: Wanted
    Properties:
      CodeUri: src/work
      Handler: index.handler
      Runtime: nodejs22.x
      MemorySize: 256
      Policies:
        - AWSLambdaExecute
      Environment:
        Variables: { A: b }
      Events:
        Queue:
          Type: SQS
          Properties:
            Queue: arn:aws:sqs:us-east-1:123456789012:q
            BatchSize: 3
`;

describe("the expansion of a SAM template", () => {
  test("leaves a local folder as the function's code, since functions run from there", () => {
    expect(expand(FUNCTION).resources.Work?.Properties.Code).toBe("src/work");
  });

  test("takes Transform and Globals away", () => {
    const { document } = expand("Globals: { Function: { Timeout: 3 } }\nResources: { A: { Type: AWS::SNS::Topic } }");
    expect(Object.keys(document.value as object)).toEqual(["Resources"]);
  });

  test("points everything made at what the user wrote", () => {
    const { document } = expand(FUNCTION);
    const at = (...path: (string | number)[]) => placeOf({ at: document.positionOf(path) });
    expect(at("Resources", "Work")).toBe("3:3");
    expect(at("Resources", "WorkRole")).toBe("3:3");
    expect(at("Resources", "Work", "Properties", "Code")).toBe("7:16");
    expect(at("Resources", "Work", "Properties", "MemorySize")).toBe("10:19");
    expect(at("Resources", "Work", "Properties", "Environment", "Variables", "A")).toBe("14:25");
    expect(at("Resources", "WorkRole", "Properties", "ManagedPolicyArns", 1)).toBe("12:11");
    expect(at("Resources", "WorkQueue")).toBe("16:9");
    expect(at("Resources", "WorkQueue", "Properties", "BatchSize")).toBe("20:24");
  });

  test("puts what it makes after the resource it comes from, in the order of the file", () => {
    const { resources } = expand(`${FUNCTION}
  Topic: { Type: AWS::SNS::Topic }
  Other:
    Type: AWS::Serverless::Function
    Properties: { InlineCode: x, Handler: index.handler, Runtime: nodejs22.x }
`);
    expect(Object.keys(resources)).toEqual(["Work", "WorkQueue", "WorkRole", "Topic", "Other", "OtherRole"]);
  });

  test("uses the parameters that are given, over their defaults", () => {
    const text = `
Parameters: { Name: { Type: String, Default: live } }
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: { InlineCode: x, Handler: i.h, Runtime: nodejs22.x, AutoPublishAlias: !Ref Name }
`;
    expect(expand(text).resources).toHaveProperty("WorkAliaslive");
    expect(expand(text, { Name: "blue" }).resources).toHaveProperty("WorkAliasblue");
  });

  test("names policies by the partition of the region", () => {
    const china = { ...OPTIONS.place, region: "cn-north-1", partition: "aws-cn" };
    expect(expand(FUNCTION, {}, china).resources.WorkRole?.Properties.ManagedPolicyArns).toEqual([
      "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
      "arn:aws-cn:iam::aws:policy/AWSLambdaExecute",
      "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
    ]);
  });

  test("lets two functions share a queue that Globals ask for, as SAM does", () => {
    const { resources } = expand(`
Globals: { Function: { EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SQS } } } } }
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: { InlineCode: x, Handler: i.h, Runtime: nodejs22.x }
  Two:
    Type: AWS::Serverless::Function
    Properties: { InlineCode: x, Handler: i.h, Runtime: nodejs22.x }
`);
    const queues = Object.keys(resources).filter((logicalId) => resources[logicalId]?.Type === "AWS::SQS::Queue");
    expect(queues).toEqual(["OneEventInvokeConfigOnFailureQueue"]);
  });
});

describe("a SAM template as JSON", () => {
  test("is indented, in the file's order, with functions in their long form", () => {
    const text = `${TRANSFORM}Resources:\n  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub "\${AWS::StackName}-t" } }\n`;
    expect(expandToJson(FILE, text, OPTIONS).json).toBe(`{
  "Resources": {
    "Topic": {
      "Type": "AWS::SNS::Topic",
      "Properties": {
        "TopicName": {
          "Fn::Sub": "\${AWS::StackName}-t"
        }
      }
    }
  }
}
`);
  });

  test("is not given for a template that is refused", () => {
    const { json, findings } = expandToJson(FILE, `${TRANSFORM}Resources: {}\n`, OPTIONS);
    expect(json).toBeUndefined();
    expect(findings).toMatchObject([{ effect: "load", rule: "sam-template-invalid" }]);
  });

  test("stays what it is for a template that is none of SAM's", () => {
    const text = "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n";
    expect(JSON.parse(expandToJson(FILE, text, OPTIONS).json ?? "")).toEqual({
      AWSTemplateFormatVersion: "2010-09-09",
      Resources: {},
    });
  });
});

const SECURED = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, Handler: index.handler, CodeUri: /nowhere }
Resources:
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt:
            IdentitySource: $request.header.Authorization
            AuthorizationScopes: [read]
            JwtConfiguration: { issuer: "https://issuer.example.com/", audience: [api] }
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Lambda
        Authorizers:
          Lambda: { FunctionArn: !GetAtt Authorizer.Arn, Identity: { Header: Authorization } }
  Signed:
    Type: AWS::Serverless::Api
    Properties: { StageName: prod, Auth: { DefaultAuthorizer: AWS_IAM } }
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /a, Method: get } }
        B: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /b, Method: get, Auth: { Authorizer: Jwt } } }
        C: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /c, Method: get } }
        D: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /d, Method: get, Auth: { Authorizer: Lambda } } }
        E: { Type: Api, Properties: { RestApiId: !Ref Signed, Path: /e, Method: get } }
  Authorizer: { Type: AWS::Serverless::Function }
`;

/** Routes of a template that anybody may call. */
function openRoutes(template: unknown): string[] {
  const { findings, restApis, httpApis } = loadRealStack(JSON.stringify(template));
  if (findings.some(({ effect }) => effect === "load")) return [];
  const rest = restApis.flatMap(({ api, refusals = [] }) =>
    (refusals.length > 0 ? [] : api.resources).flatMap(({ path, resourceMethods }) =>
      resourceMethods
        .filter(({ authorizationType, notServed }) => authorizationType === "NONE" && notServed === undefined)
        .map(({ httpMethod }) => `${httpMethod} ${path}`),
    ),
  );
  const http = httpApis.flatMap(({ api, refusals = [] }) =>
    (refusals.length > 0 ? [] : api.routes)
      .filter(({ authorizationType, notServed }) => authorizationType === "NONE" && notServed === undefined)
      .map(({ routeKey }) => routeKey),
  );
  return [...rest, ...http];
}

describe("a SAM template that secures its routes", () => {
  const read = readTemplate(FILE, SECURED);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const original: unknown = JSON.parse(JSON.stringify(read.document.value));

  test("opens none of them when any one name in it is misspelt", () => {
    expect(openRoutes(original)).toEqual([]);
    const names = allPaths(original).filter((path) => typeof path.at(-1) === "string");
    expect(names.length).toBeGreaterThan(80);
    for (const path of names) {
      for (const rename of [transposed(String(path.at(-1))), `${path.at(-1)}s`]) {
        const changed: unknown = structuredClone(original);
        applyMutation(changed, path, { rename });
        expect(openRoutes(changed), `${path.join("/")} as ${rename}`).toEqual([]);
      }
    }
  });

  test("has open routes once the API's Auth is away", () => {
    const changed: unknown = structuredClone(original);
    applyMutation(changed, ["Resources", "Signed", "Properties", "Auth"], { remove: true });
    expect(openRoutes(changed)).toEqual(["GET /e"]);
  });
});

describe("hostile SAM templates", () => {
  const folder = join(import.meta.dirname, "fixtures");
  const originals = globSync("*.yaml", { cwd: folder }).map((name) => {
    const read = readTemplate(name, readFileSync(join(folder, name), "utf8"));
    if (!read.ok) throw new Error(name);
    const template: unknown = JSON.parse(JSON.stringify(read.document.value));
    return { template, paths: allPaths(template) };
  });

  test("a template with anything replaced, removed or renamed gives findings, never an exception", () => {
    const change = fc.constantFrom(...originals).chain(({ template, paths }) =>
      fc.record({
        template: fc.constant(template),
        mutations: fc.array(fc.tuple(fc.constantFrom(...paths), mutation()), { minLength: 1, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(change, ({ template, mutations }) => {
        const changed: unknown = structuredClone(template);
        for (const [path, how] of mutations) applyMutation(changed, path, how);
        const read = readTemplate("/project/template.json", JSON.stringify(changed));
        if (!read.ok) return;
        const { findings } = expandSam(SourceNode.root(read.document), OPTIONS);
        for (const finding of findings) expectWellFormed(finding);
      }),
      { numRuns: 500 },
    );
  });
});

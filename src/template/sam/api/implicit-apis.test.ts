import { expect, test } from "vitest";
import { expandText } from "./fixtures/expand-text.ts";

const event = (type: string, path: string) => `{ Type: ${type}, Properties: { Path: ${path}, Method: get } }`;

test("no API is made where no event wants one", () => {
  const { at } = expandText(`Resources:
  Idle: { Type: AWS::Serverless::Function, Properties: { FUNCTION } }
`);
  expect(at("Resources", "ServerlessRestApi")).toBeUndefined();
  expect(at("Resources", "ServerlessHttpApi")).toBeUndefined();
});

test("a user's own ServerlessRestApi stays when no event needs the implicit one", () => {
  const { at } = expandText(`Resources:
  ServerlessRestApi: { Type: AWS::Serverless::Api, Properties: { StageName: mine } }
`);
  expect(at("Resources", "ServerlessRestApimineStage", "Properties", "StageName")).toBe("mine");
});

test("the implicit API exists only under the conditions of its functions, as do its paths", () => {
  const { at } = expandText(`Conditions: { A: !Equals [1, 1], B: !Equals [1, 2] }
Resources:
  First: { Type: AWS::Serverless::Function, Condition: A, Properties: { FUNCTION, Events: { E: ${event("Api", "/a")} } } }
  Second: { Type: AWS::Serverless::Function, Condition: B, Properties: { FUNCTION, Events: { E: ${event("Api", "/b")} } } }
`);
  expect(at("Resources", "ServerlessRestApi", "Condition")).toBe("ServerlessRestApiCondition");
  expect(at("Conditions", "ServerlessRestApiCondition")).toEqual({
    "Fn::Or": [{ Condition: "A" }, { Condition: "B" }],
  });
  const paths = at("Resources", "ServerlessRestApi", "Properties", "Body", "paths");
  expect(paths).toMatchObject({ "/a": { "Fn::If": ["A", {}, { Ref: "AWS::NoValue" }] } });
});

test("more than ten conditions are joined step by step", () => {
  const names = Array.from({ length: 12 }, (_, index) => `C${String(index).padStart(2, "0")}`);
  const { at } = expandText(`Conditions: { ${names.map((name) => `${name}: !Equals [1, 1]`).join(", ")} }
Resources:
${names.map((name, index) => `  F${name}: { Type: AWS::Serverless::Function, Condition: ${name}, Properties: { FUNCTION, Events: { E: ${event("HttpApi", `/${index}`)} } } }`).join("\n")}
`);
  expect(at("Conditions", "ServerlessHttpApiCondition1", "Fn::Or")).toHaveLength(10);
  expect(at("Conditions", "ServerlessHttpApiCondition")).toEqual({
    "Fn::Or": [{ Condition: "C10" }, { Condition: "C11" }, { Condition: "ServerlessHttpApiCondition1" }],
  });
});

test("Globals count for the implicit API", () => {
  const { at } = expandText(`Globals: { Api: { Auth: { DefaultAuthorizer: AWS_IAM } } }
Resources:
  First: { Type: AWS::Serverless::Function, Properties: { FUNCTION, Events: { E: ${event("Api", "/a")} } } }
`);
  const method = ["Resources", "ServerlessRestApi", "Properties", "Body", "paths", "/a", "get"];
  expect(at(...method, "security")).toEqual([{ AWS_IAM: [] }]);
});

test("an event may not name an API of the other kind", () => {
  const { refusals } = expandText(`Resources:
  Http: { Type: AWS::Serverless::HttpApi }
  First:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { E: { Type: Api, Properties: {
      RestApiId: !Ref Http, Path: /a, Method: get } } } }
`);
  expect(refusals).toEqual([
    "6:23 Resource with id [First] is invalid. Event with id [E] is invalid. RestApiId must be a valid reference to an 'AWS::Serverless::Api' resource in same template.",
  ]);
});

import { expect, test } from "vitest";
import { expandText } from "./fixtures/expand-text.ts";

const PATHS = ["Resources", "ServerlessRestApi", "Properties", "Body", "paths"];

test("an event becomes a route that calls the function, and a permission for it", () => {
  const { at, findings } = expandText(`Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { Read: { Type: Api, Properties: { Path: "/orders/{id}/", Method: GET } } } }
`);
  expect(findings).toEqual([]);
  expect(at(...PATHS, "/orders/{id}/", "get", "x-amazon-apigateway-integration")).toEqual({
    type: "aws_proxy",
    httpMethod: "POST",
    uri: {
      "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Orders.Arn}/invocations",
    },
  });
  expect(at("Resources", "OrdersReadPermissionProd", "Properties")).toEqual({
    Action: "lambda:InvokeFunction",
    FunctionName: { Ref: "Orders" },
    Principal: "apigateway.amazonaws.com",
    SourceArn: {
      "Fn::Sub": [
        "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/GET/orders/*",
        { __ApiId__: { Ref: "ServerlessRestApi" }, __Stage__: "*" },
      ],
    },
  });
});

test("path, method and permission point at the event the user wrote", () => {
  const { placeOf } = expandText(`Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: app.handler
      CodeUri: s3://code/app.zip
      Events:
        Read:
          Type: Api
          Properties:
            Path: /orders
            Method: get
`);
  expect(placeOf(...PATHS, "/orders")).toBe("12:19");
  expect(placeOf(...PATHS, "/orders", "get")).toBe("13:21");
  expect(placeOf(...PATHS, "/orders", "get", "x-amazon-apigateway-integration", "uri")).toBe("9:9");
  expect(placeOf("Resources", "OrdersReadPermissionProd", "Properties", "SourceArn")).toBe("9:9");
  expect(placeOf("Resources", "ServerlessRestApi")).toBe("9:9");
});

test("an alias is what the route calls and the permission names", () => {
  const { at } = expandText(`Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, AutoPublishAlias: live, Events: { Read: { Type: HttpApi, Properties: { Path: /a, Method: get } } } }
`);
  expect(at("Resources", "OrdersReadPermission", "Properties", "FunctionName")).toEqual({ Ref: "OrdersAliaslive" });
  const route = ["Resources", "ServerlessHttpApi", "Properties", "Body", "paths", "/a", "get"];
  expect(at(...route, "x-amazon-apigateway-integration", "uri", "Fn::Sub")).toContain("/${OrdersAliaslive}/");
});

test("a function behind $default needs no permission for its other routes", () => {
  const { at } = expandText(`Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { All: { Type: HttpApi }, Read: { Type: HttpApi, Properties: { Path: /a, Method: get } } } }
  Other:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { Read: { Type: HttpApi, Properties: { Path: /b, Method: get } } } }
`);
  expect(at("Resources", "OrdersAllPermission")).toBeDefined();
  expect(at("Resources", "OrdersReadPermission")).toBeUndefined();
  expect(at("Resources", "OtherReadPermission")).toBeDefined();
});

test("an authorizer that the API does not have is refused where the event names it", () => {
  const { refusals } = expandText(`Resources:
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: prod, Auth: { Authorizers: { Token: { FunctionArn: a } } } } }
  Orders:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { Read: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /a, Method: get,
      Auth: { Authorizer: Tokn } } } } }
`);
  expect(refusals).toEqual([
    "6:27 Resource with id [Orders] is invalid. Event with id [Read] is invalid. Unable to set Authorizer [Tokn] on API method [get] for path [/a] because it wasn't defined in the API's Authorizers.",
  ]);
});

test("NONE is refused where there is no default to switch off", () => {
  const event = (type: string) =>
    `{ Type: ${type}, Properties: { Path: /a, Method: get, Auth: { Authorizer: NONE } } }`;
  for (const type of ["Api", "HttpApi"]) {
    const { refusals } = expandText(`Resources:
  Orders: { Type: AWS::Serverless::Function, Properties: { FUNCTION, Events: { Read: ${event(type)} } } }
`);
    expect(refusals, type).toEqual([expect.stringContaining("'NONE' is only a valid value when a DefaultAuthorizer")]);
  }
});

test("a refused event leaves nothing that the next event for its route could run into", () => {
  const { refusals } = expandText(`Resources:
  Early:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { Read: { Type: Api, Properties: { Path: /a, Method: get, RequestParameters: [x] } } } }
  Late:
    Type: AWS::Serverless::Function
    Properties: { FUNCTION, Events: { Read: { Type: Api, Properties: { Path: /a, Method: get } } } }
`);
  expect(refusals).toEqual([expect.stringContaining("Invalid value for 'RequestParameters' property.")]);
});

test("a route that two functions want is refused for the one that comes later", () => {
  const { refusals } = expandText(`Resources:
  Early: { Type: AWS::Serverless::Function, Properties: { FUNCTION, Events: { Read: { Type: Api, Properties: { Path: /a, Method: get } } } } }
  Late: { Type: AWS::Serverless::Function, Properties: { FUNCTION, Events: { Read: { Type: Api, Properties: { Path: /a, Method: GET } } } } }
`);
  expect(refusals).toEqual([
    expect.stringContaining(
      '[Late] is invalid. Event with id [Read] is invalid. API method "get" defined multiple times',
    ),
  ]);
});

test("a state machine's event starts it through a role, under the authorizer it names", () => {
  const { at, findings } = expandText(`Resources:
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: prod, Auth: { Authorizers: { Token: { FunctionArn: a } } } } }
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: arn:aws:iam::1:role/r
      DefinitionUri: s3://code/flow.json
      Events: { Start: { Type: Api, Properties: { RestApiId: !Ref Api, Path: /flow, Method: post, Auth: { Authorizer: Token } } } }
`);
  expect(findings).toEqual([]);
  const route = ["Resources", "Api", "Properties", "Body", "paths", "/flow", "post"];
  expect(at(...route, "security")).toEqual([{ Token: [] }]);
  expect(at(...route, "x-amazon-apigateway-integration", "uri")).toEqual({
    "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution",
  });
});

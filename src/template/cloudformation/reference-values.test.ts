import { describe, expect, test } from "vitest";
import { TEST_PLACE } from "../fixtures/plain-stack.ts";
import { createReferenceValues } from "./reference-values.ts";

const valuesOf = createReferenceValues(TEST_PLACE);

function refer(type: string, properties: Record<string, unknown> = {}, logicalId = "MyThing") {
  return valuesOf({ logicalId, type, property: (name) => properties[name] });
}

describe("the id of an API", () => {
  const api = (properties: Record<string, unknown>, logicalId = "Pets_Api-2") =>
    refer("AWS::ApiGatewayV2::Api", properties, logicalId).ref;

  test("is the logical id in lower case, letters and digits only", () => {
    expect(api({})).toBe("petsapi2");
    expect(api({}, "A".repeat(80))).toBe("a".repeat(63));
  });

  test("is the tag _custom_id_ of a mapping or of a list, or the property", () => {
    expect(api({ Tags: { _custom_id_: "mine" } })).toBe("mine");
    expect(
      api({
        Tags: [
          { Key: "a", Value: "b" },
          { Key: "_custom_id_", Value: "mine" },
        ],
      }),
    ).toBe("mine");
    expect(api({ _custom_id_: "mine" })).toBe("mine");
  });

  test("is not an unusable _custom_id_", () => {
    expect(api({ Tags: { _custom_id_: "Not/One" } })).toBe("petsapi2");
    expect(api({ Tags: { _custom_id_: 17 } })).toBe("petsapi2");
  });

  test("makes the endpoint, and the root resource of a REST API", () => {
    const http = refer("AWS::ApiGatewayV2::Api", {}, "Web");
    expect(http.attribute("ApiEndpoint")).toBe("https://web.execute-api.eu-west-1.amazonaws.com");
    expect(http.attribute("ApiId")).toBe("web");
    const rest = refer("AWS::ApiGateway::RestApi", {}, "Pets");
    expect(rest.attribute("RootResourceId")).toMatch(/^[a-z0-9]{10}$/);
    expect(rest.attribute("RestApiId")).toBe(rest.ref);
  });
});

test("users and groups give their name, and an ARN with their path", () => {
  const user = refer("AWS::IAM::User", { UserName: "clerk", Path: "/shop/" });
  expect([user.ref, user.attribute("Arn")]).toEqual(["clerk", "arn:aws:iam::123456789012:user/shop/clerk"]);
  expect(refer("AWS::IAM::Group").attribute("Arn")).toBe("arn:aws:iam::123456789012:group/shop-MyThing");
  expect(refer("AWS::IAM::Role", { RoleName: "r" }).attribute("RoleId")).toMatch(/^AROA[A-Z2-7]{17}$/);
});

test("an API key's id has 10 characters, and a usage plan has an id, too", () => {
  const key = refer("AWS::ApiGateway::ApiKey");
  expect(key.ref).toMatch(/^[a-z0-9]{10}$/);
  expect(key.attribute("APIKeyId")).toBe(key.ref);
  const plan = refer("AWS::ApiGateway::UsagePlan");
  expect(plan.attribute("Id")).toBe(plan.ref);
});

test("what an access key gives is not known yet", () => {
  expect(refer("AWS::IAM::AccessKey").isMadeLater).toBe(true);
  expect(refer("AWS::IAM::AccessKey").attribute("Secret")).toBeUndefined();
  expect(refer("AWS::IAM::User").isMadeLater).toBeUndefined();
});

test("an id differs by logical id and by type, and is the same at every load", () => {
  const integration = refer("AWS::ApiGatewayV2::Integration").ref;
  expect(integration).toMatch(/^[a-z0-9]{7}$/);
  expect(refer("AWS::ApiGatewayV2::Integration").ref).toBe(integration);
  expect(refer("AWS::ApiGatewayV2::Integration", {}, "Other").ref).not.toBe(integration);
  expect(refer("AWS::ApiGatewayV2::Authorizer").ref).not.toBe(integration);
});

test.each([
  ["AWS::ApiGatewayV2::Stage", { StageName: "$default" }, "$default", undefined, undefined],
  ["AWS::Lambda::Function", {}, "shop-MyThing", "Arn", "arn:aws:lambda:eu-west-1:123456789012:function:shop-MyThing"],
  ["AWS::Lambda::Function", { FunctionName: "f" }, "f", "Arn", "arn:aws:lambda:eu-west-1:123456789012:function:f"],
  ["AWS::Lambda::Version", { FunctionName: "f" }, "arn:aws:lambda:eu-west-1:123456789012:function:f:1", "Version", "1"],
  [
    "AWS::Lambda::Alias",
    { FunctionName: "arn:aws:lambda:eu-west-1:123456789012:function:f", Name: "live" },
    "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
    "AliasArn",
    "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
  ],
  ["AWS::IAM::Role", { RoleName: "r", Path: "/app/" }, "r", "Arn", "arn:aws:iam::123456789012:role/app/r"],
  [
    "AWS::IAM::ManagedPolicy",
    {},
    "arn:aws:iam::123456789012:policy/shop-MyThing",
    "PolicyArn",
    "arn:aws:iam::123456789012:policy/shop-MyThing",
  ],
  [
    "AWS::Logs::LogGroup",
    { LogGroupName: "/aws/x" },
    "/aws/x",
    "Arn",
    "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/x:*",
  ],
  ["AWS::SQS::Queue", { QueueName: "q" }, "https://sqs.eu-west-1.amazonaws.com/123456789012/q", "QueueName", "q"],
  ["AWS::SNS::Topic", { TopicName: "t" }, "arn:aws:sns:eu-west-1:123456789012:t", "TopicName", "t"],
  ["AWS::SSM::Parameter", { Name: "/a", Value: "v" }, "/a", "Value", "v"],
  ["AWS::ApiGateway::Method", {}, "MyThing", undefined, undefined],
])("%s %j gives its documented Ref and attribute", (type, properties, ref, attribute, value) => {
  const values = refer(type, properties);
  expect(values.ref).toBe(ref);
  if (attribute !== undefined) expect(values.attribute(attribute)).toBe(value);
  expect(values.attribute("NoSuchThing")).toBeUndefined();
});

test("a Cognito user pool has the issuer as its ProviderURL's value", () => {
  const pool = refer("AWS::Cognito::UserPool");
  expect(pool.ref).toMatch(/^eu-west-1_[a-z0-9]{9}$/);
  expect(pool.attribute("ProviderURL")).toBe(`https://cognito-idp.eu-west-1.amazonaws.com/${pool.ref}`);
});

test("a type outside the product gives a name and an ARN of its service and logical id", () => {
  const table = refer("AWS::DynamoDB::Table");
  expect(table.ref).toBe("shop-MyThing");
  expect(table.attribute("Arn")).toBe("arn:aws:dynamodb:eu-west-1:123456789012:table/shop-MyThing");
  expect(refer("AWS::DynamoDB::Table", { TableName: "pets" }).ref).toBe("pets");
  expect(refer("Custom::Thing").attribute("Anything")).toBe("shop-MyThing-Anything");
});

test("outputs of a nested stack are not guessed", () => {
  expect(refer("AWS::CloudFormation::Stack").attribute("Outputs.Issuer")).toBeUndefined();
});

test("names of built-in properties are no types", () => {
  expect(refer("constructor").ref).toBe("shop-MyThing");
  expect(refer("AWS::Lambda::Function").attribute("constructor")).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { loadRealStack, shownFindings } from "../../fixtures/real-stack.ts";

const METHOD = "HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: MOCK }";

/** An API with GET / and GET and ANY /pets/{petId}, and a stage with these settings. */
function load(stage: string, deployment = "") {
  const stack = loadRealStack(`Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Pets: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets } }
  Pet: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Api, ParentId: !Ref Pets, PathPart: "{petId}" } }
  Root: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, ${METHOD} } }
  GetPet: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !Ref Pet, ${METHOD} } }
  AnyPet: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !Ref Pet, ${METHOD.replace("GET", "ANY")} } }
  Deployment: { Type: AWS::ApiGateway::Deployment, Properties: { RestApiId: !Ref Api${deployment} } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: test${stage} } }
`);
  const stages = stack.restApis[0]?.stages ?? [];
  return { settings: Object.fromEntries(stages.map((each) => [each.stageName, each.methodSettings])), stack };
}
const withSetting = (setting: string) =>
  load(`, MethodSettings: [{ ${setting}, ThrottlingRateLimit: 1.5, ThrottlingBurstLimit: 3 }]`);
const LIMITS = { throttlingRateLimit: 1.5, throttlingBurstLimit: 3 };

describe("a method setting's throttle is kept under the method it names", () => {
  test.each([
    ["ResourcePath: '/*', HttpMethod: '*'", ["*/*"]],
    ["ResourcePath: /, HttpMethod: GET", ["/GET"]],
    ["ResourcePath: '/~1', HttpMethod: GET", ["/GET"]],
    ["ResourcePath: '/~1pets~1{petId}', HttpMethod: GET", ["pets~1{petId}/GET"]],
    ["ResourcePath: '/pets~1{petId}', HttpMethod: ANY", ["pets~1{petId}/ANY"]],
    ["ResourcePath: '/pets/{petId}', HttpMethod: GET", ["pets~1{petId}/GET"]],
    ["ResourcePath: '/pets/{petId}', HttpMethod: '*'", ["pets~1{petId}/GET", "pets~1{petId}/ANY"]],
  ])("%s", (setting, keys) => {
    const { settings, stack } = withSetting(setting);
    expect(stack.findings).toEqual([]);
    expect(settings.test).toEqual(Object.fromEntries(keys.map((key) => [key, LIMITS])));
  });

  test("0 is a limit, text of digits a number, and one limit is enough", () => {
    expect(
      load(", MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 0 }]").settings,
    ).toEqual({
      test: { "*/*": { throttlingRateLimit: 0 } },
    });
    expect(
      load(", MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingBurstLimit: '7' }]").settings,
    ).toEqual({ test: { "*/*": { throttlingBurstLimit: 7 } } });
  });

  test("a setting without a throttle says nothing of it", () => {
    const { settings, stack } = load(
      ", MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 5 }, { ResourcePath: /, HttpMethod: GET, LoggingLevel: INFO }]",
    );
    expect(settings.test).toEqual({ "*/*": { throttlingRateLimit: 5 } });
    expect(stack.findings).toEqual([]);
    expect(load("").settings).toEqual({ test: undefined });
  });
});

test("the description of a deployment's stage has those of all methods in itself", () => {
  const { settings, stack } = load(
    "",
    ", StageName: old, StageDescription: { ThrottlingRateLimit: 2, MethodSettings: [{ ResourcePath: /, HttpMethod: GET, ThrottlingBurstLimit: 1 }] }",
  );
  expect(stack.findings).toEqual([]);
  expect(settings.old).toEqual({ "*/*": { throttlingRateLimit: 2 }, "/GET": { throttlingBurstLimit: 1 } });
});

test("caching is said to do nothing", () => {
  const { stack, settings } = load(", MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', CachingEnabled: true }]");
  expect(shownFindings(stack)).toEqual([expect.stringMatching(/ none method-settings-inert$/)]);
  expect(settings.test).toBeUndefined();
});

describe("what does not name a method of the API limits nothing, and says so", () => {
  test.each([
    "ResourcePath: '/*', HttpMethod: GET",
    "ResourcePath: /pets, HttpMethod: GET",
    "ResourcePath: /dogs, HttpMethod: '*'",
    "ResourcePath: '/pets/{petId}', HttpMethod: POST",
  ])("%s", (setting) => {
    const { settings, stack } = withSetting(setting);
    expect(settings.test).toBeUndefined();
    expect(shownFindings(stack)).toEqual([expect.stringMatching(/ none method-setting-without-method$/)]);
  });
});

describe("what AWS refuses refuses the API", () => {
  test.each([
    ["MethodSettings: x", "resource-property-invalid"],
    ["MethodSettings: [x]", "resource-property-invalid"],
    ["MethodSettings: [{ HttpMethod: '*' }]", "resource-property-missing"],
    ["MethodSettings: [{ ResourcePath: '/*' }]", "resource-property-missing"],
    ["MethodSettings: [{ ResourcePath: '*', HttpMethod: '*' }]", "resource-property-invalid"],
    ["MethodSettings: [{ ResourcePath: '/*', HttpMethod: get }]", "resource-property-invalid"],
    ["MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: -1 }]", "resource-property-invalid"],
    ["MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: '' }]", "resource-property-invalid"],
    [
      "MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingBurstLimit: 1.5 }]",
      "resource-property-invalid",
    ],
    ["MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', CachingEnabled: maybe }]", "resource-property-invalid"],
    ["MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', RateLimit: 5 }]", "stage-property-unknown"],
    ["ThrottlingRateLimit: 5", "stage-property-unknown"],
  ])("%s", (stage, rule) => {
    const { stack } = load(`, ${stage}`);
    expect(stack.restApis[0]?.refusals?.map((each) => each.rule)).toContain(rule);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { samplePorts } from "../../../test/rest-api-samples.ts";
import { functionMethod, makeProject, mockMethod, openApi, type Project } from "../../../test/support/project.ts";
import { ExecuteApi } from "../../execute-api/execute-api.ts";
import { deployProject } from "./deploy-project.ts";
import { loadProject } from "./load-project.ts";

const PLACE = { region: "us-east-1", accountId: "000000000000", partition: "aws" };
const PETS = openApi({ "/pets": { get: mockMethod("pets") } });
const PRIVATE = { ...PETS, "x-amazon-apigateway-endpoint-configuration": { types: ["PRIVATE"] } };
const ODD_POLICY = { ...PETS, "x-amazon-apigateway-policy": { Statement: [{ Effect: "Perhaps" }] } };

let project: Project;
let executeApi: ExecuteApi;
beforeEach(() => {
  project = makeProject();
  executeApi = new ExecuteApi(samplePorts());
});
afterEach(() => project.remove());

/** Deploys these files; answers what is served and the rules of the errors found. */
function deploy(files: Readonly<Record<string, unknown>>, projectFile: Readonly<Record<string, unknown>> = {}) {
  for (const [name, content] of Object.entries(files)) project.write(name, content);
  project.write("gatewarden.yaml", { files: Object.keys(files), ...projectFile });
  const loaded = loadProject({ files: [], cwd: project.folder }, PLACE, {
    issuerUrl: undefined,
    dataDir: project.folder,
  });
  const known = new Set(loaded.functions.map(({ arn }) => arn));
  const functions = { has: (arn: string) => known.has(arn), invoke: samplePorts().lambda.invoke };
  const findings = deployProject(loaded, executeApi, functions, PLACE);
  return {
    warnings: findings
      .filter(({ severity }) => severity === "warning")
      .map(({ rule, message }) => `${rule}: ${message}`),
    served: [...executeApi.deployments()].map(({ apiId, stageName }) => `${apiId}/${stageName}`),
    errors: findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule),
  };
}

test("every API is served at its stage", () => {
  expect(deploy({ "a.json": PETS, "b.json": PETS }, { stages: { b: { name: "prod" } } })).toMatchObject({
    served: ["a/dev", "b/prod"],
    errors: [],
  });
});

describe("an API about which something is not understood that decides access", () => {
  test.each([
    ["by the loader", PRIVATE, "endpoint-private-unsupported"],
    ["by the compiler", ODD_POLICY, "resource-policy-not-understood"],
  ])("is not served, the others are: found %s", (_by, document, rule) => {
    expect(deploy({ "a.json": document, "b.json": PETS })).toMatchObject({ served: ["b/dev"], errors: [rule] });
  });

  test.each([
    ["endpoint-private-unsupported", PRIVATE],
    ["resource-policy-not-understood", ODD_POLICY],
  ])("is served where just that is accepted for just that API: %s", (rule, document) => {
    const accepting = (accept: string) => deploy({ "a.json": document, "b.json": document }, { accept: [accept] });
    expect(accepting(`${rule}@a`)).toMatchObject({ served: ["a/dev"], errors: [rule, rule] });
    expect(accepting(`${rule}@c`).served).toEqual([]);
    expect(accepting(`other@a`).served).toEqual([]);
    expect(accepting(`${rule}@undefined`).served).toEqual([]);
  });

  test("an acceptance that nothing needs, or that concerns a route only, is told: one day it could open something", () => {
    const accept = ["resource-policy-not-understood@a", "function-without-code@a"];
    const { warnings } = deploy({ "a.json": openApi({ "/a": { get: functionMethod("none") } }) }, { accept });
    expect(warnings).toEqual(
      accept.map((name) => expect.stringContaining(`accept-without-effect: accept names ${name},`)),
    );
    expect(deploy({ "a.json": ODD_POLICY }, { accept: [accept[0]] }).warnings).toEqual([]);
  });

  test("needs every such finding accepted", () => {
    const both = { ...PRIVATE, ...ODD_POLICY };
    const accept = ["endpoint-private-unsupported@a"];
    expect(deploy({ "a.json": both }, { accept }).served).toEqual([]);
    expect(deploy({ "a.json": both }, { accept: [...accept, "resource-policy-not-understood@a"] }).served).toEqual([
      "a/dev",
    ]);
  });

  test("goes out of service when it was served before", () => {
    expect(deploy({ "a.json": PETS }).served).toEqual(["a/dev"]);
    expect(deploy({ "a.json": PRIVATE }).served).toEqual([]);
  });
});

test("an API that is gone, and a stage that was renamed, are no longer served", () => {
  deploy({ "a.json": PETS, "b.json": PETS });
  expect(deploy({ "a.json": PETS }, { stages: { a: { name: "prod" } } }).served).toEqual(["a/prod"]);
});

describe("custom domains of templates", () => {
  const stack = (domainName: string, more: Readonly<Record<string, unknown>> = {}, logicalId = "Api") => ({
    Resources: {
      [logicalId]: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: "web", ProtocolType: "HTTP" } },
      Stage: {
        Type: "AWS::ApiGatewayV2::Stage",
        Properties: { ApiId: { Ref: logicalId }, StageName: "$default", AutoDeploy: true },
      },
      Domain: { Type: "AWS::ApiGatewayV2::DomainName", Properties: { DomainName: domainName, ...more } },
      Mapping: {
        Type: "AWS::ApiGatewayV2::ApiMapping",
        Properties: { ApiId: { Ref: logicalId }, DomainName: { Ref: "Domain" }, Stage: "$default" },
      },
    },
  });
  const MUTUAL_TLS = { MutualTlsAuthentication: { TruststoreUri: "s3://bucket/key" } };
  const registered = () => executeApi.domains.map(({ domainName, notServed }) => [domainName, notServed?.rule]);

  test("take the place of those before them", () => {
    deploy({ "a.json": stack("one.test") });
    expect(registered()).toEqual([["one.test", undefined]]);
    deploy({ "a.json": stack("two.test") });
    expect(registered()).toEqual([["two.test", undefined]]);
    deploy({ "a.json": PETS });
    expect(registered()).toEqual([]);
  });

  test("may be mapped to by other files, whose findings about it go when its own file is loaded", () => {
    const { Domain: _, Mapping, ...others } = stack("one.test", {}, "Other").Resources;
    const properties = { ...Mapping.Properties, DomainName: "one.test", ApiMappingKey: "other" };
    const mapping = { Resources: { ...others, Mapping: { ...Mapping, Properties: properties } } };
    deploy({ "b.json": mapping });
    expect(registered()).toEqual([["one.test", "custom-domain-not-in-stack"]]);
    expect(deploy({ "a.json": stack("one.test"), "b.json": mapping }).warnings).toEqual([]);
    expect(registered()).toEqual([["one.test", undefined]]);
    expect(executeApi.domains[0]?.mappings.map(({ key, apiId }) => [key, apiId])).toEqual([
      ["", "api"],
      ["other", "other"],
    ]);
  });

  test("stay closed unless the project accepts each finding; their APIs are served at other addresses", () => {
    const files = { "a.json": stack("one.test", { ...MUTUAL_TLS, RoutingMode: "ROUTING_RULE_ONLY" }) };
    const accept = ["custom-domain-mutual-tls@Domain", "custom-domain-routing-mode@Domain"];
    expect(deploy(files)).toMatchObject({ served: ["api/$default"], errors: accept.map((name) => name.split("@")[0]) });
    expect(registered()).toEqual([["one.test", "custom-domain-mutual-tls"]]);
    deploy(files, { accept: [accept[0]] });
    expect(registered()).toEqual([["one.test", "custom-domain-routing-mode"]]);
    expect(deploy(files, { accept }).warnings).toEqual([]);
    expect(registered()).toEqual([["one.test", undefined]]);
  });
});

test("a function without code is an error of its route, said once, and the API is served", () => {
  const twice = openApi({ "/a": { get: functionMethod("none") }, "/b": { get: functionMethod("none") } });
  expect(deploy({ "a.json": twice })).toMatchObject({
    served: ["a/dev"],
    errors: ["function-without-code", "function-without-code"],
  });
});

test("a deployment has another id when the API or its stage changed, and the same when nothing did", () => {
  const idOf = (document: unknown, stages = {}) => {
    deploy({ "a.json": document }, { stages });
    return [...executeApi.deployments()][0]?.deploymentId;
  };
  const first = idOf(PETS);
  expect(idOf(PETS)).toBe(first);
  expect(idOf(openApi({ "/toys": { get: mockMethod("toys") } }))).not.toBe(first);
  expect(idOf(PETS, { a: { variables: { a: "1" } } })).not.toBe(first);
});

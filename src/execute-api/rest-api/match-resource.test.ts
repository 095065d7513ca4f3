import { describe, expect, test } from "vitest";
import {
  compiled,
  refusalOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
  sampleRequest,
} from "../../../test/rest-api-samples.ts";
import { parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import { matchResource } from "./match-resource.ts";
import type { RestRequest } from "./request.ts";
import { ResourceTree } from "./resource-tree.ts";

/** Without a promise, as for every key that is known. */
function match(request: RestRequest, deployment: RestDeployment) {
  const matched = matchResource(request, deployment, samplePorts());
  if (matched instanceof Promise) throw new Error("a promise was not wanted");
  return matched;
}

const MOCK = compiled({ type: "MOCK" });

function deploymentOf(
  routes: readonly string[],
  given: Partial<RestDeployment> = {},
  method: Partial<CompiledMethod> = {},
) {
  const tree = new ResourceTree<CompiledMethod>();
  for (const route of routes) {
    const [httpMethod = "", resourcePath = ""] = route.split(" ");
    tree.add(resourcePath, httpMethod, sampleMatched(MOCK, { httpMethod, resourcePath, ...method }).method);
  }
  return sampleDeployment({ tree, ...given });
}

describe("the method ARN", () => {
  const deployment = deploymentOf(["ANY /{proxy+}", "GET /"]);

  test.each([
    ["GET", "/pets/42", "GET/pets/42"],
    ["DELETE", "/pets/", "DELETE/pets/"],
    ["GET", "/", "GET/"],
    ["POST", "/a//b", "POST/a//b"],
    ["GET", "/2026-11-21T00:00:00Z/x", "GET/2026-11-21T00:00:00Z/x"],
    ["GET", "/%2e%2e/x", "GET/%2e%2e/x"],
  ])("%s %s has the request's own verb and path, as received", (method, path, end) => {
    const { methodArn, method: matched } = match(sampleRequest({ method, path }), deployment);
    expect(methodArn).toBe(`arn:aws:execute-api:us-east-1:000000000000:petstore/test/${end}`);
    expect(["ANY", "GET"]).toContain(matched.httpMethod);
  });

  test("is that of the deployment's partition, region, account and stage", () => {
    const china = deploymentOf(["GET /pets"], { partition: "aws-cn", region: "cn-north-1", stageName: "prod" });
    expect(match(sampleRequest({ path: "/pets" }), china).methodArn).toBe(
      "arn:aws-cn:execute-api:cn-north-1:000000000000:petstore/prod/GET/pets",
    );
  });
});

describe("what is not deployed", () => {
  const deployment = deploymentOf(["GET /pets", "POST /pets"]);

  test.each([
    ["GET", "/toys", "no resource of the deployment matches /toys"],
    ["PUT", "/pets", "PUT is not deployed on /pets (GET, POST is)"],
    ["get", "/pets", "get is not deployed on /pets (GET, POST is)"],
    ["GET", "/Pets", "no resource of the deployment matches /Pets"],
    ["GET", "/pets/1", "no resource of the deployment matches /pets/1"],
  ])("%s %s looks like a missing token, and the record says what is wrong (R)", async (method, path, message) => {
    const refusal = await refusalOf(() => match(sampleRequest({ method, path }), deployment));
    expect(refusal).toMatchObject({
      responseType: "MISSING_AUTHENTICATION_TOKEN",
      wire: {},
      evidence: { reason: "route_not_found", message, actual: `${method} ${path}` },
    });
  });

  test("with a good token it is an incomplete signature, and the record says that the token was not looked at (C)", async () => {
    const request = sampleRequest({ path: "/toys", headers: ["Authorization", "Bearer a.b.c"] });
    const refusal = await refusalOf(() => match(request, deployment));
    expect(refusal.wire.errorType).toBe("IncompleteSignatureException");
    expect(refusal.evidence).toMatchObject({
      reason: "route_not_found_bearer",
      message: expect.stringContaining("never looked at"),
    });
  });

  test("with a signature the record still names the route", async () => {
    const header = "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0";
    const request = sampleRequest({ path: "/toys", headers: ["Authorization", header, "Date", "x"] });
    expect((await refusalOf(() => match(request, deployment))).evidence.message).toContain("matches /toys");
  });
});

describe("a method ARN of more than 1600 bytes (D)", () => {
  const long = `/${"x".repeat(1_600)}`;
  const ask = (deployment: RestDeployment) => match(sampleRequest({ path: long }), deployment);

  test("is 414 on a route that is authorised, and under a resource policy", async () => {
    const policy = parsePolicy(
      { Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }] },
      "resource",
    );
    if (!policy.ok) throw new Error("the test's policy is wrong");
    for (const deployment of [
      deploymentOf(["GET /{id}"], {}, { authorization: { type: "AWS_IAM" } }),
      deploymentOf(["GET /{id}"], { resourcePolicy: policy.policy }),
    ]) {
      expect(await refusalOf(() => ask(deployment))).toMatchObject({
        wire: { status: 414, message: "Request URI too long" },
        evidence: { reason: "method_arn_too_long", expected: 1600 },
      });
    }
  });

  test("is nobody's affair on an open route", () => {
    expect(ask(deploymentOf(["GET /{id}"])).pathParameters).toEqual({ id: long.slice(1) });
  });

  test("of exactly 1600 is good, of one more is not", async () => {
    const deployment = deploymentOf(["GET /{id}"], {}, { authorization: { type: "AWS_IAM" } });
    const prefix = "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/".length;
    const path = `/${"x".repeat(1_600 - prefix)}`;
    expect(match(sampleRequest({ path }), deployment).methodArn).toHaveLength(1_600);
    const refusal = await refusalOf(() => match(sampleRequest({ path: `${path}x` }), deployment));
    expect(refusal.evidence.actual).toBe(1_601);
  });
});

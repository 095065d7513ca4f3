import { describe, expect, test } from "vitest";
import {
  FUNCTION_ARN,
  httpPorts,
  httpRefusalOf,
  sampleApi,
  sampleDeployment,
  sampleMatched,
  sampleRequest,
} from "../../../test/http-api-samples.ts";
import { functionAnswering } from "../../../test/rest-api-samples.ts";
import { compileIdentityPolicies, compileUser } from "../../aws/iam/compile-identity.ts";
import type { HttpApi, Route } from "../../model/http-api.ts";
import type { User } from "../../model/iam.ts";
import type { FunctionPermission, InvokeAccess } from "../../model/invoke-access.ts";
import { Trace } from "../trace.ts";
import { callIntegration } from "./call-integration.ts";
import { compile } from "./compile.ts";

const AT = { file: "template.yaml", line: 9, column: 3 };
const ARN = "arn:aws:execute-api:us-east-1:123456789012:abc123";

function permission(source: string): FunctionPermission {
  const sourceArn = `${ARN}/${source}`;
  const principal = "apigateway.amazonaws.com";
  return { functionArn: FUNCTION_ARN, action: "lambda:InvokeFunction", principal, sourceArn, at: AT };
}

function compiled(api: HttpApi, access?: InvokeAccess) {
  const stage = { stageName: "$default", variables: {}, isDeployed: true, routeSettings: {}, at: AT };
  return compile(api, stage, {
    region: "us-east-1",
    accountId: "123456789012",
    partition: "aws",
    deploymentId: "d1",
    hasFunction: () => true,
    accepts: () => false,
    ...(access && { access }),
  });
}

/** One route to a function with the caller's credentials. */
function passingOn(route: Partial<Route>): HttpApi {
  const api = sampleApi(["GET /pets"], {}, { ...route, at: AT });
  const integrations = api.integrations.map((each) => ({ ...each, credentialsArn: "arn:aws:iam::*:user/*" }));
  return { ...api, integrations };
}

describe("what may not be invoked is a finding at its route, and is served all the same", () => {
  test.each([
    ["GET /pets/{id}", "$default/GET/pets/*", true],
    ["GET /pets/{id}", "*/*/pets/{id}", true],
    ["GET /pets/{id}", "$default/POST/pets/*", false],
    ["ANY /pets", "$default/*/pets", true],
    ["ANY /pets", "$default/GET/pets", false],
    ["$default", "$default/$default", true],
    ["$default", "*/$default", true],
    ["$default", "*/*/pets", false],
  ])("%s with a permission for %s: %s", (routeKey, source, allowed) => {
    const { deployment, findings } = compiled(sampleApi([routeKey], {}, { at: AT }), {
      roles: [],
      permissions: [permission(source)],
    });
    expect(deployment).toBeDefined();
    const finding = {
      rule: "invoke-permission-missing",
      severity: "warning",
      effect: "none",
      at: AT,
      message: expect.stringContaining(`${routeKey} will answer as on AWS, 500 {"message":"Internal Server Error"}`),
    };
    expect(findings).toMatchObject(allowed ? [] : [finding]);
  });

  test("all routes of one function are one finding, an authorizer is another", () => {
    const authorizer: HttpApi["authorizers"][number] = {
      authorizerId: "a1",
      name: "door",
      authorizerType: "REQUEST",
      identitySource: [],
      authorizerUri: FUNCTION_ARN,
      authorizerPayloadFormatVersion: "2.0",
      enableSimpleResponses: true,
      at: { ...AT, line: 30 },
    };
    const guarded = { authorizationType: "CUSTOM", authorizerId: "a1", at: AT } as const;
    const api = sampleApi(["GET /a", "GET /b"], { authorizers: [authorizer] }, guarded);
    const { findings } = compiled(api, { roles: [], permissions: [permission("$default/POST/*")] });
    expect(findings.map(({ rule, at }) => `${rule}:${at.line}`)).toEqual([
      "invoke-permission-missing:30",
      "invoke-permission-missing:9",
    ]);
    expect(findings[0]?.fix).toContain("${API}/authorizers/a1");
    expect(findings[1]?.message).toContain("The same holds for GET /b.");
  });
});

describe("an integration with the caller's credentials", () => {
  const alice = (Action: string) => {
    const user: User = {
      arn: "arn:aws:iam::123456789012:user/alice",
      name: "alice",
      userId: "AIDAEXAMPLE",
      tags: {},
      accessKeys: [],
      policyDocuments: [{ Statement: [{ Effect: "Allow", Action, Resource: FUNCTION_ARN }] }],
      unknownPolicyArns: [],
      at: AT,
    };
    const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    return compileUser(user, compileIdentityPolicies(user).policies, key);
  };

  test("is invoked by who may invoke the function, else 500", async () => {
    const { deployment, findings } = compiled(passingOn({ authorizationType: "AWS_IAM" }), {
      roles: [],
      permissions: [],
    });
    expect(findings).toEqual([]);
    const route = deployment?.routes.routes[0];
    if (route === undefined) throw new Error("there is no route");
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: '"hello"' });
    const ports = httpPorts({ lambda });
    const ask = (caller: Parameters<typeof callIntegration>[2]) =>
      callIntegration(sampleRequest(), sampleMatched({ route }), caller, sampleDeployment(), ports, new Trace(() => 0));
    expect(await ask({ iam: alice("lambda:Invoke*") })).toMatchObject({ status: 200 });
    expect(calls).toHaveLength(1);
    for (const caller of [{ iam: alice("lambda:GetFunction") }, {}]) {
      const refusal = await httpRefusalOf(() => ask(caller));
      expect(refusal).toMatchObject({ status: 500, evidence: { reason: "lambda_not_permitted" } });
    }
    expect(calls).toHaveLength(1);
  });

  test("of a route that nobody signs is a finding", () => {
    const { findings } = compiled(passingOn({ authorizationType: "NONE" }));
    expect(findings).toMatchObject([{ rule: "invoke-caller-not-iam", effect: "none", at: AT }]);
  });
});

import { describe, expect, test } from "vitest";
import {
  exchange,
  FUNCTION_URI,
  functionAnswering,
  refusalOf,
  sampleApi,
  sampleIntegration,
  sampleMethod,
  samplePorts,
} from "../../../test/rest-api-samples.ts";
import { compileIdentityPolicies, compileUser } from "../../aws/iam/compile-identity.ts";
import type { Identity } from "../../aws/iam/identity.ts";
import type { Role, User } from "../../model/iam.ts";
import type { FunctionPermission, InvokeAccess } from "../../model/invoke-access.ts";
import type { Authorizer, Integration, Method, Resource } from "../../model/rest-api.ts";
import { Trace } from "../trace.ts";
import { compile } from "./compile.ts";
import type { CompiledMethod } from "./deployment.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:pets";
const CALLER = "arn:aws:iam::*:user/*";
const at = (line: number) => ({ file: "template.yaml", line, column: 5 });

function method(given: Partial<Method> & { integration?: Partial<Integration> } = {}): Method {
  const { integration, ...rest } = given;
  return sampleMethod({
    methodIntegration: sampleIntegration({ type: "AWS_PROXY", httpMethod: "POST", uri: FUNCTION_URI, ...integration }),
    at: at(20),
    ...rest,
  });
}

function permission(sourceArn: string, given: Partial<FunctionPermission> = {}): FunctionPermission {
  const base = { functionArn: FUNCTION, action: "lambda:InvokeFunction", principal: "apigateway.amazonaws.com" };
  return { ...base, sourceArn: `arn:aws:execute-api:us-east-1:000000000000:${sourceArn}`, at: at(40), ...given };
}

const allowing = (...permissions: FunctionPermission[]): InvokeAccess => ({ roles: [], permissions });
const NOBODY = allowing();

interface Given {
  readonly access?: InvokeAccess;
  readonly paths?: Readonly<Record<string, readonly Method[]>>;
  readonly authorizers?: readonly Authorizer[];
  readonly variables?: Readonly<Record<string, string>>;
}

function compiledWith({ access, paths = { "/pets": [method()] }, authorizers = [], variables = {} }: Given) {
  const resources: Resource[] = Object.entries(paths).map(([path, resourceMethods]) => ({
    id: path,
    path,
    resourceMethods,
  }));
  const { deployment, findings } = compile(
    sampleApi({ resources, authorizers }),
    { stageName: "test", variables, at: at(1) } as Parameters<typeof compile>[1],
    {
      region: "us-east-1",
      accountId: "000000000000",
      partition: "aws",
      deploymentId: "d1",
      hasFunction: () => true,
      accepts: () => false,
      ...(access && { access }),
    },
  );
  const methodAt = (path: string, verb: string): CompiledMethod => {
    const match = deployment?.tree.match(path, verb);
    if (match?.outcome !== "matched") throw new Error(`${verb} ${path} is not deployed`);
    return match.leaf;
  };
  return { findings, methodAt };
}

describe("an integration without credentials needs a permission for the method as declared", () => {
  test.each<[string, string, Method["httpMethod"], string, boolean]>([
    ["the method and path", "petstore/test/GET/pets", "GET", "/pets", true],
    ["every stage and method", "petstore/*/*/pets", "GET", "/pets", true],
    ["another method", "petstore/test/POST/pets", "GET", "/pets", false],
    ["another stage", "petstore/prod/GET/pets", "GET", "/pets", false],
    ["another API", "other/*/*", "GET", "/pets", false],
    ["an authorizer", "petstore/authorizers/a1", "GET", "/pets", false],
    ["the root", "petstore/test/GET/", "GET", "/", true],
    ["a path with * for its parameter", "petstore/test/GET/pets/*", "GET", "/pets/{petId}", true],
    ["a path with its parameter as written", "petstore/test/GET/pets/{petId}", "GET", "/pets/{petId}", true],
    ["one pet alone", "petstore/test/GET/pets/1", "GET", "/pets/{petId}", false],
    ["ANY, as a method declared so is called (C)", "petstore/test/ANY/{proxy+}", "ANY", "/{proxy+}", true],
    ["any method, for one declared ANY", "petstore/test/*/*", "ANY", "/{proxy+}", true],
    ["GET, for a method declared ANY", "petstore/test/GET/*", "ANY", "/{proxy+}", false],
  ])("a permission for %s: %s for %s %s: %s", (_, source, httpMethod, path, allowed) => {
    const { findings, methodAt } = compiledWith({
      access: allowing(permission(source)),
      paths: { [path]: [method({ httpMethod })] },
    });
    const { integration } = methodAt(path.replace(/\{.*\}/, "1"), "GET");
    expect("invokeRefusal" in integration).toBe(!allowed);
    expect(findings.map(({ rule }) => rule)).toEqual(allowed ? [] : ["invoke-permission-missing"]);
  });

  test("the function that the stage's variables name is the one that counts, and its alias", () => {
    const uri = FUNCTION_URI.replace(":pets/", ":$" + "{stageVariables.fn}:live/");
    const paths = { "/pets": [method({ integration: { uri } })] };
    const given = { paths, variables: { fn: "pets" } };
    const live = permission("petstore/*", { functionArn: `${FUNCTION}:live` });
    expect(compiledWith({ ...given, access: allowing(live) }).findings).toEqual([]);
    const { findings } = compiledWith({ ...given, access: allowing(permission("petstore/*")) });
    expect(findings[0]?.message).toContain(`the nearest, at template.yaml:40, has FunctionName ${FUNCTION}`);
    expect(findings[0]?.fix).toContain('FunctionName: "pets:live"');
  });

  test("files that say nothing of permissions are not held against the API", () => {
    const { findings, methodAt } = compiledWith({});
    expect(findings).toEqual([]);
    expect(methodAt("/pets", "GET").integration).not.toHaveProperty("invokeRefusal");
  });

  test("without it the request is AWS's 500, the function is not called, and the record says what is missing", async () => {
    const nearest = permission("petstore/test/POST/pets");
    const { integration } = compiledWith({ access: allowing(nearest) }).methodAt("/pets", "GET");
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: "{}" });
    const ports = samplePorts({ lambda });
    const trace = new Trace(ports.monotonic);
    const refusal = await refusalOf(() => exchange({ integration, ports, trace }));
    const source = "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets";
    expect(refusal).toMatchObject({
      responseType: "API_CONFIGURATION_ERROR",
      wire: { status: 500, message: "Internal server error" },
      evidence: {
        reason: "lambda_not_permitted",
        message: `no permission lets apigateway.amazonaws.com invoke ${FUNCTION} as ${source}; the nearest, at template.yaml:40, has SourceArn ${nearest.sourceArn}`,
        check: expect.stringContaining("${API}/test/GET/pets"),
        expected: source,
        actual: nearest.sourceArn,
      },
    });
    expect(calls).toEqual([]);
    expect(trace.integration).toEqual({ type: "AWS_PROXY", target: FUNCTION });
    // What AWS's access log says (C).
    expect(refusal.wire.loggedError).toBe(
      "Execution failed due to configuration error: Invalid permissions on Lambda function",
    );
  });
});

describe("an integration with a role", () => {
  const document = (more: object) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
  const role = (given: Partial<Role> = {}): Role => ({
    arn: "arn:aws:iam::000000000000:role/invoke",
    name: "invoke",
    roleId: "AROAEXAMPLE",
    tags: {},
    assumeRolePolicyDocument: document({
      Principal: { Service: "apigateway.amazonaws.com" },
      Action: "sts:AssumeRole",
    }),
    policyDocuments: [document({ Action: "lambda:InvokeFunction", Resource: FUNCTION })],
    unknownPolicyArns: [],
    at: at(50),
    ...given,
  });
  const paths = { "/pets": [method({ integration: { credentials: role().arn } })] };

  test("is invoked by what the role may, whatever the function's own policy says", () => {
    expect(compiledWith({ paths, access: { roles: [role()], permissions: [] } }).findings).toEqual([]);
    const bounded = role({ permissionsBoundary: document({ Action: "s3:*", Resource: "*" }) });
    const access = { roles: [bounded], permissions: [permission("petstore/*")] };
    expect(compiledWith({ paths, access }).findings).toMatchObject([{ rule: "invoke-role-denies", effect: "none" }]);
  });

  test("with an empty text for a role it is as without", () => {
    const empty = { "/pets": [method({ integration: { credentials: "" } })] };
    expect(compiledWith({ paths: empty, access: allowing(permission("petstore/*")) }).findings).toEqual([]);
  });
});

describe("an integration with the caller's credentials", () => {
  const signer = (actions: readonly string[]): Identity => {
    const user: User = {
      arn: "arn:aws:iam::000000000000:user/alice",
      name: "alice",
      userId: "AIDAEXAMPLE",
      tags: {},
      accessKeys: [],
      policyDocuments: [{ Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] }],
      unknownPolicyArns: [],
      at: at(60),
    };
    const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    return compileUser(user, compileIdentityPolicies(user).policies, key);
  };
  const signed = method({ authorizationType: "AWS_IAM", integration: { credentials: CALLER } });

  test.each([
    ["with a template", NOBODY],
    ["without one", undefined],
  ])("is invoked by who may invoke the function: %s", async (_, access) => {
    const { findings, methodAt } = compiledWith({ paths: { "/pets": [signed] }, ...(access && { access }) });
    expect(findings).toEqual([]);
    const { integration } = methodAt("/pets", "GET");
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: '{"statusCode":201}' });
    const ports = samplePorts({ lambda });
    const may = signer(["execute-api:Invoke", "lambda:InvokeFunction"]);
    expect(await exchange({ integration, ports, caller: { iam: may } })).toMatchObject({ status: 201 });
    expect(calls).toHaveLength(1);
    for (const caller of [{ iam: signer(["execute-api:Invoke"]) }, {}]) {
      const refusal = await refusalOf(() => exchange({ integration, ports, caller }));
      expect(refusal).toMatchObject({
        responseType: "API_CONFIGURATION_ERROR",
        evidence: { reason: "lambda_not_permitted", check: expect.any(String) },
      });
    }
    expect(calls).toHaveLength(1);
  });

  test("of a method that nobody signs fails always, and a finding says so", async () => {
    const paths = { "/pets": [method({ integration: { credentials: CALLER } })] };
    const { findings, methodAt } = compiledWith({ paths });
    expect(findings).toMatchObject([
      {
        rule: "invoke-caller-not-iam",
        severity: "warning",
        effect: "none",
        at: at(20),
        fix: expect.stringContaining("AWS_IAM"),
      },
    ]);
    const { integration } = methodAt("/pets", "GET");
    const { calls, lambda } = functionAnswering({ outcome: "success", payload: "{}" });
    const caller = { iam: signer(["*"]) };
    const refusal = await refusalOf(() => exchange({ integration, caller, ports: samplePorts({ lambda }) }));
    expect(refusal.evidence.reason).toBe("lambda_not_permitted");
    expect(calls).toEqual([]);
  });
});

describe("an authorizer", () => {
  const authorizer = (given: Partial<Authorizer> = {}): Authorizer => ({
    id: "a1",
    name: "jwt",
    type: "TOKEN",
    authorizerUri: FUNCTION_URI,
    identitySource: "method.request.header.Authorization",
    providerARNs: [],
    at: at(30),
    ...given,
  });
  const open = sampleIntegration({ type: "MOCK" });
  const guarded = method({ authorizationType: "CUSTOM", authorizerId: "a1", methodIntegration: open });
  const paths = { "/a": [guarded], "/b": [guarded] };

  test.each([
    ["its own ARN", "petstore/authorizers/a1", true],
    ["all authorizers, as SAM writes it", "petstore/authorizers/*", true],
    ["everything of two parts, as frameworks write it", "petstore/*/*", true],
    ["another authorizer", "petstore/authorizers/a2", false],
    ["a method", "petstore/test/GET/a", false],
  ])("a permission for %s: %s", (_, source, allowed) => {
    const { findings, methodAt } = compiledWith({
      access: allowing(permission(source)),
      authorizers: [authorizer()],
      paths,
    });
    expect(findings.map(({ rule }) => rule)).toEqual(allowed ? [] : ["invoke-permission-missing"]);
    const { authorization } = methodAt("/a", "GET");
    expect(authorization.type === "CUSTOM" && authorization.authorizer.invokeRefusal === undefined).toBe(allowed);
  });

  test("without one is one finding at the authorizer, however many methods have it, and none if no method has it", () => {
    const { findings } = compiledWith({ access: NOBODY, authorizers: [authorizer()], paths });
    expect(findings).toMatchObject([
      {
        rule: "invoke-permission-missing",
        effect: "none",
        at: at(30),
        logicalId: "jwt",
        message: expect.stringContaining('authorizer "jwt" will answer as on AWS, 500 {"message":null}: no permission'),
        fix: expect.stringContaining("${API}/authorizers/a1"),
      },
    ]);
    const unused = { "/a": [method({ methodIntegration: open })] };
    expect(compiledWith({ access: NOBODY, authorizers: [authorizer()], paths: unused }).findings).toEqual([]);
  });

  test("cannot be invoked with the caller's credentials: there are none yet", () => {
    const authorizers = [authorizer({ authorizerCredentials: CALLER })];
    expect(compiledWith({ authorizers, paths }).findings).toMatchObject([{ rule: "invoke-caller-not-iam" }]);
  });
});

test("one finding tells of all methods that fail for the same reason, by name as far as five more", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const paths = Object.fromEntries(names.map((name) => [`/${name}`, [method()]]));
  const { findings } = compiledWith({ access: NOBODY, paths });
  expect(findings).toHaveLength(1);
  expect(findings[0]?.message).toMatch(
    /^GET \/a will answer as on AWS, 500 \{"message": "Internal server error"\}: no permission .* The same holds for GET \/b, GET \/c, GET \/d, GET \/e, GET \/f and 2 more\.$/,
  );
});

import { describe, expect, test } from "vitest";
import { FUNCTION_URI, sampleApi, sampleIntegration, sampleMethod } from "../../../test/rest-api-samples.ts";
import type { Finding } from "../../model/finding.ts";
import type { Authorizer, JwtIssuer, Method, RestApi, Stage } from "../../model/rest-api.ts";
import { type CompileOptions, compile } from "./compile.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";

const AT = { file: "api.yaml", line: 7, column: 3 };

function authorizer(given: Partial<Authorizer> = {}): Authorizer {
  return {
    id: "a1",
    name: "jwt",
    type: "TOKEN",
    authorizerUri: FUNCTION_URI,
    identitySource: "method.request.header.Authorization",
    providerARNs: [],
    at: AT,
    ...given,
  };
}

interface Given {
  readonly method?: Partial<Method>;
  readonly authorizer?: Partial<Authorizer>;
  readonly api?: Partial<RestApi>;
  readonly stage?: Partial<Stage>;
  readonly options?: Partial<CompileOptions>;
}

const JWT_ISSUER: JwtIssuer = { issuer: "https://i.example", audience: ["a"], requiredClaims: [] };

function jwt(issuers: readonly JwtIssuer[] = [JWT_ISSUER]): Partial<Authorizer> {
  return { type: "JWT", jwtConfiguration: { issuers } };
}

const jwtMethod: Given = { method: { authorizationType: "JWT", authorizerId: "a1" } };

/** An API with `GET /pets`, behind an authorizer when one is given. */
function compileGiven(given: Given = {}) {
  const guarded = given.authorizer && { authorizationType: "CUSTOM" as const, authorizerId: "a1" };
  const api = sampleApi({
    resources: [{ id: "r1", path: "/pets", resourceMethods: [sampleMethod({ ...guarded, ...given.method })] }],
    authorizers: given.authorizer ? [authorizer(given.authorizer)] : [],
    ...given.api,
  });
  const stage = { stageName: "test", variables: {}, ...given.stage };
  return compile(api, stage, {
    region: "us-east-1",
    accountId: "000000000000",
    partition: "aws",
    deploymentId: "dep123",
    hasFunction: () => true,
    accepts: () => false,
    ...given.options,
  });
}

function methodOf(deployment: RestDeployment | undefined): CompiledMethod {
  const match = deployment?.tree.match("/pets", "GET");
  if (match?.outcome !== "matched") throw new Error("GET /pets is not deployed");
  return match.leaf;
}

function authorizerOf(given: Given) {
  const { authorization } = methodOf(compileGiven(given).deployment);
  if (authorization.type !== "CUSTOM") throw new Error("there is no authorizer");
  return authorization.authorizer;
}

const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
const COGNITO = {
  type: "COGNITO_USER_POOLS",
  identitySource: "method.request.header.X-Token",
  providerARNs: [POOL],
} as const;

const rulesOf = (findings: readonly Finding[]): string[] => findings.map(({ rule }) => rule);

describe("a route that is not understood answers 501, and lets nobody in should that ever change", () => {
  test.each<[string, Given, string]>([
    ["a finding of the loader", { method: { notServed: finding("loader-said-so", "route") } }, "loader-said-so"],
    ["no integration", { method: withoutIntegration() }, "integration-missing"],
    [
      "an authorizer that nobody defines",
      { method: { authorizationType: "CUSTOM", authorizerId: "other" } },
      "authorizer-unknown",
    ],
    ["CUSTOM without an authorizer", { method: { authorizationType: "CUSTOM" } }, "authorizer-unknown"],
    [
      "COGNITO_USER_POOLS without an authorizer",
      { method: { authorizationType: "COGNITO_USER_POOLS" } },
      "authorizer-unknown",
    ],
    [
      "COGNITO_USER_POOLS with a Lambda authorizer",
      { authorizer: {}, method: { authorizationType: "COGNITO_USER_POOLS" } },
      "authorizer-type-mismatch",
    ],
    [
      "COGNITO_USER_POOLS with a JWT authorizer",
      { authorizer: jwt(), method: { authorizationType: "COGNITO_USER_POOLS" } },
      "authorizer-type-mismatch",
    ],
    [
      "CUSTOM with a Cognito authorizer",
      { authorizer: COGNITO, method: { authorizationType: "CUSTOM" } },
      "authorizer-type-mismatch",
    ],
    [
      "JWT with a Cognito authorizer",
      { authorizer: COGNITO, method: { authorizationType: "JWT" } },
      "authorizer-type-mismatch",
    ],
    [
      "a Cognito authorizer without a user pool",
      { authorizer: { ...COGNITO, providerARNs: [] }, method: { authorizationType: "COGNITO_USER_POOLS" } },
      "authorizer-invalid",
    ],
    ["JWT without an authorizer", { method: { authorizationType: "JWT" } }, "authorizer-unknown"],
    [
      "JWT with a Lambda authorizer",
      { authorizer: {}, method: { authorizationType: "JWT" } },
      "authorizer-type-mismatch",
    ],
    [
      "CUSTOM with a JWT authorizer",
      { authorizer: jwt(), method: { authorizationType: "CUSTOM" } },
      "authorizer-type-mismatch",
    ],
    ["a JWT authorizer without configuration", { ...jwtMethod, authorizer: { type: "JWT" } }, "authorizer-invalid"],
    ["a JWT authorizer without issuers", { ...jwtMethod, authorizer: jwt([]) }, "authorizer-invalid"],
    [
      "a JWT authorizer whose issuer has no audience",
      { ...jwtMethod, authorizer: jwt([{ issuer: "https://i.example", audience: [], requiredClaims: [] }]) },
      "authorizer-invalid",
    ],
    [
      "a JWT authorizer that names an issuer twice",
      { ...jwtMethod, authorizer: jwt([JWT_ISSUER, { ...JWT_ISSUER, audience: ["b"] }]) },
      "authorizer-invalid",
    ],
    [
      "a JWT authorizer that reads the query",
      { ...jwtMethod, authorizer: { ...jwt(), identitySource: "method.request.querystring.token" } },
      "authorizer-invalid",
    ],
    [
      "a JWT authorizer that reads two headers",
      { ...jwtMethod, authorizer: { ...jwt(), identitySource: "method.request.header.A,method.request.header.B" } },
      "authorizer-invalid",
    ],
    [
      "a type that AWS may invent",
      { method: { authorizationType: "MAGIC" as Method["authorizationType"] } },
      "authorization-type-unsupported",
    ],
    [
      "a name of Object.prototype as type",
      { method: { authorizationType: "constructor" as "NONE" } },
      "authorization-type-unsupported",
    ],
    ["an authorizer of a type that is not served", { authorizer: { type: "MAGIC" as "TOKEN" } }, "authorizer-invalid"],
    ["an authorizer without a function", { authorizer: { authorizerUri: "" } }, "authorizer-invalid"],
    [
      "an authorizer whose function a missing stage variable names",
      { authorizer: { authorizerUri: FUNCTION_URI.replace(":pets/", `:$\{stageVariables.fn}/`) } },
      "authorizer-invalid",
    ],
    [
      "an identity source in another dialect",
      { authorizer: { identitySource: "$request.header.X" } },
      "authorizer-invalid",
    ],
    [
      "a TOKEN authorizer with two headers",
      { authorizer: { identitySource: "method.request.header.A, method.request.header.B" } },
      "authorizer-invalid",
    ],
    [
      "a TOKEN authorizer with a query parameter",
      { authorizer: { identitySource: "method.request.querystring.a" } },
      "authorizer-invalid",
    ],
    ["a TOKEN authorizer without identity source", { authorizer: { identitySource: "" } }, "authorizer-invalid"],
    [
      "a REQUEST authorizer that caches without identity source",
      { authorizer: { type: "REQUEST", identitySource: "" } },
      "authorizer-invalid",
    ],
    ["a TTL beyond an hour", { authorizer: { authorizerResultTtlInSeconds: 3601 } }, "authorizer-invalid"],
    ["a negative TTL", { authorizer: { authorizerResultTtlInSeconds: -1 } }, "authorizer-invalid"],
    [
      "a validation expression that is none",
      { authorizer: { identityValidationExpression: "(" } },
      "authorizer-invalid",
    ],
    [
      "an authorizer function without code",
      { authorizer: {}, options: { hasFunction: () => false } },
      "function-without-code",
    ],
    [
      "an integration function without code",
      {
        method: { methodIntegration: sampleIntegration({ type: "AWS_PROXY", httpMethod: "POST", uri: FUNCTION_URI }) },
        options: { hasFunction: () => false },
      },
      "function-without-code",
    ],
  ])("%s", (_what, given, rule) => {
    // Accepting a finding opens no route: only what decides for the whole API can be accepted.
    for (const accepts of [() => false, () => true]) {
      const { deployment, findings } = compileGiven({ ...given, options: { ...given.options, accepts } });
      expect(rulesOf(findings)).toContain(rule);
      const { notServed, authorization } = methodOf(deployment);
      expect(notServed).toMatchObject({ rule, route: "GET /pets", effect: "route" });
      expect(authorization).toEqual({ type: "AWS_IAM" });
    }
  });

  test("and the other routes are served", () => {
    const open = { id: "r2", path: "/open", resourceMethods: [sampleMethod()] };
    const bad = { id: "r1", path: "/pets", resourceMethods: [sampleMethod({ authorizationType: "JWT" })] };
    const { deployment } = compileGiven({ api: { resources: [bad, open] } });
    const match = deployment?.tree.match("/open", "GET");
    expect(match).toMatchObject({ outcome: "matched", leaf: { authorization: { type: "NONE" } } });
    expect(match).not.toHaveProperty("leaf.notServed");
  });
});

test("a JWT authorizer is compiled with the method's scopes, and its header is kept out of records", () => {
  const { deployment, findings } = compileGiven({
    authorizer: { ...jwt(), identitySource: "method.request.header.X-Token" },
    method: { authorizationType: "JWT", authorizationScopes: ["read:pets"] },
  });
  expect(findings).toEqual([]);
  expect(methodOf(deployment).authorization).toMatchObject({
    type: "JWT",
    scopes: ["read:pets"],
    authorizer: {
      lowerCaseHeader: "x-token",
      issuers: new Map([
        [
          "https://i.example",
          {
            issuer: "https://i.example",
            audiences: ["a"],
            algorithms: ["RS256", "RS384", "RS512"],
            requiredClaims: [],
          },
        ],
      ]),
    },
  });
  expect(deployment?.identityHeaders).toContain("x-token");
});

describe("a resource policy that is not understood", () => {
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Surprise: 1 }] };

  test("keeps the whole API from being served", () => {
    const { deployment, findings } = compileGiven({ api: { policy } });
    expect(deployment).toBeUndefined();
    expect(findings).toMatchObject([
      { rule: "resource-policy-not-understood", effect: "api", logicalId: "petstore", at: { file: "api.yaml" } },
    ]);
  });

  test("is left out only where the user accepts just that finding", () => {
    const accepting = (wanted: string) => ({
      accepts: ({ rule, logicalId }: Finding) => `${rule}@${logicalId}` === wanted,
    });
    expect(
      compileGiven({ api: { policy }, options: accepting("resource-policy-not-understood@other") }),
    ).not.toHaveProperty("deployment");
    const { deployment } = compileGiven({
      api: { policy },
      options: accepting("resource-policy-not-understood@petstore"),
    });
    expect(deployment).toBeDefined();
    expect(deployment).not.toHaveProperty("resourcePolicy");
  });

  test("an understood one is part of the deployment, its short forms filled in", () => {
    const good = {
      Statement: [{ Effect: "Deny", Principal: "*", Action: "*", Resource: "execute-api:/test/GET/pets" }],
    };
    const { deployment } = compileGiven({ api: { policy: good } });
    expect(deployment?.resourcePolicy?.statements[0]?.resources.patterns[0]?.text).toContain("petstore/test/GET/pets");
  });
});

describe("an authorizer", () => {
  test("keeps results for 300 seconds unless it says otherwise (D)", () => {
    expect(authorizerOf({ authorizer: {} }).ttlMs).toBe(300_000);
    expect(authorizerOf({ authorizer: { authorizerResultTtlInSeconds: 0 } }).ttlMs).toBe(0);
    expect(authorizerOf({ authorizer: { authorizerResultTtlInSeconds: 3600 } }).ttlMs).toBe(3_600_000);
  });

  test("of type REQUEST may have no identity source when it does not cache (D)", () => {
    const given = { type: "REQUEST", identitySource: "", authorizerResultTtlInSeconds: 0 } as const;
    expect(authorizerOf({ authorizer: given }).identitySources).toEqual([]);
  });

  test("compares its validation expression with whole values", () => {
    const { validation } = authorizerOf({ authorizer: { identityValidationExpression: "Bearer [a-z.]+" } });
    const matches = ["Bearer a.b.c", "Bearer a.b.c!", "xBearer a", "bearer a"].map((value) =>
      validation?.matches(value),
    );
    expect(matches).toEqual([true, false, false, false]);
  });

  test("of type REQUEST has no validation expression, and an empty one is none", () => {
    const expression = { identityValidationExpression: "never" };
    expect(authorizerOf({ authorizer: { ...expression, type: "REQUEST" } })).not.toHaveProperty("validation");
    expect(authorizerOf({ authorizer: { identityValidationExpression: "" } })).not.toHaveProperty("validation");
  });

  test("has its function's name filled in from stage variables", () => {
    const uri = FUNCTION_URI.replace(":pets/", `:$\{stageVariables.fn}/`);
    const { functionArn } = authorizerOf({ authorizer: { authorizerUri: uri }, stage: { variables: { fn: "blue" } } });
    expect(functionArn).toBe("arn:aws:lambda:us-east-1:000000000000:function:blue");
  });

  test("shares no cached result with another API, stage, authorizer, or an earlier setting of its own", () => {
    const uri = FUNCTION_URI.replace(":pets/", `:$\{stageVariables.fn}/`);
    const blue = { variables: { fn: "blue" } };
    const cases: Given[] = [
      { authorizer: { authorizerUri: uri }, stage: blue },
      { authorizer: { authorizerUri: uri }, stage: { variables: { fn: "green" } } },
      { authorizer: { authorizerUri: uri }, stage: { ...blue, stageName: "prod" } },
      { authorizer: { authorizerUri: uri }, stage: blue, api: { apiId: "other" } },
      { authorizer: { authorizerUri: uri, id: "a2" }, method: { authorizerId: "a2" }, stage: blue },
      { authorizer: { authorizerUri: uri, authorizerResultTtlInSeconds: 60 }, stage: blue },
      { authorizer: { authorizerUri: uri, identitySource: "method.request.header.X" }, stage: blue },
      { authorizer: { authorizerUri: uri, identityValidationExpression: ".+" }, stage: blue },
      { authorizer: { authorizerUri: uri, type: "REQUEST" }, stage: blue },
    ];
    const prefixes = cases.map((given) => authorizerOf(given).cachePrefix);
    expect(new Set(prefixes).size).toBe(cases.length);
    expect(authorizerOf(cases[0] as Given).cachePrefix).toBe(prefixes[0]);
  });

  test("makes its identity header one whose value no record keeps, in any casing", () => {
    const { deployment } = compileGiven({ authorizer: { identitySource: "method.request.header.X-Pet-Token" } });
    for (const name of ["x-pet-token", "authorization", "cookie", "x-api-key", "x-amz-security-token"]) {
      expect(deployment?.identityHeaders.has(name)).toBe(true);
    }
  });
});

test("an access log format that is none is told, and nothing is logged", () => {
  const accessLog = { format: "$input.body $context.requestId", destination: "-" };
  const { deployment, findings } = compileGiven({ stage: { accessLog } });
  expect(findings).toMatchObject([{ rule: "access-log-format-invalid", effect: "none" }]);
  expect(deployment).not.toHaveProperty("accessLog");
});

test("a deployment knows its place, its stage's variables and whether its default endpoint is disabled", () => {
  const { deployment } = compileGiven({
    api: { disableExecuteApiEndpoint: true, minimumCompressionSize: 0 },
    stage: { variables: { a: "1" } },
  });
  expect(deployment).toMatchObject({
    apiId: "petstore",
    stageName: "test",
    deploymentId: "dep123",
    partition: "aws",
    stageVariables: { a: "1" },
    disableExecuteApiEndpoint: true,
    minimumCompressionSize: 0,
  });
  expect(compileGiven().deployment).not.toHaveProperty("disableExecuteApiEndpoint");
});

function finding(rule: string, effect: Finding["effect"]): Finding {
  return { rule, severity: "error", effect, message: "", fix: "", at: AT };
}

function withoutIntegration(): Partial<Method> {
  const { methodIntegration: _none, ...rest } = sampleMethod();
  return { ...rest, methodIntegration: undefined } as unknown as Partial<Method>; // as a file without one gives it
}

test.each([
  ["the pool's own issuer", {}, "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"],
  [
    "the issuer that the project names for the pool",
    { issuerOfUserPool: (arn: string) => (arn === POOL ? "http://localhost:4567/us-east-1_abc" : undefined) },
    "http://localhost:4567/us-east-1_abc",
  ],
  [
    "the pool's own where another is named for another pool",
    { issuerOfUserPool: (arn: string) => (arn === `${POOL}x` ? "http://localhost:4567/" : undefined) },
    "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
  ],
])(
  "a Cognito authorizer is compiled with the method's scopes and %s, and its header is kept out of records",
  (_, options, issuer) => {
    const { deployment, findings } = compileGiven({
      authorizer: COGNITO,
      method: { authorizationType: "COGNITO_USER_POOLS", authorizationScopes: ["shop/read"] },
      options,
    });
    expect(findings).toEqual([]);
    expect(methodOf(deployment).authorization).toMatchObject({
      type: "COGNITO_USER_POOLS",
      scopes: ["shop/read"],
      authorizer: { lowerCaseHeader: "x-token", issuers: new Map([[issuer, { issuer, algorithms: ["RS256"] }]]) },
    });
    expect(deployment?.identityHeaders).toContain("x-token");
  },
);

import { describe, expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import type { Method } from "../../model/rest-api.ts";
import { readDocument } from "../document.ts";
import { type LoadedRestApi, loadOpenApi } from "./load-rest-api.ts";

const LAMBDA =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations";
const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
const HEAD = 'openapi: 3.0.1\ninfo: {title: t, version: "1"}\n';
const MOCK = "x-amazon-apigateway-integration: {type: mock}";
/** Sources are columns after this. */
const SCHEME = "type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: custom";

function load(text: string): LoadedRestApi {
  const verdict = readDocument("api.yaml", text);
  if (!verdict.ok) throw new Error(verdict.findings[0]?.message);
  return loadOpenApi(verdict.document, { apiId: "api" });
}

const shape = ({ rule, effect, severity, at, route, logicalId }: Finding): string =>
  `${at.line}:${at.column} ${rule} ${effect === "none" ? severity : effect} ${route ?? logicalId ?? ""}`.trim();

function method(loaded: LoadedRestApi, path: string, httpMethod = "GET"): Method | undefined {
  const resource = loaded.api?.resources.find((each) => each.path === path);
  return resource?.resourceMethods.find((each) => each.httpMethod === httpMethod);
}

/** One operation on line 4 of a document, from column 5 of line 5. */
function operation(lines: string, rest = ""): LoadedRestApi {
  const indented = lines.trim().replace(/^/gm, "      ");
  return load(`${HEAD}paths:\n  /pets:\n    get:\n${indented}\n${rest}`);
}

describe("security", () => {
  const schemes = (text: string): string => `components:\n  securitySchemes:\n    s: {${text}}`;
  /** The authorizer's properties are alone on line 12. */
  const authorizer = (text: string): string =>
    schemes(`${SCHEME},\n      x-amazon-apigateway-authorizer: {\n      ${text}}`);
  const secured = (text: string, security = "security: [s: []]"): LoadedRestApi =>
    operation(`${security}\n${MOCK}`, text);

  test("the header of the scheme is the identity source of a TOKEN authorizer that names none", () => {
    const loaded = secured(authorizer(`type: token, authorizerUri: "${LAMBDA}"`));
    expect(loaded.findings).toEqual([]);
    const [found] = loaded.api?.authorizers ?? [];
    expect(found).toMatchObject({ name: "s", type: "TOKEN", identitySource: "method.request.header.Authorization" });
    expect(found).not.toHaveProperty("authorizerResultTtlInSeconds");
    expect(method(loaded, "/pets")).toMatchObject({ authorizationType: "CUSTOM", authorizerId: found?.id });
  });

  test("a Cognito authorizer keeps its pools and its expression, and its method the scopes", () => {
    const loaded = secured(
      authorizer(
        `type: cognito_user_pools, identityValidationExpression: "abc.*", providerARNs: ["${POOL}", "${POOL}d"]`,
      ),
      "security: [s: [shop/read]]",
    );
    expect(loaded.findings).toEqual([]);
    const [found] = loaded.api?.authorizers ?? [];
    expect(found).toMatchObject({
      type: "COGNITO_USER_POOLS",
      identitySource: "method.request.header.Authorization",
      identityValidationExpression: "abc.*",
      providerARNs: [POOL, `${POOL}d`],
    });
    expect(method(loaded, "/pets")).toMatchObject({
      authorizationType: "COGNITO_USER_POOLS",
      authorizerId: found?.id,
      authorizationScopes: ["shop/read"],
    });
  });

  test.each([
    ["type: oauth2, flows: {}", 'has the type "oauth2", and AWS reads only apiKey'],
    [
      `type: http, scheme: bearer, x-amazon-apigateway-authtype: custom, x-amazon-apigateway-authorizer: {type: token, authorizerUri: "${LAMBDA}"}`,
      'has the type "http"',
    ],
    ["type: apiKey, name: Authorization, in: header", "has no x-amazon-apigateway-authorizer"],
    ["type: apiKey, name: x-api-key, in: query", "has no x-amazon-apigateway-authorizer"],
    [
      `type: apiKey, name: A, in: header, x-amazon-apigateway-authorizer: {type: token, authorizerUri: "${LAMBDA}"}`,
      "has no x-amazon-apigateway-authtype",
    ],
    ["type: apiKey, name: A, in: header, x-amazon-apigateway-authtype: awsNew", "which AWS reserves"],
  ])("a method that AWS would import open is not served: %s", (scheme, message) => {
    const loaded = secured(schemes(scheme));
    expect(loaded.findings.map(shape)).toContain("6:18 openapi-scheme-incomplete route GET /pets");
    expect(loaded.findings.find((each) => each.effect === "route")?.message).toContain(message);
    expect(method(loaded, "/pets")?.notServed?.rule).toBe("openapi-scheme-incomplete");
  });

  // The mark ^ stands before the place of the finding; without it the place is the extension's own.
  test.each<[string, string[], string]>([
    ["type: token", ["authorizer-property-invalid"], "has no authorizerUri"],
    [
      "authorizerUri: x",
      ["authorizer-property-invalid"],
      "has no type, wanted token, request, cognito_user_pools, jwt",
    ],
    [
      `type: request, authorizerUri: "${LAMBDA}"`,
      ["authorizer-property-invalid"],
      "no identitySource to tell callers apart",
    ],
    [
      "type: token, authorizerUri: ^arn:aws:lambda:us-east-1:1:function:f",
      ["authorizer-property-invalid"],
      "must contain path or action",
    ],
    ["type: cognito_user_pools", ["authorizer-user-pool"], "is not there, wanted one or more of arn:"],
    ["type: cognito_user_pools, ^providerARNs: []", ["authorizer-user-pool"], "is an empty list"],
    [`type: cognito_user_pools, providerARNs: ^"${POOL}"`, ["authorizer-user-pool"], "wanted one or more of arn:"],
    [`type: cognito_user_pools, providerARNs: ["${POOL}", ^x]`, ["authorizer-user-pool"], 'names "x"'],
    [
      "type: cognito_user_pools, providerARNs: [^{Fn::GetAtt: [Users, Arn]}]",
      ["authorizer-user-pool"],
      "Fn::GetAtt, which only a CloudFormation template resolves",
    ],
    [
      `type: cognito_user_pools, providerARNs: ["${POOL}"], identitySource: ^method.request.querystring.token`,
      ["identity-source-syntax"],
      "exactly one method.request.header.NAME",
    ],
    [
      `type: cognito_user_pools, ^userPools: [], providerARNs: ["${POOL}"]`,
      ["authorizer-property-unknown"],
      '"userPools"',
    ],
    ["type: jwt", ["authorizer-property-invalid"], "has no jwtConfiguration"],
    [
      `type: token, ^jwtConfiguration: {}, authorizerUri: "${LAMBDA}"`,
      ["authorizer-property-unknown"],
      '"jwtConfiguration"',
    ],
    [
      `type: token, authorizerResultTtlInSeconds: ^3601, authorizerUri: "${LAMBDA}"`,
      ["authorizer-property-invalid"],
      "3601, wanted a whole number from 0 to 3600",
    ],
    [
      `type: token, identitySource: ^$request.header.Authorization, authorizerUri: "${LAMBDA}"`,
      ["identity-source-syntax", "identity-source-syntax"],
      "wanted method.request.header.NAME",
    ],
    [
      `type: token, identitySource: ^"method.request.header.A, method.request.header.B", authorizerUri: "${LAMBDA}"`,
      ["identity-source-syntax"],
      "exactly one method.request.header.NAME",
    ],
    [
      `type: request, identitySource: ^method.request.path.id, authorizerUri: "${LAMBDA}"`,
      ["identity-source-syntax"],
      '"method.request.path.id"',
    ],
    [`type: token, ^ttl: 1, authorizerUri: "${LAMBDA}"`, ["authorizer-property-unknown"], '"ttl"'],
  ])("an authorizer that cannot be used as written keeps the API from being served: %s", (marked, rules, message) => {
    const place = marked.includes("^") ? `12:${marked.indexOf("^") + 7}` : "11:7";
    const loaded = secured(authorizer(marked.replace("^", "")));
    const api = loaded.findings.filter((each) => each.effect === "api");
    expect(api.map(shape)).toEqual(rules.map((rule) => `${place} ${rule} api s`));
    expect(api[0]?.message).toContain(message);
    // Accepting the finding serves the API, never the method.
    expect(method(loaded, "/pets")?.notServed).toBeDefined();
  });

  test("an authorizer that no method uses decides nothing", () => {
    const loaded = secured(authorizer("type: cognito_user_pools"), "security: []");
    expect(loaded.findings.map(shape)).toEqual(["11:7 authorizer-user-pool warning s"]);
    expect(method(loaded, "/pets")?.notServed).toBeUndefined();
  });

  test("a REQUEST authorizer without caching needs no identity source", () => {
    const text = `type: request, authorizerResultTtlInSeconds: 0, authorizerUri: "${LAMBDA}"`;
    expect(secured(authorizer(text)).findings).toEqual([]);
  });

  test("NONE opens a method where no scheme has that name, as SAM writes it, also beside an API key", () => {
    const own = authorizer(`type: token, authorizerUri: "${LAMBDA}"`);
    const open = method(secured(own, "security: [NONE: []]"), "/pets");
    expect(open).toMatchObject({ authorizationType: "NONE", apiKeyRequired: false });
    expect(open?.notServed).toBeUndefined();
    const defined = method(secured(own.replace("s: {", "NONE: {"), "security: [NONE: []]"), "/pets");
    expect(defined).toMatchObject({ authorizationType: "CUSTOM" });
    expect(method(secured(own, "security: [none: []]"), "/pets")?.notServed?.rule).toBe("openapi-scheme-missing");
  });

  test("a scheme that is not defined is refused with the nearest name", () => {
    const loaded = secured(
      authorizer(`type: token, authorizerUri: "${LAMBDA}"`).replace("s: {", "lambda: {"),
      "security: [lamdba: []]",
    );
    expect(loaded.findings.filter((each) => each.effect === "route").map(shape)).toEqual([
      "6:18 openapi-scheme-missing route GET /pets",
    ]);
    expect(loaded.findings[0]?.fix).toContain("Write lambda if that is what is meant");
  });

  const two = `components:
  securitySchemes:
    a: {${SCHEME}, x-amazon-apigateway-authorizer: {type: token, authorizerUri: "${LAMBDA}"}}
    b: {${SCHEME}, x-amazon-apigateway-authorizer: {type: token, authorizerUri: "${LAMBDA}"}}
    key: {type: apiKey, name: X-Api-Key, in: header}
    iam: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}
    oauth: {type: oauth2, flows: {}}`;

  test.each<[string, string[], Partial<Method>]>([
    ["security: [a: []]", [], { authorizationType: "CUSTOM", apiKeyRequired: false }],
    ["security: [{a: [], key: []}]", [], { authorizationType: "CUSTOM", apiKeyRequired: true }],
    ["security: [key: []]", [], { authorizationType: "NONE", apiKeyRequired: true }],
    ["security: [iam: []]", [], { authorizationType: "AWS_IAM", apiKeyRequired: false }],
    ["security: []", [], { authorizationType: "NONE", apiKeyRequired: false }],
    [
      "security: [a: [], key: []]",
      ["6:7 security-alternatives-both info"],
      { authorizationType: "CUSTOM", apiKeyRequired: true },
    ],
    ["security: [a: [], b: []]", ["6:7 openapi-scheme-incomplete route GET /pets"], {}],
    ["security: [{a: [], b: []}]", ["6:7 openapi-scheme-incomplete route GET /pets"], {}],
    ["security: [a: [], {}]", ["6:25 openapi-scheme-incomplete route GET /pets"], {}],
    ["security: [a: [], oauth: []]", ["6:25 openapi-scheme-incomplete route GET /pets"], {}],
    [
      "security: [a: [read]]",
      ["6:18 scopes-not-enforced warning"],
      { authorizationType: "CUSTOM", authorizationScopes: [] },
    ],
    ["security: {a: []}", ["6:7 openapi-shape route GET /pets"], {}],
    ["security: [a]", ["6:18 openapi-shape route GET /pets"], {}],
    ["x-amazon-apigateway-auth: {type: AWS_IAM}", [], { authorizationType: "AWS_IAM" }],
    ["x-amazon-apigateway-auth: {type: NONE}", [], { authorizationType: "NONE" }],
    ["x-amazon-apigateway-auth: {type: OPEN}", ["6:40 auth-type-invalid route GET /pets"], {}],
    ["x-amazon-apigateway-auth: {type: NONE}\nsecurity: [a: []]", ["6:7 auth-conflict route GET /pets"], {}],
    ["x-amazon-apigateway-auth: {type: AWS_IAM}\nsecurity: [iam: []]", [], { authorizationType: "AWS_IAM" }],
    ["secuirty: [a: []]", ["6:7 openapi-key-unknown route GET /pets"], {}],
    ["x-amazon-apigateway-authorizer: {type: token}", ["6:7 extension-misplaced route GET /pets"], {}],
    ["x-amazon-apigateway-athu: {type: AWS_IAM}", ["6:7 extension-unknown route GET /pets"], {}],
  ])("%s", (security, expected, wanted) => {
    const loaded = operation(`${security}\n${MOCK}`, two);
    const findings = loaded.findings.filter((each) => each.rule !== "authorizer-not-attached");
    expect(findings.map(shape)).toEqual(expected);
    const found = method(loaded, "/pets");
    expect(found?.notServed === undefined).toBe(!findings.some((each) => each.effect === "route"));
    expect(found).toMatchObject(wanted);
  });

  test.each<[string, string, Partial<Method>, string[]]>([
    ["security: [a: []]", "", { authorizationType: "CUSTOM" }, ["openapi-global-security"]],
    ["security: [a: []]", "security: []", { authorizationType: "NONE" }, ["openapi-global-security"]],
    ["security: [a: []]", "security: [iam: []]", { authorizationType: "AWS_IAM" }, ["openapi-global-security"]],
    [
      "security: [a: []]",
      "x-amazon-apigateway-auth: {type: NONE}",
      { authorizationType: "NONE" },
      ["openapi-global-security"],
    ],
    ["x-amazon-apigateway-auth: {type: AWS_IAM}", "", { authorizationType: "AWS_IAM" }, []],
    ["x-amazon-apigateway-auth: {type: AWS_IAM}", "security: [a: []]", { authorizationType: "CUSTOM" }, []],
    ["x-amazon-apigateway-auth: {type: AWS_IAM}", "security: []", { notServed: expect.anything() }, ["auth-conflict"]],
    [
      "security: [oauth: []]",
      "",
      { notServed: expect.anything() },
      ["openapi-scheme-incomplete", "openapi-global-security"],
    ],
  ])("root %j with operation %j", (root, own, wanted, rules) => {
    const loaded = operation(`${own}\n${MOCK}`.trim(), `${two}\n${root}`);
    expect(method(loaded, "/pets")).toMatchObject(wanted);
    expect(loaded.findings.map((each) => each.rule).filter((rule) => rule !== "authorizer-not-attached")).toEqual(
      rules,
    );
  });

  test.each<[string, string[]]>([
    ["^Bearer [-0-9a-zA-Z.]*$", ["token-regex-base64url"]],
    ["^Bearer [-0-9a-zA-z.]*$", ["token-regex-base64url"]],
    ["^Bearer ", ["token-regex-rejects"]],
    ["^Bearer [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$", []],
    // Catastrophic in a backtracking engine: given up on, not waited for.
    ["^(([A-Za-z0-9._-]+)+)+!$", []],
    ["(", []],
  ])("the token expression %s is advised on: %j", (expression, rules) => {
    const text = `type: token, identityValidationExpression: '${expression}', authorizerUri: "${LAMBDA}"`;
    expect(secured(authorizer(text)).findings.map((each) => each.rule)).toEqual(rules);
  });
});

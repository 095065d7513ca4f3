import { describe, expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import type { Method } from "../../model/rest-api.ts";
import { readDocument } from "../document.ts";
import { MAX_PATH_CHARACTERS } from "../resource-tree.ts";
import { type LoadedRestApi, loadOpenApi } from "./load-rest-api.ts";

const LAMBDA =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations";
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

const INTEGRATION = "x-amazon-apigateway-integration:\n";

describe("integrations", () => {
  test.each<[string, string, string]>([
    ["operationId: x", "5:5 integration-missing route GET /pets", "No integration defined for method"],
    [
      `${INTEGRATION}  type: HTTPS_PROXY`,
      "7:15 integration-type-unsupported route GET /pets",
      '"HTTPS_PROXY", wanted AWS_PROXY',
    ],
    [`${INTEGRATION}  uri: x`, "6:7 integration-property-invalid route GET /pets", "has no type"],
    [
      `${INTEGRATION}  type: http\n  uri: https://x.test`,
      "6:7 integration-property-invalid route GET /pets",
      "Enumeration value for HttpMethod must be non-empty",
    ],
    [
      `${INTEGRATION}  type: http\n  httpMethod: GET\n  uri: ftp://x`,
      "9:14 integration-uri-invalid route GET /pets",
      "Invalid HTTP endpoint specified for URI",
    ],
    [
      `${INTEGRATION}  type: http\n  httpMethod: GRAB\n  uri: http://x`,
      "8:21 integration-property-invalid route GET /pets",
      'httpMethod is "GRAB"',
    ],
    [`${INTEGRATION}  type: aws_proxy`, "6:7 integration-uri-invalid route GET /pets", "has no uri"],
    [
      `${INTEGRATION}  type: aws_proxy\n  uri: nonsense`,
      "8:14 integration-uri-invalid route GET /pets",
      "Invalid ARN specified in the request",
    ],
    [
      `${INTEGRATION}  type: aws_proxy\n  uri: arn:aws:lambda:us-east-1:1:function:f`,
      "8:14 integration-uri-invalid route GET /pets",
      "AWS ARN for integration must contain path or action",
    ],
    [
      `${INTEGRATION}  type: aws\n  httpMethod: POST\n  uri: arn:aws:apigateway:us-east-1:sqs:path/1/queue`,
      "9:14 integration-service-unsupported route GET /pets",
      '"sqs"',
    ],
    [
      `${INTEGRATION}  type: aws_proxy\n  uri: {"Fn::Sub": x}`,
      "8:9 integration-property-invalid route GET /pets",
      "Fn::Sub, which only a CloudFormation template resolves",
    ],
    [
      `${INTEGRATION}  type: mock\n  timeoutInMillis: 49`,
      "8:26 integration-property-invalid route GET /pets",
      "timeoutInMillis is 49, wanted a whole number from 50 to 29000",
    ],
    [
      `${INTEGRATION}  type: mock\n  timeoutInMillis: 29001`,
      "8:26 integration-property-invalid route GET /pets",
      "29001",
    ],
    [
      `${INTEGRATION}  type: mock\n  passthroughBehavior: sometimes`,
      "8:30 integration-property-invalid route GET /pets",
      "wanted WHEN_NO_MATCH or WHEN_NO_TEMPLATES or NEVER",
    ],
    [
      `${INTEGRATION}  type: mock\n  contentHandling: TEXT`,
      "8:26 integration-property-invalid route GET /pets",
      "CONVERT_TO_BINARY or CONVERT_TO_TEXT",
    ],
    [
      `${INTEGRATION}  type: mock\n  connectionType: VPC_LINK`,
      "8:25 integration-vpc-link-unsupported route GET /pets",
      "VPC links are not supported",
    ],
    [
      `${INTEGRATION}  type: mock\n  responseTransferMode: stream`,
      "8:31 integration-streaming-unsupported route GET /pets",
      "only BUFFERED",
    ],
    [
      `${INTEGRATION}  type: mock\n  requestTemplate: {}`,
      "8:9 integration-property-unknown route GET /pets",
      '"requestTemplate"',
    ],
    [
      `${INTEGRATION}  type: mock\n  requestTemplates: {application/json: {statusCode: 200}}`,
      "8:28 mapping-template-invalid route GET /pets",
      "a mapping, wanted text",
    ],
    [
      `${INTEGRATION}  type: mock\n  requestTemplates: {"123": x}`,
      "8:28 mapping-template-invalid route GET /pets",
      "Invalid content type specified",
    ],
    [
      `${INTEGRATION}  type: mock\n  requestParameters: {integration.request.body.x: "'a'"}`,
      "8:29 mapping-target-invalid route GET /pets",
      "integration.request.header|querystring|path.NAME",
    ],
    [
      `${INTEGRATION}  type: mock\n  requestParameters: {integration.request.header.x: true}`,
      "8:59 mapping-expression-invalid route GET /pets",
      "true, wanted text",
    ],
    [
      `${INTEGRATION}  type: mock\n  responses: {default: {}}`,
      "8:21 integration-response-invalid route GET /pets",
      "no statusCode",
    ],
    [
      `${INTEGRATION}  type: mock\n  responses: {default: {statusCode: 2.5}}`,
      "8:43 integration-response-invalid route GET /pets",
      "statusCode is 2.5",
    ],
    [
      `${INTEGRATION}  type: mock\n  responses: {default: {statusCode: 600}}`,
      "8:43 integration-response-invalid route GET /pets",
      "100 to 599",
    ],
    [`${INTEGRATION}  $ref: '#/components/x'`, "6:7 http-api-only route GET /pets", "only HTTP APIs resolve"],
    [
      "x-amazon-apigateway-integration: mock",
      "6:40 integration-property-invalid route GET /pets",
      '"mock", wanted a mapping',
    ],
  ])("%s", (lines, expected, message) => {
    const loaded = operation(lines);
    expect(loaded.findings.map(shape)).toEqual([expected]);
    expect(loaded.findings[0]?.message).toContain(message);
    expect(method(loaded, "/pets")?.notServed).toBe(loaded.findings[0]);
  });

  test("names and words are read in any letter case, with AWS's defaults", () => {
    const loaded = operation(
      `${INTEGRATION}  type: Http_Proxy\n  httpMethod: any\n  uri: https://x.test/\n  passthroughBehavior: When_No_Templates`,
    );
    expect(loaded.findings).toEqual([]);
    expect(method(loaded, "/pets")?.methodIntegration).toMatchObject({
      type: "HTTP_PROXY",
      httpMethod: "ANY",
      passthroughBehavior: "WHEN_NO_TEMPLATES",
      timeoutInMillis: 29_000,
      connectionType: "INTERNET",
    });
  });

  test("a function named by a stage variable is a Lambda function", () => {
    const uri = LAMBDA.replace("function:f", "function:$" + "{stageVariables.name}");
    expect(operation(`${INTEGRATION}  type: aws_proxy\n  uri: ${uri}`).findings).toEqual([]);
  });
});

describe("parameters, models and responses", () => {
  test.each<[string, string[]]>([
    ["parameters: [{name: a b, in: query}]", ["6:27 parameter-invalid route GET /pets"]],
    ["parameters: [{name: a, in: query}, {name: a, in: header}]", ["6:42 parameter-invalid route GET /pets"]],
    ["parameters: [{name: a, in: cookie}]", ["6:34 parameter-dropped info"]],
    ["parameters: [{name: a, in: nowhere}]", ["6:34 parameter-invalid route GET /pets"]],
    ["parameters: [$ref: '#/components/parameters/None']", ["6:26 openapi-ref-unresolved route GET /pets"]],
    ["parameters: [$ref: other.yaml#/x]", ["6:26 openapi-ref-unresolved route GET /pets"]],
    [
      "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/None'}}}}",
      ["6:65 openapi-ref-unresolved route GET /pets"],
    ],
    [
      "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/a-b'}}}}",
      ["8:24 model-name-invalid warning a-b", "6:65 model-name-invalid route GET /pets"],
    ],
    [
      "requestBody: {content: {application/json: {schema: {type: array, minItems: 1}}}}",
      ["6:50 schema-keyword-dropped info"],
    ],
    ["responses: {2XX: {description: x}, default: {description: x}}", ["6:19 response-dropped info"]],
    ["responses: {'200': {headers: {'a b': {}}}}", ["6:37 parameter-invalid route GET /pets"]],
    ["x-amazon-apigateway-request-validator: all", ["6:46 request-validator-unknown route GET /pets"]],
  ])("%s", (line, expected) => {
    const loaded = operation(`${line}\n${MOCK}`, "components: {schemas: {a-b: {}}}");
    const findings = loaded.findings.filter((each) => line.includes("a-b") || each.logicalId !== "a-b");
    expect(findings.map(shape)).toEqual(expected);
  });

  test("a model that refers to no model keeps the API from being served", () => {
    const loaded = operation(
      MOCK,
      'components: {schemas: {Pet: {properties: {x: {$ref: "#/components/schemas/No"}}}}}',
    );
    expect(loaded.findings.map(shape)).toEqual(["7:24 openapi-ref-unresolved api Pet"]);
  });

  test("a parameter of the operation replaces the same one of the path", () => {
    const loaded = load(
      `${HEAD}paths:\n  /pets:\n    parameters: [{name: a, in: query, required: true}]\n    get: {parameters: [{name: a, in: query}], ${MOCK}}`,
    );
    expect(method(loaded, "/pets")?.requestParameters).toEqual({ "method.request.querystring.a": false });
  });
});

describe("paths", () => {
  const at = (paths: Record<string, string>): LoadedRestApi =>
    load(
      `${HEAD}paths:\n${Object.entries(paths)
        .map(([path, verb]) => `  "${path}":\n    ${verb}: {${MOCK}}`)
        .join("\n")}`,
    );
  const served = (loaded: LoadedRestApi): string[] =>
    (loaded.api?.resources ?? []).flatMap((each) =>
      each.resourceMethods.map((one) => `${one.httpMethod} ${each.path}${one.notServed ? " 501" : ""}`),
    );

  test.each<[Record<string, string>, string[], string[]]>([
    [{ "/a/{x}.json": "get" }, ["4:3 path-part-invalid route GET /a/{x}.json"], ["GET /a/{unreadable} 501"]],
    [{ "/a b": "get" }, ["4:3 path-part-invalid route GET /a b"], ["GET /a b 501"]],
    [
      { "/{id}": "get", "/{pet}/toys": "get" },
      ["6:3 path-sibling-variable route GET /{pet}/toys"],
      ["GET /{id}", "GET /{id}/toys 501"],
    ],
    [{ "/{id}": "get", "/{pet}": "get" }, ["6:3 path-sibling-variable route GET /{pet}"], ["GET /{id} 501"]],
    [
      { "/{id}": "get", "/{pet}": "post" },
      ["6:3 path-sibling-variable route POST /{pet}"],
      ["GET /{id}", "POST /{id} 501"],
    ],
    [
      { "/{id}": "get", "/{pet}": "x-amazon-apigateway-any-method" },
      ["6:3 path-sibling-variable route ANY /{pet}"],
      ["GET /{id} 501", "ANY /{id} 501"],
    ],
    [{ "/{id}": "get", "/{proxy+}": "get" }, ["6:3 path-sibling-variable route GET /{proxy+}"], ["ANY /{proxy+} 501"]],
    [{ "/{proxy+}": "get", "/{id}": "get" }, ["6:3 path-sibling-variable route GET /{id}"], ["ANY /{proxy+} 501"]],
    [
      { "/": "get", "/{proxy+}": "get", "/{proxy+}/x": "get" },
      ["8:3 path-greedy-child route GET /{proxy+}/x"],
      ["GET /", "ANY /{proxy+} 501"],
    ],
    [{ "/a": "get", "/a/": "get" }, ["6:3 trailing-slash info", "6:3 path-conflict route GET /a/"], ["GET /a 501"]],
    [{ "/a/": "get" }, ["4:3 trailing-slash info"], ["GET /a"]],
    [{ "/a": "gett" }, ["5:5 openapi-key-unknown route ANY /a", "3:1 api-without-methods api api"], ["ANY /a 501"]],
    [{ "/a": "trace" }, ["5:5 method-unsupported route TRACE /a", "3:1 api-without-methods api api"], []],
  ])("%j", (paths, findings, methods) => {
    const loaded = at(paths);
    const wanted = findings.filter((each) => !(paths["/a"] === "gett" && each.includes("api-without")));
    expect(loaded.findings.map(shape)).toEqual(wanted);
    expect(served(loaded)).toEqual(methods);
  });

  test("AWS's own words tell that only one sibling may be variable", () => {
    const [finding] = at({ "/{proxy+}": "get", "/{id}": "get" }).findings;
    expect(finding?.message).toBe(
      "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed",
    );
  });

  test("a path longer than any request can be is refused", () => {
    const long = `/${"a".repeat(MAX_PATH_CHARACTERS)}`;
    const get = { "x-amazon-apigateway-integration": { type: "mock" } };
    const loaded = load(
      JSON.stringify({ openapi: "3.0.1", info: { title: "t" }, paths: { "/b": { get }, [long]: { get } } }),
    );
    expect(loaded.findings.map((each) => each.rule)).toEqual(["path-too-long"]);
    expect(loaded.findings[0]?.message).toBe("The path has 8193 characters, the limit is 8192.");
  });

  test("a $ref that leads back to itself is refused, after a bounded number of steps", () => {
    const loaded = operation(
      `parameters: [$ref: '#/components/parameters/a']\n${MOCK}`,
      "components: {parameters: {a: {$ref: '#/components/parameters/b'}, b: {$ref: '#/components/parameters/a'}}}",
    );
    expect(loaded.findings.map(shape)).toEqual(["6:20 openapi-ref-unresolved route GET /pets"]);
    expect(loaded.findings[0]?.message).toBe("The $ref leads back to itself.");
  });

  test("a path that refers to another file answers 501", () => {
    const loaded = load(`${HEAD}paths:\n  /admin: {$ref: admin.yaml}\n  /{proxy+}:\n    get: {${MOCK}}`);
    expect(served(loaded)).toEqual(["ANY /admin 501", "GET /{proxy+}"]);
  });
});

describe("the API as a whole", () => {
  test.each<[string, string[]]>([
    ["x-amazon-apigateway-polcy: {}", ["6:1 extension-unknown api api"]],
    ["x-amazon-apigateway-integration: {}", ["6:1 extension-misplaced api api"]],
    ["securty: []", ["6:1 openapi-key-unknown api api"]],
    ["x-amazon-apigateway-policy: text", ["6:29 api-setting-invalid api api"]],
    ["x-amazon-apigateway-binary-media-types: image/png", ["6:41 api-setting-invalid api api"]],
    ["x-amazon-apigateway-api-key-source: COOKIE", ["6:37 api-setting-invalid api api"]],
    ["x-amazon-apigateway-minimum-compression-size: -1", ["6:47 api-setting-invalid api api"]],
    [
      "x-amazon-apigateway-endpoint-configuration: {vpcEndpointIds: [vpce-1]}",
      ["6:46 endpoint-private-unsupported api api"],
    ],
    ["x-amazon-apigateway-endpoint-access-mode: STRICT", ["6:43 endpoint-access-mode-unsupported api api"]],
    ["x-amazon-apigateway-cors: {}", ["6:1 http-api-only warning"]],
    ["x-amazon-apigateway-importexport-version: '1.0'", ["6:1 http-api-only info"]],
    ["x-amazon-apigateway-security-policy: TLS_1_2", ["6:1 security-policy-inert info"]],
    ["x-amazon-apigateway-documentation: {version: '1'}", []],
    [
      "x-amazon-apigateway-gateway-responses: {DEFAULT_4xx: {}}",
      ["6:41 gateway-response-type-unknown api DEFAULT_4xx"],
    ],
    [
      "x-amazon-apigateway-gateway-responses: {THROTTLED: {statusCode: 42}}",
      ["6:65 gateway-response-invalid api THROTTLED"],
    ],
    [
      "x-amazon-apigateway-gateway-responses: {THROTTLED: {responseParameters: {gatewayresponse.header.A: '*'}}}",
      ["6:100 gateway-response-invalid api THROTTLED"],
    ],
    ["x-amazon-apigateway-request-validators: {all: {validateBody: true}}", ["6:62 request-validator-invalid api api"]],
    ["x-other: {}", []],
  ])("%s", (line, expected) => {
    const loaded = load(`${HEAD}paths:\n  /pets:\n    get: {${MOCK}}\n${line}`);
    expect(loaded.findings.map(shape)).toEqual(expected);
    expect(loaded.api).toBeDefined();
  });

  test("a document without methods is no API", () => {
    expect(load(`${HEAD}paths: {}`).findings.map(shape)).toEqual(["3:1 api-without-methods api api"]);
  });
});

describe("advice", () => {
  const scheme = `components:\n  securitySchemes:\n    s: {${SCHEME}, x-amazon-apigateway-authorizer: {type: token, authorizerUri: "${LAMBDA}"}}`;
  const rules = (paths: string, rest = scheme): string[] =>
    load(`${HEAD}paths:\n${paths}\n${rest}`).findings.map((each) => `${each.severity} ${each.rule}`);

  test("an authorizer on OPTIONS, or on ANY without OPTIONS, refuses preflight requests", () => {
    expect(rules(`  /a:\n    options: {security: [s: []], ${MOCK}}`)).toEqual(["warning cors-preflight-authorized"]);
    expect(rules(`  /a:\n    x-amazon-apigateway-any-method: {security: [s: []], ${MOCK}}`)).toEqual([
      "warning cors-preflight-authorized",
    ]);
    const both = `  /a:\n    x-amazon-apigateway-any-method: {security: [s: []], ${MOCK}}\n    options: {security: [], ${MOCK}}`;
    expect(rules(both)).toEqual([]);
    expect(rules(`  /a:\n    options: {x-amazon-apigateway-auth: {type: AWS_IAM}, ${MOCK}}`, "")).toEqual([
      "warning cors-iam-options",
    ]);
  });

  test("CORS on answers but not on errors is pointed out", () => {
    const path = `  /a:\n    get: {responses: {"200": {headers: {Access-Control-Allow-Origin: {}}}}, ${MOCK}}`;
    const header = `{responseParameters: {gatewayresponse.header.Access-Control-Allow-Origin: "'*'"}}`;
    expect(rules(path, "")).toEqual(["warning cors-missing-on-errors"]);
    expect(rules(path, `x-amazon-apigateway-gateway-responses: {DEFAULT_4XX: ${header}}`)).toEqual([
      "warning cors-missing-on-errors",
    ]);
    expect(
      rules(path, `x-amazon-apigateway-gateway-responses: {DEFAULT_4XX: ${header}, DEFAULT_5XX: ${header}}`),
    ).toEqual([]);
  });

  test("open methods beside an authorizer are listed, unless the file says that they are open", () => {
    const loaded = load(
      `${HEAD}paths:\n  /a:\n    get: {security: [s: []], ${MOCK}}\n    post: {${MOCK}}\n    put: {security: [], ${MOCK}}\n  /b:\n    get: {${MOCK}}\n    options: {${MOCK}}\n${scheme}`,
    );
    expect(loaded.findings.map(shape)).toEqual(["6:5 authorizer-not-attached info"]);
    expect(loaded.findings[0]?.message).toContain("open to everybody: POST /a, GET /b.");
  });

  test("a greedy path at the root does not match the root itself", () => {
    expect(rules(`  /{proxy+}:\n    get: {${MOCK}}`, "")).toEqual(["info proxy-plus-misses-root"]);
    expect(rules(`  /{proxy+}:\n    get: {${MOCK}}\n  /:\n    get: {${MOCK}}`, "")).toEqual([]);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { plainStack, recordingMaterialize } from "../../fixtures/plain-stack.ts";
import { readFunctions, readPermissions } from "./lambda.ts";
import { MAX_INLINE_CODE_CHARACTERS } from "./lambda-code.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-lambda-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = "exports.handler = async () => 1;"): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function load(properties: string, { metadata = "{}", fileName = "template.yaml" } = {}) {
  const materialize = recordingMaterialize(folder);
  const usual = ["Runtime: nodejs22.x", "Handler: index.handler"];
  const rest = usual.filter((each) => !properties.includes(each.slice(0, each.indexOf(":") + 1)));
  const text = `
Resources:
  Api:
    Type: AWS::Lambda::Function
    Metadata: ${metadata}
    Properties: { ${[...rest, properties].join(", ")} }
`;
  const over = { folder, fileName, materialize, readFile: readText };
  const { resources, context, report } = plainStack(text, over);
  const [loaded] = readFunctions(resources, context);
  return { loaded, findings: report.findings, asked: materialize.asked, files: context.files };
}

const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-Api";

describe("a function's code", () => {
  test("is written out when it stands inline", () => {
    put("index.js");
    const { loaded, findings, asked } = load("Code: { ZipFile: 'exports.handler = 1' }");
    expect(findings).toEqual([]);
    expect(asked).toEqual([`${ARN} nodejs22.x exports.handler = 1`]);
    expect(loaded).toMatchObject({
      arn: ARN,
      name: "shop-Api",
      handlerFile: join(folder, "index.js"),
      handlerExport: "handler",
      runtime: "nodejs22.x",
      environment: {},
      timeoutSeconds: 3,
      memoryMb: 128,
    });
  });

  test("is a local folder", () => {
    const file = put("src/app/index.mjs");
    expect(load("Code: ./src, Handler: app/index.run").loaded).toMatchObject({
      handlerFile: file,
      handlerExport: "run",
    });
  });

  test("is a local file's folder", () => {
    const file = put("src/index.ts");
    expect(load("Code: src/index.ts").loaded?.handlerFile).toBe(file);
  });

  test("is a zip file, unpacked and watched", () => {
    put("index.js");
    const zip = put("build/code.zip", "PK");
    const { loaded, asked, files } = load("Code: build/code.zip");
    expect(loaded).toBeDefined();
    expect(asked).toEqual([zip]);
    expect([...files]).toEqual([zip]);
  });

  test("is the CDK asset that the resource's metadata names", () => {
    const file = put("asset.abc/index.js");
    const code = "Code: { S3Bucket: assets, S3Key: abc.zip }";
    expect(load(code, { metadata: '{ "aws:asset:path": asset.abc }' }).loaded?.handlerFile).toBe(file);
  });

  test("is the CDK asset that the manifest beside the template names", () => {
    const file = put("asset.abc/index.js");
    const destinations = { current: { bucketName: "b", objectKey: "abc.zip" } };
    put("Shop.assets.json", JSON.stringify({ files: { abc: { source: { path: "asset.abc" }, destinations } } }));
    const code = "Code: { S3Bucket: assets, S3Key: abc.zip }";
    const { loaded, files } = load(code, { fileName: "Shop.template.json" });
    expect(loaded?.handlerFile).toBe(file);
    expect([...files]).toEqual([join(folder, "Shop.assets.json")]);
  });

  test("is the Serverless Framework's zip beside its template", () => {
    put("index.js");
    const zip = put("shop.zip", "PK");
    const { asked } = load("Code: { S3Bucket: { Ref: B }, S3Key: serverless/shop/dev/1-2/shop.zip }");
    expect(asked).toEqual([zip]);
  });

  test.each([
    ["nothing there", "Code: ./src", "function-code-missing"],
    ["nothing said", "Timeout: 3", "function-code-missing"],
    ["an object that is not here", "Code: { S3Bucket: b, S3Key: other.zip }", "function-code-missing"],
    ["a list as source", "Code: { ZipFile: [] }", "function-code-invalid"],
  ])("is missing with %s: the function does not run", (_, properties, rule) => {
    const { loaded, findings } = load(properties);
    expect(loaded).toBeUndefined();
    expect(findings).toMatchObject([{ rule, effect: "route", logicalId: "Api" }]);
  });

  test("has a bound when inline", () => {
    const { loaded, findings } = load(`Code: { ZipFile: ${"x".repeat(MAX_INLINE_CODE_CHARACTERS + 1)} }`);
    expect(loaded).toBeUndefined();
    expect(findings[0]?.rule).toBe("function-code-invalid");
  });
});

describe("a function does not run", () => {
  test.each([
    ["in another language", "Runtime: python3.13, Code: .", "function-runtime-unsupported"],
    ["as an image", "PackageType: Image, Code: { ImageUri: x }", "function-image-unsupported"],
    ["without its handler's file", "Code: ., Handler: other.handler", "function-handler-missing"],
    ["with a handler outside its code", "Code: src, Handler: ../index.handler", "function-handler-missing"],
    ["with a handler that names no export", "Code: ., Handler: index", "function-handler-missing"],
    ["with too long a timeout", "Code: ., Timeout: 901", "resource-property-invalid"],
    ["with too little memory", "Code: ., MemorySize: 1", "resource-property-invalid"],
    ["with an environment that is no mapping", "Code: ., Environment: [a]", "resource-property-invalid"],
  ])("%s", (_, properties, rule) => {
    put("index.js");
    put("src/other.js");
    const { loaded, findings } = load(properties);
    expect(loaded).toBeUndefined();
    expect(findings).toMatchObject([{ rule, effect: "route" }]);
  });

  test("with a variable that is not resolved, and its value is not told", () => {
    put("index.js");
    const { loaded, findings } = load("Code: ., Environment: { Variables: { KEY: { 'Fn::Secret': hush } } }");
    expect(loaded).toBeUndefined();
    expect(findings).toMatchObject([{ rule: "function-environment-unresolved", effect: "route" }]);
    expect(JSON.stringify(findings)).not.toContain("hush");
  });
});

test("numbers and booleans in the environment become text", () => {
  put("index.js");
  const { loaded } = load("Code: ., Environment: { Variables: { A: 1, B: true, C: x } }");
  expect(loaded?.environment).toEqual({ A: "1", B: "true", C: "x" });
});

test("layers are told not to be loaded, and a function URL not to be served", () => {
  put("index.js");
  const { loaded, findings } = load("Code: ., Layers: ['arn:x']");
  expect(loaded).toBeDefined();
  expect(findings).toMatchObject([{ rule: "function-layers-ignored", effect: "none" }]);
  const url = plainStack(`Resources: { U: { Type: "AWS::Lambda::Url", Properties: { AuthType: NONE } } }`);
  readFunctions(url.resources, url.context);
  expect(url.report.findings).toMatchObject([{ rule: "function-url-unsupported", effect: "none" }]);
});

describe("a permission", () => {
  const permission = (properties: string) => {
    const { resources, context, report } = plainStack(`
Resources:
  P:
    Type: AWS::Lambda::Permission
    Properties: { Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com, ${properties} }
`);
    return { permissions: readPermissions(resources, context), findings: report.findings };
  };

  test.each([
    ["f", "arn:aws:lambda:eu-west-1:123456789012:function:f"],
    ["f:live", "arn:aws:lambda:eu-west-1:123456789012:function:f:live"],
    ["999999999999:function:f", "arn:aws:lambda:eu-west-1:999999999999:function:f"],
    ["arn:aws:lambda:us-east-1:123456789012:function:f:1", "arn:aws:lambda:us-east-1:123456789012:function:f:1"],
  ])("for %s is for %s", (name, arn) => {
    const { permissions, findings } = permission(`FunctionName: "${name}", SourceArn: "arn:s", SourceAccount: "1"`);
    expect(findings).toEqual([]);
    expect(permissions).toMatchObject([{ functionArn: arn, sourceArn: "arn:s", sourceAccount: "1" }]);
  });

  test.each([
    ["PrincipalOrgID", "o-1"],
    ["FunctionUrlAuthType", "NONE"],
    ["EventSourceToken", "token"],
  ])("with %s is narrowed: it is kept for what refusals say, and grants API Gateway nothing", (name, value) => {
    expect(permission(`FunctionName: f, ${name}: ${value}`).permissions).toMatchObject([{ narrowedBy: [name] }]);
  });

  test.each([
    "FunctionName: f, SourceArn: { x: y }",
    "FunctionName: 'not a name'",
    "FunctionName: f, Sourcearn: x",
    "SourceAccount: 1",
  ])("with %s grants nothing", (properties) => {
    expect(permission(properties).permissions).toEqual([]);
  });
});

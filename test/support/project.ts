import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A user's folder, made for one test file and removed after it. */
export interface Project {
  readonly folder: string;
  path(name: string): string;
  /** Writes a file, with the folders above it; anything but text is written as JSON. */
  write(name: string, content: unknown): string;
  remove(): void;
}

export function makeProject(files: Readonly<Record<string, unknown>> = {}): Project {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-test-"));
  const path = (name: string): string => join(folder, name);
  const write = (name: string, content: unknown): string => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), typeof content === "string" ? content : JSON.stringify(content));
    return path(name);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  return { folder, path, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The URI that names a function of the test account. */
export function invocationUri(functionName: string): string {
  return `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${functionName}/invocations`;
}

/** A security scheme whose requests a Lambda authorizer decides. */
export function customAuthorizer(functionName: string, settings: Readonly<Record<string, unknown>> = {}) {
  const { header = "Authorization", ...authorizer } = settings;
  return {
    type: "apiKey",
    name: header,
    in: "header",
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": { type: "token", authorizerUri: invocationUri(functionName), ...authorizer },
  };
}

/** A method whose mock integration answers 200 with a body of our choosing. */
export function mockMethod(body: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    responses: { "200": { description: "ok" } },
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": '{"statusCode": 200}' },
      responses: { default: { statusCode: "200", responseTemplates: { "application/json": body } } },
    },
    ...more,
  };
}

/** A method behind a function; `aws_proxy` unless told otherwise. */
export function functionMethod(functionName: string, integration: Readonly<Record<string, unknown>> = {}) {
  return {
    responses: { "200": { description: "ok" } },
    "x-amazon-apigateway-integration": {
      type: "aws_proxy",
      httpMethod: "POST",
      uri: invocationUri(functionName),
      ...integration,
    },
  };
}

/** An OpenAPI document of these paths. */
export function openApi(
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  securitySchemes: Readonly<Record<string, unknown>> = {},
) {
  return { openapi: "3.0.1", info: { title: "Tested", version: "1" }, paths, components: { securitySchemes } };
}

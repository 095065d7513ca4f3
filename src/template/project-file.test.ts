import { expect, test } from "vitest";
import { readProjectFile } from "./project-file.ts";

const FILE = "/project/gatewarden.yaml";

function problems(text: string): string[] {
  const verdict = readProjectFile(text, FILE);
  if (verdict.ok) return [];
  expect(verdict.findings.every((each) => each.effect === "load" && each.at.file === FILE && each.fix !== "")).toBe(
    true,
  );
  return verdict.findings.map(({ at, message }) => `${at.line}:${at.column} ${message}`);
}

const FULL = `
files: [openapi.yaml, ../other/stack.yaml]
parameters:
  Audience: https://petstore-api/
functions:
  arn:aws:lambda:us-east-1:123456789012:function:authorizer:
    handler: gatewarden:authorizer
    envFile: .env
  reports:
    handler: dist/reports.handler
    runtime: nodejs22.x
    env:
      TABLE: reports
    timeout: 10
    memory: 256
stages:
  petstore:
    name: test
    variables:
      backend: 127.0.0.1:8080
    accessLog:
      format: $context.requestId $context.status
      destination: logs/access.log
issuers:
  https://tenant.auth0.com/: local
accept:
  - authorizer-type-unsupported@MyAuthorizer
tenant: auth/tenant.yaml
`;

test("a whole project file is read, with every path absolute", () => {
  const verdict = readProjectFile(FULL, FILE);
  expect(verdict).toEqual({
    ok: true,
    project: {
      files: ["/project/openapi.yaml", "/other/stack.yaml"],
      parameters: { Audience: "https://petstore-api/" },
      functions: {
        "arn:aws:lambda:us-east-1:123456789012:function:authorizer": {
          handler: "gatewarden:authorizer",
          env: {},
          envFile: "/project/.env",
          at: { file: FILE, line: 6, column: 3 },
        },
        reports: {
          handler: "/project/dist/reports.handler",
          runtime: "nodejs22.x",
          env: { TABLE: "reports" },
          timeoutSeconds: 10,
          memoryMb: 256,
          at: { file: FILE, line: 9, column: 3 },
        },
      },
      stages: {
        petstore: {
          name: "test",
          variables: { backend: "127.0.0.1:8080" },
          accessLog: { format: "$context.requestId $context.status", destination: "/project/logs/access.log" },
          at: { file: FILE, line: 17, column: 3 },
        },
      },
      issuers: { "https://tenant.auth0.com/": "local" },
      accept: [
        { rule: "authorizer-type-unsupported", logicalId: "MyAuthorizer", at: { file: FILE, line: 27, column: 5 } },
      ],
      tenant: "/project/auth/tenant.yaml",
    },
  });
});

test("every key is optional, and so is all content", () => {
  const empty = { files: [], parameters: {}, functions: {}, stages: {}, issuers: {}, accept: [] };
  expect(readProjectFile("", FILE)).toEqual({ ok: true, project: empty });
  expect(readProjectFile("files:\nstages:\n", FILE)).toEqual({ ok: true, project: empty });
});

test.each<[string, string]>([
  ["- a", "1:1 The project file is a list, wanted a mapping."],
  [
    "file: [a]",
    '1:1 The project file has the unknown key "file", known are files, parameters, functions, stages, issuers, accept, tenant.',
  ],
  ["files: a.yaml", '1:8 files is "a.yaml", wanted a list.'],
  ["files: [1]", "1:9 files item 1 is 1, wanted a path."],
  ["parameters: {A: 1}", "1:17 A is a number, wanted text."],
  ["functions: [x]", "1:1 Functions is a list, wanted a mapping."],
  [
    "functions:\n  f: {}",
    "2:3 The function f has no handler, wanted FILE.EXPORT such as dist/index.handler, or gatewarden:authorizer.",
  ],
  [
    "functions:\n  f: {handler: src/index.ts}",
    '2:16 handler is "src/index.ts", wanted FILE.EXPORT such as dist/index.handler, or gatewarden:authorizer.',
  ],
  ["functions:\n  f: {handler: a.b, timeout: 901}", "2:30 timeout is 901, wanted a whole number from 1 to 900."],
  ["functions:\n  f: {handler: a.b, memory: 64}", "2:29 memory is 64, wanted a whole number from 128 to 10240."],
  ["functions:\n  f: {handler: a.b, env: {K: true}}", "2:30 K is a boolean, wanted text."],
  [
    "functions:\n  f: {handler: a.b, enviroment: {}}",
    '2:21 The function f has the unknown key "enviroment", known are handler, runtime, env, envFile, timeout, memory.',
  ],
  ["stages:\n  Pet-Store: {}", '2:3 The API id "Pet-Store" is not one, wanted characters of a-z and 0-9.'],
  [
    "stages: {a: {name: a b}}",
    '1:20 The stage name is "a b", wanted letters, digits, hyphen and underscore, at most 128.',
  ],
  [
    "stages: {a: {variables: {a-b: x}}}",
    '1:26 The stage variable\'s name is "a-b", wanted letters, digits and _, at most 64.',
  ],
  [
    "stages: {a: {variables: {a: x y}}}",
    "1:29 The stage variable a has a value that AWS refuses, wanted at most 512 characters of A-Z a-z 0-9 - . _ ~ : / ? # & = ,.",
  ],
  ["stages: {a: {accessLog: {format: $context.requestId}}}", "1:14 accessLog has no destination."],
  [
    "stages: {a: {accessLog: {format: hello, destination: '-'}}}",
    "1:34 The access log format lacks $context.requestId and $context.extendedRequestId, wanted one of them.",
  ],
  ["issuers: {tenant: local}", '1:11 The issuer "tenant" is not a URL, wanted one such as https://tenant.auth0.com/.'],
  ["issuers: {'https://a.test/': remote}", '1:30 https://a.test/ is "remote", wanted local.'],
  ["accept: [everything]", '1:10 accept item 1 is "everything", wanted RULE@LogicalId as a finding prints it.'],
])("%j is refused with its place", (text, expected) => {
  expect(problems(text)).toEqual([expected]);
});

test("an unknown key is answered with the nearest known one", () => {
  const verdict = readProjectFile("function:\n  f: {}\n", FILE);
  expect(verdict).toMatchObject({
    ok: false,
    findings: [{ fix: 'Write "functions" if that is what is meant, else remove the key.' }],
  });
});

test("messages about environment values do not show them", () => {
  const text = "functions: {f: {handler: a.b, env: {SECRET: [hunter2]}}}";
  expect(problems(text)).toEqual(["1:37 SECRET is a list, wanted text."]);
  expect(problems(text).join()).not.toContain("hunter2");
});

test("a file that is not YAML is refused where it breaks", () => {
  expect(problems("files: [a\nstages: {}")[0]).toMatch(/^2:1 This is not YAML/);
});

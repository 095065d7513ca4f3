import { readFileSync } from "node:fs";
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
    throttle:
      "*/*": { rateLimit: 100, burstLimit: 200 }
      GET /pets: { rateLimit: 0.5 }
issuers:
  https://tenant.auth0.com/: local
accept:
  - authorizer-type-unsupported@MyAuthorizer
tenant: auth/tenant.yaml
iam: auth/iam.yaml
userPools:
  arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI: http://localhost:4567/
  arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Other: \${gatewarden.issuer}
apiKeys:
  web: { value: a-key-of-more-than-20-characters, id: abcdefghi1 }
  old: { enabled: false }
  made:
usagePlans:
  gold:
    stages:
      - { api: petstore, stage: test, throttle: { "/pets/{petId}/GET": { rateLimit: 1, burstLimit: 2 }, /GET: { burstLimit: 0 } } }
    throttle: { rateLimit: 10 }
    quota: { limit: 1000, offset: 3, period: MONTH }
    keys: [web, old]
  empty: {}
signatureErrors: before-2023
`;

const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A";

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
          throttle: [
            { settings: { rateLimit: 100, burstLimit: 200 }, at: { file: FILE, line: 25, column: 7 } },
            { routeKey: "GET /pets", settings: { rateLimit: 0.5 }, at: { file: FILE, line: 26, column: 7 } },
          ],
          at: { file: FILE, line: 17, column: 3 },
        },
      },
      issuers: { "https://tenant.auth0.com/": "local" },
      accept: [
        { rule: "authorizer-type-unsupported", logicalId: "MyAuthorizer", at: { file: FILE, line: 30, column: 5 } },
      ],
      tenant: "/project/auth/tenant.yaml",
      iam: "/project/auth/iam.yaml",
      userPools: {
        "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI": {
          issuer: "http://localhost:4567/",
          at: { file: FILE, line: 34, column: 3 },
        },
        "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Other": {
          issuer: "${gatewarden.issuer}",
          at: { file: FILE, line: 35, column: 3 },
        },
      },
      apiKeys: {
        web: {
          value: "a-key-of-more-than-20-characters",
          id: "abcdefghi1",
          enabled: true,
          at: { file: FILE, line: 37, column: 3 },
        },
        old: { enabled: false, at: { file: FILE, line: 38, column: 3 } },
        made: { enabled: true, at: { file: FILE, line: 39, column: 3 } },
      },
      usagePlans: {
        gold: {
          stages: [
            {
              apiId: "petstore",
              stageName: "test",
              throttle: { "/pets/{petId}/GET": { rateLimit: 1, burstLimit: 2 }, "//GET": { burstLimit: 0 } },
              at: { file: FILE, line: 43, column: 16 },
            },
          ],
          throttle: { rateLimit: 10 },
          quota: { limit: 1000, offset: 3, period: "MONTH" },
          keys: [
            { name: "web", at: { file: FILE, line: 46, column: 12 } },
            { name: "old", at: { file: FILE, line: 46, column: 17 } },
          ],
          at: { file: FILE, line: 41, column: 3 },
        },
        empty: { stages: [], keys: [], at: { file: FILE, line: 47, column: 3 } },
      },
      signatureErrors: "before-2023",
    },
  });
});

test("every key is optional, and so is all content", () => {
  const empty = { files: [], parameters: {}, functions: {}, stages: {}, issuers: {}, accept: [] };
  const none = { ...empty, userPools: {}, apiKeys: {}, usagePlans: {} };
  expect(readProjectFile("", FILE)).toEqual({ ok: true, project: none });
  expect(readProjectFile("files:\nstages:\n", FILE)).toEqual({ ok: true, project: none });
});

test.each<[string, string]>([
  ["- a", "1:1 The project file is a list, wanted a mapping."],
  [
    "file: [a]",
    '1:1 The project file has the unknown key "file", known are files, parameters, functions, stages, issuers, accept, tenant, iam, userPools, apiKeys, usagePlans, signatureErrors.',
  ],
  ["files: a.yaml", '1:8 files is "a.yaml", wanted a list.'],
  ["files: [1]", "1:9 files item 1 is 1, wanted a path."],
  ["parameters: {A: 1}", "1:17 A is a number, wanted text."],
  ["apiKeys: x", '1:10 apiKeys is "x", wanted a mapping.'],
  ["functions: [x]", "1:1 functions is a list, wanted a mapping."],
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
  ["stages: {a: {throttle: x}}", '1:24 throttle is "x", wanted a mapping.'],
  [
    "stages: {a: {throttle: {/pets: {rateLimit: 1}}}}",
    '1:25 The throttle\'s key is "/pets", wanted */* or a method and path such as GET /pets.',
  ],
  ["stages: {a: {throttle: {GET /a: 5}}}", "1:33 The throttle of GET /a is 5, wanted a mapping."],
  [
    "stages: {a: {throttle: {GET /a: {}}}}",
    "1:25 The throttle of GET /a limits nothing, wanted rateLimit, burstLimit or both.",
  ],
  ["stages: {a: {throttle: {GET /a: {rateLimit: '5'}}}}", '1:45 rateLimit is "5", wanted a number from 0.'],
  ["stages: {a: {throttle: {GET /a: {rateLimit: -1}}}}", "1:45 rateLimit is -1, wanted a number from 0."],
  [
    "stages: {a: {throttle: {GET /a: {burstLimit: 1.5}}}}",
    "1:46 burstLimit is 1.5, wanted a whole number from 0 to 9007199254740991.",
  ],
  [
    "stages: {a: {throttle: {GET /a: {rateLimit: 1, burst: 1}}}}",
    '1:48 The throttle of GET /a has the unknown key "burst", known are rateLimit, burstLimit.',
  ],
  ["iam: [a]", "1:1 iam is a list, wanted a path."],
  ["signatureErrors: old", '1:18 signatureErrors is "old", wanted current or before-2023.'],
  [
    "userPools: {us-east-1_A: 'https://a.test/'}",
    '1:13 The user pool "us-east-1_A" is not an ARN, wanted one such as arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI.',
  ],
  [
    `userPools:\n  ${POOL}: tenant`,
    `2:68 ${POOL} is "tenant", wanted an issuer URL such as \${gatewarden.issuer}us-east-1_AbCdEfGhI.`,
  ],
  [`userPools:\n  ${POOL}: 7`, `2:68 ${POOL} is 7, wanted an issuer URL.`],
  ["apiKeys: {web: secret}", '1:16 The API key web is "secret", wanted a mapping.'],
  ["apiKeys: {web: {value: short-secret}}", "1:24 value is text of 12 characters, wanted 20 to 128 characters."],
  ["apiKeys: {web: {value: [secret]}}", "1:17 value is a list, wanted 20 to 128 characters."],
  ["apiKeys: {web: {enabled: often}}", '1:26 enabled is "often", wanted true or false.'],
  ["apiKeys: {web: {id: A}}", '1:21 id is "A", wanted 10 characters of a-z and 0-9.'],
  ["apiKeys: {web: {name: A}}", '1:17 The API key web has the unknown key "name", known are value, enabled, id.'],
  ["usagePlans: {gold: 1}", "1:20 The usage plan gold is 1, wanted a mapping."],
  [
    "usagePlans: {gold: {key: []}}",
    '1:21 The usage plan gold has the unknown key "key", known are stages, throttle, quota, keys.',
  ],
  ["usagePlans: {gold: {keys: web}}", '1:27 keys is "web", wanted a list.'],
  ["usagePlans: {gold: {keys: [1]}}", "1:28 keys item 1 is 1, wanted the name of an API key."],
  ["usagePlans: {gold: {stages: [a]}}", '1:30 A stage of the usage plan gold is "a", wanted a mapping.'],
  [
    "usagePlans: {gold: {stages: [{stage: a}]}}",
    "1:30 A stage of the usage plan gold has no api, wanted an API id of a-z and 0-9.",
  ],
  [
    "usagePlans: {gold: {stages: [{api: a}]}}",
    "1:30 A stage of the usage plan gold has no stage, wanted a stage name.",
  ],
  [
    "usagePlans: {gold: {stages: [{api: Pet-Store, stage: a}]}}",
    '1:36 api is "Pet-Store", wanted an API id of a-z and 0-9.',
  ],
  ["usagePlans: {gold: {stages: [{api: a, stage: a b}]}}", '1:46 stage is "a b", wanted a stage name.'],
  [
    "usagePlans: {gold: {stages: [{api: a, stage: b, throttle: {GET /pets: {rateLimit: 1}}}]}}",
    '1:60 The throttle\'s key is "GET /pets", wanted /PATH/METHOD such as /pets/{petId}/GET.',
  ],
  [
    "usagePlans: {gold: {stages: [{api: a, stage: b, throttle: 1}]}}",
    "1:59 The throttle of a stage of the usage plan gold is 1, wanted a mapping.",
  ],
  ["usagePlans: {gold: {throttle: 1}}", "1:31 The throttle of the usage plan gold is 1, wanted a mapping."],
  ["usagePlans: {gold: {quota: 1}}", "1:28 The quota of the usage plan gold is 1, wanted a mapping."],
  ["usagePlans: {gold: {quota: {limit: 1}}}", "1:21 The quota of the usage plan gold has no period."],
  ["usagePlans: {gold: {quota: {period: DAY}}}", "1:21 The quota of the usage plan gold has no limit."],
  ["usagePlans: {gold: {quota: {limit: 1, period: YEAR}}}", '1:47 period is "YEAR", wanted DAY or WEEK or MONTH.'],
  [
    "usagePlans: {gold: {quota: {limit: 1, period: WEEK, offset: 7}}}",
    "1:61 offset is 7, wanted a whole number from 0 to 6.",
  ],
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

test("the manual's table has a row for every key, and no others", () => {
  const page = readFileSync(new URL("../../docs/gatewarden-yaml.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, cell = ""]) => cell.match(/\w+/g) ?? []);
  const [, known = ""] = /known are (.*)\.$/.exec(problems("nothing: 1")[0] ?? "") ?? [];
  expect(rows.toSorted()).toEqual(known.split(", ").toSorted());
});

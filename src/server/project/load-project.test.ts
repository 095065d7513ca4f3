import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, mockMethod, openApi, type Project } from "../../../test/support/project.ts";
import { StartError } from "../start-error.ts";
import { type LoadProjectOptions, loadProject, type ProjectLocation } from "./load-project.ts";

const PLACE = { region: "eu-west-1", accountId: "111122223333", partition: "aws" };
let project: Project;
beforeEach(() => {
  project = makeProject({ "api.json": openApi({ "/pets": { get: mockMethod("pets") } }), "data/.gitignore": "*" });
});
afterEach(() => project.remove());

function load(location: Partial<ProjectLocation> = {}, options: Partial<LoadProjectOptions> = {}) {
  return loadProject({ files: [], cwd: project.folder, ...location }, PLACE, {
    issuerUrl: undefined,
    dataDir: project.path("data"),
    ...options,
  });
}

/** Loads with this `gatewarden.yaml`. */
function loadWith(projectFile: unknown, options: Partial<LoadProjectOptions> = {}) {
  project.write("gatewarden.yaml", projectFile);
  return load({}, options);
}

const rulesOf = ({ findings }: ReturnType<typeof load>) =>
  findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule);

describe("which files are read", () => {
  test("without any and without a project file, none", () => {
    const watched = ["gatewarden.yaml", "iam.yaml"].map((name) => project.path(name));
    expect(load()).toMatchObject({ apis: [], functions: [], findings: [], watched });
  });

  test("those named replace the project file's, whose other keys still hold", () => {
    const named = project.write("other.json", openApi({ "/toys": { get: mockMethod("toys") } }));
    project.write("gatewarden.yaml", { files: ["api.json"], stages: { other: { name: "prod" } } });
    const { apis, watched } = load({ files: [named] });
    expect(apis.map(({ api, stages }) => [api.apiId, stages[0]?.stageName])).toEqual([["other", "prod"]]);
    expect(watched).toEqual([project.path("gatewarden.yaml"), project.path("iam.yaml"), named]);
  });

  test("the project file beside the first file goes before the one in the working folder", () => {
    const named = project.write("sub/api.json", openApi({ "/toys": { get: mockMethod("toys") } }));
    project.write("gatewarden.yaml", { stages: { api: { name: "here" } } });
    expect(load({ files: [named] }).apis[0]?.stages[0]?.stageName).toBe("here");
    project.write("sub/gatewarden.yaml", { stages: { api: { name: "beside" } } });
    expect(load({ files: [named] }).apis[0]?.stages[0]?.stageName).toBe("beside");
  });

  test("one that cannot be read is wrong use, told with its path", () => {
    for (const run of [
      () => load({ files: [project.path("none.yaml")] }),
      () => load({ config: project.path("none.yaml") }),
    ]) {
      expect(run).toThrow(StartError);
      expect(run).toThrow(/none\.yaml \(ENOENT\)/);
    }
  });

  test("two that give one API id are wrong use, both named", () => {
    const other = project.write("sub/api.json", openApi({ "/toys": { get: mockMethod("toys") } }));
    expect(() => load({ files: [project.path("api.json"), other] })).toThrow(
      /api\.json and .*sub\/api\.json both give/,
    );
  });

  test("a project file that is not understood stops the load", () => {
    expect(loadWith({ files: ["api.json"], surprise: 1 }).findings).toMatchObject([{ effect: "load" }]);
  });

  test("issuers that the local one speaks for are named", () => {
    expect(loadWith({ issuers: { "https://tenant.example/": "local" } }).localIssuers).toEqual([
      "https://tenant.example/",
    ]);
  });
});

describe("the stage", () => {
  test("is dev unless the project file names another, with its variables under the caller's", () => {
    expect(loadWith({ files: ["api.json"] }).apis[0]?.stages[0]).toEqual({ stageName: "dev", variables: {} });
    const stages = { api: { name: "prod", variables: { a: "1", b: "1" } } };
    const { apis } = loadWith({ files: ["api.json"], stages }, { stageOverrides: { api: { b: "2" } } });
    expect(apis[0]?.stages[0]).toEqual({ stageName: "prod", variables: { a: "1", b: "2" } });
  });

  test.each(["constructor.json", "tostring.json"])("of %s is nothing that every object has", (name) => {
    const file = project.write(name, openApi({ "/pets": { get: mockMethod("pets") } }));
    expect(load({ files: [file] }).apis[0]?.stages[0]).toEqual({ stageName: "dev", variables: {} });
  });
});

describe("a function", () => {
  test("has the ARN of its name at this place, unless it is an ARN already", () => {
    project.write("index.js", "");
    const other = "arn:aws:lambda:us-east-1:999999999999:function:other";
    const { functions } = loadWith({
      functions: { pets: { handler: "index.handler" }, [other]: { handler: "index.main" } },
    });
    expect(functions.map(({ arn, name, handlerExport }) => [arn, name, handlerExport])).toEqual([
      ["arn:aws:lambda:eu-west-1:111122223333:function:pets", "pets", "handler"],
      [other, "other", "main"],
    ]);
  });

  test.each([
    ["index.handler", "index.js", "handler"],
    ["index.handler", "index.mjs", "handler"],
    ["index.handler", "index.cjs", "handler"],
    ["index.handler", "index.ts", "handler"],
    ["dist/pets.v2.handler", "dist/pets.js", "v2.handler"],
  ])("%s is found in %s", (handler, file, handlerExport) => {
    project.write(file, "");
    const { functions } = loadWith({ functions: { pets: { handler } } });
    expect(functions).toMatchObject([{ handlerFile: project.path(file), handlerExport }]);
  });

  test("without its file is a finding of its routes, and any of the files that would do is watched", () => {
    const { functions, findings, watched } = loadWith({ functions: { pets: { handler: "src/index.handler" } } });
    expect([functions, findings]).toMatchObject([[], [{ rule: "function-handler-missing", effect: "route" }]]);
    expect(watched).toContain(project.path("src/index.ts"));
    project.write("src/index.js/nested", "a folder of that name is no file");
    expect(rulesOf(load())).toEqual(["function-handler-missing"]);
  });

  test("gets the variables of its file under its own, and nothing of ours", () => {
    project.write("index.js", "");
    project.write(".env", "A=file\nB=file\n");
    const { functions } = loadWith({
      functions: { pets: { handler: "index.handler", envFile: ".env", env: { B: "own" } } },
    });
    expect(functions[0]?.environment).toEqual({ A: "file", B: "own" });
  });

  test("with a broken variables file is not run with half of them: nothing is loaded", () => {
    project.write("index.js", "");
    project.write(".env", "A=1\nB\n");
    const { findings } = loadWith({ functions: { pets: { handler: "index.handler", envFile: ".env" } } });
    expect(findings).toMatchObject([{ rule: "env-file-syntax", effect: "load" }]);
  });
});

describe("the local issuer's placeholder", () => {
  const functions = { pets: { handler: "index.handler", env: { URL: "${gatewarden.issuer}.well-known/x" } } };
  beforeEach(() => void project.write("index.js", ""));

  test("becomes its URL", () => {
    const { functions: loaded } = loadWith({ functions }, { issuerUrl: "http://localhost:4567/" });
    expect(loaded[0]?.environment).toEqual({ URL: "http://localhost:4567/.well-known/x" });
  });

  test("is told where none runs, and stays, so that nothing is trusted in its place", () => {
    const loaded = loadWith({ functions });
    expect(rulesOf(loaded)).toEqual(["issuer-not-running"]);
    expect(loaded.functions[0]?.environment.URL).toContain("gatewarden.issuer");
  });
});

describe("the authorizer that ships", () => {
  const functions = { jwt: { handler: "gatewarden:authorizer", env: { RULES_FILE: "rules.json" } } };
  const rules = [{ method: "GET", path: "/pets", scopes: ["read:pets"] }];
  const compiledFile = (): string => {
    const file = loadWith({ functions }).functions[0]?.environment.RULES_FILE;
    if (file === undefined) throw new Error("there is no rules file");
    return file;
  };

  test("has time to fetch keys, and its rules compiled into the data folder", () => {
    project.write("rules.json", rules);
    const { functions: loaded, watched } = loadWith({ functions });
    expect(loaded[0]).toMatchObject({ name: "jwt", handlerExport: "handler", timeoutSeconds: 10 });
    expect(loaded[0]?.environment.RULES_FILE).toMatch(/data\/authorizer-rules-[0-9a-f]{16}\.json$/);
    expect(watched).toContain(project.path("rules.json"));
  });

  test.each([
    ["no JSON", "{"],
    ["wrong", [{ method: "GET", path: "/pets", scope: "typo" }]],
  ])("with rules that are %s is not there at all: without rules it would let every good token in", (_what, content) => {
    project.write("rules.json", content);
    const loaded = loadWith({ functions });
    expect([loaded.functions, rulesOf(loaded)]).toEqual([[], ["authorizer-rules-invalid"]]);
  });

  test("with rules that are not there is not there either", () => {
    const loaded = loadWith({ functions });
    expect([loaded.functions, rulesOf(loaded)]).toEqual([[], ["authorizer-rules-invalid"]]);
  });

  test("does not trust a compiled file that was there: it may be half a file, or somebody else's", () => {
    project.write("rules.json", rules);
    const file = compiledFile();
    const text = readFileSync(file, "utf8");
    for (const tampered of ['{"requirements":[]}', text.slice(0, 10), ""]) {
      writeFileSync(file, tampered);
      expect(readFileSync(compiledFile(), "utf8")).toBe(text);
    }
    expect(readdirSync(project.path("data")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("has its rules file relative to the project file, not to the working folder", () => {
    project.write("rules.json", rules);
    project.write("gatewarden.yaml", { functions });
    const { functions: loaded } = load({ cwd: "/", config: project.path("gatewarden.yaml") });
    expect(existsSync(loaded[0]?.environment.RULES_FILE ?? "")).toBe(true);
  });
});

describe("who may sign", () => {
  const users =
    'users: { clerk: { policies: [] } }\nroles: { helper: { trust: { Version: "2012-10-17", Statement: [] } } }\n';
  const stack = {
    Resources: {
      Clerk: { Type: "AWS::IAM::User", Properties: { UserName: "agent" } },
      Key: { Type: "AWS::IAM::AccessKey", Properties: { UserName: { Ref: "Clerk" } } },
      Helper: { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: {} } },
    },
  };

  test("stands in templates and in iam.yaml beside the project file, which is watched", () => {
    project.write("iam.yaml", users);
    project.write("stack.json", stack);
    const loaded = loadWith({ files: ["stack.json"] });
    expect(loaded.users.map(({ name, arn }) => [name, arn])).toEqual([
      ["agent", "arn:aws:iam::111122223333:user/agent"],
      ["clerk", "arn:aws:iam::111122223333:user/clerk"],
    ]);
    expect(loaded.users[0]?.accessKeys).toMatchObject([{ name: "Key" }]);
    expect(loaded.roles.map(({ name }) => name)).toEqual(["local-Helper", "helper"]);
    expect(loaded.watched).toContain(project.path("iam.yaml"));
  });

  test("stands in the file that the project file names, and only there", () => {
    project.write("iam.yaml", "users: { nobody: {} }");
    project.write("auth/staff.yaml", users);
    const loaded = loadWith({ files: ["api.json"], iam: "auth/staff.yaml" });
    expect(loaded.users.map(({ name }) => name)).toEqual(["clerk"]);
    expect(loaded.watched).toContain(project.path("auth/staff.yaml"));
    expect(() => loadWith({ iam: "none.yaml" })).toThrow(/none\.yaml \(ENOENT\)/);
  });

  test("is found without a project file, too, beside the first file and in the working folder", () => {
    const named = project.write("sub/other.json", openApi({ "/toys": { get: mockMethod("toys") } }));
    project.write("iam.yaml", users);
    expect(load({ files: [named] }).users.map(({ name }) => name)).toEqual(["clerk"]);
    project.write("sub/iam.yaml", "users: { beside: {} }");
    expect(load({ files: [named] }).users.map(({ name }) => name)).toEqual(["beside"]);
  });

  test("has what any other file attaches to it, and its managed policies serve templates", () => {
    const document = (Effect: string) => ({ Statement: [{ Effect, Action: "*", Resource: "*" }] });
    project.write("iam.yaml", { users: { clerk: {} }, policies: { all: document("Allow") } });
    const attaching = (name: string) => ({
      Resources: {
        P: {
          Type: "AWS::IAM::UserPolicy",
          Properties: { UserName: name, PolicyName: "p", PolicyDocument: document("Deny") },
        },
        U: { Type: "AWS::IAM::User", Properties: { ManagedPolicyArns: ["arn:aws:iam::111122223333:policy/all"] } },
      },
    });
    project.write("stack.json", attaching("clerk"));
    const { users, findings } = loadWith({ files: ["stack.json"] });
    expect(findings).toEqual([]);
    expect(users).toMatchObject([
      { name: "local-U", policyDocuments: [document("Allow")], unknownPolicyArns: [] },
      { name: "clerk", policyDocuments: [document("Deny")] },
    ]);
    project.write("stack.json", attaching("clark"));
    expect(loadWith({ files: ["stack.json"] }).findings).toMatchObject([{ rule: "policy-target-unknown" }]);
  });

  test("stops the load where it is not understood, or declared twice", () => {
    project.write("iam.yaml", "user: {}");
    expect(loadWith({ files: ["api.json"] }).findings).toMatchObject([{ effect: "load" }]);
    project.write("iam.yaml", "users: { agent: {} }");
    project.write("stack.json", stack);
    expect(loadWith({ files: ["stack.json"] }).findings).toMatchObject([
      { rule: "iam-name-collision", effect: "load" },
    ]);
  });
});

describe("a user pool", () => {
  const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI";

  test("has the issuer that the project file names, the local one by its placeholder", () => {
    const named = loadWith({ userPools: { [POOL]: "https://tenant.example/" } });
    expect([...named.userPools]).toEqual([[POOL, "https://tenant.example/"]]);
    const local = loadWith({ userPools: { [POOL]: "${gatewarden.issuer}" } }, { issuerUrl: "http://localhost:4567/" });
    expect([...local.userPools]).toEqual([[POOL, "http://localhost:4567/"]]);
    const rules = [...named.findings, ...local.findings].map(({ rule }) => rule);
    expect(rules).toEqual(["user-pool-unused", "user-pool-unused"]);
  });

  test("of the local issuer stops the load where none runs", () => {
    const { findings } = loadWith({ userPools: { [POOL]: "${gatewarden.issuer}" } });
    expect(findings).toContainEqual(expect.objectContaining({ rule: "user-pool-issuer-missing", effect: "load" }));
  });
});

test("signatures are refused in AWS's current words, unless the project file asks for the old ones", () => {
  expect(load().signatureWording).toBe("current");
  expect(loadWith({ signatureErrors: "before-2023" }).signatureWording).toBe("before-2023");
});

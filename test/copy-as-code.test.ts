import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { commandLine } from "./support/command-line.ts";
import { makeProject, type Project } from "./support/project.ts";

/*
 * The code that `token` and `call` print, run as it is printed against the issuer and the gateway.
 */

const AUDIENCE = "https://pets.example/?a='b'&c=\"d\"";
const LANGUAGES = ["curl", "fetch", "axios", "python", "go", "java", "ruby", "php", "csharp", "swift", "objc"];
/** What is run here, with the file that its interpreter wants. */
const RUNNERS = {
  curl: ["bash", "code.sh"],
  fetch: [process.execPath, "code.mjs"],
  python: ["python3", "code.py"],
  java: ["java", "Call.java"],
} as const;
type Runner = keyof typeof RUNNERS;

let project: Project;
let gateway: Gatewarden;
let url: string;

beforeAll(async () => {
  const ApiId = { Ref: "Api" };
  const route = (RouteKey: string) => ({
    Type: "AWS::ApiGatewayV2::Route",
    Properties: {
      ApiId,
      RouteKey,
      AuthorizationType: "JWT",
      AuthorizerId: { Ref: "Authorizer" },
      AuthorizationScopes: ["read:pets"],
      Target: { "Fn::Sub": "integrations/${Integration}" },
    },
  });
  project = makeProject({
    "template.json": {
      Parameters: { Issuer: { Type: "String" } },
      Resources: {
        Api: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: "pets", ProtocolType: "HTTP" } },
        Stage: {
          Type: "AWS::ApiGatewayV2::Stage",
          Properties: { ApiId, StageName: "$default", AutoDeploy: true },
        },
        Authorizer: {
          Type: "AWS::ApiGatewayV2::Authorizer",
          Properties: {
            ApiId,
            Name: "jwt",
            AuthorizerType: "JWT",
            IdentitySource: ["$request.header.Authorization"],
            JwtConfiguration: { Issuer: { Ref: "Issuer" }, Audience: [AUDIENCE] },
          },
        },
        Integration: {
          Type: "AWS::ApiGatewayV2::Integration",
          Properties: {
            ApiId,
            IntegrationType: "AWS_PROXY",
            IntegrationUri: { "Fn::GetAtt": ["Echo", "Arn"] },
            PayloadFormatVersion: "2.0",
          },
        },
        Post: route("POST /pets"),
        Get: route("GET /pets"),
        Permission: {
          Type: "AWS::Lambda::Permission",
          Properties: {
            FunctionName: { Ref: "Echo" },
            Action: "lambda:InvokeFunction",
            Principal: "apigateway.amazonaws.com",
          },
        },
        Echo: {
          Type: "AWS::Lambda::Function",
          Properties: {
            Runtime: "nodejs22.x",
            Handler: "index.handler",
            Role: "arn:aws:iam::000000000000:role/none",
            Code: {
              ZipFile:
                "exports.handler = async ({ body, rawQueryString, headers }) => ({ body, rawQueryString, key: headers['x-api-key'] });",
            },
          },
        },
      },
    },
  });
  gateway = await startGatewarden({
    files: [project.path("template.json")],
    dataDir: project.path(".gatewarden"),
    parameters: { Issuer: "${gatewarden.issuer}" },
  });
  url = `${gateway.url()}/pets?q='$HOME'&x=1`;
});
afterAll(async () => {
  await gateway?.stop();
  project?.remove();
});

const gatewarden = (...args: readonly string[]) => commandLine(args, { cwd: project.folder });

function run(language: Runner, code: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const [command, fileName] = RUNNERS[language];
  project.write(fileName, code);
  return new Promise((resolve, reject) =>
    execFile(
      command,
      [fileName],
      // In another locale Java prints ASCII only.
      {
        cwd: project.folder,
        env: { PATH: process.env.PATH, HOME: project.folder, LC_ALL: "C.UTF-8", ...env },
        timeout: 60_000,
      },
      (error, stdout, stderr) => (error ? reject(new Error(`${stderr}\n${code}`)) : resolve(stdout)),
    ),
  );
}

const starts = (command: string): Promise<boolean> =>
  new Promise((resolve) =>
    execFile(command, [command === "java" ? "-version" : "--version"], (error) => resolve(error === null)),
  );
const missing = new Set<string>();
for (const [command] of Object.values(RUNNERS)) if (!(await starts(command))) missing.add(command);

/** The test application's secret, from where the command writes it on demand. */
async function clientSecret(): Promise<string> {
  const { stdout } = await gatewarden("token", "--as-code", "python", "--include-secret");
  return /client_secret\W+([\w-]{64})/.exec(stdout)?.[1] ?? "";
}

describe.each(Object.keys(RUNNERS) as Runner[])("%s", (language) => {
  const [command] = RUNNERS[language];
  if (missing.has(command)) console.info(`${language} code is not run here: ${command} does not start`);

  test.skipIf(missing.has(command))(
    "fetches a token and calls the API with it, run as it is printed",
    async () => {
      const asked = await gatewarden("token", "--as-code", language, "--scope", "read:pets");
      expect(asked.code).toBe(0);
      const answer = JSON.parse(await run(language, asked.stdout, { CLIENT_SECRET: await clientSecret() }));
      expect(answer).toMatchObject({ token_type: "Bearer", scope: "read:pets" });

      const data = `{"it's": "né \\"$HOME\\""}`;
      const order = ["call", "post", url, "--data", data, "--header", "x-api-key: k$y'", "--as-code", language];
      for (const flags of [["--no-token-step"], ["--no-token-step", "--raw-token"]]) {
        const called = await gatewarden(...order, ...flags);
        expect(called.code).toBe(0);
        const env = { TOKEN: answer.access_token, API_KEY: "k$y'" };
        expect(JSON.parse(await run(language, called.stdout, env))).toEqual({
          body: data,
          rawQueryString: "q=%27$HOME%27&x=1",
          key: "k$y'",
        });
      }
    },
    120_000,
  );

  test.skipIf(missing.has(command))(
    "prints what a refusal says",
    async () => {
      const { stdout } = await gatewarden("call", "GET", url, "--as-code", language, "--no-token-step");
      expect(JSON.parse(await run(language, stdout, { TOKEN: "none" }))).toEqual({ message: "Unauthorized" });
    },
    60_000,
  );
});

describe.each(LANGUAGES)("%s", (language) => {
  test("has no secret unless told so, and names what it reads", async () => {
    const secret = await clientSecret();
    expect(secret).toHaveLength(64);
    const hidden = await gatewarden("token", "--as-code", language);
    expect(hidden.stdout).not.toContain(secret);
    expect(hidden.stdout).toMatch(/CLIENT_SECRET/);
    expect(hidden.stderr).toMatch(/^CLIENT_SECRET is read from the environment: the secret of /);
    const shown = await gatewarden("token", "--as-code", language, "--include-secret");
    expect(shown.stdout).toContain(secret);
    expect(shown.stdout).not.toContain("CLIENT_SECRET");
    expect(shown.stderr).toBe("");
  });

  test("writes both steps of a call, hides what the command line held, and sends nothing", async () => {
    const before = gateway.requests().length;
    const token = gateway.token();
    const order = ["call", "GET", url, "--as-code", language, "--token", token, "--header", "X-API-Key: hidden-key"];
    const { code, stdout, stderr } = await gatewarden(...order, "--header", "Cookie: s=hidden-cookie");
    expect(code).toBe(0);
    expect(stdout.indexOf("Step 1: a token for https://pets.example/")).toBeGreaterThan(-1);
    expect(stdout.indexOf("Step 2: the call")).toBeGreaterThan(stdout.indexOf("/oauth/token"));
    for (const hidden of [token, "hidden-key", "hidden-cookie", await clientSecret()]) {
      expect(stdout).not.toContain(hidden);
    }
    expect(stderr).toBe("Read from the environment: CLIENT_SECRET, API_KEY, COOKIE, TOKEN.\n");
    const open = await gatewarden(...order, "--include-secret", "--no-token-step");
    expect(open.stdout).toContain(`Bearer ${token}`);
    expect(open.stdout).toContain("hidden-key");
    expect(open.stdout).not.toContain("Step");
    expect(open.stderr).toBe("");
    expect(gateway.requests()).toHaveLength(before);
  });
});

test("an Authorization header of one's own keeps its scheme and hides the rest", async () => {
  const order = ["call", "GET", url, "--as-code", "curl", "--no-token-step", "--header"];
  expect((await gatewarden(...order, "authorization: Basic aGk6aG8=")).stdout).toContain(
    '"authorization: Basic $TOKEN"',
  );
  expect((await gatewarden(...order, "Authorization: abc.def")).stdout).toContain('"Authorization: $TOKEN"');
  expect((await gatewarden(...order, "X-Auth-Token: abc.def")).stdout).toContain('"X-Auth-Token: $X_AUTH_TOKEN"');
});

test("a name in a comment cannot end the comment", async () => {
  const { writeSteps } = await import("../src/cli/copy-as-code/write-steps.ts");
  const request = { method: "GET", url: new URL("http://a.example/"), headers: [] };
  const title = "x\ny\r\u2028\\u000a?> z";
  for (const [language, marker] of [
    ["php", "//"],
    ["java", "//"],
    ["curl", "#"],
  ] as const) {
    const written = await writeSteps(
      [
        { title, request },
        { title, request },
      ],
      language,
    );
    expect(written.split("\n").filter((line) => line === `${marker} Step 1: x y  /u000a? > z`)).toHaveLength(1);
    if (language === "php") expect(written.startsWith("<?php\n// Step 1")).toBe(true);
  }
});

describe("wrong use", () => {
  test.each<[string, readonly string[], RegExp]>([
    ["an unknown language", ["token", "--as-code", "cobol"], /--as-code is "cobol", wanted curl, fetch,/],
    ["a broken token as code", ["token", "--as-code", "curl", "--expired"], /--expired shapes a minted token/],
    ["a user's token as code", ["token", "--as-code", "curl", "--as", "alice"], /--as shapes a minted token/],
    ["an unknown API", ["token", "--as-code", "curl", "--api", "x"], /There is no API "x"/],
    ["a secret without code", ["token", "--include-secret"], /goes with --as-code LANGUAGE/],
    ["a step without code", ["call", "GET", "http://127.0.0.1:1/", "--no-token-step"], /goes with --as-code LANGUAGE/],
    [
      "an unknown API of a call",
      ["call", "GET", "http://a/", "--as-code", "curl", "--api", "x"],
      /There is no API "x"/,
    ],
    [
      "a folder without an issuer",
      ["call", "GET", "http://a/", "--as-code", "curl", "--data-dir", "none"],
      /no issuer has run with .* leave it out: --no-token-step/,
    ],
    ["an issuer that is no URL", ["token", "--issuer", "tenant"], /--issuer is "tenant", wanted a URL/],
    ["groups of Auth0", ["token", "--group", "a"], /no groups/],
    ["an ID token about nobody", ["token", "--id-token"], /about a user/],
  ])("%s: exit 2 and what to do", async (_, args, message) => {
    const { code, stdout, stderr } = await gatewarden(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});

test("the flags for profiles reach the token", async () => {
  const claims = async (...flags: readonly string[]) => {
    const { stdout } = await gatewarden("token", ...flags);
    return JSON.parse(Buffer.from(stdout.split(".")[1] ?? "", "base64url").toString());
  };
  const cognito = ["--profile", "cognito", "--as", "alice", "--group", "keepers", "--group", "staff"];
  expect(await claims(...cognito)).toMatchObject({ token_use: "access", "cognito:groups": ["keepers", "staff"] });
  const pool = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE";
  expect(await claims(...cognito, "--id-token", "--issuer", pool)).toMatchObject({ token_use: "id", iss: pool });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "../../test/support/command-line.ts";
import { generateSigningKey } from "../token/generate-signing-key.ts";
import { signJwt } from "../token/sign-jwt.ts";

const RULES = [{ method: "GET", path: "/pets", scopes: ["read:pets"] }];
/** Nothing listens there: keys come from the key set that is baked in. */
const SETTINGS = "TOKEN_ISSUER=https://issuer/\nAUDIENCE=https://pets\nJWKS_URI=http://127.0.0.1:9/\n";

let cwd: string;
let event: (claims?: object, bearer?: string) => string;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "gatewarden-authorizer-test-"));
  mkdirSync(join(cwd, "folder"));
  const key = await generateSigningKey();
  writeFileSync(join(cwd, "jwks.json"), JSON.stringify({ keys: [key.publicJwk] }));
  writeFileSync(join(cwd, "rules.json"), JSON.stringify(RULES));
  writeFileSync(join(cwd, "plain.env"), SETTINGS);
  writeFileSync(join(cwd, "ruled.env"), `${SETTINGS}RULES_FILE=rules.json\nKEYS_FILE=jwks.json\n`);
  writeFileSync(join(cwd, "bare.env"), `${SETTINGS}BEARER=optional\n`);
  event = (claims = {}, bearer = "Bearer ") => {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: "https://issuer/", aud: "https://pets", sub: "ann", exp: now + 600, ...claims };
    const token = signJwt(all, { algorithm: "RS256", privateKey: key.privateKey, kid: key.kid });
    const methodArn = "arn:aws:execute-api:us-east-1:123456789012:abc123/test/GET/pets";
    return JSON.stringify({ type: "TOKEN", authorizationToken: `${bearer}${token}`, methodArn });
  };
});
afterAll(() => rmSync(cwd, { recursive: true }));

const tested = (flags: readonly string[], stdin: string, env: NodeJS.ProcessEnv = {}) =>
  commandLine(["authorizer", "test", "--event", "-", ...flags], { cwd, stdin, env });
const effects = (stdout: string): readonly string[] =>
  (JSON.parse(stdout).policyDocument.Statement as { Effect: string }[]).map(({ Effect }) => Effect);

describe("authorizer test answers as the function that is deployed with the same settings", () => {
  const KEYS = ["--keys", "jwks.json"];
  test.each<[string, readonly string[], NodeJS.ProcessEnv]>([
    ["--rules", ["--env", "plain.env", "--rules", "rules.json", ...KEYS], {}],
    ["RULES_FILE and KEYS_FILE of the file", ["--env", "ruled.env"], {}],
    ["RULES_FILE of the environment", ["--env", "plain.env", ...KEYS], { RULES_FILE: "rules.json" }],
  ])("rules by %s", async (_, flags, env) => {
    const without = await tested(flags, event(), env);
    expect({ code: without.code, effects: effects(without.stdout) }).toEqual({ code: 0, effects: ["Deny"] });
    const reader = await tested(flags, event({ scope: "read:pets" }), env);
    expect(effects(reader.stdout)).toEqual(["Allow"]);
  });

  test("every setting of the environment counts", async () => {
    const flags = ["--env", "plain.env", ...KEYS];
    expect(await tested(flags, event({}, ""))).toMatchObject({ code: 1 });
    expect(await tested(flags, event({}, ""), { BEARER: "optional" })).toMatchObject({ code: 0 });
    expect(await tested(["--env", "bare.env", ...KEYS], event({}, ""))).toMatchObject({ code: 0 });
    expect(await tested(flags, event(), { LEEWAY_SECONDS: "many" })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('LEEWAY_SECONDS is \\"many\\", wanted: 0 to 300'),
    });
  });

  test("--env-file still names the variables where Node.js leaves it to us", async () => {
    expect(await tested(["--env-file", "ruled.env"], event())).toMatchObject({ code: 0 });
  });
});

test.each<[readonly string[], string]>([
  [["authorizer"], "no verb, wanted test or bundle."],
  [["authorizer", "test", "--event", "-", "--out", "x.zip"], "--out is not for authorizer test: leave it out."],
  [["authorizer", "bundle", "--out", "x.zip", "--env", "plain.env"], "--env is not for authorizer bundle"],
  [["authorizer", "bundle", "--out", "x.zip", "--event", "-"], "--event is not for authorizer bundle"],
  [["authorizer", "test", "event.json"], 'there is a word too many, "event.json".'],
  [["authorizer", "test", "--event", "folder"], "--event folder cannot be read (EISDIR). It is a folder: name a file"],
  [["authorizer", "test", "--event", "-", "--env", "no.env"], "--env no.env cannot be read (ENOENT). There is no such"],
  [["authorizer", "test", "--event", "-", "--rules", "no.json"], "--rules no.json cannot be read (ENOENT)."],
  [["authorizer", "test", "--event", "-", "--rules", "jwks.json"], "jwks.json: the rules file is {"],
  [["authorizer", "test", "--event", "-", "--keys", "rules.json"], "rules.json: "],
  [["authorizer", "bundle", "--out", "missing/x.zip"], "x.zip (ENOENT). Its folder does not exist"],
  [["authorizer", "bundle", "--out", "folder"], "folder (EISDIR). It is a folder: name a file in it."],
])("%j is wrong use", async (args, sentence) => {
  const { code, stdout, stderr } = await commandLine(args, { cwd, stdin: "{}" });
  expect(stderr).toContain(sentence);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

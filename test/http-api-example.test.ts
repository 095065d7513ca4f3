import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DecisionRecord } from "../src/execute-api/decision-record.ts";
import { type Gatewarden, type MintOptions, startGatewarden } from "../src/index.ts";
import { serve } from "./support/command-line.ts";

const EXAMPLE = join(import.meta.dirname, "../examples/http-api");
const AUDIENCE = "https://test-api.example";

let folder: string;
let gateway: Gatewarden | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-http-api-"));
  cpSync(EXAMPLE, folder, { recursive: true });
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Serves the example's template, changed in text or by one of its patches, with the development issuer. */
async function start({ change, patch }: { change?: readonly [string, string]; patch?: string } = {}) {
  const template = join(folder, "template.yaml");
  if (patch) {
    // Strictly: every line is where the patch says.
    const args = ["-F0", "template.yaml", `variations/${patch}.patch`];
    expect(execFileSync("patch", args, { cwd: folder, encoding: "utf8" })).not.toMatch(/offset|fuzz|hunk/i);
  }
  if (change) {
    const text = readFileSync(template, "utf8");
    expect(text).toContain(change[0]);
    writeFileSync(template, text.replace(change[0], change[1]));
  }
  const parameters = { Audience: AUDIENCE, IssuerUri: "${gatewarden.issuer}" };
  gateway = await startGatewarden({ files: [template], dataDir: join(folder, ".gatewarden"), parameters });
  return gateway;
}

async function ask(given: { path?: string; token?: string; init?: RequestInit } = {}) {
  if (gateway === undefined) throw new Error("nothing is served");
  const { path = "/test", token, init = {} } = given;
  const headers = { ...(init.headers as Record<string, string>), ...(token !== undefined && { authorization: token }) };
  const response = await fetch(gateway.url() + path, { ...init, headers });
  const requestId = response.headers.get("apigw-requestid");
  const record = gateway.requests().find((each) => each.requestId === requestId) as DecisionRecord;
  const challenge = response.headers.get("www-authenticate");
  return { status: response.status, body: await response.text(), challenge, headers: response.headers, record };
}

const bearer = (options: MintOptions = {}): string => `Bearer ${(gateway as Gatewarden).token(options)}`;

describe("the example", () => {
  test("answers 200 with a good token, with and without Bearer, and the function sees who called", async () => {
    await start();
    for (const token of [bearer(), bearer().slice("Bearer ".length)]) {
      const { status, body, headers } = await ask({ token });
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("application/json");
      expect(JSON.parse(body)).toMatchObject({ route: "GET /test", audience: AUDIENCE, scopes: null });
    }
  });

  test.each<[string, MintOptions | undefined, string, string]>([
    ["none", undefined, "Bearer", "jwt_missing"],
    [
      "expired",
      { expired: true },
      'Bearer scope="" error="invalid_token" error_description="the token has expired"',
      "token_expired",
    ],
    [
      "wrong audience",
      { wrongAud: true },
      'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"',
      "audience_mismatch",
    ],
    [
      "wrong issuer",
      { wrongIss: true },
      'Bearer scope="" error="invalid_token" error_description="the issuer of the token does not match the configured issuer"',
      "issuer_mismatch",
    ],
    [
      "forged",
      { badSignature: true },
      'Bearer scope="" error="invalid_token" error_description="crypto/rsa: verification error"',
      "bad_signature",
    ],
    [
      "HS256",
      { alg: "HS256" },
      'Bearer scope="" error="invalid_token" error_description="signing method HS256 is invalid"',
      "algorithm_not_allowed",
    ],
    [
      "without kid",
      { noKid: true },
      'Bearer scope="" error="invalid_token" error_description="unable to find a key for the token"',
      "kid_missing",
    ],
    [
      "opaque",
      { opaque: true },
      'Bearer scope="" error="invalid_token" error_description="token contains an invalid number of segments"',
      "not_a_jwt",
    ],
  ])("a token that is %s: 401, the exact challenge, the reason in the record", async (_, broken, challenge, reason) => {
    await start();
    const answer = await ask(broken === undefined ? {} : { token: bearer(broken) });
    expect(answer).toMatchObject({ status: 401, body: '{"message":"Unauthorized"}', challenge });
    expect(answer.headers.get("content-type")).toBeNull();
    expect(answer.record.refusal?.reason).toBe(reason);
  });

  test("its access log goes where the project file says, with the caller's claims", async () => {
    const log = join(folder, "access.log");
    const format = "$context.requestId $context.status $context.authorizer.claims.aud $context.authorizer.error";
    writeFileSync(
      join(folder, "gatewarden.yaml"),
      `stages: { httpapi: { accessLog: { destination: access.log, format: '${format}' } } }\n`,
    );
    await start();
    expect(gateway?.apis.map(({ apiId }) => apiId)).toEqual(["httpapi"]);
    expect((await ask({ token: bearer() })).status).toBe(200);
    expect((await ask()).status).toBe(401);
    await gateway?.stop();
    gateway = undefined;
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.map((line) => line.replace(/^\S+ /, ""))).toEqual([
      `200 ${AUDIENCE} -`,
      "401 - missing: token not provided",
    ]);
  });

  test("a path that no route takes is 404", async () => {
    await start();
    expect(await ask({ path: "/test/" })).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
  });

  test.each([
    [
      "trusts somebody else",
      ["Service: apigateway.amazonaws.com", "Service: ec2.amazonaws.com"],
      "does not let apigateway.amazonaws.com assume it",
    ],
    [
      "may do something else",
      ["Action: lambda:InvokeFunction", "Action: lambda:GetFunction"],
      "allows lambda:InvokeFunction",
    ],
    [
      "is taken away",
      ["      CredentialsArn: !GetAtt InvokeRole.Arn\n", ""],
      "no permission lets apigateway.amazonaws.com invoke",
    ],
  ] as const)("an invoke role that %s: 500, and the record says so", async (_, change, said) => {
    await start({ change: [change[0], change[1]] });
    const answer = await ask({ token: bearer() });
    expect(answer).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
    expect(answer.record.refusal).toMatchObject({
      reason: "lambda_not_permitted",
      message: expect.stringContaining(said),
    });
  });

  test.each([
    ["throws", 'throw new Error("broken");', "lambda_function_error"],
    ["answers a body that is no text", "return { statusCode: 200, body: {} };", "lambda_answer_malformed"],
  ])("a function that %s: 500, and the record says so", async (_, code, reason) => {
    await start({ change: ["const { claims, scopes }", `${code} const { claims, scopes }`] });
    const answer = await ask({ token: bearer() });
    expect(answer).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
    expect(answer.record.refusal?.reason).toBe(reason);
  });

  test("its access log says who called with which claims, and why others were refused", async () => {
    const running = await start();
    await ask({ token: bearer() });
    await ask({ token: bearer({ expired: true }) });
    await running.stop();
    gateway = undefined;
    const text = readFileSync(join(folder, ".gatewarden/access-logs/httpapi-$default.log"), "utf8");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { route: "GET /test", status: "200", sub: expect.stringMatching(/@clients$/), refused: "-" },
      { route: "GET /test", status: "401", sub: "-", refused: "invalid_token: the token has expired" },
    ]);
  });

  test("runs from the command line, with its parameters as flags, and not without them", async () => {
    const ports = ["--port", "0", "--issuer-port", "0"];
    const parameters = ["--parameter", `Audience=${AUDIENCE}`, "--parameter", "IssuerUri=${gatewarden.issuer}"];
    const serving = await serve(["dev", "template.yaml", ...parameters, ...ports], { cwd: folder });
    try {
      expect(serving.json).toMatchObject({
        apis: [{ apiId: "httpapi", type: "HTTP", stages: [{ name: "$default" }] }],
      });
    } finally {
      await serving.stop();
    }
  });

  test("a template that names the real tenant runs offline where the local issuer may speak for it", async () => {
    writeFileSync(join(folder, "gatewarden.yaml"), 'issuers: {"https://tenant.eu.auth0.com/": local}\n');
    gateway = await startGatewarden({
      files: [join(folder, "template.yaml")],
      dataDir: join(folder, ".gatewarden"),
      parameters: { Audience: AUDIENCE, IssuerUri: "https://tenant.eu.auth0.com/" },
    });
    const token = gateway.token();
    expect(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())).toMatchObject({
      iss: "https://tenant.eu.auth0.com/",
    });
    expect(await ask({ token })).toMatchObject({ status: 200 });
    expect(await ask({ token: bearer({ issuer: "https://another.example/" }) })).toMatchObject({ status: 401 });
  });
});

const hasPatch = (() => {
  try {
    execFileSync("patch", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.log("the example's variations are not tried: there is no patch program");
    return false;
  }
})();

describe.skipIf(!hasPatch)("its variations", () => {
  test("scopes: GET for readers, POST for writers, 403 with the challenge for others", async () => {
    await start({ patch: "scopes" });
    const reader = bearer({ scopes: ["read:test"] });
    expect(JSON.parse((await ask({ token: reader })).body)).toMatchObject({
      scope: "read:test",
      scopes: ["read:test"],
    });
    const refused = await ask({ token: reader, init: { method: "POST" } });
    expect(refused).toMatchObject({
      status: 403,
      body: '{"message":"Forbidden"}',
      challenge:
        'Bearer scope="write:test" error="insufficient_scope" error_description="the token does not have the required scopes"',
    });
    expect(refused.record.refusal?.reason).toBe("scope_insufficient");
    expect((await ask({ token: bearer({ scopes: ["write:test"] }), init: { method: "POST" } })).status).toBe(200);
    const permissions = await ask({ token: bearer({ scopes: [], permissions: ["read:test"] }) });
    expect(permissions).toMatchObject({ status: 403 });
    expect(permissions.record.refusal?.message).toContain("permissions");
  });

  test("groups: the function reads [admins readers]", async () => {
    await start({ patch: "groups" });
    expect((await ask({ token: bearer({ claims: { "cognito:groups": ["readers", "admins"] } }) })).status).toBe(200);
    expect(await ask({ token: bearer({ claims: { "cognito:groups": ["readers"] } }) })).toMatchObject({
      status: 403,
      body: "admins only",
    });
  });

  test("proxy: everything to one function, the root to another", async () => {
    await start({ patch: "proxy" });
    expect(await ask({ path: "/" })).toMatchObject({ status: 200, body: "welcome" });
    expect(await ask({ path: "/a/b" })).toMatchObject({ status: 401 });
    expect(JSON.parse((await ask({ path: "/a/b", token: bearer(), init: { method: "PUT" } })).body)).toMatchObject({
      route: "ANY /{proxy+}",
    });
  });

  test("cors: the gateway answers the preflight, and a 401 can be read by the page", async () => {
    await start({ patch: "cors" });
    const origin = "http://localhost:3000";
    const asks = { origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" };
    const preflight = await ask({ init: { method: "OPTIONS", headers: asks } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect((await ask({ init: { headers: { origin } } })).headers.get("access-control-allow-origin")).toBe(origin);
  });

  test("lambda-authorizer: the function's word decides, its context reaches the other one", async () => {
    await start({ patch: "lambda-authorizer" });
    expect(JSON.parse((await ask({ token: "open sesame" })).body)).toEqual({ route: "GET /test", caller: "Ali" });
    expect(await ask({ token: "open barley" })).toMatchObject({
      status: 403,
      body: '{"message":"Forbidden"}',
      challenge: null,
    });
    expect(await ask()).toMatchObject({ status: 401, challenge: null });
  });
});

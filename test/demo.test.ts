import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadyFile } from "../src/server/ready-file.ts";
import { gatewarden, type Serving, serve } from "./support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "gatewarden-demo-"));
const dataDir = join(folder, ".gatewarden");
let demo: Serving;
let url: string;

beforeAll(async () => {
  demo = await serve(["demo", "--port", "0", "--issuer-port", "0"], { cwd: folder });
  url = (demo.json as unknown as ReadyFile).apis[0]?.stages[0]?.url ?? "";
});

afterAll(async () => {
  await demo.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function token(...flags: string[]): Promise<string> {
  const { code, stdout } = await gatewarden(["token", ...flags], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(1);
  return stdout.trim();
}

async function get(path: string, bearer?: string, init: RequestInit = {}) {
  const response = await fetch(`${url}${path}`, {
    ...init,
    headers: { ...init.headers, ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) },
  });
  return {
    status: response.status,
    errorType: response.headers.get("x-amzn-errortype"),
    requestId: response.headers.get("x-amzn-requestid") ?? "",
    body: await response.text(),
    headers: response.headers,
  };
}

/** Runs a line that the demo printed. */
async function curl(line: string): Promise<{ readonly status: number; readonly text: string }> {
  expect(line).toMatch(/^curl /);
  const { stdout: text } = await promisify(execFile)("sh", ["-c", `${line} -s`]);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text };
}

describe("what the demo prints", () => {
  test("each curl line answers the status it promises", async () => {
    const petstore = [200, 200, 201, 400, 401, 401, 401, 401, 403, 403, 403, 403, 403];
    const signed = [200, 403, 201, 403];
    const httpApi = [200, 200, 401, 401, 401, 404];
    const statuses: number[] = [];
    for (const line of demo.json.curls as string[]) statuses.push((await curl(line)).status);
    expect(statuses).toEqual([...petstore, ...signed, ...httpApi]);
  });

  test("signed lines show AWS_IAM: a good signature, a Bearer token in its place, the token beside it, a denial", async () => {
    const { apis } = demo.json as unknown as ReadyFile;
    const staff = apis.find(({ apiId }) => apiId === "petstoreiam")?.stages[0]?.url ?? "none";
    const lines = (demo.json.curls as string[]).filter((line) => line.includes(staff));
    expect(lines.map((line) => line.includes("--aws-sigv4 aws:amz:us-east-1:execute-api"))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    const [allowed, bearer, ordered, denied] = await Promise.all(lines.map(curl));
    expect(allowed?.text).toContain('{"id":1,"type":"dog","price":249.99}');
    expect(bearer?.text).toContain("IncompleteSignatureException");
    expect(bearer?.text).toContain("Invalid key=value pair (missing equal-sign) in Authorization header");
    expect(ordered?.text).toContain(
      '{"petId":1,"takenBy":"arn:aws:iam::000000000000:user/clerk","hasCustomerToken":true}',
    );
    expect(denied?.text).toContain("AccessDeniedException");
    expect(denied?.text).toContain(
      '{"Message":"User: arn:aws:iam::000000000000:user/visitor is not authorized to perform: execute-api:Invoke',
    );
    const { stdout } = await gatewarden(["explain"], { cwd: folder });
    for (const line of lines)
      for (const secret of [
        /--user '[^:]+:([^']+)'/.exec(line)?.[1],
        /X-Customer-Token: [\w-]+\.[\w-]+\.([\w-]+)/.exec(line)?.[1],
      ])
        if (secret !== undefined) expect(stdout + demo.stderr()).not.toContain(secret);
  });

  test("the ready file says the same, for its owner only", () => {
    const file = join(dataDir, "ready.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const { curls: _curls, spa: _spa, ...ready } = demo.json;
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(ready);
    expect(ready).toMatchObject({
      issuerTls: expect.stringMatching(/^https:\/\/localhost:\d+\/$/),
      console: null,
      pid: demo.child.pid,
      apis: [
        { apiId: "petstore", type: "REST", stages: [{ name: "test", host: "petstore.execute-api.localhost" }] },
        { apiId: "petstoreiam", type: "REST", stages: [{ name: "test", host: "petstoreiam.execute-api.localhost" }] },
        { apiId: "httpapi", type: "HTTP", stages: [{ name: "$default", host: "httpapi.execute-api.localhost" }] },
      ],
    });
  });
});

test("the browser app is served on an origin of its own, and knows the issuer and the APIs", async () => {
  const { apis, issuer } = demo.json as unknown as ReadyFile;
  const testUrl = apis.find(({ apiId }) => apiId === "httpapi")?.stages[0]?.url;
  const spa = demo.json.spa as string;
  expect(spa).toMatch(/^http:\/\/localhost:\d+$/);
  expect(await (await fetch(spa)).text()).toContain("<title>Pets SPA</title>");
  expect(await (await fetch(`${spa}/auth_config.json`)).json()).toMatchObject({
    domain: issuer?.replace(/\/$/, ""),
    petsUrl: url,
    testUrl,
  });
  const tenant = join(dataDir, "issuer/tenant.yaml");
  expect(readFileSync(tenant, "utf8")).toContain(`callbacks: [${spa}, `);
  const preflight = await fetch(`${testUrl}/test`, {
    method: "OPTIONS",
    headers: { origin: spa, "access-control-request-method": "GET", "access-control-request-headers": "authorization" },
  });
  expect(preflight.headers.get("access-control-allow-origin")).toBe(spa);
});

describe("the PetStore", () => {
  test("lists, gets by id, filters, and creates through its mapping templates", async () => {
    const reader = await token("--scope", "read:pets create:pets");
    expect(JSON.parse((await get("/pets", reader)).body)).toContainEqual({ id: 1, type: "dog", price: 249.99 });
    expect(JSON.parse((await get("/pets?type=cat", reader)).body)).toEqual([{ id: 2, type: "cat", price: 124.99 }]);
    expect(await get("/pets/1", reader)).toMatchObject({ status: 200, body: '{"id":1,"type":"dog","price":249.99}' });
    const created = await get("/pets", reader, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"type":"gecko","price":9}',
    });
    expect(created).toMatchObject({ status: 201 });
    expect(JSON.parse(created.body)).toMatchObject({
      pet: { type: "gecko", price: 9 },
      message: "The gecko is in the shop.",
    });
  });

  test("answers 400 from its validator, through the customised gateway response", async () => {
    const keeper = await token("--scope", "create:pets");
    const refused = await get("/pets", keeper, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"type":"wolf","price":9}',
    });
    expect(refused).toMatchObject({ status: 400, errorType: "BadRequestException" });
    expect(refused.body).toContain('"message": "Invalid request body"');
    expect(refused.body).toContain("instance value");
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("shows its open page, and answers a preflight without a token", async () => {
    expect(await get("/")).toMatchObject({ status: 200, body: expect.stringContaining("stage test") });
    const preflight = await get("/pets", undefined, { method: "OPTIONS" });
    expect(preflight).toMatchObject({ status: 200 });
    expect(preflight.headers.get("access-control-allow-methods")).toBe("POST,GET,OPTIONS");
  });

  test("tells a wrong route from a wrong token only by AWS's odd answers", async () => {
    expect(await get("/animals")).toMatchObject({
      status: 403,
      errorType: "MissingAuthenticationTokenException",
      body: '{"message":"Missing Authentication Token"}',
    });
    expect(await get("/animals", "a.b.c")).toMatchObject({ status: 403, errorType: "IncompleteSignatureException" });
    expect(await get("/pets", await token("--scope", "create:pets"))).toMatchObject({
      status: 403,
      errorType: "AccessDeniedException",
    });
  });
});

describe("tokens broken on purpose are refused, each for its reason", () => {
  test.each([
    [["--expired"], "token_expired"],
    [["--wrong-aud"], "audience"],
    [["--wrong-iss"], "issuer"],
    [["--bad-signature"], "signature"],
    [["--alg", "HS256"], "algorithm"],
    [["--no-kid"], "kid"],
    [["--opaque"], "jwt"],
  ])("%s", async (flags, reason) => {
    const refused = await get("/pets", await token("--scope", "read:pets", ...flags));
    expect(refused).toMatchObject({
      status: 401,
      errorType: "UnauthorizedException",
      body: '{"message":"Unauthorized"}',
    });
    const { stdout, code } = await gatewarden(["explain", refused.requestId, "--json"], { cwd: folder });
    expect(code).toBe(0);
    expect(JSON.stringify(JSON.parse(stdout).refusal).toLowerCase()).toContain(reason.split("_").at(-1));
  });
});

describe("the other commands", () => {
  test("explain shows the last refused request", async () => {
    const { requestId } = await get("/pets");
    const { stdout } = await gatewarden(["explain"], { cwd: folder });
    expect(stdout).toContain(requestId);
    expect(stdout).toContain("401 GET /test/pets");
    expect(stdout).toContain("identity source method.request.header.Authorization is absent");
  });

  test("call prints the answer and its record, and fails only when asked to", async () => {
    const bearer = await token("--scope", "read:pets");
    const good = await gatewarden(["call", "GET", `${url}/pets/1`, "--token", bearer], { cwd: folder });
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('{"id":1,"type":"dog","price":249.99}') });
    expect(good.stdout).toContain(
      "method ARN:     arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets/1",
    );
    expect(good.stdout).not.toContain(bearer.split(".")[2]);
    expect((await gatewarden(["call", "GET", `${url}/pets`], { cwd: folder })).code).toBe(0);
    expect((await gatewarden(["call", "GET", `${url}/pets`, "--fail"], { cwd: folder })).code).toBe(1);
  });

  test("authorizer test runs the authorizer on an event, configured by an .env file", async () => {
    const { issuer } = demo.json as unknown as ReadyFile;
    writeFileSync(
      join(folder, ".env"),
      `TOKEN_ISSUER=${issuer}\nJWKS_URI=${issuer}.well-known/jwks.json\nAUDIENCE=https://pets.example\n`,
    );
    const event = {
      type: "TOKEN",
      authorizationToken: `Bearer ${await token()}`,
      methodArn: "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets",
    };
    const allowed = await gatewarden(["authorizer", "test", "--event", "-"], {
      cwd: folder,
      stdin: JSON.stringify(event),
    });
    expect(allowed.code).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({
      policyDocument: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "execute-api:Invoke" }] },
      context: { scope: expect.stringContaining("read:pets") },
    });
    const refused = await gatewarden(["authorizer", "test", "--event", "-"], {
      cwd: folder,
      stdin: JSON.stringify({ ...event, authorizationToken: "Bearer x.y.z" }),
    });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("API Gateway answers 401") });
  });

  test("authorizer bundle writes a zip whose one file is the handler", async () => {
    const { code } = await gatewarden(["authorizer", "bundle", "--out", "custom-authorizer.zip"], { cwd: folder });
    expect(code).toBe(0);
    expect(existsSync(join(folder, "custom-authorizer.zip"))).toBe(true);
  });
});

test("a web page cannot read the records", async () => {
  const { gateway } = demo.json as unknown as ReadyFile;
  const project = readFileSync(join(dataDir, "token"), "utf8").trim();
  const ask = (headers: Record<string, string>) => fetch(`${gateway}/_gatewarden/requests`, { headers });
  expect((await ask({ authorization: `Bearer ${project}` })).status).toBe(200);
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${project}`, origin: "http://evil.example" })).status).toBe(403);
});

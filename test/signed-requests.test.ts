import { execFile, execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import aws4 from "aws4";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGatewarden } from "../src/index.ts";
import { commandLine, gatewarden, type Serving, serve } from "./support/command-line.ts";
import { makeProject, mockMethod, openApi, type Project } from "./support/project.ts";

/* Signed requests to a server in a process of its own, by the signers that people have. */

const SIGV4 = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };
const WHO = '{"caller": "$context.identity.userArn"}';

let project: Project;
let serving: Serving;
let base: string;
const region = "eu-central-1";

beforeAll(async () => {
  project = makeProject({
    "shop.json": openApi(
      {
        "/pets": { get: mockMethod('{"caller": "$context.identity.userArn"}', { security: [{ sigv4: [] }] }) },
        "/pets/{name}": { get: mockMethod('{"caller": "$context.identity.userArn"}', { security: [{ sigv4: [] }] }) },
        "/sales": { post: mockMethod(WHO, { security: [{ sigv4: [] }] }) },
      },
      { sigv4: SIGV4 },
    ),
    "gatewarden.yaml": "files: [shop.json]\nstages: {shop: {name: prod}}\n",
    "iam.yaml": `
users:
  alice: {policies: [invoke]}
  bob: {policies: []}
roles:
  web:
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "000000000000"}, Action: "sts:AssumeRole"}]}
    policies: [invoke]
  machines:
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]}
    policies: [invoke]
policies:
  invoke: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:shop/*"}]}
`,
  });
  serving = await serve(["dev", "--no-issuer", "--port", "0", "--region", region], { cwd: project.folder });
  const { apis } = serving.json as { apis: { stages: { url: string }[] }[] };
  base = apis[0]?.stages[0]?.url ?? "";
});
afterAll(async () => {
  await serving?.stop();
  project?.remove();
});

interface KeyPair {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken?: string;
}

async function credentialsOf(name: string, ...more: string[]): Promise<KeyPair> {
  const printed = await commandLine(["credentials", name, "--format", "process", ...more], { cwd: project.folder });
  expect(printed.stderr).toBe("");
  return JSON.parse(printed.stdout) as KeyPair;
}

const shell = async (line: string): Promise<string> => (await promisify(execFile)("sh", ["-c", line])).stdout;
const ALICE = '{"caller": "arn:aws:iam::000000000000:user/alice"}';

describe("by the commands that sign", () => {
  test("sign prints a curl line that is answered 200", async () => {
    const { stdout } = await gatewarden(["sign", "GET", `${base}/pets`], { cwd: project.folder });
    expect(stdout).toMatch(/^curl -i .*\/eu-central-1\/execute-api\/aws4_request/);
    expect(await shell(`${stdout.trim()} -s`)).toContain(ALICE);
  });

  test.each(["/pets/caf%C3%A9%20%26%2B", "/pets?b=2&a=%20x&a=1+1&empty="])(
    "awkward paths and queries: %s",
    async (path) => {
      for (const form of [[], ["--presign"]]) {
        const { stdout } = await commandLine(["sign", "GET", base + path, ...form], { cwd: project.folder });
        expect(await shell(`${stdout.trim()} -s`)).toContain(ALICE);
      }
    },
  );

  test("a presigned URL carries the signature, and no header does", async () => {
    const args = ["sign", "GET", `${base}/pets`, "--presign", "--expires", "60"];
    const { stdout } = await commandLine(args, { cwd: project.folder });
    expect(stdout).toMatch(/[?&]X-Amz-Expires=60&.*X-Amz-Signature=[0-9a-f]{64}/);
    expect(stdout).not.toContain("Authorization");
  });

  test("credentials are printed as other programs read them", async () => {
    const { AccessKeyId, SecretAccessKey } = await credentialsOf("alice");
    const printed = async (format: string) =>
      (await commandLine(["credentials", "alice", "--format", format], { cwd: project.folder })).stdout;
    expect(await shell(`${await printed("env")}echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_REGION"`)).toBe(
      `${AccessKeyId} ${SecretAccessKey} ${region}\n`,
    );
    expect(await printed("profile")).toBe(
      `[gatewarden]\naws_access_key_id = ${AccessKeyId}\naws_secret_access_key = ${SecretAccessKey}\n`,
    );
  });

  test("a program that starts the gateway asks it for credentials", async () => {
    const gateway = await startGatewarden({
      config: project.path("gatewarden.yaml"),
      dataDir: project.path("in-program"),
      issuerPort: false,
    });
    try {
      expect((await gateway.credentials("alice")).arn).toBe("arn:aws:iam::000000000000:user/alice");
      await expect(gateway.credentials("mallory")).rejects.toThrow("there are alice, bob");
    } finally {
      await gateway.stop();
    }
  });

  test("a body is signed with it", async () => {
    const { stdout } = await commandLine(["sign", "POST", `${base}/sales`, "--data", `{"pet": "dog's"}`], {
      cwd: project.folder,
    });
    expect(await shell(`${stdout.trim()} -s`)).toContain(ALICE);
    const changed = stdout.trim().replace('{"pet"', '{"fee"');
    expect(await shell(`${changed} -s`)).toMatch(/x-amzn-ErrorType: InvalidSignatureException/);
  });

  test("call --sign shows the decision under the answer", async () => {
    const allowed = await commandLine(["call", "GET", `${base}/pets`, "--sign", "alice"], { cwd: project.folder });
    expect(allowed.stdout).toContain("200 OK");
    const denied = await commandLine(["call", "GET", `${base}/pets`, "--sign", "bob", "--fail"], {
      cwd: project.folder,
    });
    expect(denied.code).toBe(1);
    expect(denied.stdout).toContain(
      "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: execute-api:Invoke",
    );
    expect(denied.stdout).toContain("arn:aws:iam::000000000000:user/bob");
    const both = await commandLine(["call", "GET", `${base}/pets`, "--sign", "bob", "--token", "x"], {
      cwd: project.folder,
    });
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("another header") });
  });

  test("a role's session that another process begins is known to the running server", async () => {
    const { stdout } = await gatewarden(
      ["sign", "GET", `${base}/pets`, "--as", "role/web", "--session-name", "tab-1"],
      { cwd: project.folder },
    );
    expect(await shell(`${stdout.trim()} -s`)).toContain(
      '{"caller": "arn:aws:sts::000000000000:assumed-role/web/tab-1"}',
    );
  });

  test("a session policy narrows the role, and the denial says so in the record", async () => {
    const policy = project.write("session.json", {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*/POST/*" }],
    });
    const args = ["call", "GET", `${base}/pets`, "--sign", "role/web", "--session-policy", policy];
    const { stdout } = await commandLine(args, { cwd: project.folder });
    expect(stdout).toContain("403 Forbidden");
    expect(stdout).toMatch(/session polic/);
  });

  test.each([
    [["sign", "GET", "/x", "--as", "mallory"], "there are alice, bob, role/web, role/machines"],
    [["sign", "GET", "/x", "--as", "role/machines"], "trust policy of the role machines does not let"],
    [["sign", "GET", "/x", "--expires", "60"], "--presign"],
    [["sign", "GET"], "wanted a method and a URL"],
    [["sign", "GET", "/x", "--as", "alice", "--session-name", "tab"], "alice is a user"],
    [["credentials", "alice", "--format", "xml"], "wanted env, process, profile"],
    [["credentials", "role/web", "--duration", "60"], "wanted 900 to 43200"],
    [["credentials", "--data-dir", "nowhere"], "no server in"],
  ])("%j is refused and says what to do", async (args, told) => {
    const { code, stderr, stdout } = await commandLine(args, { cwd: project.folder });
    expect(stderr).toContain(told);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("the keys lie in files that only their owner reads", () => {
    for (const name of ["iam.sqlite", "identities.json"])
      expect(statSync(project.path(`.gatewarden/${name}`)).mode & 0o777).toBe(0o600);
  });
});

describe("by signers of others", () => {
  test("AWS's SDK for JavaScript", async () => {
    const { AccessKeyId, SecretAccessKey, SessionToken } = await credentialsOf("role/web");
    const signer = new SignatureV4({
      service: "execute-api",
      region,
      sha256: Sha256,
      credentials: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        ...(SessionToken && { sessionToken: SessionToken }),
      },
    });
    const url = new URL(`${base}/sales`);
    const body = '{"pet":1}';
    const { headers } = await signer.sign({
      method: "POST",
      protocol: "http:",
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, "content-type": "application/json" },
      body,
    });
    const answer = await fetch(url, { method: "POST", headers, body });
    expect(await answer.json()).toMatchObject({ caller: "arn:aws:sts::000000000000:assumed-role/web/gatewarden" });
  });

  test("aws4, in header and query", async () => {
    const { AccessKeyId, SecretAccessKey } = await credentialsOf("alice");
    const url = new URL(`${base}/pets`);
    for (const signQuery of [false, true]) {
      const signed = aws4.sign(
        { service: "execute-api", region, host: url.host, path: `${url.pathname}?type=a%20b`, signQuery },
        { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
      );
      const answer = await fetch(new URL(signed.path ?? "", url), {
        headers: (signed.headers ?? {}) as Record<string, string>,
      });
      expect(await answer.text()).toBe(ALICE);
    }
  });

  test("curl", async () => {
    const { AccessKeyId, SecretAccessKey } = await credentialsOf("alice");
    const signing = `--aws-sigv4 aws:amz:${region}:execute-api --user '${AccessKeyId}:${SecretAccessKey}'`;
    expect(await shell(`curl -s ${signing} ${base}/pets`)).toBe(ALICE);
  });

  const hasBotocore = canRun("/usr/bin/python3", ["-c", "import botocore"]);
  if (!hasBotocore) console.log("boto3's signer is not tried: python3-botocore is not installed");
  test.skipIf(!hasBotocore)("boto3", async () => {
    const { AccessKeyId, SecretAccessKey } = await credentialsOf("alice");
    const program = `
import sys, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
key, secret, url, region = sys.argv[1:]
request = AWSRequest(method="GET", url=url)
SigV4Auth(Credentials(key, secret), "execute-api", region).add_auth(request)
print(urllib.request.urlopen(urllib.request.Request(url, headers=dict(request.headers))).read().decode())
`;
    const args = ["-c", program, AccessKeyId, SecretAccessKey, `${base}/pets/a%20b`, region];
    expect((await promisify(execFile)("/usr/bin/python3", args)).stdout).toContain(ALICE);
  });
});

test("nothing that the server tells or keeps holds a signature, a secret or a session token", async () => {
  const { AccessKeyId, SecretAccessKey, SessionToken } = await credentialsOf("role/web");
  const { stdout: line } = await commandLine(["sign", "GET", `${base}/pets`, "--as", "role/web"], {
    cwd: project.folder,
  });
  const signature = /Signature=([0-9a-f]{64})/.exec(line)?.[1] ?? "none";
  // Signed and then changed: the server shows its own canonical request.
  const mismatch = await shell(`${line.trim().replace("/pets'", "/pets?more'")} -s`);
  const requestId = /x-amzn-RequestId: (\S+)/.exec(mismatch)?.[1] ?? "";
  expect(mismatch).toContain("The Canonical String for this request should have been");
  const { stdout: explained } = await commandLine(["explain", requestId], { cwd: project.folder });
  expect(explained).toContain("signature_mismatch");
  const told = `${serving.stderr()}\n${explained}`;
  for (const secret of [SecretAccessKey, SessionToken ?? "none", signature, AccessKeyId])
    expect(told).not.toContain(secret);
});

describe("the key test with the secret test", () => {
  test("is unknown unless it is asked for, and then may do everything", async () => {
    const line = (url: string): string =>
      `curl -s --aws-sigv4 aws:amz:us-east-1:execute-api --user test:test ${url}/pets`;
    const asked = makeProject({
      "shop.json": openApi({ "/pets": { get: mockMethod("in", { security: [{ sigv4: [] }] }) } }, { sigv4: SIGV4 }),
    });
    try {
      for (const [flags, wanted] of [
        [[], "The security token included in the request is invalid."],
        [["--test-credentials"], "in"],
      ] as const) {
        const one = await serve(["dev", "shop.json", "--no-issuer", "--port", "0", ...flags], { cwd: asked.folder });
        const { apis } = one.json as { apis: { stages: { url: string }[] }[] };
        expect(await shell(line(apis[0]?.stages[0]?.url ?? ""))).toContain(wanted);
        await one.stop();
      }
    } finally {
      asked.remove();
    }
  });

  test("is refused by start, which serves for good", async () => {
    const { code, stderr } = await gatewarden(["start", "shop.json", "--test-credentials", "--port", "0"], {
      cwd: project.folder,
    });
    expect(stderr).toContain("--test-credentials");
    expect(code).toBe(2);
  });
});

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { ask } from "./support/http.ts";
import { makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";
import { type KeyPair, presignedBySdk, signedByAws4, signedBySdk } from "./support/signers.ts";

/*
 * Everybody who signs has to arrive at the gateway's own canonical request, on paths and queries that are awkward to
 * encode, too. Each signer of this machine is asked to; the one that is known to err is told so.
 */

const SIGV4 = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };

let project: Project;
let server: TestServer;
let base: string;
let ann: KeyPair;
beforeAll(async () => {
  const anything = { get: mockMethod("in", { security: [{ sigv4: [] }] }) };
  project = makeProject({
    "shop.json": openApi({ "/{proxy+}": anything }, { sigv4: SIGV4 }),
    "gatewarden.yaml": "files: [shop.json]\nstages: {shop: {name: prod}}\n",
    "iam.yaml":
      'users: {ann: {policies: [{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "*"}]}]}}\n',
  });
  server = await startTestServer(project);
  base = server.url();
  ann = await server.server.credentialsOf("ann");
});
afterAll(async () => {
  await server?.stop();
  project?.remove();
});

/** As they go over the wire. */
const PATHS = [
  "/plain",
  "/slash/",
  "/a%20b",
  "/caf%C3%A9",
  "/%E2%82%AC",
  "/a%2Fb",
  "/100%25",
  "/a%252Fb",
  "/a+b",
  "/a~b-c.d_e",
  "/a@b:c=d&e$f,g",
  "/a;b=1",
  "/(a)!*'b",
  "/%7Ebob",
  "/a%2fb",
];
const QUERIES = [
  "/q?b=2&a=1",
  "/q?a=2&a=10&a=1",
  "/q?a=x%20y",
  "/q?a=x%2By",
  "/q?caf%C3%A9=%E2%82%AC",
  "/q?empty=&a=1",
  "/q?A=1&a=2&B=3",
  "/q?a=%3D%26%2F%3F",
  "/q?a=~-._",
  "/q?%24filter=id%20eq%201",
];

const TARGETS = [...PATHS, ...QUERIES];

/** The targets of which a signature was not let in. */
async function refusedTargets(statusOf: (target: string) => Promise<number>): Promise<string[]> {
  const refused: string[] = [];
  for (const target of TARGETS) if ((await statusOf(target)) !== 200) refused.push(target);
  return refused;
}

test.each([
  ["AWS's SDK for JavaScript", signedBySdk],
  ["the same, as a link", (key: KeyPair, url: string) => presignedBySdk(key, url, 60)],
  ["aws4", signedByAws4],
])("%s", async (_name, sign) => {
  const refused = await refusedTargets(async (target) => {
    const signed = await sign(ann, base + target);
    return (await ask(signed.url, signed)).status;
  });
  expect(refused).toEqual([]);
});

test.each([[[]], [["--presign"]]])("gatewarden sign %j, whose line a shell runs", async (form) => {
  const refused = await refusedTargets(async (target) => {
    const args = ["sign", "GET", base + target, "--as", "ann", ...form];
    const { stdout } = await commandLine(args, { cwd: project.folder });
    return (await runCurl(`${stdout.trim()} -g`)).status;
  });
  expect(refused).toEqual([]);
});

const hasBotocore = canRun("/usr/bin/python3", ["-c", "import botocore"]);
if (!hasBotocore) console.log("boto3's signer is not asked: python3-botocore is not installed");
test.skipIf(!hasBotocore)("boto3", async () => {
  const program = `
import http.client, json, sys
from urllib.parse import urlsplit
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
key, secret, base, targets = sys.argv[1:]
statuses = []
for target in json.loads(targets):
    request = AWSRequest(method="GET", url=base + target)
    SigV4Auth(Credentials(key, secret), "execute-api", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(base).netloc)
    connection.request("GET", urlsplit(base).path + target, headers=dict(request.headers))
    statuses.append(connection.getresponse().status)
print(json.dumps(statuses))
`;
  const { accessKeyId, secretAccessKey } = ann;
  const args = ["-c", program, accessKeyId, secretAccessKey, base, JSON.stringify(TARGETS)];
  const { stdout } = await promisify(execFile)("/usr/bin/python3", args);
  const statuses: number[] = JSON.parse(stdout);
  expect(TARGETS.filter((_, at) => statuses[at] !== 200)).toEqual([]);
});

test("curl, which before version 8 neither encodes the path once more nor sorts the query, and is told so", async () => {
  const { accessKeyId, secretAccessKey } = ann;
  const signing = `--aws-sigv4 aws:amz:us-east-1:execute-api --user '${accessKeyId}:${secretAccessKey}'`;
  let accepted = 0;
  for (const target of TARGETS) {
    const url = `'${(base + target).replaceAll("'", "'\\''")}'`;
    const { status, requestId } = await runCurl(`curl -i -g --path-as-is ${signing} ${url}`);
    if (status === 200) {
      accepted++;
      continue;
    }
    const refusal = server.record(requestId)?.refusal;
    expect([target, status, refusal?.reason]).toEqual([target, 403, "signature_mismatch"]);
    expect([target, refusal?.message]).toEqual([target, expect.stringMatching(/the (path|query) /)]);
  }
  expect(accepted).toBeGreaterThan(2);
});

async function runCurl(line: string): Promise<{ readonly status: number; readonly requestId: string }> {
  const { stdout } = await promisify(execFile)("sh", ["-c", `${line} -s`]);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(stdout)?.[1]),
    requestId: /^x-amzn-requestid: (\S+)/im.exec(stdout)?.[1] ?? "",
  };
}

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

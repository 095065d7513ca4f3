import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";

/*
 * An authorizer as the walkthroughs teach it: callback style, `context.fail("Unauthorized")`, a policy for the one method
 * that was asked for, and a TTL of an hour. The second route then meets the first one's policy.
 */

const API = `
openapi: 3.0.1
info: { title: Sample, version: "1" }
paths:
  /pets:
    get: &method
      security: [{ sample: [] }]
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses: { default: { statusCode: "200", responseTemplates: { application/json: '{"who": "$context.authorizer.principalId", "scope": "$context.authorizer.scope"}' } } }
  /toys:
    get: *method
components:
  securitySchemes:
    sample:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer:
        type: token
        authorizerUri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:sample/invocations
        authorizerResultTtlInSeconds: 3600
`;

const HANDLER = `
const tokens = { good: "read:pets" };
module.exports.handler = (event, context, callback) => {
  console.log(event);
  const match = /^Bearer (.*)$/.exec(event.authorizationToken);
  if (!match) return context.fail("Unauthorized");
  if (match[1] === "broken") return callback(new Error("jwt malformed"));
  if (!tokens[match[1]]) return context.fail("Unauthorized");
  context.succeed({
    principalId: "user",
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: event.methodArn }] },
    context: { scope: tokens[match[1]] },
  });
};
`;

const folder = mkdtempSync(join(tmpdir(), "gatewarden-sample-"));
let gateway: Gatewarden;

beforeAll(async () => {
  writeFileSync(join(folder, "sample.yaml"), API);
  writeFileSync(join(folder, "index.cjs"), HANDLER);
  writeFileSync(
    join(folder, "gatewarden.yaml"),
    "files: [sample.yaml]\nfunctions: { sample: { handler: index.handler, runtime: nodejs22.x } }\n",
  );
  gateway = await startGatewarden({
    config: join(folder, "gatewarden.yaml"),
    dataDir: join(folder, "data"),
    issuerPort: false,
  });
});

afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path: string, token?: string) {
  const response = await fetch(
    `${gateway.url()}${path}`,
    token === undefined ? {} : { headers: { authorization: token } },
  );
  const record = gateway.requests().find((each) => each.requestId === response.headers.get("x-amzn-requestid"));
  return {
    status: response.status,
    errorType: response.headers.get("x-amzn-errortype"),
    body: await response.text(),
    record,
  };
}

test("the sample's Allow opens its route, and its context reaches the mapping template", async () => {
  expect(await get("/pets", "Bearer good")).toMatchObject({
    status: 200,
    body: '{"who": "user", "scope": "read:pets"}',
  });
});

test("its one-method policy gives AWS's 403 on the second route, and the record says where the policy came from", async () => {
  await get("/pets", "Bearer good");
  const refused = await get("/toys", "Bearer good");
  expect(refused).toMatchObject({
    status: 403,
    errorType: "AccessDeniedException",
    body: '{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}',
  });
  expect(refused.record?.refusal).toMatchObject({
    reason: "cached_policy_denies",
    message: expect.stringContaining("policy cached from GET /pets"),
  });
  expect(refused.record?.authorization).toMatchObject({ cache: "hit", cachedFrom: "GET /pets" });
});

test('context.fail("Unauthorized") is 401', async () => {
  expect(await get("/pets", "Bearer other")).toMatchObject({
    status: 401,
    errorType: "UnauthorizedException",
    body: '{"message":"Unauthorized"}',
  });
  expect(await get("/pets", "good")).toMatchObject({ status: 401 });
});

test("any other error is 500 with a null message", async () => {
  const failed = await get("/pets", "Bearer broken");
  expect(failed).toMatchObject({
    status: 500,
    errorType: "AuthorizerConfigurationException",
    body: '{"message":null}',
  });
  expect(failed.record?.refusal?.message).toContain("jwt malformed");
});

test("no record holds the token, though the sample logs its whole event", async () => {
  const token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
  await get("/pets", token);
  const kept = JSON.stringify(gateway.requests());
  expect(kept).toContain("authorizationToken");
  expect(kept).not.toContain("c2lnbmF0dXJlLW9mLXRoZS10b2tlbg");
  expect(kept).not.toContain("eyJzdWIiOiJ4In0");
});

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionMethod, invocationUri, makeProject, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * The situation of "AWS API Gateway authentication error IncompleteSignatureException using JWT with Auth0" (Stack
 * Overflow, May 2016): an Angular app logs in with Auth0, its token is good, and the API answers 403 because the method's
 * authorization is AWS_IAM. Its answer names two cures: another authorization, or another place for the token.
 */

let project: Project;
let server: TestServer;
let token: string;

const SIGV4 = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };
const AUTHORIZER = {
  type: "apiKey",
  name: "Authorization",
  in: "header",
  "x-amazon-apigateway-authtype": "custom",
  "x-amazon-apigateway-authorizer": { type: "token", authorizerUri: invocationUri("authorizer") },
};

/**
 * A method whose template makes the function's event, as people wrote it before proxy integrations. Templates compare
 * header names with case (D), and fetch sends them in lower case.
 */
function ordersMethod(template: string, security: object[]) {
  const integration = {
    type: "aws",
    requestTemplates: { "application/json": template },
    responses: { default: { statusCode: "200" } },
  };
  return { ...functionMethod("orders", integration), security };
}

beforeAll(async () => {
  project = makeProject({
    "orders.cjs": "exports.handler = async (event) => event;",
    "shop.json": openApi(
      {
        "/orders": {
          post: ordersMethod(
            `{"token": "$input.params('x-auth-token')$input.path('$.token')", "caller": "$context.identity.userArn"}`,
            [{ sigv4: [] }],
          ),
        },
        "/open/orders": { post: ordersMethod(`{"token": "$input.params('authorization')"}`, []) },
        "/token/orders": {
          post: ordersMethod(`{"principalId": "$context.authorizer.principalId"}`, [{ authorizer: [] }]),
        },
      },
      { sigv4: SIGV4, authorizer: AUTHORIZER },
    ),
    "gatewarden.yaml": `
files: [shop.json]
functions:
  orders: {handler: orders.handler, runtime: nodejs22.x}
  authorizer:
    handler: gatewarden:authorizer
    env:
      TOKEN_ISSUER: \${gatewarden.issuer}
      JWKS_URI: \${gatewarden.issuer}.well-known/jwks.json
      AUDIENCE: https://shop.example
stages: {shop: {name: prod}}
`,
    "iam.yaml": `
users:
  angular-app:
    policies:
      - {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:shop/prod/POST/orders"}]}
`,
  });
  server = await startTestServer(project, { issuer: true });
  token = server.server.mint({ api: "https://shop.example" });
});
afterAll(async () => {
  await server?.stop();
  project?.remove();
});

const post = (path: string, headers: Record<string, string>, body = '{"pet":1}'): Promise<Response> =>
  fetch(`${server.url()}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

/** What the app's AWS SDK does with its keys before it sends. */
async function signed(
  path: string,
  headers: Record<string, string>,
  body = '{"pet":1}',
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = await server.server.credentialsOf("angular-app");
  const signer = new SignatureV4({
    service: "execute-api",
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
  });
  const url = new URL(`${server.url()}${path}`);
  const request = await signer.sign({
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    headers: { host: url.host, "content-type": "application/json", ...headers },
    body,
  });
  return request.headers;
}

test("the token is good: a method with an authorizer takes it", async () => {
  const answer = await post("/token/orders", { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(200);
});

test("the AWS_IAM method answers 403 IncompleteSignatureException and complains of an equal-sign", async () => {
  const answer = await post("/orders", { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(403);
  expect(answer.headers.get("x-amzn-errortype")).toBe("IncompleteSignatureException");
  const { message } = (await answer.json()) as { message: string };
  expect(message).toMatch(
    /^Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256/,
  );
});

test("the record says what AWS does not: the method's authorization is AWS_IAM, and both cures", async () => {
  const answer = await post("/orders", { authorization: `Bearer ${token}` });
  const record = server.record(answer.headers.get("x-amzn-requestid") ?? "");
  expect(record?.authorization?.type).toBe("AWS_IAM");
  expect(record?.integration).toBeUndefined();
  expect(record?.refusal).toMatchObject({ reason: "iam_bearer_token" });
  expect(record?.refusal?.message).toContain("POST /orders has AWS_IAM authorization");
  expect(record?.refusal?.message).toContain("Bearer token");
  expect(record?.refusal?.check).toContain("switch the method to a Lambda authorizer");
  expect(record?.refusal?.check).toContain("carry the token in another header");
  expect(JSON.stringify(record)).not.toContain(token);
});

test("the header people wrote by mistake, Authentication, leaves the request unsigned", async () => {
  const answer = await post("/orders", { authentication: `Bearer ${token}` });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toEqual({ message: "Missing Authentication Token" });
  expect(server.record(answer.headers.get("x-amzn-requestid") ?? "")?.refusal?.reason).toBe("iam_unsigned");
});

test("first cure: an authorizer instead of AWS_IAM looks at the token itself", async () => {
  const answer = await post("/token/orders", { authorization: `Bearer ${token}` });
  expect(await answer.json()).toEqual({ principalId: expect.stringMatching(/@clients$/) });
  const forged = await post("/token/orders", {
    authorization: `Bearer ${server.server.mint({ api: "https://shop.example", badSignature: true })}`,
  });
  expect(forged.status).toBe(401);
});

test("or none at all, and a mapping template hands the Authorization header to the function", async () => {
  const answer = await post("/open/orders", { authorization: `Bearer ${token}` });
  expect(await answer.json()).toEqual({ token: `Bearer ${token}` });
});

test("second cure: the request is signed, and the token travels in a header of its own", async () => {
  const answer = await post("/orders", await signed("/orders", { "x-auth-token": token }));
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ token, caller: "arn:aws:iam::000000000000:user/angular-app" });
});

test("or in the body, which the signature covers as well", async () => {
  const body = JSON.stringify({ token });
  const headers = await signed("/orders", {}, body);
  expect(await (await post("/orders", headers, body)).json()).toMatchObject({ token });
  const changed = await post("/orders", headers, JSON.stringify({ token: "another" }));
  expect(changed.status).toBe(403);
  expect(changed.headers.get("x-amzn-errortype")).toBe("InvalidSignatureException");
});

test("the function never sees the signature", async () => {
  const headers = await signed("/orders", { "x-auth-token": token });
  const answer = await post("/orders", headers);
  expect(await answer.text()).not.toContain("AWS4-HMAC-SHA256");
});

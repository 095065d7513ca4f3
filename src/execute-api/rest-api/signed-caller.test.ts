import { describe, expect, test } from "vitest";
import { type Asked, ask } from "../../../test/ask-iam-method.ts";
import {
  ACCESS_KEY_ID,
  SECRET,
  SESSION_CREDENTIAL,
  sampleSession,
  sampleUser,
  statement,
} from "../../../test/iam-samples.ts";
import { compiled, functionAnswering, headerOf } from "../../../test/rest-api-samples.ts";
import type { HttpResult } from "../integrations/http-client/http-exchange.ts";
import type { Ports } from "../ports.ts";
import type { CompiledIntegration } from "./deployment.ts";

const ANN = "arn:aws:iam::000000000000:user/ann";
const SILENT = [statement("Allow", "arn:aws:execute-api:us-east-1:000000000000:other/*")];

describe("what the integration sees of the caller", () => {
  const REST_OF_IDENTITY = { sourceIp: "203.0.113.7", userAgent: null };

  test("an event names a user, and has no authorizer", async () => {
    const { event } = await ask({ identity: sampleUser({ organization: { id: "o-1234567890" } }) });
    expect(event.requestContext.identity).toEqual({
      ...REST_OF_IDENTITY,
      accessKey: ACCESS_KEY_ID,
      accountId: "000000000000",
      caller: "AIDACKCEVSQ6C2EXAMPLE",
      user: "AIDACKCEVSQ6C2EXAMPLE",
      userArn: ANN,
      principalOrgId: "o-1234567890",
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
    });
    expect(event.requestContext).not.toHaveProperty("authorizer");
    expect(JSON.stringify(event)).not.toContain(SECRET);
  });

  test("an event names a session, and the Cognito identity behind it", async () => {
    const cognito = {
      identityId: "us-east-1:id",
      identityPoolId: "us-east-1:pool",
      authenticationType: "authenticated",
      authenticationProvider: "cognito-idp.us-east-1.amazonaws.com/p,cognito-idp…:CognitoSignIn:sub",
      amr: ["authenticated"],
    };
    const { event } = await ask({ identity: sampleSession({ cognito }) });
    expect(event.requestContext.identity).toEqual({
      ...REST_OF_IDENTITY,
      accessKey: SESSION_CREDENTIAL.accessKeyId,
      accountId: "000000000000",
      caller: "AROACKCEVSQ6C2EXAMPLE:cli",
      user: "AROACKCEVSQ6C2EXAMPLE:cli",
      userArn: "arn:aws:sts::000000000000:assumed-role/Caller/cli",
      principalOrgId: null,
      cognitoIdentityId: cognito.identityId,
      cognitoIdentityPoolId: cognito.identityPoolId,
      cognitoAuthenticationType: cognito.authenticationType,
      cognitoAuthenticationProvider: cognito.authenticationProvider,
    });
  });

  test("the signature is dropped from the event (D), what was signed beside it stays (?)", async () => {
    const { event } = await ask({ identity: sampleSession() });
    const names = Object.keys(event.headers).map((name) => name.toLowerCase());
    expect(names).not.toContain("authorization");
    expect(names).toEqual(expect.arrayContaining(["x-amz-date", "x-amz-security-token"]));
    const presigned = await ask({ signing: { form: "query" } });
    expect(Object.keys(presigned.event.queryStringParameters)).toContain("X-Amz-Signature");
  });

  /** What an HTTP backend is sent. */
  async function sentTo(integration: CompiledIntegration, given: Asked = {}) {
    const sent: Parameters<Ports["http"]["request"]>[0][] = [];
    const http: Ports["http"] = {
      request: async (request) => {
        sent.push(request);
        return { outcome: "response", status: 200, headers: [], body: Buffer.from("ok") } as unknown as HttpResult;
      },
      stats: () => ({ open: 0, idle: 0, waiting: 0 }),
      close: () => undefined,
    };
    await ask({ integration, ...given, ports: { http } });
    const [first] = sent;
    if (first === undefined) throw new Error("nothing was sent");
    return { header: (name: string) => headerOf(first.headers, name), body: first.body?.toString() };
  }
  const backend = { httpMethod: "POST", uri: "http://back.example/" };

  test("an HTTP_PROXY endpoint does not get the signature, nor does a mapping bring it back", async () => {
    const passing = await sentTo(compiled({ type: "HTTP_PROXY", ...backend }));
    expect(passing.header("authorization")).toEqual([]);
    expect(passing.header("x-amz-date")).toHaveLength(1);
    for (const type of ["HTTP_PROXY", "HTTP"] as const) {
      const requestParameters = { "integration.request.header.Authorization": "method.request.header.Authorization" };
      const mapped = await sentTo(compiled({ type, ...backend, requestParameters }));
      expect(mapped.header("authorization")).toEqual([]);
    }
  });

  test("a token in another header or in the body gets to the backend, through a mapping template too", async () => {
    const integration = compiled({
      type: "HTTP",
      ...backend,
      requestParameters: { "integration.request.header.Authorization": "method.request.header.X-Id-Token" },
      requestTemplates: {
        "application/json": `{"who":"$context.identity.userArn","key":"$context.identity.accessKey","token":$input.json('$.token')}`,
      },
    });
    const headers = ["X-Id-Token", "Bearer of.the.user", "Content-Type", "application/json"];
    const { header, body } = await sentTo(integration, { method: "POST", headers, body: '{"token":"in.the.body"}' });
    expect(header("authorization")).toEqual(["Bearer of.the.user"]);
    expect(JSON.parse(body ?? "")).toEqual({ who: ANN, key: ACCESS_KEY_ID, token: "in.the.body" });
  });
});

test("what a function writes of a signature is masked in the record", async () => {
  for (const form of ["header", "query"] as const) {
    const given = { identity: sampleSession(), signing: { form } };
    const { sent } = await ask(given);
    const signature = /Signature=(\w+)/.exec(`${sent.target} ${sent.headers.join()}`)?.[1] ?? "";
    const logs = [`got ${signature} and ${SESSION_CREDENTIAL.sessionToken}`];
    const { lambda } = functionAnswering({ outcome: "success", payload: '{"statusCode":200,"body":"ok"}', logs });
    const { record } = await ask({ ...given, ports: { lambda } });
    expect(record?.integration?.functionLogs).toEqual(["got [identity masked] and [identity masked]"]);
  }
});

describe("access logs", () => {
  const accessLog = { destination: "-", format: (context: object) => JSON.stringify(context) };
  const logged = async (given: Asked) => JSON.parse((await ask({ ...given, deployment: { accessLog } })).line ?? "");

  test("name the caller, and what became of authentication and authorization", async () => {
    expect(await logged({})).toMatchObject({
      identity: { caller: "AIDACKCEVSQ6C2EXAMPLE", user: "AIDACKCEVSQ6C2EXAMPLE", userArn: ANN },
      authenticate: { status: 200 },
      authorize: { status: 200 },
    });
    const denied = await logged({ identity: sampleUser({ policyDocuments: SILENT }) });
    expect(denied).toMatchObject({
      authenticate: { status: 200 },
      authorize: { status: 403 },
      error: { responseType: "ACCESS_DENIED", message: expect.stringContaining(ANN) },
    });
    const unsigned = await logged({ credential: null });
    expect(unsigned).toMatchObject({ authenticate: { status: 403 }, identity: { caller: null } });
    expect(unsigned).not.toHaveProperty("authorize");
  });
});

import { describe, expect, test } from "vitest";
import { httpPorts, NOW_MS, sampleDeployment, sampleIntegration, sampleRoute } from "../../../test/http-api-samples.ts";
import {
  ACCESS_KEY_ID,
  identitiesOf,
  OTHER_ACCOUNT,
  SECRET,
  SESSION_CREDENTIAL,
  sampleSession,
  sampleUser,
  signed,
  statement,
  USER_CREDENTIAL,
} from "../../../test/iam-samples.ts";
import { functionAnswering, samplePorts } from "../../../test/rest-api-samples.ts";
import type { Identities, Identity } from "../../aws/iam/identity.ts";
import type { SigningOptions } from "../../aws/sigv4/sign-request.ts";
import type { SigningCredential } from "../../aws/sigv4/signature-verdict.ts";
import type { DecisionRecord } from "../decision-record.ts";
import type { Ports } from "../ports.ts";
import { Trace } from "../trace.ts";
import { answer } from "./answer.ts";
import { authorizeWithIam } from "./authorize-with-iam.ts";
import type { CompiledRoute, HttpApiDeployment } from "./deployment.ts";

const ACCOUNT = "123456789012";
const HOST = ["Host", "abc123.execute-api.us-east-1.amazonaws.com"];
const ARN = `arn:aws:execute-api:us-east-1:${ACCOUNT}:abc123/$default/GET/pets/42`;
const FORBIDDEN = { status: 403, body: '{"message":"Forbidden"}' };
const SILENT = [statement("Allow", "arn:aws:execute-api:*:*:other/*")];

interface Asked {
  readonly identity?: Identity;
  readonly identities?: Identities;
  readonly deployment?: Partial<HttpApiDeployment>;
  readonly route?: Partial<CompiledRoute>;
  readonly format?: "1.0" | "2.0";
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly credential?: SigningCredential | null;
  readonly signing?: Partial<SigningOptions>;
  readonly ports?: Partial<Ports>;
}

const user = (given: Parameters<typeof sampleUser>[0] = {}) => sampleUser({ accountId: ACCOUNT, ...given });
const session = (given: Parameters<typeof sampleSession>[0] = {}) => sampleSession({ accountId: ACCOUNT, ...given });

/** A request to `GET /pets/{id}` with AWS_IAM authorization, and everything that became of it. */
async function ask(given: Asked = {}) {
  const { identity = user(), path = "/pets/42", query = "", credential, format = "2.0" } = given;
  const records: DecisionRecord[] = [];
  const lines: string[] = [];
  const { calls, lambda } = functionAnswering({ outcome: "success", payload: '{"statusCode":200,"body":"ok"}' });
  const ports = httpPorts({
    lambda,
    identities: given.identities ?? identitiesOf([identity]).identities,
    record: (record) => void records.push(record),
    writeAccessLog: (_, line) => void lines.push(line),
    ...given.ports,
  });
  const integration = sampleIntegration({ payloadFormatVersion: format });
  const route = sampleRoute("GET /pets/{id}", { authorization: { type: "AWS_IAM" }, integration, ...given.route });
  const deployment = sampleDeployment({
    routeList: [route],
    identityHeaders: new Set(["authorization", "x-amz-security-token"]),
    accessLog: { destination: "-", format: (context) => JSON.stringify(context) },
    ...given.deployment,
  });
  const unsigned = { method: "GET", target: `${path}${query}`, headers: [...HOST, ...(given.headers ?? [])] };
  const sent =
    credential === null
      ? { ...unsigned, body: Buffer.alloc(0) }
      : signed(unsigned, NOW_MS, credential ?? identity.credential, given.signing);
  const [, rawQuery = ""] = sent.target.split("?");
  const incoming = {
    httpVersion: "1.1",
    sourceIp: "192.0.2.1",
    scheme: "https",
    receivedAtMs: NOW_MS,
    ...sent,
  } as const;
  const answered = await answer(incoming, { path, rawQuery }, deployment, ports);
  return {
    status: answered.status,
    headers: answered.headers,
    body: answered.body.toString(),
    event: calls[0] && JSON.parse(calls[0].payload),
    record: records[0],
    log: JSON.parse(lines[0] ?? ""),
    sent: incoming,
  };
}

describe("a signature that is good", () => {
  test("is let in, in the header and in the query (?)", async () => {
    expect(await ask()).toMatchObject({ status: 200, body: "ok" });
    expect(await ask({ identity: session() })).toMatchObject({ status: 200 });
    expect(await ask({ signing: { form: "query" } })).toMatchObject({ status: 200 });
  });

  test("waits for nothing when the key is known, and looks once more when it is not", async () => {
    const { identities, asked } = identitiesOf([user()]);
    const route = sampleRoute("GET /pets/{id}", { authorization: { type: "AWS_IAM" } });
    const { incoming } = requestSigned();
    const around = {
      request: {
        incoming,
        method: incoming.method,
        path: "/pets/42",
        rawQuery: "",
        headers: { last: () => undefined },
      } as never,
      matched: { route, pathParameters: {}, routeArn: ARN, otherArns: undefined },
      deployment: sampleDeployment(),
      ports: httpPorts({ identities }),
      trace: new Trace(() => 0),
    };
    expect(authorizeWithIam(around)).toMatchObject({ iam: { arn: user().arn } });
    expect(asked.refreshes).toBe(0);
    const later = identitiesOf([], [user()]);
    expect(await ask({ identities: later.identities })).toMatchObject({ status: 200 });
    expect(later.asked.refreshes).toBe(1);
  });

  function requestSigned() {
    const sent = signed({ target: "/pets/42", headers: HOST }, NOW_MS);
    return { incoming: { ...sent, httpVersion: "1.1", sourceIp: "", scheme: "https", receivedAtMs: NOW_MS } as const };
  }
});

describe("every failure is a bare 403 Forbidden (C)", () => {
  const NOT_SIGNED = "The request for the IAM Authorizer doesn't match the format that API Gateway expects.";
  test.each([
    ["nothing", { credential: null }, "iam_unsigned", NOT_SIGNED],
    ["a Bearer token", { credential: null, headers: ["Authorization", "Bearer a.b.c"] }, "iam_bearer_token", undefined],
    [
      "half a signature",
      { credential: null, headers: ["Authorization", "AWS4-HMAC-SHA256 Credential=a"] },
      "authorization_incomplete",
      undefined,
    ],
    ["another secret", { credential: { ...USER_CREDENTIAL, secretAccessKey: "x" } }, "signature_mismatch", undefined],
    ["an old signature", { signing: { nowMs: NOW_MS - 301_000 } }, "signature_expired", undefined],
    ["another region", { signing: { region: "eu-west-1" } }, "credential_scope_wrong", undefined],
    ["a key that nobody has", { identities: identitiesOf([]).identities }, "access_key_unknown", undefined],
    [
      "a session that has ended",
      { identity: session({ credential: { ...SESSION_CREDENTIAL, expiresAtMs: 0 } }) },
      "session_expired",
      undefined,
    ],
  ] as const)("%s", async (_what, given, reason, logged) => {
    const asked = await ask(given);
    expect(asked).toMatchObject({ ...FORBIDDEN, event: undefined });
    expect(asked.headers).toEqual(["content-type", "application/json", "apigw-requestid", asked.record?.requestId]);
    expect(asked.record?.refusal).toMatchObject({ reason, check: expect.stringMatching(/\S/) });
    expect(asked.log.authorizer.error).toBe(logged);
    expect(asked.log.error).toEqual({ message: "Forbidden", messageString: '"Forbidden"' });
    const kept = `${JSON.stringify(asked.record)}${JSON.stringify(asked.log)}`;
    for (const secret of [SECRET, ACCESS_KEY_ID, "Signature=", "a.b.c"]) expect(kept).not.toContain(secret);
  });

  test.each([
    ["nothing allows it", { policyDocuments: SILENT }, "iam_denied_identity", "identity", "implicit_deny"],
    [
      "a Deny",
      { policyDocuments: [statement("Allow"), statement("Deny", ARN)] },
      "iam_explicit_deny",
      "identity",
      "explicit_deny",
    ],
    ["the boundary", { permissionsBoundary: SILENT[0] }, "iam_denied_boundary", "boundary", "implicit_deny"],
  ] as const)("by policy, %s: the log says ACCESS_DENIED (C)", async (_what, given, reason, decidedBy, decision) => {
    const asked = await ask({ identity: user(given) });
    expect(asked).toMatchObject({ ...FORBIDDEN, event: undefined });
    expect(asked.record).toMatchObject({
      authorization: { type: "AWS_IAM", decision, decidedBy, principalArn: user().arn, accessKeyId: "****MPLE" },
      refusal: { reason, message: expect.stringContaining(ARN) },
    });
    expect(asked.log.error).toMatchObject({ message: "Forbidden", responseType: "ACCESS_DENIED" });
    expect(asked.log.authorizer).toEqual({});
  });

  test("a caller of another account is told to assume a role, for there are no resource policies (D)", async () => {
    const asked = await ask({ identity: user({ accountId: OTHER_ACCOUNT }) });
    expect(asked).toMatchObject(FORBIDDEN);
    expect(asked.record).toMatchObject({
      authorization: { decision: "implicit_deny" },
      refusal: { reason: "iam_denied_cross_account", message: expect.stringContaining("assume a role") },
    });
  });

  test("a policy has to allow the route's ARN with the stage $default, verb and path as sent", async () => {
    const allows = async (resource: string) =>
      (await ask({ identity: user({ policyDocuments: [statement("Allow", resource)] }) })).status === 200;
    expect(await allows(ARN)).toBe(true);
    expect(await allows(ARN.replace("42", "{id}"))).toBe(false);
    expect(await allows(ARN.replace("$default", "prod"))).toBe(false);
  });
});

describe("a defect lets nobody in", () => {
  test("in looking up keys, in reading them again, in policies, or on a route that is not served", async () => {
    const find = (): never => {
      throw new Error("defect");
    };
    const broken = { ...user(), policies: undefined as unknown as Identity["policies"] };
    for (const given of [
      { identities: { find, refresh: async () => false } },
      { identities: { find: () => undefined, refresh: () => Promise.reject(new Error("disk")) } },
      { identity: broken },
    ]) {
      expect(await ask(given)).toMatchObject({ status: 500, event: undefined });
    }
    const at = { file: "a.yaml", line: 1, column: 1 };
    const notServed = { rule: "odd", severity: "error", effect: "route", message: "odd", fix: "Mend.", at } as const;
    expect((await ask({ route: { notServed } })).status).toBe(501);
    const around = {
      request: {} as never,
      matched: {
        route: sampleRoute("GET /x", { notServed }),
        pathParameters: {},
        routeArn: ARN,
        otherArns: undefined,
      },
      deployment: sampleDeployment(),
      ports: samplePorts(),
      trace: new Trace(() => 0),
    };
    expect(() => authorizeWithIam(around)).toThrow("not served");
  });
});

const COGNITO = {
  identityId: "us-east-1:id",
  identityPoolId: "us-east-1:pool",
  authenticationType: "authenticated",
  authenticationProvider: "cognito-idp.us-east-1.amazonaws.com/p",
  amr: ["authenticated", "cognito-idp.us-east-1.amazonaws.com/p"],
};
const SESSION_ARN = `arn:aws:sts::${ACCOUNT}:assumed-role/Caller/cli`;

describe("what the function sees", () => {
  test("format 2.0: the caller under authorizer.iam, null where there is nothing (R)", async () => {
    const { event } = await ask();
    expect(event.requestContext.authorizer).toEqual({
      iam: {
        accessKey: ACCESS_KEY_ID,
        accountId: ACCOUNT,
        callerId: "AIDACKCEVSQ6C2EXAMPLE",
        cognitoIdentity: null,
        principalOrgId: null,
        userArn: `arn:aws:iam::${ACCOUNT}:user/ann`,
        userId: "AIDACKCEVSQ6C2EXAMPLE",
      },
    });
    expect(JSON.stringify(event)).not.toContain(SECRET);
  });

  test("format 2.0 of a session: AROA…:session, and the identity of a Cognito pool (R, D)", async () => {
    const { event } = await ask({ identity: session({ cognito: COGNITO, organization: { id: "o-1" } }) });
    expect(event.requestContext.authorizer.iam).toEqual({
      accessKey: SESSION_CREDENTIAL.accessKeyId,
      accountId: ACCOUNT,
      callerId: "AROACKCEVSQ6C2EXAMPLE:cli",
      cognitoIdentity: { amr: COGNITO.amr, identityId: COGNITO.identityId, identityPoolId: COGNITO.identityPoolId },
      principalOrgId: "o-1",
      userArn: SESSION_ARN,
      userId: "AROACKCEVSQ6C2EXAMPLE:cli",
    });
  });

  test("format 1.0: the same in requestContext.identity (D), and no authorizer", async () => {
    const { event } = await ask({ format: "1.0", identity: session({ cognito: COGNITO }) });
    expect(event.requestContext.identity).toEqual({
      accessKey: SESSION_CREDENTIAL.accessKeyId,
      accountId: ACCOUNT,
      caller: "AROACKCEVSQ6C2EXAMPLE:cli",
      cognitoAmr: COGNITO.amr,
      cognitoAuthenticationProvider: COGNITO.authenticationProvider,
      cognitoAuthenticationType: COGNITO.authenticationType,
      cognitoIdentityId: COGNITO.identityId,
      cognitoIdentityPoolId: COGNITO.identityPoolId,
      principalOrgId: null,
      sourceIp: "192.0.2.1",
      user: "AROACKCEVSQ6C2EXAMPLE:cli",
      userAgent: "",
      userArn: SESSION_ARN,
    });
    expect(event.requestContext).not.toHaveProperty("authorizer");
  });

  test("the signed headers, the signature among them (R)", async () => {
    const { event, sent } = await ask({ identity: session() });
    expect(event.headers).toMatchObject({
      authorization: sent.headers[sent.headers.indexOf("Authorization") + 1],
      "x-amz-date": "20261121T010203Z",
      "x-amz-security-token": SESSION_CREDENTIAL.sessionToken,
    });
  });
});

test("a path without route is 404 before any signature is looked at (D), and so is an open route's signature nobody's affair", async () => {
  const credential = { ...USER_CREDENTIAL, secretAccessKey: "wrong" };
  expect(await ask({ path: "/toys", credential })).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
  expect(await ask({ route: { authorization: { type: "NONE" } }, credential })).toMatchObject({ status: 200 });
});

test("the log names the caller, what is null absent, and never the access key (D)", async () => {
  const { log } = await ask({ identity: session() });
  expect(log.identity).toEqual({
    accountId: ACCOUNT,
    caller: "AROACKCEVSQ6C2EXAMPLE:cli",
    sourceIp: "192.0.2.1",
    user: "AROACKCEVSQ6C2EXAMPLE:cli",
    userAgent: "",
    userArn: SESSION_ARN,
  });
  expect((await ask({ credential: null })).log.identity).toEqual({ sourceIp: "192.0.2.1", userAgent: "" });
});

test("what a function writes of a signature is masked in the record", async () => {
  const { sent } = await ask({ identity: session() });
  const signature = /Signature=(\w+)/.exec(sent.headers.join())?.[1] ?? "";
  const logs = [`got ${signature} and ${SESSION_CREDENTIAL.sessionToken}`];
  const { lambda } = functionAnswering({ outcome: "success", payload: "1", logs });
  const { record } = await ask({ identity: session(), ports: { lambda } });
  expect(record?.integration?.functionLogs?.[0]).toBe("got [identity masked] and [identity masked]");
  const presigned = await ask({ signing: { form: "query" } });
  const inQuery = /X-Amz-Signature=(\w+)/.exec(presigned.sent.target)?.[1];
  const telling = functionAnswering({ outcome: "success", payload: "1", logs: [`got ${inQuery}`] });
  const second = await ask({ signing: { form: "query" }, ports: { lambda: telling.lambda } });
  expect(second.record?.integration?.functionLogs?.[0]).toBe("got [identity masked]");
});

test.each(["header", "query"] as const)("a query with ; for & is not what was signed in the %s (?)", async (form) => {
  expect(await ask({ query: "?a=1&b=2%3B3", signing: { form } })).toMatchObject({ status: 200 });
  const refused = await ask({ query: "?a=1;b=2", signing: { form } });
  expect(refused).toMatchObject({ ...FORBIDDEN, event: undefined });
  expect(refused.record?.refusal).toMatchObject({ reason: "signature_routed_otherwise", actual: ";" });
});

describe("a path that a function sees otherwise than routes and policies do", () => {
  const at = (path: string) => ARN.replace("pets/42", path);
  const takesAll = { route: sampleRoute("ANY /{proxy+}", { authorization: { type: "AWS_IAM" } }) };

  test.each([
    ["/admin%2Fkeys", "/admin/keys", "admin/*"],
    ["/admin%3Fkeys", "/admin", "admin"],
    ["/x/%2e%2e%2fadmin", "/x/../admin", "x/../*"],
  ])("%s, seen as %s, is denied by a Deny of either", async (path, rawPath, denied) => {
    const policyDocuments = [statement("Allow")];
    const asked = await ask({ ...takesAll, path, identity: user({ policyDocuments }) });
    expect(asked).toMatchObject({ status: 200, event: { rawPath } });
    const deny = statement("Deny", at(denied));
    const identity = user({ policyDocuments: [...policyDocuments, deny] });
    const refused = await ask({ ...takesAll, path, identity });
    expect(refused).toMatchObject(FORBIDDEN);
    expect(refused.record?.refusal?.reason).toBe("iam_explicit_deny");
  });

  test("is not allowed by an Allow of what the function sees", async () => {
    const identity = user({ policyDocuments: [statement("Allow", at("admin/*"))] });
    expect(await ask({ ...takesAll, path: "/admin%2Fkeys", identity })).toMatchObject(FORBIDDEN);
  });
});

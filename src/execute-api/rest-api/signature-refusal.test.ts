import { describe, expect, test } from "vitest";
import { type Asked, ask, NOW_MS } from "../../../test/ask-iam-method.ts";
import {
  ACCESS_KEY_ID,
  identitiesOf,
  resourcePolicy,
  SECRET,
  SESSION_CREDENTIAL,
  sampleSession,
  sampleUser,
  USER_CREDENTIAL,
} from "../../../test/iam-samples.ts";
import type { SigningOptions } from "../../aws/sigv4/sign-request.ts";
import type { RestDeployment } from "./deployment.ts";

const ANN = "arn:aws:iam::000000000000:user/ann";

describe("what AWS says of a signature that is missing or no good", () => {
  const MISMATCH = /^The request signature we calculated does not match the signature you provided\./;
  const header = (value: string) => ["Authorization", value];
  const sign = (more: Partial<SigningOptions>) => ({ signing: more });
  const cases: readonly (readonly [what: string, given: Asked, reason: string, type: string, said: RegExp | string])[] =
    [
      [
        "nothing (R)",
        { credential: null },
        "iam_unsigned",
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
      ],
      [
        "a Bearer token (C)",
        { credential: null, headers: header("Bearer abc.def.ghi") },
        "iam_bearer_token",
        "IncompleteSignatureException",
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'UxOF3HMhATMMq+KaaPX3QIBX1wJiIP+fN+V4AUACHEY='.",
      ],
      [
        "a token without a scheme (C)",
        { credential: null, headers: header("abc.def.ghi") },
        "iam_bearer_token",
        "IncompleteSignatureException",
        /^Authorization header requires 'Credential' parameter\. .* \(Hashed with SHA-256 and encoded with Base64\) Authorization=ZVnpC13VdAW98YDym1CQU6PTbEq\/PeU1qySbVNQycjQ=$/,
      ],
      [
        "a signature without its date (C)",
        { credential: null, headers: header("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0") },
        "authorization_incomplete",
        "IncompleteSignatureException",
        /^Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header\. \(Hashed/,
      ],
      [
        "another secret (C)",
        { credential: { ...USER_CREDENTIAL, secretAccessKey: "other" } },
        "signature_mismatch",
        "InvalidSignatureException",
        MISMATCH,
      ],
      [
        "a clock of six minutes ago (C)",
        sign({ nowMs: NOW_MS - 360_000 }),
        "signature_expired",
        "InvalidSignatureException",
        "Signature expired: 20261121T005603Z is now earlier than 20261121T005703Z (20261121T010203Z - 5 min.)",
      ],
      [
        "a clock six minutes ahead (C)",
        sign({ nowMs: NOW_MS + 360_000 }),
        "signature_not_yet_current",
        "InvalidSignatureException",
        /^Signature not yet current: /,
      ],
      [
        "another region (C)",
        sign({ region: "eu-west-1" }),
        "credential_scope_wrong",
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'eu-west-1'. ",
      ],
      [
        "a key that nobody has (C)",
        { identities: identitiesOf([]).identities },
        "access_key_unknown",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
      ],
      [
        "a session's key without its token (C)",
        { identity: sampleSession(), credential: { ...USER_CREDENTIAL, accessKeyId: SESSION_CREDENTIAL.accessKeyId } },
        "session_token_invalid",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
      ],
      [
        "a session that has ended (C)",
        { identity: sampleSession({ credential: { ...SESSION_CREDENTIAL, expiresAtMs: NOW_MS } }) },
        "session_expired",
        "ExpiredTokenException",
        "The security token included in the request is expired",
      ],
    ];

  test.each(cases)("%s", async (_what, given, reason, errorType, said) => {
    const asked = await ask(given);
    expect(asked).toMatchObject({ status: 403, errorType, event: undefined });
    expect(Object.keys(asked.json)).toEqual(["message"]);
    if (typeof said === "string") expect(asked.json.message).toBe(said);
    else expect(asked.json.message).toMatch(said);
    expect(asked.record?.refusal).toMatchObject({ reason, check: expect.stringMatching(/\S/) });
  });

  const custom = (text: string) => ({
    headers: [],
    templates: [{ contentType: "application/json", render: () => `"${text}"` }],
  });
  const gatewayResponses = new Map(
    ["MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "ACCESS_DENIED", "DEFAULT_4XX"].map(
      (type) => [type, custom(type)] as const,
    ),
  ) as RestDeployment["gatewayResponses"];
  test.each([
    [cases[0], "MISSING_AUTHENTICATION_TOKEN"],
    [cases[1], "MISSING_AUTHENTICATION_TOKEN"],
    [cases[4], "INVALID_SIGNATURE"],
    [cases[5], "INVALID_SIGNATURE"],
    [cases[8], "DEFAULT_4XX"],
    [cases[10], "EXPIRED_TOKEN"],
  ] as const)("of %s the gateway response is %s", async (row, type) => {
    const asked = await ask({ ...row?.[1], deployment: { gatewayResponses } });
    expect(asked).toMatchObject({ status: 403, json: type, errorType: row?.[3] });
    expect(asked.record?.answer).toMatchObject({ responseType: type });
  });

  test("a mismatch quotes the canonical request to the client, and to nobody else the session token", async () => {
    const identity = sampleSession();
    const asked = await ask({
      identity,
      credential: { ...SESSION_CREDENTIAL, secretAccessKey: "other" },
      deployment: { accessLog: { destination: "-", format: (context) => JSON.stringify(context) } },
    });
    const token = SESSION_CREDENTIAL.sessionToken as string;
    expect(asked.json.message).toContain(
      "\n\nThe Canonical String for this request should have been\n'GET\n/test/pets/42\n",
    );
    expect(asked.json.message).toContain(`x-amz-security-token:${token}\n`);
    for (const kept of [JSON.stringify(asked.record), asked.line]) {
      expect(kept).not.toContain(token);
      expect(kept).not.toContain(/Signature=(\w+)/.exec(asked.sent.headers.join())?.[1]);
      expect(kept).not.toContain(SECRET);
    }
    expect(JSON.stringify(asked.record)).not.toContain(SESSION_CREDENTIAL.accessKeyId);
    expect(asked.record?.authorization).toMatchObject({
      type: "AWS_IAM",
      accessKeyId: "****MPLE",
      mismatch: { canonicalRequest: expect.stringMatching(/^GET\n\/test\/pets\/42\n/) },
    });
    expect(JSON.parse(asked.line ?? "").error.message).toMatch(MISMATCH);
  });

  test("texts of before 2023 quote the header to the client, and not in the log", async () => {
    for (const value of ["Bearer abc-secret", "Bearer secret=abc"]) {
      const asked = await ask({
        credential: null,
        headers: header(value),
        deployment: { accessLog: { destination: "-", format: (context) => JSON.stringify(context) } },
        ports: { signatureWording: "before-2023" },
      });
      expect(asked.json.message).toContain(value);
      expect(`${asked.line}${JSON.stringify(asked.record)}`).not.toContain("secret");
    }
  });
});

describe("a method without AWS_IAM", () => {
  const wrong = { ...USER_CREDENTIAL, secretAccessKey: "wrong" };
  const authorization = { type: "NONE" } as const;

  test("does not look at signatures (D)", async () => {
    expect(await ask({ authorization, credential: wrong })).toMatchObject({ status: 200, body: "ok" });
    const token = ["Authorization", "Bearer a.b.c"];
    const asked = await ask({ authorization, credential: null, headers: token });
    expect(asked).toMatchObject({ status: 200 });
    expect(asked.event.headers.Authorization).toBe("Bearer a.b.c");
    expect(asked.event.requestContext.identity.userArn).toBeNull();
  });

  test("has anonymous callers only, whoever signed: a resource policy that names one lets nobody in (D)", async () => {
    const policy = resourcePolicy("Allow", { Principal: { AWS: ANN } });
    expect(await ask({ deployment: { resourcePolicy: policy } })).toMatchObject({ status: 200 });
    const asked = await ask({ authorization, deployment: { resourcePolicy: policy } });
    expect(asked.json.Message).toMatch(/^User: anonymous is not authorized .* because no resource-based policy allows/);
  });
});

describe("a path that is not deployed", () => {
  const elsewhere = (given: Asked) => ask({ ...given, path: "/toys" });

  test("answers a good signature with Missing Authentication Token (?), and the record says that the route is wrong", async () => {
    const asked = await elsewhere({});
    expect(asked).toMatchObject({ status: 403, body: '{"message":"Missing Authentication Token"}' });
    expect(asked.errorType).toBe("MissingAuthenticationTokenException");
    expect(asked.record?.refusal).toMatchObject({
      reason: "route_not_found_signed",
      message: `no resource of the deployment matches /toys; the signature of ${ANN} is good`,
    });
  });

  test.each([
    ["nothing", { credential: null }, "route_not_found", "MissingAuthenticationTokenException"],
    [
      "a Bearer token",
      { credential: null, headers: ["Authorization", "Bearer a.b.c"] },
      "route_not_found_bearer",
      "IncompleteSignatureException",
    ],
    [
      "a wrong signature",
      { credential: { ...USER_CREDENTIAL, secretAccessKey: "x" } },
      "route_not_found_signed",
      "InvalidSignatureException",
    ],
    [
      "a key that nobody has",
      { identities: identitiesOf([]).identities },
      "route_not_found_signed",
      "UnrecognizedClientException",
    ],
  ] as const)("answers %s as an AWS_IAM method would (R, C)", async (_what, given, reason, errorType) => {
    const asked = await elsewhere(given);
    expect(asked).toMatchObject({ status: 403, errorType });
    expect(asked.record?.refusal).toMatchObject({ reason, message: expect.stringContaining("matches /toys") });
    expect(JSON.stringify(asked.record)).not.toContain(ACCESS_KEY_ID);
  });

  test("looks for a key that was made since, as a method would", async () => {
    const later = identitiesOf([], [sampleUser()]);
    expect(await elsewhere({ identities: later.identities })).toMatchObject({
      errorType: "MissingAuthenticationTokenException",
    });
    expect(later.asked.refreshes).toBe(1);
  });
});

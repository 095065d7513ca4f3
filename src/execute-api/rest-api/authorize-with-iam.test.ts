import { describe, expect, test } from "vitest";
import { ask, HOST, NOW_MS, OK, PROXY } from "../../../test/ask-iam-method.ts";
import {
  identitiesOf,
  OTHER_ACCOUNT,
  resourcePolicy,
  sampleSession,
  sampleUser,
  signed,
  statement,
  USER_CREDENTIAL,
} from "../../../test/iam-samples.ts";
import { sampleDeployment, sampleMatched, samplePorts, sampleRequest } from "../../../test/rest-api-samples.ts";
import type { Identities, Identity } from "../../aws/iam/identity.ts";
import { Trace } from "../trace.ts";
import { authorizeWithIam } from "./authorize-with-iam.ts";
import type { RestDeployment } from "./deployment.ts";

const ARN = "arn:aws:execute-api:us-east-1:000000000000:petstore/test/GET/pets/42";
const MASKED_ARN = ARN.replace("000000000000", "********0000");
const ANN = "arn:aws:iam::000000000000:user/ann";

describe("a signature that is good", () => {
  test("is let in, in the header and in the query", async () => {
    expect(await ask()).toMatchObject(OK);
    expect(await ask({ signing: { form: "query" } })).toMatchObject(OK);
    expect(await ask({ identity: sampleSession() })).toMatchObject(OK);
    expect(await ask({ identity: sampleSession(), signing: { form: "query" } })).toMatchObject(OK);
  });

  test("is held against the request as it was on the wire: raw path, prefix, query and body", async () => {
    const { target } = (await ask({ path: "/pets/a%20b%2Fc", query: "b=2+3&a=y&a=x" })).sent;
    expect(target).toBe("/test/pets/a%20b%2Fc?b=2+3&a=y&a=x");
    expect(await ask({ path: "/pets/a%20b%2Fc", query: "b=2+3&a=y&a=x" })).toMatchObject(OK);
    // The prefix that chose the API is part of what a client signs; the API never sees it.
    const prefixed = signed({ target: "/_aws/execute-api/petstore/test/pets/42", headers: HOST }, NOW_MS);
    expect(await ask({ altered: () => prefixed })).toMatchObject(OK);
    expect(await ask({ method: "POST", body: "{}" })).toMatchObject(OK);
    const swapped = await ask({ method: "POST", body: "{}", altered: () => ({ body: Buffer.from("[]") }) });
    expect(swapped).toMatchObject({ status: 403, errorType: "InvalidSignatureException" });
  });

  test("is over the verb of the wire, while policies and integrations see the one that overrides it", async () => {
    const identity = sampleUser({ policyDocuments: [statement("Allow", ARN.replace("/GET/", "/DELETE/"))] });
    const headers = ["X-HTTP-Method-Override", "DELETE"];
    const asked = await ask({ identity, method: "POST", headers });
    expect(asked).toMatchObject(OK);
    expect(asked.event.httpMethod).toBe("DELETE");
    expect((await ask({ identity, method: "POST" })).status).toBe(403);
  });

  test("asks nobody and waits for nothing when the key is known", () => {
    const { identities, asked } = identitiesOf([sampleUser()]);
    const ports = samplePorts({ identities, now: () => NOW_MS });
    const { headers } = signed({ target: "/test/pets/42", headers: HOST }, NOW_MS);
    const matched = sampleMatched(PROXY, { authorization: { type: "AWS_IAM" } });
    const around = { matched, deployment: sampleDeployment(), ports, trace: new Trace(ports.monotonic) };
    expect(authorizeWithIam({ request: sampleRequest({ headers }), ...around })).toMatchObject({ iam: { arn: ANN } });
    expect(asked.refreshes).toBe(0);
  });
});

describe("a path that reads otherwise percent-decoded", () => {
  const path = "/pets/%342";
  const everything = { policyDocuments: [statement("Allow")] };

  test.each([
    ["identity policies", sampleUser({ policyDocuments: [statement("Allow"), statement("Deny", ARN)] }), {}],
    ["boundary", sampleUser({ ...everything, permissionsBoundary: both() }), {}],
    ["resource policy", sampleUser(everything), { resourcePolicy: resourcePolicy("Deny", { Resource: ARN }) }],
  ])("is denied by a Deny of what it reads in the %s (?)", async (_what, identity, deployment) => {
    const refused = await ask({ path, identity, deployment });
    expect(refused).toMatchObject({ status: 403, event: undefined });
    expect(refused.record?.refusal?.message).toContain(ARN);
    expect(await ask({ path: "/pets/%343", identity, deployment })).toMatchObject(OK);
  });

  test("is not allowed by an Allow of what it reads (?)", async () => {
    const identity = sampleUser({ policyDocuments: [statement("Allow", ARN)] });
    expect(await ask({ identity })).toMatchObject(OK);
    expect((await ask({ path, identity })).status).toBe(403);
  });

  function both() {
    const [allow, deny] = [statement("Allow"), statement("Deny", ARN)];
    return { ...allow, Statement: [allow.Statement, deny.Statement].flat() };
  }
});

describe("a key that is not known", () => {
  test("is looked for once more where another process may have put it", async () => {
    const later = identitiesOf([], [sampleUser()]);
    expect(await ask({ identities: later.identities })).toMatchObject(OK);
    expect(later.asked.refreshes).toBe(1);
    const nobody = identitiesOf([]);
    expect((await ask({ identities: nobody.identities })).status).toBe(403);
    expect(nobody.asked.refreshes).toBe(1);
  });

  test("is nobody's when the store cannot be read: 500, never a pass", async () => {
    const identities = { find: () => undefined, refresh: () => Promise.reject(new Error("disk")) };
    expect(await ask({ identities })).toMatchObject({ status: 500, event: undefined });
  });
});

describe("a defect lets nobody in", () => {
  test("when looking up a key throws, or finds a credential that has been swapped", async () => {
    const find = (): never => {
      throw new Error("defect");
    };
    expect(await ask({ identities: { find, refresh: async () => false } })).toMatchObject({
      status: 500,
      event: undefined,
    });
    const identity = sampleUser();
    const swapping: Identities = {
      find: () => ({
        ...identity,
        get credential() {
          return { ...USER_CREDENTIAL };
        },
      }),
      refresh: async () => false,
    };
    expect(await ask({ identities: swapping })).toMatchObject({ status: 500, event: undefined });
  });

  test("when policies cannot be evaluated", async () => {
    const identity = { ...sampleUser(), policies: undefined as unknown as Identity["policies"] };
    expect(await ask({ identity })).toMatchObject({ status: 500, event: undefined });
  });

  test("when a method that is not served comes this far", () => {
    const notServed = { rule: "odd", severity: "error", effect: "route", message: "odd", fix: "Mend." } as const;
    const at = { file: "a.yaml", line: 1, column: 1 };
    const matched = sampleMatched(PROXY, { authorization: { type: "AWS_IAM" }, notServed: { ...notServed, at } });
    const ports = samplePorts({ identities: identitiesOf([sampleUser()]).identities, now: () => NOW_MS });
    const { headers } = signed({ target: "/test/pets/42", headers: HOST }, NOW_MS);
    const request = sampleRequest({ headers });
    const around = { request, matched, deployment: sampleDeployment(), ports, trace: new Trace(() => 0) };
    expect(() => authorizeWithIam(around)).toThrow("not served");
  });
});

const ALLOW = [statement("Allow")];
const SILENT = [statement("Allow", "arn:aws:execute-api:us-east-1:000000000000:other/*")];
const DENY = [statement("Allow"), statement("Deny")];
const BECAUSE_IDENTITY = " because no identity-based policy allows the execute-api:Invoke action";
const BECAUSE_RESOURCE = " because no resource-based policy allows the execute-api:Invoke action";
const DENIED_IDENTITY = " with an explicit deny in an identity-based policy";
const DENIED_RESOURCE = " with an explicit deny in a resource-based policy";

describe("the caller's policies and the API's resource policy (D)", () => {
  const NAMED = { Principal: { AWS: ANN } };
  test.each([
    ["Allow", "Allow", ALLOW, undefined, undefined, "identity"],
    ["Allow", "nothing", ALLOW, undefined, undefined, "identity"],
    ["nothing", "Allow", SILENT, undefined, undefined, "resource"],
    ["nothing", "nothing", SILENT, "iam_denied_identity", BECAUSE_IDENTITY, "identity"],
    ["Allow", "Deny", ALLOW, "resource_policy_explicit_deny", DENIED_RESOURCE, "resource"],
    ["nothing", "Deny", SILENT, "resource_policy_explicit_deny", DENIED_RESOURCE, "resource"],
    ["Deny", "Allow", DENY, "iam_explicit_deny", DENIED_IDENTITY, "identity"],
    ["Deny", "nothing", DENY, "iam_explicit_deny", DENIED_IDENTITY, "identity"],
    ["Deny", "Deny", DENY, "iam_explicit_deny", DENIED_IDENTITY, "identity"],
  ] as const)(
    "same account: the caller's say %s, the resource policy's %s",
    async (_own, beside, policyDocuments, reason, suffix, decidedBy) => {
      const asked = await ask({
        identity: sampleUser({ policyDocuments }),
        ...(beside !== "nothing" && { deployment: { resourcePolicy: resourcePolicy(beside, NAMED) } }),
      });
      expect(asked.record?.authorization).toMatchObject({ principalArn: ANN, accessKeyId: "****MPLE", decidedBy });
      if (reason === undefined) {
        expect(asked).toMatchObject(OK);
        expect(asked.record?.authorization).toMatchObject({ decision: "allow", statement: { sid: "Said" } });
        return;
      }
      expect(asked).toMatchObject({
        status: 403,
        errorType: "AccessDeniedException",
        body: `{"Message":"User: ${ANN} is not authorized to perform: execute-api:Invoke on resource: ${MASKED_ARN}${suffix}"}`,
      });
      expect(asked.record).toMatchObject({
        answer: { responseType: "ACCESS_DENIED" },
        refusal: { reason, check: expect.stringMatching(/\S/) },
      });
    },
  );

  const STRANGER = `arn:aws:iam::${OTHER_ACCOUNT}:user/ann`;
  test.each([
    ["both allow", ALLOW, "Allow", undefined, undefined],
    ["the resource policy is silent", ALLOW, "other", "iam_denied_cross_account", BECAUSE_RESOURCE],
    ["there is no resource policy", ALLOW, undefined, "iam_denied_cross_account", BECAUSE_RESOURCE],
    ["the caller's policies are silent", SILENT, "Allow", "iam_denied_identity", BECAUSE_IDENTITY],
    ["both are silent", SILENT, undefined, "iam_denied_identity", BECAUSE_IDENTITY],
    ["the resource policy denies", ALLOW, "Deny", "resource_policy_explicit_deny", DENIED_RESOURCE],
    ["the caller's policies deny", DENY, "Allow", "iam_explicit_deny", DENIED_IDENTITY],
  ] as const)("another account: %s", async (_what, policyDocuments, beside, reason, suffix) => {
    const policy =
      beside === "other"
        ? resourcePolicy("Allow", { Principal: { AWS: ANN } })
        : beside && resourcePolicy(beside, { Principal: { AWS: OTHER_ACCOUNT } });
    const asked = await ask({
      identity: sampleUser({ accountId: OTHER_ACCOUNT, policyDocuments }),
      ...(policy && { deployment: { resourcePolicy: policy } }),
    });
    if (reason === undefined) return expect(asked).toMatchObject(OK);
    expect(asked.record?.refusal).toMatchObject({ reason });
    expect(asked.json.Message).toBe(
      `User: ${STRANGER} is not authorized to perform: execute-api:Invoke on resource: ${MASKED_ARN}${suffix}`,
    );
  });

  test("of a session the text names the session, and a policy may name its role", async () => {
    const arn = "arn:aws:sts::000000000000:assumed-role/Caller/cli";
    const silent = sampleSession({ policyDocuments: SILENT });
    expect((await ask({ identity: silent })).json.Message).toContain(`User: ${arn} is not authorized`);
    const named = resourcePolicy("Allow", { Principal: { AWS: "arn:aws:iam::000000000000:role/Caller" } });
    expect(await ask({ identity: silent, deployment: { resourcePolicy: named } })).toMatchObject(OK);
  });

  test("a boundary and session policies have to allow too, and the answer names them", async () => {
    const bounded = await ask({ identity: sampleUser({ permissionsBoundary: SILENT[0] }) });
    expect(bounded.json.Message).toMatch(/because no permissions boundary allows the execute-api:Invoke action$/);
    expect(bounded.record).toMatchObject({
      authorization: { decidedBy: "boundary", decision: "implicit_deny", nearMisses: [{ sid: "Said" }] },
      refusal: { reason: "iam_denied_boundary", message: expect.stringContaining("permissions boundary of arn:aws") },
    });
    const limited = await ask({ identity: sampleSession({ sessionPolicies: SILENT }) });
    expect(limited.json.Message).toMatch(/because no session policy allows the execute-api:Invoke action$/);
    expect(limited.record).toMatchObject({
      authorization: { decidedBy: "session" },
      refusal: { reason: "iam_denied_session" },
    });
    const denied = await ask({ identity: sampleUser({ permissionsBoundary: DENY[1] }) });
    expect(denied.json.Message).toMatch(/ with an explicit deny in a permissions boundary$/);
    expect(denied.record?.refusal).toMatchObject({ reason: "iam_explicit_deny" });
  });

  test("a managed policy whose text is not known is named", async () => {
    const policyArn = "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess";
    const asked = await ask({ identity: sampleUser({ policyDocuments: [], unknownPolicyArns: [policyArn] }) });
    expect(asked.record?.refusal).toMatchObject({
      reason: "iam_denied_identity",
      message: expect.stringContaining(`the text of ${policyArn} is not known here`),
    });
  });

  test("conditions see the request and the caller, and a tag is no way to set the address", async () => {
    const on = (operator: string, key: string, value: string) => [
      statement("Allow", "*", { Condition: { [operator]: { [key]: value } } }),
    ];
    const allows = async (policyDocuments: readonly unknown[], more: object = {}) =>
      (await ask({ identity: sampleUser({ policyDocuments, tags: { team: "red" }, ...more }) })).status === 200;
    expect(await allows(on("IpAddress", "aws:SourceIp", "203.0.113.0/24"))).toBe(true);
    expect(await allows(on("IpAddress", "aws:SourceIp", "198.51.100.0/24"))).toBe(false);
    expect(await allows(on("StringEquals", "aws:PrincipalTag/team", "red"))).toBe(true);
    expect(await allows(on("StringEquals", "aws:PrincipalTag/team", "blue"))).toBe(false);
    expect(await allows(on("StringEquals", "aws:username", "ann"))).toBe(true);
    const spoofed = { ...sampleUser({ policyDocuments: on("IpAddress", "aws:SourceIp", "198.51.100.0/24") }) };
    const conditionKeys = { ...spoofed.conditionKeys, "AWS:sourceip": "198.51.100.1" };
    expect((await ask({ identity: { ...spoofed, conditionKeys } })).status).toBe(403);
  });

  test("once ACCESS_DENIED is customised its template says `message` in small letters (C)", async () => {
    const render = ({ context }: { context: Readonly<Record<string, unknown>> }) =>
      `{"message":${(context.error as { messageString: string }).messageString}}`;
    const gatewayResponses = new Map([
      ["ACCESS_DENIED", { status: 401, headers: [], templates: [{ contentType: "application/json", render }] }],
    ]) as RestDeployment["gatewayResponses"];
    const asked = await ask({ identity: sampleUser({ policyDocuments: SILENT }), deployment: { gatewayResponses } });
    expect(asked).toMatchObject({ status: 401, errorType: "AccessDeniedException" });
    expect(asked.json).toEqual({ message: expect.stringContaining(`User: ${ANN} is not authorized`) });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccessRequest, evaluatePolicy, MAX_NEAR_MISSES } from "./evaluate-policy.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { Policy, PolicyKind } from "./policy.ts";
import type { Principal } from "./principal.ts";

const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test";
const PETS = `${STAGE}/GET/pets`;

function policy(statements: object | object[], kind: PolicyKind = "authorizer", Version = "2012-10-17"): Policy {
  const verdict = parsePolicy({ Version, Statement: statements }, kind);
  if (!verdict.ok) throw new Error(JSON.stringify(verdict));
  return verdict.policy;
}

const allow = (more: object = {}) => ({ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*", ...more });
const deny = (more: object = {}) => ({ ...allow(more), Effect: "Deny" });
const invoke = (resource = PETS, context: AccessRequest["context"] = {}): AccessRequest => ({
  action: "execute-api:Invoke",
  resource,
  context,
});
const decide = (statements: object | object[], request: AccessRequest) =>
  evaluatePolicy([policy(statements)], request).decision;

describe("a resource that may be read otherwise", () => {
  const [read, other] = [`${STAGE}/GET/admin`, `${STAGE}/GET/x/admin`];
  const asked = { ...invoke(`${STAGE}/GET/%61dmin`), otherReadings: [other, read] };
  const allBut = (...NotResource: string[]) => ({ Action: "execute-api:Invoke", NotResource });

  test("is denied by a Deny of any reading, which says what it matched", () => {
    expect(evaluatePolicy([policy([allow(), deny({ Resource: read })])], asked)).toMatchObject({
      decision: "explicit_deny",
      statement: { index: 1, readAs: read },
    });
    for (const Resource of [asked.resource, "*"]) {
      const { decision, statement } = evaluatePolicy([policy([allow(), deny({ Resource })])], asked);
      expect([decision, statement?.readAs]).toEqual(["explicit_deny", undefined]);
    }
    expect(decide([allow(), deny({ Resource: `${STAGE}/GET/other` })], asked)).toBe("allow");
  });

  test("is allowed only as it was sent", () => {
    expect(decide(allow({ Resource: read }), asked)).toBe("implicit_deny");
    expect(decide(allow({ Resource: asked.resource }), asked)).toBe("allow");
  });

  test("is not allowed by an Allow of all but one of its readings", () => {
    const { decision, nearMisses } = evaluatePolicy([policy({ ...allBut(read), Effect: "Allow" })], asked);
    expect(decision).toBe("implicit_deny");
    expect(nearMisses?.[0]?.failed).toEqual([{ part: "resource", not: true, expected: [read], actual: read }]);
    expect(decide({ ...allBut(`${STAGE}/GET/other`), Effect: "Allow" }, asked)).toBe("allow");
  });

  test("is not denied by a Deny of all but itself", () => {
    expect(decide([allow(), { ...allBut(asked.resource), Effect: "Deny" }], asked)).toBe("allow");
    expect(decide([allow(), { ...allBut(read, other), Effect: "Deny" }], asked)).toBe("explicit_deny");
  });
});

describe("the algorithm", () => {
  test("an explicit deny wins over an allow, wherever it stands", () => {
    expect(decide([allow(), deny()], invoke())).toBe("explicit_deny");
    expect(decide([deny(), allow()], invoke())).toBe("explicit_deny");
    expect(evaluatePolicy([policy(allow()), policy(deny())], invoke())).toMatchObject({
      decision: "explicit_deny",
      statement: { policyIndex: 1, index: 0, effect: "Deny" },
    });
  });

  test("no statement, or none that applies, is an implicit deny", () => {
    expect(decide([], invoke())).toBe("implicit_deny");
    expect(evaluatePolicy([], invoke()).decision).toBe("implicit_deny");
    expect(decide([deny({ Resource: "x" })], invoke())).toBe("implicit_deny");
    expect(decide(allow({ Resource: [] }), invoke())).toBe("implicit_deny");
  });

  test("the verdict names the statement and the patterns that decided", () => {
    const verdict = evaluatePolicy(
      [policy([allow({ Resource: "x" }), allow({ Sid: "Pets", Resource: ["y", `${STAGE}/*`] })])],
      invoke(),
    );
    expect(verdict).toEqual({
      decision: "allow",
      statement: {
        policyIndex: 0,
        index: 1,
        sid: "Pets",
        effect: "Allow",
        actionPattern: "execute-api:Invoke",
        resourcePattern: `${STAGE}/*`,
      },
    });
  });

  test("an implicit deny names what each allow missed, nearest first", () => {
    const verdict = evaluatePolicy(
      [
        policy([
          allow({ Action: "s3:Get*", Resource: "x" }),
          allow({ Sid: "Office", Condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } } }),
        ]),
      ],
      invoke(PETS, { "aws:sourceip": "198.51.100.1" }),
    );
    expect(verdict.nearMisses).toEqual([
      {
        policyIndex: 0,
        index: 1,
        sid: "Office",
        failed: [
          {
            part: "condition",
            operator: "IpAddress",
            key: "aws:SourceIp",
            expected: ["192.0.2.0/24"],
            actual: ["198.51.100.1"],
          },
        ],
      },
      {
        policyIndex: 0,
        index: 0,
        failed: [
          { part: "action", not: false, expected: ["s3:Get*"], actual: "execute-api:Invoke" },
          { part: "resource", not: false, expected: ["x"], actual: PETS },
        ],
      },
    ]);
  });

  test("near misses are bounded", () => {
    const statements = new Array(MAX_NEAR_MISSES + 5).fill(allow({ Resource: "x" }));
    expect(evaluatePolicy([policy(statements)], invoke()).nearMisses).toHaveLength(MAX_NEAR_MISSES);
  });
});

describe("actions and resources", () => {
  test.each([
    "execute-api:Invoke",
    "EXECUTE-API:invoke",
    "execute-api:*",
    "*",
    "execute-api:Inv*",
    "execute-api:Invok?",
  ])("action %s applies", (Action) => {
    expect(decide(allow({ Action }), invoke())).toBe("allow");
  });

  test.each(["execute-api:Invok", "xexecute-api:Invoke", "execute-api:InvalidateCache"])(
    "action %s does not",
    (Action) => {
      expect(decide(allow({ Action }), invoke())).toBe("implicit_deny");
    },
  );

  test("NotAction and NotResource apply to everything else", () => {
    expect(decide({ Effect: "Allow", NotAction: "s3:*", Resource: "*" }, invoke())).toBe("allow");
    expect(decide({ Effect: "Allow", NotAction: "execute-api:*", Resource: "*" }, invoke())).toBe("implicit_deny");
    const notPets = { Effect: "Allow", Action: "*", NotResource: [`${STAGE}/*/pets`, "x"] };
    expect(decide(notPets, invoke())).toBe("implicit_deny");
    expect(decide(notPets, invoke(`${STAGE}/GET/dogs`))).toBe("allow");
  });

  test.each([
    ["*", true],
    ["arn:aws:execute-api:**", true],
    ["arn:aws:execute-api:*:*:*", true],
    ["arn:aws:execute-api:us-east-1:*:*", true],
    [`${STAGE}/*`, true],
    [`${STAGE}/*/*`, true],
    [`${STAGE}/GET/pets`, true],
    [`${STAGE}/GET/pet?`, true],
    ["arn:*:execute-api:*:1234????9012:*/GET/pets", true],
    [`${STAGE}/GET/Pets`, false],
    [`${STAGE}/GET/pets/`, false],
    [`${STAGE}/GET/pet`, false],
    [`${STAGE}/GET`, false],
    ["GET/pets", false],
    ["arn:aws:execute-api:us-east-1:123456789012:abcdef1234/$default/GET/pets", false],
    ["arn:aws-cn:execute-api:us-east-1:123456789012:*", false],
    ["arn:aws:execute-api:eu-*:*:*", false],
  ])("resource %s: %s", (Resource, applies) => {
    expect(decide(allow({ Resource }), invoke())).toBe(applies ? "allow" : "implicit_deny");
  });

  test("a wildcard in one of the first five parts does not run over its colon", () => {
    const request = invoke("arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/a:b:c");
    expect(decide(allow({ Resource: "arn:aws:execute-api:us*:abc/test/GET/a:b:c" }), request)).toBe("implicit_deny");
    expect(decide(allow({ Resource: "arn:aws:execute-api:us*:*:abc/test/GET/a:b:c" }), request)).toBe("allow");
  });

  test("dots, dollars, brackets and colons of a resource are themselves", () => {
    const odd = `${STAGE.replace("/test", "/$default")}/GET/v1.0/(a)[b]+{c}/2024-01-01T00:00:00Z`;
    expect(decide(allow({ Resource: odd }), invoke(odd))).toBe("allow");
    expect(decide(allow({ Resource: odd }), invoke(odd.replace("v1.0", "v1x0")))).toBe("implicit_deny");
  });
});

describe("policy variables", () => {
  const own = `${STAGE}/GET/users/\${aws:username}`;
  const asked = (name: string, context: AccessRequest["context"]) => invoke(`${STAGE}/GET/users/${name}`, context);

  test("are filled in from the request, and a value is never a wildcard", () => {
    expect(decide(allow({ Resource: own }), asked("ann", { "AWS:UserName": "ann" }))).toBe("allow");
    expect(decide(allow({ Resource: own }), asked("bob", { "aws:username": "ann" }))).toBe("implicit_deny");
    expect(decide(allow({ Resource: own }), asked("bob", { "aws:username": "*" }))).toBe("implicit_deny");
  });

  test("a statement whose variable has no value does not apply, NotResource neither", () => {
    expect(decide(allow({ Resource: own }), asked("ann", {}))).toBe("implicit_deny");
    const not = { Effect: "Allow", Action: "*", NotResource: own };
    expect(decide(not, asked("ann", {}))).toBe("implicit_deny");
    expect(decide(not, asked("ann", { "aws:username": ["ann", "bob"] }))).toBe("implicit_deny");
  });

  test("have default values", () => {
    const Resource = `${STAGE}/GET/users/\${aws:username, 'nobody'}`;
    expect(decide(allow({ Resource }), asked("nobody", {}))).toBe("allow");
    expect(decide(allow({ Resource }), asked("nobody", { "aws:username": "ann" }))).toBe("implicit_deny");
  });

  test("wildcard characters can be escaped", () => {
    const Resource = `${STAGE}/GET/\${*}\${?}\${$}`;
    expect(decide(allow({ Resource }), invoke(`${STAGE}/GET/*?$`))).toBe("allow");
    expect(decide(allow({ Resource }), invoke(`${STAGE}/GET/abc`))).toBe("implicit_deny");
  });

  test("are literal text under 2008-10-17", () => {
    const old = policy(allow({ Resource: own }), "authorizer", "2008-10-17");
    expect(evaluatePolicy([old], asked("ann", { "aws:username": "ann" })).decision).toBe("implicit_deny");
    expect(evaluatePolicy([old], invoke(own)).decision).toBe("allow");
  });

  test("work in string and ARN conditions", () => {
    const like = (operator: string, value: string) =>
      allow({ Condition: { [operator]: { "aws:PrincipalArn": value } } });
    const context = { "aws:username": "ann", "aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann" };
    for (const operator of ["StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"]) {
      const statement = like(operator, `arn:aws:iam::123456789012:user/\${aws:username}`);
      expect(decide(statement, invoke(PETS, context))).toBe("allow");
      expect(decide(statement, invoke(PETS, { ...context, "aws:username": "bob" }))).toBe("implicit_deny");
      expect(decide(statement, invoke(PETS, { "aws:PrincipalArn": context["aws:PrincipalArn"] }))).toBe(
        "implicit_deny",
      );
    }
    const bool = allow({ Condition: { Bool: { a: `\${b}` } } });
    expect(decide(bool, invoke(PETS, { a: "true", b: "true" }))).toBe("allow");
    expect(decide(bool, invoke(PETS, { a: "true", b: "false" }))).toBe("implicit_deny");
  });
});

describe("principals of a resource policy", () => {
  const role: Principal = {
    type: "aws",
    arn: "arn:aws:sts::123456789012:assumed-role/app/session",
    accountId: "123456789012",
    roleArn: "arn:aws:iam::123456789012:role/app",
  };
  const matched = (Principal: unknown, principal?: Principal, name = "Principal") =>
    evaluatePolicy([policy(allow({ [name]: Principal }), "resource")], {
      ...invoke(),
      ...(principal === undefined ? {} : { principal }),
    }).statement?.principalMatch;

  test.each([
    ["*", "everyone"],
    [{ AWS: "*" }, "everyone"],
    [{ AWS: "123456789012" }, "account"],
    [{ AWS: ["999999999999", "arn:aws:iam::123456789012:root"] }, "account"],
    [{ AWS: "arn:aws:iam::123456789012:role/app" }, "role"],
    [{ AWS: "arn:aws:sts::123456789012:assumed-role/app/session" }, "identity"],
    [{ AWS: "arn:aws:iam::123456789012:role/ap" }, undefined],
    [{ AWS: "999999999999" }, undefined],
    [{ Service: "apigateway.amazonaws.com" }, undefined],
  ])("%j for a role session: %s", (element, expected) => {
    expect(matched(element, role)).toBe(expected);
  });

  test("the anonymous are matched by everyone only", () => {
    expect(matched("*")).toBe("everyone");
    expect(matched({ AWS: "*" }, { type: "anonymous" })).toBe("everyone");
    expect(matched({ AWS: "123456789012" })).toBeUndefined();
  });

  test("services and identity providers are matched by name", () => {
    const service: Principal = { type: "service", service: "apigateway.amazonaws.com" };
    expect(matched({ Service: ["lambda.amazonaws.com", "apigateway.amazonaws.com"] }, service)).toBe("identity");
    expect(matched({ Federated: "cognito-identity.amazonaws.com" }, service)).toBeUndefined();
    const federated: Principal = { type: "federated", provider: "cognito-identity.amazonaws.com" };
    expect(matched({ Federated: "cognito-identity.amazonaws.com" }, federated)).toBe("identity");
  });

  test("NotPrincipal of an Allow matches whoever is not listed, by account, role or own name", () => {
    expect(matched({ AWS: "999999999999" }, role, "NotPrincipal")).toBe("everyone");
    expect(matched({ AWS: "arn:aws:iam::123456789012:role/app" }, role, "NotPrincipal")).toBeUndefined();
    expect(matched({ AWS: "123456789012" }, role, "NotPrincipal")).toBeUndefined();
    expect(matched({ AWS: "123456789012" }, { type: "anonymous" }, "NotPrincipal")).toBe("everyone");
  });

  const ROOT = "arn:aws:iam::123456789012:root";
  const ROLE = "arn:aws:iam::123456789012:role/app";
  const SESSION = "arn:aws:sts::123456789012:assumed-role/app/session";
  const USER = "arn:aws:iam::123456789012:user/ann";
  const ann: Principal = { type: "aws", arn: USER, accountId: "123456789012", uniqueId: "AIDAANNANNANNANNANNAN" };
  test.each<[readonly string[], Principal, string]>([
    [[ROOT, ROLE, SESSION], role, "implicit_deny"],
    [[ROLE, SESSION], role, "explicit_deny"],
    [[ROOT, SESSION], role, "explicit_deny"],
    [[ROOT, ROLE], role, "explicit_deny"],
    [[ROOT, USER], ann, "implicit_deny"],
    [["123456789012", "AIDAANNANNANNANNANNAN"], ann, "implicit_deny"],
    [[USER], ann, "explicit_deny"],
    [[ROOT], ann, "explicit_deny"],
    [[ROOT, USER], { type: "anonymous" }, "explicit_deny"],
    [["*"], ann, "implicit_deny"],
    [[ROOT, USER], { ...ann, isBounded: true }, "explicit_deny"],
    [[ROOT, ROLE, SESSION], { ...role, isBounded: true } as Principal, "explicit_deny"],
  ])("a Deny with NotPrincipal %j spares whom it lists wholly: %j gets %s", (AWS, principal, expected) => {
    const denies = policy(deny({ NotPrincipal: { AWS } }), "resource");
    expect(evaluatePolicy([denies], { ...invoke(), principal }).decision).toBe(expected);
  });

  test("a unique id names a user, or the role behind a session", () => {
    expect(matched({ AWS: "AIDAANNANNANNANNANNAN" }, ann)).toBe("identity");
    const session: Principal = { ...role, uniqueId: "AROAAPPAPPAPPAPPAPPAP" } as Principal;
    expect(matched({ AWS: "AROAAPPAPPAPPAPPAPPAP" }, session)).toBe("role");
  });

  test("an allow that names the caller goes before one that names the account", () => {
    const two = policy(
      [allow({ Principal: { AWS: "123456789012" } }), allow({ Sid: "Role", Principal: { AWS: role.roleArn } })],
      "resource",
    );
    expect(evaluatePolicy([two], { ...invoke(), principal: role }).statement).toMatchObject({ sid: "Role" });
    const three = policy(
      [
        allow({ Principal: { AWS: "123456789012" } }),
        allow({ Principal: { AWS: ROLE } }),
        allow({ Sid: "Session", Principal: { AWS: SESSION } }),
        allow({ Principal: "*" }),
      ],
      "resource",
    );
    expect(evaluatePolicy([three], { ...invoke(), principal: role }).statement).toMatchObject({ sid: "Session" });
  });

  test("a near miss names the principal", () => {
    const verdict = evaluatePolicy([policy(allow({ Principal: { AWS: "999999999999" } }), "resource")], invoke());
    expect(verdict.nearMisses?.[0]?.failed).toEqual([
      { part: "principal", not: false, expected: ["AWS: 999999999999"], actual: "anonymous" },
    ]);
  });
});

describe("properties", () => {
  const segment = fc.constantFrom("GET", "POST", "pets", "42", "*", "p?ts", "a:b", "");
  const pattern = fc.oneof(
    fc.constantFrom("*", "arn:aws:execute-api:**", `${STAGE}/*`),
    fc.array(segment, { maxLength: 4 }).map((parts) => `${STAGE}/${parts.join("/")}`),
  );
  const statement = fc.record({
    Effect: fc.constantFrom("Allow", "Deny"),
    Action: fc.constantFrom("execute-api:Invoke", "execute-api:*", "*", "s3:GetObject"),
    Resource: fc.array(pattern, { minLength: 1, maxLength: 3 }),
  });
  const resource = fc.array(segment, { maxLength: 4 }).map((parts) => `${STAGE}/${parts.join("/")}`);

  test("a deny that applies always wins, in any order", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), resource, fc.nat(5), (statements, asked, at) => {
        const with_ = statements.toSpliced(at, 0, {
          Effect: "Deny",
          Action: "*",
          Resource: [asked.replaceAll("*", "?")],
        });
        expect(evaluatePolicy([policy(with_)], invoke(asked)).decision).toBe("explicit_deny");
      }),
    );
  });

  test("a statement that matches nothing changes no decision", () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 5 }),
        resource,
        fc.nat(5),
        fc.constantFrom("Allow", "Deny"),
        (statements, asked, at, Effect) => {
          const more = statements.toSpliced(at, 0, { Effect, Action: "*", Resource: ["arn:aws:s3:::none"] });
          expect(evaluatePolicy([policy(more)], invoke(asked)).decision).toBe(
            evaluatePolicy([policy(statements)], invoke(asked)).decision,
          );
        },
      ),
    );
  });

  test("the order of statements changes no decision", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), resource, (statements, asked) => {
        expect(evaluatePolicy([policy(statements.toReversed())], invoke(asked)).decision).toBe(
          evaluatePolicy([policy(statements)], invoke(asked)).decision,
        );
      }),
    );
  });

  test("no document makes the parser throw, and no policy the evaluator", () => {
    const names = fc.constantFrom(
      "Version",
      "Statement",
      "Effect",
      "Action",
      "Resource",
      "Condition",
      "Principal",
      "Sid",
    );
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom<unknown>(null, "Allow", "Deny", "*", "2012-10-17", `\${a}`, 1, true),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(names, tie("value"), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(document, fc.constantFrom<PolicyKind>("authorizer", "identity", "resource"), (value, kind) => {
        const verdict = parsePolicy(value, kind);
        if (verdict.ok) evaluatePolicy([verdict.policy], invoke());
      }),
      { numRuns: 2_000 },
    );
  });
});

import { describe, expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import type { Method } from "../../model/rest-api.ts";
import { readDocument } from "../document.ts";
import { SourceNode } from "../source-node.ts";
import { apiKindOf } from "./api-kind.ts";
import {
  MAX_AUDIENCES,
  MAX_CLAIM_RULES,
  MAX_CLAIM_VALUES,
  MAX_ISSUERS,
  readJwtConfiguration,
} from "./jwt-authorizer.ts";
import { type LoadedRestApi, loadOpenApi } from "./load-rest-api.ts";

function documentOf(text: string) {
  const verdict = readDocument("api.yaml", text);
  if (!verdict.ok) throw new Error(verdict.findings[0]?.message);
  return verdict.document;
}

/** A document with `GET /pets` behind a JWT authorizer whose extension has these lines, from line 14 on. */
function document(extension: string, security = "- auth: [read:pets]", authType = "custom"): string {
  return `openapi: 3.0.1
info: {title: t, version: "1"}
paths:
  /pets:
    get: {security: [${security.replace("- ", "")}], x-amazon-apigateway-integration: {type: mock}}
components:
  securitySchemes:
    auth:
      type: apiKey
      name: X-Token
      in: header
      ${authType === "" ? "description: none" : `x-amazon-apigateway-authtype: ${authType}`}
      x-amazon-apigateway-authorizer:
${extension.trim().replace(/^/gm, "        ")}
`;
}

const load = (...given: Parameters<typeof document>): LoadedRestApi =>
  loadOpenApi(documentOf(document(...given)), { apiId: "api" });

const shape = ({ rule, effect, severity, at }: Finding): string =>
  `${at.line}:${at.column} ${rule} ${effect === "none" ? severity : effect}`;

function pets({ api }: LoadedRestApi): Method | undefined {
  return api?.resources.find(({ path }) => path === "/pets")?.resourceMethods[0];
}

const GOOD = `
type: jwt
jwtConfiguration:
  issuers:
    - {issuer: "https://i.example/", audience: [pets]}`;

describe("a JWT authorizer of a REST API", () => {
  test("is read with everything it may say", () => {
    const loaded = load(`
type: jwt
identitySource: method.request.header.X-Other
jwtConfiguration:
  allowedAlgorithms: [RS256, ps512]
  claimRules: [{claim: token_use, values: [access]}]
  issuers:
    - issuer: https://tenant.eu.auth0.com/
      audience: [pets, "https://pets"]
    - issuer: https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc
      audience: [client1]
      claimRules: [{claim: "cognito:groups", values: [admin, 1, true]}, {claim: sub}]`);
    expect(loaded.findings).toEqual([]);
    const access = { claim: "token_use", values: ["access"] };
    expect(loaded.api?.authorizers).toMatchObject([
      {
        name: "auth",
        type: "JWT",
        identitySource: "method.request.header.X-Other",
        jwtConfiguration: {
          issuers: [
            {
              issuer: "https://tenant.eu.auth0.com/",
              audience: ["pets", "https://pets"],
              algorithms: ["RS256", "PS512"],
              requiredClaims: [access],
            },
            {
              issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
              audience: ["client1"],
              algorithms: ["RS256", "PS512"],
              requiredClaims: [access, { claim: "cognito:groups", values: ["admin", 1, true] }, { claim: "sub" }],
            },
          ],
        },
      },
    ]);
    const [authorizer] = loaded.api?.authorizers ?? [];
    expect(pets(loaded)).toMatchObject({
      authorizationType: "JWT",
      authorizerId: authorizer?.id,
      authorizationScopes: ["read:pets"],
    });
  });

  test("says nothing of algorithms where the file says nothing, and reads the scheme's header", () => {
    const [authorizer] = load(GOOD).api?.authorizers ?? [];
    expect(authorizer?.identitySource).toBe("method.request.header.X-Token");
    expect(authorizer?.jwtConfiguration).toEqual({
      issuers: [{ issuer: "https://i.example/", audience: ["pets"], requiredClaims: [] }],
    });
  });

  test("needs no authtype, whose absence is told (?)", () => {
    const loaded = load(GOOD, "- auth: []", "");
    expect(loaded.findings.map(shape)).toEqual(["8:5 authtype-missing warning"]);
    expect(pets(loaded)).toMatchObject({ authorizationType: "JWT", authorizationScopes: [] });
    expect(pets(loaded)).not.toHaveProperty("notServed");
  });

  // The mark ^ stands before the place of the finding.
  test.each<[string, string, string]>([
    ["no configuration", "^type: jwt", "has no jwtConfiguration"],
    ["an empty one", "type: jwt\n^jwtConfiguration: {}", "has no issuers, wanted a list of at least one issuer"],
    ["text for it", "type: jwt\njwtConfiguration: ^x", 'jwtConfiguration of the authorizer auth is "x"'],
    ["the form of HTTP APIs", "type: jwt\n^jwtConfiguration: {issuer: a, audience: [b]}", "the form of HTTP APIs"],
    ["no issuers", "type: jwt\njwtConfiguration: {^issuers: []}", "issuers of the authorizer auth is an empty list"],
    [
      "issuers that are no list",
      'type: jwt\njwtConfiguration: {issuers: ^"https://i"}',
      'is "https://i", wanted a list',
    ],
    [
      "an issuer that is text",
      'type: jwt\njwtConfiguration: {issuers: [^"https://i"]}',
      "wanted a mapping with issuer",
    ],
    ["an issuer without its name", "type: jwt\njwtConfiguration: {issuers: [^{audience: [a]}]}", "has no issuer,"],
    ["no audience", 'type: jwt\njwtConfiguration: {issuers: [^{issuer: "https://i"}]}', "has no audience"],
    [
      "an empty audience",
      'type: jwt\njwtConfiguration: {issuers: [{issuer: "https://i", ^audience: []}]}',
      "at least one",
    ],
    [
      "text as audience",
      'type: jwt\njwtConfiguration: {issuers: [{issuer: "https://i", audience: ^a}]}',
      '"a", wanted a list',
    ],
  ])("with %s keeps the API from being served", (_what, marked, message) => {
    const before = marked.slice(0, marked.indexOf("^")).split("\n");
    const place = `${13 + before.length}:${(before.at(-1) ?? "").length + 9}`;
    const loaded = load(marked.replace("^", ""));
    const [finding, ...more] = loaded.findings;
    expect(more).toEqual([]);
    expect(finding && shape(finding).replace("13:7", "14:9")).toBe(`${place} authorizer-property-invalid api`);
    expect(finding?.message).toContain(message);
    // Accepting the finding serves the API, never the method.
    expect(pets(loaded)?.notServed).toBeDefined();
  });

  const withIssuer = (issuer: string): string =>
    `type: jwt\njwtConfiguration:\n  issuers: [{issuer: ${issuer}, audience: [a]}]`;
  test.each([
    ["http://i.example"],
    ["https://i.example?a=1"],
    ["https://i.example/#x"],
    ['"https://user:pass@i.example"'],
    ["i.example"],
    ["ftp://i.example"],
    ["http://localhost.example"],
    ["http://127.0.0.1.example"],
    ['""'],
    ["1"],
  ])("takes no issuer such as %s: https without query or fragment (D)", (issuer) => {
    const loaded = load(withIssuer(issuer));
    expect(loaded.findings).toMatchObject([{ rule: "authorizer-property-invalid", effect: "api" }]);
    expect(pets(loaded)?.notServed).toBeDefined();
  });

  test.each([["http://localhost:4567/"], ["http://127.0.0.1:1"], ['"http://[::1]:80/"'], ["http://a.localhost"]])(
    "takes %s for development, and says so",
    (issuer) => {
      const loaded = load(withIssuer(issuer));
      expect(loaded.findings).toMatchObject([{ rule: "issuer-not-https", severity: "warning", effect: "none" }]);
      expect(pets(loaded)).not.toHaveProperty("notServed");
    },
  );

  test.each([
    ["allowedAlgorithms: [HS256]"],
    ["allowedAlgorithms: [none]"],
    ["allowedAlgorithms: [RS256, HS512]"],
    ["allowedAlgorithms: [EdDSA]"],
    ["allowedAlgorithms: []"],
    ["allowedAlgorithms: RS256"],
    ["claimRules: {claim: a}"],
    ["claimRules: [a]"],
    ["claimRules: [{values: [a]}]"],
    ["claimRules: [{claim: a, values: []}]"],
    ["claimRules: [{claim: a, values: x}]"],
    ["claimRules: [{claim: a, values: [{}]}]"],
    ["claimRules: [{claim: 1}]"],
  ])("with %s keeps the API from being served, for all issuers or for one", (line) => {
    for (const text of [
      `${GOOD}\n  ${line}`,
      `type: jwt\njwtConfiguration:\n  issuers:\n    - {issuer: "https://i.example", audience: [a], ${line}}`,
    ]) {
      const loaded = load(text);
      expect(loaded.findings.map(({ rule, effect }) => `${rule} ${effect}`)).toEqual([
        "authorizer-property-invalid api",
      ]);
      expect(pets(loaded)?.notServed).toBeDefined();
    }
  });

  test.each([
    [`${GOOD}\nidentityValidationExpression: "^Bearer"`],
    [`${GOOD}\nauthorizerUri: x`],
    [`${GOOD}\nproviderARNs: [x]`],
    [`${GOOD}\nenableSimpleResponses: true`],
    [`${GOOD}\n  audience: [a]`],
    [`${GOOD}\n  clockSkew: 60`],
    [GOOD.replace("[pets]", "[pets], subject: ann")],
    [`${GOOD}\n  claimRules: [{claim: a, value: b}]`],
  ])("with a property that nobody knows is not served: it may be a condition", (text) => {
    const loaded = load(text);
    expect(loaded.findings.map(({ rule, effect }) => `${rule} ${effect}`)).toEqual(["authorizer-property-unknown api"]);
    expect(pets(loaded)?.notServed).toBeDefined();
  });

  test("names an issuer once, and its algorithms in one place", () => {
    const one = '{issuer: "https://i.example/", audience: [a], allowedAlgorithms: [RS256]}';
    const twice = load(`type: jwt\njwtConfiguration:\n  issuers: [${one}, ${one}]`);
    expect(twice.findings).toMatchObject([{ effect: "api", message: expect.stringContaining("twice") }]);
    const both = load(`type: jwt\njwtConfiguration:\n  allowedAlgorithms: [ES256]\n  issuers: [${one}]`);
    expect(both.findings).toMatchObject([{ effect: "api", message: expect.stringContaining("once for all issuers") }]);
  });

  test("says what has no effect: a TTL, and where AWS found the keys", () => {
    const loaded = load(
      `${GOOD.replace("[pets]", '[pets], jwksUri: "https://i.example/jwks"')}\nauthorizerResultTtlInSeconds: 300`,
    );
    expect(loaded.findings.map(({ rule, effect }) => `${rule} ${effect}`)).toEqual([
      "jwks-uri-ignored none",
      "authorizer-ttl-ignored none",
    ]);
    expect(pets(loaded)).not.toHaveProperty("notServed");
  });

  test("is bounded", () => {
    const list = (count: number, text: (at: number) => string) =>
      `[${Array.from({ length: count }, (_, at) => text(at))}]`;
    const issuers = (count: number) => list(count, (at) => `{issuer: "https://i${at}.example", audience: [a]}`);
    for (const [line, most] of [
      [(count: number) => `issuers: ${issuers(count)}`, MAX_ISSUERS],
      [
        (count: number) => `issuers: [{issuer: "https://i.example", audience: ${list(count, (at) => `a${at}`)}}]`,
        MAX_AUDIENCES,
      ],
      [
        (count: number) => `issuers: ${issuers(1)}\n  claimRules: ${list(count, (at) => `{claim: c${at}}`)}`,
        MAX_CLAIM_RULES,
      ],
      [
        (count: number) =>
          `issuers: ${issuers(1)}\n  claimRules: [{claim: a, values: ${list(count, (at) => `v${at}`)}}]`,
        MAX_CLAIM_VALUES,
      ],
    ] as const) {
      expect(load(`type: jwt\njwtConfiguration:\n  ${line(most)}`).findings).toEqual([]);
      expect(load(`type: jwt\njwtConfiguration:\n  ${line(most + 1)}`).findings).toMatchObject([
        { effect: "api", message: expect.stringContaining(`wanted at most ${most}`) },
      ]);
    }
  });
});

describe("the scopes of a method", () => {
  test.each([
    ["- auth: read:pets"],
    ["- auth: [1]"],
    ["- auth: [read:pets, null]"],
    ["- auth: {a: b}"],
    ["- auth: null"],
  ])("are never dropped: %s is not served", (security) => {
    const loaded = load(GOOD, security);
    expect(loaded.findings).toMatchObject([{ rule: "openapi-shape", effect: "route" }]);
    expect(pets(loaded)?.notServed?.rule).toBe("openapi-shape");
  });

  test("are those of one list: naming the authorizer again with others is not served", () => {
    for (const security of ["- auth: [a]}, {auth: []", "- auth: []}, {auth: [a]", "- auth: [a]}, {auth: [b]"]) {
      const loaded = load(GOOD, security.replace("auth", "{auth").concat("}"));
      expect(loaded.findings).toMatchObject([{ effect: "route", message: expect.stringContaining("more than once") }]);
    }
    expect(load(GOOD, "- {auth: [a]}, {auth: [a]}").findings).toEqual([]);
  });
});

describe("read out of CloudFormation", () => {
  const read = (properties: string) =>
    readJwtConfiguration(SourceNode.root(documentOf(properties)), "Auth", "cloudformation");

  test("names begin with capitals", () => {
    const { configuration, problems, advice } = read(
      '{JwtConfiguration: {Issuers: [{Issuer: "https://i.example/", Audience: [a], AllowedAlgorithms: [ES256], ClaimRules: [{Claim: sub, Values: [ann]}]}]}}',
    );
    expect([problems, advice]).toEqual([[], []]);
    expect(configuration).toEqual({
      issuers: [
        {
          issuer: "https://i.example/",
          audience: ["a"],
          algorithms: ["ES256"],
          requiredClaims: [{ claim: "sub", values: ["ann"] }],
        },
      ],
    });
  });

  test("and a name in the other spelling is not known", () => {
    const { problems } = read(
      '{JwtConfiguration: {Issuers: [{Issuer: "https://i.example/", Audience: [a], claimRules: []}]}}',
    );
    expect(problems).toMatchObject([{ rule: "authorizer-property-unknown", at: { line: 1 } }]);
    expect(read("{jwtConfiguration: {}}").problems[0]?.message).toBe(
      "The JWT authorizer Auth has no JwtConfiguration, wanted a mapping with Issuers.",
    );
    expect(read("{JwtConfiguration: {Issuer: a}}").problems[0]?.fix).toBe(
      "Write Issuers: [{Issuer: …, Audience: […]}].",
    );
  });
});

test("the kind of an API: several issuers are a REST API's, one alone an HTTP API's", () => {
  const kind = (text: string) => apiKindOf(SourceNode.root(documentOf(document(text))));
  expect(kind(`${GOOD}\nidentitySource: $request.header.A`)).toMatchObject({
    type: "REST",
    findings: [{ rule: "api-type-unclear" }],
  });
  expect(kind(GOOD)).toEqual({ type: "REST", findings: [] });
  const mockless = (text: string): string => document(text).replace("type: mock", "type: aws_proxy");
  const alone = "type: jwt\njwtConfiguration: {issuer: a, audience: [b]}";
  expect(apiKindOf(SourceNode.root(documentOf(mockless(alone))))).toEqual({ type: "HTTP", findings: [] });
  expect(apiKindOf(SourceNode.root(documentOf(mockless(GOOD))))).toEqual({ type: "REST", findings: [] });
});

test("no misspelt or broken key makes an authorizer take more than the document says", () => {
  const whole = document(`
type: jwt
identitySource: method.request.header.X-Other
jwtConfiguration:
  claimRules: [{claim: token_use, values: [access]}]
  issuers:
    - {issuer: "https://i.example/", audience: [pets], allowedAlgorithms: [ES256], claimRules: [{claim: sub}]}`);
  const original = documentOf(whole).value as Record<string, unknown>;
  const decided = (value: unknown) => {
    const loaded = loadOpenApi(documentOf(JSON.stringify(value)), { apiId: "api" });
    const method = pets(loaded);
    if (!loaded.api || !method || method.notServed || loaded.findings.some(({ effect }) => effect === "api"))
      return "refused";
    const [authorizer] = loaded.api.authorizers;
    const { authorizationType, authorizationScopes } = method;
    return {
      authorizationType,
      authorizationScopes,
      ...authorizer?.jwtConfiguration,
      source: authorizer?.identitySource,
    };
  };
  const good = decided(original);
  expect(good).toMatchObject({ authorizationType: "JWT", authorizationScopes: ["read:pets"] });
  let refused = 0;
  for (const path of keyPaths(original).filter(
    (each) => each.includes("security") || each.includes("securitySchemes"),
  )) {
    const key = path.at(-1) as string;
    // An empty list of these asks for nothing, and says so.
    const values = ["security", "auth", "claimRules"].includes(key) ? [null, {}, 7] : [null, {}, [], 7];
    const changes: ((holder: Record<string, unknown>) => void)[] = [
      (holder) => {
        holder[`${key.slice(1)}${key[0]}`] = holder[key];
        delete holder[key];
      },
      ...values.map((value) => (holder: Record<string, unknown>) => {
        holder[key] = value;
      }),
    ];
    for (const change of changes) {
      const changed: unknown = structuredClone(original);
      let holder = changed as Record<string, unknown>;
      for (const step of path.slice(0, -1)) holder = holder[step] as Record<string, unknown>;
      change(holder);
      const outcome = decided(changed);
      if (outcome === "refused") refused++;
      else expect(outcome, path.join("/")).toEqual(good);
    }
  }
  expect(refused).toBeGreaterThan(60);
});

/** The path of every key of a mapping, at any depth. */
function keyPaths(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    ...(Array.isArray(value) ? [] : [[key]]),
    ...keyPaths(child).map((path) => [key, ...path]),
  ]);
}

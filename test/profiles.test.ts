import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, type MintOptions, startGatewarden } from "../src/index.ts";
import { makeProject, type Project } from "./support/project.ts";

/*
 * An HTTP API for each provider, whose JWT authorizer trusts the provider's issuer as the development issuer plays it.
 */

type Profile = NonNullable<MintOptions["profile"]>;

const TENANT_ID = "11111111-1111-4111-8111-111111111111";
/** Issuer below the development issuer's origin, and the audience as the provider's tokens have it. */
const APIS = {
  auth0: { issuer: "", audience: "https://pets.example" },
  cognito: { issuer: "us-east-1_EXAMPLE", audience: "1example23456789" },
  okta: { issuer: "oauth2/default", audience: "api://default" },
  entra: { issuer: `${TENANT_ID}/v2.0`, audience: "22222222-2222-4222-8222-222222222222" },
  keycloak: { issuer: "realms/gatewarden", audience: "pets-api" },
} as const satisfies Record<Profile, { issuer: string; audience: string }>;
const PROFILES = Object.keys(APIS) as Profile[];
/** Trailing slashes the wrong way round: too few, and too many. */
const MISTAKEN = { noslash: "auth0", slash: "cognito" } as const satisfies Record<string, Profile>;

let project: Project;
let gateway: Gatewarden;
let issuer: string;

beforeAll(async () => {
  const apis = PROFILES.map((name) =>
    httpApi(name, { "Fn::Sub": `\${Origin}${APIS[name].issuer}` }, APIS[name].audience),
  );
  project = makeProject({
    "template.json": {
      Parameters: { Origin: { Type: "String" } },
      Resources: Object.assign(
        {},
        ...apis,
        httpApi(
          "noslash",
          { "Fn::Join": ["//", ["http:", { "Fn::Select": [2, { "Fn::Split": ["/", { Ref: "Origin" }] }] }]] },
          APIS.auth0.audience,
        ),
        httpApi("slash", { "Fn::Sub": `\${Origin}${APIS.cognito.issuer}/` }, APIS.cognito.audience),
        {
          EchoPermission: {
            Type: "AWS::Lambda::Permission",
            Properties: {
              FunctionName: { Ref: "Echo" },
              Action: "lambda:InvokeFunction",
              Principal: "apigateway.amazonaws.com",
            },
          },
          Echo: {
            Type: "AWS::Lambda::Function",
            Properties: {
              Runtime: "nodejs22.x",
              Handler: "index.handler",
              Role: "arn:aws:iam::000000000000:role/none",
              Code: { ZipFile: "exports.handler = async (event) => event.requestContext.authorizer.jwt;" },
            },
          },
        },
      ),
    },
  });
  gateway = await startGatewarden({
    files: [project.path("template.json")],
    dataDir: project.path(".gatewarden"),
    parameters: { Origin: "${gatewarden.issuer}" },
  });
  issuer = gateway.issuer ?? "";
});
afterAll(async () => {
  await gateway?.stop();
  project?.remove();
});

function httpApi(name: string, issuerUrl: object, audience: string): Record<string, unknown> {
  const ApiId = { Ref: name };
  const route = (routeKey: string, scopes: readonly string[]) => ({
    Type: "AWS::ApiGatewayV2::Route",
    Properties: {
      ApiId,
      RouteKey: routeKey,
      AuthorizationType: "JWT",
      AuthorizerId: { Ref: `${name}Authorizer` },
      ...(scopes.length > 0 && { AuthorizationScopes: scopes }),
      Target: { "Fn::Sub": `integrations/\${${name}Integration}` },
    },
  });
  return {
    [name]: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: name, ProtocolType: "HTTP" } },
    [`${name}Stage`]: {
      Type: "AWS::ApiGatewayV2::Stage",
      Properties: { ApiId, StageName: "$default", AutoDeploy: true },
    },
    [`${name}Authorizer`]: {
      Type: "AWS::ApiGatewayV2::Authorizer",
      Properties: {
        ApiId,
        Name: "jwt",
        AuthorizerType: "JWT",
        IdentitySource: ["$request.header.Authorization"],
        JwtConfiguration: { Issuer: issuerUrl, Audience: [audience] },
      },
    },
    [`${name}Integration`]: {
      Type: "AWS::ApiGatewayV2::Integration",
      Properties: {
        ApiId,
        IntegrationType: "AWS_PROXY",
        IntegrationUri: { "Fn::GetAtt": ["Echo", "Arn"] },
        PayloadFormatVersion: "2.0",
      },
    },
    [`${name}Any`]: route("GET /any", []),
    [`${name}Read`]: route("GET /read", ["read:pets"]),
  };
}

/** Asks an API with a token of its own profile. */
async function ask(api: string, path: string, options: MintOptions = {}) {
  const profile = (MISTAKEN as Readonly<Record<string, Profile>>)[api] ?? (api as Profile);
  const token = gateway.token({ api: APIS[profile].audience, ...options });
  const answer = await fetch(`${gateway.url(api)}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const record = gateway.requests().find(({ requestId }) => requestId === answer.headers.get("apigw-requestid"));
  const body = (await answer.json()) as { readonly claims: Readonly<Record<string, string>> };
  return { status: answer.status, body, reason: record?.refusal?.reason };
}

const keysOf = async (path: string): Promise<Record<string, unknown>[]> => {
  const { jwks_uri } = (await (await fetch(`${issuer}${path}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  return ((await (await fetch(jwks_uri)).json()) as { keys: Record<string, unknown>[] }).keys;
};

describe.each(PROFILES)("an HTTP API that trusts %s", (profile) => {
  const { audience } = APIS[profile];

  test("accepts the profile's token by default, and passes its claims on", async () => {
    const { status, body } = await ask(profile, "/any");
    expect(status).toBe(200);
    expect(body.claims.iss).toBe(`${issuer}${APIS[profile].issuer}`);
    const spoken = { auth0: "gty", cognito: "token_use", okta: "cid", entra: "tid", keycloak: "preferred_username" };
    expect(body.claims).toHaveProperty(spoken[profile]);
    expect(body.claims.aud ?? body.claims.client_id).toContain(audience);
  });

  test("accepts the route's scope and refuses a token without it", async () => {
    const read = await ask(profile, "/read", { as: "alice", scopes: ["read:pets", "other"] });
    expect(read).toMatchObject({ status: 200, body: { scopes: ["read:pets", "other"] } });
    expect(await ask(profile, "/read", { as: "alice", scopes: ["write:pets"] })).toMatchObject({
      status: 403,
      reason: "scope_insufficient",
    });
  });

  test.each<[string, MintOptions, string]>([
    ["for another audience", { wrongAud: true }, "audience_mismatch"],
    ["of another issuer", { wrongIss: true }, "issuer_mismatch"],
    ["expired", { expired: true }, "token_expired"],
    ["forged", { badSignature: true }, "bad_signature"],
    ["HS256", { alg: "HS256" }, "algorithm_not_allowed"],
    ["PS256", { alg: "PS256" }, "algorithm_not_allowed"],
    ["without kid", { noKid: true }, "kid_missing"],
    ["opaque", { opaque: true }, "not_a_jwt"],
  ])("refuses a token that is %s", async (_, broken, reason) => {
    expect(await ask(profile, "/any", broken)).toEqual({ status: 401, body: { message: "Unauthorized" }, reason });
  });

  test("refuses the token of every other provider's issuer", async () => {
    for (const other of PROFILES.filter((each) => each !== profile)) {
      const foreign = `${issuer}${APIS[other].issuer}`;
      expect(await ask(profile, "/any", { profile: other, issuer: foreign })).toMatchObject({
        status: 401,
        reason: "issuer_mismatch",
      });
    }
  });
});

describe("a scope is read as the provider writes it", () => {
  test.each([
    ["cognito", "scope", "read:pets x"],
    ["okta", "scp", "[read:pets x]"],
    ["entra", "scp", "read:pets x"],
    ["keycloak", "scope", "read:pets x"],
  ] as const)("%s: %s", async (profile, claim, written) => {
    const { body } = await ask(profile, "/read", { as: "alice", scopes: ["read:pets", "x"] });
    expect(body.claims[claim]).toBe(written);
  });

  test("an Entra application has roles and no scope, so that a route which wants a scope refuses it", async () => {
    expect(await ask("entra", "/any")).toMatchObject({ status: 200, body: { claims: { roles: "[read:pets]" } } });
    expect(await ask("entra", "/read")).toMatchObject({ status: 403, reason: "scope_insufficient" });
  });
});

test("a Cognito access token has no aud: its client_id is compared, and aud goes before it", async () => {
  const { body } = await ask("cognito", "/any");
  expect(body.claims).not.toHaveProperty("aud");
  expect(body.claims.client_id).toBe(APIS.cognito.audience);
  const both = await ask("cognito", "/any", { claims: { aud: "another" } });
  expect(both).toMatchObject({ status: 401, reason: "audience_mismatch" });
});

test("a JWT authorizer does not look at groups: the function is told, and has to", async () => {
  const { status, body } = await ask("cognito", "/any", { as: "alice", groups: ["strangers"] });
  expect(status).toBe(200);
  expect(body.claims["cognito:groups"]).toBe("[strangers]");
});

test("a Cognito ID token passes for its app client on a route without scopes, and no other", async () => {
  const order = { as: "alice", idToken: true } as const;
  expect(await ask("cognito", "/any", order)).toMatchObject({ status: 200, body: { claims: { token_use: "id" } } });
  expect(await ask("cognito", "/read", order)).toMatchObject({ status: 403, reason: "scope_insufficient" });
});

test("an Auth0 ID token is for the application, and refused", async () => {
  expect(await ask("auth0", "/any", { as: "alice", idToken: true })).toMatchObject({
    status: 401,
    reason: "audience_mismatch",
  });
});

test("an issuer is another one with a slash more or less", async () => {
  expect(gateway.findings.map(({ message }) => message)).toEqual([
    expect.stringContaining("issuers are compared as text"),
  ]);
  for (const api of ["noslash", "slash"]) {
    expect(await ask(api, "/any")).toEqual({
      status: 401,
      body: { message: "Unauthorized" },
      reason: "issuer_mismatch_discovery",
    });
  }
});

test("each provider's key set has what trips verifiers there", async () => {
  const keycloak = await keysOf(APIS.keycloak.issuer);
  expect(keycloak[0]).toMatchObject({ use: "enc", alg: "RSA-OAEP", kty: "RSA" });
  expect(keycloak.slice(1).every(({ use, alg }) => use === "sig" && alg === "RS256")).toBe(true);
  const entra = await keysOf(APIS.entra.issuer);
  expect(entra.length).toBeGreaterThan(1);
  expect(entra.some((key) => "alg" in key)).toBe(false);
  expect(await keysOf(APIS.cognito.issuer)).toHaveLength(2);
  // What none of them is: the issuer's own set, with all its members.
  expect((await keysOf(APIS.okta.issuer))[0]).not.toHaveProperty("x5c");
});

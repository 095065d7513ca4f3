import { describe, expect, test } from "vitest";
import { sampleApi } from "../../../test/rest-api-samples.ts";
import type { IssuerKeys } from "../../execute-api/authorizers/issuer-keys.ts";
import { StartError } from "../start-error.ts";
import { contactIssuers } from "./contact-issuers.ts";
import type { LoadedApi, LoadedProject } from "./load-project.ts";

const AT = { file: "api.yaml", line: 1, column: 1 };

const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
const POOL_ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";

function projectOf(...apis: readonly LoadedApi[]): LoadedProject {
  return {
    apis,
    domains: [],
    functions: [],
    users: [],
    roles: [],
    apiKeys: [],
    usagePlans: [],
    permissions: [],
    userPools: new Map(),
    signatureWording: "current",
    findings: [],
    accept: [],
    localIssuers: [],
    outputs: new Map(),
    watched: [],
  };
}

/** A REST API with one JWT authorizer that trusts these issuers, and an authorizer of another type. */
function restApi(...issuers: readonly string[]): LoadedApi {
  const jwt = {
    id: "a1",
    name: "jwt",
    type: "JWT",
    providerARNs: [],
    at: AT,
    jwtConfiguration: { issuers: issuers.map((issuer) => ({ issuer, audience: ["a"], requiredClaims: [] })) },
  } as const;
  const lambda = { id: "a2", name: "lambda", type: "TOKEN", providerARNs: [], at: AT } as const;
  return { type: "REST", api: sampleApi({ authorizers: [jwt, lambda] }), stages: [], file: "api.yaml", refusals: [] };
}

/** A REST API with one Cognito authorizer for these user pools. */
function cognitoApi(...providerARNs: readonly string[]): LoadedApi {
  const pools = { id: "a1", name: "pools", type: "COGNITO_USER_POOLS", providerARNs, at: AT } as const;
  return { type: "REST", api: sampleApi({ authorizers: [pools] }), stages: [], file: "api.yaml", refusals: [] };
}

/** Issuers that can all be read but those named. */
function keys(...away: readonly string[]): { issuerKeys: IssuerKeys; asked: string[] } {
  const asked: string[] = [];
  const contact: IssuerKeys["contact"] = async (issuer) => {
    asked.push(issuer);
    return away.includes(issuer) ? { ok: false, message: "It is away." } : { ok: true };
  };
  const of = (): never => {
    throw new Error("nothing is verified here");
  };
  return { issuerKeys: { of, contact }, asked };
}

test("every issuer of a REST API's JWT authorizers is asked once", async () => {
  const { issuerKeys, asked } = keys();
  await contactIssuers(
    projectOf(restApi("https://a", "https://b"), restApi("https://b", "https://c")),
    issuerKeys,
    "production",
    () => {},
  );
  expect(asked).toEqual(["https://a", "https://b", "https://c"]);
});

test("one that cannot be read is told in development, and keeps production from starting", async () => {
  const project = projectOf(restApi("https://a", "https://b"));
  const told: string[] = [];
  await contactIssuers(project, keys("https://b").issuerKeys, "development", (message) => told.push(message));
  expect(told).toEqual([
    "authorizer jwt of petstore: It is away. Invalid issuer: https://b. It must serve its discovery document below /.well-known/openid-configuration. (its tokens are answered 500 until it has)",
  ]);
  const starting = contactIssuers(project, keys("https://b").issuerKeys, "production", () => {});
  await expect(starting).rejects.toThrow(StartError);
  await expect(starting).rejects.toThrow(/authorizer jwt of petstore: .*https:\/\/b/);
});

describe("of a user pool", () => {
  test("the issuer is the pool's own, or what the project names in its place; what is no pool is nobody's", async () => {
    const { issuerKeys, asked } = keys();
    const project = projectOf(cognitoApi(POOL, "arn:aws:cognito-idp:us-east-1:123456789012:userpool/x", POOL));
    await contactIssuers(project, issuerKeys, "production", () => {});
    const elsewhere = { ...project, userPools: new Map([[POOL, "https://stand-in.example/pool"]]) };
    await contactIssuers(elsewhere, issuerKeys, "production", () => {});
    expect(asked).toEqual([POOL_ISSUER, "https://stand-in.example/pool"]);
  });

  test("one that is away is told with the line that has the local issuer speak for it, in development only", async () => {
    const project = projectOf(cognitoApi(POOL));
    const told: string[] = [];
    const away = keys(POOL_ISSUER).issuerKeys;
    await contactIssuers(project, away, "development", (message) => told.push(message));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`authorizer pools of petstore: It is away. Invalid issuer: ${POOL_ISSUER}.`);
    expect(told[0]).toContain(`(its tokens are answered 500 until it has)`);
    expect(told[0]).toContain(`write issuers: {"${POOL_ISSUER}": local} in gatewarden.yaml`);
    const starting = contactIssuers(project, away, "production", () => {});
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.not.toThrow(/local/);
  });

  test("one that the project names and that is away is to be corrected there", async () => {
    const project = { ...projectOf(cognitoApi(POOL)), userPools: new Map([[POOL, "http://localhost:1/"]]) };
    const told: string[] = [];
    await contactIssuers(project, keys("http://localhost:1/").issuerKeys, "development", (each) => told.push(each));
    expect(told[0]).toContain(`userPools in gatewarden.yaml names it for ${POOL}`);
  });
});

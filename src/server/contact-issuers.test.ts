import { expect, test } from "vitest";
import { sampleApi } from "../../test/rest-api-samples.ts";
import type { IssuerKeys } from "../execute-api/authorizers/issuer-keys.ts";
import { contactIssuers } from "./contact-issuers.ts";
import type { LoadedApi, LoadedProject } from "./load-project.ts";
import { StartError } from "./start-error.ts";

const AT = { file: "api.yaml", line: 1, column: 1 };

function projectOf(...apis: readonly LoadedApi[]): LoadedProject {
  return {
    apis,
    domains: [],
    functions: [],
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

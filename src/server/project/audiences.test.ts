import { expect, test } from "vitest";
import { audiencesOf, foreignIssuers, type IssuerProject } from "./audiences.ts";

const OURS = "http://localhost:4567/";
const TENANT = "https://tenant.auth0.com/";

/** What is read of a project whose authorizer function has these variables. */
const project = (environment: Record<string, string>): IssuerProject =>
  ({
    apis: [],
    functions: [{ environment }],
    localIssuers: [TENANT],
    userPools: new Map(),
  }) as unknown as IssuerProject;

test("an authorizer function's audiences are APIs of the issuer that speaks for its tenant", () => {
  const apis = (TOKEN_ISSUER: string) => audiencesOf(project({ TOKEN_ISSUER, AUDIENCE: "a, b" }), [OURS]);
  expect(apis(TENANT)).toEqual(["a", "b"].map((identifier) => ({ identifier, scopes: [], issuer: TENANT })));
  // Its own tokens are taken as they are.
  for (const issuer of [OURS, `${TENANT},${OURS}`, "https://another.example/"]) {
    expect(apis(issuer)).toEqual(["a", "b"].map((identifier) => ({ identifier, scopes: [] })));
  }
});

test("issuers that are neither this one nor spoken for are foreign, one without its slash too", () => {
  const foreign = (TOKEN_ISSUER: string) => foreignIssuers(project({ TOKEN_ISSUER }), [OURS]);
  expect(foreign(`${TENANT},${OURS}`)).toEqual([]);
  expect(foreign("http://localhost:4567,https://another.example/")).toEqual([
    "http://localhost:4567",
    "https://another.example/",
  ]);
});

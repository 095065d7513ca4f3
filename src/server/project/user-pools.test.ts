import { expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import type { Authorizer, Method } from "../../model/rest-api.ts";
import { EMPTY_PROJECT } from "../../template/project-file.ts";
import type { LoadedApi } from "./load-project.ts";
import { projectUserPools } from "./user-pools.ts";

const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
const AT = { file: "gatewarden.yaml", line: 4, column: 3 };

function anApi(authorizer: Partial<Authorizer>, scopes: readonly string[][] = []): LoadedApi {
  const authorizers = [
    {
      id: "a1",
      name: "pools",
      type: "COGNITO_USER_POOLS",
      providerARNs: [POOL],
      at: { ...AT, file: "api.yaml" },
      ...authorizer,
    },
  ];
  const resources = scopes.map((authorizationScopes, index) => {
    const method = { httpMethod: "GET", authorizerId: "a1", authorizationScopes } as Partial<Method>;
    return { id: `r${index}`, path: `/${index}`, resourceMethods: [method] };
  });
  return { type: "REST", api: { apiId: "api", authorizers, resources } } as unknown as LoadedApi; // What is read of one.
}

function read(apis: readonly LoadedApi[], pools: Readonly<Record<string, string>> = {}, issuerUrl?: string) {
  const findings: Finding[] = [];
  const userPools = Object.fromEntries(Object.entries(pools).map(([arn, issuer]) => [arn, { issuer, at: AT }]));
  const read = projectUserPools({ ...EMPTY_PROJECT, userPools }, apis, issuerUrl, findings);
  return { pools: [...read], findings };
}

test("a pool is answered for by the issuer named, the local one by its placeholder", () => {
  const { pools, findings } = read(
    [anApi({})],
    { [POOL]: "${gatewarden.issuer}us-east-1_abc" },
    "http://localhost:4567/",
  );
  expect(pools).toEqual([[POOL, "http://localhost:4567/us-east-1_abc"]]);
  expect(findings).toEqual([]);
});

test("the local issuer's placeholder stops the load where none runs, at its place", () => {
  const { findings } = read([anApi({})], { [POOL]: "${gatewarden.issuer}" });
  expect(findings).toMatchObject([{ rule: "user-pool-issuer-missing", effect: "load", at: AT }]);
});

test("a pool that no Cognito authorizer trusts is told", () => {
  const other = POOL.replace("_abc", "_def");
  for (const apis of [[], [anApi({ providerARNs: [other] })], [anApi({ type: "TOKEN" })]]) {
    expect(read(apis, { [POOL]: "https://a.test/" }).findings).toMatchObject([
      { rule: "user-pool-unused", severity: "warning", at: AT },
    ]);
  }
});

test("methods with scopes behind an expression, which can only answer 401, are told once for each authorizer", () => {
  const authorizer = { identityValidationExpression: "abc" };
  const scopes = [["a"], [], ...Array.from({ length: 6 }, () => ["b"])];
  const { findings } = read([anApi(authorizer, scopes)]);
  expect(findings).toMatchObject([
    {
      rule: "cognito-validation-with-scopes",
      severity: "warning",
      message: expect.stringMatching(/401 by GET \/0, GET \/2, GET \/3, GET \/4, GET \/5 and 2 more\.$/),
      logicalId: "pools",
      at: { file: "api.yaml" },
    },
  ]);
  expect(read([anApi(authorizer, [[]])]).findings).toEqual([]);
  expect(read([anApi({}, scopes)]).findings).toEqual([]);
});

test("a TTL of a Cognito authorizer is said to do nothing here", () => {
  expect(read([anApi({ authorizerResultTtlInSeconds: 300 })]).findings).toMatchObject([
    { rule: "authorizer-ttl-ignored", severity: "info" },
  ]);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadProject } from "../project/load-project.ts";
import { checkIssuerNames } from "./check-names.ts";

const HTTP = "http://localhost:4567/";
const HTTPS = "https://localhost:4568/";
const NAMES = { issuerUrl: HTTP, issuerHttpUrl: HTTP, issuerTlsUrl: HTTPS };
const PLACE = { region: "us-east-1", accountId: "000000000000", partition: "aws" };

const folder = mkdtempSync(join(tmpdir(), "gatewarden-issuer-names-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";

/** A project of an HTTP API with a JWT authorizer, a REST API with a user pool, and a function with TOKEN_ISSUER. */
function project(given: { jwt?: string; pool?: string; tokenIssuer?: string; local?: string }) {
  count += 1;
  const files: string[] = [];
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  if (given.jwt !== undefined) {
    files.push(
      write(
        `http${count}.yaml`,
        `Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: pets, ProtocolType: HTTP } }
  Jwt:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: auth
      AuthorizerType: JWT
      IdentitySource: ["$request.header.Authorization"]
      JwtConfiguration: { Issuer: "${given.jwt}", Audience: [a] }
`,
      ),
    );
  }
  if (given.pool !== undefined) {
    files.push(
      write(
        `rest${count}.yaml`,
        `Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: pets } }
  Pool:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Api
      Name: pool
      Type: COGNITO_USER_POOLS
      IdentitySource: method.request.header.Authorization
      ProviderARNs: ["${POOL}"]
`,
      ),
    );
  }
  write("index.js", "");
  const config = write(
    `gatewarden${count}.yaml`,
    JSON.stringify({
      files,
      ...(given.pool !== undefined && { userPools: { [POOL]: given.pool } }),
      ...(given.local !== undefined && { issuers: { [given.local]: "local" } }),
      ...(given.tokenIssuer !== undefined && {
        functions: { authorizer: { handler: "index.handler", env: { TOKEN_ISSUER: given.tokenIssuer } } },
      }),
    }),
  );
  const loaded = loadProject({ files: [], config, cwd: folder }, PLACE, { issuerUrl: HTTP, dataDir: folder });
  expect(loaded.findings.filter(({ effect }) => effect === "load")).toEqual([]);
  return loaded;
}

test("all that name the address which tokens carry are in order, and so is anybody else's issuer", () => {
  expect(checkIssuerNames(project({ jwt: HTTP, tokenIssuer: "${gatewarden.issuer}" }), NAMES)).toEqual([]);
  expect(checkIssuerNames(project({ jwt: "https://tenant.eu.auth0.com/" }), NAMES)).toEqual([]);
  expect(checkIssuerNames(project({ jwt: "http://localhost:9999/", tokenIssuer: "not a url" }), NAMES)).toEqual([]);
  expect(checkIssuerNames(project({ jwt: "https://issuer.example:4568/" }), NAMES)).toEqual([]);
  expect(checkIssuerNames(project({ jwt: `${HTTP}okta/default` }), NAMES)).toEqual([]);
});

test("an authorizer that names the other address is found, with both places, both values and the cure", () => {
  const [finding, ...others] = checkIssuerNames(project({ jwt: HTTPS, tokenIssuer: HTTP }), NAMES);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    rule: "issuer-mismatch",
    severity: "warning",
    effect: "none",
    logicalId: "auth",
    at: { file: expect.stringMatching(/http\d+\.yaml$/), line: 3 },
    message: expect.stringMatching(
      /^the issuer of authorizer auth of \w+ is "https:\/\/localhost:4568\/", wanted "http:\/\/localhost:4567\/": TOKEN_ISSUER of function authorizer is the latter/,
    ),
    fix: `Write ${HTTP} there, or start with --issuer-scheme https so that all of them name ${HTTPS}.`,
  });
});

test("a user pool for which the project names the other address is found, and one of a path below it is not", () => {
  const [finding] = checkIssuerNames(project({ pool: HTTPS }), NAMES);
  expect(finding).toMatchObject({
    rule: "issuer-mismatch",
    logicalId: "pool",
    message: expect.stringMatching(/^the issuer of authorizer pool of \w+ is "https:/),
  });
  expect(checkIssuerNames(project({ pool: HTTP }), NAMES)).toEqual([]);
  expect(checkIssuerNames(project({ pool: `${HTTPS}us-east-1_abc` }), NAMES)).toEqual([]);
});

test("a function is found as an authorizer is, at its place in the project file", () => {
  const names = { ...NAMES, issuerUrl: HTTPS };
  const [finding] = checkIssuerNames(project({ jwt: HTTPS, tokenIssuer: HTTP }), names);
  expect(finding).toMatchObject({
    at: { file: expect.stringMatching(/gatewarden\d+\.yaml$/) },
    message: expect.stringMatching(
      /^TOKEN_ISSUER of function authorizer is "http:.*: the issuer of authorizer auth of/,
    ),
    fix: expect.stringContaining("--issuer-scheme http so"),
  });
});

test("when nothing else names an issuer, the other place is the token itself", () => {
  const [finding] = checkIssuerNames(project({ tokenIssuer: HTTPS }), NAMES);
  expect(finding?.message).toContain('tokens of "gatewarden token" carry the latter');
});

test.each(["http://localhost:4567", "http://127.0.0.1:4567/", "https://localhost:4567/", "https://[::1]:4568/"])(
  "%s means this issuer, and no token of it says so",
  (issuer) => {
    const [finding] = checkIssuerNames(project({ jwt: issuer }), NAMES);
    expect(finding).toMatchObject({ rule: "issuer-mismatch", fix: `Write ${HTTP} there, trailing slash included.` });
  },
);

test("a list that holds the right one is in order, and one that holds only the other is not", () => {
  expect(checkIssuerNames(project({ tokenIssuer: `${HTTPS}, ${HTTP}` }), NAMES)).toEqual([]);
  expect(checkIssuerNames(project({ tokenIssuer: `https://tenant.eu.auth0.com/, ${HTTPS}` }), NAMES)).toHaveLength(1);
});

test("an issuer that the local one speaks for is in order", () => {
  expect(checkIssuerNames(project({ jwt: HTTPS, local: HTTPS }), NAMES)).toEqual([]);
});

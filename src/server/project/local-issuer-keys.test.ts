import { expect, test } from "vitest";
import type { Finding } from "../../model/finding.ts";
import type { LambdaFunction } from "../../model/lambda-function.ts";
import { shippedAuthorizerFile } from "../shipped-authorizer.ts";
import { withLocalIssuerKeys } from "./local-issuer-keys.ts";

const TENANT = "https://tenant.auth0.com/";
const OURS = "http://localhost:4567/";
const KEYS = `${OURS}.well-known/jwks.json`;

function given(environment: Record<string, string>, { issuerUrl = OURS, handlerFile = shippedAuthorizerFile() } = {}) {
  const findings: Finding[] = [];
  const lambda = { name: "guard", handlerFile, environment } as unknown as LambdaFunction; // What is read of one.
  const running = withLocalIssuerKeys(lambda, [TENANT], issuerUrl === "" ? undefined : issuerUrl, findings);
  return { jwksUri: running.environment.JWKS_URI, severities: findings.map(({ severity }) => severity) };
}

test.each([
  ["a tenant's address", { TOKEN_ISSUER: TENANT, JWKS_URI: `${TENANT}.well-known/jwks.json` }, KEYS],
  ["discovery", { TOKEN_ISSUER: TENANT }, KEYS],
  [
    "that of one of several",
    { TOKEN_ISSUER: `https://other.example/, ${TENANT}`, JWKS_URI: "https://other.example/keys,https://a.example/" },
    `https://other.example/keys,${KEYS}`,
  ],
])("the authorizer that ships gets the local issuer's key set in place of %s, and that is told", (_, env, wanted) => {
  expect(given(env)).toEqual({ jwksUri: wanted, severities: ["info"] });
});

test("nothing changes for other issuers, and where no local issuer runs", () => {
  const other = { TOKEN_ISSUER: "https://tenant.auth0.com", JWKS_URI: "https://a.example/" };
  expect(given(other)).toEqual({ jwksUri: "https://a.example/", severities: [] });
  expect(given({ TOKEN_ISSUER: TENANT }, { issuerUrl: "" })).toEqual({ jwksUri: undefined, severities: [] });
});

test("code of one's own, and a list that lacks addresses, are left alone with a warning", () => {
  expect(given({ TOKEN_ISSUER: TENANT }, { handlerFile: "/app/index.js" })).toEqual({
    jwksUri: undefined,
    severities: ["warning"],
  });
  expect(given({ TOKEN_ISSUER: TENANT, JWKS_URI: KEYS }, { handlerFile: "/app/index.js" }).severities).toEqual([]);
  expect(given({ TOKEN_ISSUER: `${TENANT},https://other.example/` })).toEqual({
    jwksUri: undefined,
    severities: ["warning"],
  });
});

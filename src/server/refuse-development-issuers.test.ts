import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { refuseDevelopmentIssuers } from "./refuse-development-issuers.ts";
import { StartError } from "./start-error.ts";

const POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc";
const folder = mkdtempSync(join(tmpdir(), "gatewarden-production-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What production says of a Cognito authorizer whose pool the project file gives this issuer. */
function start(issuer: string): Promise<void> {
  const write = (name: string, content: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const scheme = {
    type: "apiKey",
    name: "Authorization",
    in: "header",
    "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": { type: "cognito_user_pools", providerARNs: [POOL] },
  };
  write("api.json", {
    openapi: "3.0.1",
    info: { title: "pets", version: "1" },
    paths: { "/pets": { get: { security: [{ pool: [] }], "x-amazon-apigateway-integration": { type: "mock" } } } },
    components: { securitySchemes: { pool: scheme } },
  });
  return refuseDevelopmentIssuers({
    mode: "production",
    files: [],
    config: write("gatewarden.yaml", { files: ["api.json"], userPools: { [POOL]: issuer } }),
    cwd: folder,
    host: "127.0.0.1",
    port: 0,
    adminHost: "127.0.0.1",
    adminPort: 0,
    dataDir: join(folder, ".gatewarden"),
    region: "us-east-1",
    accountId: "000000000000",
    allowedHosts: new Map(),
    trustedProxies: [],
    lambdaIsolation: "process",
    watch: false,
    stageVariables: {},
    parameters: {},
    allowPrivateIssuers: false,
  });
}

test.each([
  ["http://tenant.example/us-east-1_abc", "which is not https"],
  ["http://localhost:4567/us-east-1_abc", "which is not https"],
  ["https://localhost:4568/us-east-1_abc", "which is this machine"],
  ["https://127.0.0.1/us-east-1_abc", "which is this machine"],
])("production takes no tokens of %s for those of a user pool", async (issuer, why) => {
  const starting = start(issuer);
  await expect(starting).rejects.toThrow(StartError);
  await expect(starting).rejects.toThrow(`the issuer of authorizer pool of api is "${issuer}", ${why}`);
});

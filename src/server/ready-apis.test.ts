import { expect, test } from "vitest";
import { sampleDeployment as httpDeployment } from "../../test/http-api-samples.ts";
import { sampleDeployment as restDeployment } from "../../test/rest-api-samples.ts";
import type { CustomDomain } from "../model/custom-domain.ts";
import type { Finding } from "../model/finding.ts";
import { readyApis } from "./ready-apis.ts";

const AT = { file: "/t.yaml", line: 1, column: 1 };
const domain: CustomDomain = {
  domainName: "api.shop.test",
  at: AT,
  mappings: [
    { key: "v1", apiId: "petstore", stageName: "test" },
    { key: "", apiId: "abc123", stageName: "$default" },
    { key: "elsewhere", apiId: "other", stageName: "test" },
  ],
};
const FINDING: Finding = { rule: "r", severity: "error", effect: "domain", message: "m", fix: "f", at: AT };

test("an API lists its stages, and the custom domains that lead to it with their keys", () => {
  const deployments = [restDeployment(), httpDeployment({ apiId: "abc123", stageName: "$default" })];
  expect(readyApis(deployments, [domain], "http://127.0.0.1:4566", 4566)).toMatchObject([
    {
      apiId: "petstore",
      type: "REST",
      stages: [{ name: "test", url: "http://127.0.0.1:4566/_aws/execute-api/petstore/test" }],
      domains: [{ domainName: "api.shop.test", key: "v1", hostUrl: "http://api.shop.test:4566/v1" }],
    },
    {
      apiId: "abc123",
      type: "HTTP",
      stages: [{ name: "$default", url: "http://127.0.0.1:4566/_aws/execute-api/abc123" }],
      domains: [{ domainName: "api.shop.test", key: "", hostUrl: "http://api.shop.test:4566" }],
    },
  ]);
});

test("a domain that is closed is not listed, and an API without domains has no list", () => {
  const closed = { ...domain, notServed: FINDING };
  expect(readyApis([restDeployment()], [closed], "https://[::1]:1", 1)[0]).not.toHaveProperty("domains");
});

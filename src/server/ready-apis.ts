import type { HttpApiDeployment } from "../execute-api/http-api/deployment.ts";
import type { RestDeployment } from "../execute-api/rest-api/deployment.ts";
import type { CustomDomain } from "../model/custom-domain.ts";
import type { ReadyApi, ReadyDomain, ReadyStage } from "./ready-file.ts";

/** What is served where, an entry per API with its stages and custom domains. `gatewayUrl` has no trailing slash. */
export function readyApis(
  deployments: readonly (RestDeployment | HttpApiDeployment)[],
  customDomains: readonly CustomDomain[],
  gatewayUrl: string,
  port: number,
): readonly ReadyApi[] {
  const scheme = gatewayUrl.replace(/\/\/.*$/, "//");
  const apis = new Map<string, { readonly name: string; readonly type: ReadyApi["type"]; stages: ReadyStage[] }>();
  for (const { apiId, apiName, type, stageName } of deployments) {
    const api = apis.get(apiId) ?? { name: apiName, type, stages: [] };
    apis.set(apiId, api);
    // The stage $default is served from the root, with no segment of its own (D).
    const segment = stageName === "$default" ? "" : `/${stageName}`;
    const host = `${apiId}.execute-api.localhost`;
    api.stages.push({
      name: stageName,
      url: `${gatewayUrl}/_aws/execute-api/${apiId}${segment}`,
      host,
      hostUrl: `${scheme}${host}:${port}${segment}`,
    });
  }
  return [...apis].map(([apiId, { name, type, stages }]) => {
    const domains = domainsOf(apiId, customDomains, scheme, port);
    return { apiId, name, type, stages, ...(domains.length > 0 && { domains }) };
  });
}

function domainsOf(
  apiId: string,
  customDomains: readonly CustomDomain[],
  scheme: string,
  port: number,
): readonly ReadyDomain[] {
  return customDomains
    .filter(({ notServed }) => notServed === undefined)
    .flatMap(({ domainName, mappings }) =>
      mappings
        .filter((mapping) => mapping.apiId === apiId)
        .map(({ key }) => ({
          domainName,
          key,
          hostUrl: `${scheme}${domainName}:${port}${key === "" ? "" : `/${key}`}`,
        })),
    );
}

import type { HttpApiDeployment } from "../execute-api/http-api/deployment.ts";
import type { RestDeployment } from "../execute-api/rest-api/deployment.ts";
import type { ReadyApi, ReadyStage } from "./ready-file.ts";

/** What is served where, an entry per API with its stages. `gatewayUrl` has no trailing slash. */
export function readyApis(
  deployments: readonly (RestDeployment | HttpApiDeployment)[],
  gatewayUrl: string,
  port: number,
): readonly ReadyApi[] {
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
      hostUrl: `${gatewayUrl.replace(/\/\/.*$/, "//")}${host}:${port}${segment}`,
    });
  }
  return [...apis].map(([apiId, { name, type, stages }]) => ({ apiId, name, type, stages }));
}

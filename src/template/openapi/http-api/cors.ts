import type { CorsConfiguration } from "../../../model/http-api.ts";
import { readCorsConfiguration } from "../../cloudformation/resources/http-api-cors.ts";
import { ResourceProblems } from "../../cloudformation/resources/stack-context.ts";
import { asResource } from "./as-resource.ts";
import type { HttpApiContext } from "./load-http-api.ts";

const NAMES = {
  allowCredentials: "AllowCredentials",
  allowHeaders: "AllowHeaders",
  allowMethods: "AllowMethods",
  allowOrigins: "AllowOrigins",
  exposeHeaders: "ExposeHeaders",
  maxAge: "MaxAge",
} as const;

/** `x-amazon-apigateway-cors` at the root; what is wrong with it keeps the API from being served. */
export function readCors({ root, report, apiId }: HttpApiContext): CorsConfiguration | undefined {
  const node = root.get("x-amazon-apigateway-cors");
  if (node === undefined || node.value === null) return undefined;
  const resource = asResource(node, node.name, "AWS::ApiGatewayV2::Api", NAMES);
  const problems = new ResourceProblems(resource);
  const configuration = readCorsConfiguration(node.isMapping ? resource.properties : node, problems);
  for (const problem of problems.all) report.refuseApi(problem, apiId);
  return configuration;
}

import type { CorsConfiguration } from "../../../model/http-api.ts";
import { eachUnknownKey } from "../../report.ts";
import { readBoolean, readInteger } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { type ResourceProblems, readTextList } from "./stack-context.ts";

/** -1 to a day (D: AWS::ApiGatewayV2::Api Cors; the bounds (?)). */
export const MAX_CORS_AGE_SECONDS = 86_400;

const CORS_KEYS = new Set([
  "AllowCredentials",
  "AllowHeaders",
  "AllowMethods",
  "AllowOrigins",
  "ExposeHeaders",
  "MaxAge",
]);

/** The `CorsConfiguration` of an AWS::ApiGatewayV2::Api. */
export function readCorsConfiguration(
  node: SourceNode | undefined,
  problems: ResourceProblems,
): CorsConfiguration | undefined {
  if (node === undefined) return undefined;
  const { invalid } = problems;
  if (!node.isMapping) {
    invalid(node, show(node.value), "a mapping");
    return undefined;
  }
  eachUnknownKey(node, CORS_KEYS, (child, fix) => {
    const message = `CorsConfiguration has the unknown property ${show(child.name)}.`;
    problems.add("cors-property-unknown", child, message, fix);
  });
  const allowCredentials = readBoolean(node.get("AllowCredentials"), invalid);
  const allowHeaders = readTextList(node.get("AllowHeaders"), invalid);
  const allowMethods = readTextList(node.get("AllowMethods"), invalid);
  const allowOrigins = readTextList(node.get("AllowOrigins"), invalid);
  const exposeHeaders = readTextList(node.get("ExposeHeaders"), invalid);
  const age = node.get("MaxAge");
  // -1 turns caching of preflights off in the browser (?).
  const maxAge = age?.value === -1 || age?.value === "-1" ? -1 : readInteger(age, 0, MAX_CORS_AGE_SECONDS, invalid);
  if (allowCredentials === true && allowOrigins?.includes("*")) {
    // (R) API Gateway's own text.
    const message = "allow-credentials is not supported if 'allow-origin' is *.";
    problems.add("cors-credentials-with-any-origin", node, message, "Name the origins, or leave AllowCredentials out.");
  }
  return {
    ...(allowCredentials === undefined ? {} : { allowCredentials }),
    ...(allowHeaders === undefined ? {} : { allowHeaders }),
    ...(allowMethods === undefined ? {} : { allowMethods }),
    ...(allowOrigins === undefined ? {} : { allowOrigins }),
    ...(exposeHeaders === undefined ? {} : { exposeHeaders }),
    ...(maxAge === undefined ? {} : { maxAge }),
  };
}

import { GATEWAY_RESPONSE_TYPES, type GatewayResponse } from "../../model/rest-api.ts";
import { nearestName } from "../nearest-name.ts";
import { eachUnknownKey } from "../report.ts";
import { type OnInvalid, readStatusCode } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";

const KEYS = new Set(["statusCode", "responseParameters", "responseTemplates"]);
/** Only headers have an effect; the other two are accepted (D). */
export const GATEWAY_RESPONSE_TARGET = /^gatewayresponse\.(?:header|path|querystring)\.[a-zA-Z0-9._$-]+$/;
export const GATEWAY_RESPONSE_SOURCE =
  /^(?:'[\s\S]*'|method\.request\.(?:header|querystring|path)\.[a-zA-Z0-9._$-]+|context\.[a-zA-Z0-9._-]+|stageVariables\.\w+)$/;

/** Reads `x-amazon-apigateway-gateway-responses`. AWS refuses the whole import when one is wrong, so the API is not served. */
export function readGatewayResponses(context: LoadContext): GatewayResponse[] {
  const holder = context.root.get("x-amazon-apigateway-gateway-responses");
  if (!holder || holder.value === null) return [];
  const responses: GatewayResponse[] = [];
  if (!holder.isMapping) {
    refuse(context, holder, `${holder.name} is ${show(holder.value)}, wanted a mapping.`, "Correct it.", context.apiId);
  }
  for (const node of holder.entries()) {
    const responseType = GATEWAY_RESPONSE_TYPES.find((each) => each === node.name);
    if (!responseType) {
      const meant = nearestName(node.name, GATEWAY_RESPONSE_TYPES);
      const message = `The gateway response type ${show(node.name)} is not one, wanted one of ${GATEWAY_RESPONSE_TYPES.join(", ")}.`;
      const problem = { rule: "gateway-response-type-unknown", at: node.keyAt(), message };
      context.report.refuseApi({ ...problem, fix: meant ? `Write ${meant}.` : "Remove it." }, node.name);
      continue;
    }
    responses.push(readGatewayResponse(context, node, responseType));
  }
  return responses;
}

function readGatewayResponse(
  context: LoadContext,
  node: SourceNode,
  responseType: GatewayResponse["responseType"],
): GatewayResponse {
  const invalid: OnInvalid = (at, found, wanted) =>
    refuse(context, at, `${at.name} of ${responseType} is ${found}, wanted ${wanted}.`, "Correct it.", responseType);
  if (!node.isMapping && node.value !== null) invalid(node, show(node.value), "a mapping");
  eachUnknownKey(node, KEYS, (child, fix) => {
    refuse(context, child, `${responseType} has the unknown property ${show(child.name)}.`, fix, responseType);
  });
  const statusCode = readStatusCode(node.get("statusCode"), invalid);
  return {
    responseType,
    ...(statusCode === undefined ? {} : { statusCode }),
    responseParameters: readTexts(node.get("responseParameters"), invalid, (child) => {
      if (!GATEWAY_RESPONSE_TARGET.test(child.name))
        invalid(child, show(child.name), "a key of the form gatewayresponse.header.NAME");
      if (typeof child.value === "string" && !GATEWAY_RESPONSE_SOURCE.test(child.value)) {
        const wanted =
          "'TEXT' in single quotes, method.request.header|querystring|path.NAME, context.NAME or stageVariables.NAME";
        invalid(child, show(child.value), wanted);
      }
    }),
    responseTemplates: readTexts(node.get("responseTemplates"), invalid, () => {}),
  };
}

function readTexts(
  node: SourceNode | undefined,
  invalid: OnInvalid,
  check: (child: SourceNode) => void,
): Record<string, string> {
  if (!node || node.value === null) return {};
  if (!node.isMapping) invalid(node, show(node.value), "a mapping");
  const entries: [string, string][] = [];
  for (const child of node.entries()) {
    check(child);
    if (typeof child.value === "string") entries.push([child.name, child.value]);
    else invalid(child, show(child.value), "text");
  }
  return Object.fromEntries(entries);
}

function refuse(context: LoadContext, node: SourceNode, message: string, fix: string, logicalId: string): void {
  context.report.refuseApi({ rule: "gateway-response-invalid", at: node.at(), message, fix }, logicalId);
}

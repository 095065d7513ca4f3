import type { ContentHandling, IntegrationResponse } from "../../model/rest-api.ts";
import { eachUnknownKey, type RouteReport } from "../report.ts";
import { type OnInvalid, readStatusCode, readWord } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import { readTargets, readTemplates } from "./parameter-map.ts";

const KEYS = new Set(["statusCode", "responseParameters", "responseTemplates", "contentHandling"]);

const CONTENT_HANDLING: readonly ContentHandling[] = ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"];

/** The `contentHandling` of an integration or of one of its responses, in any letter case. */
export function readContentHandling(owner: SourceNode, invalid: OnInvalid): ContentHandling | undefined {
  return readWord(owner.get("contentHandling"), CONTENT_HANDLING, invalid);
}

/** Reads an integration's `responses`: the key is the selection pattern, `default` has none (R). */
export function readIntegrationResponses(node: SourceNode | undefined, route: RouteReport): IntegrationResponse[] {
  if (!node || node.value === null) return [];
  const invalid: OnInvalid = (at, found, wanted) => {
    const message = `${at.name} is ${found}, wanted ${wanted}.`;
    route.refuse({ rule: "integration-response-invalid", at: at.at(), message, fix: "Correct the value." });
  };
  if (!node.isMapping) invalid(node, show(node.value), "a mapping of patterns to responses");
  return node.entries().flatMap((child) => {
    if (!child.isMapping) {
      invalid(child, show(child.value), "a mapping with statusCode");
      return [];
    }
    eachUnknownKey(child, KEYS, (unknown, fix) => {
      const message = `The integration response ${show(child.name)} has the unknown property ${show(unknown.name)}.`;
      route.refuse({ rule: "integration-property-unknown", at: unknown.keyAt(), message, fix });
    });
    const statusNode = child.get("statusCode");
    if (!statusNode) {
      const message = `The integration response ${show(child.name)} has no statusCode.`;
      route.refuse({ rule: "integration-response-invalid", at: child.keyAt(), message, fix: "Add statusCode." });
    }
    const statusCode = readStatusCode(statusNode, invalid);
    if (statusCode === undefined) return [];
    const contentHandling = readContentHandling(child, invalid);
    const response: IntegrationResponse = {
      statusCode,
      ...(child.name === "default" ? {} : { selectionPattern: child.name }),
      responseParameters: readTargets(child.get("responseParameters"), "method.response", route),
      responseTemplates: readTemplates(child.get("responseTemplates"), route),
      ...(contentHandling === undefined ? {} : { contentHandling }),
    };
    return [response];
  });
}

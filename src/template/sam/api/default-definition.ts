import { isMapping } from "../../source-node.ts";
import { isTruthy } from "../intrinsic.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { MANAGED } from "./api-properties.ts";
import { noteOrder } from "./expansion-order.ts";
import { emptyHttpDefinition } from "./http-api/definition.ts";
import { emptyRestDefinition } from "./rest-api/definition.ts";

const EMPTY_DEFINITIONS: Readonly<Record<string, () => Made>> = {
  "AWS::Serverless::Api": emptyRestDefinition,
  "AWS::Serverless::HttpApi": emptyHttpDefinition,
};

/**
 * Gives Serverless::Api and Serverless::HttpApi without DefinitionBody/DefinitionUri the empty managed definition. It
 * comes first of all, before implicit APIs and Globals (C: the order of SAM's plugins).
 */
export function addDefaultDefinitions(sam: SamTemplate): void {
  noteOrder(sam);
  for (const logicalId of Object.keys(sam.resources)) {
    const resource = sam.resource(logicalId);
    const type = resource?.Type;
    if (resource === undefined || typeof type !== "string" || !Object.hasOwn(EMPTY_DEFINITIONS, type)) continue;
    if (!Object.hasOwn(resource, "Properties")) resource.Properties = mapping({});
    const properties = resource.Properties;
    if (!isMapping(properties)) continue;
    if (isTruthy(properties.DefinitionBody) || isTruthy(properties.DefinitionUri)) continue;
    properties.DefinitionBody = EMPTY_DEFINITIONS[type]?.();
    properties[MANAGED] = true;
    for (const key of ["DefinitionBody", MANAGED]) sam.origins.set(properties, key, sam.resourceAt(logicalId));
  }
}

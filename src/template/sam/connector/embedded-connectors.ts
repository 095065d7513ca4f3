import type { SourcePosition } from "../../../model/finding.ts";
import { isMapping } from "../../source-node.ts";
import { SamRefusal } from "../sam-refusal.ts";
import { resourceRefusal } from "../sam-resource.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";

export const CONNECTOR = "AWS::Serverless::Connector";

/** Makes AWS::Serverless::Connector resources of the `Connectors` that resources have, each from its resource. */
export function addEmbeddedConnectors(sam: SamTemplate, attempt: (step: () => void) => void): void {
  const made: { readonly logicalId: string; readonly connector: Made; readonly at: SourcePosition }[] = [];
  for (const sourceId of Object.keys(sam.resources)) {
    const resource = sam.resource(sourceId);
    if (resource === undefined || !Object.hasOwn(resource, "Connectors")) continue;
    const connectors = resource.Connectors;
    const at = sam.at(resource, "Connectors", sam.resourceAt(sourceId));
    attempt(() => {
      if (!isMapping(connectors)) {
        const message = `Attribute '${sourceId}.Connectors' should be a map.`;
        throw resourceRefusal(sourceId, at, message, "Write a mapping of connectors.");
      }
      for (const name of Object.keys(connectors)) {
        attempt(() => {
          const connector = readConnector(sam, sourceId, name, connectors);
          made.push({ logicalId: sourceId + name, connector, at: sam.at(connectors, name, at) });
        });
      }
    });
    delete resource.Connectors;
  }
  for (const { logicalId, connector, at } of made) sam.put(logicalId, connector, at);
}

function readConnector(sam: SamTemplate, sourceId: string, name: string, connectors: Made): Made {
  const logicalId = sourceId + name;
  const connector = connectors[name];
  const at = sam.at(connectors, name);
  if (!isMapping(connector)) {
    throw resourceRefusal(logicalId, at, `${sourceId}.${logicalId} should be a map.`, "Write a mapping.");
  }
  const properties = connector.Properties;
  if (!isMapping(properties)) {
    const message = `Attribute 'Connectors.${name}.Properties' should be a map.`;
    throw resourceRefusal(sourceId, sam.at(connector, "Properties", at), message, "Write a mapping.");
  }
  if (Object.hasOwn(sam.resources, logicalId)) {
    const message = `Transforming resource with id [${sourceId}] attempts to create a new resource with id [${logicalId}] and type "${CONNECTOR}". A resource with that id already exists within this template. Please use a different id for that resource.`;
    throw new SamRefusal(at, "sam-logical-id-taken", message, "Rename the connector.");
  }
  const source = mapping({ Id: sourceId });
  if (Object.hasOwn(properties, "SourceReference")) {
    const reference = properties.SourceReference;
    const place = sam.at(properties, "SourceReference", at);
    if (!isMapping(reference)) {
      const message = `Property 'Connectors.${name}.Properties.SourceReference' should be a map.`;
      throw resourceRefusal(sourceId, place, message, "Write a mapping.");
    }
    if (Object.hasOwn(reference, "Id")) {
      throw resourceRefusal(name, place, "'Id' shouldn't be defined in 'SourceReference'.", "Remove Id.");
    }
    Object.assign(source, reference);
    delete properties.SourceReference;
  }
  properties.Source = source;
  sam.origins.set(properties, "Source", at);
  connector.Type = CONNECTOR;
  return connector;
}

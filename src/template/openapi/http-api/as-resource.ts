import type { StackResource } from "../../cloudformation/stack.ts";
import { derivedDocument, Origins } from "../../derived-document.ts";
import { SourceNode } from "../../source-node.ts";

/**
 * An extension's object as the CloudFormation resource of the same meaning, under that one's property names: the two
 * importers share one set of rules. A name without an entry in `names` keeps its own, and is then an unknown property.
 */
export function asResource(
  node: SourceNode,
  logicalId: string,
  type: string,
  names: Readonly<Record<string, string>>,
  convert: (name: string, value: SourceNode, origins: Origins) => unknown = (_, value, origins) => origins.copy(value),
): StackResource {
  const origins = new Origins();
  const properties: Record<string, unknown> = Object.create(null);
  for (const child of node.entries()) {
    const name = Object.hasOwn(names, child.name) ? (names[child.name] as string) : child.name;
    properties[name] = convert(child.name, child, origins);
    origins.set(properties, name, child);
  }
  const at = node.keyAt();
  const document = derivedDocument(properties, origins, at);
  return { logicalId, type, properties: SourceNode.root(document), metadata: undefined, at };
}

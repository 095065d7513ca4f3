import type { Expansion } from "../expansion.ts";
import { asText, isTruthy, member } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import {
  ANYTHING,
  MAPPING,
  MAPPING_OF_INTEGERS,
  MAPPING_OF_TEXTS,
  type PropertyTypes,
  TEXT_OR_MAPPING,
} from "../property-types.ts";
import { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { tagList } from "../tag-list.ts";

const TABLE_PROPERTIES: PropertyTypes = {
  PointInTimeRecoverySpecification: ANYTHING,
  PrimaryKey: MAPPING_OF_TEXTS,
  ProvisionedThroughput: MAPPING_OF_INTEGERS,
  TableName: TEXT_OR_MAPPING,
  Tags: MAPPING,
  SSESpecification: MAPPING,
};

const KEY_TYPES: Readonly<Record<string, string>> = { String: "S", Number: "N", Binary: "B" };

/** Expands an AWS::Serverless::SimpleTable: a DynamoDB table with one key. */
export function expandSimpleTable({ sam }: Expansion, logicalId: string, body: Made): MadeResource[] {
  const resource = new SamResource(sam, logicalId, body);
  resource.check(TABLE_PROPERTIES);
  const key = primaryKey(resource);
  const throughput = resource.get("ProvisionedThroughput");
  const properties = mapping({
    AttributeDefinitions: [key],
    KeySchema: [mapping({ AttributeName: key.AttributeName, KeyType: "HASH" })],
    ...(isTruthy(throughput) ? { ProvisionedThroughput: throughput } : { BillingMode: "PAY_PER_REQUEST" }),
  });
  for (const name of ["PointInTimeRecoverySpecification", "SSESpecification", "TableName"]) {
    if (isTruthy(resource.get(name))) properties[name] = resource.get(name);
  }
  if (isTruthy(resource.get("Tags"))) properties.Tags = tagList(resource.get("Tags"));
  const made = resource.make(logicalId, "AWS::DynamoDB::Table", properties, resource.attributes());
  for (const name of Object.keys(properties)) resource.cameFrom(made, name, name);
  return [made];
}

function primaryKey(resource: SamResource): Made {
  const given = resource.get("PrimaryKey");
  if (!isTruthy(given)) return mapping({ AttributeName: "id", AttributeType: "S" });
  for (const part of ["Name", "Type"]) {
    if (member(given, part) !== undefined) continue;
    throw resource.refusal(`Property 'PrimaryKey.${part}' is required.`, `Give the key's ${part}.`, "PrimaryKey");
  }
  const type = member(given, "Type");
  if (typeof type === "string" && Object.hasOwn(KEY_TYPES, type)) {
    return mapping({ AttributeName: member(given, "Name"), AttributeType: KEY_TYPES[type] });
  }
  const message = `Invalid 'Type' "${asText(type)}".`;
  throw resource.refusal(message, "Write String, Number or Binary.", [given as Made, "Type"]);
}
